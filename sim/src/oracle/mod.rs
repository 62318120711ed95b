//! Oracles: what must hold in every run, whatever goes wrong in it. One invariant a file.
//!
//! An oracle sees more than any node can, and never asks the code that it judges: each recomputes what it needs from
//! first principles (curve arithmetic, the chain's own lists, the raw bytes on a disk).

mod ack_soundness;
mod action_bounds;
mod action_immutability;
mod action_surroundings;
mod authentic_caller;
mod bounded_memory;
mod culprit_completeness;
mod culprit_soundness;
mod decryption;
mod durability;
mod forgery;
mod key_agreement;
mod key_pool;
mod liveness;
mod nonce_reuse;
mod panic;
mod permission;
mod rerandomisation;
mod reset_clean;
mod routing;
mod run_once;
mod search;
mod secrecy;
mod single_statement;
mod stream_integrity;
mod tally;
#[cfg(test)]
mod testing;
mod triple_discipline;

pub use ack_soundness::AckSoundness;
pub use action_bounds::ActionBounds;
pub use action_immutability::ActionImmutability;
pub use action_surroundings::{ActionSurroundings, OWN_GLOBALS};
pub use authentic_caller::AuthenticCaller;
pub use bounded_memory::BoundedMemory;
pub use culprit_completeness::CulpritCompleteness;
pub use culprit_soundness::CulpritSoundness;
pub use decryption::DecryptionSoundness;
pub use durability::{Durability, Kept};
pub use forgery::NoForgery;
pub use key_agreement::KeyAgreement;
pub use key_pool::{KeyPool, PoolLevels};
pub use liveness::Liveness;
pub use nonce_reuse::NonceUniqueness;
pub use panic::NoHonestPanic;
pub use permission::{PermissionLists, PermissionSoundness, scopes_held};
pub use rerandomisation::Rerandomisation;
pub use reset_clean::ResetClean;
pub use routing::{Routing, RoutingSoundness};
pub use run_once::RunOnce;
pub use search::Needles;
pub use secrecy::Secrecy;
pub use single_statement::SingleStatement;
pub use stream_integrity::StreamIntegrity;
pub use tally::Tally;
pub use triple_discipline::TripleDiscipline;

use std::collections::{BTreeMap, BTreeSet};

use lit_node::auth::permission::AuthMethod;
use lit_node::blame::ChainView;
use lit_node::bugs::BugSet;
use lit_node::chain::{BoardEvent, ChainEvent};
use lit_node::evidence::Exhibit;
use lit_node::id::{Digest, KeyId, NodeId, RequestId, SessionId};
use lit_node::io::Time;
use lit_node::node::Load;
use lit_node::note::Note;
use lit_node::signing::Scheme;

use crate::heap::Nanos;
use crate::outcome::RequestReport;
use crate::stream::Appended;
use crate::witness::Witness;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The oracle.
    pub oracle: &'static str,
    /// When it was seen.
    pub at: Nanos,
    /// The nodes concerned.
    pub nodes: Vec<NodeId>,
    /// What was seen, and what should have been.
    pub detail: String,
}

/// A signature that a client accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The request.
    pub request: RequestId,
    /// The name that the action gave it.
    pub sig_name: String,
    /// The scheme.
    pub scheme: Scheme,
    /// The key.
    pub key: KeyId,
    /// The compressed public key.
    pub public_key: Vec<u8>,
    /// The signed digest.
    pub digest: Digest,
    /// The signature: r, s, v for ECDSA; R compressed, z for Schnorr.
    pub signature: Vec<u8>,
}

/// Something that a client has encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The address that one must sign in with to have it decrypted.
    pub reader: [u8; 20],
    /// What was encrypted.
    pub text: Vec<u8>,
}

/// What came of the shares of a decryption key that a client was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// The request.
    pub request: RequestId,
    /// SHA-256 of the ciphertext's conditions.
    pub conditions: Digest,
    /// SHA-256 of the plaintext, as the ciphertext names it.
    pub plaintext: Digest,
    /// Whether the client asked for the ciphertext as it was made, and showed the nodes nothing else.
    pub as_made: bool,
    /// What the key opened the ciphertext to, if it did.
    pub came_out: Option<Vec<u8>>,
}

/// A request, as the client that made it knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requested {
    /// The request.
    pub request: RequestId,
    /// The CID that nodes ask the gateway for; none if the code is in the request.
    pub asked: Option<String>,
    /// The CID's bytes of its action.
    pub cid: Vec<u8>,
    /// Whom it speaks for.
    pub caller: Option<SignIn>,
    /// What it shows of who asks besides.
    pub proofs: Vec<Proven>,
    /// Whether it takes the right to have anything signed. Otherwise the right to have messages signed may do.
    pub takes_anything: bool,
    /// Whether its parameters are named like a global that is the network's.
    pub overwrites: bool,
}

/// What is true of a proof of who asks, whatever it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whom it is said to prove, as contracts name it.
    pub method: AuthMethod,
    /// Whether it comes from the user's own authenticator, or from the provider whose user it names. What a provider says
    /// of its own users is true by definition.
    pub genuine: bool,
    /// Whether it was made for our application.
    pub for_us: bool,
    /// Whether it was made for this request, as far as it is bound to any.
    pub for_this: bool,
    /// When it ends, with the grace that nodes give, if it does.
    pub expires: Option<Time>,
}

/// What is true of an authentication signature, whatever it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Whose it is said to be.
    pub claimed: [u8; 20],
    /// Who made it.
    pub signer: [u8; 20],
    /// When it ends, with the grace that nodes give.
    pub expires: Time,
    /// The one node that may take it, if it is for one alone.
    pub only_at: Option<NodeId>,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A node reported a fact.
    Noted(NodeId, &'a Note),
    /// A client sent a request.
    Requested(&'a Requested),
    /// What a node's clock showed at that time.
    Clock {
        /// The node.
        node: NodeId,
        /// The request.
        request: RequestId,
        /// What its clock showed.
        shows: Time,
    },
    /// The gateway answered a node.
    Served {
        /// The node.
        node: NodeId,
        /// The CID that it asked for.
        cid: &'a str,
        /// Whether it got the true bytes of that CID.
        genuine: bool,
    },
    /// An acknowledgement left its node.
    Acknowledged {
        /// The node.
        node: NodeId,
        /// The key generation.
        session: SessionId,
        /// Whose dealing it is about.
        dealer: NodeId,
    },
    /// A node's power fails, or could fail now.
    PowerCut {
        /// The node.
        node: NodeId,
        /// What its disk has left.
        kept: &'a Kept,
        /// Whether the disk loses more than that: it is rolled back.
        rolled_back: bool,
    },
    /// How much a node keeps for others.
    Loaded {
        /// The node.
        node: NodeId,
        /// How much.
        load: Load,
        /// The most that it may keep.
        bound: Load,
    },
    /// A node authorised a signature, while the chain's lists were one of these.
    Authorised {
        /// The node.
        node: NodeId,
        /// The request.
        request: RequestId,
        /// Which of the request's actions asked for it.
        frame: u32,
        /// The key.
        key: KeyId,
        /// The lists at the blocks that the node may have read.
        lists: &'a [PermissionLists],
    },
    /// A client accepted a signature.
    Accepted(&'a Accepted),
    /// An action at a node asked a web server for something.
    Fetched(NodeId),
    /// A node answered a client.
    Replied {
        /// The node.
        node: NodeId,
        /// The encoded answer.
        bytes: &'a [u8],
    },
    /// A client has encrypted something.
    Encrypted(&'a Encryption),
    /// A client has put together a decryption key, and tried it.
    Decrypted(&'a Decrypted),
    /// A client has proof that a node lied.
    Accused {
        /// The client's user.
        client: &'a str,
        /// The node.
        node: NodeId,
        /// What it did.
        what: &'a str,
        /// What convinces others.
        evidence: &'a Exhibit,
    },
    /// A node that lies shows evidence to whoever wants to see it.
    Shown {
        /// The node.
        by: NodeId,
        /// What should convince others.
        evidence: &'a Exhibit,
    },
    /// A stream has accepted something.
    Appended(&'a Appended),
    /// A node panicked.
    Panicked(NodeId, &'a str),
    /// A node crashed: what it held in memory is gone.
    Crashed(NodeId),
    /// The network is begun anew: from now on nobody is to have anything of the former one.
    Reset,
    /// A node stopped because its store failed, and no fault of the plan made it.
    StoreFailed(NodeId),
}

/// A complaint about a dealing that the home chain's board shows when the run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The key generation.
    pub session: SessionId,
    /// Whose dealing.
    pub dealer: NodeId,
    /// Who complains.
    pub accuser: NodeId,
}

impl Dispute {
    /// The complaint that an event is, if it is one.
    pub fn of(event: &ChainEvent) -> Option<Self> {
        match *event {
            ChainEvent::Board(BoardEvent::DealingDisputed { session, dealer, accuser, .. }) => {
                Some(Self { session, dealer, accuser })
            }
            _ => None,
        }
    }
}

/// What an oracle may look at besides events.
pub struct Facts<'a> {
    /// The public keys that the chain routes, uncompressed, by token.
    pub routed: BTreeMap<KeyId, Vec<u8>>,
    /// When the run ended.
    pub at: Nanos,
    /// What was said and what is secret.
    pub witness: &'a Witness,
    /// The raw disks.
    pub disks: BTreeMap<NodeId, Vec<u8>>,
    /// How many shares make a key.
    pub threshold: usize,
    /// The nodes that the plan corrupts.
    pub corrupted: &'a [NodeId],
    /// The nodes that are up.
    pub up: BTreeSet<NodeId>,
    /// What clients were told to do, and what came of it.
    pub steps: &'a [RequestReport],
    /// Why the run was ended before its time, if it was.
    pub stuck: Option<&'a str>,
    /// The pool of keys, in a network that keeps one and a scenario with at most f nodes faulty at a time.
    pub pool: Option<PoolLevels>,
    /// The complaints on the board.
    pub disputes: Vec<Dispute>,
    /// Every routing of a key.
    pub routings: Vec<Routing>,
    /// What evidence rests on, in the generation of the network that is in force.
    pub chain: ChainView,
    /// What it rested on in each generation before.
    pub former: Vec<ChainView>,
    /// Whether triples were dealt, or made before: then no holder has sealed anything that shows others its values.
    pub dealt: bool,
    /// The mistakes in the nodes' code, and so in whoever judges evidence with it.
    pub bugs: BugSet,
}

impl Facts<'_> {
    /// What evidence rested on after so many resets of the network.
    fn chain_after(&self, resets: usize) -> &ChainView {
        self.former.get(resets).unwrap_or(&self.chain)
    }

    /// How many of these the plan does not corrupt.
    pub fn honest(&self, nodes: impl Iterator<Item = NodeId>) -> u64 {
        nodes.filter(|node| !self.corrupted.contains(node)).count() as u64
    }
}

/// An invariant.
pub trait Oracle {
    /// The name in reports.
    fn name(&self) -> &'static str;

    /// Looks at an event.
    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let _ = (at, event);
    }

    /// How often there was something to judge, where nobody lied: each time, this oracle could have seen a violation.
    /// What is counted is the oracle's own affair; 0 means that the run says nothing about it. Called once, before
    /// [`judge`](Self::judge).
    fn occasions(&self, facts: &Facts<'_>) -> u64;

    /// Judges the whole run. Called once, at its end.
    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation>;
}

/// Every oracle.
pub fn all() -> Vec<Box<dyn Oracle>> {
    vec![
        Box::<KeyAgreement>::default(),
        Box::<NoForgery>::default(),
        Box::<RoutingSoundness>::default(),
        Box::<PermissionSoundness>::default(),
        Box::<NonceUniqueness>::default(),
        Box::<Rerandomisation>::default(),
        Box::<SingleStatement>::default(),
        Box::<Secrecy>::default(),
        Box::<TripleDiscipline>::default(),
        Box::<AckSoundness>::default(),
        Box::<ActionImmutability>::default(),
        Box::<ActionBounds>::default(),
        Box::<ActionSurroundings>::default(),
        Box::<RunOnce>::default(),
        Box::<StreamIntegrity>::default(),
        Box::<AuthenticCaller>::default(),
        Box::<DecryptionSoundness>::default(),
        Box::<CulpritSoundness>::default(),
        Box::<Durability>::default(),
        Box::<BoundedMemory>::default(),
        Box::<NoHonestPanic>::default(),
        Box::<CulpritCompleteness>::default(),
        Box::<KeyPool>::default(),
        Box::<ResetClean>::default(),
        Box::<Liveness>::default(),
    ]
}

/// Every oracle's name and what it demands, for `explain`.
pub const EXPLAINED: &[(&str, &str)] = &[
    (
        "key-agreement",
        "All nodes that finish a key generation hold the same public key, it is the one that the chain routes, each \
         node's public share is its secret share times the generator, and any threshold of secret shares interpolate \
         to the key.",
    ),
    (
        "no-forgery",
        "Every signature that a client accepts verifies under the PKP's key, and at least threshold less corrupted \
         honest nodes, and never none, have authorised exactly that digest for that request and issued a share. What an \
         honest node hands out as a signature is one.",
    ),
    (
        RoutingSoundness::NAME,
        "Every key that the chain routes had by then the votes of a threshold of different validators for exactly that \
         key.",
    ),
    (
        "permission-soundness",
        "Whenever an honest node authorises a signature, the chain's own record shows, at a block that the node may \
         have read, that the action that asks for it (the last, where actions call each other), the caller's address or one of \
         the caller's auth methods, with a scope that suffices, may use the key.",
    ),
    (
        "nonce-uniqueness",
        "No nonce commitment and no presignature is ever used for two different proposals, across restarts.",
    ),
    (
        Rerandomisation::NAME,
        "No ECDSA signature that a client accepts has the nonce of a presignature as it is: a factor that is fixed only with \
         key and message has entered it.",
    ),
    (
        "single-statement",
        "No honest node signs two different statements for the same slot of a session (a dealing, an acknowledgement, a \
         complaint, opened values, an announcement, a proposal of a presignature, a share), across crashes, restarts and lost disks.",
    ),
    (
        "secrecy",
        "No secret (identity, channel and decryption keys, polynomial coefficients, dealt shares, key shares, nonces, \
         triples) occurs in what a node, a client, the chain or a web server could read without owning it, nor on any \
         raw disk, in big-endian, little-endian, hex or base64 form. A complaint opens the share that it is about; if \
         an honest node's was right, that is a leak.",
    ),
    (
        "triple-discipline",
        "No honest node uses a triple before all its holders have sealed it, shows the seed of a batch that it has sealed, \
         uses a triple for two presignatures, or goes on with a peer whose oblivious-transfer extension is inconsistent.",
    ),
    (
        "ack-soundness",
        "No honest node acknowledges a dealing in which its own share is not the committed value, or whose proof of \
         knowledge was made for another key generation or dealer, or whose dealer does not prove that the key which hides \
         its shares is its own.",
    ),
    (
        "action-immutability",
        "An action that a request, or another action, names by its CID starts only at nodes that have been served the true \
         bytes of that CID.",
    ),
    (
        ActionBounds::NAME,
        "No action at an honest node fetches, signs, calls other actions, prints or answers more than the network's limits, \
         counted over a request and all that it calls.",
    ),
    (
        ActionSurroundings::NAME,
        "What an action sees at an honest node is that node's own: no two executions draw the same random numbers, what \
         is fetched has been asked of a web server by the node itself, and no client's parameters take the place of Lit, \
         LitActions, LitAuth or ethers.",
    ),
    ("run-once", "Whatever an action wants run once is begun by one honest node at most, across crashes and restarts."),
    (
        StreamIntegrity::NAME,
        "Whatever a stream accepts is signed by the key that owns it and called by its CID, and follows what was accepted \
         before it: no two commits name the same predecessor.",
    ),
    (
        "authentic-caller",
        "No honest node authorises a request, or gives a share of a decryption key for one, whose AuthSig is not by the \
         address that it names, or had expired by the node's own clock when it was sent, or whose session has signed for \
         another node; nor one with a proof of who asks that was forged, was made for another application or another \
         request, or had expired (of a passkey only where it is registered for the key).",
    ),
    (
        "decryption-soundness",
        "No honest node gives a share of the key that opens a ciphertext to anybody but its reader. Whoever obtains a \
         plaintext was given shares for exactly that ciphertext by at least threshold less corrupted honest nodes, and \
         never none; it is what was encrypted; and whatever a client takes for the decryption key of a ciphertext opens it.",
    ),
    (
        "culprit-soundness",
        "No honest node is named as a culprit by an honest one: being down, slow or cut off proves nothing. The evidence \
         against a culprit convinces whoever has nothing but its bytes and the chain. Without evidence nobody is named, but \
         for values and shares of presignatures whose triples nobody has sealed. What liars show convicts liars only.",
    ),
    (
        "durability",
        "Every acknowledgement that has left a node is on its disk, synced: at each crash, and when the run ends. What \
         a rolled-back disk has lost does not count.",
    ),
    (
        "bounded-memory",
        "No honest node keeps more messages, or more bytes of them, for a peer than `nodes.queue_messages` and 16 MiB.",
    ),
    (
        "culprit-completeness",
        "Whoever sees that what all gave for a presignature or signature combines to something wrong names somebody for \
         it, and whoever finishes a key generation in which an honest node complained about a dealer names that dealer.",
    ),
    (
        KeyPool::NAME,
        "In a network that keeps keys ready to be minted, the board is never asked for more of them than are minted and the \
         pool holds; and when no key is minted, and no fault begins or ends, for as long as a step may take, the pool is full.",
    ),
    (
        ResetClean::NAME,
        "Once the network is begun anew, no honest node holds a key of the former one, authorises or gives anything under \
         one, or has anything of its key generations on the disk; and no evidence from then convicts anybody.",
    ),
    ("no-honest-panic", "No honest node panics, whatever it receives."),
    (
        "liveness",
        "With at most f nodes faulty at a time, every request completes within the scenario's bound once faults have \
         healed, and every node that is up then holds every key that was generated.",
    ),
];
