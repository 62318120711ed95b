//! Holders that stop, refuse or are slow: suspected, never named.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use proptest::prelude::*;
use rand_core::RngCore;

use super::honest::assert_consistent;
use super::liars::{Liars, Lie, choose, drawn, is_made};
use super::net::Net;
use crate::id::NodeId;
use crate::triples::{Kind, Message};

/// The liar's messages of which `drop` holds are not sent.
fn mute(net: &mut Net, liar: NodeId, drop: impl Fn(NodeId, &Message) -> bool + 'static) {
    net.tamper =
        Box::new(move |from, to, message| if from == liar && drop(to, &message) { vec![] } else { vec![message] });
}

#[test]
fn a_holder_that_falls_silent_at_any_step_is_alone_suspected_by_all_and_named_by_nobody() {
    for round in 0..=6 {
        for liar in [1, 2, 3].map(NodeId) {
            let mut net = Net::new(4, 1, u64::from(round));
            mute(&mut net, liar, move |_, message| message.label().round >= round);
            if round == 0 && liar == NodeId(1) {
                continue; // The leader's first word is what starts a batch.
            }
            net.start();
            net.run();
            for holder in net.honest(liar) {
                assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
                assert_eq!(net.failed(holder), 1, "{holder} gives up when {liar} stops at {round}");
                let suspected: Vec<_> = net.suspected(holder).into_iter().collect();
                assert_eq!(suspected, [liar], "at {holder}, {liar} is silent from {round}");
            }
        }
    }
}

#[test]
fn a_holder_that_is_silent_to_one_is_suspected_by_that_one_and_named_by_nobody() {
    for kind in Kind::ALL {
        let (liar, victim) = if matches!(kind, Kind::Choices | Kind::Corrections) { (3, 1) } else { (1, 3) };
        let (liar, victim) = (NodeId(liar), NodeId(victim));
        let mut net = Net::new(4, 1, 3);
        mute(&mut net, liar, move |to, message| {
            to == victim && matches!(message, Message::Step(step) if step.slot.kind == kind)
        });
        net.start();
        net.run();
        for holder in net.honest(liar) {
            assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
        }
        assert!(net.suspected(victim).contains(&liar), "{kind:?}");
    }
}

#[test]
fn a_liar_that_refuses_to_open_is_suspected_and_nobody_is_named() {
    let mut net = Net::new(4, 1, 4);
    net.tamper = Box::new(|from, _, mut message| match &mut message {
        Message::Step(step) if from == NodeId(3) && step.slot.kind == Kind::Corrections => {
            step.body.0.chunks_mut(32).for_each(|scalar| scalar[31] ^= 1);
            vec![message]
        }
        Message::Opening(_) | Message::Testimony(_) if from == NodeId(3) => vec![],
        _ => vec![message],
    });
    net.start();
    net.run();
    for holder in net.honest(NodeId(3)) {
        assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
        assert_eq!(net.suspected(holder).into_iter().collect::<Vec<_>>(), [NodeId(3)]);
    }
}

#[test]
fn a_seal_kept_from_one_holder_reaches_it_through_another() {
    let mut net = Net::new(4, 2, 5);
    mute(&mut net, NodeId(3), |to, message| to == NodeId(1) && matches!(message, Message::Seal(_) | Message::Seals(_)));
    net.start();
    net.run();
    assert_consistent(&net, 2, &net.holders.clone());
    assert!(net.suspected(NodeId(1)).is_empty());
}

#[test]
fn a_sealed_holder_never_opens_whatever_others_say() {
    let mut net = Net::new(4, 1, 6);
    let said = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&said);
    // Node 3 finishes but does not seal, so that the others stay sealed; then it claims to have been late.
    net.tamper = Box::new(move |from, to, message| {
        if from == NodeId(3) && matches!(message, Message::Seal(_) | Message::Seals(_)) {
            return vec![];
        }
        log.borrow_mut().push((from, to, message.label().kind));
        vec![message]
    });
    let batch = net.start();
    while !net.under_way.is_empty() {
        net.step();
    }
    let sealed = |node| said.borrow().iter().any(|(from, _, kind)| *from == node && *kind == "seal");
    assert!(sealed(NodeId(1)) && sealed(NodeId(2)));
    let abort = crate::triples::Abort { batch, sid: None, reason: crate::triples::Reason::Late };
    net.post(NodeId(3), NodeId(1), &Message::Abort(Box::new(abort.clone())));
    net.post(NodeId(3), NodeId(2), &Message::Abort(Box::new(abort)));
    net.run();
    let said = said.borrow();
    let of = |node| said.iter().filter(move |(from, _, _)| *from == node).map(|(_, _, kind)| *kind);
    for holder in [1, 2].map(NodeId) {
        assert!(of(holder).all(|kind| kind != "opening"), "{holder} has sealed");
        assert!(of(holder).any(|kind| kind == "testimony"), "{holder} says what it was told");
        assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
        assert_eq!(net.failed(holder), 1);
        assert!(net.suspected(holder).contains(&NodeId(3)));
    }
}

#[test]
fn a_batch_whose_other_holders_never_answer_ends_and_is_forgotten() {
    let mut net = Net::new(4, 1, 7);
    net.tamper = Box::new(|_, _, _| Vec::new());
    net.start();
    net.run();
    assert_eq!(net.failed(NodeId(1)), 1);
    assert!(net.peers[&NodeId(1)].generator.is_empty());
    assert!(net.suspected(NodeId(1)).len() == 2 && net.named(NodeId(1)).is_empty());
}

#[test]
fn a_false_alarm_of_lateness_costs_the_one_who_raises_it_and_not_the_accused() {
    let mut net = Net::new(4, 1, 8);
    let batch = net.start();
    for _ in 0..12 {
        net.step();
    }
    let abort = crate::triples::Abort { batch, sid: None, reason: crate::triples::Reason::Late };
    net.post(NodeId(3), NodeId(1), &Message::Abort(Box::new(abort.clone())));
    net.post(NodeId(3), NodeId(2), &Message::Abort(Box::new(abort)));
    net.run();
    for holder in [1, 2].map(NodeId) {
        assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
        assert_eq!(net.suspected(holder).into_iter().collect::<Vec<_>>(), [NodeId(3)]);
    }
}

#[test]
fn a_holder_whose_commitments_are_of_two_boots_is_suspected_by_all_but_may_be_honest() {
    let mut net = Net::new(4, 1, 9);
    net.tamper = Box::new(|from, to, mut message| {
        if let Message::Commit(joined) = &mut message
            && (from, to) == (NodeId(3), NodeId(1))
        {
            joined.commit.boot.0 += 1;
        }
        vec![message]
    });
    net.start();
    net.run();
    for holder in [1, 2].map(NodeId) {
        assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
        assert_eq!(net.suspected(holder), BTreeSet::from([NodeId(3)]));
    }
}

#[test]
fn f_holders_that_commit_to_each_half_of_the_others_otherwise_are_suspected_alone() {
    for (members, liars) in [(4, vec![2]), (7, vec![2, 4]), (10, vec![1, 3, 6])] {
        let liars: BTreeSet<NodeId> = liars.into_iter().map(NodeId).collect();
        for seed in 0..4 {
            let mut net = Net::new(members, 1, seed);
            let twofold = liars.clone();
            let honest = net.holders.iter().copied().filter(|holder| !liars.contains(holder));
            let half: BTreeSet<NodeId> = honest.step_by(2).collect();
            net.tamper = Box::new(move |from, to, mut message| {
                if let Message::Commit(joined) = &mut message
                    && twofold.contains(&from)
                    && half.contains(&to)
                {
                    joined.commit.boot.0 += 1;
                }
                vec![message]
            });
            net.start();
            net.run();
            for holder in net.holders.clone().into_iter().filter(|holder| !liars.contains(holder)) {
                assert!(net.named(holder).is_empty() && net.ready(holder).is_empty());
                assert_eq!(net.suspected(holder), liars, "at {holder} of {members}, seed {seed}");
            }
        }
    }
}

/// f liars refuse and say that others let them wait; how many batches fail before an honest leader has its triples.
fn denied(members: u16, seed: u64) -> usize {
    let lies = drawn(members, seed, |rng| if rng.next_u32() & 1 == 0 { Lie::Denies } else { Lie::DeniesLate });
    let mut net = Net::new(members, 1, seed);
    let honest: Vec<NodeId> = net.roster.ids().filter(|node| !lies.contains_key(node)).collect();
    let leader = honest[seed as usize % honest.len()];
    Liars::set(&mut net, &lies, seed);
    let mut failed = 0;
    loop {
        choose(&mut net, leader);
        let batch = net.start_led_by(leader);
        net.run();
        for node in &honest {
            assert_eq!(net.named(*node).len(), 0, "{node} names somebody for a denial");
        }
        let holders = net.holders.iter().filter(|node| !lies.contains_key(node));
        if holders.clone().all(|node| is_made(&net, *node, batch)) {
            break;
        }
        failed += 1;
        assert!(failed <= 6 * lies.len(), "denial keeps triples from being made among {members}: {lies:?}");
    }
    // Whatever was said of whom: all the honest together still make a batch, with each of them as its leader.
    net.holders = honest.clone();
    net.holders.truncate(net.roster.threshold());
    for leader in net.holders.clone().into_iter().take(if members == 4 { 3 } else { 1 }) {
        let batch = net.start_led_by(leader);
        net.run();
        assert!(net.holders.iter().all(|node| is_made(&net, *node, batch)), "all honest nodes are schedulable");
    }
    failed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f_holders_that_deny_receipt_get_nobody_named_and_no_honest_holder_excluded(seed: u64) {
        denied(if seed.is_multiple_of(4) { 7 } else { 4 }, seed);
    }
}

#[test]
fn three_of_ten_that_deny_receipt_cost_an_honest_leader_no_more_than_three_batches() {
    assert!(denied(10, 5) <= 3);
}
