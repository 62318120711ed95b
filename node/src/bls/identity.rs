//! What is hashed to the curve, and under which tag.

use blstrs::G2Projective;
use std::fmt;

use crate::bugs::{self, Bug};
use crate::id::Digest;
use crate::meter::{Meter, Op};

/// What a signature under the network's key is for. Each has a domain tag of its own (RFC 9380 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A message that the network signs: the proof-of-possession scheme of the IETF's BLS draft.
    Message,
    /// An identity: the signature is its decryption key. The tag is used for nothing else.
    Identity,
}

impl Purpose {
    /// The domain tag.
    pub fn tag(self) -> &'static [u8] {
        match self {
            Self::Identity => b"LITSIM-V01-CS01-IDENTITY-with-BLS12381G2_XMD:SHA-256_SSWU_RO_",
            Self::Message => b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_",
        }
    }

    /// Hashes to a point of G2, uniformly (RFC 9380's `hash_to_curve`).
    pub(super) fn point(self, message: &[u8], meter: &mut Meter) -> G2Projective {
        meter.add(Op::HashToG2, 1);
        G2Projective::hash_to_curve(message, self.tag(), b"")
    }
}

/// To whom something is encrypted: whoever meets conditions, for one plaintext.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(String);

impl Identity {
    /// The identity of conditions, by the SHA-256 of their canonical JSON, and of a plaintext, by its SHA-256.
    pub fn new(conditions: &Digest, plaintext: &Digest) -> Self {
        if bugs::planted(Bug::IdentityWithoutConditions) {
            return Self(format!("lit-accesscontrolcondition:///{}", hex::encode(plaintext.0)));
        }
        Self(format!("lit-accesscontrolcondition://{}/{}", hex::encode(conditions.0), hex::encode(plaintext.0)))
    }

    /// What is hashed to the curve.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
