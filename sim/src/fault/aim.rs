//! At what a lying node aims: common to all behaviours that pick some of a node's statements.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;

use crate::scenario::{LabelPattern, Rate};

/// Which statements of the node are meant; all of them where nothing is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Aim")]
pub struct Aim<N = NodeId> {
    /// Those to these nodes; to every node if none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub victims: Vec<N>,
    /// Those with this label, `protocol/kind` or `protocol`, e.g. `dkg/ack`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelPattern>,
    /// How likely each of them is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// The first so many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<NonZeroU32>,
}

impl<N> Default for Aim<N> {
    fn default() -> Self {
        Self { victims: Vec::new(), label: None, rate: None, first: None }
    }
}

impl<N> Aim<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Aim<M> {
        let victims = self.victims.iter().map(name).collect();
        Aim { victims, label: self.label.clone(), rate: self.rate, first: self.first }
    }

    /// Whether everything is meant.
    pub fn is_everything(&self) -> bool {
        self.victims.is_empty() && self.label.is_none() && self.rate.is_none() && self.first.is_none()
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.victims.iter().map(|victim| victim.0.to_string()).collect::<Vec<_>>().join(", ");
        let parts = [
            (!numbers.is_empty()).then(|| format!("to {numbers}")),
            self.label.as_ref().map(ToString::to_string),
            self.rate.map(|rate| format!("{}%", f64::from(rate.ppm) / 10_000.0)),
            self.first.map(|first| format!("first {first}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join("; ")) }
    }
}
