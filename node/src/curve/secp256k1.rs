//! secp256k1 behind the traits: keys of PKPs, and everything that nodes sign and encrypt with.

use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

use super::traits::{Curve, ScalarField};
use super::{point_bytes, point_from_bytes, scalar_bytes, scalar_from_bytes, scalar_reduce, times_generator};
use crate::meter::Op;

impl ScalarField for Scalar {
    fn to_wire(&self) -> [u8; 32] {
        scalar_bytes(self)
    }

    fn from_wire(bytes: &[u8; 32]) -> Option<Self> {
        scalar_from_bytes(bytes)
    }

    /// Reduces modulo the order (the bias is 2^-128, as usual for this curve).
    fn from_hash(hash: &[u8; 32]) -> Self {
        scalar_reduce(hash)
    }

    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl Curve for ProjectivePoint {
    type Bytes = [u8; 33];

    const NAME: &'static str = "secp256k1";
    const MUL: Op = Op::ScalarMul;
    const ADD: Op = Op::PointAdd;

    fn encode(&self) -> [u8; 33] {
        point_bytes(self)
    }

    fn decode(bytes: &[u8; 33]) -> Option<Self> {
        point_from_bytes(bytes)
    }

    /// Uncompressed, 65 bytes with the 0x04 tag.
    fn chain_bytes(&self) -> Vec<u8> {
        crate::key::uncompressed(self).to_vec()
    }

    fn generate(scalar: &Scalar) -> Self {
        times_generator(scalar)
    }

    fn write<S: Serializer>(bytes: &[u8; 33], s: S) -> Result<S::Ok, S::Error> {
        (bytes[0], <[u8; 32]>::try_from(&bytes[1..]).expect("33 = 1 + 32")).serialize(s)
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 33], D::Error> {
        let (tag, x) = <(u8, [u8; 32])>::deserialize(d)?;
        let mut bytes = [tag; 33];
        bytes[1..].copy_from_slice(&x);
        Ok(bytes)
    }
}
