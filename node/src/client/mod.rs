//! The client library, sans-IO like the node: an operation is started, fed with the nodes' responses, ticked when its
//! deadline comes, and ends in an outcome. It asks every node and never waits for all of them.
//!
//! Nothing that fewer than a threshold of nodes say is believed, and a signature is believed only after it has been
//! verified under a key that the caller read from the chain.

mod courier;
mod decrypt;
mod execute;
mod handshake;
mod outcome;
mod prove;
mod response;
mod session_key;
mod shares;
mod wallet;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bugs::{self, Bug};
use crate::id::{Generation, NodeId};
use crate::io::Time;

pub use decrypt::{DecryptError, DecryptOp, DecryptOutcome, Plaintext, Trusted};
pub use execute::{ExecuteOp, Expected, ResponseStrategy};
pub use handshake::{HandshakeError, HandshakeOp, HandshakeOutcome, View};
pub use outcome::{Cause, ExecuteError, ExecuteOutcome, NodeReport, Success, VerifiedSignature};
pub use prove::{History, HistoryLog, NoProof, Place, Proof, prove};
pub use response::{ResponseFault, SIGNATURES_MAX};
pub use session_key::certified;
pub use shares::Combine;
pub use wallet::Wallet;

/// Something that an operation wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sends a request to a node; its response goes to [`Operation::on_response`].
    Send {
        /// The node.
        node: NodeId,
        /// The encoded [`crate::api::Request`].
        bytes: Arc<[u8]>,
    },
}

/// The nodes that a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// All validators of the epoch.
    pub nodes: BTreeSet<NodeId>,
    /// How many must agree, k.
    pub threshold: usize,
    /// Which generation of the network they are: a client reads it where it reads where the contracts are.
    pub generation: Generation,
}

impl Network {
    /// How many nodes may fail to answer usefully without making k agreeing answers impossible.
    fn spare(&self) -> usize {
        self.nodes.len().saturating_sub(self.threshold)
    }

    /// How many nodes must agree before an action's answer counts.
    fn enough_answers(&self) -> usize {
        if bugs::planted(Bug::ClientWaitsForAll) { self.nodes.len() } else { self.threshold }
    }

    /// How many nodes must agree before a handshake counts.
    fn enough_handshakes(&self) -> usize {
        if bugs::planted(Bug::HandshakeWaitsForAll) { self.nodes.len() } else { self.threshold }
    }

    /// How many nodes may lie: floor((n - 1) / 3).
    fn faulty_max(&self) -> usize {
        self.nodes.len().saturating_sub(1) / 3
    }
}

/// How patiently a client asks. All in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long an answer to one sending is awaited.
    pub attempt_ms: u64,
    /// The pause before the second sending; it doubles with each further one.
    pub backoff_ms: u64,
    /// The longest pause.
    pub backoff_ms_max: u64,
    /// When the operation gives up, after its start.
    pub overall_ms: u64,
}

impl Default for Patience {
    /// An action may run for 30 s, and a client grants 5 s more.
    fn default() -> Self {
        Self { attempt_ms: 35_000, backoff_ms: 500, backoff_ms_max: 8_000, overall_ms: 120_000 }
    }
}

/// An operation under way.
pub trait Operation {
    /// What it ends in.
    type Outcome;

    /// Sends the first requests. Comes once, first.
    fn start(&mut self, now: Time, fx: &mut Vec<Effect>);

    /// Takes a response, untrusted bytes that came from `node`.
    fn on_response(&mut self, node: NodeId, bytes: &[u8], now: Time, fx: &mut Vec<Effect>);

    /// Learns that the connection to `node` broke, or that none could be made.
    fn on_disconnect(&mut self, node: NodeId, now: Time, fx: &mut Vec<Effect>);

    /// Does what is due.
    fn tick(&mut self, now: Time, fx: &mut Vec<Effect>);

    /// When [`Operation::tick`] wants to be called next; `None` once there is an outcome, and before the start.
    fn deadline(&self) -> Option<Time>;

    /// The outcome, once there is one; it does not change any more.
    fn outcome(&self) -> Option<&Self::Outcome>;
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
