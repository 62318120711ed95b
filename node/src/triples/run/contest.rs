//! What happens in a batch once somebody gives up: who shows what, who is named, who is suspected.

use std::collections::BTreeSet;
use std::mem;

use super::{Run, State};
use crate::bugs::{self, Bug};
use crate::env::Env;
use crate::id::NodeId;
use crate::triples::blame::{Misbehaviour, Proof, SealedSeed, Verdict};
use crate::triples::effect::Effect;
use crate::triples::message::{Abort, Message, Opening, Reason, Record, Seal, Testimony};
use crate::triples::slot::{Kind, Slot};
use crate::triples::tools::Tools;
use crate::triples::waits::{Around, Awaited, Waits};
use crate::wire::Signed;

impl Run {
    pub(super) fn testimony(&self) -> Testimony {
        let (commits, records) = (self.commits.values().cloned().collect(), self.records.values().cloned().collect());
        Testimony { batch: self.id, commits, records }
    }

    pub(super) fn on_abort(&mut self, abort: Signed<Abort>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = abort.signer;
        if self.aborts.contains_key(&from) {
            return env.dropped(from, "a second abort");
        }
        // A holder that has been restarted may have given up a session that others never knew.
        if self.sid.is_some() && abort.body.sid.is_some() && abort.body.sid != self.sid {
            // Somebody committed otherwise to others: what this holder was told shows whom.
            if !mem::replace(&mut self.told_of_split, true) && !self.contested && self.is_under_way() {
                self.broadcast(Message::Testimony(Box::new(self.testimony())), env, fx);
            }
            return env.dropped(from, "an abort of another session");
        }
        if let Some(seal) = self.seals.get(&from).filter(|seal| abort.body.sid == Some(seal.body.sid)) {
            let two = Box::new((seal.clone(), abort.clone()));
            self.name(from, Proof::SealAndAbort(two), env, fx);
        }
        let court = self.court(env);
        let accusation = court.accusation(&abort.body.reason, &mut Tools { meter: env.meter, memo: env.memo });
        match accusation {
            Some((accused, Some(proof))) => self.name(accused, proof, env, fx),
            Some((_, None)) => self.name(from, Proof::FalseAccusation(Box::new(abort.clone())), env, fx),
            None => {}
        }
        match &abort.body.reason {
            Reason::Late if self.is_early(env) => _ = self.suspects.insert(from),
            Reason::Bad(slot) if bugs::planted(Bug::AbortOnWord) => {
                let word = Proof::FalseAccusation(Box::new(abort.clone()));
                self.convict(slot.from, Misbehaviour::Diverged, word, env.me, fx);
            }
            Reason::Late | Reason::Bad(_) | Reason::Unequal | Reason::Share(_) | Reason::Sums(_) => {}
        }
        self.aborts.insert(from, abort);
        self.contest(env, fx);
    }

    /// Another's abort from a holder that follows it.
    pub(super) fn on_relayed(&mut self, from: NodeId, abort: Signed<Abort>, env: &mut Env, fx: &mut Vec<Effect>) {
        if self.aborts.contains_key(&abort.signer) {
            return;
        }
        // This holder's own word from before a restart, too, ends the batch for all others.
        let is_holder = self.terms.holders.contains(&abort.signer);
        match env.roster.get(abort.signer).filter(|_| is_holder && abort.body.batch == self.id) {
            Some(member) if abort.verify(&member.identity, env.meter) => self.on_abort(abort, env, fx),
            _ => env.dropped(from, "a forged abort"),
        }
    }

    /// Whether it is too early to miss anybody: half of the time is left in which an honest network is done.
    fn is_early(&self, env: &Env) -> bool {
        env.now < self.began.plus_millis(self.params.run_ms(self.terms.k()) / 2)
    }

    pub(super) fn begin_contest(&mut self, env: &Env) {
        self.contested = true;
        self.premature = self.is_early(env);
        self.deadline = env.now.plus_millis(self.params.open_ms());
    }

    /// Holders whose commitments are not the same for all, or not to the seed that they showed. They may have been
    /// restarted, which convicts nobody; but nobody else is needed to explain that the others are of two sessions, and
    /// wait for each other.
    fn of_two_minds(&self, env: &mut Env) -> BTreeSet<NodeId> {
        let other_seed = |(holder, opening): (&NodeId, &Signed<Opening>)| {
            let committed = self.commits.get(holder)?.body.seed;
            (committed != opening.body.seed.commitment(self.id, *holder)).then_some(*holder)
        };
        let mut found: BTreeSet<NodeId> = self.openings.iter().filter_map(other_seed).collect();
        for commit in self.told().flat_map(|testimony| &testimony.commits) {
            let differs = self.commits.get(&commit.signer).is_some_and(|known| known.body != commit.body);
            let member = env.roster.get(commit.signer).filter(|_| differs && !found.contains(&commit.signer));
            if commit.body.batch == self.id && member.is_some_and(|member| commit.verify(&member.identity, env.meter)) {
                found.insert(commit.signer);
            }
        }
        found.remove(&env.me);
        found
    }

    /// What the others say that they were told.
    fn told(&self) -> impl Iterator<Item = &Testimony> {
        let opened = self.openings.values().map(|opening| &opening.body.testimony);
        opened.chain(self.testimonies.values().map(|testimony| &testimony.body))
    }

    /// Suspects whoever let others wait, where that is all that went wrong.
    fn suspect_late(&mut self, env: &Env) {
        let is_late = self.aborts.values().any(|abort| abort.body.reason == Reason::Late);
        if self.premature || !is_late || !self.named.is_empty() {
            return;
        }
        let is_sound = |waits: &Waits| {
            let known = waits.holders.iter().all(|holder| self.terms.holders.contains(holder));
            known && waits.holders.is_sorted_by(|a, b| a < b)
        };
        let said = self.openings.iter().filter_map(|(holder, opening)| Some((*holder, opening.body.waits.as_ref()?)));
        let said = said.filter(|(_, waits)| is_sound(waits)).collect();
        let around = Around { me: env.me, faulty_max: env.roster.faulty_max() };
        Waits::suspect(&said, around, &mut self.suspects);
    }

    /// For whom this holder waits.
    pub(super) fn waits(&self, me: NodeId) -> Option<Waits> {
        match &self.state {
            State::Committing(_) => {
                let holders = self.terms.peers(me).filter(|peer| !self.commits.contains_key(peer)).collect();
                Some(Waits { stage: Awaited::Commitments, holders })
            }
            State::Running(holder) => holder.waits(),
            State::Sealed(_) | State::Open | State::Over => None,
        }
    }

    /// Somebody gave up: an unsealed holder shows its seed, a sealed one only what it was told.
    fn contest(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        if !self.contested && self.is_under_way() {
            let relayed = self.aborts.values().map(|abort| Message::Relayed(Box::new(abort.clone())));
            relayed.collect::<Vec<_>>().into_iter().for_each(|abort| self.broadcast(abort, env, fx));
        }
        match &self.state {
            State::Committing(_) | State::Running(_) => self.give_up(None, env, fx),
            State::Sealed(_) if !self.contested => {
                self.begin_contest(env);
                if let Some(seed) = self.kept_seed.take() {
                    let opening = Opening { seed, testimony: self.testimony(), waits: None };
                    self.broadcast(Message::Opening(Box::new(opening)), env, fx);
                }
                self.broadcast(Message::Testimony(Box::new(self.testimony())), env, fx);
            }
            State::Sealed(_) | State::Open | State::Over => {}
        }
        self.judge_if_all_spoke(env, fx);
    }

    pub(super) fn on_opening(&mut self, opening: Signed<Opening>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = opening.signer;
        if !opening.body.testimony.is_orderly() {
            return env.dropped(from, "an opening in disorder");
        }
        if self.openings.contains_key(&from) || !self.is_under_way() && !self.seals.contains_key(&from) {
            return env.dropped(from, "an opening that is not wanted");
        }
        if let Some(commit) = self.commits.get(&from)
            && self.court(env).seed_is_wrong(commit, &opening.body)
        {
            let two = Box::new((commit.clone(), opening.clone()));
            self.name(from, Proof::Seed(two), env, fx);
        }
        if let Some(seal) = self.seals.get(&from) {
            self.check_sealed_seed(seal.clone(), opening.clone(), env, fx);
        }
        self.openings.insert(from, opening);
        // Who opens because others gave up passes on their word. Without any, an opening moves nobody: it would cost a
        // liar nothing to have all others open as if one of them had begun.
        if !self.aborts.is_empty() {
            self.contest(env, fx);
        }
    }

    /// Names a holder that has opened the seed of the session that it has sealed, whichever came first.
    pub(super) fn check_sealed_seed(
        &mut self,
        seal: Signed<Seal>,
        opening: Signed<Opening>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        let (culprit, commits) = (seal.signer, self.commits.values().map(|commit| commit.body).collect());
        self.name(culprit, Proof::SealAndOpening(Box::new(SealedSeed { seal, commits, opening })), env, fx);
    }

    pub(super) fn on_testimony(&mut self, testimony: Signed<Testimony>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = testimony.signer;
        if !testimony.body.is_orderly() {
            return env.dropped(from, "a testimony in disorder");
        }
        if self.testimonies.contains_key(&from) || !self.is_under_way() {
            return env.dropped(from, "a testimony that is not wanted");
        }
        self.testimonies.insert(from, testimony);
        self.judge_if_all_spoke(env, fx);
    }

    pub(super) fn judge_if_all_spoke(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        // Only who has sealed testifies without opening; its seal may still be under way.
        let testified = |peer: &NodeId| self.testimonies.contains_key(peer) && self.seals.contains_key(peer);
        let spoke = |peer: NodeId| self.openings.contains_key(&peer) || testified(&peer);
        if self.contested && !self.judged && self.terms.peers(env.me).all(spoke) {
            // Whatever convicts somebody settles it. If nothing does, a word may still be under way: an abort that its
            // maker's opening has overtaken, or the opening of one who has testified.
            self.accuse(env, fx);
            if !self.named.is_empty() {
                self.judge(env, fx);
            }
        }
    }

    /// Names whoever is convicted by what has been said so far.
    fn accuse(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        for (culprit, proof) in self.contradictions(env) {
            self.name(culprit, proof, env, fx);
        }
        if self.openings.len() == self.terms.k() && self.replayed != Some(self.aborts.len()) {
            self.replayed = Some(self.aborts.len());
            self.judge_by_replay(env, fx);
        }
    }

    /// Ends the contest: names whoever is convicted by what has been said, and suspects whoever said nothing.
    pub(super) fn judge(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        if mem::replace(&mut self.judged, true) || matches!(self.state, State::Over) {
            return;
        }
        self.accuse(env, fx);
        let split = self.of_two_minds(env);
        // Where some are of another session, that explains why they do not open.
        if split.is_empty() {
            for peer in self.terms.peers(env.me).collect::<Vec<_>>() {
                if !self.openings.contains_key(&peer) && !self.is_sealed(peer, env) {
                    self.suspects.insert(peer);
                }
            }
            self.suspect_late(env);
        }
        self.suspects.extend(split);
        self.report_suspects(fx);
        match self.state {
            // The leader may yet hand the batch out: it is kept for as long as seals may come.
            State::Sealed(_) if self.leader() != env.me => {
                self.deadline = env.now.plus_millis(self.params.batch_ms(self.terms.k()));
            }
            _ => self.fail(env, fx),
        }
    }

    /// All have opened.
    fn judge_by_replay(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        let openings: Vec<Signed<Opening>> = self.openings.values().cloned().collect();
        let aborts: Vec<Signed<Abort>> = self.aborts.values().cloned().collect();
        let court = self.court(env);
        let mut tools = Tools { meter: env.meter, memo: env.memo };
        // Where the openings do not even agree on the commitments there is nothing to replay.
        let Ok(Verdict { what, culprits, aborts }) = court.judge(&openings, &aborts, &mut tools) else { return };
        for culprit in culprits {
            let proof = Proof::Replay { openings: openings.clone(), aborts: aborts.clone() };
            // Judged just now: replaying once more would say the same.
            self.convict(culprit, what, proof, env.me, fx);
        }
    }

    /// Whether a holder may have sealed for all that this one knows: it shows this holder's last words, and this holder
    /// has not itself found, without anybody's having said two things, that there was nothing to seal.
    fn is_sealed(&self, peer: NodeId, env: &mut Env) -> bool {
        let unequal = self.aborts.get(&env.me).is_some_and(|abort| abort.body.reason == Reason::Unequal);
        if !self.seals.contains_key(&peer) || unequal && self.named.is_empty() {
            return false;
        }
        let slot = Slot { from: env.me, to: None, kind: Kind::Sums, part: 0 };
        let last = |record: &&Record| record.slot == slot && self.sid == Some(record.sid);
        let shown = self.testimonies.get(&peer).and_then(|t| t.body.records.iter().find(last));
        shown.is_some_and(|r| r.signature.verify(&r.signed_digest(self.id), env.identity.verifying_key(), env.meter))
    }

    /// Contradictions between what several holders were told.
    fn contradictions(&self, env: &mut Env) -> Vec<(NodeId, Proof)> {
        let court = self.court(env);
        let mut found = Vec::new();
        // A seed may have overtaken the commitment that it is not behind.
        for (from, opening) in &self.openings {
            let commit = self.commits.get(from).filter(|commit| court.seed_is_wrong(commit, &opening.body));
            found.extend(commit.map(|commit| (*from, Proof::Seed(Box::new((commit.clone(), opening.clone()))))));
        }
        for testimony in self.told() {
            for commit in &testimony.commits {
                let known =
                    self.commits.get(&commit.signer).filter(|known| court.contradict(&known.body, &commit.body));
                if let Some(known) = known {
                    found.push((commit.signer, Proof::TwoCommits(Box::new([known.clone(), commit.clone()]))));
                }
            }
            for record in &testimony.records {
                let broadcast = record.slot.kind.is_broadcast() && Some(record.sid) == self.sid;
                let known = self.records.get(&record.slot).filter(|known| broadcast && known.hash != record.hash);
                if let Some(known) = known {
                    found.push((record.slot.from, Proof::TwoSteps(Box::new([known.clone(), record.clone()]))));
                }
            }
        }
        found
    }
}
