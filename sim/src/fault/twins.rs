//! One identity that runs twice.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Runs a second instance of a node beside the first: the same keys and a copy of the disk, but its own memory and
/// randomness. It is what an operator does who starts a backup while the original is still up, and what a Byzantine
/// node can do of an adversary that only copies honest code (Bano et al., Twins: BFT Systems Made Robust, 2020).
///
/// Clients and the chain hear both. When the fault ends, the second instance is gone and the first starts anew. The
/// node counts as faulty for the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Twins")]
pub struct Twins<N = NodeId> {
    /// Which node.
    pub node: N,
    /// The nodes with which the first instance exchanges messages, and those with which the second does.
    pub sees: [Vec<N>; 2],
}

impl<N> Twins<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Twins<M> {
        let node = name(&self.node);
        let [first, second] = &self.sees;
        let first = first.iter().map(&mut *name).collect();
        Twins { node, sees: [first, second.iter().map(name).collect()] }
    }
}
