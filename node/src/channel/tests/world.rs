//! Nodes that have nothing but channels, and a hostile link between them.

use rand_core::RngCore;
use std::collections::BTreeSet;

use super::super::*;

pub(super) const DELTA_MS: u64 = 50;

pub(super) fn label() -> Label {
    Label { session: SessionId([1; 32]), protocol: "test", round: 2, kind: "word" }
}

pub(super) fn secret(id: NodeId) -> [u8; 32] {
    [id.0 as u8 + 100; 32]
}

pub(super) fn params() -> Params {
    Params { queue_messages: 500, ..Params::new([7; 32], Epoch(1), DELTA_MS) }
}

pub(super) fn key_of(id: NodeId) -> (NodeId, [u8; 32]) {
    (id, public_key(&secret(id)))
}

pub(super) fn channels(id: NodeId, boot: u32, size: u16) -> Channels {
    let entropy = Entropy::new(&[id.0 as u8; 32], Boot(boot));
    Channels::new(params(), id, Boot(boot), secret(id), (1..=size).map(NodeId).map(key_of), &entropy)
}

/// A link's manners, in percent, and its longest delay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    pub(super) loss: u32,
    pub(super) duplication: u32,
    pub(super) delay_ms: u64,
}

pub(super) const HOSTILE: Manners = Manners { loss: 30, duplication: 20, delay_ms: 300 };
pub(super) const CALM: Manners = Manners { loss: 0, duplication: 0, delay_ms: 1 };

pub(super) struct World {
    pub(super) size: u16,
    pub(super) nodes: BTreeMap<NodeId, Channels>,
    pub(super) boots: BTreeMap<NodeId, u32>,
    pub(super) now: Time,
    /// By arrival and a running number: link, recipient, bytes.
    pub(super) flights: BTreeMap<(Time, u64), (NodeId, NodeId, Vec<u8>)>,
    pub(super) count: u64,
    pub(super) rng: ChaCha20Rng,
    pub(super) manners: Manners,
    /// Recipient and its boot, authenticated sender, message.
    pub(super) delivered: Vec<(NodeId, u32, NodeId, Vec<u8>)>,
    /// Other effects than transmissions and deliveries, by node.
    pub(super) events: Vec<(NodeId, Effect)>,
    /// Every frame ever sent: sender, recipient, bytes.
    pub(super) recorded: Vec<(NodeId, NodeId, Vec<u8>)>,
    pub(super) numbers: BTreeSet<(NodeId, [u8; 16])>,
    pub(super) meter: Meter,
}

impl World {
    pub(super) fn new(size: u16, seed: u64, manners: Manners) -> Self {
        Self {
            size,
            nodes: BTreeMap::new(),
            boots: BTreeMap::new(),
            now: Time(1_000_000_000),
            flights: BTreeMap::new(),
            count: 0,
            rng: ChaCha20Rng::seed_from_u64(seed),
            manners,
            delivered: Vec::new(),
            events: Vec::new(),
            recorded: Vec::new(),
            numbers: BTreeSet::new(),
            meter: Meter::default(),
        }
    }

    pub(super) fn started(size: u16, seed: u64, manners: Manners) -> Self {
        let mut world = Self::new(size, seed, manners);
        (1..=size).for_each(|id| world.start(id));
        world
    }

    /// Starts or restarts a node.
    pub(super) fn start(&mut self, id: u16) {
        let id = NodeId(id);
        let boot = self.boots.get(&id).map_or(0, |boot| boot + 1);
        self.boots.insert(id, boot);
        self.nodes.insert(id, channels(id, boot, self.size));
        self.with(id, |node, now, meter, fx| node.start(now, meter, fx));
    }

    pub(super) fn with(&mut self, id: NodeId, act: impl FnOnce(&mut Channels, Time, &mut Meter, &mut Vec<Effect>)) {
        let mut fx = Vec::new();
        act(self.nodes.get_mut(&id).expect("is up"), self.now, &mut self.meter, &mut fx);
        for effect in fx {
            match effect {
                Effect::Transmit { to, bytes, label } => self.transmit(id, to, label, bytes),
                Effect::Deliver { from, bytes } => self.delivered.push((id, self.boots[&id], from, bytes)),
                other => self.events.push((id, other)),
            }
        }
    }

    pub(super) fn transmit(&mut self, from: NodeId, to: NodeId, label: Label, bytes: Vec<u8>) {
        assert!(bytes.len() <= FRAME_BYTES_MAX);
        match Frame::parse(&bytes).expect("our own frames parse") {
            Frame::Hello { .. } => assert_eq!(label.kind, "hello"),
            Frame::Welcome { .. } => assert_eq!(label.kind, "welcome"),
            Frame::Data { .. } => {
                assert!(label == self::label() || label == own_label("ack"));
                let number = bytes[1..17].try_into().expect("16 bytes");
                assert!(self.numbers.insert((from, number)), "{from} used a frame number twice");
            }
        }
        self.recorded.push((from, to, bytes.clone()));
        let copies = match self.rng.next_u32() % 100 {
            roll if roll < self.manners.loss => 0,
            roll if roll < self.manners.loss + self.manners.duplication => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = self.rng.next_u64() % self.manners.delay_ms;
            self.inject(from, to, bytes.clone(), delay);
        }
    }

    pub(super) fn inject(&mut self, link: NodeId, to: NodeId, bytes: Vec<u8>, delay_ms: u64) {
        self.count += 1;
        self.flights.insert((self.now.plus_millis(delay_ms), self.count), (link, to, bytes));
    }

    pub(super) fn send(&mut self, from: u16, to: u16, text: &str) {
        let bytes = text.as_bytes().to_vec();
        self.with(NodeId(from), |node, now, meter, fx| {
            node.send(NodeId(to), bytes, label(), now, meter, fx).expect("a known peer and a short message");
        });
    }

    /// Runs for so long, or until nothing is left to happen.
    pub(super) fn run(&mut self, millis: u64) {
        let end = self.now.plus_millis(millis);
        loop {
            let flight = self.flights.first_key_value().map(|((at, _), _)| *at);
            let timer = self.nodes.iter().filter_map(|(id, node)| Some((node.deadline()?, *id))).min();
            let next = flight.into_iter().chain(timer.map(|(at, _)| at)).min().filter(|at| *at <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            match timer.filter(|(at, _)| flight.is_none_or(|flight| *at <= flight)) {
                Some((_, id)) => {
                    self.with(id, |node, now, meter, fx| node.tick(now, meter, fx));
                    let later = self.nodes[&id].deadline();
                    assert!(later.is_none_or(|later| later > self.now), "a tick does what is due");
                }
                None => {
                    let (_, (link, to, bytes)) = self.flights.pop_first().expect("seen above");
                    if self.nodes.contains_key(&to) {
                        self.with(to, |node, now, meter, fx| node.on_frame(link, &bytes, now, meter, fx));
                    }
                }
            }
        }
        if self.is_idle() {
            return;
        }
        self.now = end;
    }

    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty() && self.nodes.values().all(|node| node.deadline().is_none())
    }

    /// What was delivered from one node to another, sorted.
    pub(super) fn received(&self, from: u16, to: u16) -> Vec<String> {
        let ours = self.delivered.iter().filter(|(at, _, by, _)| (at.0, by.0) == (to, from));
        let mut texts: Vec<String> = ours.map(|(.., bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
        texts.sort();
        texts
    }

    pub(super) fn count(&self, at: u16, wanted: impl Fn(&Effect) -> bool) -> usize {
        self.events.iter().filter(|(id, effect)| id.0 == at && wanted(effect)).count()
    }

    pub(super) fn restarts_seen(&self, at: u16) -> usize {
        self.count(at, |effect| matches!(effect, Effect::PeerRestarted { .. }))
    }

    pub(super) fn drops(&self, at: u16, reason: DropReason) -> usize {
        self.count(at, |effect| matches!(effect, Effect::Dropped { reason: found, .. } if *found == reason))
    }
}
