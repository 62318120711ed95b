//! A point together with its encoding.
//!
//! A dealing is encoded several times (canonical decoding, signature, digest), and each compression of a point
//! costs a field inversion; keeping the bytes makes all of them free.

use k256::ProjectivePoint;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

use crate::curve::Curve;

/// A point and its compressed encoding. Decoding refuses the identity.
#[derive(Clone, Copy)]
pub struct WirePoint<P: Curve = ProjectivePoint> {
    point: P,
    bytes: P::Bytes,
}

impl<P: Curve> WirePoint<P> {
    /// The point.
    pub fn point(&self) -> &P {
        &self.point
    }

    /// Its compressed bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl<P: Curve> From<P> for WirePoint<P> {
    fn from(point: P) -> Self {
        Self { point, bytes: point.encode() }
    }
}

impl<P: Curve> PartialEq for WirePoint<P> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<P: Curve> Eq for WirePoint<P> {}

impl<P: Curve> fmt::Debug for WirePoint<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({})", hex::encode(&self.bytes()[..5]))
    }
}

impl<P: Curve> Serialize for WirePoint<P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        P::write(&self.bytes, s)
    }
}

impl<'de, P: Curve> Deserialize<'de> for WirePoint<P> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = P::read(d)?;
        let point = P::decode(&bytes).ok_or_else(|| D::Error::custom(format_args!("not a point of {}", P::NAME)))?;
        Ok(Self { point, bytes })
    }
}
