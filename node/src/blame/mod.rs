//! Blame: what a third party needs to see for himself that somebody lied, and how he sees it.
//!
//! [`Evidence`] is a signed contradiction: statements that no honest node signs, whatever others do to it. It travels as
//! bytes, and [`verify`] takes nothing but these bytes and what stands on the chain ([`ChainView`]): who the validators
//! are, which key generations there were, and which public shares of a key the chain's votes commit to. Keys inside the
//! evidence count only if the chain vouches for them; evidence that brings its own proves nothing.
//!
//! Silence, lateness and what somebody is said to have said are no evidence: there is nothing signed to show.

mod chain_view;
mod decryption;
mod dkg;
mod signing;
#[cfg(test)]
mod tests;

pub use chain_view::{Board, ChainView};

use std::fmt;
use thiserror::Error;

use crate::evidence::Evidence;
use crate::id::NodeId;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::roster::Roster;
use crate::triples;
use crate::wire::{DecodeError, FRAME_BYTES_MAX, Signable, Signed, decode};

/// The longest evidence that is looked at, bytes. The longest that proves anything has one message of every holder of a
/// batch of triples.
pub fn evidence_bytes_max(validators: usize) -> usize {
    (validators + 1) * FRAME_BYTES_MAX
}

/// Who lied, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Culprit {
    /// The node.
    pub node: NodeId,
    /// What it did.
    pub offence: Offence,
}

/// What a culprit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Offence {
    /// Dealt twice in one key generation.
    TwoDealings,
    /// Dealt what nobody can accept.
    InvalidDealing,
    /// Gave somebody a bad share.
    BadShare,
    /// Complained about a right share, or with a false proof.
    FalseComplaint,
    /// As coordinator, proposed one presignature or one holder's nonces twice.
    TwoProposals,
    /// As coordinator, proposed an announcement that its alleged maker did not sign.
    ForgedAnnouncement,
    /// As leader, passed on opened values that their alleged holder did not sign.
    ForgedOpening,
    /// Opened wrong values for a presignature.
    WrongOpening,
    /// Gave a wrong share of a signature.
    WrongShare,
    /// Gave a wrong share of a decryption key.
    WrongDecryptionShare,
    /// Lied while triples were made.
    Triples(triples::Misbehaviour),
}

impl Offence {
    /// In words, as reports show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoDealings => "signed two dealings of one key generation",
            Self::InvalidDealing => "gave an invalid dealing",
            Self::BadShare => "gave a bad share",
            Self::FalseComplaint => "made a false complaint",
            Self::TwoProposals => "proposed the same nonces twice",
            Self::ForgedAnnouncement => "proposed a forged announcement",
            Self::ForgedOpening => "passed on forged opened values",
            Self::WrongOpening => "opened wrong values",
            Self::WrongShare => "gave a wrong signature share",
            Self::WrongDecryptionShare => "gave a wrong share of a decryption key",
            Self::Triples(_) => "lied while triples were made",
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why evidence proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BlameError {
    /// The bytes are no evidence.
    #[error("no evidence: {0}")]
    Malformed(#[from] DecodeError),
    /// A statement bears the name of somebody who is no validator.
    #[error("{0} is not a validator")]
    Stranger(NodeId),
    /// A statement is not signed by the one whose name it bears.
    #[error("not signed by {0}")]
    Unsigned(NodeId),
    /// The chain knows no such key generation or resharing in this epoch.
    #[error("the chain knows no such key generation in this epoch")]
    UnknownSession,
    /// The chain's votes do not commit to these public shares.
    #[error("the chain does not vouch for this key")]
    UnknownKey,
    /// The board shows no such complaint.
    #[error("the board shows no such complaint")]
    NoComplaint,
    /// The statements do not belong together.
    #[error("the parts do not belong together: {0}")]
    Unrelated(&'static str),
    /// What is said about a batch of triples does not hold.
    #[error(transparent)]
    Triples(#[from] triples::Unfounded),
    /// Everything is as an honest node would have it.
    #[error("there is no contradiction: {0}")]
    NoContradiction(&'static str),
}

/// Judges evidence by itself and the chain.
///
/// # Errors
/// Why it proves nothing against anybody.
pub fn verify(evidence: &[u8], chain: &ChainView) -> Result<Culprit, BlameError> {
    match decode::<Evidence>(evidence, evidence_bytes_max(chain.roster().size()))? {
        Evidence::Keygen(evidence) => dkg::verify(&evidence, chain),
        Evidence::NetworkKeygen(evidence) => dkg::verify(&evidence, chain),
        Evidence::Signing(evidence) => signing::verify(&evidence, chain),
        Evidence::Decryption(evidence) => decryption::verify(&evidence, chain),
        Evidence::Triples(evidence) => {
            let what = evidence.verify(chain.roster(), &mut Meter::default(), &Memo::off())?;
            Ok(Culprit { node: evidence.culprit, offence: Offence::Triples(what) })
        }
    }
}

/// Checks that a statement is signed by the validator whose name it bears.
fn signed<T: Signable>(statement: &Signed<T>, roster: &Roster) -> Result<(), BlameError> {
    let member = roster.get(statement.signer).ok_or(BlameError::Stranger(statement.signer))?;
    let is_signed = statement.verify(&member.identity, &mut Meter::default());
    is_signed.then_some(()).ok_or(BlameError::Unsigned(statement.signer))
}

fn expect(holds: bool, otherwise: BlameError) -> Result<(), BlameError> {
    if holds { Ok(()) } else { Err(otherwise) }
}
