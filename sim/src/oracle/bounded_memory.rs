//! No peer makes an honest node keep more than it says it keeps.

use lit_node::id::NodeId;
use lit_node::node::Load;

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// Compares what each node keeps for others with the bounds that the scenario sets.
#[derive(Default)]
pub struct BoundedMemory {
    /// The first time that a node kept too much, and how much.
    exceeded: Vec<(Nanos, NodeId, Load, Load)>,
    judged: Tally,
}

impl Oracle for BoundedMemory {
    fn name(&self) -> &'static str {
        "bounded-memory"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let Event::Loaded { node, load, bound } = event else { return };
        self.judged.add(node, 1);
        if (load.queue_messages > bound.queue_messages || load.queue_bytes > bound.queue_bytes)
            && self.exceeded.iter().all(|(_, known, ..)| *known != node)
        {
            self.exceeded.push((at, node, load, bound));
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.exceeded.iter().filter(|(_, node, ..)| !facts.corrupted.contains(node));
        let violation = |(at, node, load, bound): &(Nanos, NodeId, Load, Load)| Violation {
            oracle: self.name(),
            at: *at,
            nodes: vec![*node],
            detail: format!(
                "{node} keeps {} messages of {} bytes for one peer, {} of {} are its bound",
                load.queue_messages, load.queue_bytes, bound.queue_messages, bound.queue_bytes
            ),
        };
        honest.map(violation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    #[test]
    fn a_queue_may_be_full_and_not_fuller_and_is_reported_once() {
        let judged = |lengths: &[(usize, usize)]| {
            let mut oracle = BoundedMemory::default();
            for &(queue_messages, queue_bytes) in lengths {
                let (load, bound) =
                    (Load { queue_messages, queue_bytes }, Load { queue_messages: 8, queue_bytes: 100 });
                oracle.observe(1, Event::Loaded { node: NodeId(1), load, bound });
            }
            oracle.judge(&facts(&witness())).len()
        };
        assert_eq!(judged(&[(8, 100)]), 0);
        assert_eq!(judged(&[(9, 10), (10, 10)]), 1);
        assert_eq!(judged(&[(1, 101)]), 1);
    }
}
