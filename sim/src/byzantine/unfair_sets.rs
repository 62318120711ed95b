//! A coordinator that does not choose the holders of a signature by the rules.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::conduct::{Conduct, Decision};
use lit_node::id::{NodeId, SessionId};
use lit_node::signing::Message;
use lit_node::statement::Statement;

use super::Line;

/// Leaves members out, or waits for members that may be dead.
#[derive(Debug)]
pub struct Unfair {
    line: Line,
    me: NodeId,
    exclude: Vec<NodeId>,
    include: Vec<NodeId>,
    announced: BTreeMap<SessionId, BTreeSet<NodeId>>,
}

impl Unfair {
    /// Chooses never the first, and nobody without the second.
    pub fn new(line: Line, me: NodeId, exclude: Vec<NodeId>, include: Vec<NodeId>) -> Self {
        Self { line, me, exclude, include, announced: BTreeMap::new() }
    }
}

impl Conduct for Unfair {
    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        if let Statement::Signing(Message::Announce(announce)) = statement {
            self.announced.entry(announce.session).or_default().insert(from);
        }
        Vec::new()
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        let Decision::Choose { session, candidate } = decision else { return honest };
        if !self.line.is_on() || *candidate == self.me {
            return honest;
        }
        let announced = self.announced.get(session);
        let is_here = |node: &NodeId| *node == self.me || announced.is_some_and(|nodes| nodes.contains(node));
        let unfair = self.exclude.contains(candidate) || !self.include.iter().all(is_here);
        if unfair && honest {
            self.line.act();
        }
        honest && !unfair
    }
}
