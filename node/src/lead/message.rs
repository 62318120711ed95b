//! What candidates, voters and leaders say to each other.

use serde::{Deserialize, Serialize};

use crate::id::{NodeId, SessionId};
use crate::io::Label;
use crate::wire::{Signable, Signed};

/// A message of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A candidate whose turn has come asks for the operation.
    Ask(Ask),
    /// A node grants it, once and for all.
    Grant(Grant),
    /// A candidate that had been granted the operation will never lead it: grants to it are void.
    Release(Release),
    /// What the leader has to tell.
    Outcome(Outcome),
    /// A node's value, where each gives one to all.
    Value(Value),
}

/// Grant it to me.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The operation.
    pub operation: SessionId,
    /// The turn of the candidate.
    pub turn: u32,
}

/// You may lead, for all that I am concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The operation.
    pub operation: SessionId,
    /// To whom.
    pub to: NodeId,
    /// What the node has to say if values are gathered, or entrusted to the leader; empty otherwise.
    pub value: String,
}

impl Signable for Grant {
    const DOMAIN: &'static str = "lead/grant";
}

/// I shall not lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The operation.
    pub operation: SessionId,
}

/// What came of the operation, with what shows that its sender may say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The operation.
    pub operation: SessionId,
    /// Grants to the sender of a threshold of nodes or more, its own included, ascending by node.
    pub grants: Vec<Signed<Grant>>,
    /// What the leader has to tell.
    pub told: Told,
}

/// This is mine. Whoever uses it judges it by itself, so nothing is signed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The operation.
    pub operation: SessionId,
    /// The value.
    pub value: String,
}

/// What a leader tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// What was done once returned this.
    Returned(String),
    /// What was done once failed, and why.
    Threw(String),
    /// The grants hold the values that were gathered.
    Gathered,
}

impl Message {
    /// The operation.
    pub fn operation(&self) -> SessionId {
        match self {
            Self::Ask(ask) => ask.operation,
            Self::Grant(grant) => grant.operation,
            Self::Release(release) => release.operation,
            Self::Outcome(outcome) => outcome.operation,
            Self::Value(value) => value.operation,
        }
    }

    /// What the message is about.
    pub fn label(&self) -> Label {
        let (round, kind) = match self {
            Self::Ask(_) => (0, "ask"),
            Self::Grant(_) => (1, "grant"),
            Self::Release(_) => (1, "release"),
            Self::Outcome(_) => (2, "outcome"),
            Self::Value(_) => (0, "value"),
        };
        Label { session: self.operation(), protocol: "lead", round, kind }
    }

    /// The 32 bytes that the sender signs, where the message is signed.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Grant(grant) => Some(grant.signing_digest()),
            Self::Ask(_) | Self::Release(_) | Self::Outcome(_) | Self::Value(_) => None,
        }
    }
}
