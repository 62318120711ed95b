//! What an action wants run once is run by one node at most.

use std::collections::BTreeMap;

use lit_node::id::{NodeId, RequestId, SessionId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// Counts how often each operation was begun, by whom, over all starts of a node. Who lies may run what it likes.
#[derive(Default)]
pub struct RunOnce {
    begun: BTreeMap<(RequestId, SessionId), Vec<(Nanos, NodeId)>>,
}

impl Oracle for RunOnce {
    fn name(&self) -> &'static str {
        "run-once"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        if let Event::Noted(node, Note::Led { request, operation }) = event {
            self.begun.entry((*request, *operation)).or_default().push((at, node));
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.honest(self.begun.values().flatten().map(|(_, node)| *node))
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut found = Vec::new();
        for ((request, operation), begun) in &self.begun {
            let honest: Vec<_> = begun.iter().filter(|(_, node)| !facts.corrupted.contains(node)).collect();
            if let [_, (at, _), ..] = honest[..] {
                found.push(Violation {
                    oracle: "run-once",
                    at: *at,
                    nodes: honest.iter().map(|(_, node)| *node).collect(),
                    detail: format!(
                        "operation {} of {request} is to be run once and was begun {} times",
                        operation.short(),
                        honest.len()
                    ),
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    fn judged(led: &[(u16, u8)], corrupted: &[NodeId]) -> Vec<Vec<NodeId>> {
        let mut oracle = RunOnce::default();
        for (at, (node, operation)) in (1..).zip(led) {
            let note = Note::Led { request: RequestId([1; 32]), operation: SessionId([*operation; 32]) };
            oracle.observe(at, Event::Noted(NodeId(*node), &note));
        }
        oracle.judge(&Facts { corrupted, ..facts(&witness()) }).into_iter().map(|violation| violation.nodes).collect()
    }

    #[test]
    fn an_operation_that_two_honest_nodes_begin_or_one_of_them_twice_is_a_violation() {
        let two = vec![vec![NodeId(1), NodeId(2)]];
        assert_eq!(judged(&[(1, 7), (2, 7)], &[]), two);
        assert_eq!(judged(&[(1, 7), (1, 7)], &[]), [vec![NodeId(1), NodeId(1)]]);
        assert!(judged(&[(1, 7), (2, 8)], &[]).is_empty(), "two operations");
        assert!(judged(&[(1, 7), (2, 7)], &[NodeId(2)]).is_empty(), "who lies runs what it likes");
    }
}
