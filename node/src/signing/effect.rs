//! What signing asks of the node around it.

use super::{ClientShare, CombinedSignature, Message, SigningEvidence};
use crate::id::{Digest, NodeId, RequestId, SessionId};

/// Something that signing wants done or has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A message to a peer. Signed by the node's identity where [`Message::signing_digest`] is `Some`.
    Send {
        /// The peer, never this node.
        to: NodeId,
        /// The message.
        message: Message,
    },
    /// Triples are needed for these holders, led by this node.
    NeedTriples {
        /// The leader: this node.
        leader: NodeId,
        /// The holders, ascending.
        holders: Vec<NodeId>,
        /// How many are needed at once.
        count: usize,
    },
    /// A session has its signature.
    Done {
        /// The session.
        session: SessionId,
        /// The request.
        request: RequestId,
        /// The name that the action gave the signature.
        sig_name: String,
        /// This node's parts: first that in the proposal that made `signature`, then one for every other proposal
        /// that it answered. A client that got all of them from every node finds one proposal complete even when
        /// two were in flight.
        shares: Vec<ClientShare>,
        /// The verified signature.
        signature: CombinedSignature,
    },
    /// A session ended without a signature: too few nodes agreed in time.
    Failed {
        /// The session.
        session: SessionId,
        /// The request.
        request: RequestId,
        /// The name that the action gave the signature.
        sig_name: String,
        /// How many nodes this node saw agree on the digest, itself included.
        agreed: usize,
        /// How many were needed.
        needed: usize,
    },
    /// A peer's signed statement is provably wrong.
    Culprit {
        /// The peer.
        node: NodeId,
        /// What it did.
        what: Misbehaviour,
        /// What convinces others; none where triples come from a trusted dealer, whose word nobody signed.
        evidence: Option<Box<SigningEvidence>>,
    },
    /// What all gave for a presignature or signature combines to something wrong. Follows the culprits.
    WrongResult {
        /// The presignature, or the hash of the proposal.
        attempt: Digest,
    },
}

/// Provable misbehaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misbehaviour {
    /// An opened value does not match the public commitments.
    WrongPresignShare {
        /// The presignature.
        presignature: Digest,
    },
    /// A leader passed on opened values that their alleged holder did not sign.
    ForgedOpening {
        /// The presignature.
        presignature: Digest,
    },
    /// A signature share does not match its proposal.
    WrongShare {
        /// The proposal.
        proposal: Digest,
    },
    /// A coordinator signed two proposals for one presignature.
    TwoProposals {
        /// The presignature.
        presignature: Digest,
    },
    /// A coordinator signed two proposals with the same FROST nonces of a holder.
    NoncesProposedTwice {
        /// The proposal that this node answered.
        proposal: Digest,
    },
    /// A coordinator's proposal contains an announcement that its alleged maker did not sign.
    ForgedAnnouncement {
        /// The proposal.
        proposal: Digest,
    },
}
