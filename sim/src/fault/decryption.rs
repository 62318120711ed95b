//! How nodes lie to clients who ask for shares of decryption keys.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroI32;

/// Gives wrong shares of decryption keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WrongDecryptionShare")]
pub struct WrongDecryptionShare<N = NodeId> {
    /// Which node.
    pub node: N,
    /// By how many generators of G2 each share is off. The errors of two liars cancel out if theirs add up to 0.
    #[serde(default = "one")]
    pub off_by: NonZeroI32,
}

impl<N> WrongDecryptionShare<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> WrongDecryptionShare<M> {
        WrongDecryptionShare { node: name(&self.node), off_by: self.off_by }
    }
}

fn one() -> NonZeroI32 {
    const { NonZeroI32::new(1).expect("1 is not 0") }
}

/// Seals shares of decryption keys so that nobody can open them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UnreadableShare")]
pub struct UnreadableShare<N = NodeId> {
    /// Which node.
    pub node: N,
    /// Passes on what it overheard of another node's answer, to the same request if it can.
    #[serde(default)]
    pub copy: bool,
}

impl<N> UnreadableShare<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> UnreadableShare<M> {
        UnreadableShare { node: name(&self.node), copy: self.copy }
    }
}
