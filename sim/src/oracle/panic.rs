//! No honest node panics.

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// Whatever peers, clients, scripts or the chain send, a node answers with an error value.
#[derive(Default)]
pub struct NoHonestPanic {
    violations: Vec<Violation>,
    judged: Tally,
}

impl NoHonestPanic {
    /// The name in reports.
    pub const NAME: &str = "no-honest-panic";
}

impl Oracle for NoHonestPanic {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            // It has been given something, and came to say so.
            Event::Noted(node, _) => self.judged.add(node, 1),
            Event::Panicked(node, text) => {
                self.judged.add(node, 1);
                let detail = format!("panicked: {text}");
                self.violations.push(Violation { oracle: self.name(), at, nodes: vec![node], detail });
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut violations = std::mem::take(&mut self.violations);
        violations.retain(|violation| violation.nodes.iter().any(|node| !facts.corrupted.contains(node)));
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::id::NodeId;

    #[test]
    fn a_panic_of_an_honest_node_is_a_violation_and_that_of_a_corrupted_one_is_not() {
        let judged = |corrupted: &[NodeId]| {
            let mut oracle = NoHonestPanic::default();
            oracle.observe(5, Event::Panicked(NodeId(2), "index out of bounds"));
            let witness = witness();
            oracle.judge(&Facts { corrupted, ..facts(&witness) }).len()
        };
        assert_eq!(judged(&[]), 1);
        assert_eq!(judged(&[NodeId(2)]), 0);
    }
}
