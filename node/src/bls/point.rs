//! Points of G2 as they travel: signatures, shares of them, decryption keys.

use blstrs::{G2Affine, G2Projective};
use group::prime::PrimeCurveAffine;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// A point of G2, neither the identity nor outside the subgroup of prime order: decoding refuses both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignaturePoint(G2Affine);

impl SignaturePoint {
    /// Decodes 96 compressed bytes.
    pub fn decode(bytes: &[u8; 96]) -> Option<Self> {
        // The library checks form, curve and subgroup.
        let point = Option::<G2Affine>::from(G2Affine::from_compressed(bytes))?;
        (!bool::from(point.is_identity())).then_some(Self(point))
    }

    /// The compressed encoding.
    pub fn encode(&self) -> [u8; 96] {
        self.0.to_compressed()
    }

    /// The point.
    pub(super) fn affine(&self) -> &G2Affine {
        &self.0
    }

    /// Takes a computed point; `None` for the identity.
    pub(super) fn new(point: G2Projective) -> Option<Self> {
        let point = G2Affine::from(point);
        (!bool::from(point.is_identity())).then_some(Self(point))
    }
}

impl fmt::Debug for SignaturePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignaturePoint({})", hex::encode(&self.encode()[..5]))
    }
}

impl Serialize for SignaturePoint {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let bytes = self.encode();
        let part = |at: usize| <[u8; 32]>::try_from(&bytes[at..at + 32]).expect("96 = 3 * 32");
        [part(0), part(32), part(64)].serialize(s)
    }
}

impl<'de> Deserialize<'de> for SignaturePoint {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let parts = <[[u8; 32]; 3]>::deserialize(d)?;
        let bytes = parts.concat().try_into().expect("96 = 3 * 32");
        Self::decode(&bytes).ok_or_else(|| D::Error::custom("not a point of BLS12-381's G2"))
    }
}
