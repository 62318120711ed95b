//! What convicts a liar, as one type: signed contradictions of every protocol. [`crate::blame`] judges them.

use k256::ProjectivePoint;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::bls;
use crate::curve::Bls12381;
use crate::dkg::KeygenEvidence;
use crate::signing::SigningEvidence;
use crate::triples;
use crate::wire::{encode, hash_parts};

/// A signed contradiction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Evidence {
    /// Of the generation of a secp256k1 key.
    Keygen(KeygenEvidence<ProjectivePoint>),
    /// Of the generation of the network's key.
    NetworkKeygen(KeygenEvidence<Bls12381>),
    /// Of presigning and signing.
    Signing(SigningEvidence),
    /// Of making triples.
    Triples(Box<triples::Evidence>),
    /// Of decryption.
    Decryption(Box<bls::ShareEvidence>),
}

impl Evidence {
    /// The bytes to pass on.
    pub fn bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// The same, in a form whose print is short.
    pub fn exhibit(&self) -> Exhibit {
        Exhibit(self.bytes())
    }
}

/// The bytes of evidence. Printed as their number and hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Exhibit(pub Vec<u8>);

impl fmt::Debug for Exhibit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = hash_parts("blame/exhibit", &[&self.0]);
        write!(f, "Exhibit({} bytes, {})", self.0.len(), hex::encode(&hash[..8]))
    }
}
