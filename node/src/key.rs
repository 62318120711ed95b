//! A distributed key as its holders know it: public parts, and one holder's secret share.

use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Keccak256};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroize;

use crate::curve;
use crate::id::{Epoch, KeyId, NodeId};

/// What everybody may know of a distributed secp256k1 key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The epoch whose validators hold the shares.
    pub epoch: Epoch,
    /// How many shares determine the key.
    pub threshold: u16,
    /// The public key itself.
    #[serde(with = "curve::point")]
    pub point: ProjectivePoint,
    /// The sum of the qualified dealers' commitments, constant term (the public key) first.
    #[serde(with = "curve::points")]
    pub commitments: Vec<ProjectivePoint>,
    /// The holders, ascending.
    pub members: Vec<NodeId>,
}

impl PublicKey {
    /// The uncompressed SEC1 encoding, 65 bytes with the 0x04 tag.
    pub fn uncompressed(&self) -> [u8; 65] {
        uncompressed(&self.point)
    }

    /// keccak256 of the uncompressed encoding: the token id of the PKP.
    pub fn id(&self) -> KeyId {
        KeyId(Keccak256::digest(self.uncompressed()).into())
    }

    /// The Ethereum address: the last 20 bytes of keccak256(x || y).
    pub fn eth_address(&self) -> [u8; 20] {
        eth_address(&self.point)
    }

    /// The public counterpart of `member`'s share.
    pub fn share_of(&self, member: NodeId) -> ProjectivePoint {
        curve::evaluate_commitments(&self.commitments, member)
    }

    /// The public counterparts of all shares.
    pub fn shares(&self) -> BTreeMap<NodeId, ProjectivePoint> {
        self.members.iter().map(|&m| (m, self.share_of(m))).collect()
    }
}

/// The uncompressed SEC1 encoding of a point, 65 bytes with the 0x04 tag.
pub fn uncompressed(point: &ProjectivePoint) -> [u8; 65] {
    point.to_affine().to_encoded_point(false).as_bytes().try_into().expect("a key is not the identity")
}

/// The Ethereum address of a public key: the last 20 bytes of keccak256(x || y).
pub fn eth_address(point: &ProjectivePoint) -> [u8; 20] {
    Keccak256::digest(&uncompressed(point)[1..])[12..].try_into().expect("32 - 12 = 20")
}

/// One holder's part of a key. Printing it shows the public part only; dropping it wipes the share.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyShare {
    /// What everybody knows.
    pub public: PublicKey,
    /// Whose share it is.
    pub holder: NodeId,
    /// The share: the sharing polynomial's value at the holder's number.
    #[serde(with = "curve::scalar")]
    pub secret: Scalar,
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyShare").field("key", &self.public.id()).field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl Drop for KeyShare {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}
