//! Fetching: asks members for dealings that the board names and this node lacks.

use std::collections::BTreeMap;

use super::Message;
use super::context::Context;
use super::effect::Effect;
use super::retry::Retry;
use crate::bugs::{self, Bug};
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::io::Time;

/// How many members are asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// The dealer alone; with each try twice as many.
    Patient,
    /// As many as it takes for an honest holder to be among them: a bad share must be found while it can be disputed.
    /// Of a certified dealing at least n - 2f honest members hold a copy. If the dealer does not answer, the others
    /// who may not are f - 1 faulty ones and f - 1 honest ones besides this node; one more is enough.
    Urgent,
}

struct Wanted {
    first: usize,
    retry: Retry,
}

/// The dealings that are asked for.
#[derive(Default)]
pub(super) struct Fetcher {
    wanted: BTreeMap<(NodeId, Digest), Wanted>,
}

impl Fetcher {
    /// How many dealings are asked for.
    pub(super) fn len(&self) -> usize {
        self.wanted.len()
    }

    /// Whether no dealing is asked for.
    pub(super) fn is_idle(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Whether this dealing is asked for.
    pub(super) fn wants(&self, dealer: NodeId, digest: Digest) -> bool {
        self.wanted.contains_key(&(dealer, digest))
    }

    /// The instant of the next try, if one is needed.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.wanted.values().map(|wanted| wanted.retry.at).min()
    }

    /// A dealing is here, or not needed any more.
    pub(super) fn drop(&mut self, dealer: NodeId, digest: Digest) {
        self.wanted.remove(&(dealer, digest));
    }

    /// Forgets all but these dealings.
    pub(super) fn keep_only(&mut self, names: &[(NodeId, Digest)]) {
        self.wanted.retain(|name, _| names.contains(name));
    }

    /// Begins to ask for a dealing, unless that goes on already.
    pub(super) fn want(
        &mut self,
        name: (NodeId, Digest),
        haste: Haste,
        context: &Context,
        delta_ms: u64,
        env: &Env<'_>,
        fx: &mut Vec<Effect>,
    ) {
        if self.wanted.contains_key(&name) {
            return;
        }
        let first = match haste {
            Haste::Patient => 1,
            Haste::Urgent => (2 * env.roster.faulty_max()).max(1),
        };
        let wanted = Wanted { first, retry: Retry::after(env.now, delta_ms) };
        wanted.ask(name, context, env, fx);
        self.wanted.insert(name, wanted);
    }

    /// Asks more members for what is due.
    pub(super) fn tick(&mut self, context: &Context, delta_ms: u64, env: &Env<'_>, fx: &mut Vec<Effect>) {
        for (name, wanted) in &mut self.wanted {
            if wanted.retry.is_due(env.now) {
                wanted.retry.advance(env.now, delta_ms);
                wanted.ask(*name, context, env, fx);
            }
        }
    }
}

impl Wanted {
    /// Asks the dealer and those after it, with each try twice as many as before and other ones.
    fn ask(&self, (dealer, digest): (NodeId, Digest), context: &Context, env: &Env<'_>, fx: &mut Vec<Effect>) {
        let start = context.position(dealer).unwrap_or(0);
        let (before, after) = context.members().split_at(start);
        let peers: Vec<NodeId> = after.iter().chain(before).copied().filter(|id| *id != env.me).collect();
        let factor = 1_usize << self.retry.tries.min(16);
        let count = self.first.saturating_mul(factor);
        let (skipped, count) =
            if bugs::planted(Bug::FetchFromDealerOnly) { (0, 1) } else { (count - self.first, count) };
        let asked = peers.iter().cycle().skip(skipped).take(count.min(peers.len()));
        let session = context.session();
        fx.extend(asked.map(|&to| Effect::Send { to, message: Message::Fetch { session, dealer, digest } }));
    }
}
