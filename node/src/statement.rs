//! What nodes say to each other, as one type: the unit that [`crate::conduct::Conduct`] sees and channels carry.

use serde::{Deserialize, Serialize};

use crate::curve::Bls12381;
use crate::id::SessionId;
use crate::io::Label;
use crate::{dkg, lead, signing, triples};

/// A typed message between nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    /// Key generation and resharing over secp256k1.
    Dkg(dkg::Message),
    /// Presigning and signing.
    Signing(signing::Message),
    /// Key generation and resharing over BLS12-381.
    NetworkDkg(dkg::Message<Bls12381>),
    /// Making triples for presigning.
    Triples(triples::Message),
    /// Who does what an action wants done once.
    Lead(lead::Message),
    /// Bytes that need not be a statement at all: what a faulty node may put on a channel. It is never decoded.
    #[serde(skip)]
    Raw(Vec<u8>),
}

impl Statement {
    /// What the statement is about.
    pub fn label(&self) -> Label {
        match self {
            Self::Dkg(message) => message.label(),
            Self::Signing(message) => message.label(),
            Self::NetworkDkg(message) => message.label(),
            Self::Triples(message) => message.label(),
            Self::Lead(message) => message.label(),
            Self::Raw(_) => Label { session: SessionId::default(), protocol: "raw", round: 0, kind: "bytes" },
        }
    }

    /// Whether it is a contribution to a key: the same to every member, and full of points.
    pub fn is_dealing(&self) -> bool {
        matches!(self, Self::Dkg(dkg::Message::Dealing(_)) | Self::NetworkDkg(dkg::Message::Dealing(_)))
    }

    /// The 32 bytes that the sender signs, for statements that may be passed on or serve as evidence.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Dkg(message) => message.signing_digest(),
            Self::Signing(message) => message.signing_digest(),
            Self::NetworkDkg(message) => message.signing_digest(),
            Self::Triples(message) => message.signing_digest(),
            Self::Lead(message) => message.signing_digest(),
            Self::Raw(_) => None,
        }
    }
}
