//! Scalars, points and polynomials over secp256k1: encodings for the wire and the arithmetic of Shamir sharing.
//!
//! Points travel compressed (33 bytes), scalars big-endian (32 bytes); decoding refuses the identity, points
//! off the curve and scalars that are not reduced, so no later code meets them.

use k256::elliptic_curve::group::GroupEncoding;
use k256::elliptic_curve::ops::{MulByGenerator, Reduce};
use k256::elliptic_curve::{Field, PrimeField};
use k256::{ProjectivePoint, Scalar, U256};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroize;

use crate::id::NodeId;

/// Encodes a point in compressed SEC1 form (33 bytes; all zero for the identity).
pub fn point_bytes(point: &ProjectivePoint) -> [u8; 33] {
    point.to_affine().to_bytes().into()
}

/// Decodes a compressed SEC1 point; `None` for the identity and for anything that is no point.
pub fn point_from_bytes(bytes: &[u8; 33]) -> Option<ProjectivePoint> {
    let point = Option::<ProjectivePoint>::from(ProjectivePoint::from_bytes(&(*bytes).into()))?;
    (point != ProjectivePoint::IDENTITY).then_some(point)
}

/// Encodes a scalar big-endian.
pub fn scalar_bytes(scalar: &Scalar) -> [u8; 32] {
    scalar.to_bytes().into()
}

/// Decodes a big-endian scalar; `None` if it is not below the group order.
pub fn scalar_from_bytes(bytes: &[u8; 32]) -> Option<Scalar> {
    Option::from(Scalar::from_repr((*bytes).into()))
}

/// Reduces 32 bytes modulo the group order (the bias is 2^-128, as usual for this curve).
pub fn scalar_reduce(bytes: &[u8; 32]) -> Scalar {
    <Scalar as Reduce<U256>>::reduce_bytes(&(*bytes).into())
}

/// Multiplies the generator by a scalar, with precomputed tables (constant time).
pub fn times_generator(scalar: &Scalar) -> ProjectivePoint {
    <ProjectivePoint as MulByGenerator>::mul_by_generator(scalar)
}

/// Multiplies a point by a small public number in variable time.
pub fn mul_small(point: &ProjectivePoint, mut factor: u16) -> ProjectivePoint {
    let mut sum = ProjectivePoint::IDENTITY;
    let mut power = *point;
    while factor > 0 {
        if factor & 1 == 1 {
            sum += power;
        }
        power = power.double();
        factor >>= 1;
    }
    sum
}

/// A secret polynomial of Shamir's scheme, lowest coefficient (the secret) first. Wiped when dropped.
#[derive(Clone)]
pub struct Polynomial(Vec<Scalar>);

impl Polynomial {
    /// Draws a polynomial with `threshold` coefficients, so that `threshold` shares determine it.
    pub fn random(threshold: u16, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self((0..threshold).map(|_| Scalar::random(&mut *rng)).collect())
    }

    /// Builds a polynomial from its coefficients, lowest first.
    pub fn from_coefficients(coefficients: Vec<Scalar>) -> Self {
        Self(coefficients)
    }

    /// The coefficients, lowest (the secret) first.
    pub fn coefficients(&self) -> &[Scalar] {
        &self.0
    }

    /// The value at `at`: that member's share.
    pub fn evaluate(&self, at: NodeId) -> Scalar {
        let x = Scalar::from(u64::from(at.0));
        self.0.iter().rev().fold(Scalar::ZERO, |sum, c| sum * x + c)
    }

    /// Feldman commitments: each coefficient times the generator.
    pub fn commit(&self) -> Vec<ProjectivePoint> {
        self.0.iter().map(times_generator).collect()
    }
}

impl Drop for Polynomial {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

/// Evaluates committed coefficients in the exponent at `at` (Horner; variable time, public data only).
pub fn evaluate_commitments(commitments: &[ProjectivePoint], at: NodeId) -> ProjectivePoint {
    commitments.iter().rev().fold(ProjectivePoint::IDENTITY, |sum, c| mul_small(&sum, at.0) + c)
}

/// The Lagrange coefficient of `of` for interpolating at 0 over `members`.
///
/// # Panics
/// If `members` repeats an id or does not contain `of`: callers hold sets.
pub fn lagrange_at_zero(members: &[NodeId], of: NodeId) -> Scalar {
    assert!(members.contains(&of), "{of} is not among the interpolation points");
    let x = |id: NodeId| Scalar::from(u64::from(id.0));
    let (mut numerator, mut denominator) = (Scalar::ONE, Scalar::ONE);
    for &other in members.iter().filter(|&&other| other != of) {
        numerator *= x(other);
        denominator *= x(other) - x(of);
    }
    numerator * Option::<Scalar>::from(denominator.invert()).expect("interpolation points are distinct")
}

/// Interpolates shares at 0.
pub fn interpolate(shares: &[(NodeId, Scalar)]) -> Scalar {
    let members: Vec<NodeId> = shares.iter().map(|(id, _)| *id).collect();
    shares.iter().map(|(id, share)| lagrange_at_zero(&members, *id) * share).sum()
}

/// `#[serde(with = "curve::point")]` for one point.
pub mod point {
    use super::{ProjectivePoint, point_bytes, point_from_bytes};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes the 33 compressed bytes.
    pub fn serialize<S: Serializer>(point: &ProjectivePoint, s: S) -> Result<S::Ok, S::Error> {
        let bytes = point_bytes(point);
        (bytes[0], <[u8; 32]>::try_from(&bytes[1..]).expect("33 = 1 + 32")).serialize(s)
    }

    /// Reads 33 compressed bytes; refuses the identity and anything off the curve.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<ProjectivePoint, D::Error> {
        let (tag, x) = <(u8, [u8; 32])>::deserialize(d)?;
        let mut bytes = [tag; 33];
        bytes[1..].copy_from_slice(&x);
        point_from_bytes(&bytes).ok_or_else(|| D::Error::custom("not a point of secp256k1"))
    }
}

/// `#[serde(with = "curve::scalar")]` for one scalar.
pub mod scalar {
    use super::{Scalar, scalar_bytes, scalar_from_bytes};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes 32 big-endian bytes.
    pub fn serialize<S: Serializer>(scalar: &Scalar, s: S) -> Result<S::Ok, S::Error> {
        scalar_bytes(scalar).serialize(s)
    }

    /// Reads 32 big-endian bytes; refuses a value that is not below the group order.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Scalar, D::Error> {
        scalar_from_bytes(&<[u8; 32]>::deserialize(d)?)
            .ok_or_else(|| D::Error::custom("not a reduced scalar of secp256k1"))
    }
}

/// `#[serde(with = "curve::points")]` for a list of points.
pub mod points {
    use super::{ProjectivePoint, point};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "point")] ProjectivePoint);

    /// Writes each point as by [`point`].
    pub fn serialize<S: Serializer>(points: &[ProjectivePoint], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(points.iter().map(|p| Wrapped(*p)))
    }

    /// Reads each point as by [`point`].
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<ProjectivePoint>, D::Error> {
        Ok(Vec::<Wrapped>::deserialize(d)?.into_iter().map(|w| w.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn threshold_shares_interpolate_to_the_secret_and_match_their_commitments() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
        let polynomial = Polynomial::random(3, &mut rng);
        let commitments = polynomial.commit();
        let shares: Vec<_> = [2, 5, 9].map(NodeId).map(|id| (id, polynomial.evaluate(id))).to_vec();
        assert_eq!(interpolate(&shares), polynomial.coefficients()[0]);
        assert_ne!(interpolate(&shares[..2]), polynomial.coefficients()[0]);
        for (id, share) in shares {
            assert_eq!(evaluate_commitments(&commitments, id), ProjectivePoint::GENERATOR * share);
        }
    }

    #[test]
    fn the_identity_and_unreduced_scalars_are_refused() {
        assert!(point_from_bytes(&[0; 33]).is_none());
        assert!(scalar_from_bytes(&[0xff; 32]).is_none());
        let generator = ProjectivePoint::GENERATOR;
        assert_eq!(point_from_bytes(&point_bytes(&generator)), Some(generator));
    }
}
