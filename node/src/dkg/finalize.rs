//! From the qualified dealings to a key share: one sum of commitments, one sum of shares, one check.

use group::ff::Field;
use thiserror::Error;

use super::context::Context;
use super::dealing::{Dealing, evaluation_additions, is_committed};
use super::handover::Handover;
use crate::curve::{Curve, Hidden};
use crate::id::NodeId;
use crate::key::{KeyShare, PublicKey};
use crate::meter::Meter;

/// Why the qualified dealings give this node no key share.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FinalizeError {
    /// These dealers' shares do not match their commitments.
    #[error("shares of {0:?} do not match their commitments")]
    BadShares(Vec<NodeId>),
    /// The dealings do not sum to a key: none was given, their sizes differ, a sum is the identity, or the sum is not the
    /// old key.
    #[error("the dealings do not sum to a key")]
    Degenerate,
}

/// Sums the qualified dealings and the shares that they gave to `me`. Only if the sums do not match is each dealing
/// looked at, to name the bad ones.
///
/// # Errors
/// If a share does not match its commitments, or the commitments do not sum to a key.
pub fn finalize<P: Curve>(
    context: &Context<P>,
    me: NodeId,
    parts: &[(&Dealing<P>, &P::Scalar)],
    meter: &mut Meter,
) -> Result<KeyShare<P>, FinalizeError> {
    let threshold = context.threshold();
    if parts.is_empty() || parts.iter().any(|(dealing, _)| dealing.commitments.len() != threshold) {
        return Err(FinalizeError::Degenerate);
    }
    let weights = context.source().map(|_| {
        let dealers: Vec<NodeId> = parts.iter().map(|(dealing, _)| dealing.dealer).collect();
        Handover::<P>::weights(&dealers)
    });
    let commitments = sum_commitments(parts, weights.as_deref(), threshold, meter);
    let is_other_key = context.source().is_some_and(|from| from.public.point != commitments[0]);
    if is_other_key || commitments.iter().any(|point| bool::from(point.is_identity())) {
        return Err(FinalizeError::Degenerate);
    }
    let weight = |at: usize| weights.as_ref().map_or(P::Scalar::ONE, |weights| weights[at]);
    let secret = Hidden::new(parts.iter().enumerate().map(|(at, (_, share))| weight(at) * *share).sum());
    if !matches(&commitments, me, &secret, meter) {
        let bad = parts.iter().filter(|(dealing, share)| !matches(&dealing.points(), me, share, meter));
        return Err(FinalizeError::BadShares(bad.map(|(dealing, _)| dealing.dealer).collect()));
    }
    let public = PublicKey {
        epoch: context.epoch(),
        threshold: u16::try_from(threshold).expect("a roster's threshold is a u16"),
        point: commitments[0],
        commitments,
        members: context.members().to_vec(),
    };
    Ok(KeyShare { public, holder: me, secret: *secret })
}

/// The commitments to the sum of what was dealt, each contribution times its weight if there are weights.
fn sum_commitments<P: Curve>(
    parts: &[(&Dealing<P>, &P::Scalar)],
    weights: Option<&[P::Scalar]>,
    threshold: usize,
    meter: &mut Meter,
) -> Vec<P> {
    let mut sums = vec![P::identity(); threshold];
    for (at, (dealing, _)) in parts.iter().enumerate() {
        for (sum, commitment) in sums.iter_mut().zip(&dealing.commitments) {
            *sum += weights.map_or(*commitment.point(), |weights| *commitment.point() * weights[at]);
        }
    }
    let terms = (parts.len() * threshold) as u64;
    meter.add(P::ADD, terms);
    if weights.is_some() {
        meter.add(P::MUL, terms);
    }
    sums
}

fn matches<P: Curve>(commitments: &[P], me: NodeId, share: &P::Scalar, meter: &mut Meter) -> bool {
    meter.add(P::MUL, 1);
    meter.add(P::ADD, evaluation_additions(commitments.len(), me));
    is_committed(share, commitments, me)
}
