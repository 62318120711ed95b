//! From the qualified dealings to a key share: one sum of commitments, one sum of shares, one check.

use k256::{ProjectivePoint, Scalar};
use thiserror::Error;

use super::context::Context;
use super::dealing::{Dealing, evaluation_additions, is_committed};
use crate::id::NodeId;
use crate::key::{KeyShare, PublicKey};
use crate::meter::{Meter, Op};

/// Why the qualified dealings give this node no key share.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FinalizeError {
    /// These dealers' shares do not match their commitments.
    #[error("shares of {0:?} do not match their commitments")]
    BadShares(Vec<NodeId>),
    /// The dealings do not sum to a key: none was given, their sizes differ, or a sum is the identity.
    #[error("the dealings do not sum to a key")]
    Degenerate,
}

/// Sums the qualified dealings and the shares that they gave to `me`. Only if the sums do not match is each dealing
/// looked at, to name the bad ones.
///
/// # Errors
/// If a share does not match its commitments, or the commitments do not sum to a key.
pub fn finalize(
    context: &Context,
    me: NodeId,
    parts: &[(&Dealing, &Scalar)],
    meter: &mut Meter,
) -> Result<KeyShare, FinalizeError> {
    let threshold = context.threshold();
    if parts.is_empty() || parts.iter().any(|(dealing, _)| dealing.commitments.len() != threshold) {
        return Err(FinalizeError::Degenerate);
    }
    let mut commitments = vec![ProjectivePoint::IDENTITY; threshold];
    for (dealing, _) in parts {
        for (sum, commitment) in commitments.iter_mut().zip(&dealing.commitments) {
            *sum += commitment.point();
        }
    }
    meter.add(Op::PointAdd, (parts.len() * threshold) as u64);
    if commitments.contains(&ProjectivePoint::IDENTITY) {
        return Err(FinalizeError::Degenerate);
    }
    let secret: Scalar = parts.iter().map(|(_, share)| *share).sum();
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
    Ok(KeyShare { public, holder: me, secret })
}

fn matches(commitments: &[ProjectivePoint], me: NodeId, share: &Scalar, meter: &mut Meter) -> bool {
    meter.add(Op::ScalarMul, 1);
    meter.add(Op::PointAdd, evaluation_additions(commitments.len(), me));
    is_committed(share, commitments, me)
}
