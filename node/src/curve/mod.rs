//! Scalars, points and polynomials: encodings for the wire and the arithmetic of Shamir sharing, over any [`Curve`];
//! and by plain functions over secp256k1, in which nearly everything is.
//!
//! Points of secp256k1 travel compressed (33 bytes), scalars big-endian (32 bytes); decoding refuses the identity, points
//! off the curve and scalars that are not reduced, so no later code meets them.

use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::group::GroupEncoding;
use k256::elliptic_curve::ops::{LinearCombinationExt, MulByGenerator, Reduce};
use k256::{ProjectivePoint, Scalar, U256};

mod bls12_381;
mod secp256k1;
mod sharing;
mod traits;

pub use bls12_381::Bls12381;
pub use sharing::{SecretPolynomial, evaluate_commitments, interpolate, lagrange_at_zero, mul_small};
pub use traits::{Curve, Hidden, ScalarField};

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

/// The sum of points times scalars, with one chain of doublings for all of them.
pub fn sum_of_products(terms: &[(ProjectivePoint, Scalar)]) -> ProjectivePoint {
    ProjectivePoint::lincomb_ext(terms)
}

/// A secret polynomial over secp256k1.
pub type Polynomial = SecretPolynomial<ProjectivePoint>;

/// `#[serde(with = "curve::point")]` for one point.
pub mod point {
    use super::Curve;
    use serde::{Deserializer, Serializer, de::Error};

    /// Writes the compressed bytes.
    pub fn serialize<P: Curve, S: Serializer>(point: &P, s: S) -> Result<S::Ok, S::Error> {
        P::write(&point.encode(), s)
    }

    /// Reads compressed bytes; refuses the identity and anything outside the group.
    pub fn deserialize<'de, P: Curve, D: Deserializer<'de>>(d: D) -> Result<P, D::Error> {
        P::decode(&P::read(d)?).ok_or_else(|| D::Error::custom(format_args!("not a point of {}", P::NAME)))
    }
}

/// `#[serde(with = "curve::scalar")]` for one scalar.
pub mod scalar {
    use super::ScalarField;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    /// Writes 32 big-endian bytes.
    pub fn serialize<T: ScalarField, S: Serializer>(scalar: &T, s: S) -> Result<S::Ok, S::Error> {
        scalar.to_wire().serialize(s)
    }

    /// Reads 32 big-endian bytes; refuses a value that is not below the group order.
    pub fn deserialize<'de, T: ScalarField, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        T::from_wire(&<[u8; 32]>::deserialize(d)?).ok_or_else(|| D::Error::custom("not a reduced scalar"))
    }
}

/// `#[serde(with = "curve::points")]` for a list of points.
pub mod points {
    use super::{Curve, point};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(bound = "")]
    struct Wrapped<P: Curve>(#[serde(with = "point")] P);

    /// Writes each point as by [`point`].
    pub fn serialize<P: Curve, S: Serializer>(points: &[P], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(points.iter().map(|p| Wrapped(*p)))
    }

    /// Reads each point as by [`point`].
    pub fn deserialize<'de, P: Curve, D: Deserializer<'de>>(d: D) -> Result<Vec<P>, D::Error> {
        Ok(Vec::<Wrapped<P>>::deserialize(d)?.into_iter().map(|w| w.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use rand_core::SeedableRng;

    #[test]
    fn threshold_shares_interpolate_to_the_secret_and_match_their_commitments() {
        shares_interpolate::<ProjectivePoint>();
        shares_interpolate::<Bls12381>();
    }

    fn shares_interpolate<P: Curve>() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
        let polynomial = SecretPolynomial::<P>::random(3, &mut rng);
        let commitments = polynomial.commit();
        let shares: Vec<_> = [2, 5, 9].map(NodeId).map(|id| (id, polynomial.evaluate(id))).to_vec();
        assert_eq!(interpolate(&shares), polynomial.coefficients()[0]);
        assert_ne!(interpolate(&shares[..2]), polynomial.coefficients()[0]);
        for (id, share) in shares {
            assert_eq!(evaluate_commitments(&commitments, id), P::generator() * share);
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
