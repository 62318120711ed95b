//! What nodes say to each other while presigning and signing.

use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};

use super::{CombinedSignature, Scheme, ShareScalar};
use crate::curve;
use crate::id::{Boot, Digest, Epoch, KeyId, NodeId, SessionId};
use crate::io::Label;
use crate::wire::{Signable, Signed};

/// A message of the signing protocols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// A leader starts a presignature.
    PresignStart(PresignStart),
    /// A holder's opened values of a presignature, to its leader.
    PresignShare(PresignShare),
    /// All holders' opened values of a presignature, from its leader.
    PresignOpened(PresignOpened),
    /// A node agrees to sign, to the attempt's coordinator.
    Announce(Announce),
    /// A coordinator fixes holders and nonces, to the holders.
    Propose(Propose),
    /// A holder's signature share, to the holders.
    Share(Share),
    /// The signature, to those who lack it.
    Finished(Box<Finished>),
    /// The proposal that the sender answered, as the coordinator signed it, to a holder that answered another one of the
    /// same attempt: if the two contradict each other, they convict the coordinator.
    Answered(Box<Signed<Propose>>),
}

/// Starts a presignature of `key` among `holders`; its hash is the presignature's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignStart {
    /// The key.
    pub key: KeyId,
    /// The epoch of the key's shares.
    pub epoch: Epoch,
    /// Who starts it, and alone may propose it.
    pub leader: NodeId,
    /// Who holds it, ascending: exactly the threshold.
    pub holders: Vec<NodeId>,
    /// The batch of triples, of this leader and these holders.
    pub batch: u64,
    /// The hash of the batch's public polynomials, as its holders have sealed it; `None` for dealt triples. A number may
    /// come twice, from a leader that lies to a restarted holder; the hash never does.
    pub sealed: Option<Digest>,
    /// The triple (k, d, kd) in the batch.
    pub nonce: u32,
    /// The triple (a, b, ab) in the batch.
    pub product: u32,
}

impl Signable for PresignStart {
    const DOMAIN: &'static str = "signing/presign/start";
}

/// A holder's values of a presignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignShare {
    /// The presignature.
    pub presignature: Digest,
    /// The values.
    pub opening: Opening,
}

impl Signable for PresignShare {
    const DOMAIN: &'static str = "signing/presign/share";
}

/// What the holders of a presignature have opened. It goes through the leader, so that a holder which opens to some and
/// not to others can stop nobody unseen: either the leader misses its values, or all holders get them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignOpened {
    /// The presignature.
    pub presignature: Digest,
    /// The values as their holders signed them, ascending by signer: of all holders.
    pub openings: Vec<Signed<PresignShare>>,
}

impl Signable for PresignOpened {
    const DOMAIN: &'static str = "signing/presign/opened";
}

/// What a holder opens for a presignature: shares of kd, k + a and x + b, each checkable against public points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Share of kd.
    #[serde(with = "curve::scalar")]
    pub w: Scalar,
    /// Share of k + a.
    #[serde(with = "curve::scalar")]
    pub u: Scalar,
    /// Share of x + b.
    #[serde(with = "curve::scalar")]
    pub v: Scalar,
}

/// A node has authorised the session and will answer one proposal that contains this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announce {
    /// The session: hash of request, signature name, key, epoch and scheme.
    pub session: SessionId,
    /// The attempt, which decides the coordinator.
    pub attempt: u32,
    /// The run of the coordinator that this is for. A restarted coordinator has forgotten what it proposed; were it
    /// to take up what was announced to it before, it could propose the same nonces twice and prove itself a liar.
    pub coordinator_boot: Boot,
    /// How often the node has announced itself for the attempt before. FROST nonces serve one proposal; a node whose
    /// nonces are gone without a signature offers new ones to the same coordinator.
    pub turn: u32,
    /// The announcing node's boot. A node that is restarted and asked again announces anew; with the boot in it, no
    /// two different announcements are ever signed for the same place.
    pub boot: Boot,
    /// Its number among all that the node announces in that run, over all sessions, ascending. By it a coordinator tells
    /// what it has proposed from what is new without remembering each.
    pub serial: u64,
    /// What the node is willing to sign.
    pub digest: Digest,
    /// The node's contribution to the nonce.
    pub fresh: Fresh,
}

impl Signable for Announce {
    const DOMAIN: &'static str = "signing/announce";
}

/// A node's contribution to a signature's nonce, made after it authorised the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fresh {
    /// ECDSA: bytes that enter the rerandomisation.
    Bytes([u8; 32]),
    /// FROST: commitments to one-time nonces.
    Nonces(Box<NonceCommitments>),
}

impl Fresh {
    /// Whether this contribution is one of `scheme`. Which of FROST's schemes commitments are for, the session says.
    pub fn is_for(&self, scheme: Scheme) -> bool {
        match self {
            Self::Bytes(_) => scheme == Scheme::EcdsaK256,
            Self::Nonces(_) => scheme.is_frost(),
        }
    }

    /// The protocol's name in labels.
    fn protocol(&self) -> &'static str {
        match self {
            Self::Bytes(_) => Scheme::EcdsaK256.protocol(),
            Self::Nonces(_) => Scheme::SchnorrK256Sha256.protocol(),
        }
    }
}

/// FROST commitments, RFC 9591 section 5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceCommitments {
    /// Commitment to the hiding nonce.
    #[serde(with = "curve::point")]
    pub hiding: ProjectivePoint,
    /// Commitment to the binding nonce.
    #[serde(with = "curve::point")]
    pub binding: ProjectivePoint,
}

/// Fixes the holders and the nonce of one signing run. Its digest is what shares refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Propose {
    /// The session.
    pub session: SessionId,
    /// The attempt.
    pub attempt: u32,
    /// ECDSA: the presignature, led by the proposer.
    pub presignature: Option<Digest>,
    /// The holders' announcements, ascending by signer: exactly the threshold.
    pub announcements: Vec<Signed<Announce>>,
}

impl Signable for Propose {
    const DOMAIN: &'static str = "signing/propose";
}

impl Propose {
    /// The protocol's name in labels.
    fn protocol(&self) -> &'static str {
        match self.presignature {
            Some(_) => Scheme::EcdsaK256.protocol(),
            None => Scheme::SchnorrK256Sha256.protocol(),
        }
    }

    /// Whether no honest coordinator makes both: they differ, and have a presignature or FROST nonces in common.
    pub fn contradicts(&self, other: &Self) -> bool {
        let same_nonces = |a: &Signed<Announce>| {
            matches!(a.body.fresh, Fresh::Nonces(_))
                && other.announcements.iter().any(|b| (a.signer, &a.body) == (b.signer, &b.body))
        };
        let same_presignature = self.presignature.is_some() && self.presignature == other.presignature;
        self != other && (same_presignature || self.announcements.iter().any(same_nonces))
    }
}

/// A holder's signature share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The session.
    pub session: SessionId,
    /// The attempt.
    pub attempt: u32,
    /// The scheme.
    pub scheme: Scheme,
    /// Digest of the proposal that it answers.
    pub proposal: Digest,
    /// The share.
    pub share: ShareScalar,
}

impl Signable for Share {
    const DOMAIN: &'static str = "signing/share";
}

/// The signature of a session. It needs no signature of its own: it is checked against key and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The session.
    pub session: SessionId,
    /// The attempt that succeeded.
    pub attempt: u32,
    /// Digest of the proposal that succeeded.
    pub proposal: Digest,
    /// Its holders, ascending.
    pub holders: Vec<NodeId>,
    /// Its nonce point.
    #[serde(with = "curve::point")]
    pub nonce: ProjectivePoint,
    /// The signature.
    pub signature: CombinedSignature,
}

impl Message {
    /// What the message is about.
    pub fn label(&self) -> Label {
        let label = |session, protocol, round, kind| Label { session, protocol, round, kind };
        match self {
            Self::PresignStart(start) => label(SessionId(start.digest().0), "presign", 0, "start"),
            Self::PresignShare(share) => label(SessionId(share.presignature.0), "presign", 1, "share"),
            Self::PresignOpened(opened) => label(SessionId(opened.presignature.0), "presign", 2, "opened"),
            Self::Announce(announce) => label(announce.session, announce.fresh.protocol(), 0, "announce"),
            Self::Propose(propose) => label(propose.session, propose.protocol(), 1, "propose"),
            Self::Share(share) => label(share.session, share.scheme.protocol(), 2, "share"),
            Self::Finished(finished) => label(finished.session, finished.signature.scheme().protocol(), 3, "finished"),
            Self::Answered(signed) => label(signed.body.session, signed.body.protocol(), 3, "answered"),
        }
    }

    /// The 32 bytes that the sender signs, where the message is signed.
    pub fn signing_digest(&self) -> Option<[u8; 32]> {
        match self {
            Self::PresignShare(body) => Some(body.signing_digest()),
            Self::PresignOpened(body) => Some(body.signing_digest()),
            Self::Announce(body) => Some(body.signing_digest()),
            Self::Propose(body) => Some(body.signing_digest()),
            Self::Share(body) => Some(body.signing_digest()),
            Self::PresignStart(_) | Self::Finished(_) | Self::Answered(_) => None,
        }
    }
}
