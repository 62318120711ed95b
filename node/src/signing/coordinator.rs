//! The coordinator of one attempt: gathers announcements, sees to a presignature, proposes.
//!
//! It needs no clock in common with anyone: announcements count whenever they come. When a proposal is not
//! answered in time it proposes again, to those who have let it wait least; a FROST announcement is used once, since its
//! nonce is ([`super::proposed`]), and whoever answered a proposal that came to nothing announces itself anew.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::io::Io;
use super::pool::Pool;
use super::proposed::Proposed;
use super::standing::{Mark, Standing};
use super::{Announce, Scheme};
use crate::bugs::{self, Bug};
use crate::conduct::Decision;
use crate::id::{Digest, NodeId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::wire::Signed;

/// How often one member can spoil a try: it lets a presignature wait, then the proposal, once more in between.
const TRIES_PER_MEMBER: usize = 3;

struct Entry {
    announce: Signed<Announce>,
    /// A FROST announcement that a proposal contains.
    used: bool,
}

enum Phase {
    /// Nothing is under way.
    Gathering,
    /// A presignature is being made; look again by this time.
    Presigning(Time),
    /// A proposal is out; propose again at this time.
    Proposed(Time),
}

/// The time of grace for better announcers, which begins when there are enough for the first time.
enum Grace {
    NotBegun,
    Until(Time),
    Over,
}

/// What the coordinator is to do.
pub(super) enum Step {
    /// Nothing yet.
    Wait,
    /// Announce for this attempt itself: it completes the number.
    Join,
    /// Propose these announcements, with this presignature for ECDSA.
    Propose(Option<Digest>, Vec<Signed<Announce>>),
}

/// What is to be signed.
pub(super) struct Task<'a> {
    pub(super) key: &'a Rc<KeyShare>,
    pub(super) digest: Digest,
    pub(super) scheme: Scheme,
    /// Who has let deadlines pass since is chosen last.
    pub(super) since: &'a Mark,
}

/// The coordinator's state for one attempt.
pub(super) struct Coordination {
    entries: BTreeMap<NodeId, Entry>,
    phase: Phase,
    grace: Grace,
    tries: usize,
    /// The newest proposal.
    proposal: Option<Digest>,
}

impl Coordination {
    pub(super) fn new() -> Self {
        Self { entries: BTreeMap::new(), phase: Phase::Gathering, grace: Grace::NotBegun, tries: 0, proposal: None }
    }

    /// Takes in an announcement whose signature is right. A newer one replaces an older one, whose maker may have
    /// been restarted in between; one that has been proposed cannot be chosen again, and replaces nothing.
    pub(super) fn accept(&mut self, announce: Signed<Announce>, proposed: &Proposed) {
        let is_new = self.entries.get(&announce.signer).is_none_or(|entry| entry.announce.body != announce.body);
        if is_new && !proposed.contains(&announce) {
            self.entries.insert(announce.signer, Entry { announce, used: false });
        }
    }

    /// Forgets a peer whose nonces are lost.
    pub(super) fn forget(&mut self, peer: NodeId) {
        self.entries.remove(&peer);
    }

    /// How many agree on `digest`.
    pub(super) fn agreeing(&self, digest: &Digest) -> usize {
        self.entries.values().filter(|entry| entry.announce.body.digest == *digest).count()
    }

    /// When to step next without being asked.
    pub(super) fn deadline(&self) -> Option<Time> {
        match self.phase {
            Phase::Presigning(until) | Phase::Proposed(until) => Some(until),
            Phase::Gathering => match self.grace {
                Grace::Until(until) => Some(until),
                Grace::NotBegun | Grace::Over => None,
            },
        }
    }

    /// The newest proposal, if it should have been answered by now.
    pub(super) fn overdue(&self, now: Time) -> Option<Digest> {
        self.proposal.filter(|_| matches!(self.phase, Phase::Proposed(until) if until <= now))
    }

    /// Remembers the proposal that came of [`Step::Propose`].
    pub(super) fn proposed(&mut self, proposal: Digest) {
        self.proposal = Some(proposal);
    }

    /// Looks at what there is and decides.
    pub(super) fn step(&mut self, task: &Task, pool: &mut Pool, io: &mut Io) -> Step {
        let (me, now) = (io.env.me, io.env.now);
        match self.phase {
            Phase::Proposed(until) if now < until => return Step::Wait,
            Phase::Proposed(_) => (self.phase, self.grace) = (Phase::Gathering, Grace::NotBegun),
            Phase::Presigning(until) if until <= now => self.phase = Phase::Gathering,
            _ => {}
        }
        if matches!(self.grace, Grace::Until(until) if until <= now) {
            self.grace = Grace::Over;
        }
        let k = if bugs::planted(Bug::CoordinatorWaitsForAll) {
            task.key.public.members.len()
        } else {
            usize::from(task.key.public.threshold)
        };
        let candidates = self.candidates(task, io);
        if !candidates.contains(&me) {
            let first_time = !self.entries.contains_key(&me);
            return if first_time && candidates.len() + 1 >= k { Step::Join } else { Step::Wait };
        }
        // A bound on the work for a session, reached only if every set of holders contains someone who fails it.
        if candidates.len() < k || self.tries > TRIES_PER_MEMBER * task.key.public.members.len() {
            return Step::Wait;
        }
        if matches!(self.grace, Grace::NotBegun) {
            self.grace = Grace::Until(now.plus_millis(io.params.grace_ms()));
        }
        let patient = matches!(self.grace, Grace::Until(_));
        let clean: BTreeSet<NodeId> =
            candidates.iter().copied().filter(|c| *c == me || is_clean(io.standing, task.since, *c)).collect();
        if clean.len() < k && patient {
            return Step::Wait;
        }
        let best = choose(me, &candidates, (io.standing, task.since), k);
        match task.scheme {
            Scheme::EcdsaK256 => {
                let eligible = if clean.len() < k { best.iter().copied().collect() } else { clean };
                self.step_ecdsa(task, &eligible, patient, pool, io)
            }
            Scheme::SchnorrK256Sha256 | Scheme::SchnorrK256Bip340 => self.propose(None, &best, io),
        }
    }

    fn candidates(&self, task: &Task, io: &mut Io) -> BTreeSet<NodeId> {
        let agrees = |entry: &Entry| {
            let body = &entry.announce.body;
            body.digest == task.digest && body.fresh.is_for(task.scheme) && !entry.used
        };
        let mut candidates = BTreeSet::new();
        for (&candidate, entry) in self.entries.iter().filter(|(_, entry)| agrees(entry)) {
            let decision = Decision::Choose { session: entry.announce.body.session, candidate };
            if io.env.conduct.decide(&decision, !io.standing.is_liar(candidate)) {
                candidates.insert(candidate);
            }
        }
        candidates
    }

    fn step_ecdsa(
        &mut self,
        task: &Task,
        eligible: &BTreeSet<NodeId>,
        patient: bool,
        pool: &mut Pool,
        io: &mut Io,
    ) -> Step {
        let (me, key) = (io.env.me, task.key.public.id());
        if let Some((id, holders)) = pool.reserve(me, &key, eligible) {
            return self.propose(Some(id), &holders, io);
        }
        if matches!(self.phase, Phase::Presigning(_)) && pool.is_pending(me, &key, eligible) {
            return Step::Wait;
        }
        // A presignature made ahead may fit whoever announces next.
        if patient && eligible.len() < task.key.public.members.len() && pool.has_led(me, &key) {
            return Step::Wait;
        }
        if !pool.is_making(me, &key, eligible) {
            self.tries += 1;
            let count = usize::from(task.key.public.threshold);
            let holders = choose(me, eligible, (io.standing, task.since), count);
            pool.lead(task.key, &holders, 1, io);
        }
        let triples = if pool.is_waiting(&key, eligible) { io.params.triples_ms } else { 0 };
        self.phase = Phase::Presigning(io.env.now.plus_millis(io.params.presign_ms().saturating_add(triples)));
        Step::Wait
    }

    fn propose(&mut self, presignature: Option<Digest>, holders: &[NodeId], io: &mut Io) -> Step {
        self.tries += 1;
        self.phase = Phase::Proposed(io.env.now.plus_millis(io.params.proposal_ms()));
        let mut announcements = Vec::with_capacity(holders.len());
        for holder in holders {
            if let Some(entry) = self.entries.get_mut(holder) {
                entry.used = presignature.is_none();
                io.proposed.insert(&entry.announce);
                announcements.push(entry.announce.clone());
            }
        }
        Step::Propose(presignature, announcements)
    }
}

/// Whether nothing speaks against a peer, in this session nor otherwise.
fn is_clean(standing: &Standing, since: &Mark, peer: NodeId) -> bool {
    standing.is_clean(peer) && standing.lapses_since(since, peer) == 0
}

/// `count` of `eligible`, ascending: this node, then those who have let it wait least, in this session first of all,
/// beginning with the node's next neighbours so that sets differ from leader to leader. In a session nothing is forgiven,
/// so every try that fails takes one who failed it further from the next.
fn choose(me: NodeId, eligible: &BTreeSet<NodeId>, (standing, since): (&Standing, &Mark), count: usize) -> Vec<NodeId> {
    let mut order: Vec<NodeId> = eligible.iter().copied().collect();
    let failures = |node: NodeId| (standing.lapses_since(since, node), standing.lapses(node));
    order.sort_by_key(|node| (*node != me, failures(*node), *node < me, *node));
    order.truncate(count);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinator_chooses_itself_and_then_those_who_let_it_wait_least() {
        let eligible: BTreeSet<NodeId> = (1..=5).map(NodeId).collect();
        let suspected = |lapses: &[u16]| {
            let mut standing = Standing::default();
            lapses.iter().for_each(|node| _ = standing.suspect(NodeId(*node)));
            choose(NodeId(4), &eligible, (&standing, &standing.mark()), 3)
        };
        assert_eq!(suspected(&[]), [1, 4, 5].map(NodeId));
        assert_eq!(suspected(&[4, 4, 1, 5]), [2, 3, 4].map(NodeId));
        assert_eq!(suspected(&[1, 2, 3, 5]), [1, 4, 5].map(NodeId), "all alike");
        assert_eq!(suspected(&[1, 2, 3, 5, 1, 5]), [2, 3, 4].map(NodeId));
    }

    #[test]
    fn what_a_peer_did_in_a_session_is_not_forgiven_there_whatever_it_answers_elsewhere() {
        let eligible: BTreeSet<NodeId> = (1..=5).map(NodeId).collect();
        let mut standing = Standing::default();
        let (before, _) = (standing.mark(), standing.suspect(NodeId(5)));
        standing.clear(NodeId(5));
        let chosen = |since: &Mark| choose(NodeId(4), &eligible, (&standing, since), 3);
        assert_eq!(chosen(&before), [1, 2, 4].map(NodeId));
        assert_eq!(chosen(&standing.mark()), [1, 4, 5].map(NodeId), "a later session begins anew");
        assert!(!is_clean(&standing, &before, NodeId(5)) && standing.is_clean(NodeId(5)));
    }
}
