//! What a node must find out, from everything that was said and heard in a run: an account of its own, which asks nothing
//! of the code that it judges.

use std::collections::{BTreeMap, BTreeSet};

use super::liars::Told;
use super::net::{Entry, Net};
use crate::id::{Digest, NodeId};
use crate::signing::{Announce, Fresh, Message, Misbehaviour, Propose};
use crate::testing::is_signed;
use crate::wire::{Signable, Signed};

/// Whether the account says exactly where this is found out, and not just where it must be.
pub(super) fn exact(what: &Misbehaviour) -> bool {
    use Misbehaviour::{ForgedOpening, WrongPresignShare, WrongShare};
    matches!(what, WrongShare { .. } | WrongPresignShare { .. } | ForgedOpening { .. })
}

/// What a node must find out.
#[derive(Default)]
pub(super) struct Expected {
    /// Wrong values, and opened ones that a leader forged: this and no more.
    pub(super) values: BTreeSet<(NodeId, Misbehaviour)>,
    /// Coordinators of two proposals.
    pub(super) doubled: BTreeSet<NodeId>,
    /// Coordinators of forged announcements.
    pub(super) forged: BTreeSet<NodeId>,
    /// Proposals that the node should have shown to this peer, and did not.
    pub(super) unshown: Vec<(NodeId, Digest)>,
}

/// What a node has said and heard up to some point of the run.
struct Account<'a> {
    told: &'a Told,
    node: NodeId,
    /// All proposals of the run with their coordinators.
    proposals: BTreeMap<Digest, (NodeId, &'a Propose)>,
    /// Whose shares of a proposal are here.
    shares: BTreeMap<Digest, BTreeSet<NodeId>>,
    answered: BTreeSet<Digest>,
    /// Presignatures that the node has joined, with all holders of those that it leads.
    joined: BTreeSet<Digest>,
    led: BTreeMap<Digest, (BTreeSet<NodeId>, BTreeSet<NodeId>)>,
    /// Presignatures that must be ready.
    ready: BTreeSet<Digest>,
    announced: BTreeMap<u32, &'a Announce>,
    to_show: BTreeSet<(NodeId, Digest)>,
    shown: BTreeSet<(NodeId, Digest)>,
    expected: Expected,
}

fn are_signed<T: Signable>(statements: &[Signed<T>]) -> bool {
    statements.iter().all(|s| is_signed(s.signer, Some(s.body.signing_digest()), Some(s.signature)))
}

impl Expected {
    /// Of this node, in a run whose messages were recorded.
    pub(super) fn of(net: &Net, told: &Told, node: NodeId) -> Self {
        let log = net.log.as_ref().expect("the run is recorded");
        let proposals = log.iter().filter_map(|entry| match &entry.message {
            Message::Propose(propose) => Some((propose.digest(), (entry.from, propose))),
            _ => None,
        });
        let joined = log.iter().filter_map(|entry| match &entry.message {
            Message::PresignShare(share) if entry.from == node => Some(share.presignature),
            _ => None,
        });
        let mut account = Account {
            told,
            node,
            proposals: proposals.collect(),
            shares: BTreeMap::new(),
            answered: BTreeSet::new(),
            joined: joined.collect(),
            led: BTreeMap::new(),
            ready: BTreeSet::new(),
            announced: BTreeMap::new(),
            to_show: BTreeSet::new(),
            shown: BTreeSet::new(),
            expected: Self::default(),
        };
        for entry in log {
            if entry.from == node && !entry.arrives {
                account.says(entry);
            } else if entry.to == node && entry.arrives {
                account.hears(entry);
            }
        }
        account.expected.unshown = account.to_show.difference(&account.shown).copied().collect();
        account.expected
    }
}

impl<'a> Account<'a> {
    fn says(&mut self, entry: &'a Entry) {
        match &entry.message {
            Message::Announce(announce) => _ = self.announced.insert(announce.attempt, announce),
            Message::PresignStart(start) => {
                let all = start.holders.iter().copied().collect();
                self.led.entry(start.digest()).or_insert((all, BTreeSet::from([self.node])));
            }
            Message::Share(share) if self.answered.insert(share.proposal) => {
                self.share_is_there(share.proposal, self.node, entry.is_done);
                let early: Vec<(Digest, NodeId)> = self
                    .shares
                    .iter()
                    .flat_map(|(proposal, from)| from.iter().map(|from| (*proposal, *from)))
                    .filter(|(_, from)| *from != self.node)
                    .collect();
                early.into_iter().for_each(|(proposal, from)| self.may_show(from, proposal, entry.is_done));
            }
            Message::Answered(shown) => _ = self.shown.insert((entry.to, shown.body.digest())),
            _ => {}
        }
    }

    fn hears(&mut self, entry: &'a Entry) {
        let (from, is_done) = (entry.from, entry.is_done);
        match &entry.message {
            Message::Share(share) => {
                self.share_is_there(share.proposal, from, is_done);
                self.may_show(from, share.proposal, is_done);
            }
            Message::PresignShare(share) => {
                let id = share.presignature;
                let Some((all, opened)) = self.led.get_mut(&id) else { return };
                if opened.insert(from) && opened == all {
                    let all = all.clone();
                    self.opened(id, &all);
                }
            }
            Message::PresignOpened(opened) if self.joined.contains(&opened.presignature) => {
                let (id, holders) = (opened.presignature, opened.openings.iter().map(|o| o.signer).collect());
                if are_signed(&opened.openings) {
                    self.opened(id, &holders);
                } else {
                    self.expected.values.insert((from, Misbehaviour::ForgedOpening { presignature: id }));
                }
            }
            Message::Propose(propose) if !is_done => {
                self.compare(from, propose);
                if !are_signed(&propose.announcements) && self.examines(propose) {
                    self.expected.forged.insert(from);
                }
            }
            Message::Answered(shown) if !is_done && are_signed(std::slice::from_ref(&**shown)) => {
                self.compare(shown.signer, &shown.body);
            }
            _ => {}
        }
    }

    /// With the last of its shares a proposal that this node has answered is judged, if there is no signature yet.
    fn share_is_there(&mut self, proposal: Digest, from: NodeId, is_done: bool) {
        let Some((_, propose)) = self.proposals.get(&proposal) else { return };
        let holders: BTreeSet<NodeId> = propose.announcements.iter().map(|a| a.signer).collect();
        let there = self.shares.entry(proposal).or_default();
        if there.insert(from) && *there == holders && !is_done {
            let wrong = |holder: &&NodeId| self.told.shares.contains(&(proposal, **holder, self.node));
            let what = Misbehaviour::WrongShare { proposal };
            self.expected.values.extend(holders.iter().filter(wrong).map(|liar| (*liar, what)));
        }
    }

    /// All holders' opened values of a presignature are there.
    fn opened(&mut self, presignature: Digest, holders: &BTreeSet<NodeId>) {
        let wrong = |holder: &&NodeId| self.told.openings.contains(&(presignature, **holder));
        let what = Misbehaviour::WrongPresignShare { presignature };
        let wrong: Vec<_> = holders.iter().filter(wrong).map(|liar| (*liar, what)).collect();
        if wrong.is_empty() {
            self.ready.insert(presignature);
        }
        self.expected.values.extend(wrong);
    }

    /// A holder answered a proposal that contradicts one which this node has answered: it must be shown that.
    fn may_show(&mut self, peer: NodeId, proposal: Digest, is_done: bool) {
        let Some((coordinator, other)) = self.proposals.get(&proposal) else { return };
        for answered in &self.answered {
            let Some((by, propose)) = self.proposals.get(answered) else { continue };
            let is_holder = propose.announcements.iter().any(|a| a.signer == peer);
            let has_answered = self.shares.get(answered).is_some_and(|there| there.contains(&peer));
            let is_contradicted = by == coordinator && propose.attempt == other.attempt && propose.contradicts(other);
            let others = *by != self.node && peer != self.node;
            if is_contradicted && is_holder && others && !has_answered && !is_done {
                self.to_show.insert((peer, *answered));
            }
        }
    }

    /// A proposal that contradicts one which this node has answered convicts its coordinator.
    fn compare(&mut self, coordinator: NodeId, propose: &Propose) {
        let contradicted = |answered: &Digest| {
            let Some((by, known)) = self.proposals.get(answered) else { return false };
            *by == coordinator && known.attempt == propose.attempt && known.contradicts(propose)
        };
        if coordinator != self.node && self.answered.iter().any(contradicted) {
            self.expected.doubled.insert(coordinator);
        }
    }

    /// Whether this node cannot but look at the announcements of a proposal: they include its own last one, whose nonces
    /// are unused, and the presignature is ready and unused.
    fn examines(&self, propose: &Propose) -> bool {
        let own = propose.announcements.iter().find(|a| a.signer == self.node).map(|a| &a.body);
        let is_own = own.is_some() && own == self.announced.get(&propose.attempt).copied();
        let uses = |answered: &Digest| {
            let Some((_, known)) = self.proposals.get(answered) else { return false };
            let same = |a: &Signed<Announce>| Some(&a.body) == own && matches!(a.body.fresh, Fresh::Nonces(_));
            known.presignature.is_some() && known.presignature == propose.presignature
                || known.announcements.iter().any(same)
        };
        let is_ready = propose.presignature.is_none_or(|id| self.ready.contains(&id));
        is_own && is_ready && !self.answered.iter().any(uses)
    }
}
