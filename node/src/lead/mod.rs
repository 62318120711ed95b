//! What one node does for all that run an action: who does it, and how the others learn of it.
//!
//! An action may have something done once for the whole network (`runOnce`), or ask what all nodes think
//! (`broadcastAndCollect`). Both are an *operation* with a leader. The network has no consensus protocol, and needs none
//! here: a node may lead once a threshold of nodes, itself included, have granted it the operation, and nobody grants one
//! operation to two. Any two thresholds share an honest node, so at most one node leads (quorums as in Gifford 1979; the
//! grant is a vote that is never given twice, as in Paxos' first phase, Lamport 1998). Grants for what must not be done
//! twice are written down before they are given, so a restart forgets none.
//!
//! Candidates take turns: the first is a hash of the operation's name, modulo the members; when it has not shown itself in
//! time, the next may ask. A leader that dies after it was granted the operation leaves it undone or done once, and whoever
//! waits for it gets no answer.
//!
//! What has a leader may fail with it. Where all nodes only have to give all others a value, there is none: each gives its
//! own and takes what comes ([`Operations::exchange`]), so that nobody can keep it from anybody.
//!
//! The result is the leader's word. Collected values are not: each is signed by whoever gave it.

mod effect;
mod exchange;
mod message;
mod operation;
mod operations;
#[cfg(test)]
mod tests;

pub use effect::{Effect, Ended, Promise};
pub use message::{Ask, Grant, Message, Outcome, Release, Told, Value};
pub use operations::{Operations, Params};

/// What kind of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The leader does something that must not be done twice, and tells the others what came of it.
    Once,
    /// The leader gathers a value of each node.
    Collect,
    /// The leader gets a value of each node, as it comes, and keeps it: nobody else learns what came of it.
    Entrust,
}
