//! How fast links are, and in which order messages come.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;

use super::Links;
use crate::scenario::{Latency, Rate};

/// Gives links another latency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "LatencyChange")]
pub struct LatencyChange<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// How long a message takes now, instead of what [network.link] says; of two such faults the later one counts.
    pub latency: Latency,
}

impl<N> LatencyChange<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> LatencyChange<M> {
        LatencyChange { links: self.links.map(name), latency: self.latency.clone() }
    }
}

/// Makes links narrow: messages of a link wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Bandwidth")]
pub struct Bandwidth<N = NodeId> {
    /// Which links, each with a line and a queue of its own.
    pub links: Links<N>,
    /// How many bytes go over a link in a second. A message takes its latency besides.
    pub bytes_per_s: NonZeroU64,
    /// How many bytes may wait for a link that is busy; a message beyond that is lost.
    pub queue_bytes_max: u64,
}

impl<N> Bandwidth<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Bandwidth<M> {
        Bandwidth { links: self.links.map(name), bytes_per_s: self.bytes_per_s, queue_bytes_max: self.queue_bytes_max }
    }
}

/// Lets links fail in a way that small messages, or most messages, do not notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Gray")]
pub struct Gray<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// How likely a message that is large enough is hit.
    pub rate: Rate,
    /// How much later a message that is hit arrives, milliseconds; it is lost if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// From how many bytes on a message is large enough; every message is if not given.
    #[serde(default)]
    pub large_bytes_min: u64,
}

impl<N> Gray<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Gray<M> {
        Gray {
            links: self.links.map(name),
            rate: self.rate,
            delay_ms: self.delay_ms,
            large_bytes_min: self.large_bytes_min,
        }
    }
}

/// When the messages of some nodes come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Before all others: after the least time that the link may take.
    First,
    /// After all others: `delta_ms` after they were sent, or later where the link is slower than that.
    Last,
}

/// Lets an adversary choose the order: the messages of some nodes between nodes come first, or last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Order")]
pub struct Order<N = NodeId> {
    /// Whose messages.
    pub nodes: Vec<N>,
    /// Whether they come before or after all others.
    pub turn: Turn,
    /// Whether messages to these nodes are meant too.
    #[serde(default)]
    pub both_ways: bool,
}

impl<N> Order<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Order<M> {
        Order { nodes: self.nodes.iter().map(name).collect(), turn: self.turn, both_ways: self.both_ways }
    }
}
