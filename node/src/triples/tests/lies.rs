//! Each lie in each step: no honest holder uses a wrong triple, and exactly the liar is named, by every honest holder.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::honest::assert_consistent;
use super::net::{Net, Parcel, identity, roster};
use crate::id::{Digest, NodeId};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::triples::{
    Abort, Body, Effect, Evidence, Kind, Message, Misbehaviour, Opening, Proof, Reason, Seed, ShareProof, Step,
    Testimony, Unfounded,
};
use crate::wire::{Signed, encode};
use rand_core::SeedableRng;

/// Lets `liar` replace what it sends to each peer.
pub(super) fn lying(net: &mut Net, liar: NodeId, mut lie: impl FnMut(NodeId, &mut Message) + 'static) {
    net.tamper = Box::new(move |from, to, mut message| {
        if from == liar {
            lie(to, &mut message);
        }
        vec![message]
    });
}

/// Flips a bit in many places, so that it is noticed whatever the receiver chose.
pub(super) fn spoil(step: &mut Step) {
    let every = if step.slot.kind == Kind::Corrections { 32 } else { step.body.0.len() };
    step.body.0.chunks_mut(every).for_each(|chunk| *chunk.last_mut().unwrap() ^= 1);
}

/// Every honest holder names `liar` and nobody else, and has no triples; what they say of it.
fn assert_named(net: &Net, liar: NodeId) -> Vec<Misbehaviour> {
    let verdicts = net.honest(liar).into_iter().map(|holder| {
        assert!(net.ready(holder).is_empty(), "{holder} uses no triple of a failed batch");
        assert_eq!(net.failed(holder), 1, "{holder} gives the batch up once");
        let named = net.named(holder);
        assert_eq!(named.keys().collect::<Vec<_>>(), [&liar], "{holder} names exactly the liar: {named:?}");
        assert!(net.suspected(holder).is_empty(), "{holder} suspects nobody: {:?}", net.suspected(holder));
        named[&liar]
    });
    verdicts.collect()
}

#[test]
fn a_step_of_any_kind_that_is_wrong_names_its_maker_whoever_that_is() {
    for kind in Kind::ALL {
        let mut liars = BTreeSet::new();
        for liar in [1, 2, 3].map(NodeId) {
            for part in 0..2 {
                let mut net = Net::new(4, 5, u64::from(liar.0));
                let lied = Rc::new(Cell::new(false));
                let did = Rc::clone(&lied);
                lying(&mut net, liar, move |_, message| {
                    if let Message::Step(step) = message
                        && (step.slot.kind, step.slot.part) == (kind, part)
                    {
                        spoil(step);
                        did.set(true);
                    }
                });
                net.start();
                net.run();
                // Not every holder has such a step to say.
                if lied.get() {
                    liars.insert(liar);
                    assert_named(&net, liar);
                } else {
                    assert_consistent(&net, 5, &net.holders.clone());
                }
            }
        }
        // Between two, either the smaller or the larger number says it.
        assert!(liars.len() >= 2, "{kind:?}: {liars:?}");
    }
}

#[test]
fn a_wrong_step_to_one_holder_names_its_maker_also_when_others_have_sealed() {
    for kind in Kind::ALL {
        let mut told = Vec::new();
        for (liar, victim) in [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)] {
            let (liar, victim) = (NodeId(liar), NodeId(victim));
            let mut net = Net::new(4, 1, 20 + u64::from(victim.0));
            let lied = Rc::new(Cell::new(false));
            let did = Rc::clone(&lied);
            lying(&mut net, liar, move |to, message| {
                if let Message::Step(step) = message
                    && step.slot.kind == kind
                    && to == victim
                {
                    spoil(step);
                    did.set(true);
                }
            });
            net.start();
            net.run();
            if lied.get() {
                assert_named(&net, liar);
                told.push((liar.0, victim.0));
            } else {
                assert_consistent(&net, 1, &net.holders.clone());
            }
        }
        // A multiplication takes place once between two holders, and each of its steps has one direction.
        let expected = match kind {
            Kind::Setup | Kind::Extension | Kind::Answers => vec![(1, 2), (1, 3), (2, 3)],
            Kind::Choices | Kind::Corrections => vec![(2, 1), (3, 1), (3, 2)],
            _ => vec![(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)],
        };
        assert_eq!(told, expected, "{kind:?}");
    }
}

#[test]
fn a_body_of_a_wrong_length_is_dropped_and_its_maker_suspected_like_one_that_is_silent() {
    for kind in [Kind::Products, Kind::Sums] {
        for length in [0, 1, 1000, 200_000] {
            let mut net = Net::new(4, 1, 2);
            lying(&mut net, NodeId(2), move |_, message| match message {
                Message::Step(step) if step.slot.kind == kind => step.body = Body(vec![0; length]),
                _ => {}
            });
            net.start();
            net.run();
            for holder in net.honest(NodeId(2)) {
                assert_eq!((net.ready(holder).len(), net.failed(holder)), (0, 1), "{kind:?} of {length}");
                assert!(net.named(holder).is_empty(), "{kind:?} of {length}");
                assert_eq!(net.suspected(holder), BTreeSet::from([NodeId(2)]), "{kind:?} of {length}");
            }
        }
    }
}

#[test]
fn an_opening_without_an_abort_moves_nobody() {
    let mut net = Net::new(4, 1, 16);
    let batch = net.start();
    let _ = sid_of(&mut net);
    let testimony = Testimony { batch, commits: Vec::new(), records: Vec::new() };
    let seed = Seed::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(1));
    let opening = Message::Opening(Box::new(Opening { seed, testimony, waits: None }));
    for to in [1, 2].map(NodeId) {
        net.post(NodeId(3), to, &opening);
    }
    net.run();
    for holder in [1, 2].map(NodeId) {
        assert_eq!((net.ready(holder).len(), net.failed(holder)), (1, 0), "{holder} goes on");
    }
}

#[test]
fn an_abort_to_some_only_reaches_all_and_names_whoever_gave_up() {
    let mut net = Net::new(4, 1, 17);
    let batch = net.start();
    let abort = Abort { batch, sid: Some(sid_of(&mut net)), reason: Reason::Unequal };
    net.post(NodeId(3), NodeId(1), &Message::Abort(Box::new(abort)));
    net.run();
    assert_eq!(assert_named(&net, NodeId(3)), [Misbehaviour::UnfoundedAbort; 2]);
}

#[test]
fn a_wrong_share_convicts_its_maker_by_itself() {
    for kind in [Kind::Shares, Kind::LastShares] {
        let mut net = Net::new(4, 2, 3);
        lying(&mut net, NodeId(3), move |to, message| match message {
            Message::Step(step) if step.slot.kind == kind && to == NodeId(1) => spoil(step),
            _ => {}
        });
        net.start();
        net.run();
        assert_eq!(assert_named(&net, NodeId(3)), [Misbehaviour::WrongShare; 2]);
    }
}

#[test]
fn two_versions_of_a_step_convict_their_maker_by_themselves() {
    let mut net = Net::new(4, 1, 4);
    net.tamper = Box::new(|from, _, message| match &message {
        Message::Step(step) if from == NodeId(2) && step.slot.kind == Kind::Products => {
            let mut other = step.clone();
            other.body.0[0] ^= 1;
            vec![message, Message::Step(other)]
        }
        _ => vec![message],
    });
    net.start();
    net.run();
    for holder in net.honest(NodeId(2)) {
        assert_eq!(net.named(holder), BTreeMap::from([(NodeId(2), Misbehaviour::TwoSteps)]));
    }
}

#[test]
fn two_commitments_convict_their_maker() {
    for all in [false, true] {
        let mut net = Net::new(4, 1, 5);
        // To all: then the opening, whose maker believes in its own, contradicts what it had sent.
        lying(&mut net, NodeId(2), move |to, message| match message {
            Message::Commit(joined) if all || to == NodeId(3) => joined.commit.polynomials.0[0] ^= 1,
            _ => {}
        });
        net.start();
        net.run();
        for holder in net.honest(NodeId(2)) {
            assert!(net.ready(holder).is_empty());
            assert_eq!(net.named(holder), BTreeMap::from([(NodeId(2), Misbehaviour::TwoCommitments)]));
        }
    }
}

#[test]
fn an_opened_seed_that_was_not_committed_to_names_its_opener() {
    let mut net = Net::new(4, 1, 6);
    lying(&mut net, NodeId(1), |_, message| match message {
        Message::Step(step) if step.slot.kind == Kind::Extension => spoil(step),
        Message::Opening(opening) => {
            opening.seed = Seed::random(&mut rand_chacha::ChaCha20Rng::seed_from_u64(1));
        }
        _ => {}
    });
    net.start();
    net.run();
    assert_eq!(assert_named(&net, NodeId(1)), [Misbehaviour::WrongSeed; 2]);
}

#[test]
fn a_liar_that_leaves_out_what_it_was_told_or_forges_it_is_named_all_the_same() {
    let mut net = Net::new(4, 1, 7);
    lying(&mut net, NodeId(3), |_, message| match message {
        Message::Step(step) if step.slot.kind == Kind::Corrections => spoil(step),
        Message::Opening(opening) => {
            opening.testimony.records.truncate(2);
            opening.testimony.records.iter_mut().for_each(|record| record.hash.0[0] ^= 1);
            opening.testimony.commits.iter_mut().for_each(|commit| commit.body.seed.0[1] ^= 1);
        }
        _ => {}
    });
    net.start();
    net.run();
    assert_eq!(assert_named(&net, NodeId(3)), [Misbehaviour::Diverged; 2]);
}

#[test]
fn a_wrong_seal_names_its_maker_and_nobody_opens() {
    let mut net = Net::new(4, 2, 8);
    let opened = Rc::new(Cell::new(false));
    let did = Rc::clone(&opened);
    net.tamper = Box::new(move |from, _, mut message| {
        match &mut message {
            Message::Seal(seal) if from == NodeId(2) => seal.public.0[0] ^= 1,
            Message::Opening(_) => did.set(true),
            _ => {}
        }
        vec![message]
    });
    net.start();
    net.run();
    assert_eq!(assert_named(&net, NodeId(2)), [Misbehaviour::WrongSeal; 2]);
    assert!(!opened.get());
}

#[test]
fn giving_up_without_a_reason_names_whoever_did() {
    for reason in [Reason::Unequal, Reason::Bad(slot(1, Kind::Polynomials))] {
        let mut net = Net::new(4, 1, 9);
        unfounded_abort(&mut net, reason);
        assert_eq!(assert_named(&net, NodeId(3)), [Misbehaviour::UnfoundedAbort; 2]);
    }
}

/// Node 3 gives a batch up that nothing is wrong with.
pub(super) fn unfounded_abort(net: &mut Net, reason: Reason) {
    let batch = net.start();
    let sid = sid_of(net);
    let abort = Abort { batch, sid: Some(sid), reason };
    for to in [1, 2].map(NodeId) {
        net.post(NodeId(3), to, &Message::Abort(Box::new(abort.clone())));
    }
    net.run();
}

/// Runs until a step has told the session.
pub(super) fn sid_of(net: &mut Net) -> Digest {
    let sid = Rc::new(Cell::new(None));
    let found = Rc::clone(&sid);
    net.tamper = Box::new(move |_, _, message| {
        if let Message::Step(step) = &message {
            found.set(Some(step.sid));
        }
        vec![message]
    });
    while sid.get().is_none() && net.step() {}
    sid.get().unwrap()
}

fn slot(from: u16, kind: Kind) -> crate::triples::Slot {
    crate::triples::Slot { from: NodeId(from), to: None, kind, part: 0 }
}

/// Runs a batch in which holder 3 stops before its sums and gives up with an accusation of holder 1, made of what
/// that one has signed.
pub(super) fn accused(seed: u64, needed: &[Kind], reason: impl Fn(&BTreeMap<Kind, Signed<Step>>) -> Reason) -> Net {
    let mut net = Net::new(4, 1, seed);
    let kept = Rc::new(RefCell::new(BTreeMap::new()));
    let keep = Rc::clone(&kept);
    net.tamper = Box::new(move |from, to, message| {
        if let Message::Step(step) = &message
            && (from, to) == (NodeId(1), NodeId(3))
        {
            let signed = Signed::new(step.clone(), from, &identity(from), &mut Meter::default());
            keep.borrow_mut().insert(step.slot.kind, signed);
        }
        // The accuser does not go on as an honest holder would.
        if from == NodeId(3) && matches!(message, Message::Step(ref step) if step.slot.kind == Kind::Sums) {
            return Vec::new();
        }
        vec![message]
    });
    let batch = net.start();
    while !needed.iter().all(|kind| kept.borrow().contains_key(kind)) {
        assert!(net.step());
    }
    let sid = Some(kept.borrow()[&needed[0]].body.sid);
    let abort = Message::Abort(Box::new(Abort { batch, sid, reason: reason(&kept.borrow()) }));
    net.post(NodeId(3), NodeId(1), &abort);
    net.post(NodeId(3), NodeId(2), &abort);
    net.run();
    net
}

#[test]
fn accusing_an_honest_dealer_of_a_wrong_share_names_the_accuser() {
    let net = accused(10, &[Kind::Shares, Kind::Polynomials], |kept| {
        let (polynomials, shares) = (kept[&Kind::Polynomials].clone(), kept[&Kind::Shares].clone());
        Reason::Share(Box::new(ShareProof { polynomials, sums: None, shares }))
    });
    assert_eq!(assert_named(&net, NodeId(3)), [Misbehaviour::UnfoundedAbort; 2]);
}

#[test]
fn accusing_an_honest_holder_of_wrong_sums_names_the_accuser_even_if_it_changes_them() {
    for changed in [false, true] {
        let net = accused(15, &[Kind::Sums], |kept| {
            let mut sums = kept[&Kind::Sums].clone();
            sums.body.body.0[0] ^= u8::from(changed);
            Reason::Sums(Box::new(sums))
        });
        for holder in [1, 2].map(NodeId) {
            let named = net.named(holder);
            assert_eq!(named, BTreeMap::from([(NodeId(3), Misbehaviour::UnfoundedAbort)]), "{holder}");
        }
    }
}

#[test]
fn giving_up_or_opening_after_sealing_names_whoever_did_and_the_triples_stay_in_use() {
    let mut net = Net::new(4, 1, 11);
    let batch = net.start();
    let sid = sid_of(&mut net);
    while net.holders.iter().any(|holder| net.ready(*holder).is_empty()) {
        assert!(net.step());
    }
    let opened = Rc::new(Cell::new(false));
    let did = Rc::clone(&opened);
    net.tamper = Box::new(move |_, _, message| {
        did.set(did.get() || matches!(message, Message::Opening(_)));
        vec![message]
    });
    let abort = Abort { batch, sid: Some(sid), reason: Reason::Unequal };
    net.post(NodeId(2), NodeId(1), &Message::Abort(Box::new(abort.clone())));
    net.post(NodeId(2), NodeId(3), &Message::Abort(Box::new(abort)));
    net.run();
    for holder in net.honest(NodeId(2)) {
        assert_eq!(net.named(holder), BTreeMap::from([(NodeId(2), Misbehaviour::BrokenSeal)]));
        assert_eq!((net.ready(holder).len(), net.failed(holder)), (1, 0));
    }
    assert!(!opened.get(), "nothing is opened after sealing");
}

#[test]
fn two_liars_at_once_frame_nobody_and_at_least_the_first_is_named() {
    let pairs = [(Kind::Setup, Kind::Corrections), (Kind::Extension, Kind::Extension), (Kind::Products, Kind::Sums)];
    for (one, two) in pairs {
        let mut net = Net::new(7, 1, 12);
        let liars = BTreeMap::from([(NodeId(1), one), (NodeId(4), two)]);
        let kinds = liars.clone();
        net.tamper = Box::new(move |from, _, mut message| {
            if let Message::Step(step) = &mut message
                && kinds.get(&from) == Some(&step.slot.kind)
            {
                spoil(step);
            }
            vec![message]
        });
        net.start();
        net.run();
        for holder in net.holders.iter().filter(|holder| !liars.contains_key(holder)) {
            let named = net.named(*holder);
            assert!(net.ready(*holder).is_empty());
            assert!(named.contains_key(&NodeId(1)) && named.keys().all(|node| liars.contains_key(node)), "{named:?}");
        }
    }
}

#[test]
fn a_leader_that_gives_one_number_to_two_batches_is_named() {
    let mut net = Net::new(4, 1, 13);
    two_batches(&mut net);
    assert_eq!(net.named(NodeId(2)), BTreeMap::from([(NodeId(1), Misbehaviour::TwoStarts)]));
}

/// Node 1 gives the number of a batch to another one.
pub(super) fn two_batches(net: &mut Net) {
    net.start();
    let Some(Parcel { bytes, .. }) = net.under_way.first() else { panic!("a commitment is under way") };
    let Ok(Message::Commit(mut joined)) = crate::wire::decode::<Message>(bytes, bytes.len()) else { panic!() };
    net.run();
    let mut start = joined.start.body.clone();
    start.holders = [1, 2, 4].map(NodeId).to_vec();
    joined.commit.batch = start.id();
    joined.start = Signed::new(start, NodeId(1), &identity(NodeId(1)), &mut Meter::default());
    net.post(NodeId(1), NodeId(2), &Message::Commit(joined));
    net.run();
}

/// What a node holds against another.
pub(super) fn evidence_of(net: &Net, node: NodeId) -> Evidence {
    let mut shown = net.peers[&node].effects.iter().filter_map(|effect| match effect {
        Effect::Culprit { evidence, .. } => Some((**evidence).clone()),
        _ => None,
    });
    shown.next().unwrap()
}

#[test]
fn evidence_of_an_unfounded_abort_takes_no_abort_that_does_not_count() {
    let mut net = Net::new(4, 1, 9);
    unfounded_abort(&mut net, Reason::Unequal);
    let evidence = evidence_of(&net, NodeId(1));
    let Proof::Replay { openings, aborts } = &evidence.proof else { panic!("by replaying") };
    assert_eq!(aborts.len(), 1);
    let late = Abort { reason: Reason::Late, ..aborts[0].body.clone() };
    let late = Signed::new(late, NodeId(3), &identity(NodeId(3)), &mut Meter::default());
    let proof = Proof::Replay { openings: openings.clone(), aborts: vec![aborts[0].clone(), late] };
    let padded = Evidence { proof, ..evidence.clone() };
    assert_eq!(padded.verify(&roster(4), &mut Meter::default(), &Memo::off()), Err(Unfounded::Consistent));
}

#[test]
fn evidence_fails_when_it_is_changed_when_it_accuses_another_and_under_other_keys() {
    let mut net = Net::new(4, 1, 14);
    lying(&mut net, NodeId(3), |_, message| match message {
        Message::Step(step) if step.slot.kind == Kind::Corrections => spoil(step),
        _ => {}
    });
    net.start();
    net.run();
    let evidence = evidence_of(&net, NodeId(1));
    let check = |evidence: &Evidence, members| evidence.verify(&roster(members), &mut Meter::default(), &Memo::off());
    assert_eq!(check(&evidence, 4), Ok(Misbehaviour::Diverged));
    for innocent in [1, 2].map(NodeId) {
        assert_eq!(check(&Evidence { culprit: innocent, ..evidence.clone() }, 4), Err(Unfounded::Consistent));
    }
    let Proof::Replay { openings, aborts } = &evidence.proof else { panic!("by replaying") };
    assert!(aborts.is_empty(), "that somebody gave up as well is not needed");
    for at in 0..openings.len() {
        let mut changed = openings.clone();
        changed[at].body.testimony.records.pop();
        let proof = Proof::Replay { openings: changed, aborts: aborts.clone() };
        assert_eq!(check(&Evidence { proof, ..evidence.clone() }, 4), Err(Unfounded::Signature));
    }
    // Other keys: the members' numbers stand for others.
    let bytes = encode(&evidence);
    let mut members: Vec<_> = net.roster.iter().map(|(_, member)| member.clone()).collect();
    members.reverse();
    let reversed = crate::roster::Roster::new(net.roster.epoch(), 3, members).unwrap();
    let evidence: Evidence = crate::wire::decode(&bytes, bytes.len()).unwrap();
    assert!(evidence.verify(&reversed, &mut Meter::default(), &Memo::off()).is_err());
}
