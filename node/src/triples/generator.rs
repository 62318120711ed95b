//! All triple generation at one node: the batches that it leads and those that it joins.

use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

use super::blame::{Evidence, Proof};
use super::effect::Effect;
use super::message::{Joined, Message, Start};
use super::params::{PATIENCE_MAX, Params};
use super::run::{Run, Sender};
use super::slot::{BadTerms, COUNT_MAX, Terms};
use super::triple::deal;
use crate::env::Env;
use crate::id::{NodeId, SessionId};
use crate::io::Time;
use crate::wire::{SignatureBytes, Signed};

/// How many batch numbers of a leader are remembered one by one.
const REMEMBERED: usize = 256;

/// The container.
pub struct Generator {
    params: Params,
    runs: BTreeMap<SessionId, Run>,
    /// Batches that this node has joined in this boot, by leader and number. Joining one twice would sign two
    /// commitments for one place.
    joined: BTreeMap<NodeId, BTreeMap<u64, Signed<Start>>>,
    /// Convicted here: they lead nothing any more.
    liars: BTreeSet<NodeId>,
    counter: u64,
    /// For the next batch that this node leads.
    patience: u8,
    /// Who let this node's batches wait since it last was asked to be more patient, or one was done.
    waited_for: BTreeSet<NodeId>,
}

/// Why a batch is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The holders are not as many members of the validator set as its threshold, with this node among them.
    #[error("not the holders of a sharing of this validator set")]
    Holders,
    /// See [`BadTerms`].
    #[error(transparent)]
    Terms(#[from] BadTerms),
    /// As many batches of this leader as may be are under way.
    #[error("too many batches of this leader are under way")]
    Busy,
    /// The leader was convicted of lying.
    #[error("led by a liar")]
    Liar,
    /// The number is not new.
    #[error("the batch has been joined before")]
    Again,
    /// It is of another epoch.
    #[error("of another epoch")]
    Epoch,
    /// It asks for more than [`PATIENCE_MAX`].
    #[error("asks for too much patience")]
    Patience,
}

impl Generator {
    /// A node's triple generation at the start of a boot.
    pub fn new(params: Params) -> Self {
        Self {
            params,
            runs: BTreeMap::new(),
            joined: BTreeMap::new(),
            liars: BTreeSet::new(),
            counter: 0,
            patience: 0,
            waited_for: BTreeSet::new(),
        }
    }

    /// How many batches are under way or in memory.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Starts a batch that this node leads, of `wanted` triples or more. Its number has the boot in its upper half, so
    /// that no leader gives one twice.
    ///
    /// # Errors
    /// If the holders do not fit, or too many batches are under way.
    pub fn start(
        &mut self,
        holders: &[NodeId],
        wanted: usize,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) -> Result<SessionId, Refused> {
        let batch = u64::from(env.boot.0) << 32 | self.counter;
        let wanted = u16::try_from(wanted).unwrap_or(COUNT_MAX).max(self.params.count);
        let count = Terms::count_for(holders.len(), wanted);
        let start = Start {
            epoch: env.roster.epoch(),
            leader: env.me,
            boot: env.boot,
            batch,
            holders: holders.to_vec(),
            count,
            patience: self.patience,
        };
        if self.under_way(env.me) >= self.params.led_max {
            return Err(Refused::Busy);
        }
        let id = if holders == [env.me] && env.roster.threshold() == 1 {
            alone(&start, env, fx)
        } else {
            let start = Signed::new(start, env.me, env.identity, env.meter);
            self.join(start, env, fx)?
        };
        self.counter += 1;
        Ok(id)
    }

    fn under_way(&self, leader: NodeId) -> usize {
        self.runs.values().filter(|run| run.leader() == leader && run.is_under_way()).count()
    }

    fn join(&mut self, start: Signed<Start>, env: &mut Env, fx: &mut Vec<Effect>) -> Result<SessionId, Refused> {
        let body = &start.body;
        if body.epoch != env.roster.epoch() {
            return Err(Refused::Epoch);
        }
        if body.patience > PATIENCE_MAX {
            return Err(Refused::Patience);
        }
        let known = body.holders.iter().all(|holder| env.roster.get(*holder).is_some());
        let concerned = body.holders.contains(&env.me) && body.holders.contains(&body.leader);
        if body.holders.len() != env.roster.threshold() || !known || !concerned {
            return Err(Refused::Holders);
        }
        if self.liars.contains(&body.leader) {
            return Err(Refused::Liar);
        }
        let terms = Terms::new(body.id(), body.holders.clone(), body.count)?;
        if self.under_way(body.leader) >= self.params.parallel_per_leader_max {
            return Err(Refused::Busy);
        }
        let joined = self.joined.entry(body.leader).or_default();
        let too_old = joined.len() >= REMEMBERED && joined.first_key_value().is_some_and(|first| body.batch < *first.0);
        if let Some(known) = joined.get(&body.batch).filter(|known| known.body != *body) {
            fx.extend(two_starts(known.clone(), start, env));
            return Err(Refused::Again);
        }
        if too_old || u64::from(body.boot.0) != body.batch >> 32 || joined.contains_key(&body.batch) {
            return Err(Refused::Again);
        }
        joined.insert(body.batch, start.clone());
        if joined.len() > REMEMBERED {
            joined.pop_first();
        }
        let (id, leader, params) = (terms.batch, body.leader, self.params.patient(body.patience));
        let run = Run::begin(start, terms, params, env, fx);
        self.runs.insert(id, run);
        self.forget_oldest(leader);
        Ok(id)
    }

    /// Keeps the memory of what a leader's batches came to within bounds.
    fn forget_oldest(&mut self, leader: NodeId) {
        let of_leader = self.runs.iter().filter(|(_, run)| run.leader() == leader);
        let mut over: Vec<(Time, SessionId)> =
            of_leader.clone().filter(|(_, run)| !run.is_under_way()).map(|(id, run)| (run.deadline(), *id)).collect();
        let excess = of_leader.count().saturating_sub(self.params.remembered_per_leader_max);
        over.sort_unstable();
        over.iter().take(excess).for_each(|(_, id)| _ = self.runs.remove(id));
    }

    /// A peer has been restarted and has forgotten its part in everything. Batches that it leads are worth nothing any
    /// more, and those of this node with it will come to nothing.
    pub fn peer_restarted(&mut self, peer: NodeId, env: &mut Env, fx: &mut Vec<Effect>) {
        let leaders = [peer, env.me];
        let worthless = |run: &&mut Run| leaders.contains(&run.leader()) && run.is_held_by(peer);
        self.runs.values_mut().filter(worthless).for_each(|run| run.abandon(peer, env, fx));
    }

    /// Takes in a message over the channel from `from`. The caller has checked `signature` against the sender's
    /// identity wherever [`Message::signing_digest`] is `Some`, and dropped the message otherwise.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        if from == env.me || env.roster.get(from).is_none() {
            return env.dropped(from, "a message of no peer");
        }
        let Some(batch) = message.batch() else { return env.dropped(from, "a message of no batch") };
        if let (Message::Commit(joined), false) = (&message, self.runs.contains_key(&batch))
            && let Err(reason) = self.join_by(from, joined, env, fx)
        {
            return env.dropped(from, reason);
        }
        match self.runs.get_mut(&batch) {
            Some(run) => run.on_message(Sender { from, signature }, message, env, fx),
            None => env.dropped(from, "a message of an unknown batch"),
        }
        self.learn(env, fx);
    }

    /// Remembers liars, and how this node's own batches fare. When more peers have let them wait than can be faulty, the
    /// network is slower than expected, and this node is more patient; after a batch that is done less.
    fn learn(&mut self, env: &Env, fx: &[Effect]) {
        for effect in fx {
            match effect {
                Effect::Culprit { node, .. } => _ = self.liars.insert(*node),
                Effect::Suspect { leader, node } if *leader == env.me => _ = self.waited_for.insert(*node),
                Effect::Ready { triples, .. } if triples.leader == env.me => {
                    self.waited_for.clear();
                    self.patience = self.patience.saturating_sub(1);
                }
                _ => {}
            }
        }
        if self.waited_for.len() > env.roster.faulty_max() {
            self.waited_for.clear();
            self.patience = PATIENCE_MAX.min(self.patience + 1);
        }
    }

    /// Joins a batch that another holder has heard of, if its leader signed it.
    fn join_by(
        &mut self,
        from: NodeId,
        joined: &Joined,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        let Signed { body, signer, .. } = &joined.start;
        let leader = env.roster.get(body.leader).filter(|_| *signer == body.leader && *signer != env.me);
        let leader = leader.ok_or("a batch of no other leader")?;
        // Old starts that others repeat after this node has been restarted leave room for the leader's own.
        let hearsay_max = self.params.parallel_per_leader_max / 2;
        if from != body.leader && self.under_way(body.leader) >= hearsay_max {
            return Err("too many batches of one leader that it has not announced itself");
        }
        if body.id() != joined.commit.batch || !joined.start.verify(&leader.identity, env.meter) {
            return Err("a batch that its leader has not signed");
        }
        match self.join(joined.start.clone(), env, fx) {
            Ok(_) => Ok(()),
            Err(Refused::Busy) => Err("too many batches of one leader"),
            Err(Refused::Liar) => Err("a batch led by a liar"),
            Err(Refused::Again) => Err("a batch joined before"),
            Err(_) => Err("a batch that cannot be"),
        }
    }

    /// When [`Generator::tick`] is next due.
    pub fn deadline(&self) -> Option<Time> {
        self.runs.values().map(Run::deadline).min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        let now = env.now;
        for run in self.runs.values_mut().filter(|run| run.deadline() <= now) {
            run.tick(env, fx);
        }
        self.runs.retain(|_, run| !run.is_forgotten());
        self.learn(env, fx);
    }
}

/// The batch of a network whose threshold is one: its only holder draws all of it.
fn alone(start: &Start, env: &mut Env, fx: &mut Vec<Effect>) -> SessionId {
    let batch = start.id();
    let mut rng = env.entropy.stream(&batch.0, "triples/alone");
    let dealt = deal(env.me, &start.holders, start.batch, usize::from(start.count), &mut rng);
    fx.extend(dealt.into_values().map(|triples| Effect::Ready { batch, triples: Box::new(triples) }));
    batch
}

/// Names a leader that gave one number to two batches.
fn two_starts(known: Signed<Start>, other: Signed<Start>, env: &mut Env) -> Option<Effect> {
    let (start, node) = (known.body.clone(), known.body.leader);
    let evidence = Evidence { start, culprit: node, proof: Proof::TwoStarts(Box::new([known, other])) };
    let what = evidence.verify(env.roster, env.meter, env.memo).ok()?;
    Some(Effect::Culprit { node, what, evidence: Box::new(evidence) })
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Generator").field("batches", &self.runs.len()).finish_non_exhaustive()
    }
}
