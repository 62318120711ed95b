//! A node that lies about what nodes do together for an action.
//!
//! Who leads may say what it likes of what it has done; whoever compares notes finds no signature. Votes for everybody must
//! not make two lead, and who asks before its turn must gain nothing.

use std::collections::BTreeSet;

use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, SessionId};
use lit_node::lead::{Ask, Grant, Message, Told};
use lit_node::statement::Statement;

use super::{Aiming, Part};
use crate::fault::LeadLie;

/// Lies about operations in one way.
#[derive(Debug)]
pub struct WrongLead {
    part: Part,
    aiming: Aiming,
    lie: LeadLie,
    /// Operations for which it has asked too early.
    asked: BTreeSet<SessionId>,
}

impl WrongLead {
    /// Lies in one way to its victims; to all if the aim names none.
    pub fn new(part: Part, aiming: Aiming, lie: LeadLie) -> Self {
        Self { part, aiming, lie, asked: BTreeSet::new() }
    }

    fn others(&self) -> Vec<NodeId> {
        self.part.roster.ids().filter(|id| *id != self.part.me).collect()
    }
}

impl Conduct for WrongLead {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_meant = match (self.lie, &statement) {
            (LeadLie::Outcome, Statement::Lead(Message::Outcome(outcome))) => outcome.told != Told::Gathered,
            (LeadLie::Votes, Statement::Lead(Message::Grant(_))) => true,
            _ => false,
        };
        if !is_meant || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        match &mut statement {
            Statement::Lead(Message::Outcome(outcome)) => outcome.told = Told::Returned(format!("a lie for {to}")),
            Statement::Lead(Message::Grant(grant)) => {
                let vote = |to: NodeId| (to, Statement::Lead(Message::Grant(Grant { to, ..grant.clone() })));
                return self.others().into_iter().map(vote).collect();
            }
            _ => {}
        }
        vec![(to, statement)]
    }

    /// Hears of an operation, and asks for it in every turn that there will be.
    fn inbound(&mut self, _: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Lead(message) = statement else { return Vec::new() };
        let operation = message.operation();
        if self.lie != LeadLie::Early || !self.aiming.is_on() || !self.asked.insert(operation) {
            return Vec::new();
        }
        let turns = 2 * self.part.roster.size() as u32;
        let asks: Vec<Statement> =
            (0..turns).map(|turn| Statement::Lead(Message::Ask(Ask { operation, turn }))).collect();
        let mut said = Vec::new();
        for to in self.others() {
            if self.aiming.hits(to, &asks[0]) {
                self.aiming.act();
                said.extend(asks.iter().map(|ask| (to, ask.clone())));
            }
        }
        said
    }
}
