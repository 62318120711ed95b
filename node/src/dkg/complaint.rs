//! Complaints: how a recipient shows everybody that its share in a certified dealing is bad.
//!
//! The accuser reveals the Diffie-Hellman point under which its share is encrypted, with a proof that it is the one:
//! the dealing's ephemeral point and the accuser's encryption key on chain have it as their common multiple. With the
//! point anybody opens that one ciphertext and sees for himself. The point opens nothing else: the dealer proved that
//! the ephemeral point is its own for this session, and the accuser checks that before it decrypts or complains.

use k256::SecretKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use super::collect::Fault;
use super::context::Context;
use super::dealing::{BadShare, Dealing, Flaw};
use super::equality::{EqualityClaim, EqualityProof};
use super::point::WirePoint;
use crate::bugs::{self, Bug};
use crate::id::{Digest, NodeId};
use crate::memo::Memo;
use crate::meter::{Meter, Op};
use crate::roster::Roster;
use crate::wire::{DecodeError, Signed, decode};

/// The longest complaint that the board's contract takes, bytes.
pub const COMPLAINT_BYTES_MAX: usize = 128;

/// One accuser's evidence about one dealing. Session, dealer, digest and accuser are where it stands: in the board's
/// log, and in the proof's challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// The dealing's ephemeral point times the accuser's decryption key.
    pub shared: WirePoint,
    /// That it is.
    pub proof: EqualityProof,
}

/// Who is at fault, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The dealer: the complaint is justified, and the dealing does not count.
    Justified(Fault),
    /// The accuser: the dealing stands.
    Unfounded(Falsehood),
}

impl Ruling {
    /// The one of the two who is provably at fault, and what he did.
    pub fn culprit(&self, dealer: NodeId, accuser: NodeId) -> (NodeId, &'static str) {
        match self {
            Self::Justified(Fault::Share(_)) if bugs::planted(Bug::AccuserBlamed) => (accuser, "gave a bad share"),
            Self::Justified(Fault::Share(_)) => (dealer, "gave a bad share"),
            Self::Justified(Fault::Public(_)) => (dealer, "gave an invalid dealing"),
            Self::Unfounded(_) => (accuser, "made a false complaint"),
        }
    }
}

/// What is false about a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Falsehood {
    /// The revealed point is not proven to be the one of this session, dealing and accuser.
    Proof,
    /// The share opens and is the committed polynomial's value.
    RightShare,
}

/// Why there is nothing to rule on. Nobody is at fault, and the dealing stands.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unjudgeable {
    /// The bytes are no complaint.
    #[error("no complaint: {0}")]
    Malformed(#[from] DecodeError),
    /// The accuser is not in the set.
    #[error("{0} is not a member")]
    NotAMember(NodeId),
    /// The dealing is of another key generation or of nobody in the set.
    #[error("not a dealing of this key generation: {0}")]
    Foreign(Flaw),
    /// The dealing is not signed by its dealer.
    #[error("the dealing is not signed by its dealer")]
    Unsigned,
}

/// Makes the complaint of `accuser` about its share in `dealing`, which discloses that share. To be made only of a
/// dealing that passed [`Dealing::verify_public`]: that the dealer knows the ephemeral point's logarithm is what keeps
/// the revealed point from opening anything of another dealer's.
///
/// It is a function of its arguments alone, so that a restarted node makes the very same complaint again.
pub fn complain(
    context: &Context,
    roster: &Roster,
    dealing: &Dealing,
    accuser: NodeId,
    decryption: &SecretKey,
    meter: &mut Meter,
) -> Option<Complaint> {
    let key = WirePoint::from(roster.get(accuser)?.encryption_key);
    let secret = Zeroizing::new(*decryption.to_nonzero_scalar());
    meter.add(Op::ScalarMul, 1);
    let shared = WirePoint::from(*dealing.ephemeral.point() * *secret);
    let digest = dealing.digest_metered(meter);
    let place = Place { context, dealing, digest, accuser };
    let proof = place.with_claim(&key, &shared, |claim| claim.prove(&secret, meter));
    Some(Complaint { shared, proof })
}

/// Decides between a dealer and an accuser. Everybody who holds the dealing comes to the same ruling.
///
/// # Errors
/// If there is nothing to rule on.
pub fn judge(
    context: &Context,
    roster: &Roster,
    dealing: &Signed<Dealing>,
    accuser: NodeId,
    complaint: &[u8],
    memo: &Memo,
    meter: &mut Meter,
) -> Result<Ruling, Unjudgeable> {
    let complaint: Complaint = decode(complaint, COMPLAINT_BYTES_MAX)?;
    if bugs::planted(Bug::ComplaintOnWord) {
        return Ok(Ruling::Justified(Fault::Share(BadShare::Mismatch)));
    }
    let key = roster.get(accuser).ok_or(Unjudgeable::NotAMember(accuser))?.encryption_key;
    let body = &dealing.body;
    match body.verify_public(context, memo, meter) {
        Ok(()) => {}
        Err(flaw @ (Flaw::OtherSession | Flaw::NotAMember)) => return Err(Unjudgeable::Foreign(flaw)),
        Err(flaw @ (Flaw::Commitments { .. } | Flaw::Ciphertexts { .. } | Flaw::Proof | Flaw::EphemeralProof)) => {
            return signed(roster, dealing, meter).map(|()| Ruling::Justified(Fault::Public(flaw)));
        }
    }
    signed(roster, dealing, meter)?;
    let digest = body.digest_metered(meter);
    let place = Place { context, dealing: body, digest, accuser };
    let is_proven =
        place.with_claim(&WirePoint::from(key), &complaint.shared, |claim| claim.holds(&complaint.proof, memo, meter));
    if !is_proven {
        return Ok(Ruling::Unfounded(Falsehood::Proof));
    }
    Ok(match body.open_with(context, accuser, complaint.shared.point(), meter) {
        Ok(_) => Ruling::Unfounded(Falsehood::RightShare),
        Err(bad) => Ruling::Justified(Fault::Share(bad)),
    })
}

fn signed(roster: &Roster, dealing: &Signed<Dealing>, meter: &mut Meter) -> Result<(), Unjudgeable> {
    let dealer = dealing.body.dealer;
    let member = roster.get(dealer).filter(|_| dealing.signer == dealer);
    let is_signed = member.is_some_and(|member| dealing.verify(&member.identity, meter));
    if is_signed { Ok(()) } else { Err(Unjudgeable::Unsigned) }
}

/// Where a complaint stands.
struct Place<'a> {
    context: &'a Context,
    dealing: &'a Dealing,
    digest: Digest,
    accuser: NodeId,
}

impl Place<'_> {
    /// Runs `run` on the claim that `shared` is the accuser's point, bound to session, dealer, dealing and accuser.
    fn with_claim<R>(&self, key: &WirePoint, shared: &WirePoint, run: impl FnOnce(EqualityClaim<'_>) -> R) -> R {
        let Self { context, dealing, digest, accuser } = self;
        let (dealer, accuser) = (dealing.dealer.0.to_be_bytes(), accuser.0.to_be_bytes());
        let session = context.session();
        let facts: [&[u8]; 5] = [context.digest(), session.as_ref(), &dealer, digest.as_ref(), &accuser];
        let base = &dealing.ephemeral;
        run(EqualityClaim { domain: "dkg/complaint", key, base, image: shared, facts: &facts })
    }
}
