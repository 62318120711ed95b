//! How nodes lie, as data; [`crate::byzantine`] does it.
//!
//! What clients do is in the module beside this one. A client cannot lie about shares: nodes take requests from clients
//! and nothing else, no share of a client goes into any computation, and who complains about a share proves it on chain
//! ([`Fault::FalseComplaint`](super::Fault::FalseComplaint) is the lie about that).

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU8, NonZeroU16, NonZeroU32};

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
        /// Takes the key under which the first dealer that it heard hides its shares for its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ephemeral: Option<StolenKey>,
    }

    /// Gives wrong shares of signatures and wrong values of presignatures.
    BadSigShare "BadSigShare" {
        /// Which value of a presignature is wrong.
        #[serde(default, skip_serializing_if = "OpenedValue::is_default")]
        value: OpenedValue,
    }

    /// Starts presignatures otherwise at some holders.
    WrongStart "WrongStart" {
        /// Names other holders to them, not other triples.
        #[serde(default)]
        holders: bool,
    }

    /// Acts as if it had received nothing.
    DenyReceipt "DenyReceipt" {
        /// How often it asks each node for the same thing.
        #[serde(default = "asks_default")]
        times: NonZeroU16,
    }
}

/// What a dealer makes of the ephemeral key of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StolenKey {
    /// It is used as it is, with the proof of its owner.
    Copied,
    /// A generator is added, to the proof as well.
    Shifted,
}

/// A value that a holder of a presignature opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenedValue {
    /// The share of the product of the nonce and its mask.
    W,
    /// The share of the nonce and a mask.
    #[default]
    U,
    /// The share of the key and a mask.
    V,
}

impl OpenedValue {
    /// Whether it is the one that is meant where none is named.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The name, as in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::W => "w",
            Self::U => "u",
            Self::V => "v",
        }
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
    /// The seed that it opens when a batch is given up.
    Opening,
    /// What it says that others had told it, when a batch is given up.
    Testimony,
}

impl TripleStep {
    /// Every step, in order.
    pub const ALL: [Self; 13] = [
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
        Self::Opening,
        Self::Testimony,
    ];

    /// The name, as in scenarios: the kind of message where there is one of its own.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Opening => "opening",
            Self::Testimony => "testimony",
            step => lit_node::triples::Kind::ALL.get(step as usize).map_or("step", |kind| kind.name()),
        }
    }
}

fn events_default() -> NonZeroU32 {
    const { NonZeroU32::new(8).expect("8 is not 0") }
}

fn times_default() -> NonZeroU16 {
    NonZeroU16::MIN
}

fn asks_default() -> NonZeroU16 {
    const { NonZeroU16::new(5).expect("5 is not 0") }
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

/// Votes on chain for wrong keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WrongVote")]
pub struct WrongVote<N = NodeId> {
    /// Which node.
    pub node: N,
    /// How often it sends each of its votes.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: NonZeroU8,
}

fn once() -> NonZeroU8 {
    NonZeroU8::MIN
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_once(times: &NonZeroU8) -> bool {
    *times == once()
}

impl<N> WrongVote<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> WrongVote<M> {
        WrongVote { node: name(&self.node), times: self.times }
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

/// Forges evidence against another member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FalseBlame")]
pub struct FalseBlame<N = NodeId> {
    /// Which node lies.
    pub node: N,
    /// About which node.
    pub member: N,
    /// Everything in the evidence is authentic but for the public shares of the key, which it brings itself. It is shown
    /// to whoever judges evidence, not to the other nodes.
    #[serde(default)]
    pub own_keys: bool,
}

impl<N> FalseBlame<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> FalseBlame<M> {
        FalseBlame { node: name(&self.node), member: name(&self.member), own_keys: self.own_keys }
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
