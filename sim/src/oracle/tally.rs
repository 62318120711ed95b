//! How often an oracle had something to judge.

use std::collections::BTreeMap;

use lit_node::id::NodeId;

use super::Facts;

/// Occasions by the node that was judged: who lies is known only when the run ends.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<NodeId, u64>);

impl Tally {
    /// So many more, at a node.
    pub fn add(&mut self, node: NodeId, times: u64) {
        *self.0.entry(node).or_default() += times;
    }

    /// Those at nodes that the plan does not corrupt.
    pub fn honest(&self, facts: &Facts<'_>) -> u64 {
        let honest = self.0.iter().filter(|(node, _)| !facts.corrupted.contains(node));
        honest.map(|(_, times)| times).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    #[test]
    fn what_liars_do_is_no_occasion() {
        let mut tally = Tally::default();
        tally.add(NodeId(1), 2);
        tally.add(NodeId(2), 5);
        tally.add(NodeId(1), 1);
        let witness = witness();
        assert_eq!(tally.honest(&facts(&witness)), 8);
        assert_eq!(tally.honest(&Facts { corrupted: &[NodeId(2)], ..facts(&witness) }), 3);
    }
}
