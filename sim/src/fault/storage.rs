//! What happens to the disks of nodes, short of a crash.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lets a node's disk be full: what it holds can be overwritten, but nothing can be added. The node halts at the first
/// write that finds no room, and loses nothing that it had acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DiskFull")]
pub struct DiskFull<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How long after it has halted somebody makes room and starts it again, milliseconds; at the end of the fault, if
    /// that comes first; never in this run if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_after_ms: Option<u64>,
}

impl<N> DiskFull<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> DiskFull<M> {
        DiskFull { node: name(&self.node), restart_after_ms: self.restart_after_ms }
    }
}

/// Makes a node wait for its disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DiskSlow")]
pub struct DiskSlow<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How much longer than usual each sync takes, milliseconds.
    pub sync_ms: u64,
}

impl<N> DiskSlow<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> DiskSlow<M> {
        DiskSlow { node: name(&self.node), sync_ms: self.sync_ms }
    }
}
