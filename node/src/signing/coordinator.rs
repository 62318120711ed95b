//! The coordinator of one attempt: gathers announcements, sees to a presignature, proposes.
//!
//! It needs no clock in common with anyone: announcements count whenever they come. When a proposal is not
//! answered in time it proposes again, without those who did not answer as far as the others suffice; a FROST
//! announcement is used once, since its nonce is.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::pool::{Io, Pool};
use super::{Announce, Scheme};
use crate::bugs::{self, Bug};
use crate::conduct::Decision;
use crate::id::{Digest, NodeId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::wire::Signed;

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
}

/// The coordinator's state for one attempt.
pub(super) struct Coordination {
    entries: BTreeMap<NodeId, Entry>,
    phase: Phase,
    grace: Grace,
    tries: usize,
}

impl Coordination {
    pub(super) fn new() -> Self {
        Self { entries: BTreeMap::new(), phase: Phase::Gathering, grace: Grace::NotBegun, tries: 0 }
    }

    /// Takes in an announcement whose signature is right. A newer one replaces an older one, whose maker may have
    /// been restarted in between.
    pub(super) fn accept(&mut self, announce: Signed<Announce>) {
        if self.entries.get(&announce.signer).is_none_or(|entry| entry.announce.body != announce.body) {
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

    /// Whether the last proposal's time is over.
    pub(super) fn is_overdue(&self, now: Time) -> bool {
        matches!(self.phase, Phase::Proposed(until) if until <= now)
    }

    /// Looks at what there is and decides.
    pub(super) fn step(&mut self, task: &Task, pool: &mut Pool, io: &mut Io) -> Step {
        let (me, now) = (io.env.me, io.env.now);
        match self.phase {
            Phase::Proposed(until) if now < until => return Step::Wait,
            Phase::Presigning(until) | Phase::Proposed(until) if until <= now => self.phase = Phase::Gathering,
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
        if candidates.len() < k || self.tries > task.key.public.members.len() {
            return Step::Wait;
        }
        if matches!(self.grace, Grace::NotBegun) {
            self.grace = Grace::Until(now.plus_millis(io.params.grace_ms()));
        }
        let patient = matches!(self.grace, Grace::Until(_));
        let clean: BTreeSet<NodeId> =
            candidates.iter().copied().filter(|c| *c == me || io.standing.is_clean(*c)).collect();
        if clean.len() < k && patient {
            return Step::Wait;
        }
        let eligible = if clean.len() < k { &candidates } else { &clean };
        match task.scheme {
            Scheme::EcdsaK256 => self.step_ecdsa(task, eligible, patient, pool, io),
            Scheme::SchnorrK256Sha256 => {
                let holders = choose(me, eligible, &clean, k);
                self.propose(None, &holders, io)
            }
        }
    }

    fn candidates(&self, task: &Task, io: &mut Io) -> BTreeSet<NodeId> {
        let agrees = |entry: &Entry| {
            let body = &entry.announce.body;
            body.digest == task.digest && body.fresh.scheme() == task.scheme && !entry.used
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
        if matches!(self.phase, Phase::Presigning(_)) && pool.is_pending(me, &key) {
            return Step::Wait;
        }
        // A presignature made ahead may fit whoever announces next.
        if patient && eligible.len() < task.key.public.members.len() && pool.has_led(me, &key) {
            return Step::Wait;
        }
        self.phase = Phase::Presigning(io.env.now.plus_millis(io.params.presign_ms()));
        if !pool.is_making(me, &key, eligible) {
            self.tries += 1;
            let holders = choose(me, eligible, eligible, usize::from(task.key.public.threshold));
            pool.lead(task.key, &holders, 1, io);
        }
        Step::Wait
    }

    fn propose(&mut self, presignature: Option<Digest>, holders: &[NodeId], io: &Io) -> Step {
        self.tries += 1;
        self.phase = Phase::Proposed(io.env.now.plus_millis(io.params.proposal_ms()));
        let mut announcements = Vec::with_capacity(holders.len());
        for holder in holders {
            if let Some(entry) = self.entries.get_mut(holder) {
                entry.used = presignature.is_none();
                announcements.push(entry.announce.clone());
            }
        }
        Step::Propose(presignature, announcements)
    }
}

/// `count` of `eligible`, ascending: this node, then the preferred, beginning with the node's next neighbours so
/// that sets differ from leader to leader.
fn choose(me: NodeId, eligible: &BTreeSet<NodeId>, preferred: &BTreeSet<NodeId>, count: usize) -> Vec<NodeId> {
    let mut order: Vec<NodeId> = eligible.iter().copied().collect();
    order.sort_by_key(|node| (!preferred.contains(node), *node < me, *node));
    order.sort_by_key(|node| *node != me);
    order.truncate(count);
    order.sort_unstable();
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coordinator_chooses_itself_and_unsuspected_neighbours_first() {
        let set = |ids: &[u16]| ids.iter().copied().map(NodeId).collect::<BTreeSet<_>>();
        let eligible = set(&[1, 2, 3, 4, 5]);
        assert_eq!(choose(NodeId(4), &eligible, &eligible, 3), [1, 4, 5].map(NodeId));
        assert_eq!(choose(NodeId(4), &eligible, &set(&[2, 3]), 3), [2, 3, 4].map(NodeId));
        assert_eq!(choose(NodeId(4), &eligible, &set(&[1]), 3), [1, 4, 5].map(NodeId));
    }
}
