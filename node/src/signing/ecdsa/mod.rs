//! Threshold ECDSA from Beaver triples: presignatures, one-round signing.
//!
//! The structure is that of cait-sith (and of the maths behind it): two triples turn a key share into a
//! presignature, in one round that shows nothing but uniformly masked values; signing is one round with shares
//! that anybody can check against public commitments.

pub mod presign;
#[cfg(test)]
mod secrecy;
pub mod sign;

pub use presign::{Presign, Presignature};
pub use sign::{Run, Terms};
