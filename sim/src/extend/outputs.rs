//! What a node wants done.

use lit_node::id::NodeId;

use super::{Protocol, Setup};

/// One thing.
pub(super) enum Output<P: Protocol> {
    Send { to: NodeId, message: P::Message },
    Timer { timer: u64, after_ms: u64 },
    Note(P::Note),
    Decide(P::Decision),
    Save(P::Disk),
}

/// What a node wants done, in order. A crash may come between any two.
pub struct Outputs<P: Protocol> {
    pub(super) list: Vec<Output<P>>,
}

impl<P: Protocol> Default for Outputs<P> {
    fn default() -> Self {
        Self { list: Vec::new() }
    }
}

impl<P: Protocol> Outputs<P> {
    /// Sends a message. One to the node itself arrives at once, and no fault touches it.
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.list.push(Output::Send { to, message });
    }

    /// Sends a message to every node, the sender included.
    pub fn broadcast(&mut self, setup: &Setup, message: P::Message) {
        for to in setup.all() {
            self.send(to, message.clone());
        }
    }

    /// Lets a timer go off after so many milliseconds, unless the node crashes before.
    pub fn timer(&mut self, timer: u64, after_ms: u64) {
        self.list.push(Output::Timer { timer, after_ms });
    }

    /// Tells oracles and the trace.
    pub fn note(&mut self, note: P::Note) {
        self.list.push(Output::Note(note));
    }

    /// Settles on something.
    pub fn decide(&mut self, decision: P::Decision) {
        self.list.push(Output::Decide(decision));
    }

    /// Replaces what the node's disk holds. Done when the next output is.
    pub fn save(&mut self, disk: P::Disk) {
        self.list.push(Output::Save(disk));
    }
}
