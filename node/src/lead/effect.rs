//! What operations ask of the node around them.

use serde::{Deserialize, Serialize};

use super::message::Message;
use crate::id::{NodeId, SessionId};

/// To whom this node has granted an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The operation.
    pub operation: SessionId,
    /// The candidate; this node itself when it leads.
    pub to: NodeId,
}

/// Something that an operation wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make durable before anything that follows leaves the node.
    Persist(Promise),
    /// A message to a peer.
    Send {
        /// The peer, never this node.
        to: NodeId,
        /// The message.
        message: Message,
    },
    /// This node leads: it is to do what must be done once, and to report with
    /// [`super::Operations::done`].
    Lead(SessionId),
    /// A value came that was entrusted to this node, or exchanged: this node's own, or a peer's; one of each.
    Value(SessionId, NodeId, String),
    /// The operation is over at this node.
    Ended(SessionId, Ended),
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// What the leader's part returned, or why it failed.
    Once(Result<String, String>),
    /// The values of a threshold of nodes or more, ascending by node.
    Collected(Vec<(NodeId, String)>),
}
