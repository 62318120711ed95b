//! How time goes on a machine: for its processes, and on its clock.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lets a node's process stand still while the fault lasts, as when a machine is migrated or swaps. Nothing is lost:
/// inputs wait, timers go off late, what was about to leave leaves late. The clock goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Pause")]
pub struct Pause<N = NodeId> {
    /// Which node.
    pub node: N,
}

impl<N> Pause<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Pause<M> {
        Pause { node: name(&self.node) }
    }
}

/// Makes the processor cores of a node slower. What an action computes is not slowed: the node counts its instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Slow")]
pub struct Slow<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How many times as long all work takes, at least 2.
    pub factor: u32,
}

impl<N> Slow<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Slow<M> {
        Slow { node: name(&self.node), factor: self.factor }
    }
}

/// Sets the clock of a node wrong; it is set right when the fault ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClockStep")]
pub struct ClockStep<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How far the clock is put forward, or back if negative, milliseconds; a hundred years at most.
    pub offset_ms: i64,
}

impl ClockStep {
    /// How far off a clock may be, milliseconds: beyond that no timer can be reckoned any more.
    pub const MS_MAX: u64 = 100 * 365 * 24 * 3_600_000;
}

impl<N> ClockStep<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> ClockStep<M> {
        ClockStep { node: name(&self.node), offset_ms: self.offset_ms }
    }
}

/// Lets the clock of a node go too fast or too slowly; it is set right when the fault ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Drift")]
pub struct Drift<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How much faster the clock goes, or slower if negative, parts per million: -900,000 to 9,000,000.
    pub ppm: i32,
}

impl Drift<()> {
    /// The rates that a clock can have.
    pub const PPM: std::ops::RangeInclusive<i32> = -900_000..=9_000_000;
}

impl<N> Drift<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Drift<M> {
        Drift { node: name(&self.node), ppm: self.ppm }
    }
}
