//! What every protocol state machine is handed with each event: who it is, what time it is, and where its
//! statements, notes and counted work go.

use k256::ecdsa::SigningKey;

use crate::conduct::Conduct;
use crate::entropy::Entropy;
use crate::id::{Boot, NodeId};
use crate::io::Time;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::Roster;

/// The surroundings of a state machine during one event.
pub struct Env<'a> {
    /// This node.
    pub me: NodeId,
    /// Which start of the node this is.
    pub boot: Boot,
    /// The node's clock.
    pub now: Time,
    /// The validator set.
    pub roster: &'a Roster,
    /// Signs this node's statements.
    pub identity: &'a SigningKey,
    /// This boot's randomness.
    pub entropy: &'a Entropy,
    /// How this node behaves.
    pub conduct: &'a mut dyn Conduct,
    /// Counts work.
    pub meter: &'a mut Meter,
    /// Collects facts for the trace.
    pub notes: &'a mut Vec<Note>,
    /// Results of public checks, shared between the nodes of a simulation.
    pub memo: &'a Memo,
}

impl Env<'_> {
    /// Notes that something from `from` was dropped.
    pub fn dropped(&mut self, from: NodeId, reason: &'static str) {
        self.notes.push(Note::Dropped { from, reason });
    }
}
