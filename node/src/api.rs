//! What clients ask of a node, and what they get back.

mod letter;

use k256::ProjectivePoint;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::auth::conditions::Conditions;
use crate::auth::recap::{Resource, ResourceKind};
use crate::auth::session::SessionSig;
use crate::auth::webauthn::Assertion;
use crate::bls::SealedShare;
use crate::curve::{self, Bls12381};
use crate::id::{Digest, Epoch, KeyId, NodeId, RequestId};
use crate::key::PublicKey;
use crate::signing::{ClientShare, CombinedSignature, Scheme};
use crate::wire::{encode, hash_parts};

/// The largest request that a node accepts from a client, in bytes: an inline action of 16 MB and its parameters.
pub const REQUEST_BYTES_MAX: usize = 17 * 1024 * 1024;
/// The largest response that a client accepts from a node, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// How many proofs a request may bring: each costs the node signature checks, or questions to others.
pub const PROOFS_MAX: usize = 8;

/// A client's request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Who are you, and what do you see?
    Handshake {
        /// Fresh bytes, returned in the answer.
        challenge: [u8; 32],
    },
    /// Run an action, or sign without one.
    Execute(Box<Execute>),
    /// Hand out a share of a decryption key.
    Decrypt(Box<Decrypt>),
}

/// A request for shares of the decryption key of what was encrypted to conditions. All nodes get the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decrypt {
    /// Fresh bytes: two requests are never the same.
    pub nonce: [u8; 16],
    /// The network's key.
    pub key: KeyId,
    /// Who may decrypt. Each node evaluates them and makes the identity of them.
    pub conditions: Conditions,
    /// SHA-256 of the plaintext.
    pub plaintext: Digest,
    /// A fresh key, to which shares are encrypted.
    #[serde(with = "curve::point")]
    pub reply_key: ProjectivePoint,
    /// Who asks. An AuthSig's text must name [`Self::resource`]; a session must ask for [`Self::subject`] and for
    /// [`Self::reply`].
    pub credential: Credential,
    /// The epoch that the client believes in.
    pub epoch: Epoch,
}

impl Decrypt {
    /// The id of this request, the same at every node, though a session signs for each of them apart.
    pub fn id(&self) -> RequestId {
        let asked =
            encode(&(self.nonce, self.key, &self.conditions, self.plaintext, self.reply_key_bytes(), self.epoch));
        RequestId::derive("request/decrypt", &[&asked, &self.credential.by()])
    }

    /// What a wallet signs in for: that shares be encrypted to this key and no other.
    pub fn resource(&self) -> String {
        format!("urn:litsim:reply-key:{}", hex::encode(self.reply_key_bytes()))
    }

    /// What a session must have been handed: the decryption of what is encrypted to these conditions, of this
    /// plaintext.
    pub fn subject(&self) -> Resource {
        let (conditions, plaintext) = (hex::encode(self.conditions.digest().0), hex::encode(self.plaintext.0));
        Resource::new(ResourceKind::Conditions, format!("{conditions}/{plaintext}"))
            .expect("hex digits and a slash name a resource")
    }

    /// What a session asks for so that its signature is good for shares encrypted to this key and no other.
    pub fn reply(&self) -> Resource {
        Resource::new(ResourceKind::Conditions, format!("reply-key/{}", hex::encode(self.reply_key_bytes())))
            .expect("hex digits and a slash name a resource")
    }

    fn reply_key_bytes(&self) -> Vec<u8> {
        curve::point_bytes(&self.reply_key).to_vec()
    }
}

/// A node's part in a decryption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decryption {
    /// The node's share, readable by the asker alone.
    pub share: SealedShare,
    /// The key with the public counterparts of all shares: to be believed if the chain has its digest.
    pub public: PublicKey<Bls12381>,
}

/// A request to do something with keys of the network. All nodes get the same bytes, hence the same request id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execute {
    /// Fresh bytes: two requests are never the same.
    pub nonce: [u8; 16],
    /// What is to be done.
    pub task: Task,
    /// Who asks.
    pub credential: Credential,
    /// What else shows who asks: at most [`PROOFS_MAX`], each made for [`Execute::binding`].
    pub proofs: Vec<Proof>,
    /// The epoch that the client believes in.
    pub epoch: Epoch,
}

impl Execute {
    /// The id of this request, the same at every node, though a session signs for each of them apart.
    pub fn id(&self) -> RequestId {
        RequestId::derive("request/execute", &[&self.binding(), &encode(&self.proofs)])
    }

    /// What its proofs are made for: the request without them. A proof that names it is of no use for another request, nor
    /// for the same one in somebody else's name.
    pub fn binding(&self) -> [u8; 32] {
        let asked = encode(&(self.nonce, &self.task, self.epoch));
        hash_parts("request/binding", &[&asked, &self.credential.by()])
    }
}

/// What shows that somebody is a user of a service, or has a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// An ID token of Google's, whose nonce is the request's binding in hex.
    GoogleIdToken(String),
    /// An ID token of Apple's, whose nonce is the request's binding in hex.
    AppleIdToken(String),
    /// An access token of Discord's: bound to nothing, and good for whoever holds it.
    DiscordToken(String),
    /// An access token of Google's: bound to nothing, and good for whoever holds it.
    GoogleToken(String),
    /// A passkey's answer, whose challenge is the request's binding.
    Passkey(Assertion),
}

/// What shows who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credential {
    /// Nothing: anybody may ask.
    #[default]
    Nobody,
    /// A wallet has signed.
    AuthSig(AuthSig),
    /// A session has signed for the node that gets the request, and shows what wallets have handed on to it.
    Session(Box<SessionSig>),
}

impl Credential {
    /// Who asks, as far as it is the same at every node: of a session its key.
    fn by(&self) -> Vec<u8> {
        match self {
            Self::Session(session) => encode(&(1u8, &session.address)),
            other => encode(&(0u8, other)),
        }
    }
}

/// The address of a node, as sessions name it.
pub fn node_address(node: NodeId) -> String {
    format!("https://node-{}.lit.test", node.0)
}

/// What nodes do for a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// They run an action.
    Action {
        /// The program.
        source: ActionSource,
        /// A JSON object whose members become globals of the program.
        js_params: String,
    },
    /// They sign a digest, if whoever asks may have the key sign anything. The signature's name is [`Task::SIG_NAME`].
    Sign {
        /// The key, compressed or not (SEC 1).
        public_key: Vec<u8>,
        /// What is signed.
        digest: Digest,
        /// How.
        scheme: Scheme,
    },
    /// They sign with a PKP an EIP-4361 text in which it hands on what it may to a session's key, if whoever asks may have
    /// it sign messages. The signature's name is [`Task::SIG_NAME`].
    SessionKey {
        /// The PKP's key, compressed or not (SEC 1).
        public_key: Vec<u8>,
        /// The text, as [`crate::auth::session_text::check`] demands it.
        text: String,
    },
}

impl Task {
    /// The name of a signature that no action has named.
    pub const SIG_NAME: &'static str = "sig";
}

/// Where an action's code comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionSource {
    /// The code itself.
    Inline(String),
    /// A CID to fetch from IPFS.
    Ipfs(String),
}

/// A wallet's signature over an EIP-4361 message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthSig {
    /// 65 bytes r, s, v as 0x-hex.
    pub sig: String,
    /// How the signature was made, e.g. `web3.eth.personal.sign`.
    pub derived_via: String,
    /// The EIP-4361 text.
    pub signed_message: String,
    /// The signer's address, 0x-hex.
    pub address: String,
}

/// A node's response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// To [`Request::Handshake`].
    Handshake(Handshake),
    /// To [`Request::Execute`].
    Execute {
        /// The request.
        request: RequestId,
        /// How it went.
        result: Result<Executed, Failure>,
    },
    /// The request could not be understood.
    Rejected(Failure),
    /// To [`Request::Decrypt`].
    Decrypt {
        /// The request.
        request: RequestId,
        /// How it went.
        result: Result<Box<Decryption>, Failure>,
    },
}

/// A node's view, for clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// The node.
    pub node: NodeId,
    /// The client's challenge.
    pub challenge: [u8; 32],
    /// The node's epoch.
    pub epoch: Epoch,
    /// The newest block that the node has seen.
    pub latest_block: u64,
}

/// The result of an action that ran to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Executed {
    /// What the action passed to `setResponse`; empty if it did not.
    pub response: String,
    /// What it printed.
    pub logs: String,
    /// This node's part in each signature.
    pub signatures: Vec<SignaturePart>,
}

/// What a node contributes to one signature of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignaturePart {
    /// The name that the action gave the signature.
    pub name: String,
    /// This node's shares: first that in the proposal which made the signature here, then those in other proposals
    /// that were in flight. They differ in proposal, nonce, holders and share only.
    pub shares: Vec<ClientShare>,
    /// The signature as this node combined it. A client that lacks a holder's share may take it once it has verified
    /// it, so a holder that dies after signing stops nobody.
    pub combined: CombinedSignature,
}

/// A refusal or failure, as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// The kind.
    pub code: ErrorCode,
    /// What was wrong, and what was expected.
    pub message: String,
    /// What the action had printed.
    pub logs: String,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The request is no well-formed request.
    MalformedRequest,
    /// The authentication signature does not verify, has expired or is not for us.
    InvalidAuthSig,
    /// A proof of who asks does not verify, has expired, is not for us or for this request, or could not be checked.
    InvalidAuthMethod,
    /// The caller or the action has no right to use the key.
    NotAuthorized,
    /// The session may not do this: it does not ask for it, or nobody has handed it on.
    AuthSigScopeTooLimited,
    /// The key is not known to this node.
    UnknownKey,
    /// The CID is no CID, or the bytes behind it have another one.
    InvalidIpfsId,
    /// The gateway did not deliver.
    IpfsUnavailable,
    /// The client's epoch is not the node's.
    WrongEpoch,
    /// The action threw or does not parse.
    JsError,
    /// The action used up its time or fuel.
    JsTimeout,
    /// The action used up its memory or stack.
    JsMemoryLimit,
    /// The action had to be killed: it used up memory or time in a way that nothing else stops.
    ActionKilled,
    /// The action went over another limit.
    LimitExceeded,
    /// Too few nodes agreed on what to sign in time.
    NotEnoughShares,
    /// The chain's endpoint did not answer.
    RpcError,
    /// The node is overloaded.
    RateLimitExceeded,
    /// The request took too long.
    RequestTimeout,
    /// The request is for another generation of the network than the node's: what it is about is gone for good.
    NetworkReset,
}

/// What the real network's nodes answer instead of an [`ErrorCode`]: the name of their error and its HTTP status.
pub type RealError = (&'static str, u16);

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 19] = [
        Self::MalformedRequest,
        Self::InvalidAuthSig,
        Self::InvalidAuthMethod,
        Self::NotAuthorized,
        Self::AuthSigScopeTooLimited,
        Self::UnknownKey,
        Self::InvalidIpfsId,
        Self::IpfsUnavailable,
        Self::WrongEpoch,
        Self::JsError,
        Self::JsTimeout,
        Self::JsMemoryLimit,
        Self::ActionKilled,
        Self::LimitExceeded,
        Self::NotEnoughShares,
        Self::RpcError,
        Self::RateLimitExceeded,
        Self::RequestTimeout,
        Self::NetworkReset,
    ];

    /// The code's name, as in JSON, and what the real network's nodes answer there (`lit-node`, `src/error.rs`);
    /// nothing where only its clients see such an error, or nobody does.
    const fn described(self) -> (&'static str, Option<RealError>) {
        match self {
            Self::MalformedRequest => ("MalformedRequest", Some(("NodeBadInput", 422))),
            Self::InvalidAuthSig => ("InvalidAuthSig", Some(("NodeInvalidAuthSig", 401))),
            Self::InvalidAuthMethod => ("InvalidAuthMethod", Some(("NodeAuthFailed", 401))),
            Self::NotAuthorized => ("NotAuthorized", Some(("NodeNotAuthorized", 403))),
            Self::AuthSigScopeTooLimited => ("AuthSigScopeTooLimited", Some(("NodeAuthSigScopeTooLimited", 401))),
            Self::UnknownKey => ("UnknownKey", Some(("NodePKPTokenIdNotFound", 400))),
            Self::InvalidIpfsId => ("InvalidIPFSID", Some(("NodeInvalidIPFSID", 400))),
            Self::IpfsUnavailable => ("IpfsUnavailable", None),
            Self::WrongEpoch => ("WrongEpoch", Some(("NodeBlsWrongEpochError", 502))),
            Self::JsError => ("JsError", Some(("NodeJsExecutionError", 502))),
            Self::JsTimeout => ("JsTimeout", Some(("NodeJsTimeoutError", 502))),
            Self::JsMemoryLimit => ("JsMemoryLimit", Some(("NodeJsMemoryLimitError", 502))),
            Self::ActionKilled => ("ActionKilled", Some(("NodeJsConnectionError", 502))),
            Self::LimitExceeded => ("LimitExceeded", Some(("NodeActionNotAllowed", 400))),
            Self::NotEnoughShares => ("NotEnoughShares", None),
            Self::RpcError => ("RpcError", Some(("NodeRpcError", 502))),
            Self::RateLimitExceeded => ("RateLimitExceeded", Some(("NodeConcurrencyOverload", 429))),
            Self::RequestTimeout => ("RequestTimeout", None),
            Self::NetworkReset => ("NetworkReset", None),
        }
    }

    /// The code's name, as in JSON.
    pub const fn name(self) -> &'static str {
        self.described().0
    }

    /// The code of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// The error that the real network's nodes answer in such a case.
    pub const fn real(self) -> Option<RealError> {
        self.described().1
    }

    /// The HTTP status of the real network's answer in such a case.
    pub fn http_status(self) -> Option<u16> {
        self.real().map(|(_, status)| status)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Execute {
        let task = Task::Sign { public_key: vec![2; 33], digest: Digest([3; 32]), scheme: Scheme::EcdsaK256 };
        Execute { nonce: [1; 16], task, credential: Credential::Nobody, proofs: Vec::new(), epoch: Epoch(1) }
    }

    fn auth_sig() -> AuthSig {
        AuthSig { sig: "0x".into(), derived_via: "x".into(), signed_message: "y".into(), address: "0x".into() }
    }

    #[test]
    fn a_proof_is_bound_to_what_is_asked_and_to_who_asks_beside_it() {
        let (plain, proved) = (request(), Execute { proofs: vec![Proof::DiscordToken("t".into())], ..request() });
        assert_eq!(plain.binding(), proved.binding());
        let text = "text".to_owned();
        let others = [
            Execute { credential: Credential::AuthSig(auth_sig()), ..request() },
            Execute { nonce: [2; 16], ..request() },
            Execute { epoch: Epoch(2), ..request() },
            Execute { task: Task::SessionKey { public_key: vec![2; 33], text }, ..request() },
        ];
        for other in others {
            assert_ne!(plain.binding(), other.binding());
        }
    }

    #[test]
    fn a_decryption_is_the_same_at_every_node_and_another_one_for_another_asker() {
        let session = |node: &str, address: &str| {
            let sig = SessionSig {
                sig: node.into(),
                derived_via: "x".into(),
                signed_message: node.into(),
                address: address.into(),
                algo: "x".into(),
            };
            Decrypt {
                nonce: [1; 16],
                key: KeyId([1; 32]),
                conditions: Conditions::caller([1; 20]),
                plaintext: Digest([2; 32]),
                reply_key: ProjectivePoint::GENERATOR,
                credential: Credential::Session(Box::new(sig)),
                epoch: Epoch(1),
            }
        };
        let one = session("node 1", "a");
        assert_eq!(one.id(), session("node 2", "a").id());
        assert_ne!(one.id(), session("node 1", "b").id());
        assert_ne!(one.id(), Decrypt { reply_key: ProjectivePoint::GENERATOR.double(), ..one.clone() }.id());
        assert_ne!(one.id(), Decrypt { credential: Credential::AuthSig(auth_sig()), ..one.clone() }.id());
        let identity = crate::bls::Identity::new(&one.conditions.digest(), &one.plaintext);
        assert_eq!(one.subject().to_string(), identity.to_string(), "a resource is named as the identity is");
    }

    #[test]
    fn every_code_has_its_own_name_and_a_status_of_an_error() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.name()), Some(code));
            assert!(code.http_status().is_none_or(|status| (400..600).contains(&status)), "{code}");
        }
        assert_eq!(ErrorCode::from_name("NoSuchCode"), None);
        assert_eq!(ErrorCode::NotAuthorized.http_status(), Some(403));
        assert_eq!(ErrorCode::RateLimitExceeded.http_status(), Some(429));
    }

    #[test]
    fn requests_with_different_proofs_are_different_requests() {
        let with = |proof| Execute { proofs: vec![proof], ..request() }.id();
        let (one, other) = (with(Proof::DiscordToken("t".into())), with(Proof::GoogleToken("t".into())));
        assert!(one != other && one != request().id());
    }
}
