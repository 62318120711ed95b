//! Whoever made an attempt fail and can be proved to have lied is named.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::{Digest, NodeId, SessionId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// Two kinds of failure always have a provable author. When everything that was asked for is there and combines to
/// something wrong, somebody signed a wrong part: whoever sees that names somebody first. And when an honest node's
/// complaint stands on the board, its dealer dealt wrongly: every honest node that finishes this key generation names
/// that dealer. Silence is neither; it proves nothing.
#[derive(Default)]
pub struct CulpritCompleteness {
    /// Attempts that came to something wrong at a node that named nobody for it.
    unnamed: Vec<(Nanos, NodeId, Digest)>,
    /// Nodes that have named somebody since they last saw something wrong.
    fresh: BTreeSet<NodeId>,
    /// Whom each node has named.
    named: BTreeMap<NodeId, BTreeSet<NodeId>>,
    finished: BTreeSet<(SessionId, NodeId)>,
    wrong_results: Tally,
}

impl CulpritCompleteness {
    /// The name in reports.
    pub const NAME: &str = "culprit-completeness";

    fn names(&self, node: NodeId, culprit: NodeId) -> bool {
        self.named.get(&node).is_some_and(|named| named.contains(&culprit))
    }

    fn nobody_named(&self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.unnamed.iter().filter(|(_, node, _)| !facts.corrupted.contains(node));
        honest
            .map(|(at, node, attempt)| Violation {
                oracle: Self::NAME,
                at: *at,
                nodes: vec![*node],
                detail: format!("what all gave for {attempt} combines to something wrong, and {node} names nobody"),
            })
            .collect()
    }

    fn bad_dealer_unnamed(&self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = |node: &NodeId| !facts.corrupted.contains(node);
        let mut found = Vec::new();
        for dispute in facts.disputes.iter().filter(|dispute| honest(&dispute.accuser)) {
            let finished = self.finished.iter().filter(|(session, node)| *session == dispute.session && honest(node));
            let silent: Vec<NodeId> =
                finished.map(|(_, node)| *node).filter(|node| !self.names(*node, dispute.dealer)).collect();
            if !silent.is_empty() {
                let (accuser, dealer) = (dispute.accuser, dispute.dealer);
                let detail =
                    format!("{accuser} complained about {dealer} with right, and these do not name the dealer");
                found.push(Violation { oracle: Self::NAME, at: facts.at, nodes: silent, detail });
            }
        }
        found
    }
}

impl Oracle for CulpritCompleteness {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, Note::WrongResult { attempt }) => {
                self.wrong_results.add(node, 1);
                let is_unnamed = !self.fresh.remove(&node);
                self.unnamed.extend(is_unnamed.then_some((at, node, *attempt)));
            }
            Event::Noted(by, Note::Culprit { node, .. }) => {
                self.fresh.insert(by);
                self.named.entry(by).or_default().insert(*node);
            }
            Event::Noted(node, Note::KeyReady { session, .. }) => {
                self.finished.insert((*session, node));
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let disputes = facts.honest(facts.disputes.iter().map(|dispute| dispute.accuser));
        self.wrong_results.honest(facts) + disputes
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut found = self.nobody_named(facts);
        found.extend(self.bad_dealer_unnamed(facts));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::Dispute;
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::id::KeyId;

    const SESSION: SessionId = SessionId([7; 32]);

    fn culprit(node: u16) -> Note {
        Note::Culprit { node: NodeId(node), what: "WrongShare".into(), evidence: None }
    }

    #[test]
    fn whoever_says_that_a_result_is_wrong_must_have_named_somebody_for_it() {
        let wrong = Note::WrongResult { attempt: Digest([3; 32]) };
        let liar = culprit(4);
        let judged = |notes: &[&Note], corrupted: &[NodeId]| {
            let mut oracle = CulpritCompleteness::default();
            notes.iter().for_each(|note| oracle.observe(5, Event::Noted(NodeId(1), note)));
            let witness = witness();
            oracle.judge(&Facts { corrupted, ..facts(&witness) }).len()
        };
        assert_eq!(judged(&[&liar, &wrong], &[]), 0);
        assert_eq!(judged(&[&wrong], &[]), 1);
        assert_eq!(judged(&[&liar, &wrong, &wrong], &[]), 1, "once for each");
        assert_eq!(judged(&[&wrong], &[NodeId(1)]), 0);
    }

    #[test]
    fn every_honest_node_that_finishes_names_the_dealer_of_whom_an_honest_one_complained() {
        let disputes = [Dispute { session: SESSION, dealer: NodeId(4), accuser: NodeId(2) }];
        let judged = |namers: &[u16], corrupted: &[NodeId]| {
            let mut oracle = CulpritCompleteness::default();
            let ready =
                Note::KeyReady { session: SESSION, key: KeyId([1; 32]), public_key: vec![], public_share: vec![] };
            for node in 1..=2 {
                oracle.observe(1, Event::Noted(NodeId(node), &ready));
            }
            for by in namers {
                oracle.observe(1, Event::Noted(NodeId(*by), &culprit(4)));
            }
            let witness = witness();
            oracle.judge(&Facts { corrupted, disputes: disputes.to_vec(), ..facts(&witness) }).len()
        };
        assert_eq!(judged(&[1, 2], &[NodeId(4)]), 0);
        assert_eq!(judged(&[1], &[NodeId(4)]), 1);
        assert_eq!(judged(&[2], &[NodeId(1), NodeId(4)]), 0, "a liar need not name anybody");
        assert_eq!(judged(&[], &[NodeId(2)]), 0, "the complaint of a liar proves nothing");
    }
}
