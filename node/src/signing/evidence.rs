//! What shows others that somebody lied in signing: proposals that contradict each other, forgeries that a leader passed
//! on, wrong shares. [`crate::blame`] judges it.

use serde::{Deserialize, Serialize};

use super::{PresignOpened, PresignShare, PresignStart, Propose, Scheme, Share};
use crate::id::{Epoch, KeyId, RequestId};
use crate::key::PublicKey;
use crate::triples::SealedPolynomials;
use crate::wire::Signed;

/// Of presigning and signing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SigningEvidence {
    /// Two proposals of one coordinator for one presignature, or with the same nonces of a holder.
    TwoProposals(Box<[Signed<Propose>; 2]>),
    /// A proposal with an announcement that its alleged maker did not sign.
    ForgedAnnouncement(Box<ProposalEvidence>),
    /// Opened values, passed on by their leader, which their alleged holder did not sign.
    ForgedOpening(Box<OpenedEvidence>),
    /// Opened values that are not those of the triples and the key.
    WrongOpening(Box<OpeningEvidence>),
    /// A signature share that is not what its proposal demands.
    WrongShare(Box<ShareEvidence>),
}

/// A proposal, and what its session's name is made of: a validator's number is another's in another epoch, and a signature
/// that was right there is none here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProposalEvidence {
    /// The key and the epoch of its shares.
    pub key: (KeyId, Epoch),
    /// The request.
    pub request: RequestId,
    /// The name that the action gave the signature.
    pub sig_name: String,
    /// How it is made.
    pub scheme: Scheme,
    /// The proposal.
    pub proposal: Signed<Propose>,
}

/// Opened values as a leader passed them on, with what says of which epoch they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedEvidence {
    /// What they were opened for.
    pub start: PresignStart,
    /// The values.
    pub opened: Signed<PresignOpened>,
}

/// Opened values with all that it takes to judge them: their maker has signed the hash of the polynomials twice, as it
/// sealed the triples and, in the presignature's name, as it opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpeningEvidence {
    /// The key; the chain's votes must commit to it.
    pub key: PublicKey,
    /// What the values were opened for.
    pub start: PresignStart,
    /// The values.
    pub opening: Signed<PresignShare>,
    /// The polynomials, sealed by whoever opened.
    pub sealed: SealedPolynomials,
}

/// A signature share with all that it takes to judge it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareEvidence {
    /// The key; the chain's votes must commit to it.
    pub key: PublicKey,
    /// The request and the name that the action gave the signature: with the key they make the session's name, so that
    /// a right share for one key cannot be passed off as a wrong one for another.
    pub request: RequestId,
    /// See `request`.
    pub sig_name: String,
    /// What the share answers.
    pub proposal: Signed<Propose>,
    /// The share.
    pub share: Signed<Share>,
    /// Of ECDSA only: what the share is made of.
    pub presignature: Option<Box<PresignatureProof>>,
}

/// A presignature as its holders signed it. Only the seal must be the accused one's: what the others opened has to add up
/// to the same constants that it sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresignatureProof {
    /// What started it.
    pub start: PresignStart,
    /// What its holders opened, ascending by signer.
    pub openings: Vec<Signed<PresignShare>>,
    /// The triples' polynomials, sealed by whoever gave the share.
    pub sealed: SealedPolynomials,
}
