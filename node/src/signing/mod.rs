//! Threshold signing: ECDSA from Beaver triples and Schnorr by FROST, under one orchestration of sessions.
//!
//! A session is one signature of one request. A node that has authorised it announces so to a rotating
//! coordinator; the coordinator fixes holders and nonces in a signed proposal; each holder answers a nonce's first
//! acceptable proposal with one publicly checkable share. Nothing here is stored: a restarted node begins without
//! nonces, triples and presignatures.

pub mod combine;
mod coordinator;
mod early;
pub mod ecdsa;
pub mod effect;
mod evidence;
pub mod frost;
mod io;
mod message;
mod over;
mod params;
mod pool;
mod proposed;
mod round;
mod session;
mod signers;
mod standing;
mod subject;
#[cfg(test)]
pub(crate) mod tests;

pub use combine::{ClientSignature, CombineError, CombinedSignature, assemble, combine, combine_client};
pub use effect::{Effect, Misbehaviour};
pub use evidence::{
    OpenedEvidence, OpeningEvidence, PresignatureProof, ProposalEvidence, ShareEvidence, SigningEvidence,
};
pub use message::{
    Announce, Finished, Fresh, Message, NonceCommitments, Opening, PresignOpened, PresignShare, PresignStart, Propose,
    Share,
};
pub use params::Params;
pub use pool::PoolLevels;
pub use session::Progress;
pub use signers::Signers;
pub use subject::{Subject, session_id};

use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};

use crate::curve;
use crate::id::{Digest, NodeId};

/// A threshold signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scheme {
    /// ECDSA over secp256k1 (SEC 1), low s, recoverable.
    EcdsaK256,
    /// FROST(secp256k1, SHA-256), RFC 9591: Schnorr signatures.
    SchnorrK256Sha256,
    /// FROST with the signatures of BIP-340: x-only keys and nonces.
    SchnorrK256Bip340,
}

impl Scheme {
    /// Whether signatures are made by FROST.
    pub fn is_frost(self) -> bool {
        matches!(self, Self::SchnorrK256Sha256 | Self::SchnorrK256Bip340)
    }

    /// The protocol's name in labels.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::EcdsaK256 => "ecdsa",
            Self::SchnorrK256Sha256 | Self::SchnorrK256Bip340 => "frost",
        }
    }
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

/// Whether `nodes` is a strictly ascending list of exactly `count` of `members`.
fn is_subset_of(nodes: &[NodeId], count: usize, members: &[NodeId]) -> bool {
    nodes.len() == count && nodes.windows(2).all(|pair| pair[0] < pair[1]) && nodes.iter().all(|n| members.contains(n))
}
