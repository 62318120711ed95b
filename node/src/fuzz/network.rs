//! Four state machines and a network between them that choices drive. What the liar says may be spoilt, said to others too,
//! or made up of bytes; it signs all of it.

use k256::ecdsa::SigningKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

use super::Choices;
use super::committee::{LIAR, identity, ids, roster};
use crate::blame::{self, ChainView};
use crate::chain::ChainEvent;
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::evidence::Evidence;
use crate::id::{Boot, KeyId, NodeId, SessionId};
use crate::io::Time;
use crate::memo::Memo;
use crate::meter::Meter;
use crate::note::Note;
use crate::roster::Roster;
use crate::testing::BOARD;
use crate::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};

/// After so many events a network is left alone: retries may go on for long.
const STEPS_MAX: usize = 3_000;

/// What a state machine's effect asks of the network.
pub(super) enum Outcome<M: Machine> {
    /// To send a message.
    Send(NodeId, M::Message),
    /// To believe that a peer has provably lied, and what convinces others.
    Name(NodeId, Option<Evidence>),
    /// Something that [`Machine::carry_out`] knows about.
    Other(M::Effect),
}

/// A protocol's state machine.
pub(super) trait Machine: Sized {
    type Message: Serialize + DeserializeOwned;
    type Effect;

    fn signing_digest(message: &Self::Message) -> Option<[u8; 32]>;

    fn on_message(
        &mut self,
        from: NodeId,
        message: Self::Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Self::Effect>,
    );

    fn deadline(&self) -> Option<Time>;

    fn tick(&mut self, env: &mut Env, fx: &mut Vec<Self::Effect>);

    fn outcome(effect: Self::Effect) -> Outcome<Self>;

    /// Does what a machine asks for besides sending.
    fn carry_out(network: &mut Network<Self>, by: NodeId, effect: Self::Effect);

    /// What the liar does besides speaking, where there is anything.
    fn mischief(_network: &mut Network<Self>, _choices: &mut Choices<'_>) {}

    /// How many things a machine keeps that others may have it keep, and the most that it should.
    fn kept(&self) -> (usize, usize);
}

/// A message under way.
#[derive(Clone)]
pub(super) struct Parcel {
    from: NodeId,
    to: NodeId,
    bytes: Vec<u8>,
}

/// Machines, and what is between them.
pub(super) struct Network<M: Machine> {
    pub(super) roster: Roster,
    machines: BTreeMap<NodeId, M>,
    identities: BTreeMap<NodeId, SigningKey>,
    pub(super) now: Time,
    under_way: Vec<Parcel>,
    memo: Memo,
    /// What was ever sent, as it was encoded.
    pub(super) said: Vec<Vec<u8>>,
    /// What the chain shows.
    pub(super) events: Vec<ChainEvent>,
    /// What honest nodes hold against others.
    pub(super) exhibits: Vec<Vec<u8>>,
    /// Which session hands which key over, to its holders themselves.
    pub(super) handed_over: Option<(SessionId, KeyId)>,
}

impl<M: Machine> Network<M> {
    /// A network of machines that `make` makes.
    pub(super) fn new(make: impl FnMut(NodeId) -> M) -> Self {
        Self {
            roster: roster(),
            machines: ids().zip(ids().map(make)).collect(),
            identities: ids().map(|id| (id, identity(id))).collect(),
            now: Time(1_000_000_000),
            under_way: Vec::new(),
            memo: Memo::shared(),
            said: Vec::new(),
            events: Vec::new(),
            exhibits: Vec::new(),
            handed_over: None,
        }
    }

    /// Runs `act` on one machine and carries out what it asks for.
    pub(super) fn on(&mut self, id: NodeId, act: impl FnOnce(&mut M, &mut Env, &mut Vec<M::Effect>)) {
        let mut machine = self.machines.remove(&id).expect("no machine acts within another one's act");
        let (mut fx, mut meter, mut notes, mut honest) = (Vec::new(), Meter::default(), Vec::new(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(0),
            now: self.now,
            roster: &self.roster,
            identity: &self.identities[&id],
            entropy: &Entropy::new(&[id.0 as u8; 32], Boot(0)),
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &self.memo,
        };
        act(&mut machine, &mut env, &mut fx);
        let (kept, most) = machine.kept();
        assert!(kept <= most, "{id} keeps {kept} things");
        self.machines.insert(id, machine);
        for note in notes {
            if let Note::Culprit { node, evidence, .. } = note {
                self.name(id, node, evidence.map(|exhibit| exhibit.0));
            }
        }
        for effect in fx {
            match M::outcome(effect) {
                Outcome::Send(to, message) => self.post(id, to, encode(&message)),
                Outcome::Name(node, evidence) => self.name(id, node, evidence.map(|evidence| evidence.bytes())),
                Outcome::Other(effect) => M::carry_out(self, id, effect),
            }
        }
    }

    fn name(&mut self, by: NodeId, node: NodeId, evidence: Option<Vec<u8>>) {
        if by != LIAR {
            assert_eq!(node, LIAR, "{by} names an honest node");
            self.exhibits.extend(evidence);
        }
    }

    /// The chain, for third parties.
    pub(super) fn chain(&self) -> ChainView {
        let view = ChainView::new(self.roster.clone(), BOARD, self.events.iter().cloned());
        match self.handed_over {
            Some((session, key)) => view.handing_over(session, key, self.roster.clone()),
            None => view,
        }
    }

    /// Runs `act` on every machine.
    pub(super) fn on_all(&mut self, mut act: impl FnMut(NodeId, &mut M, &mut Env, &mut Vec<M::Effect>)) {
        for id in ids() {
            self.on(id, |machine, env, fx| act(id, machine, env, fx));
        }
    }

    fn post(&mut self, from: NodeId, to: NodeId, bytes: Vec<u8>) {
        assert!(bytes.len() <= FRAME_BYTES_MAX, "a message of {} bytes fits into no frame", bytes.len());
        self.said.push(bytes.clone());
        self.under_way.push(Parcel { from, to, bytes });
    }

    /// What arrives is decoded, and signed by whoever sent it.
    fn deliver(&mut self, at: usize) {
        let Parcel { from, to, bytes } = self.under_way.remove(at);
        let Ok(message) = decode::<M::Message>(&bytes, FRAME_BYTES_MAX) else {
            assert_eq!(from, LIAR, "honest messages decode");
            return;
        };
        let sign = |digest| SignatureBytes::sign(&digest, &self.identities[&from], &mut Meter::default());
        let signature = M::signing_digest(&message).map(sign);
        self.on(to, |machine, env, fx| machine.on_message(from, message, signature, env, fx));
    }

    /// Time passes until something is due; false if nothing ever will be.
    fn pass_time(&mut self) -> bool {
        let Some(next) = self.machines.values().filter_map(M::deadline).min() else { return false };
        self.now = self.now.max(next);
        for id in ids() {
            if self.machines[&id].deadline().is_some_and(|at| at <= self.now) {
                self.on(id, M::tick);
            }
        }
        true
    }

    /// Does what the choices say, and then what is left to be done; what is held against the liar has to convince others.
    pub(super) fn run(&mut self, choices: &mut Choices<'_>) {
        for _ in 0..STEPS_MAX {
            let count = self.under_way.len();
            match if choices.is_empty() { 4 } else { choices.below(12) } {
                0 | 1 => self.lie(choices, |choices, parcel| choices.spoil(&mut parcel.bytes)),
                2 => self.lie(choices, |choices, parcel| parcel.to = to_somebody(choices)),
                3 => {
                    let to = to_somebody(choices);
                    self.under_way.push(Parcel { from: LIAR, to, bytes: choices.bytes() });
                }
                10 => M::mischief(self, choices),
                11 => {
                    self.pass_time();
                }
                _ if count > 0 => self.deliver(choices.below(count)),
                _ if self.pass_time() => {}
                _ if choices.is_empty() => break,
                _ => {}
            }
        }
        let chain = self.chain();
        for exhibit in &self.exhibits {
            let judged = blame::verify(exhibit, &chain).map(|culprit| culprit.node);
            assert_eq!(judged, Ok(LIAR), "evidence convinces everybody");
        }
    }

    /// Replaces something that the liar says, or says it besides.
    fn lie(&mut self, choices: &mut Choices<'_>, change: impl FnOnce(&mut Choices<'_>, &mut Parcel)) {
        let own: Vec<usize> = (0..self.under_way.len()).filter(|at| self.under_way[*at].from == LIAR).collect();
        let Some(&at) = own.get(choices.below(own.len())) else { return };
        let mut parcel = self.under_way[at].clone();
        change(choices, &mut parcel);
        if choices.byte() & 1 == 0 {
            self.under_way[at] = parcel;
        } else {
            self.under_way.push(parcel);
        }
    }
}

fn to_somebody(choices: &mut Choices<'_>) -> NodeId {
    [NodeId(1), NodeId(3), NodeId(4)][choices.below(3)]
}
