//! Threshold signing.

pub mod ecdsa;

use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};

use crate::curve;
use crate::id::{Digest, NodeId};
use crate::io::Label;

/// A threshold signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scheme {
    /// ECDSA over secp256k1 (SEC 1), low s, recoverable.
    EcdsaK256,
    /// FROST(secp256k1, SHA-256), RFC 9591: Schnorr signatures.
    SchnorrK256Sha256,
}

/// One node's part in a signature, as a client gets it. All parts of one signature agree in everything but `share`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientShare {
    /// The scheme.
    pub scheme: Scheme,
    /// The key.
    #[serde(with = "curve::point")]
    pub public_key: ProjectivePoint,
    /// The 32 bytes being signed.
    pub digest: Digest,
    /// Hash of the proposal that fixed the holders and the nonce.
    pub proposal: Digest,
    /// The nodes whose shares make the signature, ascending.
    pub holders: Vec<NodeId>,
    /// The signature's nonce point: R of FROST, the rerandomised R' of ECDSA.
    #[serde(with = "curve::point")]
    pub nonce: ProjectivePoint,
    /// The node's share; absent when the node agreed but was not among the holders.
    pub share: Option<ShareScalar>,
}

/// A signature share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareScalar(#[serde(with = "curve::scalar")] pub Scalar);

/// What nodes say to each other while signing.
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
