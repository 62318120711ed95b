//! Crashes and restarts at every point: nothing is signed twice differently, and the key comes about.

use super::*;
use proptest::prelude::{ProptestConfig, proptest};
use std::collections::BTreeSet;

/// Opens attempts until the nodes that are not dead have a key, crashing nodes at random meanwhile.
fn run_with_crashes(n: u16, seed: u64, crashes: u32) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut world = World::new(n);
    let mut below = |bound: usize| (rng.next_u64() % bound as u64) as usize;
    let f = world.committee.roster.faulty_max();
    let dead: BTreeSet<NodeId> = (0..below(f + 1)).map(|_| NodeId(1 + below(n.into()) as u16)).collect();
    for id in &dead {
        world.nodes.get_mut(id).expect("a member").is_puppet = true;
    }
    let live: Vec<NodeId> = world.ids().into_iter().filter(|id| !dead.contains(id)).collect();
    let mut crashes = crashes;
    world.open_all();
    for _ in 0..100_000 {
        let id = live[below(live.len())];
        let is_up = world.nodes[&id].session.is_some();
        match below(100) {
            0 if is_up && crashes > 0 => {
                crashes -= 1;
                world.crash(id);
            }
            1..10 if !is_up => world.open(id),
            10..30 => drop(world.read_board(id)),
            30..95 if !world.mail.is_empty() => {
                let index = below(world.mail.len());
                world.deliver(index);
            }
            95.. if world.mail.is_empty() => {
                let is_waiting = world.pass_time();
                world.is_settled |= world.is_closed;
                // The close height comes when dealers enough are certified, or nothing moves any more.
                world.is_closed |= world.board.len() >= world.committee.roster.threshold()
                    || !is_waiting
                    || world.now > Time(1).plus_millis(10_000);
            }
            _ => {}
        }
        let ends: Vec<&End> = live.iter().filter_map(|id| world.nodes[id].end.as_ref()).collect();
        if ends.len() < live.len() {
            continue;
        }
        if ends.iter().all(|end| matches!(end, End::Finished(_))) {
            world.agreed_shares(&live);
            return;
        }
        assert!(ends.iter().all(|end| matches!(end, End::Restart)), "all restart or none: {ends:?}");
        next_attempt(&mut world, &live);
    }
    panic!("no key in 100,000 steps");
}

fn next_attempt(world: &mut World, live: &[NodeId]) {
    world.params.attempt += 1;
    world.params.session = session_of(world.params.attempt);
    (world.is_closed, world.is_settled, world.now) = (false, false, Time(1));
    world.board.clear();
    world.disputes.clear();
    world.complaints.clear();
    world.mail.clear();
    for id in live {
        let node = world.nodes.get_mut(id).expect("a member");
        (node.session, node.record, node.end) = (None, None, None);
        node.signed.clear();
        // The node opens the new session in the boot that it is in.
        node.boot = 0;
        world.open(*id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_nodes_agree_whatever_the_order_of_delivery_crashes_and_restarts(
        n in 4..=10_u16,
        seed: u64,
        crashes in 0..12_u32,
    ) {
        run_with_crashes(n, seed, crashes);
    }
}

#[test]
fn a_crash_before_any_effect_changes_nothing_that_was_signed_and_the_key_comes_about() {
    let total = {
        let mut world = World::new(4);
        world.open_all();
        world.run(1);
        world.effects
    };
    assert!(total > 60, "{total} effects");
    for kill_at in 0..total {
        let mut world = World::new(4);
        world.kill_at = Some(kill_at);
        world.open_all();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for round in 0..12 {
            world.settle(&mut rng);
            for id in world.ids() {
                if world.nodes[&id].session.is_none() {
                    world.open(id);
                }
            }
            world.is_closed |= round > 6;
            world.is_settled |= round > 8;
            world.pass_time();
        }
        world.agreed_shares(&world.ids());
    }
}

/// The world asserts that no node signs two different acks for one dealer.
#[test]
fn a_crash_while_taking_a_dealing_never_leads_to_an_ack_of_another_dealing_of_its_dealer() {
    let (evil, me) = (NodeId(4), NodeId(1));
    let acks = (0..4).map(|step| {
        let mut world = World::new(4);
        world.nodes.get_mut(&evil).expect("a member").is_puppet = true;
        world.open(me);
        let [one, other] = [1, 2].map(|seed| world.committee.dealing(world.params.session, evil, seed));
        world.kill_at = Some(world.effects + step);
        world.hand(evil, me, Message::Dealing(Box::new(one)));
        world.kill_at = None;
        if world.nodes[&me].session.is_none() {
            world.open(me);
        }
        world.hand(evil, me, Message::Dealing(Box::new(other)));
        world.mail.iter().filter(|(_, to, m)| *to == evil && matches!(m, Message::Ack(_))).count()
    });
    assert_eq!(acks.collect::<Vec<_>>(), [1, 1, 1, 1], "of the second, the first, the first, and undisturbed");
}

/// A world of four in which node 4 gave node 2 a bad share, and node 2 is about to complain.
fn with_victim() -> World {
    let (evil, victim) = (NodeId(4), NodeId(2));
    let mut world = World::new(4);
    world.lie_by_dealing(evil, &[victim]);
    world.open_all();
    world
}

#[test]
fn a_crash_between_storing_a_complaint_and_posting_it_posts_that_complaint_after_the_restart() {
    for loses_disk in [false, true] {
        let mut world = with_victim();
        world.kill_accuser = true;
        world.settle(&mut ChaCha20Rng::seed_from_u64(3));
        let victim = world.nodes.get_mut(&NodeId(2)).expect("a member");
        assert!(victim.session.is_none() && !world.kill_accuser, "it was about to complain");
        let record = victim.record.as_mut().expect("it has stored something");
        let (digest, stored) = record.complained[&NodeId(4)].clone();
        if loses_disk {
            // The disk falls back to before the complaint: the very same one is made again.
            record.complained.clear();
        }
        assert!(world.disputes.is_empty());
        world.open(NodeId(2));
        world.run(3);
        assert_eq!(world.disputes, [(NodeId(4), digest, NodeId(2), stored)]);
        world.is_made_of(&world.ids(), &[1, 2, 3].map(NodeId));
    }
}

#[test]
fn with_a_lying_dealer_a_crash_before_any_effect_leads_to_one_key_or_to_a_restart_by_all() {
    let total = {
        let mut world = with_victim();
        world.run(1);
        world.effects
    };
    let mut restarts = 0;
    for kill_at in 0..total {
        let mut world = World::new(4);
        world.kill_at = Some(kill_at);
        world.lie_by_dealing(NodeId(4), &[NodeId(2)]);
        world.open_all();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for round in 0..24 {
            world.settle(&mut rng);
            for id in world.ids() {
                if world.nodes[&id].session.is_none() {
                    world.open(id);
                }
            }
            world.is_closed |= round > 6;
            world.is_settled |= round > 9;
            world.pass_time();
        }
        // The world asserts that nobody makes two different complaints.
        assert!(world.disputes.len() <= 1, "{:?}", world.disputes);
        if world.ids().iter().all(|id| world.nodes[id].end == Some(End::Restart)) {
            // A crash and a liar are more than the one fault that four nodes bear: a dealing never came about.
            restarts += 1;
        } else {
            world.agreed_shares(&world.ids());
        }
    }
    assert!(restarts < total / 4, "{restarts} of {total}");
}

#[test]
fn a_finished_node_that_restarts_comes_to_the_same_rulings() {
    let mut world = with_victim();
    world.run(2);
    let named = |world: &World| world.named(NodeId(1)).iter().map(|(id, what)| (*id, what.to_string())).collect();
    let before: Vec<_> = named(&world);
    world.crash(NodeId(1));
    world.nodes.get_mut(&NodeId(1)).expect("a member").notes.clear();
    world.open(NodeId(1));
    world.settle(&mut ChaCha20Rng::seed_from_u64(2));
    assert_eq!(named(&world), before);
    assert_eq!(before, [(NodeId(4), "gave a bad share".to_owned())]);
}

#[test]
fn a_restarted_node_resends_its_stored_dealing_and_acks_and_deals_no_other() {
    let mut world = World::new(4);
    world.open_all();
    let me = NodeId(1);
    let sent = |world: &World, round: u8| -> BTreeSet<(NodeId, [u8; 32])> {
        let mine = world.mail.iter().filter(|(from, _, m)| *from == me && m.label().round == round);
        mine.map(|(_, to, message)| (*to, message.signing_digest().expect("signed"))).collect()
    };
    let dealings = sent(&world, 0);
    assert_eq!(dealings.len(), 4);
    for from in [2, 3].map(NodeId) {
        let index = world.mail.iter().position(|(f, to, _)| *f == from && *to == me).expect("in flight");
        world.deliver(index);
    }
    let acks = sent(&world, 1);
    assert_eq!(acks.len(), 2);
    world.crash(me);
    world.open(me);
    assert_eq!(sent(&world, 0), dealings);
    assert_eq!(sent(&world, 1), acks);
}

#[test]
fn a_node_that_lost_its_record_does_not_deal_in_an_older_session() {
    let mut world = World::new(4);
    world.open_all();
    let me = NodeId(1);
    world.crash(me);
    world.nodes.get_mut(&me).expect("a member").record = None;
    world.open(me);
    assert!(world.mail.iter().all(|(from, _, _)| *from != me));
    world.run(3);
    world.agreed_shares(&world.ids());
    assert!(world.board.iter().all(|(dealer, _)| *dealer != me));
}

#[test]
fn a_finished_node_that_restarts_has_its_key_at_once_and_serves_dealings() {
    let mut world = World::new(4);
    world.open_all();
    world.run(2);
    let me = NodeId(1);
    world.crash(me);
    world.nodes.get_mut(&me).expect("a member").end = None;
    world.open(me);
    world.agreed_shares(&world.ids());
    let (dealer, digest) = world.board[0];
    let session = world.params.session;
    world.hand(NodeId(2), me, Message::Fetch { session, dealer, digest });
    assert!(matches!(world.mail[..], [(NodeId(1), NodeId(2), Message::Fetched(_))]));
}
