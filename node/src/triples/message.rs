//! What holders of a batch say to each other.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};
use std::fmt;

use super::seed::Seed;
use super::slot::Slot;
use super::waits::Waits;
use crate::id::{Boot, Digest, Epoch, NodeId, SessionId};
use crate::io::Label;
use crate::wire::{Signable, SignatureBytes, Signed, encode};

/// A message of triple generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A holder commits, to all holders. Whoever does not know the batch yet joins it by this.
    Commit(Box<Joined>),
    /// A step of the protocol, to one holder or to all.
    Step(Step),
    /// A holder has checked everything, to all holders.
    Seal(Seal),
    /// All seals, to those who may lack one.
    Seals(Vec<Signed<Seal>>),
    /// A holder gives up, to all holders.
    Abort(Box<Abort>),
    /// Another's abort from whoever follows it, to all holders: who gives up to some only is known to all.
    Relayed(Box<Signed<Abort>>),
    /// An unsealed holder shows its seed, to all holders.
    Opening(Box<Opening>),
    /// A sealed holder says what it was told, to all holders.
    Testimony(Box<Testimony>),
}

/// A batch of triples; its hash is the batch's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The epoch whose validator set the holders are of.
    pub epoch: Epoch,
    /// Who starts it, and alone will assign its triples.
    pub leader: NodeId,
    /// The leader's boot.
    pub boot: Boot,
    /// The batch's number, never given twice by one leader.
    pub batch: u64,
    /// Who holds it, ascending: exactly the threshold.
    pub holders: Vec<NodeId>,
    /// How many triples.
    pub count: u16,
    /// How often all times of the batch are doubled: a leader whose batches come to nothing, and nobody is convicted of
    /// it, may be in a network that loses more than expected.
    pub patience: u8,
}

impl Signable for Start {
    const DOMAIN: &'static str = "triples/start";
}

impl Start {
    /// The batch's id, sid'.
    pub fn id(&self) -> SessionId {
        SessionId(self.digest().0)
    }
}

/// A commitment with the leader's word that the batch exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The batch, signed by its leader.
    pub start: Signed<Start>,
    /// The commitment, signed by its maker.
    pub commit: Commit,
}

/// A holder's commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// The batch.
    pub batch: SessionId,
    /// The holder's boot: a restarted holder may be asked again, and no two different commitments are for one place.
    pub boot: Boot,
    /// Hash of seed, salt, batch and holder.
    pub seed: Digest,
    /// Hash of the committed polynomials.
    pub polynomials: Digest,
}

impl Signable for Commit {
    const DOMAIN: &'static str = "triples/commit";
}

/// A body of bytes whose length the slot determines. Printed as its length, for it may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Body;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Body, E> {
                Ok(Body(bytes.to_vec()))
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Body, E> {
                Ok(Body(bytes))
            }
        }
        d.deserialize_byte_buf(Bytes)
    }
}

/// One step of the protocol. It is signed over batch, session, slot and the hash of its body, so that a record of 32
/// bytes and a signature proves what was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The batch.
    pub batch: SessionId,
    /// Hash of the batch and all holders' commitments.
    pub sid: Digest,
    /// The step's place.
    pub slot: Slot,
    /// What it says.
    pub body: Body,
}

/// Domain of the signatures of steps and records.
const STEP: &str = "triples/step";

/// The hash of a body, as steps are signed over.
pub(super) fn body_hash(body: &[u8]) -> Digest {
    Digest(Sha256::digest(body).into())
}

fn step_digest(batch: SessionId, sid: Digest, slot: Slot, hash: Digest) -> [u8; 32] {
    let mut keccak = Keccak256::new();
    keccak.update(Keccak256::digest(STEP));
    keccak.update(encode(&(batch, sid, slot, hash)));
    keccak.finalize().into()
}

impl Signable for Step {
    const DOMAIN: &'static str = STEP;

    fn signing_digest(&self) -> [u8; 32] {
        step_digest(self.batch, self.sid, self.slot, body_hash(&self.body.0))
    }
}

/// What is kept of a step: its place, the hash of its body, and its maker's signature over both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The session.
    pub sid: Digest,
    /// The place.
    pub slot: Slot,
    /// Hash of the body.
    pub hash: Digest,
    /// The signature of the maker of the step.
    pub signature: SignatureBytes,
}

impl Record {
    /// The record of a step.
    pub fn of(step: &Step, signature: SignatureBytes) -> Self {
        Self { sid: step.sid, slot: step.slot, hash: body_hash(&step.body.0), signature }
    }

    /// What the maker signed, if the step was of `batch`.
    pub fn signed_digest(&self, batch: SessionId) -> [u8; 32] {
        step_digest(batch, self.sid, self.slot, self.hash)
    }
}

/// A holder has checked everything, and will never open its seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The batch.
    pub batch: SessionId,
    /// The session.
    pub sid: Digest,
    /// Digest of the public polynomials, which are a function of the session.
    pub public: Digest,
}

impl Signable for Seal {
    const DOMAIN: &'static str = "triples/seal";
}

/// Why a holder gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// It has waited too long; its opening says for whom. Nobody is to blame for that.
    Late,
    /// What it was told in this place is wrong.
    Bad(Slot),
    /// The products do not add up.
    Unequal,
    /// A share was wrong, provably from what its maker signed.
    Share(Box<ShareProof>),
    /// Sums whose proof of knowledge is wrong, as their maker signed them.
    Sums(Box<Signed<Step>>),
}

/// Three messages of one holder that contradict each other: a share is not on the polynomial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareProof {
    /// The committed polynomials.
    pub polynomials: Signed<Step>,
    /// The sums, if the share is of c.
    pub sums: Option<Signed<Step>>,
    /// The shares.
    pub shares: Signed<Step>,
}

/// A holder gives up. Unfounded unless somebody's steps diverge from the opened seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort {
    /// The batch.
    pub batch: SessionId,
    /// The session, once all commitments are known.
    pub sid: Option<Digest>,
    /// Why.
    pub reason: Reason,
}

impl Signable for Abort {
    const DOMAIN: &'static str = "triples/abort";
}

/// What a holder knows of what others signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testimony {
    /// The batch.
    pub batch: SessionId,
    /// The commitments that it has, ascending by signer.
    pub commits: Vec<Signed<Commit>>,
    /// The steps that it was sent, ascending by place.
    pub records: Vec<Record>,
}

impl Testimony {
    /// Whether each place occurs once: so there is no more to check than a batch has places.
    pub(super) fn is_orderly(&self) -> bool {
        self.commits.windows(2).all(|pair| pair[0].signer < pair[1].signer)
            && self.records.windows(2).all(|pair| pair[0].slot < pair[1].slot)
    }
}

impl Signable for Testimony {
    const DOMAIN: &'static str = "triples/testimony";
}

/// A holder's seed, with what it was told: enough to recompute everything that it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Behind the holder's commitment.
    pub seed: Seed,
    /// What others signed.
    pub testimony: Testimony,
    /// For whom it waited, if for anybody.
    pub waits: Option<Waits>,
}

impl Signable for Opening {
    const DOMAIN: &'static str = "triples/opening";
}

impl Message {
    /// The batch, if the message names one.
    pub fn batch(&self) -> Option<SessionId> {
        match self {
            Self::Commit(joined) => Some(joined.commit.batch),
            Self::Step(step) => Some(step.batch),
            Self::Seal(seal) => Some(seal.batch),
            Self::Seals(seals) => seals.first().map(|seal| seal.body.batch),
            Self::Abort(abort) => Some(abort.batch),
            Self::Relayed(abort) => Some(abort.body.batch),
            Self::Opening(opening) => Some(opening.testimony.batch),
            Self::Testimony(testimony) => Some(testimony.batch),
        }
    }

    /// What the message is about.
    pub fn label(&self) -> Label {
        let (round, kind) = match self {
            Self::Commit(_) => (0, "commit"),
            Self::Step(step) => (step.slot.kind.round(), step.slot.kind.name()),
            Self::Seal(_) => (7, "seal"),
            Self::Seals(_) => (8, "seals"),
            Self::Abort(_) => (9, "abort"),
            Self::Relayed(_) => (9, "relayed"),
            Self::Opening(_) => (10, "opening"),
            Self::Testimony(_) => (10, "testimony"),
        };
        Label { session: self.batch().unwrap_or_default(), protocol: "triples", round, kind }
    }

    /// The 32 bytes that the sender signs, where the message is signed.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::Commit(joined) => Some(joined.commit.signing_digest()),
            Self::Step(body) => Some(body.signing_digest()),
            Self::Seal(body) => Some(body.signing_digest()),
            Self::Abort(body) => Some(body.signing_digest()),
            Self::Opening(body) => Some(body.signing_digest()),
            Self::Testimony(body) => Some(body.signing_digest()),
            Self::Seals(_) | Self::Relayed(_) => None,
        }
    }
}
