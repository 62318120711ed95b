//! No honest node is proved wrong.

use lit_node::id::NodeId;
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// Compares everyone whom an honest node names as a culprit with those whom the plan corrupts. Whoever crashes, is slow
/// or cut off has done nothing wrong.
#[derive(Default)]
pub struct CulpritSoundness {
    named: Vec<(Nanos, NodeId, NodeId, String)>,
}

impl Oracle for CulpritSoundness {
    fn name(&self) -> &'static str {
        "culprit-soundness"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        if let Event::Noted(by, Note::Culprit { node, what }) = event
            && !self.named.iter().any(|(_, other, culprit, _)| (other, culprit) == (&by, node))
        {
            self.named.push((at, by, *node, what.clone()));
        }
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let corrupted = |node: &NodeId| facts.corrupted.contains(node);
        let wrong = self.named.iter().filter(|(_, by, node, _)| !corrupted(by) && !corrupted(node));
        wrong
            .map(|(at, by, node, what)| Violation {
                oracle: "culprit-soundness",
                at: *at,
                nodes: vec![*by, *node],
                detail: format!("{by} names {node}, which is honest, as a culprit: {what}"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    #[test]
    fn only_the_corrupted_may_be_named_and_what_they_say_of_others_does_not_count() {
        let judged = |by: u16, node: u16| {
            let mut oracle = CulpritSoundness::default();
            let note = Note::Culprit { node: NodeId(node), what: "WrongShare".into() };
            oracle.observe(1, Event::Noted(NodeId(by), &note));
            oracle.observe(2, Event::Noted(NodeId(by), &note));
            oracle.judge(&Facts { corrupted: &[NodeId(4)], ..facts(&witness()) }).len()
        };
        assert_eq!(judged(1, 4), 0);
        assert_eq!(judged(4, 1), 0);
        assert_eq!(judged(1, 2), 1);
    }
}
