//! Tests of whole key generations, in a small world of nodes, a lossy mailbox and a board.

mod committee;
mod complaints;
mod crashes;
mod dealings;
mod disputes;
mod liars;
mod misbehaviour;
mod protocol;
mod random_liars;
mod reshare;
mod reshare_liars;
mod reshare_secrecy;

use group::ff::Field;
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;
use crate::blame::{self, ChainView};
use crate::chain::{BoardEvent as Shown, ChainEvent};
use crate::conduct::{Conduct, Honest};
use crate::curve::{self, Bls12381, Curve, Hidden, SecretPolynomial, interpolate};
use crate::entropy::Entropy;
use crate::env::Env;
use crate::id::{Boot, Epoch};
use crate::io::Time;
use crate::key::{KeyShare, PublicKey};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::{Member, Roster};
use crate::statement::Statement;
use crate::testing::BOARD;
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};
use committee::Committee;

/// How an attempt ended at a node.
#[derive(Clone, Debug, PartialEq)]
pub enum End<P: Curve = ProjectivePoint> {
    Finished(Box<KeyShare<P>>),
    Restart,
    Excluded(Vec<NodeId>),
}

pub struct Node<P: KeyCurve = ProjectivePoint> {
    pub session: Option<Session<P>>,
    record: Option<Record<P>>,
    boot: u32,
    read: usize,
    read_disputes: usize,
    read_close: bool,
    read_end: bool,
    /// Plays no part of its own; the test speaks for it.
    pub is_puppet: bool,
    pub conduct: Box<dyn Conduct>,
    pub end: Option<End<P>>,
    pub notes: Vec<Note>,
    pub meter: Meter,
    /// What was released under this node's signature: (round, dealer) -> digest.
    signed: BTreeMap<(u8, NodeId), [u8; 32]>,
}

pub type World = Net<ProjectivePoint>;

pub struct Net<P: KeyCurve> {
    pub committee: Committee,
    /// The old holders and their key, if this is a resharing.
    pub old: Option<Old<P>>,
    pub nodes: BTreeMap<NodeId, Node<P>>,
    pub params: Params,
    pub mail: Vec<(NodeId, NodeId, Message<P>)>,
    /// Every letter that was ever sent.
    pub wire: Vec<Message<P>>,
    pub board: Vec<(NodeId, Digest)>,
    /// Complaints on the board: dealer, digest, accuser, complaint.
    pub disputes: Vec<(NodeId, Digest, NodeId, Vec<u8>)>,
    /// What each node ever submitted about each dealer.
    complaints: BTreeMap<(NodeId, NodeId), Vec<u8>>,
    /// What each node contributed.
    pub dealt: BTreeMap<NodeId, Dealing<P>>,
    /// The board takes no more certificates.
    pub is_closed: bool,
    /// Nor complaints.
    pub is_settled: bool,
    pub now: Time,
    memo: Memo,
    /// Crash the acting node just before the effect of this number.
    pub kill_at: Option<u64>,
    /// Crash the next node that is about to post a complaint.
    pub kill_accuser: bool,
    pub effects: u64,
}

/// Where a resharing comes from.
pub struct Old<P: KeyCurve> {
    pub committee: Committee,
    pub from: Rc<Handover<P>>,
    pub shares: BTreeMap<NodeId, KeyShare<P>>,
}

pub fn session_of(attempt: u32) -> SessionId {
    BOARD.session(Epoch(1), 0, attempt.into())
}

impl<P: KeyCurve> Net<P> {
    pub fn new(n: u16) -> Self {
        Self::of(Committee::new(n), None)
    }

    /// A world in which `old` hands its key over to `committee`, or in which `committee` makes one.
    pub fn of(committee: Committee, old: Option<Old<P>>) -> Self {
        let node = |_| Node {
            session: None,
            record: None,
            boot: 0,
            read: 0,
            read_disputes: 0,
            read_close: false,
            read_end: false,
            is_puppet: false,
            conduct: Box::new(Honest),
            end: None,
            notes: Vec::new(),
            meter: Meter::default(),
            signed: BTreeMap::new(),
        };
        let old_ids = old.iter().flat_map(|old| old.committee.roster.ids());
        let nodes = committee.roster.ids().chain(old_ids).map(|id| (id, node(id))).collect();
        let session = BOARD.session(committee.roster.epoch(), 0, 0);
        let params = Params { session, index: 0, attempt: 0, close_block: 100, complaint_block: 103, delta_ms: 10 };
        Self {
            committee,
            old,
            nodes,
            params,
            mail: Vec::new(),
            wire: Vec::new(),
            board: Vec::new(),
            disputes: Vec::new(),
            complaints: BTreeMap::new(),
            dealt: BTreeMap::new(),
            is_closed: false,
            is_settled: false,
            now: Time(1),
            memo: Memo::shared(),
            kill_at: None,
            kill_accuser: false,
            effects: 0,
        }
    }

    pub fn ids(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    /// The key that a node signs with, whichever set it is in.
    fn identity(&self, id: NodeId) -> &SigningKey {
        match &self.old {
            Some(old) if !self.committee.identities.contains_key(&id) => old.committee.identity(id),
            _ => self.committee.identity(id),
        }
    }

    fn act<R>(&mut self, id: NodeId, act: impl FnOnce(&mut Node<P>, &mut Env<'_>, &mut Vec<Effect<P>>) -> R) -> R {
        let mut node = self.nodes.remove(&id).expect("a member");
        let entropy = Entropy::new(&[id.0 as u8; 32], Boot(node.boot));
        let (mut notes, mut meter) = (Vec::new(), Meter::default());
        let mut conduct = std::mem::replace(&mut node.conduct, Box::new(Honest));
        let mut fx = Vec::new();
        let mut env = Env {
            me: id,
            boot: Boot(node.boot),
            now: self.now,
            roster: &self.committee.roster,
            identity: self.identity(id),
            entropy: &entropy,
            conduct: &mut *conduct,
            meter: &mut meter,
            notes: &mut notes,
            memo: &self.memo,
        };
        let result = act(&mut node, &mut env, &mut fx);
        node.conduct = conduct;
        node.notes.extend(notes);
        node.meter.merge(&meter);
        self.nodes.insert(id, node);
        self.apply(id, fx);
        result
    }

    fn apply(&mut self, id: NodeId, fx: Vec<Effect<P>>) {
        for effect in fx {
            self.effects += 1;
            if self.kill_at == Some(self.effects - 1) {
                return self.crash(id);
            }
            let node = self.nodes.get_mut(&id).expect("a member");
            match effect {
                Effect::Persist(entry) => {
                    let copy = decode::<Entry<P>>(&encode(&entry), FRAME_BYTES_MAX).expect("entries round-trip");
                    assert_eq!(copy, entry);
                    if let Entry::Dealt(dealing) = &copy {
                        self.dealt.insert(id, (**dealing).clone());
                    }
                    node.record.get_or_insert_default().insert(copy);
                }
                Effect::Send { to, message } => {
                    if let Some(digest) = message.signing_digest() {
                        let label = message.label();
                        let dealer = if label.round == 0 { id } else { to };
                        let earlier = *node.signed.entry((label.round, dealer)).or_insert(digest);
                        assert_eq!(earlier, digest, "{id} signed two different statements for {label}");
                    }
                    for (to, statement) in node.conduct.outbound(to, P::statement(message)) {
                        let Some(message) = P::message(&statement) else { continue };
                        self.wire.push(message.clone());
                        self.mail.push((id, to, message.clone()));
                    }
                }
                Effect::PostCertificate(certificate) => {
                    assert_eq!(certificate.dealer, id);
                    certificate.verify(&self.committee.roster, &mut Meter::default()).expect("a right certificate");
                    self.certify(id, certificate.digest);
                }
                Effect::PostComplaint { dealer, digest, complaint } => {
                    if std::mem::take(&mut self.kill_accuser) {
                        return self.crash(id);
                    }
                    self.dispute(id, dealer, digest, complaint);
                }
                Effect::Finished(share) => {
                    if let Some(End::Finished(earlier)) = &node.end {
                        assert_eq!(**earlier, share, "a finished key changed at {id}");
                    }
                    node.end = Some(End::Finished(Box::new(share)));
                }
                Effect::Restart => node.end = Some(End::Restart),
                Effect::Excluded(dealers) => node.end = Some(End::Excluded(dealers)),
            }
        }
    }

    pub fn certify(&mut self, dealer: NodeId, digest: Digest) {
        if !self.is_closed && self.board.iter().all(|(known, _)| *known != dealer) {
            self.board.push((dealer, digest));
        }
    }

    /// What the board's contract does with a complaint. No node of these tests makes two about one dealer.
    pub fn dispute(&mut self, accuser: NodeId, dealer: NodeId, digest: Digest, complaint: Vec<u8>) {
        assert!(complaint.len() <= COMPLAINT_BYTES_MAX);
        let earlier = self.complaints.entry((accuser, dealer)).or_insert_with(|| complaint.clone());
        assert_eq!(*earlier, complaint, "{accuser} made two complaints about {dealer}");
        let is_known = self.disputes.iter().any(|(d, _, a, _)| (*d, *a) == (dealer, accuser));
        if !self.is_settled && !is_known && self.board.contains(&(dealer, digest)) {
            self.disputes.push((dealer, digest, accuser, complaint));
        }
    }

    /// Starts a node, from its record if it ran before.
    pub fn open(&mut self, id: NodeId) {
        let params = self.params;
        let (task, key) = match &self.old {
            None => (Task::Generate, self.committee.decryption(id).clone()),
            Some(old) => {
                let share = old.shares.get(&id).map(|share| Hidden::new(share.secret));
                let key = self.committee.decryptions.get(&id).unwrap_or_else(|| old.committee.decryption(id));
                (Task::Reshare { from: Rc::clone(&old.from), share }, key.clone())
            }
        };
        self.act(id, |node, env, fx| {
            assert!(node.session.is_none() && !node.is_puppet);
            (node.read, node.read_disputes, node.read_close, node.read_end) = (0, 0, false, false);
            let older = node.boot > 0;
            let record = node.record.clone().or(older.then(Record::default));
            node.session = Some(Session::open(params, task, &key, record, env, fx));
        });
    }

    pub fn open_all(&mut self) {
        for id in self.ids() {
            if !self.nodes[&id].is_puppet {
                self.open(id);
            }
        }
    }

    /// Drops a node's memory and whatever is in flight from or to it.
    pub fn crash(&mut self, id: NodeId) {
        self.mail.retain(|(from, to, _)| *from != id && *to != id);
        let node = self.nodes.get_mut(&id).expect("a member");
        node.session = None;
        node.boot += 1;
    }

    /// Delivers a letter through the codec, signed as the node's envelope would be.
    pub fn deliver(&mut self, index: usize) {
        let (from, to, message) = self.mail.swap_remove(index);
        let bytes = encode(&message);
        let copy = decode::<Message<P>>(&bytes, FRAME_BYTES_MAX).expect("messages round-trip");
        assert_eq!(copy, message);
        self.hand(from, to, message);
    }

    pub fn hand(&mut self, from: NodeId, to: NodeId, message: Message<P>) {
        let key = self.identity(from).clone();
        let sign = |digest: [u8; 32]| SignatureBytes::sign(&digest, &key, &mut Meter::default());
        let signature = message.signing_digest().map(sign);
        self.act(to, |node, env, fx| {
            if let Some(session) = &mut node.session {
                session.on_message(from, message, signature, env, fx);
            }
        });
    }

    /// Lets a node read one more event of the board; false if there is none. Once the board is settled, it takes no
    /// block for the newest before it has read all of them.
    pub fn read_board(&mut self, id: NodeId) -> bool {
        let (board, disputes) = (self.board.clone(), self.disputes.clone());
        let (is_closed, is_settled) = (self.is_closed, self.is_settled);
        let Params { close_block, complaint_block, .. } = self.params;
        self.act(id, |node, env, fx| {
            let Some(session) = &mut node.session else { return false };
            let block = if node.read_close { close_block } else { 1 };
            let block = if let Some((dealer, digest)) = board.get(node.read) {
                node.read += 1;
                session.on_certified(*dealer, *digest, env);
                block
            } else if let Some((dealer, digest, accuser, complaint)) = disputes.get(node.read_disputes) {
                node.read_disputes += 1;
                session.on_disputed(*dealer, *digest, *accuser, complaint.clone(), env);
                block
            } else if is_closed && !node.read_close {
                node.read_close = true;
                close_block
            } else if is_settled && !node.read_end {
                node.read_end = true;
                complaint_block
            } else {
                return false;
            };
            if !is_settled || block == complaint_block {
                session.on_final(block, env, fx);
            }
            true
        })
    }

    /// Lets time pass to the next deadline and wakes who is due; false if nobody waits.
    pub fn pass_time(&mut self) -> bool {
        let deadlines = self.nodes.values().filter_map(|node| node.session.as_ref()?.deadline());
        let Some(next) = deadlines.min() else { return false };
        self.now = self.now.max(next);
        for id in self.ids() {
            self.act(id, |node, env, fx| {
                if let Some(session) = &mut node.session {
                    session.tick(env, fx);
                }
            });
        }
        true
    }

    /// Delivers all mail, in an order drawn from `rng`, and lets everybody read the board after each letter or so.
    pub fn settle(&mut self, rng: &mut ChaCha20Rng) {
        loop {
            while !self.mail.is_empty() {
                let index = rng.next_u64() as usize % self.mail.len();
                self.deliver(index);
            }
            let ids = self.ids();
            let events: usize = ids.iter().map(|&id| usize::from(self.read_board(id))).sum();
            if events == 0 && self.mail.is_empty() {
                return;
            }
        }
    }

    /// An undisturbed run from where the world is: settle, close the board, settle, retry until all is done; then the
    /// same with the end of complaints.
    pub fn run(&mut self, seed: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        self.settle(&mut rng);
        self.is_closed = true;
        self.wait(&mut rng);
        self.is_settled = true;
        self.wait(&mut rng);
    }

    /// Lets time pass until nobody waits for anything but the board.
    pub fn wait(&mut self, rng: &mut ChaCha20Rng) {
        self.settle(rng);
        for _ in 0..20 {
            if !self.pass_time() {
                return;
            }
            self.settle(rng);
        }
        panic!("retries go on for ever");
    }

    /// Whom a node called a culprit, and why, in order. What it shows convinces whoever knows the chain.
    pub fn named(&self, id: NodeId) -> Vec<(NodeId, &str)> {
        let chain = self.chain();
        let named = self.nodes[&id].notes.iter().filter_map(|note| match note {
            Note::Culprit { node, what, evidence } => {
                let exhibit = evidence.as_ref().expect("naming takes evidence");
                let judged = blame::verify(&exhibit.0, &chain).map(|culprit| culprit.node);
                assert_eq!(judged, Ok(*node), "{what}");
                Some((*node, what.as_str()))
            }
            _ => None,
        });
        named.collect()
    }

    /// What stands on the chain, for third parties.
    pub fn chain(&self) -> ChainView {
        let Params { session, index, attempt, close_block, complaint_block, .. } = self.params;
        let opened = Shown::SessionOpened { session, index, attempt: attempt.into(), close_block, complaint_block };
        let disputes = self.disputes.iter().map(|(dealer, digest, accuser, complaint)| {
            let (dealer, digest, accuser, complaint) = (*dealer, *digest, *accuser, complaint.clone());
            Shown::DealingDisputed { session, dealer, digest, accuser, complaint }
        });
        let board = std::iter::once(opened).chain(disputes).map(ChainEvent::Board);
        let Some(Old { from, .. }) = &self.old else {
            return ChainView::new(self.committee.roster.clone(), BOARD, board);
        };
        let (key, key_data) = (from.public.id(), from.public.data_digest());
        // Only what the votes commit to counts for blame.
        let routed = ChainEvent::NetworkKeyRouted { key, key_data, public_key: [0; 48] };
        let events = board.chain([routed]);
        ChainView::new(self.committee.roster.clone(), BOARD, events).handing_over(session, key, from.roster.clone())
    }

    /// Checks that the key that these nodes share is made of the contributions of `dealers`.
    pub fn is_made_of(&self, ids: &[NodeId], dealers: &[NodeId]) {
        let point: P = dealers.iter().map(|id| *self.dealt[id].commitments[0].point()).sum();
        assert_eq!(self.agreed_shares(ids)[0].public.point, point);
    }

    pub fn key_share(&self, id: NodeId) -> &KeyShare<P> {
        match &self.nodes[&id].end {
            Some(End::Finished(share)) => share,
            other => panic!("{id} has no key but {other:?}"),
        }
    }

    /// Checks that `ids` agree on a key of which any k of their shares are shares; returns them.
    pub fn agreed_shares(&self, ids: &[NodeId]) -> Vec<KeyShare<P>> {
        let shares: Vec<KeyShare<P>> = ids.iter().map(|&id| self.key_share(id).clone()).collect();
        let k = self.committee.roster.threshold();
        for share in &shares {
            assert_eq!(share.public, shares[0].public);
            assert_eq!(P::generate(&share.secret), share.public.share_of(share.holder));
        }
        for window in shares.windows(k) {
            let points: Vec<_> = window.iter().map(|share| (share.holder, share.secret)).collect();
            assert_eq!(P::generate(&interpolate(&points)), shares[0].public.point);
        }
        shares
    }

    pub fn has_dropped(&self, id: NodeId, from: NodeId, reason: &str) -> bool {
        let is_it = |note: &Note| matches!(note, Note::Dropped { from: f, reason: r } if *f == from && *r == reason);
        self.nodes[&id].notes.iter().any(is_it)
    }
}
