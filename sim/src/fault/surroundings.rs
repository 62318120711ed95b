//! What goes wrong around nodes: at the endpoints through which they see the chain, on the chain, at the IPFS gateway.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nodes whose endpoint of the home chain is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Endpoints")]
pub struct Endpoints<N = NodeId> {
    /// Whose; every node's if not given.
    #[serde(default)]
    pub nodes: Vec<N>,
}

impl<N> Endpoints<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Endpoints<M> {
        Endpoints { nodes: self.nodes.iter().map(name).collect() }
    }
}

/// Lets endpoints lag behind the home chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "RpcLag")]
pub struct RpcLag<N = NodeId> {
    /// Whose; every node's if not given.
    #[serde(default)]
    pub nodes: Vec<N>,
    /// How many blocks late heads, logs and the state for calls are.
    pub blocks: u64,
}

impl<N> RpcLag<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> RpcLag<M> {
        RpcLag { nodes: self.nodes.iter().map(name).collect(), blocks: self.blocks }
    }
}

/// Lets endpoints lie to their nodes. A node that is lied to counts as faulty for the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "RpcLie")]
pub struct RpcLie<N = NodeId> {
    /// Whose.
    pub nodes: Vec<N>,
    /// What they say.
    pub lie: Lie,
}

impl<N> RpcLie<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> RpcLie<M> {
        RpcLie { nodes: self.nodes.iter().map(name).collect(), lie: self.lie }
    }
}

/// What a lying endpoint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// Every action, address and auth method may use every key.
    PermitAll,
    /// Nobody may use any key, and no key has an owner.
    PermitNone,
    /// No contract has logged anything.
    NoLogs,
}

impl Lie {
    /// The name, as in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::PermitAll => "permit-all",
            Self::PermitNone => "permit-none",
            Self::NoLogs => "no-logs",
        }
    }
}

/// Replaces the newest blocks of the home chain. Their transactions are executed again, in another order and some of
/// them a block later. Below the chain's finality depth nodes must not notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Reorg")]
pub struct Reorg {
    /// How many blocks are replaced; less than `finality_depth` unless `beyond_f = true` in [limits].
    pub depth: u64,
}

/// Begins the network anew: other contracts are in force on the home chain, and every validator has new keys. Whoever runs
/// a node starts it again with both; a node that is down is started so when its own fault says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Reset")]
pub struct Reset {}

/// Lets the IPFS gateway misbehave towards nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Gateway")]
pub struct Gateway<N = NodeId> {
    /// Towards whom; every node if not given.
    #[serde(default)]
    pub nodes: Vec<N>,
    /// What it serves.
    pub serve: Serve,
}

impl<N> Gateway<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Gateway<M> {
        Gateway { nodes: self.nodes.iter().map(name).collect(), serve: self.serve }
    }
}

/// What a misbehaving gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Serve {
    /// The file with one bit flipped.
    WrongBytes,
    /// No answer.
    Nothing,
    /// The first half of the file.
    Truncated,
}

impl Serve {
    /// The name, as in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongBytes => "wrong-bytes",
            Self::Nothing => "nothing",
            Self::Truncated => "truncated",
        }
    }
}
