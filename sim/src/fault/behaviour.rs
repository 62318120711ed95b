//! How nodes lie, as data; [`crate::byzantine`] does it.
//!
//! What clients do is in the module beside this one. A client cannot lie about shares: nodes take requests from clients
//! and nothing else, no share of a client goes into any computation, and who complains about a share proves it on chain
//! ([`Fault::FalseComplaint`](super::Fault::FalseComplaint) is the lie about that).

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU16, NonZeroU32};

use super::aim::Aim;

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

/// Defines corruptions with an aim and plain fields.
macro_rules! aimed {
    ($($(#[$about:meta])* $name:ident $title:tt { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
        #[schemars(rename = $title)]
        pub struct $name<N = NodeId> {
            /// Which node.
            pub node: N,
            /// Which of its statements are meant.
            #[serde(default, skip_serializing_if = "Aim::is_everything")]
            pub aim: Aim<N>,
            $($(#[$meta])* pub $field: $type,)*
        }

        impl<N> $name<N> {
            pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> $name<M> {
                $name { node: name(&self.node), aim: self.aim.map(name), $($field: self.$field,)* }
            }
        }
    )* };
}

aimed! {
    /// Corrupts some of what a node says.
    Aimed "Aimed" {}

    /// Holds statements back.
    Late "Late" {
        /// Until the node has said or heard so many further statements.
        #[serde(default = "events_default")]
        events: NonZeroU32,
    }

    /// Says old things again.
    Replay "Replay" {
        /// Of other sessions, too.
        #[serde(default)]
        other_sessions: bool,
    }

    /// Says the same several times.
    Repeat "Repeat" {
        /// How many times more.
        #[serde(default = "times_default")]
        times: NonZeroU16,
    }

    /// Says only the beginning.
    CutShort "CutShort" {
        /// How many bytes are left.
        bytes: u32,
    }

    /// Sends bytes that mean nothing.
    Flood "Flood" {
        /// How many bytes in each message.
        bytes: u32,
        /// How many messages beside each statement that is meant.
        #[serde(default = "times_default")]
        count: NonZeroU16,
    }

    /// Deals bad shares.
    WrongShare "WrongShare" {
        /// The victims' shares do not even decrypt.
        #[serde(default)]
        undecryptable: bool,
    }

    /// Waits for what the others say.
    Rush "Rush" {
        /// Says what it heard first as its own.
        #[serde(default)]
        copy: bool,
    }
}

/// Says something wrong in a step of making triples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "WrongTriples")]
pub struct WrongTriples<N = NodeId> {
    /// Which node.
    pub node: N,
    /// Which of its statements are meant.
    #[serde(default, skip_serializing_if = "Aim::is_everything")]
    pub aim: Aim<N>,
    /// In which step.
    pub step: TripleStep,
}

impl<N> WrongTriples<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> WrongTriples<M> {
        WrongTriples { node: name(&self.node), aim: self.aim.map(name), step: self.step }
    }
}

/// A step of making triples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripleStep {
    /// The committed polynomials.
    Polynomials,
    /// Their values.
    Shares,
    /// The first message of the base oblivious transfers.
    Setup,
    /// The second one.
    Choices,
    /// The extension of the transfers.
    Extension,
    /// What turns them into correlated ones.
    Corrections,
    /// What turns those into products.
    Answers,
    /// The public products.
    Products,
    /// The sums of the products.
    Sums,
    /// The values of the polynomials of the product.
    LastShares,
    /// The seal of the whole.
    Seal,
}

impl TripleStep {
    /// Every step, in order.
    pub const ALL: [Self; 11] = [
        Self::Polynomials,
        Self::Shares,
        Self::Setup,
        Self::Choices,
        Self::Extension,
        Self::Corrections,
        Self::Answers,
        Self::Products,
        Self::Sums,
        Self::LastShares,
        Self::Seal,
    ];

    /// The kind of message: that of the node's steps, and the seal after them.
    pub fn kind(self) -> &'static str {
        lit_node::triples::Kind::ALL.get(self as usize).map_or("seal", |kind| kind.name())
    }
}

fn events_default() -> NonZeroU32 {
    const { NonZeroU32::new(8).expect("8 is not 0") }
}

fn times_default() -> NonZeroU16 {
    NonZeroU16::MIN
}

/// Proves falsely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WrongProof")]
pub struct WrongProof<N = NodeId> {
    /// Which node.
    pub node: N,
    /// The proof about the key of the shares' encryption, not the one about the contribution.
    #[serde(default)]
    pub ephemeral: bool,
}

impl<N> WrongProof<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> WrongProof<M> {
        WrongProof { node: name(&self.node), ephemeral: self.ephemeral }
    }
}

/// Speaks in another member's name, or against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Against")]
pub struct Against<N = NodeId> {
    /// Which node lies.
    pub node: N,
    /// About which node.
    pub member: N,
}

impl<N> Against<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Against<M> {
        Against { node: name(&self.node), member: name(&self.member) }
    }
}

/// Chooses the holders of signatures unfairly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "UnfairSets")]
pub struct UnfairSets<N = NodeId> {
    /// Which node.
    pub node: N,
    /// Whom it never chooses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<N>,
    /// Without whom it chooses nobody, dead or alive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<N>,
}

impl<N> UnfairSets<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> UnfairSets<M> {
        let node = name(&self.node);
        let exclude = self.exclude.iter().map(&mut *name).collect();
        UnfairSets { node, exclude, include: self.include.iter().map(name).collect() }
    }
}

/// Corrupts several nodes that have no secrets from each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Coalition")]
pub struct Coalition<N = NodeId> {
    /// Which nodes.
    pub nodes: Vec<N>,
}

impl<N> Coalition<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Coalition<M> {
        Coalition { nodes: self.nodes.iter().map(name).collect() }
    }
}
