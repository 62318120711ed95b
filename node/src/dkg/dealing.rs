//! A dealing: one member's contribution to a key, in a form that everybody can check, hold and pass on.
//!
//! Feldman's verifiable secret sharing with Pedersen's key generation (Gennaro, Jarecki, Krawczyk, Rabin 1999). A
//! dealer that sees the others' commitments first can bias bits of the public key; for signing this is harmless.

use k256::elliptic_curve::Field;
use k256::{ProjectivePoint, Scalar, SecretKey};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use super::context::Context;
use super::point::WirePoint;
use super::proof::{Claim, Proof};
use super::seal::{Ciphertext, Place};
use crate::bugs::{self, Bug};
use crate::curve::{Curve, Hidden, ScalarField, SecretPolynomial, evaluate_commitments, times_generator};
use crate::id::{Digest, NodeId, SessionId};
use crate::memo::Memo;
use crate::meter::{Meter, Op};
use crate::roster::Roster;
use crate::wire::{Signable, encode};

/// A member's contribution: a committed polynomial and its value for each member, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Dealing<P: Curve = ProjectivePoint> {
    /// The key generation.
    pub session: SessionId,
    /// Whose contribution it is.
    pub dealer: NodeId,
    /// Feldman commitments to the coefficients, constant term first; as many as the threshold.
    pub commitments: Vec<WirePoint<P>>,
    /// Knowledge of the constant term.
    pub proof: Proof<P>,
    /// The ephemeral point E of the encryption, over secp256k1 as the members' encryption keys.
    pub ephemeral: WirePoint,
    /// Knowledge of E's logarithm. Without it a copied or shifted E would turn its victim's complaint into a leak
    /// of an honest dealer's share.
    pub ephemeral_proof: Proof,
    /// One encrypted share for each member, in the members' order, the dealer included.
    pub ciphertexts: Vec<Ciphertext>,
}

impl<P: Curve> Signable for Dealing<P> {
    const DOMAIN: &'static str = "dkg/dealing";
}

/// Why nobody accepts a dealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It belongs to another key generation.
    #[error("a dealing of another session")]
    OtherSession,
    /// Its dealer is not in the set.
    #[error("the dealer is not a member")]
    NotAMember,
    /// The number of commitments is not the threshold.
    #[error("{found} commitments instead of {expected}")]
    Commitments {
        /// How many there are.
        found: usize,
        /// The threshold.
        expected: usize,
    },
    /// The number of ciphertexts is not that of the members.
    #[error("{found} ciphertexts instead of {expected}")]
    Ciphertexts {
        /// How many there are.
        found: usize,
        /// The number of members.
        expected: usize,
    },
    /// In a resharing, the first commitment is not to the dealer's share.
    #[error("the dealer does not deal the share that it holds")]
    OtherShare,
    /// Knowledge of the constant term is not proven.
    #[error("the proof of knowledge of the constant term does not hold")]
    Proof,
    /// Knowledge of the ephemeral point's logarithm is not proven.
    #[error("the proof of knowledge of the ephemeral key does not hold")]
    EphemeralProof,
}

/// Why a recipient does not accept its share of a publicly valid dealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum BadShare {
    /// The ciphertext does not open, or holds no reduced scalar.
    #[error("the share cannot be decrypted")]
    Undecryptable,
    /// The share is not the committed polynomial's value.
    #[error("the share does not match the commitments")]
    Mismatch,
}

/// Makes a dealing of `polynomial`, whose coefficients must be as many as the threshold.
///
/// # Panics
/// If `roster` is not the set that `context` was made from.
pub fn deal<P: Curve>(
    context: &Context<P>,
    roster: &Roster,
    dealer: NodeId,
    polynomial: &SecretPolynomial<P>,
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> Dealing<P> {
    deal_shares(context, roster, dealer, polynomial, |member| polynomial.evaluate(member), rng, meter)
}

/// Makes a dealing that commits to `polynomial` and gives each member the share that `share_of` names: right shares
/// for [`deal`], anything for a Byzantine dealer.
///
/// # Panics
/// If `roster` is not the set that `context` was made from.
pub fn deal_shares<P: Curve>(
    context: &Context<P>,
    roster: &Roster,
    dealer: NodeId,
    polynomial: &SecretPolynomial<P>,
    share_of: impl Fn(NodeId) -> P::Scalar,
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> Dealing<P> {
    let commitments: Vec<WirePoint<P>> = polynomial.commit().into_iter().map(WirePoint::from).collect();
    let secret = Zeroizing::new(Scalar::random(&mut *rng));
    let ephemeral = WirePoint::from(times_generator(&secret));
    meter.add(P::MUL, commitments.len() as u64);
    meter.add(Op::ScalarMul, 1);
    let proof = with_constant_claim(context, dealer, &commitments, |claim| {
        claim.prove(&polynomial.coefficients()[0], rng, meter)
    });
    let ephemeral_proof = with_ephemeral_claim(context, dealer, &ephemeral, |claim| claim.prove(&secret, rng, meter));
    let seal = |&recipient: &NodeId| {
        let place = Place { session: context.session(), dealer, recipient, ephemeral: &ephemeral };
        let key = roster.get(recipient).expect("the context has the roster's members").encryption_key;
        place.seal(&secret, &key, &Zeroizing::new(share_of(recipient).to_wire()), meter)
    };
    let ciphertexts = context.members().iter().map(seal).collect();
    Dealing { session: context.session(), dealer, commitments, proof, ephemeral, ephemeral_proof, ciphertexts }
}

fn with_constant_claim<P: Curve, R>(
    context: &Context<P>,
    dealer: NodeId,
    commitments: &[WirePoint<P>],
    run: impl FnOnce(Claim<'_, P>) -> R,
) -> R {
    let all: Vec<u8> = commitments.iter().flat_map(|c| c.bytes().iter().copied()).collect();
    let about: &[u8] = if bugs::planted(Bug::NoSessionBinding) { &[] } else { context.digest() };
    let facts: [&[u8]; 3] = [about, &dealer.0.to_be_bytes(), &all];
    run(Claim { domain: "dkg/proof/constant", point: &commitments[0], facts: &facts })
}

fn with_ephemeral_claim<P: Curve, R>(
    context: &Context<P>,
    dealer: NodeId,
    ephemeral: &WirePoint,
    run: impl FnOnce(Claim<'_>) -> R,
) -> R {
    let facts: [&[u8]; 2] = [context.digest(), &dealer.0.to_be_bytes()];
    run(Claim { domain: "dkg/proof/ephemeral", point: ephemeral, facts: &facts })
}

impl<P: Curve> Dealing<P> {
    /// The digest by which acknowledgements and the board name this dealing, with the hashing charged.
    pub fn digest_metered(&self, meter: &mut Meter) -> Digest {
        meter.add(Op::HashByte, encode(self).len() as u64 + 32);
        self.digest()
    }

    /// Checks session, dealer and sizes: what bounds the memory that a dealing may take.
    ///
    /// # Errors
    /// The first flaw found.
    pub fn verify_shape(&self, context: &Context<P>) -> Result<(), Flaw> {
        if self.session != context.session() {
            return Err(Flaw::OtherSession);
        }
        if !context.is_dealer(self.dealer) {
            return Err(Flaw::NotAMember);
        }
        let (found, expected) = (self.commitments.len(), context.threshold());
        if found != expected {
            return Err(Flaw::Commitments { found, expected });
        }
        let (found, expected) = (self.ciphertexts.len(), context.members().len());
        if found != expected {
            return Err(Flaw::Ciphertexts { found, expected });
        }
        Ok(())
    }

    /// Checks everything that needs no secret. Results of the proofs are shared through `memo`; the work is charged
    /// in either case.
    ///
    /// # Errors
    /// The first flaw found.
    pub fn verify_public(&self, context: &Context<P>, memo: &Memo, meter: &mut Meter) -> Result<(), Flaw> {
        self.verify_shape(context)?;
        if let Some(from) = context.source() {
            meter.add(P::ADD, evaluation_additions(from.public.commitments.len(), self.dealer));
            if *self.commitments[0].point() != from.share_of(self.dealer) {
                return Err(Flaw::OtherShare);
            }
        }
        if !with_constant_claim(context, self.dealer, &self.commitments, |c| c.holds(&self.proof, memo, meter)) {
            return Err(Flaw::Proof);
        }
        let ephemeral = |claim: Claim<'_>| claim.holds(&self.ephemeral_proof, memo, meter);
        let is_proven = with_ephemeral_claim(context, self.dealer, &self.ephemeral, ephemeral);
        if !is_proven && !bugs::planted(Bug::EphemeralUnproven) {
            return Err(Flaw::EphemeralProof);
        }
        Ok(())
    }

    /// Decrypts the share of `me` and checks it against the commitments. Call it only after
    /// [`Dealing::verify_public`]: decrypting under an unproven ephemeral point is what the proof prevents.
    ///
    /// # Errors
    /// If the share cannot be decrypted or is not the committed value.
    pub fn open_share(
        &self,
        context: &Context<P>,
        me: NodeId,
        decryption: &SecretKey,
        meter: &mut Meter,
    ) -> Result<Hidden<P::Scalar>, BadShare> {
        let secret = Zeroizing::new(*decryption.to_nonzero_scalar());
        meter.add(Op::ScalarMul, 1);
        let mut shared = *self.ephemeral.point() * *secret;
        let share = self.open_with(context, me, &shared, meter);
        shared.zeroize();
        share
    }

    /// Decrypts the share of `recipient` with the Diffie-Hellman point that it shares with the dealer, and checks the
    /// share against the commitments. A complaint reveals this point.
    ///
    /// # Errors
    /// If the share cannot be decrypted or is not the committed value.
    pub fn open_with(
        &self,
        context: &Context<P>,
        recipient: NodeId,
        shared: &ProjectivePoint,
        meter: &mut Meter,
    ) -> Result<Hidden<P::Scalar>, BadShare> {
        let position = context.position(recipient).ok_or(BadShare::Undecryptable)?;
        let ciphertext = self.ciphertexts.get(position).ok_or(BadShare::Undecryptable)?;
        let place = Place { session: self.session, dealer: self.dealer, recipient, ephemeral: &self.ephemeral };
        let bytes = place.open(shared, ciphertext, meter).ok_or(BadShare::Undecryptable)?;
        let share = Hidden::new(P::Scalar::from_wire(&bytes).ok_or(BadShare::Undecryptable)?);
        meter.add(P::MUL, 1);
        meter.add(P::ADD, evaluation_additions(self.commitments.len(), recipient));
        if !is_committed::<P>(&share, &self.points(), recipient) {
            return Err(BadShare::Mismatch);
        }
        Ok(share)
    }

    /// The commitments as points, constant term first.
    pub fn points(&self) -> Vec<P> {
        self.commitments.iter().map(|c| *c.point()).collect()
    }
}

/// Whether a share is the value at `at` of the polynomial behind `commitments`.
pub(super) fn is_committed<P: Curve>(share: &P::Scalar, commitments: &[P], at: NodeId) -> bool {
    bugs::planted(Bug::UncheckedShare) || P::generate(share) == evaluate_commitments(commitments, at)
}

/// How many point additions and doublings [`evaluate_commitments`] takes at most for `coefficients` commitments.
pub(super) fn evaluation_additions(coefficients: usize, at: NodeId) -> u64 {
    let small = u64::from(u16::BITS - at.0.leading_zeros()) + u64::from(at.0.count_ones());
    coefficients as u64 * (small + 1)
}
