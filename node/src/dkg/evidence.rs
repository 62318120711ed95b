//! What shows others that somebody lied in a key generation: dealings that contradict each other or themselves, and
//! complaints. [`crate::blame`] judges it.

use k256::ProjectivePoint;
use serde::{Deserialize, Serialize};

use super::dealing::Dealing;
use crate::curve::Curve;
use crate::id::NodeId;
use crate::key::PublicKey;
use crate::wire::Signed;

/// Of key generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum KeygenEvidence<P: Curve = ProjectivePoint> {
    /// Two dealings of one dealer for one session.
    TwoDealings(Box<[Signed<Dealing<P>>; 2]>),
    /// A dealing whose public part is not valid.
    InvalidDealing(Box<InvalidDealing<P>>),
    /// A dealing and a complaint about it, which convict the dealer or the accuser.
    Dispute(Box<Dispute<P>>),
}

/// A dealing that speaks against its dealer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct InvalidDealing<P: Curve = ProjectivePoint> {
    /// The dealing.
    pub dealing: Signed<Dealing<P>>,
    /// The key that was to be handed over, if it was one. It counts because votes on the chain commit to it.
    pub from: Option<PublicKey<P>>,
}

/// A dealing and a complaint about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Dispute<P: Curve = ProjectivePoint> {
    /// The dealing.
    pub dealing: Signed<Dealing<P>>,
    /// The key that was to be handed over, if it was one.
    pub from: Option<PublicKey<P>>,
    /// Who complains.
    pub accuser: NodeId,
    /// The complaint, as the board shows it. Against a dealer it speaks for itself; against an accuser it counts only
    /// because the contract saw to it who posted it.
    pub complaint: Vec<u8>,
}
