//! One session at a node that has authorised it: announcing, answering proposals, collecting shares; and, in the
//! attempts whose turn it is, coordinating.

mod announcing;
mod proposals;

use k256::Scalar;
use std::collections::BTreeMap;

use super::coordinator::{Coordination, Step, Task};
use super::io::Io;
use super::over::Source;
use super::pool::Pool;
use super::round::{Judge, Round, Verdict, is_signature};
use super::standing::Mark;
use super::{
    Announce, ClientShare, CombinedSignature, Effect, Finished, Fresh, Message, Misbehaviour, Propose, Scheme, Share,
    ShareEvidence, ShareScalar, SigningEvidence, Subject, ecdsa, frost, is_subset_of,
};
use crate::bugs::{self, Bug};
use crate::id::{Digest, NodeId, SessionId};
use crate::io::Time;
use crate::note::Note;
use crate::wire::{Signable, SignatureBytes, Signed, encode, hash_parts};
use announcing::Announced;
pub(super) use proposals::must_wait;

/// Shares kept of one sender for proposals that have not arrived.
const EARLY_SHARES_MAX: usize = 16;

/// How far a session has come at one node.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Which session, 0x-hex.
    pub session: String,
    /// The client's request, 0x-hex.
    pub request: String,
    /// The key, 0x-hex.
    pub key: String,
    /// How it signs.
    pub scheme: Scheme,
    /// `announced`, `signing` from the first proposal on, `done` or `failed`.
    pub phase: &'static str,
    /// The newest attempt, from 0.
    pub attempt: u32,
    /// Who coordinates it.
    pub coordinator: NodeId,
    /// How many proposals are known.
    pub proposals: usize,
    /// How many attempts this node coordinates.
    pub coordinating: usize,
    /// How many shares wait for their proposal.
    pub early_shares: usize,
}

/// How a session ended.
pub(super) enum Outcome {
    /// With this signature; the effect is to be repeated if the node authorises once more.
    Done(Box<Finished>, Box<Effect>, Source),
    /// Without one.
    Failed,
}

/// The session.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) subject: Subject,
    attempt: u32,
    attempt_until: Time,
    deadline: Time,
    announced: BTreeMap<u32, Announced>,
    rounds: BTreeMap<Digest, Round>,
    early: BTreeMap<NodeId, BTreeMap<Digest, Signed<Share>>>,
    coordinating: BTreeMap<u32, Coordination>,
    /// When it began.
    began: Mark,
    pub(super) outcome: Option<Outcome>,
}

impl Session {
    /// Begins with the first announcement.
    pub(super) fn begin(id: SessionId, subject: Subject, io: &mut Io) -> Self {
        let patience = io.params.attempt_ms(0, subject.scheme);
        let mut session = Self {
            id,
            subject,
            attempt: 0,
            attempt_until: io.env.now.plus_millis(patience),
            deadline: io.env.now.plus_millis(io.params.deadline_ms),
            announced: BTreeMap::new(),
            rounds: BTreeMap::new(),
            early: BTreeMap::new(),
            coordinating: BTreeMap::new(),
            began: io.standing.mark(),
            outcome: None,
        };
        session.announce(0, io);
        session
    }

    /// How far the session has come, in public terms.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            session: self.id.to_string(),
            request: self.subject.request.to_string(),
            key: self.subject.key.public.id().to_string(),
            scheme: self.subject.scheme,
            phase: match &self.outcome {
                None if self.rounds.is_empty() => "announced",
                None => "signing",
                Some(Outcome::Done(..)) => "done",
                Some(Outcome::Failed) => "failed",
            },
            attempt: self.attempt,
            coordinator: self.coordinator(self.attempt),
            proposals: self.rounds.len(),
            coordinating: self.coordinating.len(),
            early_shares: self.early.values().map(BTreeMap::len).sum(),
        }
    }

    /// Who coordinates an attempt: the turn goes round, from a start that the session decides.
    pub(super) fn coordinator(&self, attempt: u32) -> NodeId {
        let members = &self.subject.key.public.members;
        let start = u64::from_be_bytes(self.id.0[..8].try_into().expect("8 of 32 bytes"));
        let turn = (start % members.len() as u64 + u64::from(attempt)) % members.len() as u64;
        members[turn as usize]
    }

    /// An announcement, whose signature the caller has checked, to this node as coordinator.
    pub(super) fn on_announce(
        &mut self,
        from: NodeId,
        body: Announce,
        signature: Option<SignatureBytes>,
        pool: &mut Pool,
        io: &mut Io,
    ) {
        let attempt = body.attempt;
        let Some(signature) = signature else { return io.env.dropped(from, "an announcement without signature") };
        if attempt >= io.params.attempts_max || self.coordinator(attempt) != io.env.me {
            return io.env.dropped(from, "an announcement for another coordinator");
        }
        if body.coordinator_boot != io.env.boot {
            return io.env.dropped(from, "an announcement for another boot of the coordinator");
        }
        if !self.subject.key.public.members.contains(&from) {
            return io.env.dropped(from, "an announcement of a stranger");
        }
        let coordination = self.coordinating.entry(attempt).or_insert_with(Coordination::new);
        coordination.accept(Signed { body, signer: from, signature }, io.proposed);
        self.coordinate(attempt, pool, io);
    }

    /// Does what is due in an attempt that this node coordinates.
    fn coordinate(&mut self, attempt: u32, pool: &mut Pool, io: &mut Io) {
        let Some(coordination) = self.coordinating.get_mut(&attempt) else { return };
        if let Some(round) = coordination.overdue(io.env.now).and_then(|proposal| self.rounds.get(&proposal)) {
            round.missing().into_iter().for_each(|peer| io.suspect(peer));
        }
        let Subject { key, digest, scheme, .. } = &self.subject;
        let task = Task { key, digest: *digest, scheme: *scheme, since: &self.began };
        match coordination.step(&task, pool, io) {
            Step::Wait => {}
            Step::Join => self.announce(attempt, io),
            Step::Propose(presignature, announcements) => {
                let holders: Vec<NodeId> = announcements.iter().map(|a| a.signer).collect();
                let propose = Propose { session: self.id, attempt, presignature, announcements };
                coordination.proposed(propose.digest());
                for holder in holders {
                    io.send(holder, Message::Propose(propose.clone()));
                }
            }
        }
    }

    /// Looks at every attempt that this node coordinates: a presignature may have become ready.
    pub(super) fn coordinate_all(&mut self, pool: &mut Pool, io: &mut Io) {
        let attempts: Vec<u32> = self.coordinating.keys().copied().collect();
        attempts.into_iter().for_each(|attempt| self.coordinate(attempt, pool, io));
    }

    /// A proposal: answered if it is right in everything and the nonce is unused. The nonce is consumed first.
    pub(super) fn on_propose(
        &mut self,
        from: NodeId,
        propose: &Propose,
        signature: Option<SignatureBytes>,
        pool: &mut Pool,
        io: &mut Io,
    ) {
        self.compare(from, propose, signature, io);
        if let Err(reason) = self.examine(from, propose, signature, pool, io) {
            return io.env.dropped(from, reason);
        }
        let proposal = propose.digest();
        let signed = signature.map(|signature| Signed { body: propose.clone(), signer: from, signature });
        let Some((judge, share)) = self.sign(propose, signed, proposal, pool, io) else {
            return io.env.dropped(from, "a proposal whose nonce is used or unusable");
        };
        let holders: Vec<NodeId> = propose.announcements.iter().map(|a| a.signer).collect();
        let Subject { request, sig_name, key, digest, scheme } = self.subject.clone();
        io.env.notes.push(Note::ShareIssued { request, sig_name, key: key.public.id(), digest });
        let (me, session, attempt) = (io.env.me, self.id, propose.attempt);
        let message = Share { session, attempt, scheme, proposal, share: ShareScalar(share) };
        for &holder in holders.iter().filter(|h| **h != me) {
            io.send(holder, Message::Share(message.clone()));
        }
        let mut round = Round::new(propose, signature, judge, me, share);
        for shares in self.early.values_mut() {
            if let Some(share) = shares.remove(&proposal) {
                round.accept(share);
            }
        }
        self.rounds.insert(proposal, round);
        let others: Vec<NodeId> = self.early.iter().filter(|(_, e)| !e.is_empty()).map(|(sender, _)| *sender).collect();
        others.into_iter().for_each(|sender| self.show(sender, attempt, io));
        self.conclude(proposal, io);
    }

    /// Consumes the nonce and computes this node's share.
    fn sign(
        &mut self,
        propose: &Propose,
        signed: Option<Signed<Propose>>,
        proposal: Digest,
        pool: &mut Pool,
        io: &mut Io,
    ) -> Option<(Judge, Scalar)> {
        let Subject { key, digest, .. } = &self.subject;
        let fresh = propose.announcements.iter().map(|a| (a.signer, &a.body.fresh));
        if let Some(id) = &propose.presignature {
            let presignature = pool.take(id, proposal, signed)?;
            io.env.notes.push(Note::NonceUsed { nonce: *id, proposal });
            if presignature.public.start.leader == io.env.me {
                pool.fill(key, io);
            }
            let bytes = fresh.filter_map(|(node, f)| if let Fresh::Bytes(b) = f { Some((node, *b)) } else { None });
            let (run, share) =
                ecdsa::Run::sign(presignature, &key.public, digest, &Scalar::ZERO, &bytes.collect(), io.env.meter)?;
            return Some((Judge::Ecdsa(Box::new(run)), share));
        }
        let own = self.announced.get_mut(&propose.attempt)?;
        let nonces = if bugs::planted(Bug::NonceForEveryProposal) { own.nonces.clone() } else { own.nonces.take() }?;
        let may_repeat = own.body.turn < io.params.attempts_max;
        own.again_at = may_repeat.then(|| io.env.now.plus_millis(io.params.proposal_ms()));
        let nonce = Digest(hash_parts("signing/frost/nonce", &[&encode(&own.body.fresh)]));
        io.env.notes.push(Note::NonceUsed { nonce, proposal });
        let commitments =
            fresh.filter_map(|(node, f)| if let Fresh::Nonces(c) = f { Some((node, **c)) } else { None }).collect();
        let run = frost::Run::new(self.subject.scheme, &key.public, digest, &commitments, io.env.meter).ok()?;
        let share = run.sign(nonces, key, io.env.meter).ok()?;
        Some((Judge::Frost(Box::new(run)), share))
    }

    /// A holder's share; kept for a while if its proposal has not arrived.
    pub(super) fn on_share(&mut self, share: Signed<Share>, io: &mut Io) {
        let (from, proposal) = (share.signer, share.body.proposal);
        // Whoever judges a wrong share looks for the session that its scheme names.
        if share.body.scheme != self.subject.scheme {
            return io.env.dropped(from, "a share of another scheme");
        }
        if let Some(round) = self.rounds.get_mut(&proposal) {
            if !round.accept(share) {
                return io.env.dropped(from, "a share of a stranger, or a second time");
            }
            io.standing.clear(from);
            return self.conclude(proposal, io);
        }
        let early = self.early.entry(from).or_default();
        if early.len() >= EARLY_SHARES_MAX || !self.subject.key.public.members.contains(&from) {
            return io.env.dropped(from, "too many shares for unknown proposals");
        }
        let attempt = share.body.attempt;
        early.entry(proposal).or_insert(share);
        self.show(from, attempt, io);
    }

    /// Shows a holder that answered an unknown proposal of an attempt the one that this node answered instead.
    fn show(&mut self, peer: NodeId, attempt: u32, io: &mut Io) {
        let coordinator = self.coordinator(attempt);
        let rounds = self.rounds.values_mut().filter(|round| round.attempt == attempt);
        let shown: Vec<_> = rounds.filter_map(|round| round.show(peer, coordinator)).collect();
        shown.into_iter().for_each(|signed| io.send(peer, Message::Answered(signed)));
    }

    /// Another holder's proposal: if it contradicts one that this node answered, both bear the coordinator's signature.
    pub(super) fn on_answered(&mut self, from: NodeId, signed: &Signed<Propose>, io: &mut Io) {
        let is_authentic = signed.signer == self.coordinator(signed.body.attempt)
            && io.env.roster.get(signed.signer).is_some_and(|m| signed.verify(&m.identity, io.env.meter));
        if !is_authentic {
            return io.env.dropped(from, "a forged proposal as evidence");
        }
        if self.compare(signed.signer, &signed.body, Some(signed.signature), io) && signed.body.attempt == self.attempt
        {
            self.next_attempt(io);
        }
    }

    /// Convicts the coordinator of a proposal that contradicts one which this node has answered.
    fn compare(&self, coordinator: NodeId, propose: &Propose, signature: Option<SignatureBytes>, io: &mut Io) -> bool {
        let answered = self.rounds.iter().find(|(_, round)| {
            round.proposed.1.is_some() && round.attempt == propose.attempt && round.proposed.0.contradicts(propose)
        });
        let is_proven = coordinator == self.coordinator(propose.attempt) && coordinator != io.env.me;
        let Some((&proposal, round)) = answered.filter(|_| is_proven) else { return false };
        let what = match propose.presignature {
            Some(presignature) => Misbehaviour::TwoProposals { presignature },
            None => Misbehaviour::NoncesProposedTwice { proposal },
        };
        let second = signature.map(|signature| Signed { body: propose.clone(), signer: coordinator, signature });
        let both = round.signed(coordinator).zip(second).map(|(first, second)| Box::new([first, second]));
        io.convict(coordinator, what, both.map(SigningEvidence::TwoProposals));
        true
    }

    /// Combines when all shares of a proposal are there. If one is wrong, names its sender and moves on at once.
    fn conclude(&mut self, proposal: Digest, io: &mut Io) {
        let Some(round) = self.rounds.get(&proposal) else { return };
        match round.verdict(&self.subject.key.public, &self.subject.digest, io.env) {
            Verdict::Incomplete => {}
            Verdict::Signature(signature) => {
                let (attempt, holders, nonce) = (round.attempt, round.holders.clone(), round.judge.nonce());
                let finished = Finished { session: self.id, attempt, proposal, holders, nonce, signature };
                // Not only those who hold nothing: a holder may have crashed between two copies of its share, and then
                // another holder waits for one that never comes.
                let me = io.env.me;
                for &member in self.subject.key.public.members.iter().filter(|member| **member != me) {
                    io.send(member, Message::Finished(Box::new(finished.clone())));
                }
                self.complete(finished, Source::Own, io);
            }
            Verdict::Wrong(liars) => {
                let Some(round) = self.rounds.remove(&proposal) else { return };
                let attempt = round.attempt;
                for liar in liars.into_iter().filter(|_| !bugs::planted(Bug::LiarUnnamed)) {
                    let evidence = self.share_evidence(&round, liar, io);
                    io.convict(liar, Misbehaviour::WrongShare { proposal }, evidence);
                }
                io.fx.push(Effect::WrongResult { attempt: proposal });
                if attempt == self.attempt {
                    self.next_attempt(io);
                }
            }
        }
    }

    /// What shows others that a holder's share in a round is wrong.
    fn share_evidence(&self, round: &Round, liar: NodeId, io: &mut Io) -> Option<SigningEvidence> {
        let presignature = match &round.judge {
            Judge::Ecdsa(run) => Some(Box::new(run.proof_against(liar, io.env.meter)?)),
            Judge::Frost(_) => None,
        };
        let Subject { request, sig_name, key, .. } = &self.subject;
        let proposal = match round.signed(self.coordinator(round.attempt)) {
            Some(signed) => signed,
            None => Signed::new(round.proposed.0.clone(), io.env.me, io.env.identity, io.env.meter),
        };
        Some(SigningEvidence::WrongShare(Box::new(ShareEvidence {
            key: key.public.clone(),
            request: *request,
            sig_name: sig_name.clone(),
            proposal,
            share: round.share_of(liar)?.clone(),
            presignature,
        })))
    }

    /// The signature, from a node that has it.
    pub(super) fn on_finished(&mut self, from: NodeId, finished: Finished, io: &mut Io) {
        let Subject { key, digest, scheme, .. } = &self.subject;
        let signature: &CombinedSignature = &finished.signature;
        let sound = signature.scheme() == *scheme
            && is_subset_of(&finished.holders, self.subject.threshold(), &key.public.members)
            && signature.has_nonce(&finished.nonce)
            && is_signature(signature, &key.public, digest, io.env);
        if sound {
            self.complete(finished, Source::Peer(from), io)
        } else {
            io.env.dropped(from, "no signature of this session")
        }
    }

    fn complete(&mut self, finished: Finished, source: Source, io: &mut Io) {
        let Subject { request, sig_name, key, digest, scheme } = self.subject.clone();
        let of = |(id, round): (&Digest, &Round)| round.client_share(&key.public, digest, *id, io.env.me);
        let mut shares: Vec<ClientShare> = self.rounds.iter().map(of).collect();
        shares.sort_by_key(|share| share.proposal != finished.proposal);
        if shares.first().is_none_or(|share| share.proposal != finished.proposal) {
            let (proposal, holders, nonce) = (finished.proposal, finished.holders.clone(), finished.nonce);
            let public_key = key.public.point;
            shares.insert(0, ClientShare { scheme, public_key, digest, proposal, holders, nonce, share: None });
        }
        let done = Effect::Done { session: self.id, request, sig_name, shares, signature: finished.signature };
        io.fx.push(done.clone());
        self.outcome = Some(Outcome::Done(Box::new(finished), Box::new(done), source));
        io.ended.push(self.id);
    }

    /// Forgets announcements of a peer that has lost its nonces.
    pub(super) fn forget(&mut self, peer: NodeId) {
        self.coordinating.values_mut().for_each(|coordination| coordination.forget(peer));
    }

    /// When something is next due.
    pub(super) fn deadline(&self) -> Time {
        let coordinating = self.coordinating.values().filter_map(Coordination::deadline);
        let again = self.announced.values().filter_map(|announced| announced.again_at);
        coordinating.chain(again).chain([self.attempt_until, self.deadline]).min().unwrap_or(self.deadline)
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, pool: &mut Pool, io: &mut Io) {
        let now = io.env.now;
        let due = |c: &Coordination| c.deadline().is_some_and(|at| at <= now);
        let attempts: Vec<u32> = self.coordinating.iter().filter(|(_, c)| due(c)).map(|(a, _)| *a).collect();
        attempts.into_iter().for_each(|attempt| self.coordinate(attempt, pool, io));
        let fruitless = |announced: &Announced| announced.again_at.is_some_and(|at| at <= now);
        let again = self.announced.iter().filter(|(_, announced)| fruitless(announced));
        let again: Vec<(u32, u32)> = again.map(|(attempt, announced)| (*attempt, announced.body.turn + 1)).collect();
        again.into_iter().for_each(|(attempt, turn)| self.announce_turn(attempt, turn, io));
        if self.attempt_until <= now {
            self.next_attempt(io);
        }
        if self.deadline <= now && self.outcome.is_none() {
            self.fail(io);
        }
    }

    fn next_attempt(&mut self, io: &mut Io) {
        self.attempt += 1;
        if self.attempt >= io.params.attempts_max {
            return self.fail(io);
        }
        self.attempt_until = io.env.now.plus_millis(io.params.attempt_ms(self.attempt, self.subject.scheme));
        self.announce(self.attempt, io);
    }

    fn fail(&mut self, io: &mut Io) {
        let agreed = self.coordinating.values().map(|c| c.agreeing(&self.subject.digest)).max();
        let Subject { request, sig_name, .. } = self.subject.clone();
        let (agreed, needed) = (agreed.unwrap_or_default().max(1), self.subject.threshold());
        io.fx.push(Effect::Failed { session: self.id, request, sig_name, agreed, needed });
        self.outcome = Some(Outcome::Failed);
        io.ended.push(self.id);
    }
}
