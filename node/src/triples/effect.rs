//! What triple generation asks of the node around it.

use super::blame::{Evidence, Misbehaviour};
use super::message::Message;
use super::triple::DealtTriples;
use crate::id::{NodeId, SessionId};

/// Something that triple generation wants done or has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A message to a peer. Signed by the node's identity where [`Message::signing_digest`] is `Some`.
    Send {
        /// The peer, never this node.
        to: NodeId,
        /// The message.
        message: Message,
    },
    /// A batch is done: all holders have sealed it. Its commitments are equal at all holders.
    Ready {
        /// The batch's id.
        batch: SessionId,
        /// This node's part.
        triples: Box<DealtTriples>,
    },
    /// A batch came to nothing.
    Failed {
        /// The batch's id.
        batch: SessionId,
        /// Who led it.
        leader: NodeId,
        /// Its holders.
        holders: Vec<NodeId>,
    },
    /// A peer let this node wait, or would not open. It may be honest.
    Suspect {
        /// Who led the batch. Only that node should draw conclusions: whoever leads chooses with whom others have to do.
        leader: NodeId,
        /// The peer.
        node: NodeId,
    },
    /// A peer's signed messages convict it.
    Culprit {
        /// The peer.
        node: NodeId,
        /// What it did.
        what: Misbehaviour,
        /// For third parties.
        evidence: Box<Evidence>,
    },
}
