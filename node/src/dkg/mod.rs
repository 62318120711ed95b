//! Distributed key generation.

use serde::{Deserialize, Serialize};

use crate::io::Label;

/// What nodes say to each other during key generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {}

impl Message {
    /// What the message is about.
    pub fn label(&self) -> Label {
        match *self {}
    }

    /// The 32 bytes that the sender signs, where the message is signed.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match *self {}
    }
}
