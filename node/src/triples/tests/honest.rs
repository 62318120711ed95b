//! Honest batches of every size, in any order of arrival.

use k256::{ProjectivePoint, Scalar};
use proptest::prelude::*;

use super::net::{Net, roster};
use crate::curve;
use crate::id::NodeId;
use crate::triples::TripleShare;
use crate::triples::{Effect, Message, Refused};
use crate::wire::{decode, encode};

/// Every holder has one batch of `count` triples: equal commitments, right shares, and c = ab.
pub(super) fn assert_consistent(net: &Net, count: usize, holders: &[NodeId]) {
    let parts: Vec<_> = holders.iter().map(|holder| (*holder, net.ready(*holder))).collect();
    for (holder, ready) in &parts {
        assert_eq!(ready.len(), 1, "{holder} has one batch");
        assert_eq!((ready[0].triples.len(), &ready[0].holders, ready[0].leader), (count, &net.holders, net.holders[0]));
    }
    for at in 0..count {
        for (holder, ready) in &parts {
            let triple = &ready[0].triples[at];
            assert_eq!(triple.commitments, parts[0].1[0].triples[at].commitments);
            let points = [(&triple.a, &triple.commitments.a), (&triple.b, &triple.commitments.b)];
            for (share, commitments) in points.into_iter().chain([(&triple.c, &triple.commitments.c)]) {
                assert_eq!(commitments.len(), net.holders.len());
                assert_eq!(ProjectivePoint::GENERATOR * share, curve::evaluate_commitments(commitments, *holder));
            }
        }
        if holders.len() == net.holders.len() {
            let open = |pick: fn(&TripleShare) -> Scalar| {
                curve::interpolate(&parts.iter().map(|(h, r)| (*h, pick(&r[0].triples[at]))).collect::<Vec<_>>())
            };
            assert_eq!(open(|t| t.a) * open(|t| t.b), open(|t| t.c));
            assert_ne!(open(|t| t.a), open(|t| t.b));
        }
    }
}

fn nobody_complains(net: &Net) {
    for holder in &net.holders {
        assert_eq!((net.named(*holder).len(), net.suspected(*holder).len(), net.failed(*holder)), (0, 0, 0));
    }
}

#[test]
fn honest_holders_of_networks_of_4_7_and_10_make_triples_with_equal_commitments() {
    for (members, k) in [(4, 3), (7, 5), (10, 7)] {
        let mut net = Net::new(members, 2, members.into());
        assert_eq!(net.holders.len(), k);
        net.start();
        net.run();
        assert_consistent(&net, 2, &net.holders.clone());
        nobody_complains(&net);
        assert!(net.peers.values().all(|peer| peer.generator.is_empty()), "nothing is kept for ever");
    }
}

#[test]
fn a_full_batch_of_32_fits_the_frames_and_its_triples_all_differ() {
    let mut net = Net::new(4, 32, 3);
    net.start();
    net.run();
    assert_consistent(&net, 32, &net.holders.clone());
    let points: std::collections::BTreeSet<_> =
        net.ready(NodeId(1))[0].triples.iter().map(|t| curve::point_bytes(&t.commitments.c[0])).collect();
    assert_eq!(points.len(), 32);
}

#[test]
fn any_threshold_members_may_hold_and_several_batches_run_at_once() {
    let mut net = Net::new(4, 1, 5);
    net.holders = [2, 3, 4].map(NodeId).to_vec();
    net.start();
    net.start();
    net.run();
    for holder in net.holders.clone() {
        let ready = net.ready(holder);
        assert_eq!(ready.len(), 2);
        assert_ne!(ready[0].batch, ready[1].batch);
        assert_ne!(ready[0].triples[0].a, ready[1].triples[0].a);
    }
    nobody_complains(&net);
}

#[test]
fn a_batch_is_refused_if_its_holders_do_not_fit_or_too_many_are_under_way() {
    let mut net = Net::new(4, 1, 5);
    let mut start = |holders: &[u16]| {
        let holders: Vec<NodeId> = holders.iter().copied().map(NodeId).collect();
        net.on(NodeId(1), |generator, env, fx| generator.start(&holders, 0, env, fx)).err()
    };
    for wrong in [&[1, 2][..], &[2, 3, 4], &[1, 2, 9]] {
        assert_eq!(start(wrong), Some(Refused::Holders), "{wrong:?}");
    }
    assert!(matches!(start(&[1, 3, 2]), Some(Refused::Terms(_))));
    for _ in 0..4 {
        assert_eq!(start(&[1, 2, 3]), None);
    }
    assert_eq!(start(&[1, 2, 3]), Some(Refused::Busy));
}

#[test]
fn repeated_messages_and_those_of_an_earlier_batch_are_dropped() {
    let mut net = Net::new(4, 1, 6);
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = std::rc::Rc::clone(&seen);
    net.tamper = Box::new(move |from, to, message| {
        log.borrow_mut().push((from, to, message.clone()));
        vec![message.clone(), message]
    });
    net.start();
    net.run();
    assert_consistent(&net, 1, &net.holders.clone());
    nobody_complains(&net);
    let first = seen.take();
    net.start();
    for (from, to, message) in &first {
        net.post(*from, *to, message);
    }
    net.run();
    for holder in net.holders.clone() {
        assert_eq!(net.ready(holder).len(), 2);
    }
    nobody_complains(&net);
}

#[test]
fn what_a_holder_says_does_not_depend_on_the_order_of_arrival() {
    let said = |order: u64| {
        let mut net = Net::new(4, 1, 7);
        net.rng = rand_core::SeedableRng::seed_from_u64(order);
        let seen = std::rc::Rc::new(std::cell::RefCell::new(std::collections::BTreeSet::new()));
        let log = std::rc::Rc::clone(&seen);
        net.tamper = Box::new(move |from, to, message| {
            if matches!(message, Message::Step(_) | Message::Seal(_)) {
                log.borrow_mut().insert((from, to, encode(&message)));
            }
            vec![message]
        });
        net.start();
        net.run();
        net.tamper = Box::new(|_, _, message| vec![message]);
        seen.take()
    };
    let first = said(1);
    assert!(first.len() > 30);
    assert!((2..5).all(|order| said(order) == first));
}

#[test]
fn secrets_are_not_printed() {
    let mut net = Net::new(4, 1, 8);
    net.start();
    net.run();
    for effect in &net.peers[&NodeId(1)].effects {
        let Effect::Ready { triples, .. } = effect else { panic!("only triples") };
        let (shown, secret) = (format!("{effect:?}"), hex::encode(curve::scalar_bytes(&triples.triples[0].a)));
        assert!(!shown.to_lowercase().contains(&secret[..16]) && shown.contains("redacted"));
    }
    let message: Message = decode(&encode(&Message::Seals(Vec::new())), 100).unwrap();
    assert_eq!((message.batch(), message.signing_digest()), (None, None));
    assert_eq!(roster(4).threshold(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_arrival_makes_consistent_triples(seed in any::<u64>()) {
        let mut net = Net::new(4, 1, seed);
        net.start();
        net.run();
        assert_consistent(&net, 1, &net.holders.clone());
        nobody_complains(&net);
    }
}
