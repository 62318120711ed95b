//! What is malformed, meant for somebody else or said before is dropped for its reason, and nobody is blamed for it.

use std::cell::RefCell;
use std::rc::Rc;

use super::net::{Net, identity};
use crate::id::{Boot, Digest, Epoch, NodeId, SessionId};
use crate::meter::Meter;
use crate::triples::{
    Abort, Body, Joined, Kind, Message, Opening, PATIENCE_MAX, Reason, Seal, Slot, Start, Step, Testimony,
};
use crate::wire::{FRAME_BYTES_MAX, Signed, decode};

const LEADER: NodeId = NodeId(1);
/// Who gets what is to be dropped.
const HOLDER: NodeId = NodeId(2);
const OTHER: NodeId = NodeId(3);
const OUTSIDER: NodeId = NodeId(4);

/// Everything that is said from now on.
type Said = Rc<RefCell<Vec<(NodeId, NodeId, Message)>>>;

fn record(net: &mut Net) -> Said {
    let said = Said::default();
    let log = Rc::clone(&said);
    net.tamper = Box::new(move |from, to, message| {
        log.borrow_mut().push((from, to, message.clone()));
        vec![message]
    });
    said
}

/// Hands one message over; for what reasons it is dropped.
fn hand(net: &mut Net, from: NodeId, to: NodeId, message: &Message) -> Vec<&'static str> {
    let before = net.dropped(to).len();
    net.post(from, to, message);
    let parcel = net.under_way.pop().unwrap();
    net.deliver(parcel);
    net.dropped(to)[before..].to_vec()
}

/// The batch is made all the same, and nobody is blamed.
fn goes_on(mut net: Net) {
    net.run();
    for holder in net.holders.clone() {
        assert_eq!((net.ready(holder).len(), net.failed(holder)), (1, 0), "{holder}");
        assert!(net.named(holder).is_empty() && net.suspected(holder).is_empty(), "{holder}");
    }
}

/// A network in which the holder has just heard of a batch.
fn joined() -> (Net, SessionId, Joined) {
    let mut net = Net::new(4, 1, 21);
    let batch = net.start();
    let at = net.under_way.iter().position(|parcel| parcel.to == HOLDER).unwrap();
    let parcel = net.under_way.swap_remove(at);
    let Ok(Message::Commit(joined)) = decode::<Message>(&parcel.bytes, FRAME_BYTES_MAX) else { panic!() };
    net.deliver(parcel);
    (net, batch, *joined)
}

#[test]
fn batches_that_cannot_be_or_are_not_their_leaders_are_dropped_for_their_reason_without_blame() {
    let (mut net, _, joined) = joined();
    let made = |change: &dyn Fn(&mut Start), signer: NodeId, claimed: NodeId| {
        let mut body = joined.start.body.clone();
        body.batch += 1;
        change(&mut body);
        let commit = crate::triples::Commit { batch: body.id(), ..joined.commit };
        let start = Signed { signer: claimed, ..Signed::new(body, signer, &identity(signer), &mut Meter::default()) };
        Message::Commit(Box::new(Joined { start, commit }))
    };
    let cannot_be: [&dyn Fn(&mut Start); 8] = [
        &|s| s.epoch = Epoch(2),
        &|s| s.patience = PATIENCE_MAX + 1,
        &|s| _ = s.holders.pop(),
        &|s| s.holders.reverse(),
        &|s| s.holders = [1, 3, 4].map(NodeId).to_vec(),
        &|s| s.holders[2] = NodeId(77),
        &|s| s.count = 0,
        &|s| s.count = u16::MAX,
    ];
    for change in cannot_be {
        assert_eq!(hand(&mut net, LEADER, HOLDER, &made(change, LEADER, LEADER)), ["a batch that cannot be"]);
    }
    let other_boot = made(&|s| s.boot = Boot(1), LEADER, LEADER);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &other_boot), ["a batch joined before"]);
    let unsigned = "a batch that its leader has not signed";
    assert_eq!(hand(&mut net, OTHER, HOLDER, &made(&|_| (), OTHER, LEADER)), [unsigned]);
    let Message::Commit(mut unlike) = made(&|_| (), LEADER, LEADER) else { panic!() };
    unlike.commit.batch = SessionId([1; 32]);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &Message::Commit(unlike)), [unsigned]);
    let no_leader = "a batch of no other leader";
    assert_eq!(hand(&mut net, OTHER, HOLDER, &made(&|_| (), OTHER, OTHER)), [no_leader]);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &made(&|s| s.leader = HOLDER, HOLDER, HOLDER)), [no_leader]);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &made(&|s| s.leader = NodeId(77), LEADER, NodeId(77))), [no_leader]);
    goes_on(net);
}

#[test]
fn what_comes_before_its_time_of_no_place_or_of_nobody_is_dropped_for_its_reason_without_blame() {
    let (mut net, batch, known) = joined();
    let again = Message::Commit(Box::new(known));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &again), ["a second commitment"]);
    assert_eq!(hand(&mut net, OUTSIDER, HOLDER, &again), ["a message of no holder"]);
    assert_eq!(hand(&mut net, NodeId(77), HOLDER, &again), ["a message of no peer"]);
    assert_eq!(hand(&mut net, OTHER, HOLDER, &Message::Seals(Vec::new())), ["a message of no batch"]);
    let sid = Digest([1; 32]);
    let seal = |batch| Message::Seal(Seal { batch, sid, public: sid });
    assert_eq!(hand(&mut net, OTHER, HOLDER, &seal(SessionId([2; 32]))), ["a message of an unknown batch"]);
    assert_eq!(hand(&mut net, OTHER, HOLDER, &seal(batch)), ["a seal of another session"]);

    let step = |from, to: Option<NodeId>, kind, part, length| {
        let slot = Slot { from, to, kind, part };
        Message::Step(Step { batch, sid, slot, body: Body(vec![0; length]) })
    };
    let (no_place, early) = ("a step of no place", "a step before its time");
    let places = [
        (OTHER, None, Kind::Polynomials, 0),
        (LEADER, Some(HOLDER), Kind::Polynomials, 0),
        (LEADER, None, Kind::Shares, 0),
        (LEADER, Some(OTHER), Kind::Shares, 0),
        (LEADER, Some(HOLDER), Kind::Shares, 1),
        (LEADER, Some(HOLDER), Kind::Choices, 0),
    ];
    for (from, to, kind, part) in places {
        assert_eq!(hand(&mut net, LEADER, HOLDER, &step(from, to, kind, part, 64)), [no_place], "{kind:?} of {from}");
    }
    for length in [0, 63, 65, 10_000] {
        let wrong = step(LEADER, Some(HOLDER), Kind::Shares, 0, length);
        assert_eq!(hand(&mut net, LEADER, HOLDER, &wrong), ["a step of a wrong length"]);
    }
    let late = step(LEADER, None, Kind::Products, 0, 32 + 96);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &late), [early]);
    goes_on(net);

    // Of the first round one of each place is kept until its time has come, and whoever takes the place up with what is
    // of another session has only itself to thank for it.
    let (mut net, ..) = joined();
    let first = step(LEADER, Some(HOLDER), Kind::Shares, 0, 64);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &first), [""; 0]);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &first), [early]);
    net.run();
    assert!(net.dropped(HOLDER).contains(&"a step of another session"));
    for holder in net.holders.clone() {
        assert!(net.named(holder).is_empty(), "{holder}");
    }
}

#[test]
fn what_is_of_another_session_repeated_or_forged_is_dropped_for_its_reason_without_blame() {
    let mut net = Net::new(4, 1, 22);
    let said = record(&mut net);
    let batch = net.start();
    let step_of_leader = |said: &Said| {
        said.borrow().iter().find_map(|(from, to, message)| match message {
            Message::Step(step) if (*from, *to) == (LEADER, HOLDER) => Some(step.clone()),
            _ => None,
        })
    };
    let holder_speaks = |said: &Said| {
        said.borrow().iter().any(|(from, _, message)| *from == HOLDER && matches!(message, Message::Step(_)))
    };
    while step_of_leader(&said).is_none() || !holder_speaks(&said) {
        assert!(net.step());
    }
    let step = step_of_leader(&said).unwrap();
    let (sid, other) = (step.sid, Digest([1; 32]));
    let elsewhere = Message::Step(Step { sid: other, ..step.clone() });
    assert_eq!(hand(&mut net, LEADER, HOLDER, &elsewhere), ["a step of another session"]);
    hand(&mut net, LEADER, HOLDER, &Message::Step(step.clone()));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &Message::Step(step)), ["a repeated step"]);
    let seal = Seal { batch, sid, public: other };
    let elsewhere = Message::Seal(Seal { sid: other, ..seal });
    assert_eq!(hand(&mut net, LEADER, HOLDER, &elsewhere), ["a seal of another session"]);
    let forged = Signed { signer: LEADER, ..Signed::new(seal, OTHER, &identity(OTHER), &mut Meter::default()) };
    assert_eq!(hand(&mut net, OTHER, HOLDER, &Message::Seals(vec![forged])), ["a forged seal"]);

    let abort = Abort { batch, sid: Some(other), reason: Reason::Unequal };
    let elsewhere = Message::Abort(Box::new(abort.clone()));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &elsewhere), ["an abort of another session"]);
    let relayed = |abort: &Abort, signer: NodeId, claimed: NodeId| {
        let signed = Signed::new(abort.clone(), signer, &identity(signer), &mut Meter::default());
        Message::Relayed(Box::new(Signed { signer: claimed, ..signed }))
    };
    let (real, forged) = (Abort { sid: Some(sid), ..abort }, "a forged abort");
    assert_eq!(hand(&mut net, OTHER, HOLDER, &relayed(&real, OTHER, LEADER)), [forged]);
    assert_eq!(hand(&mut net, OTHER, HOLDER, &relayed(&real, OUTSIDER, OUTSIDER)), [forged]);

    let commits = Vec::new();
    let testimony = Testimony { batch, commits, records: Vec::new() };
    let own = Signed::new(joined().2.commit, LEADER, &identity(LEADER), &mut Meter::default());
    let twice = Testimony { commits: vec![own.clone(), own], ..testimony.clone() };
    let seed =
        crate::triples::Seed::random(&mut <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1));
    let opening = Message::Opening(Box::new(Opening { seed, testimony: twice.clone(), waits: None }));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &opening), ["an opening in disorder"]);
    let disorder = Message::Testimony(Box::new(twice));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &disorder), ["a testimony in disorder"]);

    // Once all is over, too.
    while [LEADER, HOLDER, OTHER].iter().any(|holder| net.ready(*holder).is_empty()) {
        assert!(net.step());
    }
    while !net.under_way.is_empty() {
        net.step();
    }
    let seal = said.borrow().iter().find_map(|(from, to, message)| match message {
        Message::Seal(seal) if (*from, *to) == (LEADER, HOLDER) => Some(*seal),
        _ => None,
    });
    assert_eq!(hand(&mut net, LEADER, HOLDER, &Message::Seal(seal.unwrap())), ["a second seal"]);
    let late = Message::Testimony(Box::new(testimony));
    assert_eq!(hand(&mut net, LEADER, HOLDER, &late), ["a testimony that is not wanted"]);
    goes_on(net);
}

#[test]
fn whole_batches_that_are_said_again_after_they_are_forgotten_are_dropped_without_blame() {
    let mut net = Net::new(4, 1, 23);
    let said = record(&mut net);
    net.start();
    net.run();
    assert!(net.peers.values().all(|peer| peer.generator.is_empty()));
    let first: Vec<_> = said.borrow().clone();
    for (from, to, message) in &first {
        let reason = if matches!(message, Message::Commit(_)) && *to != LEADER {
            "a batch joined before"
        } else if matches!(message, Message::Commit(_)) {
            "a batch of no other leader"
        } else {
            "a message of an unknown batch"
        };
        assert_eq!(hand(&mut net, *from, *to, message), [reason], "{}", message.label());
    }
    goes_on(net);
}

#[test]
fn giving_up_and_opening_twice_count_once_and_name_nobody() {
    let mut net = Net::new(4, 1, 24);
    let said = record(&mut net);
    let batch = net.start();
    for _ in 0..8 {
        net.step();
    }
    let abort = Message::Abort(Box::new(Abort { batch, sid: None, reason: Reason::Late }));
    hand(&mut net, OTHER, HOLDER, &abort);
    assert_eq!(hand(&mut net, OTHER, HOLDER, &abort), ["a second abort"]);
    let opened = |said: &Said| {
        said.borrow().iter().find_map(|(from, to, message)| match message {
            Message::Opening(_) if (*from, *to) == (LEADER, HOLDER) => Some(message.clone()),
            _ => None,
        })
    };
    while opened(&said).is_none() {
        assert!(net.step());
    }
    let opening = opened(&said).unwrap();
    hand(&mut net, LEADER, HOLDER, &opening);
    assert_eq!(hand(&mut net, LEADER, HOLDER, &opening), ["an opening that is not wanted"]);
    net.run();
    for holder in net.holders.clone() {
        assert!(net.named(holder).is_empty() && net.failed(holder) == 1);
        assert!(net.suspected(holder).is_subset(&[OTHER].into()));
    }
}
