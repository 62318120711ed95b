//! One batch at one node: who has said what, and the one-way choice between sealing and opening.

mod contest;

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use super::blame::{Court, Evidence, Misbehaviour, Proof, SealProof, session};
use super::effect::Effect;
use super::holder::{Committing, Fault, Holder, Outcome, Outgoing};
use super::message::{
    Abort, Body, Commit, Joined, Message, Opening, Reason, Record, Seal, ShareProof, Start, Step, Testimony,
};
use super::params::Params;
use super::sealed::Sealed;
use super::seed::Seed;
use super::slot::{Kind, Slot, Terms};
use super::tools::Tools;
use super::triple::DealtTriples;
use crate::bugs::{self, Bug};
use crate::env::Env;
use crate::id::{Digest, NodeId, SessionId};
use crate::io::Time;
use crate::meter::Op;
use crate::wire::{Signable, SignatureBytes, Signed};

/// Who sent a message, and the signature that the caller has checked.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    pub(super) from: NodeId,
    pub(super) signature: Option<SignatureBytes>,
}

/// Sealed and open exclude each other, and neither leads back: a [`Committing`] or [`Holder`] is consumed by both ways,
/// and only `open` gives the seed.
enum State {
    /// Not all have committed.
    Committing(Box<Committing>),
    /// The protocol runs.
    Running(Box<Holder>),
    /// Checked and sealed; not all seals are there. The seed is gone.
    Sealed(Outcome),
    /// Given up, the seed is shown; others' openings are awaited.
    Open,
    /// Over: handed out, or failed.
    Over,
}

/// One batch.
pub(super) struct Run {
    id: SessionId,
    start: Signed<Start>,
    terms: Rc<Terms>,
    params: Params,
    state: State,
    sid: Option<Digest>,
    commits: BTreeMap<NodeId, Signed<Commit>>,
    /// Steps that came before all commitments.
    early: BTreeMap<Slot, (Step, SignatureBytes)>,
    records: BTreeMap<Slot, Record>,
    /// Steps that may become evidence: small ones, and the polynomials.
    kept: BTreeMap<Slot, Signed<Step>>,
    seals: BTreeMap<NodeId, Signed<Seal>>,
    aborts: BTreeMap<NodeId, Signed<Abort>>,
    openings: BTreeMap<NodeId, Signed<Opening>>,
    testimonies: BTreeMap<NodeId, Signed<Testimony>>,
    named: BTreeSet<NodeId>,
    suspects: BTreeSet<NodeId>,
    /// Somebody gave up: this holder has said what it knows, and has judged.
    contested: bool,
    /// That was so early that nobody can have waited long for anything.
    premature: bool,
    /// Of how many aborts the openings have been replayed in vain.
    replayed: Option<usize>,
    judged: bool,
    /// This holder has said what it was told because somebody gave up another session.
    told_of_split: bool,
    began: Time,
    deadline: Time,
    forgotten: bool,
    /// Where that bug is planted: the seed of a sealed batch, which otherwise nobody has.
    kept_seed: Option<Seed>,
}

impl Run {
    /// Draws a seed and commits. The caller has checked the terms, and that this node joins the batch for the first
    /// time in this boot.
    pub(super) fn begin(
        start: Signed<Start>,
        terms: Terms,
        params: Params,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) -> Self {
        let (id, k, terms) = (terms.batch, terms.k(), Rc::new(terms));
        let seed = Seed::random(&mut env.entropy.stream(&id.0, "triples/seed"));
        let mut tools = Tools { meter: env.meter, memo: env.memo };
        let committing = Committing::new(Rc::clone(&terms), env.me, seed, &mut tools);
        let (seed, polynomials) = committing.promise(&mut tools);
        let commit = Commit { batch: id, boot: env.boot, seed, polynomials };
        let run = Self {
            id,
            start,
            terms,
            params,
            state: State::Committing(Box::new(committing)),
            sid: None,
            commits: BTreeMap::from([(env.me, Signed::new(commit, env.me, env.identity, env.meter))]),
            early: BTreeMap::new(),
            records: BTreeMap::new(),
            kept: BTreeMap::new(),
            seals: BTreeMap::new(),
            aborts: BTreeMap::new(),
            openings: BTreeMap::new(),
            testimonies: BTreeMap::new(),
            named: BTreeSet::new(),
            suspects: BTreeSet::new(),
            contested: false,
            premature: false,
            replayed: None,
            judged: false,
            told_of_split: false,
            began: env.now,
            deadline: env.now.plus_millis(params.run_ms(k)),
            forgotten: false,
            kept_seed: None,
        };
        let joined = Joined { start: run.start.clone(), commit };
        run.broadcast(Message::Commit(Box::new(joined)), env, fx);
        run
    }

    pub(super) fn leader(&self) -> NodeId {
        self.start.body.leader
    }

    pub(super) fn deadline(&self) -> Time {
        self.deadline
    }

    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.state, State::Over)
    }

    pub(super) fn is_held_by(&self, node: NodeId) -> bool {
        self.terms.holders.contains(&node)
    }

    /// Gives the batch up because a peer has forgotten its part. That needs no judgement: it is nobody's lie. Its leader
    /// has waited for the peer in vain all the same: who is restarted in batch after batch is chosen last.
    pub(super) fn abandon(&mut self, peer: NodeId, env: &mut Env, fx: &mut Vec<Effect>) {
        if !self.is_under_way() {
            return;
        }
        self.judged = true;
        if self.leader() == env.me {
            self.suspects.insert(peer);
            self.report_suspects(fx);
        }
        if matches!(self.state, State::Committing(_) | State::Running(_)) {
            self.give_up(Some(Reason::Late), env, fx);
        }
        self.fail(env, fx);
    }

    pub(super) fn is_forgotten(&self) -> bool {
        self.forgotten
    }

    fn broadcast(&self, message: Message, env: &Env, fx: &mut Vec<Effect>) {
        fx.extend(self.terms.peers(env.me).map(|to| Effect::Send { to, message: message.clone() }));
    }

    /// Takes in a message of this batch.
    pub(super) fn on_message(&mut self, sender: Sender, message: Message, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = sender.from;
        if !self.terms.holders.contains(&from) {
            return env.dropped(from, "a message of no holder");
        }
        if let Message::Seals(seals) = message {
            return self.on_seals(from, seals, env, fx);
        }
        if let Message::Relayed(abort) = message {
            return self.on_relayed(from, *abort, env, fx);
        }
        let Some(signature) = sender.signature else { return env.dropped(from, "an unsigned message") };
        match message {
            Message::Commit(joined) => self.on_commit(sign(joined.commit, from, signature), env, fx),
            Message::Step(step) => self.on_step(from, step, signature, env, fx),
            Message::Seal(seal) => self.on_seal(sign(seal, from, signature), env, fx),
            Message::Abort(abort) => self.on_abort(sign(*abort, from, signature), env, fx),
            Message::Opening(opening) => self.on_opening(sign(*opening, from, signature), env, fx),
            Message::Testimony(testimony) => self.on_testimony(sign(*testimony, from, signature), env, fx),
            Message::Seals(_) | Message::Relayed(_) => {}
        }
    }

    fn on_commit(&mut self, commit: Signed<Commit>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = commit.signer;
        if let Some(known) = self.commits.get(&from) {
            if self.court(env).contradict(&known.body, &commit.body) {
                let two = Box::new([known.clone(), commit]);
                return self.name(from, Proof::TwoCommits(two), env, fx);
            }
            return env.dropped(from, "a second commitment");
        }
        self.commits.insert(from, commit);
        if self.commits.len() < self.terms.k() {
            return;
        }
        let commits: BTreeMap<NodeId, Commit> = self.commits.iter().map(|(holder, c)| (*holder, c.body)).collect();
        let sid = session(self.id, &commits);
        self.sid = Some(sid);
        let committing = match mem::replace(&mut self.state, State::Over) {
            State::Committing(committing) => committing,
            other => {
                self.state = other;
                return;
            }
        };
        let promised = commits.iter().map(|(holder, commit)| (*holder, commit.polynomials)).collect();
        let mut out = Vec::new();
        let mut tools = Tools { meter: env.meter, memo: env.memo };
        self.state = State::Running(Box::new(committing.begin(sid, promised, &mut tools, &mut out)));
        self.send(sid, out, env, fx);
        for (step, signature) in mem::take(&mut self.early).into_values() {
            self.on_step(step.slot.from, step, signature, env, fx);
        }
    }

    fn on_step(&mut self, from: NodeId, step: Step, signature: SignatureBytes, env: &mut Env, fx: &mut Vec<Effect>) {
        let slot = step.slot;
        if slot.from != from || !slot.reaches(env.me) || !slot.exists(&self.terms) {
            return env.dropped(from, "a step of no place");
        }
        if step.body.0.len() != self.terms.length(slot.kind, slot.part) {
            return env.dropped(from, "a step of a wrong length");
        }
        let Some(sid) = self.sid else {
            if slot.kind.round() != 1 || self.early.contains_key(&slot) || !matches!(self.state, State::Committing(_)) {
                return env.dropped(from, "a step before its time");
            }
            self.early.insert(slot, (step, signature));
            return;
        };
        if step.sid != sid {
            return env.dropped(from, "a step of another session");
        }
        env.meter.add(Op::HashByte, step.body.0.len() as u64);
        let record = Record::of(&step, signature);
        if let Some(known) = self.records.get(&slot) {
            if known.hash == record.hash {
                return env.dropped(from, "a repeated step");
            }
            let two = Box::new([known.clone(), record]);
            return self.name(from, Proof::TwoSteps(two), env, fx);
        }
        self.records.insert(slot, record);
        let State::Running(holder) = &mut self.state else { return };
        let mut out = Vec::new();
        let mut tools = Tools { meter: env.meter, memo: env.memo };
        let result = holder.accept(slot, &step.body.0, &mut tools, &mut out);
        let complete = holder.is_complete();
        if may_be_evidence(slot.kind) {
            self.kept.insert(slot, sign(step, from, signature));
        }
        self.send(sid, out, env, fx);
        match result {
            Err(fault) => {
                let reason = self.reason(fault);
                self.give_up(Some(reason), env, fx);
            }
            Ok(()) if complete => self.seal(sid, env, fx),
            Ok(()) => {}
        }
    }

    /// Sends what the holder says, and keeps what may have to be shown.
    fn send(&mut self, sid: Digest, out: Vec<Outgoing>, env: &mut Env, fx: &mut Vec<Effect>) {
        for Outgoing { to, kind, part, body } in out {
            let slot = Slot { from: env.me, to, kind, part };
            let step = Step { batch: self.id, sid, slot, body: Body(body) };
            if matches!(kind, Kind::Polynomials | Kind::Products) {
                self.kept.insert(slot, Signed::new(step.clone(), env.me, env.identity, env.meter));
            }
            match to {
                Some(to) => fx.push(Effect::Send { to, message: Message::Step(step) }),
                None => self.broadcast(Message::Step(step), env, fx),
            }
        }
    }

    fn reason(&self, fault: Fault) -> Reason {
        let slot = match fault {
            Fault::Unequal => return Reason::Unequal,
            Fault::Bad(slot) | Fault::Share(slot) => slot,
        };
        let of = |kind, to| self.kept.get(&Slot { from: slot.from, to, kind, part: 0 }).cloned();
        if let Fault::Bad(_) = fault {
            let step = of(slot.kind, slot.to).filter(|_| slot.kind == Kind::Sums);
            return step.map_or(Reason::Bad(slot), |step| Reason::Sums(Box::new(step)));
        }
        let sums = of(Kind::Sums, None).filter(|_| slot.kind == Kind::LastShares);
        match (of(Kind::Polynomials, None), of(slot.kind, slot.to)) {
            (Some(polynomials), Some(shares)) => Reason::Share(Box::new(ShareProof { polynomials, sums, shares })),
            _ => Reason::Bad(slot),
        }
    }

    fn seal(&mut self, sid: Digest, env: &mut Env, fx: &mut Vec<Effect>) {
        let State::Running(holder) = mem::replace(&mut self.state, State::Over) else { return };
        self.kept_seed = bugs::planted(Bug::OpenAfterSeal).then(|| holder.seed_that_should_be_gone());
        let outcome = match holder.seal(&mut Tools { meter: env.meter, memo: env.memo }) {
            Ok(outcome) => outcome,
            Err(holder) => {
                self.state = State::Running(holder);
                return;
            }
        };
        let seal = Seal { batch: self.id, sid, public: outcome.public };
        self.state = State::Sealed(outcome);
        let (k, leads) = (self.terms.k(), self.leader() == env.me);
        self.deadline = env.now.plus_millis(if leads { self.params.seals_ms(k) } else { self.params.batch_ms(k) });
        self.seals.insert(env.me, Signed::new(seal, env.me, env.identity, env.meter));
        self.broadcast(Message::Seal(seal), env, fx);
        for seal in self.seals.clone().into_values() {
            self.check_seal(&seal, env, fx);
        }
        self.release(env, fx);
    }

    fn on_seal(&mut self, seal: Signed<Seal>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = seal.signer;
        if self.sid != Some(seal.body.sid) {
            return env.dropped(from, "a seal of another session");
        }
        self.check_seal(&seal, env, fx);
        if self.seals.contains_key(&from) {
            return env.dropped(from, "a second seal");
        }
        if let Some(abort) = self.aborts.get(&from).filter(|abort| abort.body.sid == self.sid) {
            let two = Box::new((seal.clone(), abort.clone()));
            self.name(from, Proof::SealAndAbort(two), env, fx);
        }
        if let Some(opening) = self.openings.get(&from) {
            self.check_sealed_seed(seal.clone(), opening.clone(), env, fx);
        }
        self.seals.insert(from, seal);
        self.release(env, fx);
    }

    /// Names the maker of a seal that is not of the polynomials that this holder has sealed.
    fn check_seal(&mut self, seal: &Signed<Seal>, env: &mut Env, fx: &mut Vec<Effect>) {
        let State::Sealed(outcome) = &self.state else { return };
        if seal.body.public == outcome.public {
            return;
        }
        let bodies = |kind| -> Vec<Body> {
            let of = |from: &NodeId| self.kept.get(&Slot { from: *from, to: None, kind, part: 0 });
            self.terms.holders.iter().filter_map(of).map(|step| step.body.body.clone()).collect()
        };
        let proof = SealProof {
            seal: seal.clone(),
            commits: self.commits.values().map(|commit| commit.body).collect(),
            polynomials: bodies(Kind::Polynomials),
            products: bodies(Kind::Products),
        };
        self.name(seal.signer, Proof::Seal(Box::new(proof)), env, fx);
    }

    /// Others' seals from a holder that has them all: whoever sealed to some only stops nobody.
    fn on_seals(&mut self, from: NodeId, seals: Vec<Signed<Seal>>, env: &mut Env, fx: &mut Vec<Effect>) {
        for seal in seals {
            let wanted = self.terms.holders.contains(&seal.signer) && !self.seals.contains_key(&seal.signer);
            let ours = seal.body.batch == self.id && self.sid == Some(seal.body.sid);
            if !wanted || !ours {
                continue;
            }
            match env.roster.get(seal.signer) {
                Some(member) if seal.verify(&member.identity, env.meter) => self.on_seal(seal, env, fx),
                _ => return env.dropped(from, "a forged seal"),
            }
        }
    }

    /// Hands the triples out once all holders have sealed the same.
    fn release(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        let State::Sealed(outcome) = &self.state else { return };
        let agrees = |seal: &Signed<Seal>| seal.body.public == outcome.public;
        let sealed = self.seals.len() == self.terms.k() && self.seals.values().all(agrees);
        if !sealed && !bugs::planted(Bug::UnsealedTriples) {
            return;
        }
        let State::Sealed(outcome) = mem::replace(&mut self.state, State::Over) else { return };
        let Start { leader, batch, holders, .. } = self.start.body.clone();
        let commitments = outcome.triples.iter().map(|triple| Arc::clone(&triple.commitments)).collect();
        let sealed = Sealed { public: outcome.public, commitments, seals: self.seals.clone() };
        let sealed = Some(Arc::new(sealed));
        let triples = DealtTriples { leader, holders, batch, triples: outcome.triples, sealed };
        fx.push(Effect::Ready { batch: self.id, triples: Box::new(triples) });
        self.broadcast(Message::Seals(self.seals.values().cloned().collect()), env, fx);
        self.end(env);
    }

    /// Shows the seed, if it is still there: `reason` is this holder's own, `None` if another gave up first.
    fn give_up(&mut self, reason: Option<Reason>, env: &mut Env, fx: &mut Vec<Effect>) {
        let waits = self.waits(env.me);
        let seed = match mem::replace(&mut self.state, State::Open) {
            State::Committing(committing) => committing.open(),
            State::Running(holder) => holder.open(),
            other => {
                self.state = other;
                return;
            }
        };
        if let Some(reason) = reason {
            let court = self.court(env);
            let accusation = court.accusation(&reason, &mut Tools { meter: env.meter, memo: env.memo });
            if let Some((accused, Some(proof))) = accusation {
                self.name(accused, proof, env, fx);
            }
            let abort = Abort { batch: self.id, sid: self.sid, reason };
            self.aborts.insert(env.me, Signed::new(abort.clone(), env.me, env.identity, env.meter));
            self.broadcast(Message::Abort(Box::new(abort)), env, fx);
        }
        let opening = Opening { seed, testimony: self.testimony(), waits };
        self.openings.insert(env.me, Signed::new(opening.clone(), env.me, env.identity, env.meter));
        self.broadcast(Message::Opening(Box::new(opening)), env, fx);
        self.begin_contest(env);
        self.judge_if_all_spoke(env, fx);
    }

    fn court<'a>(&self, env: &Env<'a>) -> Court<'a> {
        Court { batch: self.id, terms: Rc::clone(&self.terms), roster: env.roster }
    }

    /// Names a culprit, once, if the evidence stands.
    fn name(&mut self, node: NodeId, proof: Proof, env: &mut Env, fx: &mut Vec<Effect>) {
        if node == env.me || self.named.contains(&node) {
            return;
        }
        let evidence = Evidence { start: self.start.body.clone(), culprit: node, proof };
        if let Ok(what) = evidence.verify(env.roster, env.meter, env.memo) {
            self.convict(node, what, evidence.proof, env.me, fx);
        }
    }

    fn convict(&mut self, node: NodeId, what: Misbehaviour, proof: Proof, me: NodeId, fx: &mut Vec<Effect>) {
        if node != me && self.named.insert(node) {
            let evidence = Evidence { start: self.start.body.clone(), culprit: node, proof };
            fx.push(Effect::Culprit { node, what, evidence: Box::new(evidence) });
        }
    }

    fn report_suspects(&mut self, fx: &mut Vec<Effect>) {
        let (suspects, leader) = (mem::take(&mut self.suspects), self.leader());
        fx.extend(suspects.difference(&self.named).map(|node| Effect::Suspect { leader, node: *node }));
    }

    fn fail(&mut self, env: &Env, fx: &mut Vec<Effect>) {
        let Start { leader, holders, .. } = self.start.body.clone();
        self.state = State::Over;
        fx.push(Effect::Failed { batch: self.id, leader, holders });
        self.end(env);
    }

    /// Keeps only what is needed to answer for the batch.
    fn end(&mut self, env: &Env) {
        self.deadline = env.now.plus_millis(self.params.retention_ms(self.terms.k()));
        self.early.clear();
        self.records.clear();
        self.kept.clear();
        self.openings.clear();
        self.testimonies.clear();
    }

    /// Lets time pass. The caller calls when the deadline has come.
    pub(super) fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        match &self.state {
            State::Committing(_) | State::Running(_) => {
                self.give_up(Some(Reason::Late), env, fx);
            }
            State::Open => self.judge(env, fx),
            State::Sealed(_) if self.contested && !self.judged => self.judge(env, fx),
            State::Sealed(_) => {
                if !self.contested {
                    self.suspects.extend(self.terms.peers(env.me).filter(|peer| !self.seals.contains_key(peer)));
                    self.report_suspects(fx);
                }
                self.fail(env, fx);
            }
            State::Over => self.forgotten = true,
        }
    }
}

/// Whether a step is kept whole: the polynomials and what is checked against them.
fn may_be_evidence(kind: Kind) -> bool {
    matches!(kind, Kind::Polynomials | Kind::Products | Kind::Shares | Kind::Sums | Kind::LastShares)
}

fn sign<T: Signable>(body: T, signer: NodeId, signature: SignatureBytes) -> Signed<T> {
    Signed { body, signer, signature }
}
