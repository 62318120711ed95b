//! A point together with its encoding.
//!
//! A dealing is encoded several times (canonical decoding, signature, digest), and each compression of a point
//! costs a field inversion; keeping the 33 bytes makes all of them free.

use k256::ProjectivePoint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

use crate::curve::{point_bytes, point_from_bytes};

/// A secp256k1 point and its compressed SEC1 encoding. Decoding refuses the identity.
#[derive(Clone, Copy)]
pub struct WirePoint {
    point: ProjectivePoint,
    bytes: [u8; 33],
}

impl WirePoint {
    /// The point.
    pub fn point(&self) -> &ProjectivePoint {
        &self.point
    }

    /// Its 33 compressed bytes.
    pub fn bytes(&self) -> &[u8; 33] {
        &self.bytes
    }
}

impl From<ProjectivePoint> for WirePoint {
    fn from(point: ProjectivePoint) -> Self {
        Self { point, bytes: point_bytes(&point) }
    }
}

impl PartialEq for WirePoint {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for WirePoint {}

impl fmt::Debug for WirePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({})", hex::encode(&self.bytes[..5]))
    }
}

impl Serialize for WirePoint {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut x = [0; 32];
        x.copy_from_slice(&self.bytes[1..]);
        (self.bytes[0], x).serialize(s)
    }
}

impl<'de> Deserialize<'de> for WirePoint {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let (tag, x) = <(u8, [u8; 32])>::deserialize(d)?;
        let mut bytes = [tag; 33];
        bytes[1..].copy_from_slice(&x);
        let point = point_from_bytes(&bytes).ok_or_else(|| D::Error::custom("not a point of secp256k1"))?;
        Ok(Self { point, bytes })
    }
}
