//! Facts that a node reports about itself. They carry no secret and never travel; the trace records them and
//! oracles compare them with what they see from outside.

use crate::evidence::Exhibit;
use crate::id::{Boot, Digest, KeyId, NodeId, RequestId, SessionId};

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The node is up.
    Started {
        /// Which start this is.
        boot: Boot,
    },
    /// A channel is open.
    ChannelOpen {
        /// With whom.
        peer: NodeId,
    },
    /// Something that a peer sent was dropped; drops are counted and never blamed.
    Dropped {
        /// From whose link or channel.
        from: NodeId,
        /// Why.
        reason: &'static str,
    },
    /// A key generation began.
    DkgStarted {
        /// The session.
        session: SessionId,
    },
    /// A key generation ended at this node with this key.
    KeyReady {
        /// The session.
        session: SessionId,
        /// The key.
        key: KeyId,
        /// The compressed public key.
        public_key: Vec<u8>,
        /// This node's public share, compressed.
        public_share: Vec<u8>,
    },
    /// This node can sign with the key of a key generation: it has just finished it, or read its share back.
    KeyHeld {
        /// The session.
        session: SessionId,
        /// The key.
        key: KeyId,
    },
    /// An action began.
    ActionStarted {
        /// The request.
        request: RequestId,
        /// Which of the request's actions, in the order in which they were called: 0 is the client's.
        frame: u32,
        /// The action's CID.
        cid: String,
        /// A hash of what seeds its `Math.random`.
        chance: Digest,
    },
    /// What an action fetched was given to it.
    Fetched {
        /// The request.
        request: RequestId,
    },
    /// The node asks an identity provider about a proof of who asks: for its keys, or whose an access token is.
    ProviderAsked {
        /// The request.
        request: RequestId,
    },
    /// The node runs what an action wants run once.
    Led {
        /// The request.
        request: RequestId,
        /// The operation: what all nodes that run the action call it.
        operation: SessionId,
    },
    /// The node checked the permission on chain and will take part in signing.
    Authorised {
        /// The request.
        request: RequestId,
        /// The name that the action gave the signature.
        sig_name: String,
        /// The key.
        key: KeyId,
        /// The digest to be signed.
        digest: Digest,
        /// Which of the request's actions asked for it.
        frame: u32,
        /// The block whose state was read.
        block: u64,
    },
    /// A one-time value was used for a signature share: a hash of its public form.
    NonceUsed {
        /// Hash of the nonce commitments or presignature.
        nonce: Digest,
        /// What it was used for: hash of the proposal.
        proposal: Digest,
    },
    /// A signature share left the node.
    ShareIssued {
        /// The request.
        request: RequestId,
        /// The name that the action gave the signature.
        sig_name: String,
        /// The key.
        key: KeyId,
        /// The digest.
        digest: Digest,
    },
    /// A share of a decryption key was given to whoever asked.
    DecryptionShared {
        /// The request.
        request: RequestId,
        /// The network's key.
        key: KeyId,
        /// SHA-256 of the conditions that the node found met.
        conditions: Digest,
        /// SHA-256 of the plaintext, as the client names it.
        plaintext: Digest,
    },
    /// A request was answered with the action's result.
    Answered {
        /// The request.
        request: RequestId,
    },
    /// A request was refused or failed.
    Refused {
        /// The request.
        request: RequestId,
        /// The error's code.
        code: &'static str,
        /// The error's text.
        message: String,
    },
    /// A key exists, but these qualified dealers gave this node bad shares, and it was cut off while it could have
    /// complained: it has no share of it.
    Excluded {
        /// The key generation.
        session: SessionId,
        /// The dealers.
        dealers: Vec<NodeId>,
    },
    /// A peer let this node wait longer than it would wait; it is chosen last from now on, until it answers.
    Suspected {
        /// The peer.
        node: NodeId,
    },
    /// A peer's signed statement is provably wrong.
    Culprit {
        /// The peer.
        node: NodeId,
        /// What it did.
        what: String,
        /// What convinces others: see [`crate::blame::verify`]. None where triples came from a trusted dealer.
        evidence: Option<Exhibit>,
    },
    /// What everybody gave for a presignature or signature combines to something wrong; whoever is to blame has been
    /// named.
    WrongResult {
        /// The presignature, or the hash of the proposal.
        attempt: Digest,
    },
    /// The store failed, and the node has stopped.
    StoreFailed {
        /// What the store said.
        reason: String,
    },
}
