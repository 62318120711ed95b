//! Every key in a run, derived from the seed and what the key is for.

use k256::ecdsa::SigningKey;
use lit_node::id::{Generation, NodeId};
use zeroize::Zeroizing;

/// Derives keys and seeds from the run's seed.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    root: [u8; 32],
}

impl Keys {
    /// The keys of the run with this seed.
    pub fn new(seed: u64) -> Self {
        Self { root: blake3::derive_key("litsim 2026 run seed", &seed.to_be_bytes()) }
    }

    /// 32 bytes for one purpose of one owner.
    pub fn bytes(&self, owner: &str, purpose: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.root);
        for text in [owner, purpose] {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        hasher.finalize().into()
    }

    /// A secp256k1 key for one purpose of one owner. The hash is a valid key but for one in 2^128.
    pub fn signing_key(&self, owner: &str, purpose: &str) -> SigningKey {
        SigningKey::from_bytes(&self.bytes(owner, purpose).into()).expect("a hash is below the group order")
    }

    /// A secret of a node's machine.
    pub fn node_secret(&self, node: NodeId, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.bytes(&owner(node, Generation(0)), purpose))
    }

    /// 32 bytes for one purpose of a validator, which has other keys in each generation of the network.
    pub fn validator_bytes(&self, node: NodeId, generation: Generation, purpose: &str) -> [u8; 32] {
        self.bytes(&owner(node, generation), purpose)
    }

    /// A secp256k1 key for one purpose of a validator.
    pub fn validator_key(&self, node: NodeId, generation: Generation, purpose: &str) -> SigningKey {
        self.signing_key(&owner(node, generation), purpose)
    }

    /// A node's identity: its Ethereum account as validator.
    pub fn node_identity(&self, node: NodeId, generation: Generation) -> SigningKey {
        self.validator_key(node, generation, "identity")
    }

    /// A user's wallet.
    pub fn wallet(&self, user: &str) -> SigningKey {
        self.signing_key(&format!("user {user}"), "wallet")
    }

    /// The account that deploys and owns the contracts of a generation of the network.
    pub fn deployer(&self, generation: Generation) -> SigningKey {
        match generation {
            Generation(0) => self.signing_key("network", "deployer"),
            Generation(number) => self.signing_key(&format!("network, generation {number}"), "deployer"),
        }
    }
}

/// Names a validator of a generation.
fn owner(node: NodeId, generation: Generation) -> String {
    match generation {
        Generation(0) => format!("node {}", node.0),
        generation => format!("node {}, generation {generation}", node.0),
    }
}
