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

/// Multiplies a point by a small public number in variable time.
pub fn mul_small<P: Curve>(point: &P, mut factor: u16) -> P {
    let mut sum = P::identity();
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
