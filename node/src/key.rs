//! A distributed key as its holders know it: public parts, and one holder's secret share.

use k256::ProjectivePoint;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Keccak256};
use std::collections::BTreeMap;
use std::fmt;

use crate::curve::{self, Curve, ScalarField};
use crate::id::{Digest, Epoch, KeyId, NodeId};
use crate::wire::{encode, hash_parts};

/// What everybody may know of a distributed key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct PublicKey<P: Curve = ProjectivePoint> {
    /// The epoch whose validators hold the shares.
    pub epoch: Epoch,
    /// How many shares determine the key.
    pub threshold: u16,
    /// The public key itself.
    #[serde(with = "curve::point")]
    pub point: P,
    /// The sum of the qualified dealers' commitments, constant term (the public key) first.
    #[serde(with = "curve::points")]
    pub commitments: Vec<P>,
    /// The holders, ascending.
    pub members: Vec<NodeId>,
}

impl PublicKey {
    /// The uncompressed SEC1 encoding, 65 bytes with the 0x04 tag.
    pub fn uncompressed(&self) -> [u8; 65] {
        uncompressed(&self.point)
    }

    /// The Ethereum address: the last 20 bytes of keccak256(x || y).
    pub fn eth_address(&self) -> [u8; 20] {
        eth_address(&self.point)
    }
}

impl<P: Curve> PublicKey<P> {
    /// keccak256 of what the chain stores as the key: the token id of a PKP.
    pub fn id(&self) -> KeyId {
        id_of(&self.point)
    }

    /// What votes for the key commit to: a hash of all of this.
    pub fn data_digest(&self) -> Digest {
        Digest(hash_parts("dkg/key-data", &[&encode(self)]))
    }

    /// The public counterpart of `member`'s share.
    pub fn share_of(&self, member: NodeId) -> P {
        curve::evaluate_commitments(&self.commitments, member)
    }

    /// The public counterparts of all shares.
    pub fn shares(&self) -> BTreeMap<NodeId, P> {
        self.members.iter().map(|&m| (m, self.share_of(m))).collect()
    }
}

/// The id of a key: keccak256 of what the chain stores.
pub fn id_of<P: Curve>(point: &P) -> KeyId {
    KeyId(Keccak256::digest(point.chain_bytes()).into())
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
#[serde(bound = "")]
pub struct KeyShare<P: Curve = ProjectivePoint> {
    /// What everybody knows.
    pub public: PublicKey<P>,
    /// Whose share it is.
    pub holder: NodeId,
    /// The share: the sharing polynomial's value at the holder's number.
    #[serde(with = "curve::scalar")]
    pub secret: P::Scalar,
}

impl<P: Curve> fmt::Debug for KeyShare<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyShare").field("key", &self.public.id()).field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl<P: Curve> Drop for KeyShare<P> {
    fn drop(&mut self) {
        self.secret.wipe();
    }
}
