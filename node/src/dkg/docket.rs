//! The docket: complaints that the board shows, what came of them, and this node's own.

use std::collections::{BTreeMap, BTreeSet};

use super::KeyCurve;
use super::collect::Collector;
use super::complaint::{Ruling, Unjudgeable, judge};
use super::context::Context;
use super::effect::Effect;
use super::evidence::{self, KeygenEvidence};
use super::retry::Retry;
use crate::curve::Curve;
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::io::Time;
use crate::note::Note;

/// A complaint on the board.
struct Dispute {
    digest: Digest,
    complaint: Vec<u8>,
    /// Once the dealing is here.
    outcome: Option<Result<Ruling, Unjudgeable>>,
}

/// What this node does about a certified dealing that it holds.
enum Stance {
    /// Nothing: its share is right, or its conduct keeps quiet.
    Content,
    /// It complains. Durable; posted in this boot if there is a retry.
    Complains { digest: Digest, complaint: Vec<u8>, retry: Option<Retry> },
}

/// All disputes of one session at one node.
#[derive(Default)]
pub(super) struct Docket {
    /// By dealer and accuser.
    disputes: BTreeMap<(NodeId, NodeId), Dispute>,
    /// By dealer.
    stances: BTreeMap<NodeId, Stance>,
    /// Who has been called a culprit.
    named: BTreeSet<NodeId>,
}

impl Docket {
    /// Starts with the complaints that were made before a crash.
    pub(super) fn new(complained: BTreeMap<NodeId, (Digest, Vec<u8>)>) -> Self {
        let stance = |(digest, complaint)| Stance::Complains { digest, complaint, retry: None };
        let stances = complained.into_iter().map(|(dealer, made)| (dealer, stance(made))).collect();
        Self { stances, ..Self::default() }
    }

    /// How many complaints the board shows.
    pub(super) fn disputes(&self) -> usize {
        self.disputes.len()
    }

    /// Says once that `node` provably misbehaved.
    pub(super) fn name<P: KeyCurve>(
        &mut self,
        node: NodeId,
        what: &'static str,
        evidence: Option<KeygenEvidence<P>>,
        env: &mut Env<'_>,
    ) {
        if self.named.insert(node) {
            let evidence = evidence.map(|evidence| P::evidence(evidence).exhibit());
            env.notes.push(Note::Culprit { node, what: what.to_owned(), evidence });
        }
    }

    /// Takes up a complaint from the board; an accuser's first about a dealer counts.
    pub(super) fn enter(&mut self, dealer: NodeId, digest: Digest, accuser: NodeId, complaint: Vec<u8>) {
        self.disputes.entry((dealer, accuser)).or_insert(Dispute { digest, complaint, outcome: None });
    }

    /// Rules on every complaint about a dealing that is here.
    pub(super) fn judge<P: KeyCurve>(&mut self, context: &Context<P>, collector: &Collector<P>, env: &mut Env<'_>) {
        let mut culprits = Vec::new();
        for ((dealer, accuser), dispute) in self.disputes.iter_mut().filter(|(_, dispute)| dispute.outcome.is_none()) {
            let Some(dealing) = collector.get(*dealer, dispute.digest) else { continue };
            let outcome = judge(context, env.roster, dealing, *accuser, &dispute.complaint, env.memo, env.meter);
            match &outcome {
                Ok(ruling) => {
                    let (culprit, what) = ruling.culprit(*dealer, *accuser);
                    let complaint = dispute.complaint.clone();
                    let (dealing, from) = (dealing.clone(), context.source().map(|from| from.public.clone()));
                    let shown = evidence::Dispute { dealing, from, accuser: *accuser, complaint };
                    culprits.push((culprit, what, KeygenEvidence::Dispute(Box::new(shown))));
                }
                Err(_) => env.notes.push(Note::Dropped { from: *accuser, reason: "dkg: malformed complaint" }),
            }
            dispute.outcome = Some(outcome);
        }
        for (culprit, what, evidence) in culprits {
            self.name(culprit, what, Some(evidence), env);
        }
    }

    /// The dealings that somebody complained about.
    pub(super) fn disputed(&self) -> BTreeSet<(NodeId, Digest)> {
        self.disputes.iter().map(|((dealer, _), dispute)| (*dealer, dispute.digest)).collect()
    }

    /// The dealers against whom a complaint is justified; `None` while a disputed dealing is not here.
    pub(super) fn disqualified(&self) -> Option<BTreeSet<NodeId>> {
        let mut dealers = BTreeSet::new();
        for ((dealer, _), dispute) in &self.disputes {
            if let Ok(Ruling::Justified(_)) = dispute.outcome.as_ref()? {
                dealers.insert(*dealer);
            }
        }
        Some(dealers)
    }

    /// Whether it is still open what this node does about `dealer`.
    pub(super) fn is_undecided(&self, dealer: NodeId, me: NodeId) -> bool {
        !self.stances.contains_key(&dealer) && !self.disputes.contains_key(&(dealer, me))
    }

    /// This node does not complain about `dealer`.
    pub(super) fn let_stand(&mut self, dealer: NodeId) {
        self.stances.insert(dealer, Stance::Content);
    }

    /// This node complains about `dealer`; to be made durable before [`Docket::post`].
    pub(super) fn file(&mut self, dealer: NodeId, digest: Digest, complaint: Vec<u8>) {
        self.stances.insert(dealer, Stance::Complains { digest, complaint, retry: None });
    }

    /// Posts own complaints that the board does not show and that are new to this boot or due again. To be called while
    /// there is time.
    pub(super) fn post<P: Curve>(&mut self, delta_ms: u64, env: &Env<'_>, fx: &mut Vec<Effect<P>>) {
        for (&dealer, stance) in &mut self.stances {
            let Stance::Complains { digest, complaint, retry } = stance else { continue };
            if self.disputes.contains_key(&(dealer, env.me)) {
                *retry = None;
                continue;
            }
            match retry {
                Some(retry) if !retry.is_due(env.now) => continue,
                Some(retry) => retry.advance(env.now, delta_ms),
                None => *retry = Some(Retry::after(env.now, delta_ms)),
            }
            fx.push(Effect::PostComplaint { dealer, digest: *digest, complaint: complaint.clone() });
        }
    }

    /// The instant of the next try to post a complaint, if one is needed.
    pub(super) fn deadline(&self) -> Option<Time> {
        let retry = |stance: &Stance| match stance {
            Stance::Complains { retry, .. } => retry.map(|retry| retry.at),
            Stance::Content => None,
        };
        self.stances.values().filter_map(retry).min()
    }

    /// The board takes no more complaints.
    pub(super) fn close(&mut self) {
        self.stances.clear();
    }
}
