//! Lies about what nodes do together for an action.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::aim::Aim;

/// Lies about what nodes do together for an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "WrongLead")]
pub struct WrongLead<N = NodeId> {
    /// Which node.
    pub node: N,
    /// Which of its statements are meant.
    #[serde(default, skip_serializing_if = "Aim::is_everything")]
    pub aim: Aim<N>,
    /// How it lies.
    pub lie: LeadLie,
}

/// How a node lies about what nodes do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadLie {
    /// It leads, and tells each of its victims something else.
    Outcome,
    /// It grants the lead to everybody.
    Votes,
    /// It asks for the lead before its turn, and in every turn.
    Early,
}

impl<N> WrongLead<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> WrongLead<M> {
        WrongLead { node: name(&self.node), aim: self.aim.map(name), lie: self.lie }
    }
}

impl LeadLie {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Outcome, Self::Votes, Self::Early];

    /// The name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Votes => "votes",
            Self::Early => "early",
        }
    }

    /// What a node does that lies so.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Outcome => "tells everybody something else when it leads",
            Self::Votes => "grants everybody the lead",
            Self::Early => "asks for the lead before its turn",
        }
    }

    /// The message that the lie is about.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Outcome => "lead/outcome",
            Self::Votes => "lead/grant",
            Self::Early => "lead/ask",
        }
    }
}
