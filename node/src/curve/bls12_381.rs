//! BLS12-381 behind the traits. Keys and commitments are in G1, signatures and decryption keys in G2.
//!
//! A dealing carries as many commitments as the threshold, and every holder evaluates them in the exponent for every
//! other one: the group with points of half the size and multiplications of a third of the cost belongs there. An
//! identity is hashed to G2 once for each decryption. This is also how Lit lays out its network key.

use blstrs::{G1Affine, G1Projective, Scalar};
use group::Group;
use group::ff::Field;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hint::black_box;

use super::traits::{Curve, ScalarField};
use crate::meter::Op;

/// Points that keys of the network are over.
pub type Bls12381 = G1Projective;

impl ScalarField for Scalar {
    fn to_wire(&self) -> [u8; 32] {
        self.to_bytes_be()
    }

    fn from_wire(bytes: &[u8; 32]) -> Option<Self> {
        Option::from(Self::from_bytes_be(bytes))
    }

    /// Takes the low 254 bits, which are below the order: reducing all 256 would prefer some values visibly.
    fn from_hash(hash: &[u8; 32]) -> Self {
        let mut low = *hash;
        low[0] &= 0x3f;
        Self::from_wire(&low).expect("2^254 is below the order")
    }

    fn wipe(&mut self) {
        *self = Self::ZERO;
        // The library's scalar does not implement zeroize; this keeps the write from being optimised away.
        black_box(self);
    }
}

impl Curve for G1Projective {
    type Bytes = [u8; 48];

    const NAME: &'static str = "bls12-381";
    const MUL: Op = Op::G1Mul;
    const ADD: Op = Op::G1Add;

    fn encode(&self) -> [u8; 48] {
        self.to_compressed()
    }

    /// The library checks form, curve and subgroup.
    fn decode(bytes: &[u8; 48]) -> Option<Self> {
        let point = Self::from(Option::<G1Affine>::from(G1Affine::from_compressed(bytes))?);
        (!bool::from(point.is_identity())).then_some(point)
    }

    /// Compressed, 48 bytes.
    fn chain_bytes(&self) -> Vec<u8> {
        self.encode().to_vec()
    }

    fn generate(scalar: &Scalar) -> Self {
        Self::generator() * scalar
    }

    fn write<S: Serializer>(bytes: &[u8; 48], s: S) -> Result<S::Ok, S::Error> {
        let (head, tail) = bytes.split_at(16);
        let head = <[u8; 16]>::try_from(head).expect("split at 16");
        (head, <[u8; 32]>::try_from(tail).expect("48 = 16 + 32")).serialize(s)
    }

    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 48], D::Error> {
        let (head, tail) = <([u8; 16], [u8; 32])>::deserialize(d)?;
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(&head);
        bytes[16..].copy_from_slice(&tail);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::{RngCore, SeedableRng};

    #[test]
    fn encodings_are_canonical_and_refuse_the_identity_other_subgroups_and_unreduced_scalars() {
        let generator = G1Projective::generator();
        assert_eq!(G1Projective::decode(&generator.encode()), Some(generator));
        let mut identity = [0; 48];
        identity[0] = 0xc0;
        assert!(bool::from(G1Affine::from_compressed(&identity).is_some()), "a valid encoding of the identity");
        assert_eq!(G1Projective::decode(&identity), None);
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut outside = 0;
        while outside < 3 {
            let mut bytes = [0; 48];
            rng.fill_bytes(&mut bytes);
            bytes[0] = bytes[0] & 0x1f | 0x80;
            if bool::from(G1Affine::from_compressed_unchecked(&bytes).is_some()) {
                outside += 1;
                assert_eq!(G1Projective::decode(&bytes), None, "on the curve, outside the subgroup");
            }
        }
        assert_eq!(Scalar::from_wire(&[0xff; 32]), None);
        let one = Scalar::ONE;
        assert_eq!((Scalar::from_wire(&one.to_wire()), one.to_wire()[31]), (Some(one), 1));
        assert_eq!(Scalar::from_hash(&[0xff; 32]).to_wire()[0], 0x3f);
    }
}
