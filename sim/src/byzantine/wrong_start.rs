//! A leader that tells some holders of a presignature something else than the others.
//!
//! They open for a presignature that nobody else makes, and its own comes to nothing: as if they had not answered. That
//! costs the liar its turn and the holders two triples, which are gone before anything is opened.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::signing::{Message, PresignStart};
use lit_node::statement::Statement;

use super::{Aiming, Part};

/// Starts otherwise at its victims.
#[derive(Debug)]
pub struct WrongStart {
    part: Part,
    aiming: Aiming,
    holders: bool,
}

impl WrongStart {
    /// Names other holders or other triples to its victims; to the highest of the holders if the aim names none.
    pub fn new(part: Part, aiming: Aiming, holders: bool) -> Self {
        Self { part, aiming, holders }
    }

    fn other(&self, start: &mut PresignStart, to: NodeId) {
        if !self.holders {
            std::mem::swap(&mut start.nonce, &mut start.product);
            return;
        }
        let me = self.aiming.me();
        let stranger = self.part.roster.ids().find(|id| !start.holders.contains(id));
        if let Some(other) = start.holders.iter().position(|holder| ![me, to].contains(holder)) {
            start.holders.remove(other);
            start.holders.extend(stranger);
            start.holders.sort_unstable();
        }
    }
}

impl Conduct for WrongStart {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Signing(Message::PresignStart(start)) = &statement else { return vec![(to, statement)] };
        let last = start.holders.iter().rev().find(|holder| **holder != self.aiming.me());
        let is_victim = self.aiming.has_victims() || last == Some(&to);
        if is_victim
            && self.aiming.hits(to, &statement)
            && let Statement::Signing(Message::PresignStart(start)) = &mut statement
        {
            self.aiming.act();
            self.other(start, to);
        }
        vec![(to, statement)]
    }
}
