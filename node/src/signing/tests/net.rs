//! A network of signing state machines with a trusted dealer: messages travel encoded and arrive in random order,
//! time passes when nothing is under way, or early if the test says so.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::keys;
use crate::blame::{ChainView, Culprit, Offence, verify};
use crate::chain::ChainEvent;
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::evidence::Evidence;
use crate::id::{Boot, Digest, NodeId, RequestId, SessionId};
use crate::io::Time;
use crate::key::{KeyShare, PublicKey};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::Roster;
use crate::signing::{ClientShare, CombinedSignature, Effect, Message, Misbehaviour, Params, Scheme, Signers, Subject};
pub(super) use crate::testing::identity;
use crate::testing::{BOARD, is_signed, roster, sign};
use crate::triples::{DealtTriples, Sealed, deal};
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};

pub(super) const DIGEST: Digest = Digest([0x5a; 32]);
pub(super) const REQUEST: RequestId = RequestId([7; 32]);
pub(super) const SCHEMES: [Scheme; 3] = [Scheme::EcdsaK256, Scheme::SchnorrK256Sha256, Scheme::SchnorrK256Bip340];

pub(super) struct Peer {
    pub(super) signers: Signers,
    pub(super) key: Rc<KeyShare>,
    entropy: Entropy,
    boot: u32,
    pub(super) notes: Vec<Note>,
    pub(super) effects: Vec<Effect>,
}

pub(super) enum Parcel {
    Message { from: NodeId, bytes: Vec<u8>, signature: Option<SignatureBytes> },
    Triples(DealtTriples),
    Restarted(NodeId),
}

/// Changes what a node sends to whom: any number of messages instead.
pub(super) type Tamper = Box<dyn FnMut(NodeId, NodeId, Message) -> Vec<Message>>;

/// A message as it left its sender, tampered with or not, or as it reached its recipient.
pub(super) struct Entry {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) message: Message,
    /// It arrives just now; otherwise it is sent.
    pub(super) arrives: bool,
    /// The one who sends it, or gets it, has the signature already.
    pub(super) is_done: bool,
}

pub(super) struct Net {
    pub(super) peers: BTreeMap<NodeId, Peer>,
    pub(super) roster: Roster,
    pub(super) memo: Memo,
    pub(super) now: Time,
    pub(super) rng: ChaCha20Rng,
    pub(super) under_way: Vec<(NodeId, Parcel)>,
    pub(super) down: BTreeSet<NodeId>,
    pub(super) tamper: Tamper,
    /// Out of 100 steps, how many lose the message, and how many let time pass before messages have arrived.
    pub(super) loss: u32,
    pub(super) haste: u32,
    pub(super) params: Params,
    /// Everything that is said and heard, if a test wants to know.
    pub(super) log: Option<Vec<Entry>>,
    batches: u64,
}

impl Net {
    pub(super) fn new(members: u16, seed: u64) -> Self {
        Self::with(members, seed, |_| ())
    }

    pub(super) fn with(members: u16, seed: u64, adjust: impl Fn(&mut Params)) -> Self {
        let mut params = Params::new(100, usize::from(members));
        adjust(&mut params);
        let shares = keys::deal(members, 1);
        let roster = roster(members);
        assert_eq!(roster.threshold(), usize::from(shares[&NodeId(1)].public.threshold));
        let peer = |(id, share): (NodeId, KeyShare)| {
            let (signers, key, entropy) = (Signers::new(params), Rc::new(share), entropy(id, 0));
            (id, Peer { signers, key, entropy, boot: 0, notes: Vec::new(), effects: Vec::new() })
        };
        Self {
            peers: shares.into_iter().map(peer).collect(),
            roster,
            memo: Memo::shared(),
            now: Time(1_000_000_000),
            rng: ChaCha20Rng::seed_from_u64(seed),
            under_way: Vec::new(),
            down: BTreeSet::new(),
            tamper: Box::new(|_, _, message| vec![message]),
            loss: 0,
            haste: 0,
            params,
            log: None,
            batches: 0,
        }
    }

    pub(super) fn public(&self) -> PublicKey {
        self.peers[&NodeId(1)].key.public.clone()
    }

    pub(super) fn ids(&self) -> Vec<NodeId> {
        self.peers.keys().copied().collect()
    }

    /// Runs `act` on one node and carries out what it asks for.
    pub(super) fn on<T>(&mut self, id: NodeId, act: impl FnOnce(&mut Signers, &mut Env, &mut Vec<Effect>) -> T) -> T {
        let peer = self.peers.get_mut(&id).unwrap();
        let (mut fx, mut meter, mut honest) = (Vec::new(), Meter::default(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(peer.boot),
            now: self.now,
            roster: &self.roster,
            identity: &identity(id),
            entropy: &peer.entropy,
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut peer.notes,
            memo: &self.memo,
        };
        let result = act(&mut peer.signers, &mut env, &mut fx);
        for effect in fx {
            self.carry_out(id, effect);
        }
        result
    }

    fn carry_out(&mut self, id: NodeId, effect: Effect) {
        match effect {
            Effect::Send { to, message } => {
                assert_ne!(to, id, "a node's messages to itself stay inside");
                for message in (self.tamper)(id, to, message) {
                    self.record(id, to, &message, false);
                    self.post(id, to, &message);
                }
            }
            Effect::NeedTriples { leader, holders, .. } => {
                assert_eq!(leader, id);
                self.batches += 1;
                let dealt = deal(leader, &holders, self.batches, 4, &mut self.rng);
                let sealed = Some(Arc::new(Sealed::of(&dealt[&leader])));
                for (holder, part) in dealt {
                    let part = DealtTriples { sealed: sealed.clone(), ..part };
                    self.under_way.push((holder, Parcel::Triples(part)));
                }
            }
            other => self.peers.get_mut(&id).unwrap().effects.push(other),
        }
    }

    fn record(&mut self, from: NodeId, to: NodeId, message: &Message, arrives: bool) {
        if self.log.is_some() {
            let is_done = self.done(if arrives { to } else { from }).is_some();
            let entry = Entry { from, to, message: message.clone(), arrives, is_done };
            self.log.get_or_insert_default().push(entry);
        }
    }

    /// Signs and sends a message as `from`.
    pub(super) fn post(&mut self, from: NodeId, to: NodeId, message: &Message) {
        let signature = sign(from, message.signing_digest());
        self.under_way.push((to, Parcel::Message { from, bytes: encode(message), signature }));
    }

    pub(super) fn subject(&self, node: NodeId, scheme: Scheme, digest: Digest) -> Subject {
        let key = Rc::clone(&self.peers[&node].key);
        Subject { request: REQUEST, sig_name: "sig".into(), key, digest, scheme }
    }

    pub(super) fn authorise(&mut self, node: NodeId, scheme: Scheme, digest: Digest) -> SessionId {
        self.authorise_request(node, REQUEST, scheme, digest)
    }

    pub(super) fn authorise_request(
        &mut self,
        node: NodeId,
        request: RequestId,
        scheme: Scheme,
        digest: Digest,
    ) -> SessionId {
        let subject = Subject { request, ..self.subject(node, scheme, digest) };
        self.on(node, |signers, env, fx| signers.authorise(subject, env, fx))
    }

    pub(super) fn authorise_all(&mut self, scheme: Scheme) -> SessionId {
        self.ids().into_iter().map(|node| self.authorise(node, scheme, DIGEST)).last().unwrap()
    }

    /// The node loses everything but its key; its peers hear of it.
    pub(super) fn restart(&mut self, id: NodeId) {
        let params = self.params;
        let peer = self.peers.get_mut(&id).unwrap();
        peer.boot += 1;
        peer.entropy = entropy(id, peer.boot);
        peer.signers = Signers::new(params);
        let key = Rc::clone(&peer.key);
        self.on(id, |signers, env, fx| signers.on_key(&key, env, fx));
        let boots: Vec<(NodeId, u32)> = self.peers.iter().map(|(peer, state)| (*peer, state.boot)).collect();
        for (peer, boot) in boots.into_iter().filter(|(peer, _)| *peer != id) {
            self.on(id, |signers, env, fx| signers.peer_arrived(peer, Boot(boot), false, env, fx));
        }
        self.under_way.extend(self.peers.keys().filter(|p| **p != id).map(|p| (*p, Parcel::Restarted(id))));
    }

    /// One event: a delivery in random order, or the passing of time. False when nothing will ever happen again.
    pub(super) fn step(&mut self) -> bool {
        let hurry = self.rng.next_u32() % 100 < self.haste;
        if self.under_way.is_empty() || hurry {
            return self.pass_time() || !self.under_way.is_empty();
        }
        let at = self.rng.next_u32() as usize % self.under_way.len();
        let (to, parcel) = self.under_way.swap_remove(at);
        let lost = self.rng.next_u32() % 100 < self.loss && matches!(parcel, Parcel::Message { .. });
        if !self.down.contains(&to) && !lost {
            self.deliver(to, parcel);
        }
        true
    }

    fn deliver(&mut self, to: NodeId, parcel: Parcel) {
        match parcel {
            Parcel::Message { from, bytes, signature } => {
                let Ok(message) = decode::<Message>(&bytes, FRAME_BYTES_MAX) else { return };
                if !is_signed(from, message.signing_digest(), signature) {
                    return;
                }
                let _ = message.label();
                self.record(from, to, &message, true);
                self.on(to, |signers, env, fx| signers.on_message(from, message, signature, env, fx));
            }
            Parcel::Triples(dealt) => self.on(to, |signers, env, fx| signers.on_triples(dealt, env, fx)),
            Parcel::Restarted(peer) => {
                let boot = Boot(self.peers[&peer].boot);
                self.on(to, |signers, env, fx| signers.peer_arrived(peer, boot, true, env, fx));
            }
        }
    }

    fn pass_time(&mut self) -> bool {
        let live: Vec<NodeId> = self.ids().into_iter().filter(|id| !self.down.contains(id)).collect();
        let Some(next) = live.iter().filter_map(|id| self.peers[id].signers.deadline()).min() else { return false };
        self.now = self.now.max(next);
        for id in live {
            if self.peers[&id].signers.deadline().is_some_and(|at| at <= self.now) {
                self.on(id, Signers::tick);
                let after = self.peers[&id].signers.deadline();
                assert!(after.is_none_or(|at| at > self.now), "a tick leaves nothing due");
            }
        }
        true
    }

    /// Runs until nothing happens any more.
    pub(super) fn run(&mut self) {
        for _ in 0..200_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the network does not come to rest");
    }

    pub(super) fn done(&self, id: NodeId) -> Option<(&Vec<ClientShare>, CombinedSignature)> {
        self.peers[&id].effects.iter().find_map(|effect| match effect {
            Effect::Done { shares, signature, .. } => Some((shares, *signature)),
            _ => None,
        })
    }

    /// What everybody can read on the chain: the validators, and what their votes for the key commit to.
    fn chain(&self) -> ChainView {
        let key = self.public();
        let (public_key, key_data) = (key.uncompressed(), key.data_digest());
        ChainView::new(self.roster.clone(), BOARD, [ChainEvent::KeyRouted { key: key.id(), public_key, key_data }])
    }

    /// Whom these nodes name, and for what. Each time they show evidence, whose bytes convince a third party of the same.
    pub(super) fn named_by(&self, nodes: &[NodeId]) -> BTreeSet<(NodeId, Misbehaviour)> {
        let (chain, mut judged, mut named) = (self.chain(), BTreeSet::new(), BTreeSet::new());
        for effect in nodes.iter().flat_map(|node| &self.peers[node].effects) {
            let Effect::Culprit { node, what, evidence } = effect else { continue };
            let evidence = evidence.as_ref().unwrap_or_else(|| panic!("{node} is named without evidence: {what:?}"));
            let bytes = Evidence::Signing((**evidence).clone()).bytes();
            if judged.insert(bytes.clone()) {
                assert_eq!(verify(&bytes, &chain), Ok(Culprit { node: *node, offence: offence(what) }));
            }
            named.insert((*node, *what));
        }
        named
    }

    pub(super) fn culprits(&self) -> BTreeSet<(NodeId, &'static str)> {
        let name = |what: &Misbehaviour| match what {
            Misbehaviour::WrongPresignShare { .. } => "presign",
            Misbehaviour::WrongShare { .. } => "share",
            Misbehaviour::TwoProposals { .. } | Misbehaviour::NoncesProposedTwice { .. } => "two proposals",
            Misbehaviour::ForgedAnnouncement { .. } => "forged",
            Misbehaviour::ForgedOpening { .. } => "forged opening",
        };
        self.named_by(&self.ids()).iter().map(|(node, what)| (*node, name(what))).collect()
    }

    /// Whom a node suspects, or has suspected.
    pub(super) fn suspected(&self, by: NodeId) -> BTreeSet<NodeId> {
        let of = |note: &Note| if let Note::Suspected { node } = note { Some(*node) } else { None };
        self.peers[&by].notes.iter().filter_map(of).collect()
    }

    /// What the clients get from all `nodes`.
    pub(super) fn parts(&self, nodes: &[NodeId]) -> Vec<(NodeId, ClientShare)> {
        let of = |id: &NodeId| {
            let shares = self.done(*id).map(|(shares, _)| shares.clone()).unwrap_or_default();
            shares.into_iter().map(|share| (*id, share)).collect::<Vec<_>>()
        };
        nodes.iter().flat_map(of).collect()
    }

    /// Each of `nodes` is done, with a signature that verifies.
    pub(super) fn assert_done(&self, nodes: &[NodeId]) {
        for id in nodes {
            let Some((shares, signature)) = self.done(*id) else { panic!("{id} is not done") };
            assert!(signature.verify(&self.public().point, &DIGEST));
            assert!(signature.has_nonce(&shares[0].nonce));
        }
    }

    /// No node used a one-time value for two proposals, or twice.
    pub(super) fn assert_nonces_unique(&self) {
        for (id, peer) in &self.peers {
            let mut seen = BTreeSet::new();
            for note in &peer.notes {
                if let Note::NonceUsed { nonce, .. } = note {
                    assert!(seen.insert(*nonce), "{id} used a nonce twice");
                }
            }
        }
    }

    pub(super) fn dropped(&self, id: NodeId, reason: &str) -> bool {
        self.peers[&id].notes.iter().any(|n| matches!(n, Note::Dropped { reason: r, .. } if *r == reason))
    }
}

fn offence(what: &Misbehaviour) -> Offence {
    match what {
        Misbehaviour::WrongPresignShare { .. } => Offence::WrongOpening,
        Misbehaviour::WrongShare { .. } => Offence::WrongShare,
        Misbehaviour::TwoProposals { .. } | Misbehaviour::NoncesProposedTwice { .. } => Offence::TwoProposals,
        Misbehaviour::ForgedAnnouncement { .. } => Offence::ForgedAnnouncement,
        Misbehaviour::ForgedOpening { .. } => Offence::ForgedOpening,
    }
}

fn entropy(id: NodeId, boot: u32) -> Entropy {
    Entropy::new(&[id.0 as u8; 32], Boot(boot))
}
