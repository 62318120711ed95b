//! What happens to messages of one label: they are late, lost, or come once more from the wire.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Links;
use crate::scenario::{LabelPattern, Rate};

const ALWAYS: Rate = Rate { ppm: 1_000_000 };

fn always() -> Rate {
    ALWAYS
}

/// Delays messages of a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Delay")]
pub struct Delay<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// Which messages: `protocol/kind` or `protocol`.
    pub label: LabelPattern,
    /// How much later each arrives, milliseconds.
    pub delay_ms: u64,
    /// How likely each such message is delayed; all are if not given.
    #[serde(default = "always")]
    pub rate: Rate,
}

impl<N> Delay<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Delay<M> {
        Delay { links: self.links.map(name), label: self.label.clone(), delay_ms: self.delay_ms, rate: self.rate }
    }
}

/// Loses messages of a label. What is sent again in their place is another message, of the same label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Drop")]
pub struct Discard<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// Which messages: `protocol/kind` or `protocol`.
    pub label: LabelPattern,
    /// Only so many on each link, the first ones; without end if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// Only each so-manieth on each link: 2 for every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// How likely each of these is lost; all are if not given.
    #[serde(default = "always")]
    pub rate: Rate,
}

impl<N> Discard<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Discard<M> {
        Discard {
            links: self.links.map(name),
            label: self.label.clone(),
            first: self.first,
            every: self.every,
            rate: self.rate,
        }
    }
}

/// Captures bytes on links between nodes and sends them once more later: to the same node or another one, from the link
/// of the same node or another one. This is below the channels, which have to notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "ReplayWire")]
pub struct ReplayWire<N = NodeId> {
    /// On which links bytes are captured.
    pub links: Links<N>,
    /// Which messages: `protocol/kind` or `protocol`; all if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelPattern>,
    /// From whose link they come again; from the sender's own if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_from: Option<N>,
    /// To whom they come; to the receiver once more if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<N>,
    /// How long after they were sent, milliseconds. Nothing comes when the fault is over.
    pub after_ms: u64,
    /// How likely each such message is captured; all are if not given.
    #[serde(default = "always")]
    pub rate: Rate,
}

impl<N> ReplayWire<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> ReplayWire<M> {
        ReplayWire {
            links: self.links.map(name),
            label: self.label.clone(),
            as_from: self.as_from.as_ref().map(&mut *name),
            to: self.to.as_ref().map(name),
            after_ms: self.after_ms,
            rate: self.rate,
        }
    }
}
