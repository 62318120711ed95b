//! The honesty hook: everything that a node says, and every choice it makes by rule, passes here first.
//!
//! An honest node has [`Honest`], which changes nothing and takes no space. The simulator's Byzantine behaviours
//! implement [`Conduct`]; because the hook stands *before* signing and sealing, what they say is validly signed, and
//! the node needs no second code path for lying.

use crate::bls::{SealedShare, ShareStatement};
use crate::chain::ContractCall;
use crate::curve::Bls12381;
use crate::dkg::Dealing;
use crate::id::{Digest, KeyId, NodeId, RequestId, SessionId};
use crate::statement::Statement;
use crate::wire::SignatureBytes;

/// A choice that a rule makes for an honest node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Acknowledge this dealing as right.
    Acknowledge {
        /// The key generation.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
    },
    /// Complain on the board about this node's share in a certified dealing.
    Complain {
        /// The key generation.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
    },
    /// Choose the holders of a signature among the makers of these announcements, this one included.
    Choose {
        /// The signing session that this node coordinates.
        session: SessionId,
        /// Who has announced.
        candidate: NodeId,
    },
    /// Take part in signing for this request.
    Authorise {
        /// The client's request.
        request: RequestId,
        /// The name that the action gave the signature.
        sig_name: String,
        /// The key that would sign.
        key: KeyId,
        /// What would be signed.
        digest: Digest,
    },
    /// Give a client a share of a decryption key: it is who it says, and the conditions are met.
    Decrypt {
        /// The client's request.
        request: RequestId,
        /// The network's key.
        key: KeyId,
    },
}

/// A secret as it comes into being or to this node's knowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret<'a> {
    /// What it is.
    pub kind: SecretKind,
    /// The protocol run that it belongs to; zero for the node's long-lived keys.
    pub session: SessionId,
    /// The bytes, big-endian where they are a number.
    pub bytes: &'a [u8; 32],
}

/// Kinds of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretKind {
    /// The key that signs statements and transactions.
    Identity,
    /// The static key of the channels.
    Channel,
    /// The epoch's decryption key.
    Decryption,
    /// A coefficient of a dealer's polynomial.
    Coefficient,
    /// A share dealt to this node by one dealer.
    DealtShare,
    /// This node's share of a key.
    KeyShare,
    /// A signing nonce, or this node's share of one.
    Nonce,
    /// This node's share of a triple.
    Triple,
}

/// How a node behaves where the protocol tells it what to say or decide.
pub trait Conduct {
    /// Replaces a statement to one recipient by any number of statements to anyone.
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        vec![(to, statement)]
    }

    /// Replaces this node's own contribution to a key before it is stored and sent.
    fn deal(&mut self, dealing: Dealing) -> Dealing {
        dealing
    }

    /// Replaces this node's own contribution to the network's key, as [`Conduct::deal`] does to others.
    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        dealing
    }

    /// Sees a statement of a peer, its signature checked, before the node does. What is returned goes the way of the
    /// node's own statements, [`Conduct::outbound`] included.
    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let _ = (from, statement);
        Vec::new()
    }

    /// Sees the signature under a peer's statement, before [`Conduct::inbound`] sees the statement: with it, what the peer
    /// said can be shown to others.
    fn signed(&mut self, from: NodeId, statement: &Statement, signature: SignatureBytes) {
        let _ = (from, statement, signature);
    }

    /// Replaces a transaction of this node by any number of them.
    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        vec![call]
    }

    /// Overrides a decision; `honest` is what the rules say.
    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        let _ = decision;
        honest
    }

    /// Replaces this node's share of a decryption key before it is signed and sealed to whoever asked.
    fn share_decryption(&mut self, share: ShareStatement) -> ShareStatement {
        share
    }

    /// Replaces the sealed share on its way to the client.
    fn answer_decryption(&mut self, request: RequestId, answer: SealedShare) -> SealedShare {
        let _ = request;
        answer
    }

    /// Is told of each secret that the node makes or receives. Coalitions pool them; oracles look for them.
    fn learn(&mut self, secret: Secret<'_>) {
        let _ = secret;
    }
}

/// The conduct of a correct node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Honest;

impl Conduct for Honest {}
