//! What key generation, resharing and Shamir's sharing need of a curve: a prime-order group with canonical encodings.
//!
//! secp256k1 and BLS12-381 both stand behind these two traits, so that one machine makes keys over either. Decoding is
//! where everything is refused that later code must never meet: scalars that are not reduced, the identity, points off
//! the curve, and points outside the prime-order subgroup.

use group::ff::PrimeField;
use group::{Group, GroupEncoding};
use serde::{Deserializer, Serializer};
use std::fmt;
use std::ops::Deref;

use crate::meter::Op;

/// An element of the field that a group's scalars are in.
pub trait ScalarField: PrimeField + Copy + Eq + fmt::Debug + 'static {
    /// Encodes big-endian.
    fn to_wire(&self) -> [u8; 32];

    /// Decodes a big-endian number; `None` unless it is below the group order.
    fn from_wire(bytes: &[u8; 32]) -> Option<Self>;

    /// Makes a challenge of a hash: injective up to the bits that the order has no room for.
    fn from_hash(hash: &[u8; 32]) -> Self;

    /// Overwrites a secret.
    fn wipe(&mut self);
}

/// A prime-order group that keys can be over, by the type of its points.
pub trait Curve: Group<Scalar: ScalarField> + GroupEncoding + Copy + Eq + fmt::Debug + 'static {
    /// The encoding of a point.
    type Bytes: AsRef<[u8]> + Copy + Eq + Ord + fmt::Debug;

    /// The name in hashes and messages.
    const NAME: &'static str;
    /// How a multiplication by a full scalar is counted.
    const MUL: Op;
    /// How an addition is counted.
    const ADD: Op;

    /// Encodes a point in its compressed form.
    fn encode(&self) -> Self::Bytes;

    /// Decodes a compressed point; `None` for the identity and for whatever is no point of the group.
    fn decode(bytes: &Self::Bytes) -> Option<Self>;

    /// Encodes a key as the chain stores it.
    fn chain_bytes(&self) -> Vec<u8>;

    /// Multiplies the generator.
    fn generate(scalar: &Self::Scalar) -> Self;

    /// Writes an encoding.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(bytes: &Self::Bytes, s: S) -> Result<S::Ok, S::Error>;

    /// Reads an encoding.
    ///
    /// # Errors
    /// Those of the deserializer.
    fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Self::Bytes, D::Error>;
}

/// A secret scalar: printed redacted, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden<S: ScalarField>(S);

impl<S: ScalarField> Hidden<S> {
    /// Hides a scalar.
    pub fn new(scalar: S) -> Self {
        Self(scalar)
    }
}

impl<S: ScalarField> Deref for Hidden<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S: ScalarField> fmt::Debug for Hidden<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

impl<S: ScalarField> Drop for Hidden<S> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}
