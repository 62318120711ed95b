//! A network of generators: messages travel encoded and arrive in random order, time passes when nothing is under way.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::blame::{ChainView, Culprit, Offence, verify};
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::id::{Boot, NodeId, SessionId};
use crate::io::Time;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::Roster;
use crate::testing::{BOARD, is_signed, sign};
pub(super) use crate::testing::{identity, roster};
use crate::triples::DealtTriples;
use crate::triples::{Effect, Evidence, Generator, Message, Misbehaviour, Params};
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};

pub(super) struct Peer {
    pub(super) generator: Generator,
    pub(super) entropy: Entropy,
    pub(super) notes: Vec<Note>,
    pub(super) effects: Vec<Effect>,
}

pub(super) struct Parcel {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) bytes: Vec<u8>,
    pub(super) signature: Option<SignatureBytes>,
}

/// Changes what a node sends to whom: any number of messages instead.
pub(super) type Tamper = Box<dyn FnMut(NodeId, NodeId, Message) -> Vec<Message>>;

pub(super) struct Net {
    pub(super) peers: BTreeMap<NodeId, Peer>,
    pub(super) roster: Roster,
    pub(super) holders: Vec<NodeId>,
    pub(super) now: Time,
    pub(super) rng: ChaCha20Rng,
    pub(super) under_way: Vec<Parcel>,
    pub(super) tamper: Tamper,
    pub(super) memo: Memo,
    /// What was delivered and was no message at all.
    pub(super) undecodable: usize,
    /// Evidence that was judged before.
    judged: RefCell<BTreeMap<Vec<u8>, Culprit>>,
}

impl Net {
    /// A network in which the first threshold members are holders.
    pub(super) fn new(members: u16, count: u16, seed: u64) -> Self {
        let roster = roster(members);
        let params = Params::new(100, count);
        let peer = |id: NodeId| {
            let entropy = Entropy::new(&[id.0 as u8 ^ seed as u8; 32], Boot(0));
            (id, Peer { generator: Generator::new(params), entropy, notes: Vec::new(), effects: Vec::new() })
        };
        Self {
            peers: roster.ids().map(peer).collect(),
            holders: roster.ids().take(roster.threshold()).collect(),
            roster,
            now: Time(1_000_000_000),
            rng: ChaCha20Rng::seed_from_u64(seed),
            under_way: Vec::new(),
            tamper: Box::new(|_, _, message| vec![message]),
            memo: Memo::shared(),
            undecodable: 0,
            judged: RefCell::default(),
        }
    }

    /// Runs `act` on one node and carries out what it asks for.
    pub(super) fn on<T>(&mut self, id: NodeId, act: impl FnOnce(&mut Generator, &mut Env, &mut Vec<Effect>) -> T) -> T {
        let peer = self.peers.get_mut(&id).unwrap();
        let (mut fx, mut meter, mut honest) = (Vec::new(), Meter::default(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(0),
            now: self.now,
            roster: &self.roster,
            identity: &identity(id),
            entropy: &peer.entropy,
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut peer.notes,
            memo: &self.memo,
        };
        let result = act(&mut peer.generator, &mut env, &mut fx);
        for effect in fx {
            match effect {
                Effect::Send { to, message } => {
                    assert_ne!(to, id, "a node's messages to itself stay inside");
                    for message in (self.tamper)(id, to, message) {
                        self.post(id, to, &message);
                    }
                }
                other => self.peers.get_mut(&id).unwrap().effects.push(other),
            }
        }
        result
    }

    /// Signs and sends a message as `from`.
    pub(super) fn post(&mut self, from: NodeId, to: NodeId, message: &Message) {
        let signature = sign(from, message.signing_digest());
        let bytes = encode(message);
        assert!(bytes.len() <= FRAME_BYTES_MAX, "{} has {} bytes", message.label(), bytes.len());
        self.under_way.push(Parcel { from, to, bytes, signature });
    }

    /// Starts a batch led by the first holder.
    pub(super) fn start(&mut self) -> SessionId {
        self.start_led_by(self.holders[0])
    }

    /// Starts a batch led by this one of the holders.
    pub(super) fn start_led_by(&mut self, leader: NodeId) -> SessionId {
        let holders = self.holders.clone();
        self.on(leader, |generator, env, fx| generator.start(&holders, 0, env, fx)).unwrap()
    }

    pub(super) fn deliver(&mut self, parcel: Parcel) {
        let Parcel { from, to, bytes, signature } = parcel;
        let Ok(message) = decode::<Message>(&bytes, FRAME_BYTES_MAX) else {
            self.undecodable += 1;
            return;
        };
        if is_signed(from, message.signing_digest(), signature) {
            self.on(to, |generator, env, fx| generator.on_message(from, message, signature, env, fx));
        }
    }

    /// One event; false when nothing will ever happen again.
    pub(super) fn step(&mut self) -> bool {
        if !self.under_way.is_empty() {
            let at = self.rng.next_u64() as usize % self.under_way.len();
            let parcel = self.under_way.swap_remove(at);
            self.deliver(parcel);
            return true;
        }
        let due = self.peers.iter().filter_map(|(id, p)| Some((p.generator.deadline()?, *id))).min();
        let Some((time, id)) = due else { return false };
        self.now = self.now.max(time);
        self.on(id, |generator, env, fx| generator.tick(env, fx));
        true
    }

    pub(super) fn run(&mut self) {
        while self.step() {}
    }

    /// What `node` got of the batches.
    pub(super) fn ready(&self, node: NodeId) -> Vec<&DealtTriples> {
        fn ready(effect: &Effect) -> Option<&DealtTriples> {
            if let Effect::Ready { triples, .. } = effect { Some(triples) } else { None }
        }
        self.peers[&node].effects.iter().filter_map(ready).collect()
    }

    pub(super) fn failed(&self, node: NodeId) -> usize {
        self.peers[&node].effects.iter().filter(|effect| matches!(effect, Effect::Failed { .. })).count()
    }

    /// Whom `node` named, and for what; each evidence is judged as a third party does, from bytes and the validators' keys.
    pub(super) fn named(&self, node: NodeId) -> BTreeMap<NodeId, Misbehaviour> {
        self.named_where(node, |_| true)
    }

    /// The same of one batch.
    pub(super) fn named_in(&self, node: NodeId, batch: SessionId) -> BTreeMap<NodeId, Misbehaviour> {
        self.named_where(node, |evidence| evidence.start.id() == batch)
    }

    fn named_where(&self, node: NodeId, of: impl Fn(&Evidence) -> bool) -> BTreeMap<NodeId, Misbehaviour> {
        let mut named = BTreeMap::new();
        for effect in &self.peers[&node].effects {
            if let Effect::Culprit { node, what, evidence } = effect
                && of(evidence)
            {
                let offence = Offence::Triples(*what);
                assert_eq!(self.judge(evidence), Culprit { node: *node, offence });
                assert!(named.insert(*node, *what).is_none(), "named once");
            }
        }
        named
    }

    fn judge(&self, evidence: &Evidence) -> Culprit {
        let bytes = crate::evidence::Evidence::Triples(Box::new(evidence.clone())).bytes();
        let mut judged = self.judged.borrow_mut();
        let chain = || ChainView::new(self.roster.clone(), BOARD, []);
        *judged.entry(bytes).or_insert_with_key(|bytes| verify(bytes, &chain()).expect("evidence convicts"))
    }

    /// For what reasons `node` has dropped something.
    pub(super) fn dropped(&self, node: NodeId) -> Vec<&'static str> {
        let reason = |note: &Note| if let Note::Dropped { reason, .. } = note { Some(*reason) } else { None };
        self.peers[&node].notes.iter().filter_map(reason).collect()
    }

    pub(super) fn suspected(&self, node: NodeId) -> BTreeSet<NodeId> {
        let suspects = |effect: &Effect| match effect {
            Effect::Suspect { node, .. } => Some(*node),
            _ => None,
        };
        self.peers[&node].effects.iter().filter_map(suspects).collect()
    }

    /// The holders but for `liar`.
    pub(super) fn honest(&self, liar: NodeId) -> Vec<NodeId> {
        self.holders.iter().copied().filter(|holder| *holder != liar).collect()
    }
}
