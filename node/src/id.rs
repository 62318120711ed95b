//! Newtypes for everything that is named by a number or a hash, so that one cannot stand for another.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A member of the validator set, numbered from 1 in the order of the set on chain.
///
/// The number is also the x coordinate of the member's shares in every Shamir sharing, hence never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u16);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

counter! {
    /// A period with one fixed validator set; starts at 1.
    Epoch(u32)
}
counter! {
    /// How often a node has been started: 0 for the first start. Given by the driver, never read from disk,
    /// so that a rolled-back disk cannot make a randomness stream repeat.
    Boot(u32)
}
counter! {
    /// How often a network has been begun anew: 0 for its first generation. Given by the driver, with the addresses of the
    /// contracts that are in force.
    Generation(u32)
}
counter! {
    /// A client connection, as numbered by the driver.
    ConnId(u64)
}
counter! {
    /// A question that the node asked its surroundings; the answer carries it back.
    CallId(u64)
}
counter! {
    /// A timer that the node set; unique within a boot.
    TimerId(u64)
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Hashes `parts`, each prefixed with its length, under `domain`.
            pub fn derive(domain: &str, parts: &[&[u8]]) -> Self {
                Self(crate::wire::hash_parts(domain, parts))
            }

            /// The first four bytes in hex, for labels and logs.
            pub fn short(&self) -> String {
                hex::encode(&self.0[..4])
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "0x{}", hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }
    };
}

hash_id! {
    /// One run of one protocol: everything that belongs to it, and only that, is bound to this hash.
    SessionId
}
hash_id! {
    /// A client request: the hash of what the client signed or, unsigned, of its bytes and nonce.
    RequestId
}
hash_id! {
    /// A distributed key: keccak256 of the uncompressed public key, which is also the PKP's token id.
    KeyId
}
hash_id! {
    /// A SHA-256 digest of an encoded object (a dealing, a proposal, ...).
    Digest
}
