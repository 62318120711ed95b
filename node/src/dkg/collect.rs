//! The recipient's side: which dealings this node holds, what it thinks of them, and which it acknowledged.

use group::Group;
use k256::SecretKey;
use std::collections::BTreeMap;
use thiserror::Error;
use zeroize::Zeroizing;

use super::ack::Ack;
use super::complaint::{Complaint, complain};
use super::context::Context;
use super::dealing::{BadShare, Dealing, Flaw};
use super::evidence::KeygenEvidence;
use crate::bugs::{self, Bug};
use crate::conduct::{Decision, Secret, SecretKind};
use crate::curve::{Curve, Hidden, ScalarField};
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::wire::Signed;

/// How many different dealings of one dealer are kept as they arrive: two prove equivocation. A certified one that
/// had to be fetched comes on top.
const HELD_MAX: usize = 2;

/// What is wrong with a dealing, in the eyes of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Everybody can see it.
    #[error(transparent)]
    Public(#[from] Flaw),
    /// The recipient's share is bad: only the recipient sees it, until it complains.
    #[error(transparent)]
    Share(#[from] BadShare),
}

/// The qualified dealings with one node's shares in them, or the dealers whose share is bad.
pub(super) type Parts<'a, P> = Result<Vec<(&'a Dealing<P>, &'a <P as Group>::Scalar)>, Vec<NodeId>>;

type Verdict<P> = Result<Hidden<<P as Group>::Scalar>, Fault>;

struct Held<P: Curve> {
    digest: Digest,
    signed: Box<Signed<Dealing<P>>>,
    /// Once the session is over, only if it is bad.
    verdict: Option<Verdict<P>>,
}

/// Dealings that this node holds; at most [`HELD_MAX`] + 1 of each member.
pub(super) struct Collector<P: Curve> {
    decryption: SecretKey,
    held: BTreeMap<NodeId, Vec<Held<P>>>,
    acked: BTreeMap<NodeId, Digest>,
}

impl<P: Curve> Collector<P> {
    /// Starts with the acknowledgements that were given before a crash.
    pub(super) fn new(decryption: SecretKey, acked: BTreeMap<NodeId, Digest>) -> Self {
        Self { decryption, held: BTreeMap::new(), acked }
    }

    /// How many dealings are held, and how many dealers were acknowledged.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.held.values().map(Vec::len).sum(), self.acked.len())
    }

    /// The signed dealing of this digest.
    pub(super) fn get(&self, dealer: NodeId, digest: Digest) -> Option<&Signed<Dealing<P>>> {
        self.find(dealer, digest).map(|held| &*held.signed)
    }

    fn find(&self, dealer: NodeId, digest: Digest) -> Option<&Held<P>> {
        self.held.get(&dealer)?.iter().find(|held| held.digest == digest)
    }

    /// How many different dealings of `dealer` are held.
    pub(super) fn count(&self, dealer: NodeId) -> usize {
        self.held.get(&dealer).map_or(0, Vec::len)
    }

    /// Whether another dealing of `dealer` that nobody asked for may be kept.
    pub(super) fn has_room(&self, dealer: NodeId) -> bool {
        self.count(dealer) < HELD_MAX
    }

    /// Keeps a dealing of right shape without looking into it: the session is over, others may fetch it.
    pub(super) fn archive(&mut self, digest: Digest, signed: Box<Signed<Dealing<P>>>) {
        self.held.entry(signed.body.dealer).or_default().push(Held { digest, signed, verdict: None });
    }

    /// Judges and keeps a dealing of right shape.
    pub(super) fn hold(
        &mut self,
        context: &Context<P>,
        digest: Digest,
        signed: Box<Signed<Dealing<P>>>,
        env: &mut Env<'_>,
    ) {
        let dealing = &signed.body;
        let verdict: Verdict<P> = dealing
            .verify_public(context, env.memo, env.meter)
            .map_err(Fault::from)
            .and_then(|()| dealing.open_share(context, env.me, &self.decryption, env.meter).map_err(Fault::from));
        match &verdict {
            Ok(share) => {
                let bytes = Zeroizing::new(share.to_wire());
                env.conduct.learn(Secret { kind: SecretKind::DealtShare, session: context.session(), bytes: &bytes });
            }
            Err(Fault::Public(_)) => env.dropped(dealing.dealer, "dkg: invalid dealing"),
            Err(Fault::Share(_)) => env.dropped(dealing.dealer, "dkg: bad share"),
        }
        self.held.entry(dealing.dealer).or_default().push(Held { digest, signed, verdict: Some(verdict) });
    }

    /// Decides whether to acknowledge a dealing that is held. `Some((ack, new))` to send it; `new` if it was not
    /// decided before and must become durable first.
    pub(super) fn acknowledge(
        &mut self,
        context: &Context<P>,
        dealer: NodeId,
        digest: Digest,
        env: &mut Env<'_>,
    ) -> Option<(Ack, bool)> {
        let ack = Ack { session: context.session(), dealer, digest };
        if let Some(acked) = self.acked.get(&dealer) {
            return (*acked == digest).then_some((ack, false));
        }
        let is_right = |held: &Held<P>| bugs::planted(Bug::AckWithoutLooking) || matches!(held.verdict, Some(Ok(_)));
        let right = self.find(dealer, digest).is_some_and(is_right);
        let honest = right && self.count(dealer) == 1;
        if !env.conduct.decide(&Decision::Acknowledge { session: context.session(), dealer }, honest) {
            return None;
        }
        self.acked.insert(dealer, digest);
        Some((ack, true))
    }

    /// Whether a held dealing is good or bad in the eyes of its recipient here; `None` where it cannot complain: the
    /// dealing is not held, or it is publicly invalid and nothing of it may be decrypted.
    pub(super) fn is_disputable(&self, dealer: NodeId, digest: Digest) -> Option<bool> {
        match self.find(dealer, digest)?.verdict.as_ref()? {
            Ok(_) => Some(false),
            Err(Fault::Share(_)) => Some(true),
            Err(Fault::Public(_)) => None,
        }
    }

    /// Whether a held dealing is wrong in a way that everybody can see.
    pub(super) fn is_invalid(&self, dealer: NodeId, digest: Digest) -> bool {
        self.find(dealer, digest).is_some_and(|held| matches!(held.verdict, Some(Err(Fault::Public(_)))))
    }

    /// Makes this node's complaint about a dealing for which [`Collector::is_disputable`] has an answer.
    pub(super) fn complain(
        &self,
        context: &Context<P>,
        dealer: NodeId,
        digest: Digest,
        env: &mut Env<'_>,
    ) -> Option<Complaint> {
        let dealing = &self.find(dealer, digest)?.signed.body;
        complain(context, env.roster, dealing, env.me, &self.decryption, env.meter)
    }

    /// Dealers that signed two different dealings.
    pub(super) fn equivocators(&self) -> Vec<NodeId> {
        self.held.iter().filter(|(_, held)| held.len() > 1).map(|(dealer, _)| *dealer).collect()
    }

    /// Two different dealings of one dealer, if it signed such.
    pub(super) fn contradiction(&self, dealer: NodeId) -> Option<KeygenEvidence<P>> {
        let [first, second, ..] = &self.held.get(&dealer)?[..] else { return None };
        Some(KeygenEvidence::TwoDealings(Box::new([(*first.signed).clone(), (*second.signed).clone()])))
    }

    /// Every (dealer, digest) that is held.
    pub(super) fn names(&self) -> Vec<(NodeId, Digest)> {
        self.held.iter().flat_map(|(dealer, held)| held.iter().map(|h| (*dealer, h.digest))).collect()
    }

    /// The qualified dealings with this node's shares; `None` while some are missing.
    pub(super) fn parts(&self, qualified: &[(NodeId, Digest)]) -> Option<Parts<'_, P>> {
        let (mut parts, mut bad) = (Vec::new(), Vec::new());
        for &(dealer, digest) in qualified {
            let held = self.find(dealer, digest)?;
            match &held.verdict {
                Some(Ok(share)) => parts.push((&held.signed.body, &**share)),
                _ => bad.push(dealer),
            }
        }
        Some(if bad.is_empty() { Ok(parts) } else { Err(bad) })
    }

    /// Forgets all shares, and all dealings but those to keep and those that prove something against their dealer.
    pub(super) fn finish(&mut self, keep: &[(NodeId, Digest)]) {
        for (dealer, held) in &mut self.held {
            let is_equivocation = held.len() > 1;
            held.iter_mut().for_each(|h| h.verdict = h.verdict.take().filter(Result::is_err));
            held.retain(|h| is_equivocation || h.verdict.is_some() || keep.contains(&(*dealer, h.digest)));
        }
    }

    /// Dealings that this node found bad, as their dealers signed them.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&Signed<Dealing<P>>, Fault)> {
        let all = self.held.values().flatten();
        all.filter_map(|held| Some((&*held.signed, *held.verdict.as_ref()?.as_ref().err()?)))
    }

    /// Pairs of different dealings that one dealer signed.
    pub(super) fn equivocations(&self) -> impl Iterator<Item = (&Signed<Dealing<P>>, &Signed<Dealing<P>>)> {
        self.held.values().filter(|held| held.len() > 1).map(|held| (&*held[0].signed, &*held[1].signed))
    }
}
