//! Faults that an engine from another crate defines; see [`crate::extend`].

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Switches on what an engine registered under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Custom")]
pub struct Custom<N = NodeId> {
    /// The name.
    pub name: String,
    /// The node that it corrupts; none for a fault of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<N>,
    /// What it is told, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, i64>,
}

impl<N> Custom<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Custom<M> {
        Custom { name: self.name.clone(), node: self.node.as_ref().map(name), with: self.with.clone() }
    }
}

impl fmt::Display for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(node) = self.node {
            write!(f, " of {node}")?;
        }
        self.with.iter().try_for_each(|(name, value)| write!(f, ", {name} {value}"))
    }
}
