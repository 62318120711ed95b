//! Triples and presignatures at one node: the stock of triples, presignatures in the making, those ready for use.
//!
//! A batch of triples belongs to one leader and one set of holders. Only the leader assigns its triples, and each
//! holder refuses a triple that it has consumed, so none is used twice. All of it is in memory only.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::ecdsa::presign::{Origin, PresignError};
use super::ecdsa::{Presign, Presignature};
use super::io::Io;
use super::round::is_signed;
use super::{
    Effect, Message, Misbehaviour, OpenedEvidence, OpeningEvidence, PresignOpened, PresignShare, PresignStart, Propose,
    SigningEvidence, is_subset_of,
};
use crate::bugs::{self, Bug};
use crate::conduct::{Secret, SecretKind};
use crate::curve;
use crate::id::{Digest, KeyId, NodeId, SessionId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::triples::{DealtTriples, Sealed, TripleShare};
use crate::wire::{Signable, SignatureBytes, Signed};

/// A presignature is made of two triples.
const TRIPLES_PER_PRESIGNATURE: usize = 2;
/// Batches kept of one leader and set; older ones are dropped.
const BATCHES_PER_SET_MAX: usize = 8;
/// How many spent presignatures are remembered, to recognise a second proposal.
const SPENT_MAX: usize = 4096;

/// What became of a presignature that a proposal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In the making at this node.
    Running,
    /// Ready for use.
    Ready,
    /// Used for this proposal of this leader.
    Spent(Digest, NodeId),
    /// Never heard of, or forgotten.
    Unknown,
}

/// Why a start of a presignature was not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The triples have not arrived.
    NoBatch,
    /// For this reason it never will be.
    Never(&'static str),
}

/// A presignature in the making.
struct Making {
    run: Presign,
    until: Time,
    /// What the holders have opened, as they signed it. Others than the leader get to know it all at once.
    opened: BTreeMap<NodeId, Signed<PresignShare>>,
    /// What the holders of its triples have sealed.
    sealed: Option<Arc<Sealed>>,
}

/// What a presignature was used for.
struct Spent {
    proposal: Digest,
    leader: NodeId,
    /// The proposal as the leader signed it, unless that is this node: half of what convicts a leader of two.
    signed: Option<Signed<Propose>>,
}

type Set = (NodeId, Vec<NodeId>);

/// What is left of a batch.
struct Batch {
    triples: BTreeMap<u32, TripleShare>,
    sealed: Option<Arc<Sealed>>,
}

/// The pool.
#[derive(Default)]
pub(super) struct Pool {
    stock: BTreeMap<Set, BTreeMap<u64, Batch>>,
    running: BTreeMap<Digest, Making>,
    ready: BTreeMap<Digest, Presignature>,
    /// Presignatures that this node leads and has just proposed: good for that proposal and no other.
    proposed: BTreeSet<Digest>,
    spent: BTreeMap<Digest, Spent>,
    spent_order: std::collections::VecDeque<Digest>,
    /// Presignatures to start once their triples are there.
    wanted: BTreeMap<(Vec<NodeId>, KeyId), (Rc<KeyShare>, usize)>,
    asked: BTreeMap<Vec<NodeId>, Time>,
    /// Presignatures that have begun, become ready or been given up since this was last taken.
    pub(super) news: Vec<Digest>,
}

/// How full the pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PoolLevels {
    /// Triples that no presignature has taken.
    pub triples: usize,
    /// Presignatures in the making.
    pub running: usize,
    /// Presignatures ready for use.
    pub ready: usize,
    /// Used presignatures that are remembered.
    pub spent: usize,
}

impl Pool {
    /// How full it is.
    pub(super) fn levels(&self) -> PoolLevels {
        PoolLevels {
            triples: self.stock.values().flat_map(BTreeMap::values).map(|batch| batch.triples.len()).sum(),
            running: self.running.len(),
            ready: self.ready.len(),
            spent: self.spent.len(),
        }
    }

    /// Leads `count` presignatures of `key` among `holders`: now as far as triples last, the rest when they come.
    pub(super) fn lead(&mut self, key: &Rc<KeyShare>, holders: &[NodeId], count: usize, io: &mut Io) {
        for begun in 0..count {
            if !self.lead_one(key, holders, io) {
                let wanted = self.wanted.entry((holders.to_vec(), key.public.id())).or_insert((Rc::clone(key), 0));
                wanted.1 = wanted.1.max(count - begun);
                self.ask(holders, TRIPLES_PER_PRESIGNATURE * (count - begun), io);
                return;
            }
        }
    }

    fn ask(&mut self, holders: &[NodeId], count: usize, io: &mut Io) {
        if self.asked.get(holders).is_none_or(|until| *until <= io.env.now) {
            let patience = io.params.presign_ms().max(io.params.triples_ms);
            self.asked.insert(holders.to_vec(), io.env.now.plus_millis(patience));
            io.fx.push(Effect::NeedTriples { leader: io.env.me, holders: holders.to_vec(), count });
        }
    }

    /// No triples will come for these holders: what waited for them is given up, to be led elsewhere.
    pub(super) fn on_failed(&mut self, holders: &[NodeId]) {
        self.asked.remove(holders);
        self.wanted.retain(|(set, _), _| set != holders);
    }

    fn lead_one(&mut self, key: &Rc<KeyShare>, holders: &[NodeId], io: &mut Io) -> bool {
        let set = (io.env.me, holders.to_vec());
        let mut batches = self.stock.get(&set).into_iter().flatten();
        let Some((&batch, left)) = batches.find(|(_, batch)| batch.triples.len() >= 2) else {
            return false;
        };
        let mut indices = left.triples.keys().copied();
        let (Some(nonce), Some(product)) = (indices.next(), indices.next()) else { return false };
        let (leader, holders) = set;
        let (id, epoch) = (key.public.id(), key.public.epoch);
        let sealed = left.sealed.as_ref().map(|sealed| sealed.public);
        let start = PresignStart { key: id, epoch, leader, holders: holders.clone(), batch, sealed, nonce, product };
        for &holder in holders.iter().filter(|h| **h != leader) {
            io.send(holder, Message::PresignStart(start.clone()));
        }
        self.begin(start, key, io).is_ok()
    }

    /// Follows a leader's start of a presignature of `key`.
    pub(super) fn on_start(
        &mut self,
        from: NodeId,
        start: PresignStart,
        key: &Rc<KeyShare>,
        io: &mut Io,
    ) -> Result<(), Refusal> {
        let public = &key.public;
        let sound = from == start.leader
            && from != io.env.me
            && start.epoch == public.epoch
            && start.nonce != start.product
            && is_subset_of(&start.holders, usize::from(public.threshold), &public.members)
            && start.holders.contains(&from)
            && start.holders.contains(&io.env.me);
        if !sound {
            return Err(Refusal::Never("a malformed start of a presignature"));
        }
        let led = |leader| leader == start.leader;
        let held = self.running.values().filter(|making| led(making.run.start().leader)).count()
            + self.ready.values().filter(|p| led(p.public.start.leader)).count();
        if held >= io.params.presignatures_per_leader_max {
            return Err(Refusal::Never("too many presignatures of one leader"));
        }
        self.begin(start, key, io)
    }

    /// Consumes the triples, then opens.
    fn begin(&mut self, start: PresignStart, key: &Rc<KeyShare>, io: &mut Io) -> Result<(), Refusal> {
        let batches = self.stock.get_mut(&(start.leader, start.holders.clone()));
        let batch = batches.and_then(|b| b.get_mut(&start.batch)).ok_or(Refusal::NoBatch)?;
        let sealed = batch.sealed.clone();
        if start.sealed != sealed.as_ref().map(|sealed| sealed.public) {
            return Err(Refusal::Never("a batch that this node has not sealed so"));
        }
        let batch = &mut batch.triples;
        if !batch.contains_key(&start.nonce) || !batch.contains_key(&start.product) {
            return Err(Refusal::Never("a triple that is consumed or was never dealt"));
        }
        let consumed = "Checked above";
        let nonce = batch.remove(&start.nonce).expect(consumed);
        let product = if bugs::planted(Bug::TripleTwice) {
            batch.get(&start.product).cloned()
        } else {
            batch.remove(&start.product)
        };
        let product = product.expect(consumed);
        let (session, bytes) = (SessionId(start.digest().0), &curve::scalar_bytes(&product.c));
        io.env.conduct.learn(Secret { kind: SecretKind::Triple, session, bytes });
        let (me, leader) = (io.env.me, start.leader);
        let (run, opening) = Presign::begin(start, Rc::clone(key), nonce, product);
        let id = run.start().digest();
        let share = PresignShare { presignature: id, opening };
        let mut opened = BTreeMap::new();
        let mut patience = io.params.presign_ms();
        if leader == me {
            let signature = SignatureBytes::sign(&share.signing_digest(), io.env.identity, io.env.meter);
            opened.insert(me, Signed { body: share, signer: me, signature });
        } else {
            io.send(leader, Message::PresignShare(share));
            // Until the leader's time is over and its last word has arrived.
            patience = patience.saturating_mul(2);
        }
        self.running.insert(id, Making { run, until: io.env.now.plus_millis(patience), opened, sealed });
        self.news.push(id);
        self.finish_if_complete(id, io);
        Ok(())
    }

    /// Takes in a holder's opened values, at the leader.
    pub(super) fn on_share(
        &mut self,
        from: NodeId,
        share: PresignShare,
        signature: Option<SignatureBytes>,
        io: &mut Io,
    ) {
        let id = share.presignature;
        let led = self.running.get_mut(&id).filter(|making| making.run.start().leader == io.env.me);
        let (Some(making), Some(signature)) = (led, signature) else {
            return io.env.dropped(from, "opened values of no presignature that this node is making");
        };
        if !making.run.accept(from, share.opening) {
            return io.env.dropped(from, "opened values of a stranger, or a second time");
        }
        making.opened.insert(from, Signed { body: share, signer: from, signature });
        self.finish_if_complete(id, io);
    }

    /// Takes in what all holders have opened, from the leader; false if the presignature is not in the making here.
    pub(super) fn on_opened(
        &mut self,
        from: NodeId,
        opened: &PresignOpened,
        signature: Option<SignatureBytes>,
        io: &mut Io,
    ) -> bool {
        let id = opened.presignature;
        let Some(making) = self.running.get_mut(&id) else { return false };
        let (list, start) = (&opened.openings, making.run.start());
        let is_of_all = list.iter().map(|o| o.signer).eq(start.holders.iter().copied());
        if start.leader != from || !is_of_all || list.iter().any(|o| o.body.presignature != id) {
            io.env.dropped(from, "opened values of other than all holders");
            return true;
        }
        if !list.iter().all(|o| is_signed(o, io.env)) {
            let opened = signature.map(|signature| Signed { body: opened.clone(), signer: from, signature });
            let start = start.clone();
            let evidence =
                opened.map(|opened| SigningEvidence::ForgedOpening(Box::new(OpenedEvidence { start, opened })));
            io.convict(from, Misbehaviour::ForgedOpening { presignature: id }, evidence);
            io.env.dropped(from, "forged opened values");
            return true;
        }
        for opening in list {
            // Its own values are here already.
            making.run.accept(opening.signer, opening.body.opening);
            making.opened.insert(opening.signer, opening.clone());
        }
        self.finish_if_complete(id, io);
        true
    }

    /// Ends a presignature as soon as all have opened. The leader first passes on what they opened, also when it is
    /// wrong: then all holders see whose fault it is.
    fn finish_if_complete(&mut self, id: Digest, io: &mut Io) {
        if !self.running.get(&id).is_some_and(|making| making.run.is_complete()) {
            return;
        }
        let Some(Making { run, opened, sealed, .. }) = self.running.remove(&id) else { return };
        let me = io.env.me;
        if run.start().leader == me {
            let opened = PresignOpened { presignature: id, openings: opened.values().cloned().collect() };
            for &holder in run.start().holders.iter().filter(|h| **h != me) {
                io.send(holder, Message::PresignOpened(opened.clone()));
            }
        }
        let (start, key) = (run.start().clone(), Rc::clone(run.key()));
        match run.finish(io.env.meter) {
            Ok(mut presignature) => {
                let openings = opened.into_values().collect();
                presignature.public.origin = sealed.map(|sealed| Rc::new(Origin { openings, sealed }));
                let bytes = &presignature.nonce_share_bytes();
                io.env.conduct.learn(Secret { kind: SecretKind::Nonce, session: SessionId(id.0), bytes });
                self.ready.insert(id, presignature);
            }
            Err(PresignError::Wrong(liars)) => {
                for liar in liars {
                    let proof = sealed.as_ref().and_then(|sealed| sealed.by(liar, io.env.meter));
                    let evidence = proof.zip(opened.get(&liar).cloned()).map(|(sealed, opening)| {
                        let (key, start) = (key.public.clone(), start.clone());
                        SigningEvidence::WrongOpening(Box::new(OpeningEvidence { key, start, opening, sealed }))
                    });
                    io.convict(liar, Misbehaviour::WrongPresignShare { presignature: id }, evidence);
                }
                io.fx.push(Effect::WrongResult { attempt: id });
            }
            Err(PresignError::Degenerate) => {}
        }
        self.news.push(id);
    }

    /// Takes in a batch of triples. If this node leads it, presignatures that waited for it begin.
    pub(super) fn on_triples(&mut self, dealt: DealtTriples, io: &mut Io) {
        let (leader, holders) = (dealt.leader, dealt.holders.clone());
        let usable = holders.contains(&io.env.me) && holders.contains(&leader) && dealt.is_well_formed();
        let batches = self.stock.entry((leader, holders.clone())).or_default();
        // A batch that was here once stays as an empty entry, so that it cannot come back.
        if !usable || batches.contains_key(&dealt.batch) {
            return io.env.dropped(leader, "a batch of triples that is not for this node or came before");
        }
        let session = SessionId::derive("signing/batch", &[&leader.0.to_be_bytes(), &dealt.batch.to_be_bytes()]);
        for triple in &dealt.triples {
            // Not c: of a triple that becomes a nonce, presigning opens it.
            for secret in [&triple.a, &triple.b] {
                let bytes = &curve::scalar_bytes(secret);
                io.env.conduct.learn(Secret { kind: SecretKind::Triple, session, bytes });
            }
        }
        let batch = Batch { triples: (0..).zip(dealt.triples).collect(), sealed: dealt.sealed };
        batches.insert(dealt.batch, batch);
        if batches.len() > BATCHES_PER_SET_MAX {
            batches.pop_first();
        }
        self.drop_excess((leader, &holders), io.params.triples_per_leader_max);
        if leader == io.env.me {
            self.asked.remove(&holders);
            self.lead_wanted(&holders, io);
        }
    }

    /// Drops whatever else a leader has made, so that it cannot fill the memory with triples that it never uses.
    fn drop_excess(&mut self, (leader, newest): (NodeId, &[NodeId]), most: usize) {
        let of_leader = |stock: &BTreeMap<Set, BTreeMap<u64, Batch>>| -> usize {
            let batches = stock.iter().filter(|((by, _), _)| *by == leader).flat_map(|(_, batches)| batches.values());
            batches.map(|batch| batch.triples.len()).sum()
        };
        while of_leader(&self.stock) > most {
            let Some(other) = self.stock.keys().find(|(by, set)| *by == leader && set != newest).cloned() else {
                return;
            };
            self.stock.remove(&other);
        }
    }

    fn lead_wanted(&mut self, holders: &[NodeId], io: &mut Io) {
        let of_set: Vec<_> = self.wanted.keys().filter(|(set, _)| set == holders).cloned().collect();
        for entry in of_set {
            if let Some((key, count)) = self.wanted.remove(&entry) {
                self.lead(&key, holders, count, io);
            }
        }
    }

    /// Fills up the presignatures that this node leads ahead of need.
    pub(super) fn fill(&mut self, key: &Rc<KeyShare>, io: &mut Io) {
        let target = io.params.pool_per_set;
        if target == 0 {
            return;
        }
        for holders in spread(io.env.me, key, io.params.pool_sets) {
            let wanted = self.wanted.get(&(holders.clone(), key.public.id())).map_or(0, |(_, count)| *count);
            let led = |start: &PresignStart| {
                start.leader == io.env.me && start.key == key.public.id() && start.holders == holders
            };
            let have = wanted
                + self.running.values().filter(|making| led(making.run.start())).count()
                + self.ready.values().filter(|p| led(&p.public.start)).count();
            if !holders.iter().all(|h| io.standing.is_clean(*h)) {
                continue;
            }
            if have < target {
                self.lead(key, &holders, target - have, io);
            }
            self.refill(&holders, TRIPLES_PER_PRESIGNATURE * target, io);
        }
    }

    /// Asks for triples in the background when fewer than `low` are left for a set that is kept ready.
    fn refill(&mut self, holders: &[NodeId], low: usize, io: &mut Io) {
        let batches = self.stock.get(&(io.env.me, holders.to_vec())).into_iter().flat_map(BTreeMap::values);
        let even = |batch: &Batch| batch.triples.len() / TRIPLES_PER_PRESIGNATURE * TRIPLES_PER_PRESIGNATURE;
        let left: usize = batches.map(even).sum();
        if io.params.triples_ms > 0 && left < low {
            self.ask(holders, low, io);
        }
    }

    /// What is known of a presignature.
    pub(super) fn state(&self, id: &Digest) -> State {
        if self.ready.contains_key(id) {
            State::Ready
        } else if self.running.contains_key(id) {
            State::Running
        } else {
            self.spent.get(id).map_or(State::Unknown, |spent| State::Spent(spent.proposal, spent.leader))
        }
    }

    /// The proposal that a presignature was used for, as its leader signed it.
    pub(super) fn spent_for(&self, id: &Digest) -> Option<Signed<Propose>> {
        self.spent.get(id)?.signed.clone()
    }

    /// The start of a ready presignature.
    pub(super) fn ready(&self, id: &Digest) -> Option<&PresignStart> {
        self.ready.get(id).map(|p| &p.public.start)
    }

    /// Takes a presignature out for the one proposal that it will serve.
    pub(super) fn take(
        &mut self,
        id: &Digest,
        proposal: Digest,
        signed: Option<Signed<Propose>>,
    ) -> Option<Presignature> {
        let presignature = self.consume(id)?;
        self.proposed.remove(id);
        let leader = presignature.public.start.leader;
        self.spent.insert(*id, Spent { proposal, leader, signed });
        self.spent_order.push_back(*id);
        if self.spent_order.len() > SPENT_MAX {
            self.spent_order.pop_front().map(|oldest| self.spent.remove(&oldest));
        }
        Some(presignature)
    }

    /// Sets a ready presignature aside to be proposed: one that this node leads, with holders among `candidates`.
    /// Nobody else gets it, though this node itself answers the proposal only later. Gives its holders as well.
    pub(super) fn reserve(
        &mut self,
        me: NodeId,
        key: &KeyId,
        candidates: &BTreeSet<NodeId>,
    ) -> Option<(Digest, Vec<NodeId>)> {
        let fits = |start: &PresignStart| {
            start.leader == me && start.key == *key && start.holders.iter().all(|h| candidates.contains(h))
        };
        let mut free = self.ready.iter().filter(|(id, _)| !self.proposed.contains(id));
        let (id, presignature) = free.find(|(_, p)| fits(&p.public.start))?;
        let found = (*id, presignature.public.start.holders.clone());
        self.proposed.insert(found.0);
        Some(found)
    }

    /// Forgets a presignature that this node has proposed and not used.
    pub(super) fn discard(&mut self, id: &Digest) {
        self.proposed.remove(id);
        self.consume(id);
    }

    /// Takes a presignature out of the pool: nothing gives it back.
    fn consume(&mut self, id: &Digest) -> Option<Presignature> {
        if bugs::planted(Bug::PresignatureTwice) {
            return self.ready.get(id).map(Presignature::duplicate);
        }
        self.ready.remove(id)
    }

    /// Whether one such is in the making.
    pub(super) fn is_making(&self, me: NodeId, key: &KeyId, candidates: &BTreeSet<NodeId>) -> bool {
        let fits = |start: &PresignStart| {
            start.leader == me && start.key == *key && start.holders.iter().all(|h| candidates.contains(h))
        };
        self.running.values().any(|making| fits(making.run.start()))
    }

    /// Whether one such is in the making or waits for triples.
    pub(super) fn is_pending(&self, me: NodeId, key: &KeyId, candidates: &BTreeSet<NodeId>) -> bool {
        self.is_waiting(key, candidates) || self.is_making(me, key, candidates)
    }

    /// Whether one such waits for triples.
    pub(super) fn is_waiting(&self, key: &KeyId, candidates: &BTreeSet<NodeId>) -> bool {
        self.wanted.keys().any(|(holders, wanted)| wanted == key && holders.iter().all(|h| candidates.contains(h)))
    }

    /// Whether this node leads any ready presignature of the key.
    pub(super) fn has_led(&self, me: NodeId, key: &KeyId) -> bool {
        let mut free = self.ready.iter().filter(|(id, _)| !self.proposed.contains(id));
        free.any(|(_, p)| p.public.start.leader == me && p.public.start.key == *key)
    }

    /// Forgets what needs a peer that has lost its memory. A leader notes that it has waited for that peer in vain: who is
    /// restarted again and again is chosen last like any other that does not answer.
    pub(super) fn forget(&mut self, peer: NodeId, io: &mut Io) {
        let waits = |making: &Making| making.run.start().leader == io.env.me && making.run.missing().contains(&peer);
        if self.running.values().any(waits) {
            io.suspect(peer);
        }
        self.wanted.retain(|(holders, _), _| !holders.contains(&peer));
        self.asked.retain(|holders, _| !holders.contains(&peer));
        self.stock.retain(|(_, holders), _| !holders.contains(&peer));
        self.running.retain(|_, making| !making.run.start().holders.contains(&peer));
        self.ready.retain(|_, p| !p.public.start.holders.contains(&peer));
    }

    /// When the next presignature in the making is given up.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.running.values().map(|making| making.until).min()
    }

    /// Gives up presignatures whose time is over. A leader suspects who has not opened, and stops using triples of
    /// that set: some holder may have lost its part of them.
    pub(super) fn tick(&mut self, io: &mut Io) {
        let due: Vec<Digest> =
            self.running.iter().filter(|(_, making)| making.until <= io.env.now).map(|(id, _)| *id).collect();
        for id in due {
            let Some(Making { run, .. }) = self.running.remove(&id) else { continue };
            if run.start().leader == io.env.me {
                run.missing().into_iter().for_each(|peer| io.suspect(peer));
                self.stock.remove(&(io.env.me, run.start().holders.clone()));
                self.news.push(id);
            }
        }
    }
}

/// Holder sets for which a node keeps presignatures: windows of k members around it, evenly spread.
fn spread(me: NodeId, key: &KeyShare, sets: usize) -> BTreeSet<Vec<NodeId>> {
    let members = &key.public.members;
    let (n, k) = (members.len(), usize::from(key.public.threshold));
    let Some(position) = members.iter().position(|m| *m == me) else { return BTreeSet::new() };
    let sets = sets.min(k);
    let window = |set: usize| {
        let back = set * k / sets;
        let mut holders: Vec<NodeId> = (0..k).map(|step| members[(position + n - back + step) % n]).collect();
        holders.sort_unstable();
        holders
    };
    (0..sets).map(window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::tests::keys;

    #[test]
    fn pooled_sets_contain_their_leader_and_differ() {
        for (members, sets) in [(4, 3), (7, 2), (10, 7), (1, 1)] {
            let shares = keys::deal(members, 1);
            for (me, share) in &shares {
                let spread = spread(*me, share, sets);
                assert_eq!(spread.len(), sets);
                for holders in spread {
                    assert!(is_subset_of(&holders, usize::from(share.public.threshold), &share.public.members));
                    assert!(holders.contains(me));
                }
            }
        }
    }
}
