//! A network of nodes with operations: messages take random times, nodes come to operations when the test says so.

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::id::{Boot, NodeId, SessionId};
use crate::io::Time;
use crate::lead::{Effect, Ended, Message, Operations, Params};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::Roster;
use crate::testing::{identity, is_signed, roster, sign};
use crate::wire::SignatureBytes;

pub(super) const DELTA_MS: u64 = 100;
pub(super) const PARAMS: Params = Params { turn_ms: 8 * DELTA_MS, gather_ms: 2 * DELTA_MS, lifetime_ms: 30_000 };
pub(super) const NAME: SessionId = SessionId([7; 32]);

/// Changes what a node sends: any number of messages to anyone instead.
pub(super) type Tamper = Box<dyn FnMut(NodeId, NodeId, Message) -> Vec<(NodeId, Message)>>;

/// What nodes do with the values that they give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Giving {
    Collected,
    Exchanged,
    Entrusted,
}

/// Something that happens.
enum Event {
    Message {
        from: NodeId,
        to: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
    },
    Reach {
        node: NodeId,
        value: Option<String>,
    },
    /// The leader's function returns.
    Returned {
        node: NodeId,
        value: String,
    },
}

pub(super) struct Net {
    pub(super) roster: Roster,
    pub(super) peers: BTreeMap<NodeId, Operations>,
    pub(super) now: Time,
    rng: ChaCha20Rng,
    events: BTreeMap<(Time, u64), Event>,
    sent: u64,
    /// The longest that a message takes.
    pub(super) delay_ms_max: u64,
    pub(super) down: BTreeSet<NodeId>,
    pub(super) tamper: Tamper,
    /// Who was told to lead, in order.
    pub(super) led: Vec<NodeId>,
    pub(super) ended: BTreeMap<NodeId, Ended>,
    pub(super) promised: BTreeMap<NodeId, NodeId>,
    pub(super) dropped: Vec<(NodeId, NodeId, &'static str)>,
    /// Whether leaders report; a leader that does not has died in the middle.
    pub(super) reports: bool,
    pub(super) giving: Giving,
    /// The values that each node got, in order.
    pub(super) values: BTreeMap<NodeId, Vec<(NodeId, String)>>,
}

impl Net {
    pub(super) fn new(members: u16, seed: u64) -> Self {
        let roster = roster(members);
        Self {
            peers: roster.ids().map(|id| (id, Operations::new(PARAMS))).collect(),
            roster,
            now: Time(1_000_000_000),
            rng: ChaCha20Rng::seed_from_u64(seed),
            events: BTreeMap::new(),
            sent: 0,
            delay_ms_max: DELTA_MS,
            down: BTreeSet::new(),
            tamper: Box::new(|_, to, message| vec![(to, message)]),
            led: Vec::new(),
            ended: BTreeMap::new(),
            promised: BTreeMap::new(),
            dropped: Vec::new(),
            reports: true,
            giving: Giving::Collected,
            values: BTreeMap::new(),
        }
    }

    /// Members in the order of their turns.
    pub(super) fn turns(&self) -> Vec<NodeId> {
        let first = u64::from_be_bytes([7; 8]) % self.roster.size() as u64;
        let mut turns: Vec<NodeId> = self.roster.ids().collect();
        turns.rotate_left(first as usize);
        turns
    }

    pub(super) fn random(&mut self, below: u64) -> u64 {
        self.rng.next_u64() % below.max(1)
    }

    fn at(&mut self, in_ms: u64, event: Event) {
        self.sent += 1;
        self.events.insert((self.now.plus_millis(in_ms), self.sent), event);
    }

    /// The action at a node comes to something that is to be done once, or gives a value.
    pub(super) fn reach(&mut self, node: NodeId, in_ms: u64, value: Option<&str>) {
        self.at(in_ms, Event::Reach { node, value: value.map(str::to_owned) });
    }

    pub(super) fn all_reach_within(&mut self, spread_ms: u64) {
        for node in self.roster.ids().collect::<Vec<_>>() {
            let in_ms = self.random(spread_ms);
            self.reach(node, in_ms, None);
        }
    }

    /// Posts a message as if `from` had sent it.
    pub(super) fn post(&mut self, from: NodeId, to: NodeId, message: Message) {
        let in_ms = 1 + self.random(self.delay_ms_max);
        let signature = sign(from, message.signing_digest());
        self.at(in_ms, Event::Message { from, to, message, signature });
    }

    pub(super) fn on(&mut self, node: NodeId, act: impl FnOnce(&mut Operations, &mut Env, &mut Vec<Effect>)) {
        let Some(operations) = self.peers.get_mut(&node).filter(|_| !self.down.contains(&node)) else { return };
        let (mut fx, mut meter, mut honest, mut notes) = (Vec::new(), Meter::default(), Honest, Vec::new());
        let entropy = Entropy::new(&[node.0 as u8; 32], Boot(0));
        let mut env = Env {
            me: node,
            boot: Boot(0),
            now: self.now,
            roster: &self.roster,
            identity: &identity(node),
            entropy: &entropy,
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &Memo::off(),
        };
        act(operations, &mut env, &mut fx);
        for note in notes {
            if let Note::Dropped { from, reason } = note {
                self.dropped.push((node, from, reason));
            }
        }
        for effect in fx {
            match effect {
                Effect::Persist(promise) => {
                    self.promised.insert(node, promise.to);
                }
                Effect::Send { to, message } => {
                    for (to, message) in (self.tamper)(node, to, message) {
                        self.post(node, to, message);
                    }
                }
                Effect::Lead(_) => {
                    self.led.push(node);
                    if self.reports {
                        let in_ms = self.random(3 * DELTA_MS);
                        self.at(in_ms, Event::Returned { node, value: format!("by {node}") });
                    }
                }
                Effect::Value(_, from, value) => self.values.entry(node).or_default().push((from, value)),
                Effect::Ended(_, ended) => {
                    assert!(self.ended.insert(node, ended).is_none(), "an operation ends once");
                }
            }
        }
    }

    /// A node is started anew: it remembers what it has promised, and its action comes to the operation again.
    pub(super) fn restart(&mut self, node: NodeId, value: Option<&str>) {
        self.peers.insert(node, Operations::new(PARAMS));
        self.ended.remove(&node);
        self.reach(node, 0, value);
    }

    /// Lets things happen until so much time has passed.
    pub(super) fn run(&mut self, for_ms: u64) {
        let until = self.now.plus_millis(for_ms);
        loop {
            let timer = self.peers.iter().filter(|(id, _)| !self.down.contains(id));
            let timer = timer.filter_map(|(id, peer)| Some((peer.deadline()?, *id))).min();
            let event = self.events.first_key_value().map(|(at, _)| *at);
            match (timer, event) {
                (Some((due, node)), at) if due <= until && at.is_none_or(|(at, _)| due < at) => {
                    self.now = self.now.max(due);
                    self.on(node, |operations, env, fx| operations.tick(env, fx));
                }
                (_, Some(at)) if at.0 <= until => {
                    self.now = self.now.max(at.0);
                    let event = self.events.remove(&at).unwrap();
                    self.happen(event);
                }
                _ => break,
            }
        }
        self.now = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Message { from, to, message, signature } => {
                // A node that is down hears nothing; one that is not signed by its sender, nobody's machines see.
                if is_signed(from, message.signing_digest(), signature) {
                    self.on(to, |operations, env, fx| operations.on_message(from, message, signature, env, fx));
                }
            }
            Event::Reach { node, value: None } => {
                let promised = self.promised.get(&node).copied();
                self.on(node, |operations, env, fx| operations.once(NAME, true, promised, env, fx));
            }
            Event::Reach { node, value: Some(value) } => {
                let promised = self.promised.get(&node).copied();
                let giving = self.giving;
                self.on(node, |operations, env, fx| match giving {
                    Giving::Collected => operations.collect(NAME, value, env, fx),
                    Giving::Exchanged => operations.exchange(NAME, value, env, fx),
                    Giving::Entrusted => operations.entrust(NAME, value, promised, env, fx),
                });
            }
            Event::Returned { node, value } => {
                self.on(node, |operations, env, fx| operations.done(NAME, Ok(value), env, fx));
            }
        }
    }

    pub(super) fn up(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.roster.ids().filter(|id| !self.down.contains(id))
    }

    /// Exactly one has led, and all that are up have its word.
    #[track_caller]
    pub(super) fn assert_done_once(&self) {
        assert_eq!(self.led.len(), 1, "{:?}", self.led);
        let word = Ended::Once(Ok(format!("by {}", self.led[0])));
        for node in self.up() {
            assert_eq!(self.ended.get(&node), Some(&word), "{node}");
        }
    }
}

/// A size of a network, and a seed.
pub(super) fn networks() -> impl Strategy<Value = (u16, u64)> {
    (prop_oneof![Just(4_u16), Just(7), Just(10)], any::<u64>())
}
