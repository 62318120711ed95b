//! A holder that gives up batches of triples that are in order, and accuses somebody.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, SessionId};
use lit_node::statement::Statement;
use lit_node::triples::{Abort, Kind, Message, Reason, Slot};

use super::Line;

/// Accuses a holder in each batch, beside its own products.
#[derive(Debug)]
pub struct FalseAbort {
    me: NodeId,
    line: Line,
    victims: Vec<NodeId>,
    holders: BTreeMap<SessionId, Vec<NodeId>>,
    /// To whom it has been said.
    said: BTreeSet<(SessionId, NodeId)>,
}

impl FalseAbort {
    /// Accuses the lowest of these, or of all holders.
    pub fn new(me: NodeId, line: Line, victims: Vec<NodeId>) -> Self {
        Self { me, line, victims, holders: BTreeMap::new(), said: BTreeSet::new() }
    }

    /// Whom to accuse in a batch.
    fn accused(&self, batch: &SessionId) -> Option<NodeId> {
        let meant = |node: &&NodeId| **node != self.me && (self.victims.is_empty() || self.victims.contains(node));
        self.holders.get(batch)?.iter().find(meant).copied()
    }
}

impl Conduct for FalseAbort {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if let Statement::Triples(Message::Commit(joined)) = &statement {
            self.holders.insert(joined.commit.batch, joined.start.body.holders.clone());
        }
        let mut said = vec![(to, statement)];
        let Statement::Triples(Message::Step(step)) = &said[0].1 else { return said };
        let (batch, sid) = (step.batch, step.sid);
        if step.slot.kind != Kind::Products || to == self.me || !self.line.is_on() {
            return said;
        }
        let Some(from) = self.accused(&batch).filter(|_| self.said.insert((batch, to))) else { return said };
        self.line.act();
        let reason = Reason::Bad(Slot { from, to: None, kind: Kind::Polynomials, part: 0 });
        let abort = Abort { batch, sid: Some(sid), reason };
        said.push((to, Statement::Triples(Message::Abort(Box::new(abort)))));
        said
    }
}
