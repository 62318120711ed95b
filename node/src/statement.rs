//! What nodes say to each other, as one type: the unit that [`crate::conduct::Conduct`] sees and channels carry.

use serde::{Deserialize, Serialize};

use crate::io::Label;
use crate::{dkg, signing};

/// A typed message between nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    /// Distributed key generation.
    Dkg(dkg::Message),
    /// Presigning and signing.
    Signing(signing::Message),
}

impl Statement {
    /// What the statement is about.
    pub fn label(&self) -> Label {
        match self {
            Self::Dkg(message) => message.label(),
            Self::Signing(message) => message.label(),
        }
    }

    /// The 32 bytes that the sender signs, for statements that may be passed on or serve as evidence.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Dkg(message) => message.signing_digest(),
            Self::Signing(message) => message.signing_digest(),
        }
    }
}
