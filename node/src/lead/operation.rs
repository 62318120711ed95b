//! One operation at one node that has come to it: voter always, candidate in its turn, leader if a threshold agrees.

use std::collections::{BTreeMap, BTreeSet};

use super::Kind;
use super::effect::{Effect, Ended, Promise};
use super::message::{Ask, Grant, Message, Outcome, Release, Told};
use super::operations::Params;
use crate::bugs::{self, Bug};
use crate::env::Env;
use crate::id::{NodeId, SessionId};
use crate::io::Time;
use crate::roster::Roster;
use crate::wire::{SignatureBytes, Signed};

/// Grants to this node, by who gave them.
type Grants = BTreeMap<NodeId, Signed<Grant>>;

/// What has become of this node's turn.
enum Candidacy {
    /// It has not come.
    None,
    /// It has, in this one, and these have agreed.
    Asking(u32, Grants),
    /// Enough have agreed; others may add their values until then.
    Gathering(Grants, Time),
    /// Enough have agreed: what must be done once is under way, or values come in that others have entrusted.
    Leading(Grants),
    /// It will never lead: it has given a candidacy up, led in an earlier boot, or is done.
    Over,
}

/// What the action at this node wants of the operation.
pub(super) struct Wish {
    pub(super) kind: Kind,
    /// What this node has to say if values are gathered or entrusted.
    pub(super) value: String,
    /// Whether the action waits for what comes of it.
    pub(super) waits: bool,
}

/// An operation that the action at this node has come to.
pub(super) struct Operation {
    name: SessionId,
    wish: Wish,
    turn: u32,
    turn_ends: Time,
    /// When nobody needs this node's vote any more.
    expires: Time,
    granted: Option<NodeId>,
    /// Whose turn it was by their own account; the lowest turn of each.
    asked: BTreeMap<NodeId, u32>,
    /// Who has said that it will not lead.
    released: BTreeSet<NodeId>,
    candidacy: Candidacy,
    /// The action has been told what it waited for, or is over.
    ended: bool,
    /// What came of the operation is known here.
    known: bool,
}

/// Who leads if nobody fails: turns go round from there.
fn candidate(roster: &Roster, operation: SessionId, turn: u32) -> Option<NodeId> {
    let first = operation.0.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let place = first.wrapping_add(turn.into()) % roster.size() as u64;
    roster.ids().nth(place as usize)
}

impl Operation {
    /// Comes to an operation that this node may have promised to somebody in an earlier boot.
    pub(super) fn new(name: SessionId, wish: Wish, promised: Option<NodeId>, params: &Params, now: Time) -> Self {
        let candidacy = if promised.is_some() { Candidacy::Over } else { Candidacy::None };
        Self {
            name,
            wish,
            turn: 0,
            turn_ends: now.plus_millis(params.turn_ms),
            expires: now.plus_millis(params.lifetime_ms),
            granted: promised,
            asked: BTreeMap::new(),
            released: BTreeSet::new(),
            candidacy,
            ended: false,
            known: false,
        }
    }

    /// When [`Self::tick`] has something to do.
    pub(super) fn deadline(&self) -> Time {
        match &self.candidacy {
            Candidacy::Gathering(_, until) => *until,
            _ if self.is_settled() => self.expires,
            _ => self.turn_ends.min(self.expires),
        }
    }

    /// Whether it can be forgotten.
    pub(super) fn is_expired(&self, now: Time) -> bool {
        self.expires <= now
    }

    /// Whether turns mean nothing any more.
    fn is_settled(&self) -> bool {
        let leads = matches!(self.candidacy, Candidacy::Gathering(..) | Candidacy::Leading(_));
        self.granted.is_some() && (leads || self.known || !bugs::planted(Bug::FailoverAfterGrant))
    }

    /// Lets turns pass.
    pub(super) fn tick(&mut self, params: &Params, env: &mut Env, fx: &mut Vec<Effect>) {
        if matches!(&self.candidacy, Candidacy::Gathering(_, until) if *until <= env.now) {
            return self.conclude(Told::Gathered, env, fx);
        }
        if self.is_settled() || env.now < self.turn_ends {
            return;
        }
        if bugs::planted(Bug::FailoverAfterGrant)
            && let Some(silent) = self.granted.take()
        {
            self.asked.remove(&silent);
        }
        self.turn = self.turn.saturating_add(1);
        self.turn_ends = env.now.plus_millis(params.turn_ms);
        self.take_turn(params, env, fx);
    }

    /// Asks if it is this node's turn, and grants to whoever else's it is.
    pub(super) fn take_turn(&mut self, params: &Params, env: &mut Env, fx: &mut Vec<Effect>) {
        if self.granted.is_some() && !self.wish.waits {
            return self.end(Ended::Once(Ok(String::new())), fx);
        }
        let is_mine = candidate(env.roster, self.name, self.turn) == Some(env.me);
        if is_mine && self.granted.is_none() && !self.ended && matches!(self.candidacy, Candidacy::None) {
            self.candidacy = Candidacy::Asking(self.turn, Grants::new());
            let ask = Ask { operation: self.name, turn: self.turn };
            broadcast(&Message::Ask(ask), env, fx);
            self.lead_if_granted(params, env, fx);
        }
        self.vote(fx);
    }

    /// The action is over at this node: it votes on, and leads nothing.
    pub(super) fn abandon(&mut self, fx: &mut Vec<Effect>) {
        self.ended = true;
        self.withdraw(fx);
    }

    pub(super) fn on_ask(&mut self, from: NodeId, ask: Ask, env: &mut Env, fx: &mut Vec<Effect>) {
        if candidate(env.roster, self.name, ask.turn) != Some(from) {
            return env.dropped(from, "an ask out of turn");
        }
        if self.released.contains(&from) {
            return env.dropped(from, "an ask of one that will not lead");
        }
        if self.granted == Some(from) {
            return self.send_grant(from, fx);
        }
        let turn = self.asked.entry(from).or_insert(ask.turn);
        *turn = ask.turn.min(*turn);
        self.vote(fx);
    }

    /// Grants the operation to who asked in the lowest turn, if that has come; to nobody in a later turn than one in
    /// which this node itself asks.
    fn vote(&mut self, fx: &mut Vec<Effect>) {
        if self.granted.is_some() {
            return;
        }
        let latest = match &self.candidacy {
            Candidacy::Asking(mine, _) => self.turn.min(*mine),
            _ => self.turn,
        };
        let next = self.asked.iter().map(|(node, turn)| (*turn, *node)).min();
        let Some((_, to)) = next.filter(|(turn, _)| *turn <= latest) else { return };
        self.withdraw(fx);
        self.promise(to, fx);
        self.send_grant(to, fx);
        if !self.wish.waits {
            self.end(Ended::Once(Ok(String::new())), fx);
        }
    }

    fn promise(&mut self, to: NodeId, fx: &mut Vec<Effect>) {
        self.granted = Some(to);
        if self.wish.kind != Kind::Collect && !bugs::planted(Bug::GrantUnwritten) {
            fx.push(Effect::Persist(Promise { operation: self.name, to }));
        }
    }

    fn send_grant(&self, to: NodeId, fx: &mut Vec<Effect>) {
        let grant = Grant { operation: self.name, to, value: self.wish.value.clone() };
        fx.push(Effect::Send { to, message: Message::Grant(grant) });
    }

    /// Gives a candidacy up, and their votes back to those who have granted it.
    fn withdraw(&mut self, fx: &mut Vec<Effect>) {
        if let Candidacy::Asking(_, grants) = &mut self.candidacy {
            let grants = std::mem::take(grants);
            self.candidacy = Candidacy::Over;
            grants.into_keys().for_each(|to| self.release(to, fx));
        }
    }

    fn release(&self, to: NodeId, fx: &mut Vec<Effect>) {
        fx.push(Effect::Send { to, message: Message::Release(Release { operation: self.name }) });
    }

    pub(super) fn on_grant(
        &mut self,
        from: NodeId,
        (grant, signature): (Grant, SignatureBytes),
        params: &Params,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        if grant.to != env.me {
            return env.dropped(from, "a grant to another");
        }
        if grant.value.len() > params.value_bytes_max(env.roster) {
            return env.dropped(from, "a value that is too long");
        }
        let grant = Signed { body: grant, signer: from, signature };
        match &mut self.candidacy {
            Candidacy::Asking(_, grants) => {
                grants.entry(from).or_insert(grant);
                self.lead_if_granted(params, env, fx);
            }
            Candidacy::Gathering(grants, _) => {
                grants.entry(from).or_insert(grant);
                if grants.len() == env.roster.size() {
                    self.conclude(Told::Gathered, env, fx);
                }
            }
            Candidacy::Leading(grants) => {
                if self.wish.kind == Kind::Entrust && !grants.contains_key(&from) {
                    fx.push(Effect::Value(self.name, from, grant.body.value.clone()));
                    grants.insert(from, grant);
                }
            }
            Candidacy::Over if self.granted != Some(env.me) => self.release(from, fx),
            Candidacy::Over => {}
            Candidacy::None => env.dropped(from, "a grant that nobody asked for"),
        }
    }

    /// Leads if enough have agreed. This node's own vote comes last, so that it can still go to an earlier candidate.
    fn lead_if_granted(&mut self, params: &Params, env: &mut Env, fx: &mut Vec<Effect>) {
        let Candidacy::Asking(_, grants) = &mut self.candidacy else { return };
        if grants.len() + 1 < env.roster.threshold() && !bugs::planted(Bug::LeaderUngranted) {
            return;
        }
        let own = Grant { operation: self.name, to: env.me, value: self.wish.value.clone() };
        grants.insert(env.me, Signed::new(own, env.me, env.identity, env.meter));
        let grants = std::mem::take(grants);
        self.promise(env.me, fx);
        match self.wish.kind {
            Kind::Once => {
                self.candidacy = Candidacy::Leading(grants);
                fx.push(Effect::Lead(self.name));
            }
            Kind::Entrust => {
                let values = grants.iter().map(|(from, grant)| (*from, grant.body.value.clone()));
                fx.extend(values.map(|(from, value)| Effect::Value(self.name, from, value)));
                self.candidacy = Candidacy::Leading(grants);
            }
            Kind::Collect if grants.len() == env.roster.size() => {
                self.candidacy = Candidacy::Gathering(grants, env.now);
                self.conclude(Told::Gathered, env, fx);
            }
            Kind::Collect => self.candidacy = Candidacy::Gathering(grants, env.now.plus_millis(params.gather_ms)),
        }
    }

    /// What must be done once is done.
    pub(super) fn done(&mut self, result: Result<String, String>, env: &mut Env, fx: &mut Vec<Effect>) {
        let told = match result {
            Ok(value) => Told::Returned(value),
            Err(error) => Told::Threw(error),
        };
        self.conclude(told, env, fx);
    }

    /// Tells everybody what came of it, with the grants that make it this node's to tell.
    fn conclude(&mut self, told: Told, env: &mut Env, fx: &mut Vec<Effect>) {
        let grants = match std::mem::replace(&mut self.candidacy, Candidacy::Over) {
            Candidacy::Gathering(grants, _) | Candidacy::Leading(grants) => grants.into_values().collect(),
            other => return self.candidacy = other,
        };
        let outcome = Outcome { operation: self.name, grants, told };
        let ended = ended(&outcome);
        broadcast(&Message::Outcome(outcome), env, fx);
        self.known = true;
        self.end(ended, fx);
    }

    pub(super) fn on_release(&mut self, from: NodeId, params: &Params, env: &mut Env, fx: &mut Vec<Effect>) {
        self.released.insert(from);
        self.asked.remove(&from);
        if self.granted == Some(from) && !self.known {
            self.granted = None;
            self.turn_ends = self.turn_ends.max(env.now);
            self.take_turn(params, env, fx);
        }
    }

    /// Believes whoever shows that a threshold has granted it the operation, whomever this node has voted for.
    pub(super) fn on_outcome(
        &mut self,
        from: NodeId,
        outcome: &Outcome,
        params: &Params,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        if self.known {
            return;
        }
        if matches!(outcome.told, Told::Gathered) != (self.wish.kind == Kind::Collect) {
            return env.dropped(from, "an outcome of another kind");
        }
        if let Err(reason) = is_granted(from, outcome, params, env) {
            return env.dropped(from, reason);
        }
        self.withdraw(fx);
        self.granted.get_or_insert(from);
        self.known = true;
        self.end(ended(outcome), fx);
    }

    fn end(&mut self, ended: Ended, fx: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.ended, true) {
            fx.push(Effect::Ended(self.name, ended));
        }
    }
}

/// Whether a threshold of members has granted the operation to who tells of it.
fn is_granted(leader: NodeId, outcome: &Outcome, params: &Params, env: &mut Env) -> Result<(), &'static str> {
    if bugs::planted(Bug::LeaderUngranted) {
        return Ok(());
    }
    let is_ascending = outcome.grants.windows(2).all(|pair| pair[0].signer < pair[1].signer);
    if !is_ascending || outcome.grants.len() < env.roster.threshold() {
        return Err("an outcome without a threshold of grants");
    }
    let value_bytes_max = params.value_bytes_max(env.roster);
    for grant in &outcome.grants {
        let is_for = grant.body.operation == outcome.operation && grant.body.to == leader;
        let Some(member) = env.roster.get(grant.signer).filter(|_| is_for) else {
            return Err("an outcome with a grant that is for something else");
        };
        if grant.body.value.len() > value_bytes_max || !grant.verify(&member.identity, env.meter) {
            return Err("an outcome with a grant that is wrong");
        }
    }
    Ok(())
}

fn ended(outcome: &Outcome) -> Ended {
    match &outcome.told {
        Told::Returned(value) => Ended::Once(Ok(value.clone())),
        Told::Threw(error) => Ended::Once(Err(error.clone())),
        Told::Gathered => {
            Ended::Collected(outcome.grants.iter().map(|grant| (grant.signer, grant.body.value.clone())).collect())
        }
    }
}

/// To everybody else.
pub(super) fn broadcast(message: &Message, env: &Env, fx: &mut Vec<Effect>) {
    let others = env.roster.ids().filter(|id| *id != env.me);
    fx.extend(others.map(|to| Effect::Send { to, message: message.clone() }));
}
