//! Triples and presigning joined: a batch that somebody has presigned from is never opened, whoever gives it up then.

use proptest::prelude::*;
use rand_core::RngCore;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::net::{Net, identity};
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::id::{Boot, Digest, NodeId, SessionId};
use crate::key::KeyShare;
use crate::meter::Meter;
use crate::signing::tests::keys;
use crate::signing::{self, Effect as Signing, Signers};
use crate::testing::sign;
use crate::triples::{Abort, Effect, Kind, Message, Misbehaviour, Reason, Slot};

/// Nodes that make triples with each other, and presignatures of what they make.
struct Joint {
    net: Net,
    signers: BTreeMap<NodeId, Signers>,
    mail: Vec<(NodeId, NodeId, signing::Message)>,
    /// How many of a node's batches its signing has.
    handed: BTreeMap<NodeId, usize>,
    /// Who has opened values made of the triples.
    presigned: Vec<NodeId>,
}

const LEADER: NodeId = NodeId(1);

impl Joint {
    /// A network whose first node wants one presignature ahead.
    fn new(members: u16, seed: u64) -> Self {
        let net = Net::new(members, 2, seed);
        let (mut signers, shares) = (BTreeMap::new(), keys::deal(members, 1));
        for node in net.roster.ids() {
            let mut params = signing::Params::new(100, usize::from(members));
            (params.pool_sets, params.pool_per_set) = (1, usize::from(node == LEADER));
            (params.triples_ms, params.triples_room_ms) = (10_000, 10_000);
            signers.insert(node, Signers::new(params));
        }
        let mut joint = Self { net, signers, mail: Vec::new(), handed: BTreeMap::new(), presigned: Vec::new() };
        for (node, share) in shares {
            let share: Rc<KeyShare> = Rc::new(share);
            joint.on(node, |signers, env, fx| signers.on_key(&share, env, fx));
        }
        joint
    }

    fn on(&mut self, me: NodeId, act: impl FnOnce(&mut Signers, &mut Env, &mut Vec<Signing>)) {
        let (mut fx, mut meter, mut honest, mut notes) = (Vec::new(), Meter::default(), Honest, Vec::new());
        let entropy = Entropy::new(&[me.0 as u8; 32], Boot(0));
        let mut env = Env {
            me,
            boot: Boot(0),
            now: self.net.now,
            roster: &self.net.roster,
            identity: &identity(me),
            entropy: &entropy,
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &self.net.memo,
        };
        act(self.signers.get_mut(&me).unwrap(), &mut env, &mut fx);
        for effect in fx {
            match effect {
                Signing::NeedTriples { leader, holders, .. } => {
                    assert_eq!((leader, &holders), (me, &self.net.holders));
                    self.net.start_led_by(leader);
                }
                Signing::Send { to, message } => {
                    if matches!(message, signing::Message::PresignShare(_) | signing::Message::PresignStart(_)) {
                        self.presigned.push(me);
                    }
                    self.mail.push((me, to, message));
                }
                other => panic!("{me}: {other:?}"),
            }
        }
    }

    /// One event at random; false when nothing is left to happen.
    fn step(&mut self) -> bool {
        for node in self.net.roster.ids().collect::<Vec<_>>() {
            let had = self.handed.entry(node).or_default();
            if let Some(dealt) = self.net.ready(node).get(*had).map(|dealt| (*dealt).clone()) {
                *had += 1;
                self.on(node, |signers, env, fx| signers.on_triples(dealt, env, fx));
                return true;
            }
        }
        if !self.mail.is_empty() && (self.net.under_way.is_empty() || self.net.rng.next_u32() & 1 == 0) {
            let at = self.net.rng.next_u32() as usize % self.mail.len();
            let (from, to, message) = self.mail.swap_remove(at);
            let signature = sign(from, message.signing_digest());
            self.on(to, |signers, env, fx| signers.on_message(from, message, signature, env, fx));
            return true;
        }
        self.net.step()
    }
}

/// Lets a liar seal to all but `victim` and, when another holder has presigned, give the batch up.
fn given_up(members: u16, seed: u64, liar: NodeId, victim: NodeId, is_of_session: bool, reason: Reason) {
    let mut joint = Joint::new(members, seed);
    let (sid, batch) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(SessionId::default())));
    let (found, known) = (Rc::clone(&sid), Rc::clone(&batch));
    joint.net.tamper = Box::new(move |from, to, message| match &message {
        Message::Opening(_) if from != liar => panic!("{from} opens its seed"),
        Message::Seal(seal) => {
            found.set(Some(seal.sid));
            known.set(seal.batch);
            if (from, to) == (liar, victim) { vec![] } else { vec![message] }
        }
        Message::Seals(_) if (from, to) == (liar, victim) => vec![],
        _ => vec![message],
    });
    while !joint.presigned.iter().any(|node| *node != liar) {
        assert!(joint.step(), "somebody presigns");
    }
    let sid: Option<Digest> = sid.get().filter(|_| is_of_session);
    let honest = joint.net.honest(liar);
    let abort = Message::Abort(Box::new(Abort { batch: batch.get(), sid, reason }));
    honest.iter().for_each(|to| joint.net.post(liar, *to, &abort));
    if seed & 1 == 0 {
        // It overtakes whatever is under way.
        let at = joint.net.under_way.iter().rposition(|parcel| parcel.to == victim).unwrap();
        let parcel = joint.net.under_way.remove(at);
        joint.net.deliver(parcel);
    }
    while joint.step() {}
    for node in honest {
        let named = joint.net.named(node);
        let expected: BTreeMap<_, _> = sid.iter().map(|_| (liar, Misbehaviour::BrokenSeal)).collect();
        assert_eq!(named, expected, "at {node}");
        assert!(joint.net.suspected(node).is_subset(&[liar].into()), "{node}");
        assert_eq!((joint.net.ready(node).len(), joint.net.failed(node)), (1, 0), "{node} keeps its triples");
        assert_eq!(joint.signers[&node].pool_levels().ready, 1, "{node} has the presignature");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 9, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_given_up_after_another_holder_has_presigned_from_it_opens_no_seed_and_names_whoever_had_sealed(
        seed: u64, liar: prop::sample::Index, victim: prop::sample::Index, is_of_session: bool, why in 0..3,
    ) {
        let members = [4, 4, 4, 7, 7, 10][(seed % 6) as usize];
        let holders = Net::new(members, 2, seed).holders;
        let liar = *liar.get(&holders);
        let others: Vec<NodeId> = holders.into_iter().filter(|holder| *holder != liar).collect();
        let bad = Slot { from: others[0], to: None, kind: Kind::Products, part: 0 };
        let reason = [Reason::Unequal, Reason::Late, Reason::Bad(bad)][why as usize].clone();
        given_up(members, seed, liar, *victim.get(&others), is_of_session, reason);
    }
}

#[test]
fn liars_of_every_network_that_give_up_what_they_have_sealed_are_named_and_no_seed_is_opened() {
    for (members, liar, victim) in [(4, 2, 3), (7, 1, 4), (10, 5, 1)] {
        given_up(members, 2, NodeId(liar), NodeId(victim), true, Reason::Unequal);
    }
}

#[test]
fn in_an_honest_network_one_batch_becomes_a_presignature() {
    let mut joint = Joint::new(4, 1);
    while joint.step() {}
    let made = joint.net.holders.iter().filter(|holder| joint.signers[holder].pool_levels().ready == 1);
    assert_eq!(made.count(), 3);
    let ended = |effect: &Effect| matches!(effect, Effect::Failed { .. });
    assert!(joint.net.peers.values().all(|peer| !peer.effects.iter().any(ended)));
}
