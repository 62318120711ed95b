//! What clients do that they should not. A client is no node: it counts towards no bound.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;

use super::wire::garbage_bytes;

/// Floods a node with requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientFlood")]
pub struct ClientFlood<N = NodeId> {
    /// Which user does it.
    pub user: String,
    /// Which node is flooded.
    pub node: N,
    /// How many requests come at once.
    pub requests: NonZeroU16,
}

impl<N> ClientFlood<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> ClientFlood<M> {
        ClientFlood { user: self.user.clone(), node: name(&self.node), requests: self.requests }
    }
}

/// Asks all nodes for signatures by one key, all at once, so that the presignatures made ahead run out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientDrain")]
pub struct ClientDrain {
    /// Which user does it; signed in with his wallet.
    pub user: String,
    /// By which PKP. The nodes sign if it is the user's, or if he may use it.
    pub pkp: String,
    /// How many signatures, each by a request of its own.
    pub requests: NonZeroU16,
}

/// Asks what another client asks, at the same time and in the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientDoubleAsk")]
pub struct ClientDoubleAsk {
    /// Which user does it; it may be the one who asks.
    pub user: String,
}

/// Sends a node what is no request, or only the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientGarbage")]
pub struct ClientGarbage<N = NodeId> {
    /// Which user does it.
    pub user: String,
    /// Which node gets it.
    pub node: N,
    /// How many bytes in each message; at most 16 MiB in all of them.
    #[serde(deserialize_with = "garbage_bytes")]
    pub bytes: u32,
    /// How many messages.
    pub count: NonZeroU16,
}

impl<N> ClientGarbage<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> ClientGarbage<M> {
        ClientGarbage { user: self.user.clone(), node: name(&self.node), bytes: self.bytes, count: self.count }
    }
}
