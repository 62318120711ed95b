//! A world for protocols of others.
//!
#![doc = include_str!("../../docs/write-your-own.md")]

mod host;
mod judge;
mod outputs;
mod rig;
mod run;
#[cfg(test)]
mod tests;

pub use outputs::Outputs;
pub use rig::Rig;

use lit_node::id::{Boot, NodeId};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The kinds of messages of a protocol, by the protocol's name: what scenarios may name in `when.label`.
pub type Labels = &'static [(&'static str, &'static [&'static str])];

/// A protocol of message-passing nodes, as a state machine without input or output of its own. One value is one node
/// during one boot.
///
/// It must be deterministic: time comes with each call, randomness from [`Setup::rng`], and maps must be ordered.
pub trait Protocol: Sized + 'static {
    /// What nodes send each other.
    type Message: Clone + Debug + Serialize + DeserializeOwned;
    /// What a node tells oracles on the way.
    type Note: Clone + Debug;
    /// What a node settles on.
    type Decision: Clone + Debug + PartialEq;
    /// What a node keeps when it crashes.
    type Disk: Clone + Default;
    /// What all nodes are configured with; the same in all runs of an engine.
    type Options: Send + Sync;

    /// Every label that [`label`](Self::label) may return.
    const LABELS: Labels;
    /// Whether a run is over when nothing is left to happen. If not, as with heartbeats, it is over at the scenario's
    /// `limits.virtual_ms_max`, and reaching that is no failure.
    const ENDS: bool = true;

    /// A node at the start of a boot, with what its disk holds.
    fn new(options: &Self::Options, setup: Setup, disk: Self::Disk) -> Self;

    /// Protocol and kind of a message.
    fn label(message: &Self::Message) -> (&'static str, &'static str);

    /// The node has started.
    fn start(&mut self, now_ms: u64, out: &mut Outputs<Self>);

    /// A message has arrived from a peer, or from the node itself.
    fn on_message(&mut self, now_ms: u64, from: NodeId, message: Self::Message, out: &mut Outputs<Self>);

    /// A timer of this boot has gone off.
    fn on_timer(&mut self, now_ms: u64, timer: u64, out: &mut Outputs<Self>) {
        let _ = (now_ms, timer, out);
    }

    /// The node's state for `replay --dump`, without secrets.
    fn describe(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// What a node knows from the beginning.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its number.
    pub me: NodeId,
    /// How many nodes there are; they are numbered from 1.
    pub nodes: u16,
    /// The scenario's threshold.
    pub threshold: u16,
    /// How many of them may be faulty, f = floor((n-1)/3).
    pub faulty_max: u16,
    /// The bound on a message's delay after stabilisation, milliseconds.
    pub delta_ms: u64,
    /// Which start of the node this is, from 0.
    pub boot: Boot,
    seed: [u8; 32],
}

impl Setup {
    /// All nodes.
    pub fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.nodes).map(NodeId)
    }

    /// Randomness of this node and boot for one purpose.
    pub fn rng(&self, purpose: &str) -> ChaCha20Rng {
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(&self.me.0.to_be_bytes()).update(&self.boot.0.to_be_bytes()).update(purpose.as_bytes());
        ChaCha20Rng::from_seed(hasher.finalize().into())
    }
}

/// How a corrupted node behaves: it runs the protocol, and this decides what becomes of what it says.
pub trait Conduct<P: Protocol> {
    /// The node wants to send; returns what it sends instead.
    fn outbound(&mut self, to: NodeId, message: P::Message) -> Vec<(NodeId, P::Message)>;

    /// The node has received; returns what it sends besides.
    fn inbound(&mut self, from: NodeId, message: &P::Message) -> Vec<(NodeId, P::Message)> {
        let _ = (from, message);
        Vec::new()
    }
}

/// A message on its way between two nodes.
#[derive(Clone, Debug)]
pub struct Letter<P: Protocol> {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// The message.
    pub message: P::Message,
    /// Whether it gets lost.
    pub lost: bool,
    /// How much longer than usual it takes, milliseconds.
    pub delay_ms: u64,
}

/// A fault of messages between nodes, while it is on. Any `FnMut(&mut Letter<P>, u64)` is one.
pub trait WireFault<P: Protocol> {
    /// Does something to a letter, or nothing. `draw` is a hash of the seed, the fault and the letter's place on its
    /// link: with it the fault can strike by chance, and removing other faults changes nothing.
    fn strike(&mut self, letter: &mut Letter<P>, draw: u64);
}

impl<P: Protocol, F: FnMut(&mut Letter<P>, u64)> WireFault<P> for F {
    fn strike(&mut self, letter: &mut Letter<P>, draw: u64) {
        self(letter, draw);
    }
}

/// What a custom fault of a scenario is told (`with`), by name.
pub type Args = BTreeMap<String, i64>;

/// Something that oracles see.
#[derive(Debug)]
pub enum Event<'a, P: Protocol> {
    /// A node started.
    Started(NodeId, Boot),
    /// A node crashed.
    Crashed(NodeId),
    /// A node told this.
    Noted(NodeId, &'a P::Note),
    /// A node settled on this.
    Decided(NodeId, &'a P::Decision),
}

/// What oracles judge a run by.
#[derive(Debug)]
pub struct Facts<'a, P: Protocol> {
    /// How many nodes there are.
    pub nodes: u16,
    /// How many may be faulty.
    pub faulty_max: u16,
    /// The nodes that the plan corrupts.
    pub corrupted: &'a [NodeId],
    /// The nodes that are up at the end.
    pub up: &'a [NodeId],
    /// What each node settled on, in order, over all boots.
    pub decisions: &'a BTreeMap<NodeId, Vec<P::Decision>>,
}

impl<P: Protocol> Facts<'_, P> {
    /// What the nodes that are not corrupted settled on.
    pub fn honest(&self) -> impl Iterator<Item = (NodeId, &P::Decision)> {
        let honest = self.decisions.iter().filter(|(node, _)| !self.corrupted.contains(node));
        honest.flat_map(|(node, list)| list.iter().map(|decision| (*node, decision)))
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The nodes concerned.
    pub nodes: Vec<NodeId>,
    /// What was seen, and what should have been. Two runs fail in the same way if this is the same but for numbers.
    pub detail: String,
    /// Whether something good did not happen, rather than something bad did.
    pub liveness: bool,
}

/// An invariant of a protocol.
pub trait Oracle<P: Protocol> {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Looks at an event.
    fn observe(&mut self, at_ms: u64, event: &Event<'_, P>) {
        let _ = (at_ms, event);
    }

    /// How often there was something to judge: each time, this oracle could have found something. 0 means that the run
    /// says nothing about it, and reports show that; none that nobody counted.
    fn occasions(&self, facts: &Facts<'_, P>) -> Option<u64> {
        let _ = facts;
        None
    }

    /// Judges the whole run, at its end.
    fn judge(&mut self, facts: &Facts<'_, P>) -> Vec<Finding>;
}
