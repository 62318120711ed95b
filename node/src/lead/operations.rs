//! All operations at one node, and what came for those that its actions have not reached yet.

use std::collections::{BTreeMap, VecDeque};

use super::Kind;
use super::effect::Effect;
use super::exchange::Exchange;
use super::message::Message;
use super::operation::{Operation, Wish};
use crate::env::Env;
use crate::id::{NodeId, SessionId};
use crate::io::Time;
use crate::roster::Roster;
use crate::wire::{SignatureBytes, encode};

/// How many messages of one peer are kept for operations that no action here has come to.
const EARLY_MESSAGES_MAX: usize = 64;
/// How many bytes they may have together.
const EARLY_BYTES_MAX: usize = 1 << 20;
/// How many bytes all values of an operation may have together, so that an outcome with all of them fits a message.
const VALUES_BYTES_MAX: usize = 128 << 10;

/// How long things take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// How long a candidate has before the next may ask, milliseconds.
    pub turn_ms: u64,
    /// How long a leader waits for values beyond a threshold, milliseconds.
    pub gather_ms: u64,
    /// How long an operation lasts, milliseconds: as long as an action may.
    pub lifetime_ms: u64,
}

impl Params {
    /// In multiples of the bound on message delay. A turn leaves time for actions that come to the operation later than
    /// others, by some round trips to an origin.
    pub fn new(delta_ms: u64, lifetime_ms: u64) -> Self {
        Self { turn_ms: delta_ms.saturating_mul(8), gather_ms: delta_ms.saturating_mul(2), lifetime_ms }
    }

    /// The longest value that a node may give, bytes: the more members, the shorter.
    pub fn value_bytes_max(&self, roster: &Roster) -> usize {
        VALUES_BYTES_MAX / roster.size().max(1)
    }
}

/// A message that came too early.
struct Early {
    message: Message,
    signature: Option<SignatureBytes>,
    bytes: usize,
}

/// All operations at one node.
pub struct Operations {
    params: Params,
    reached: BTreeMap<SessionId, Operation>,
    exchanges: BTreeMap<SessionId, Exchange>,
    early: BTreeMap<NodeId, VecDeque<Early>>,
}

impl Operations {
    /// None yet.
    pub fn new(params: Params) -> Self {
        Self { params, reached: BTreeMap::new(), exchanges: BTreeMap::new(), early: BTreeMap::new() }
    }

    /// How long a value may be, bytes.
    pub fn value_bytes_max(&self, roster: &Roster) -> usize {
        self.params.value_bytes_max(roster)
    }

    /// An action has come to something that is to be done once; it goes on when that is done, or as soon as somebody does
    /// it. `promised` is whom this node has granted it in an earlier boot.
    pub fn once(
        &mut self,
        name: SessionId,
        waits: bool,
        promised: Option<NodeId>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        self.reach(name, Wish { kind: Kind::Once, value: String::new(), waits }, promised, env, fx);
    }

    /// An action gives its value, and waits for those of a threshold.
    pub fn collect(&mut self, name: SessionId, value: String, env: &mut Env, fx: &mut Vec<Effect>) {
        self.reach(name, Wish { kind: Kind::Collect, value, waits: true }, None, env, fx);
    }

    /// An action gives its value to one node that a threshold agrees on, and goes on at once where that is another.
    /// `promised` is as for [`Self::once`].
    pub fn entrust(
        &mut self,
        name: SessionId,
        value: String,
        promised: Option<NodeId>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        self.reach(name, Wish { kind: Kind::Entrust, value, waits: false }, promised, env, fx);
    }

    /// An action gives its value to all, and gets theirs as they come.
    pub fn exchange(&mut self, name: SessionId, value: String, env: &mut Env, fx: &mut Vec<Effect>) {
        if self.exchanges.contains_key(&name) {
            return;
        }
        let early = self.take_early(name);
        self.exchanges.insert(name, Exchange::begin(name, value, &self.params, env, fx));
        for (from, Early { message, signature, .. }) in early {
            self.on_message(from, message, signature, env, fx);
        }
    }

    fn reach(&mut self, name: SessionId, wish: Wish, promised: Option<NodeId>, env: &mut Env, fx: &mut Vec<Effect>) {
        if self.reached.contains_key(&name) {
            return;
        }
        let mut operation = Operation::new(name, wish, promised, &self.params, env.now);
        let early = self.take_early(name);
        operation.take_turn(&self.params, env, fx);
        self.reached.insert(name, operation);
        for (from, Early { message, signature, .. }) in early {
            self.on_message(from, message, signature, env, fx);
        }
    }

    fn take_early(&mut self, name: SessionId) -> Vec<(NodeId, Early)> {
        let mut taken = Vec::new();
        for (from, queue) in &mut self.early {
            let (due, rest): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(queue).into_iter().partition(|early| early.message.operation() == name);
            *queue = rest;
            taken.extend(due.into_iter().map(|early| (*from, early)));
        }
        taken
    }

    /// What must be done once is done here, or has failed.
    pub fn done(&mut self, name: SessionId, result: Result<String, String>, env: &mut Env, fx: &mut Vec<Effect>) {
        if let Some(operation) = self.reached.get_mut(&name) {
            operation.done(result, env, fx);
        }
    }

    /// The action that had come to an operation is over: this node leads it no more, and votes on.
    pub fn abandon(&mut self, name: SessionId, fx: &mut Vec<Effect>) {
        if let Some(operation) = self.reached.get_mut(&name) {
            operation.abandon(fx);
        }
    }

    /// A peer's message, its signature checked.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        let name = message.operation();
        let message = match (message, self.exchanges.get_mut(&name)) {
            (Message::Value(value), Some(exchange)) => {
                return exchange.on_value(from, value.value, &self.params, env, fx);
            }
            (message, _) => message,
        };
        let Some(operation) = self.reached.get_mut(&name) else {
            return self.keep(from, message, signature, env);
        };
        match (message, signature) {
            (Message::Value(_), _) => env.dropped(from, "a value for something that has a leader"),
            (Message::Ask(ask), _) => operation.on_ask(from, ask, env, fx),
            (Message::Grant(grant), Some(signature)) => {
                operation.on_grant(from, (grant, signature), &self.params, env, fx);
            }
            (Message::Grant(_), None) => env.dropped(from, "a grant that is not signed"),
            (Message::Release(_), _) => operation.on_release(from, &self.params, env, fx),
            (Message::Outcome(outcome), _) => operation.on_outcome(from, &outcome, &self.params, env, fx),
        }
    }

    /// Keeps what came too early; the oldest goes when there is too much of one peer.
    fn keep(&mut self, from: NodeId, message: Message, signature: Option<SignatureBytes>, env: &mut Env) {
        let bytes = encode(&message).len();
        let queue = self.early.entry(from).or_default();
        queue.push_back(Early { message, signature, bytes });
        while queue.len() > EARLY_MESSAGES_MAX || queue.iter().map(|early| early.bytes).sum::<usize>() > EARLY_BYTES_MAX
        {
            queue.pop_front();
            env.dropped(from, "too many messages for operations that nobody here has come to");
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        let now = env.now;
        self.reached.retain(|_, operation| !operation.is_expired(now));
        self.exchanges.retain(|_, exchange| exchange.expires > now);
        for operation in self.reached.values_mut().filter(|operation| operation.deadline() <= now) {
            operation.tick(&self.params, env, fx);
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        let operations = self.reached.values().map(Operation::deadline);
        operations.chain(self.exchanges.values().map(|exchange| exchange.expires)).min()
    }

    /// How many operations this node takes part in.
    pub fn count(&self) -> usize {
        self.reached.len() + self.exchanges.len()
    }
}
