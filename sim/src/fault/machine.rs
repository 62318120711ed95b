//! What happens to the machines that nodes run on.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a crash does to a node's disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskLoss {
    /// What was not synced is lost.
    #[default]
    Unsynced,
    /// Of each write that was not synced, some sectors are there.
    Torn,
    /// The disk is as it was when the fault was armed.
    Rollback,
}

/// The operation of a disk in whose midst the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCut {
    /// The n-th write, from 1.
    Write(u32),
    /// The n-th sync, from 1.
    Sync(u32),
}

/// Stops a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Crash")]
pub struct Crash<N = NodeId> {
    /// Which node.
    pub node: N,
    /// When it starts again, milliseconds; never in this run if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_after_ms: Option<u64>,
    /// What becomes of its disk.
    #[serde(default)]
    pub disk: DiskLoss,
    /// Not at once, but in the midst of its work: at its disk's n-th write from then on, which fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_write: Option<u32>,
    /// The same at its disk's n-th sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_sync: Option<u32>,
}

impl<N> Crash<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Crash<M> {
        Crash {
            node: name(&self.node),
            restart_after_ms: self.restart_after_ms,
            disk: self.disk,
            at_write: self.at_write,
            at_sync: self.at_sync,
        }
    }

    /// In the midst of which operation the power fails, if not at once.
    pub fn cut(&self) -> Option<PowerCut> {
        self.at_write.map(PowerCut::Write).or(self.at_sync.map(PowerCut::Sync))
    }
}
