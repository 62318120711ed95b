//! Distributed key generation and resharing, over secp256k1 or BLS12-381, with the chain as public board.
//!
//! Each member sends one [`Dealing`] to all. A recipient that finds it right, its own share included, returns an
//! [`Ack`]; n - f of them make a [`Certificate`], which the dealer posts. A certificate leaves up to f honest members
//! whose share nobody vouches for: each fetches the dealing if it has to, and if its share is bad posts a [`Complaint`]
//! that everybody can [`judge`]. When the time for complaints is over, the first k certified dealers in log order
//! without a justified complaint are the qualified set, the same at every node, and the key is the sum of their
//! contributions. A node that missed dealings fetches them by digest; its shares are inside.
//!
//! The one who loses a dispute has lied provably and is named, as is a dealer that signed two dealings. What is late,
//! missing, malformed or repeated names nobody.
//!
//! [`Session`] runs one attempt at one node. The other files are the statements and the pure functions on them.

mod ack;
mod board;
mod collect;
mod complaint;
mod context;
mod dealing;
mod docket;
mod effect;
mod equality;
mod evidence;
mod fetch;
mod finalize;
pub mod frost;
mod handover;
mod point;
mod progress;
mod proof;
mod publish;
mod record;
mod retry;
mod seal;
mod session;
#[cfg(test)]
mod tests;

pub use ack::{Ack, BadCertificate, Certificate};
pub use board::{BoardEvent, TooFew, qualified};
pub use collect::Fault;
pub use complaint::{COMPLAINT_BYTES_MAX, Complaint, Falsehood, Ruling, Unjudgeable, complain, judge};
pub use context::Context;
pub use dealing::{BadShare, Dealing, Flaw, deal, deal_shares};
pub use effect::{Effect, Params};
pub use equality::EqualityProof;
pub use evidence::{Dispute, InvalidDealing, KeygenEvidence};
pub use finalize::{FinalizeError, finalize};
pub use handover::{Handover, Task};
pub use point::WirePoint;
pub use progress::Progress;
pub use proof::Proof;
pub use record::{Entry, Record};
pub use seal::Ciphertext;
pub use session::Session;

use k256::ProjectivePoint;
use serde::{Deserialize, Serialize};

use crate::conduct::Conduct;
use crate::curve::{Bls12381, Curve};
use crate::evidence::Evidence;
use crate::id::{Digest, NodeId, SessionId};
use crate::io::Label;
use crate::statement::Statement;
use crate::wire::{Signable, Signed};

/// A curve that keys are generated over.
pub trait KeyCurve: Curve {
    /// Lets a conduct replace this node's contribution.
    fn dealt(conduct: &mut dyn Conduct, dealing: Dealing<Self>) -> Dealing<Self>;

    /// The message as something that nodes say to each other.
    fn statement(message: Message<Self>) -> Statement;

    /// The message that a statement is.
    fn message(statement: &Statement) -> Option<&Message<Self>>;

    /// What convinces others, as evidence of any kind.
    fn evidence(evidence: KeygenEvidence<Self>) -> Evidence;
}

impl KeyCurve for ProjectivePoint {
    fn dealt(conduct: &mut dyn Conduct, dealing: Dealing) -> Dealing {
        conduct.deal(dealing)
    }

    fn statement(message: Message) -> Statement {
        Statement::Dkg(message)
    }

    fn message(statement: &Statement) -> Option<&Message> {
        if let Statement::Dkg(message) = statement { Some(message) } else { None }
    }

    fn evidence(evidence: KeygenEvidence) -> Evidence {
        Evidence::Keygen(evidence)
    }
}

impl KeyCurve for Bls12381 {
    fn dealt(conduct: &mut dyn Conduct, dealing: Dealing<Self>) -> Dealing<Self> {
        conduct.deal_network_key(dealing)
    }

    fn statement(message: Message<Self>) -> Statement {
        Statement::NetworkDkg(message)
    }

    fn message(statement: &Statement) -> Option<&Message<Self>> {
        if let Statement::NetworkDkg(message) = statement { Some(message) } else { None }
    }

    fn evidence(evidence: KeygenEvidence<Self>) -> Evidence {
        Evidence::NetworkKeygen(evidence)
    }
}

/// What nodes say to each other during key generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Message<P: Curve = ProjectivePoint> {
    /// The sender's contribution. Signed.
    Dealing(Box<Dealing<P>>),
    /// The sender holds the recipient's dealing and finds it right. Signed.
    Ack(Ack),
    /// Asks for a certified dealing.
    Fetch {
        /// The key generation.
        session: SessionId,
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
    },
    /// The answer to [`Message::Fetch`]: another member's dealing, as that member signed it.
    Fetched(Box<Signed<Dealing<P>>>),
}

impl<P: Curve> Message<P> {
    /// The key generation that the message belongs to.
    pub fn session(&self) -> SessionId {
        match self {
            Self::Dealing(dealing) => dealing.session,
            Self::Ack(ack) => ack.session,
            Self::Fetch { session, .. } => *session,
            Self::Fetched(signed) => signed.body.session,
        }
    }

    /// What the message is about.
    pub fn label(&self) -> Label {
        let (round, kind) = match self {
            Self::Dealing(_) => (0, "dealing"),
            Self::Ack(_) => (1, "ack"),
            Self::Fetch { .. } => (2, "fetch"),
            Self::Fetched(_) => (2, "fetched"),
        };
        Label { session: self.session(), protocol: "dkg", round, kind }
    }

    /// The 32 bytes that the sender signs, where the message is signed.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Dealing(dealing) => Some(dealing.signing_digest()),
            Self::Ack(ack) => Some(ack.signing_digest()),
            Self::Fetch { .. } | Self::Fetched(_) => None,
        }
    }
}
