//! Shamir's sharing with Feldman's commitments, over any [`Curve`].

use group::ff::Field;
use rand_core::{CryptoRng, RngCore};

use super::traits::{Curve, ScalarField};
use crate::id::NodeId;

/// The field element that a member's number is.
fn x<S: ScalarField>(id: NodeId) -> S {
    S::from(u64::from(id.0))
}

/// A secret polynomial of Shamir's scheme, lowest coefficient (the secret) first. Wiped when dropped.
#[derive(Clone)]
pub struct SecretPolynomial<P: Curve>(Vec<P::Scalar>);

impl<P: Curve> SecretPolynomial<P> {
    /// Draws a polynomial with `threshold` coefficients, so that `threshold` shares determine it.
    pub fn random(threshold: u16, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self((0..threshold).map(|_| P::Scalar::random(&mut *rng)).collect())
    }

    /// Draws a polynomial with `threshold` coefficients, the first of which is `secret`.
    pub fn sharing(secret: P::Scalar, threshold: u16, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let others = (1..threshold).map(|_| P::Scalar::random(&mut *rng));
        Self(std::iter::once(secret).chain(others).collect())
    }

    /// Builds a polynomial from its coefficients, lowest first.
    pub fn from_coefficients(coefficients: Vec<P::Scalar>) -> Self {
        Self(coefficients)
    }

    /// The coefficients, lowest (the secret) first.
    pub fn coefficients(&self) -> &[P::Scalar] {
        &self.0
    }

    /// The value at `at`: that member's share.
    pub fn evaluate(&self, at: NodeId) -> P::Scalar {
        let x: P::Scalar = x(at);
        self.0.iter().rev().fold(P::Scalar::ZERO, |sum, c| sum * x + c)
    }

    /// Feldman commitments: each coefficient times the generator.
    pub fn commit(&self) -> Vec<P> {
        self.0.iter().map(P::generate).collect()
    }
}

impl<P: Curve> Drop for SecretPolynomial<P> {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(ScalarField::wipe);
    }
}

/// Multiplies a point by a small public number in variable time: a doubling for each bit after the first, an addition for
/// each of them that is set.
pub fn mul_small<P: Curve>(point: &P, factor: u16) -> P {
    let Some(highest) = factor.checked_ilog2() else { return P::identity() };
    (0..highest).rev().fold(*point, |power, bit| {
        let double = power.double();
        if factor >> bit & 1 == 1 { double + point } else { double }
    })
}

/// Evaluates committed coefficients in the exponent at `at` (Horner; variable time, public data only).
pub fn evaluate_commitments<P: Curve>(commitments: &[P], at: NodeId) -> P {
    commitments.iter().rev().fold(P::identity(), |sum, c| mul_small(&sum, at.0) + c)
}

/// The Lagrange coefficient of `of` for interpolating at 0 over `members`.
///
/// # Panics
/// If `members` repeats an id or does not contain `of`: callers hold sets.
pub fn lagrange_at_zero<S: ScalarField>(members: &[NodeId], of: NodeId) -> S {
    assert!(members.contains(&of), "{of} is not among the interpolation points");
    let (mut numerator, mut denominator) = (S::ONE, S::ONE);
    for &other in members.iter().filter(|&&other| other != of) {
        numerator *= x::<S>(other);
        denominator *= x::<S>(other) - x::<S>(of);
    }
    numerator * Option::<S>::from(denominator.invert()).expect("interpolation points are distinct")
}

/// Interpolates shares at 0.
pub fn interpolate<S: ScalarField>(shares: &[(NodeId, S)]) -> S {
    let members: Vec<NodeId> = shares.iter().map(|(id, _)| *id).collect();
    shares.iter().map(|(id, share)| lagrange_at_zero::<S>(&members, *id) * share).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Bls12381;
    use k256::ProjectivePoint;

    #[test]
    fn small_multiples_are_those_of_full_multiplication() {
        fn agree<P: Curve>() {
            for factor in (0..70).chain([127, 128, 129, 0x5555, 0xaaaa, 0x8000, u16::MAX]) {
                let whole = P::generator() * P::Scalar::from(u64::from(factor));
                assert_eq!(mul_small(&P::generator(), factor), whole, "{factor}");
            }
        }
        agree::<ProjectivePoint>();
        agree::<Bls12381>();
    }
}
