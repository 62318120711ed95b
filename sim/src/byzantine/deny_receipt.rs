//! A node that goes on as if it had received nothing. Whether a message has arrived nobody can prove, so all that the others
//! can do is to answer, to go on without it, and to blame nobody.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use lit_node::conduct::Conduct;
use lit_node::dkg::{self, KeyCurve};
use lit_node::id::{NodeId, SessionId};
use lit_node::signing;
use lit_node::statement::Statement;
use lit_node::triples::{self, Awaited, Waits};
use lit_node::wire::Signable;

use super::Aiming;

/// What it asks for again: of a session, a node, and whichever dealer the thing is about.
type Thing = (SessionId, NodeId, Option<NodeId>);

/// Denies that it has received anything from its victims.
#[derive(Debug)]
pub struct DenyReceipt {
    aiming: Aiming,
    times: u16,
    asked: BTreeMap<Thing, u16>,
    /// What it announced last in each session.
    announced: BTreeMap<SessionId, Statement>,
}

impl DenyReceipt {
    /// Asks each victim for the same so many times.
    pub fn new(aiming: Aiming, times: NonZeroU16) -> Self {
        Self { aiming, times: times.get(), asked: BTreeMap::new(), announced: BTreeMap::new() }
    }

    /// Asks once more, unless that was often enough.
    fn ask(&mut self, thing: Thing, question: Statement) -> Vec<(NodeId, Statement)> {
        let to = thing.1;
        let asked = self.asked.entry(thing).or_insert(0);
        if *asked >= self.times || !self.aiming.hits(to, &question) {
            return Vec::new();
        }
        *asked += 1;
        self.aiming.act();
        vec![(to, question)]
    }

    /// Asks for a dealing that it has just been given.
    fn on_dkg<P: KeyCurve>(&mut self, from: NodeId, message: &dkg::Message<P>) -> Vec<(NodeId, Statement)> {
        let dealing = match message {
            dkg::Message::Dealing(dealing) => &**dealing,
            dkg::Message::Fetched(signed) => &signed.body,
            dkg::Message::Ack(_) | dkg::Message::Fetch { .. } => return Vec::new(),
        };
        let (session, dealer, digest) = (dealing.session, dealing.dealer, dealing.digest());
        self.ask((session, from, Some(dealer)), P::statement(dkg::Message::Fetch { session, dealer, digest }))
    }

    /// Whether saying this would admit that something has arrived.
    fn admits(statement: &Statement) -> bool {
        matches!(statement, Statement::Dkg(dkg::Message::Ack(_)) | Statement::NetworkDkg(dkg::Message::Ack(_)))
    }
}

impl Conduct for DenyReceipt {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        if let Statement::Signing(signing::Message::Announce(announce)) = &statement {
            self.announced.insert(announce.session, statement.clone());
        }
        let waits_in_vain = matches!(&statement, Statement::Triples(triples::Message::Opening(_)));
        if !(Self::admits(&statement) || waits_in_vain) || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        let Statement::Triples(triples::Message::Opening(opening)) = &mut statement else { return Vec::new() };
        opening.waits = Some(Waits { stage: Awaited::Multiplications, holders: vec![to] });
        vec![(to, statement)]
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        if !self.aiming.is_on() {
            return Vec::new();
        }
        match statement {
            Statement::Dkg(message) => self.on_dkg(from, message),
            Statement::NetworkDkg(message) => self.on_dkg(from, message),
            Statement::Signing(signing::Message::Finished(finished)) => {
                let session = finished.session;
                let again = self.announced.get(&session).cloned();
                again.map_or_else(Vec::new, |again| self.ask((session, from, None), again))
            }
            _ => Vec::new(),
        }
    }
}
