//! Who lied in a batch, from what was signed.
//!
//! Some lies contradict themselves in signed messages. All others show when every holder has opened its seed: then
//! everything that honest holders would have said is recomputed, and whoever signed a step that differs, although
//! nothing of an earlier round differs, is to blame. Silence and refusal to open prove nothing.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use thiserror::Error;

use super::codec::Reader;
use super::holder::{last_share_matches, polynomials_of, products_of, public_digest, read_sums, sums_hold};
use super::message::{Abort, Body, Commit, Opening, Reason, Record, Seal, ShareProof, Start, Step};
use super::polynomials::{matches, parse, total};
use super::replay::replay;
use super::slot::{Kind, Slot, Terms};
use super::tools::Tools;
use crate::id::{Digest, NodeId, SessionId};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::roster::Roster;
use crate::wire::{Signable, Signed, hash_parts};

/// What a holder did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misbehaviour {
    /// It signed two batches under one number.
    TwoStarts,
    /// It signed two commitments for one batch.
    TwoCommitments,
    /// It signed two different steps for one place.
    TwoSteps,
    /// It dealt a share that is not on its committed polynomial.
    WrongShare,
    /// It signed sums without knowing them.
    WrongSums,
    /// It sealed other polynomials than those that were made.
    WrongSeal,
    /// It gave up or opened a batch that it had sealed.
    BrokenSeal,
    /// It opened a seed that it had not committed to.
    WrongSeed,
    /// It said what does not follow from its seed and what it was told.
    Diverged,
    /// It gave up although all holders said what they should.
    UnfoundedAbort,
}

/// Why evidence proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unfounded {
    /// The batch, the culprit or another signer is none of this validator set.
    #[error("not about a batch of these validators")]
    Strangers,
    /// A signature is wrong.
    #[error("a signature does not verify")]
    Signature,
    /// What is signed does not contradict itself.
    #[error("no contradiction")]
    Consistent,
}

/// Signed messages that convict a holder, to be checked from these bytes and the validators' keys alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The batch.
    pub start: Start,
    /// Who is convicted.
    pub culprit: NodeId,
    /// By what.
    pub proof: Proof,
}

/// The messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// Two batches of one number.
    TwoStarts(Box<[Signed<Start>; 2]>),
    /// Two commitments of one boot.
    TwoCommits(Box<[Signed<Commit>; 2]>),
    /// Two steps in one place.
    TwoSteps(Box<[Record; 2]>),
    /// A share beside its polynomial.
    Share(Box<ShareProof>),
    /// Sums with a wrong proof of knowledge. By then their maker may have sealed, and then no seeds are replayed.
    Sums(Box<Signed<Step>>),
    /// An abort with an accusation that proves nothing.
    FalseAccusation(Box<Signed<Abort>>),
    /// A seal of other polynomials than those of its session.
    Seal(Box<SealProof>),
    /// A seal, and an abort of the same holder.
    SealAndAbort(Box<(Signed<Seal>, Signed<Abort>)>),
    /// A seal, and an opening of the same holder.
    SealAndOpening(Box<SealedSeed>),
    /// A commitment, and another seed.
    Seed(Box<(Signed<Commit>, Signed<Opening>)>),
    /// The openings of all holders: what they should have said can be recomputed.
    Replay {
        /// Of all holders.
        openings: Vec<Signed<Opening>>,
        /// Those that may be unfounded.
        aborts: Vec<Signed<Abort>>,
    },
}

/// A seal, and an opening of the seed behind it. The commitments need no signatures: the sealed session is a hash of
/// them. A restarted holder has another seed, and may open that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSeed {
    /// The seal.
    pub seal: Signed<Seal>,
    /// All holders' commitments, ascending by holder.
    pub commits: Vec<Commit>,
    /// The opening.
    pub opening: Signed<Opening>,
}

/// A seal with all that determines what it should be. The commitments need no signatures: the sealed session is a hash
/// of them. Nor do polynomials and products: they are bound by the commitments and by their proofs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealProof {
    /// The seal.
    pub seal: Signed<Seal>,
    /// All holders' commitments, ascending by holder.
    pub commits: Vec<Commit>,
    /// All holders' polynomials, in the same order.
    pub polynomials: Vec<Body>,
    /// All holders' products, in the same order.
    pub products: Vec<Body>,
}

/// The session: a hash of the batch and all commitments in the order of the holders.
pub(super) fn session(batch: SessionId, commits: &BTreeMap<NodeId, Commit>) -> Digest {
    let parts: Vec<[u8; 34]> = commits
        .iter()
        .map(|(holder, commit)| {
            let mut part = [0; 34];
            part[..2].copy_from_slice(&holder.0.to_be_bytes());
            part[2..].copy_from_slice(&commit.digest().0);
            part
        })
        .collect();
    let mut all: Vec<&[u8]> = vec![&batch.0];
    all.extend(parts.iter().map(|part| &part[..]));
    Digest(hash_parts("triples/session", &all))
}

/// Checks proofs against the keys of a validator set.
pub(super) struct Court<'a> {
    pub(super) batch: SessionId,
    pub(super) terms: Rc<Terms>,
    pub(super) roster: &'a Roster,
}

/// What replaying says.
pub(super) struct Verdict {
    pub(super) what: Misbehaviour,
    /// May be empty.
    pub(super) culprits: BTreeSet<NodeId>,
    /// What it takes besides the openings.
    pub(super) aborts: Vec<Signed<Abort>>,
}

impl Verdict {
    fn diverged(culprits: BTreeSet<NodeId>) -> Self {
        Self { what: Misbehaviour::Diverged, culprits, aborts: Vec::new() }
    }
}

impl Evidence {
    /// Convicts the culprit, or says why not. Only `roster` is believed: that of the batch's epoch, read from chain.
    ///
    /// # Errors
    /// If the evidence proves nothing.
    pub fn verify(&self, roster: &Roster, meter: &mut Meter, memo: &Memo) -> Result<Misbehaviour, Unfounded> {
        let mut tools = Tools { meter, memo };
        if self.start.epoch != roster.epoch() {
            return Err(Unfounded::Strangers);
        }
        let batch = self.start.id();
        let terms = Terms::new(batch, self.start.holders.clone(), self.start.count);
        let court = Court { batch, terms: Rc::new(terms.map_err(|_| Unfounded::Strangers)?), roster };
        court.check(self, &mut tools)
    }
}

impl Court<'_> {
    fn check(&self, evidence: &Evidence, tools: &mut Tools) -> Result<Misbehaviour, Unfounded> {
        let culprit = evidence.culprit;
        match &evidence.proof {
            Proof::TwoStarts(two) => {
                self.signed(culprit, &two[0], tools)?;
                self.signed(culprit, &two[1], tools)?;
                let place = |s: &Start| (s.epoch, s.leader, s.boot, s.batch);
                let led = two[0].body.leader == culprit && place(&two[0].body) == place(&two[1].body);
                let led = led && two[0].body.id() == self.batch;
                guilty(led && two[0].body != two[1].body, Misbehaviour::TwoStarts)
            }
            Proof::TwoCommits(two) => {
                self.signed(culprit, &two[0], tools)?;
                self.signed(culprit, &two[1], tools)?;
                guilty(self.contradict(&two[0].body, &two[1].body), Misbehaviour::TwoCommitments)
            }
            Proof::TwoSteps(two) => {
                self.recorded(culprit, &two[0], tools)?;
                self.recorded(culprit, &two[1], tools)?;
                let place = |r: &Record| (r.sid, r.slot);
                guilty(place(&two[0]) == place(&two[1]) && two[0].hash != two[1].hash, Misbehaviour::TwoSteps)
            }
            Proof::Share(proof) => guilty(self.share_is_wrong(culprit, proof, tools)?, Misbehaviour::WrongShare),
            Proof::Sums(step) => guilty(self.sums_are_wrong(culprit, step, tools)?, Misbehaviour::WrongSums),
            Proof::FalseAccusation(abort) => {
                self.signed(culprit, abort, tools)?;
                let false_alarm = self.accusation(&abort.body.reason, tools).is_some_and(|(_, proof)| proof.is_none());
                guilty(abort.body.batch == self.batch && false_alarm, Misbehaviour::UnfoundedAbort)
            }
            Proof::Seal(proof) => {
                self.signed(culprit, &proof.seal, tools)?;
                guilty(self.seal_is_wrong(proof, tools)?, Misbehaviour::WrongSeal)
            }
            Proof::SealAndAbort(two) => {
                self.signed(culprit, &two.0, tools)?;
                self.signed(culprit, &two.1, tools)?;
                let ours = two.0.body.batch == self.batch && two.1.body.batch == self.batch;
                guilty(ours && two.1.body.sid == Some(two.0.body.sid), Misbehaviour::BrokenSeal)
            }
            Proof::SealAndOpening(proof) => {
                self.signed(culprit, &proof.seal, tools)?;
                self.signed(culprit, &proof.opening, tools)?;
                let commits = self.sealed_commits(&proof.seal.body, &proof.commits)?;
                let Opening { seed, testimony, .. } = &proof.opening.body;
                let committed = commits.get(&culprit).map(|commit| commit.seed);
                let opened = committed == Some(seed.commitment(self.batch, culprit));
                guilty(opened && testimony.batch == self.batch, Misbehaviour::BrokenSeal)
            }
            Proof::Seed(two) => {
                self.signed(culprit, &two.0, tools)?;
                self.signed(culprit, &two.1, tools)?;
                guilty(self.seed_is_wrong(&two.0, &two.1.body), Misbehaviour::WrongSeed)
            }
            Proof::Replay { openings, aborts } => {
                let verdict = self.judge(openings, aborts, tools)?;
                // Nothing unsigned may stand in evidence, nor anything that it does not take.
                let is_bare = verdict.aborts.len() == aborts.len() && openings.len() == self.terms.k();
                guilty(is_bare && verdict.culprits.contains(&culprit), verdict.what)
            }
        }
    }

    fn signed<T: Signable>(&self, by: NodeId, statement: &Signed<T>, tools: &mut Tools) -> Result<(), Unfounded> {
        let member = self.roster.get(by).ok_or(Unfounded::Strangers)?;
        let right = statement.signer == by && statement.verify(&member.identity, tools.meter);
        if right { Ok(()) } else { Err(Unfounded::Signature) }
    }

    fn recorded(&self, by: NodeId, record: &Record, tools: &mut Tools) -> Result<(), Unfounded> {
        let member = self.roster.get(by).ok_or(Unfounded::Strangers)?;
        let digest = record.signed_digest(self.batch);
        let right = record.slot.from == by && record.signature.verify(&digest, &member.identity, tools.meter);
        if right { Ok(()) } else { Err(Unfounded::Signature) }
    }

    /// Whether no honest holder makes both.
    pub(super) fn contradict(&self, one: &Commit, two: &Commit) -> bool {
        one.batch == self.batch && two.batch == self.batch && one.boot == two.boot && one != two
    }

    /// Whether a seed is not that of its commitment.
    pub(super) fn seed_is_wrong(&self, commit: &Signed<Commit>, opening: &Opening) -> bool {
        let ours = commit.body.batch == self.batch && opening.testimony.batch == self.batch;
        // A restarted holder has another seed, and its testimony has the commitment of its new boot.
        let own = opening.testimony.commits.iter().find(|own| own.signer == commit.signer);
        let same_boot = own.is_none_or(|own| own.body.boot == commit.body.boot);
        ours && same_boot && opening.seed.commitment(self.batch, commit.signer) != commit.body.seed
    }

    /// Whom an abort accuses by itself, and the proof if it is one.
    pub(super) fn accusation(&self, reason: &Reason, tools: &mut Tools) -> Option<(NodeId, Option<Proof>)> {
        let (accused, wrong, proof) = match reason {
            Reason::Share(proof) => {
                let accused = proof.shares.signer;
                (accused, self.share_is_wrong(accused, proof, tools), Proof::Share(proof.clone()))
            }
            Reason::Sums(step) => {
                (step.signer, self.sums_are_wrong(step.signer, step, tools), Proof::Sums(step.clone()))
            }
            Reason::Late | Reason::Bad(_) | Reason::Unequal => return None,
        };
        Some((accused, (wrong == Ok(true)).then_some(proof)))
    }

    fn sums_are_wrong(&self, by: NodeId, step: &Signed<Step>, tools: &mut Tools) -> Result<bool, Unfounded> {
        self.signed(by, step, tools)?;
        let Step { batch, sid, slot, body } = &step.body;
        if *batch != self.batch || *slot != (Slot { from: by, to: None, kind: Kind::Sums, part: 0 }) {
            return Err(Unfounded::Consistent);
        }
        Ok(!sums_hold(&self.terms, (*sid, by), &body.0, tools))
    }

    /// Whether the shares contradict what their maker committed to. The proof's signatures are checked.
    fn share_is_wrong(&self, by: NodeId, proof: &ShareProof, tools: &mut Tools) -> Result<bool, Unfounded> {
        let (polynomials, shares) = (&proof.polynomials, &proof.shares);
        let Some(to) = shares.body.slot.to else { return Err(Unfounded::Consistent) };
        let sid = shares.body.sid;
        let place = |step: &Signed<Step>, kind, to| {
            let slot = Slot { from: by, to, kind, part: 0 };
            step.body.batch == self.batch && step.body.sid == sid && step.body.slot == slot && slot.exists(&self.terms)
        };
        self.signed(by, polynomials, tools)?;
        self.signed(by, shares, tools)?;
        if !place(polynomials, Kind::Polynomials, None) {
            return Err(Unfounded::Consistent);
        }
        let Some((committed, _)) = parse(&self.terms, &polynomials.body.body.0) else { return Ok(true) };
        let mut reader = Reader::new(&shares.body.body.0);
        match &proof.sums {
            None if place(shares, Kind::Shares, Some(to)) => {
                let Ok(shares) = reader.scalars(2 * self.terms.count) else { return Ok(true) };
                Ok(!committed.iter().zip(shares.chunks_exact(2)).all(|(t, pair)| {
                    matches(&t.a, to, &pair[0], tools.meter) && matches(&t.b, to, &pair[1], tools.meter)
                }))
            }
            Some(sums) if place(shares, Kind::LastShares, Some(to)) => {
                self.signed(by, sums, tools)?;
                if !place(sums, Kind::Sums, None) {
                    return Err(Unfounded::Consistent);
                }
                let Some(sums) = read_sums(self.terms.count, &sums.body.body.0) else { return Ok(true) };
                let Ok(shares) = reader.scalars(self.terms.count) else { return Ok(true) };
                let mut parts = committed.iter().zip(&sums).zip(&shares);
                Ok(!parts.all(|((t, sum), share)| last_share_matches(t, sum, to, share, tools)))
            }
            _ => Err(Unfounded::Consistent),
        }
    }

    /// Whether a seal is of other polynomials than those of its session. C is the sum of the products, each of which is
    /// proved to be right, so what an honest holder seals is determined by the commitments.
    fn seal_is_wrong(&self, proof: &SealProof, tools: &mut Tools) -> Result<bool, Unfounded> {
        let (k, seal) = (self.terms.k(), &proof.seal.body);
        if [proof.polynomials.len(), proof.products.len()] != [k; 2] {
            return Err(Unfounded::Consistent);
        }
        let commits = self.sealed_commits(seal, &proof.commits)?;
        let holders = || self.terms.holders.iter().copied();
        let mut committed = Vec::with_capacity(k);
        for ((holder, commit), body) in commits.iter().zip(&proof.polynomials) {
            let promise = (*holder, commit.polynomials);
            let opened = polynomials_of(&self.terms, (seal.sid, promise), &body.0, tools);
            committed.push(opened.ok_or(Unfounded::Consistent)?);
        }
        let mut totals = total(self.terms.count, committed.iter(), tools.meter);
        let mut c = vec![k256::ProjectivePoint::IDENTITY; self.terms.count];
        for ((holder, committed), body) in holders().zip(&committed).zip(&proof.products) {
            let products = products_of((seal.sid, holder), committed, &totals, &body.0, tools);
            let products = products.ok_or(Unfounded::Consistent)?;
            c.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        totals.iter_mut().zip(c).for_each(|(t, c)| t.c[0] = c);
        Ok(public_digest(seal.sid, &totals, tools) != seal.public)
    }

    /// The commitments of a sealed session of this batch, of which its name is the hash.
    fn sealed_commits(&self, seal: &Seal, commits: &[Commit]) -> Result<BTreeMap<NodeId, Commit>, Unfounded> {
        let by_holder: BTreeMap<_, _> = self.terms.holders.iter().copied().zip(commits.iter().copied()).collect();
        let fits = commits.len() == self.terms.k() && seal.batch == self.batch;
        if fits && session(self.batch, &by_holder) == seal.sid { Ok(by_holder) } else { Err(Unfounded::Consistent) }
    }

    /// Replays a batch whose seeds have all been opened: whose signed steps diverge first, or else whose abort was
    /// unfounded.
    pub(super) fn judge(
        &self,
        openings: &[Signed<Opening>],
        aborts: &[Signed<Abort>],
        tools: &mut Tools,
    ) -> Result<Verdict, Unfounded> {
        let openings: BTreeMap<NodeId, &Signed<Opening>> = openings.iter().map(|o| (o.signer, o)).collect();
        if !openings.keys().eq(self.terms.holders.iter()) {
            return Err(Unfounded::Strangers);
        }
        let commits = self.agreed_commits(&openings, tools)?;
        let seeds = openings.iter().map(|(holder, opening)| (*holder, &opening.body.seed)).collect();
        let sid = session(self.batch, &commits);
        let said = match replay(&self.terms, &seeds, sid, &commits, tools) {
            Ok(said) => said,
            Err(liars) => return Ok(Verdict::diverged(liars)),
        };
        let mut first: Option<u8> = None;
        let mut liars = BTreeSet::new();
        for record in openings.values().flat_map(|opening| &opening.body.testimony.records) {
            let round = record.slot.kind.round();
            let due = record.sid == sid && first.is_none_or(|first| round <= first);
            let diverges = said.get(&record.slot).is_some_and(|hash| *hash != record.hash);
            if due && diverges && self.recorded(record.slot.from, record, tools).is_ok() {
                if first != Some(round) {
                    liars.clear();
                }
                first = Some(round);
                liars.insert(record.slot.from);
            }
        }
        if !liars.is_empty() {
            return Ok(Verdict::diverged(liars));
        }
        let mut counted = Vec::new();
        for abort in aborts {
            // Being late needs no proof. Before a restart the same holder may have given up another session.
            let ours = abort.body.batch == self.batch && abort.body.sid.is_none_or(|of| of == sid);
            if ours && !matches!(abort.body.reason, Reason::Late) {
                self.signed(abort.signer, abort, tools)?;
                liars.insert(abort.signer);
                counted.push(abort.clone());
            }
        }
        Ok(Verdict { what: Misbehaviour::UnfoundedAbort, culprits: liars, aborts: counted })
    }

    /// The commitments, if all openings have the same, are signed, and fit them.
    fn agreed_commits(
        &self,
        openings: &BTreeMap<NodeId, &Signed<Opening>>,
        tools: &mut Tools,
    ) -> Result<BTreeMap<NodeId, Commit>, Unfounded> {
        let mut agreed: BTreeMap<NodeId, Commit> = BTreeMap::new();
        for (holder, opening) in openings {
            self.signed(*holder, opening, tools)?;
            let testimony = &opening.body.testimony;
            for commit in &testimony.commits {
                let ours = testimony.batch == self.batch && commit.body.batch == self.batch;
                let known = agreed.get(&commit.signer).copied();
                // A forged commitment in an opening stops nobody.
                if !ours || known == Some(commit.body) || self.signed(commit.signer, commit, tools).is_err() {
                    continue;
                }
                if known.is_some() {
                    return Err(Unfounded::Consistent);
                }
                agreed.insert(commit.signer, commit.body);
            }
        }
        let fits = |(holder, commit): (&NodeId, &Commit)| {
            openings.get(holder).is_some_and(|o| o.body.seed.commitment(self.batch, *holder) == commit.seed)
        };
        if agreed.len() == self.terms.k() && agreed.iter().all(fits) { Ok(agreed) } else { Err(Unfounded::Consistent) }
    }
}

fn guilty(is: bool, what: Misbehaviour) -> Result<Misbehaviour, Unfounded> {
    if is { Ok(what) } else { Err(Unfounded::Consistent) }
}
