//! Counted work. The simulator turns counts into virtual time by a committed cost table; budgets and profiles use
//! the same counts, so they do not depend on the machine.

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident => $text:literal),+ $(,)?) => {
        /// A kind of counted work.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Op { $($(#[$doc])* $name),+ }

        impl Op {
            /// Every kind, in the order in which tables list them.
            pub const ALL: &'static [Op] = &[$(Op::$name),+];

            /// The name in tables and JSON.
            pub fn name(self) -> &'static str {
                match self { $(Op::$name => $text),+ }
            }
        }
    };
}

operations! {
    /// Multiplication of a secp256k1 point by a full scalar (the generator included).
    ScalarMul => "scalar_mul",
    /// Addition of secp256k1 points, also as part of a small-number multiplication.
    PointAdd => "point_add",
    /// Multiplication of a point of BLS12-381's G1 by a full scalar.
    G1Mul => "g1_mul",
    /// Addition of points of G1, also as part of a small-number multiplication.
    G1Add => "g1_add",
    /// Multiplication of a point of BLS12-381's G2 by a full scalar.
    G2Mul => "g2_mul",
    /// Hashing to a point of G2.
    HashToG2 => "hash_to_g2",
    /// Pairing of points of BLS12-381, or one factor of a product of pairings.
    Pairing => "pairing",
    /// ECDSA or Schnorr signature made.
    SignatureMade => "signature_made",
    /// ECDSA, EdDSA, RSA or Schnorr signature checked, or a key recovered from one.
    SignatureChecked => "signature_checked",
    /// X25519 agreement.
    KeyAgreement => "key_agreement",
    /// Byte hashed.
    HashByte => "hash_byte",
    /// Byte sealed or opened by an AEAD.
    AeadByte => "aead_byte",
    /// Byte of a ChaCha20 stream drawn.
    StreamByte => "stream_byte",
    /// Multiplication of scalars modulo the group order.
    ScalarProduct => "scalar_product",
    /// Unit of JavaScript fuel (one Boa instruction).
    JsFuel => "js_fuel",
    /// JavaScript context created.
    JsContext => "js_context",
    /// Durable commit.
    StoreSync => "store_sync",
    /// Message decoded or encoded.
    Message => "message",
}

/// Work counted during one `handle`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    counts: [u64; Op::ALL.len()],
}

impl Meter {
    /// Adds `count` operations of kind `op`; saturates.
    pub fn add(&mut self, op: Op, count: u64) {
        let slot = &mut self.counts[op as usize];
        *slot = slot.saturating_add(count);
    }

    /// How many operations of kind `op` were counted.
    pub fn count(&self, op: Op) -> u64 {
        self.counts[op as usize]
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Meter) {
        for &op in Op::ALL {
            self.add(op, other.count(op));
        }
    }
}
