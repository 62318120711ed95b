//! How nodes lie, as data; [`crate::byzantine`] does it.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Corrupts a node. It counts as faulty for the whole run, and lies while the fault lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Corruption")]
pub struct Corruption<N = NodeId> {
    /// Which node.
    pub node: N,
}

impl<N> Corruption<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Corruption<M> {
        Corruption { node: name(&self.node) }
    }
}
