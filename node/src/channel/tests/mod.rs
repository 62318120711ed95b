//! Channels over a simulated hostile link. The link checks on the way that no frame number is used twice under one
//! key.

mod world;

use proptest::prelude::*;
use rand_core::RngCore;
use std::collections::BTreeSet;

use super::*;
use world::{CALM, HOSTILE, Manners, World, key_of, label, params};

fn texts(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}-{index:04}")).collect()
}

#[test]
fn two_parties_deliver_everything_exactly_once_over_a_hostile_link() {
    for seed in 0..5 {
        let mut world = World::started(2, seed, HOSTILE);
        for (a, b) in texts("a", 400).iter().zip(texts("b", 400)) {
            world.send(1, 2, a);
            world.send(2, 1, &b);
            world.run(5);
        }
        world.run(600_000);
        assert!(world.is_idle(), "everything is acknowledged and nobody talks any more");
        assert_eq!(world.received(1, 2), texts("a", 400));
        assert_eq!(world.received(2, 1), texts("b", 400));
        assert_eq!((world.restarts_seen(1), world.restarts_seen(2)), (0, 0));
    }
}

#[test]
fn four_parties_deliver_everything_exactly_once_over_a_hostile_link() {
    let mut world = World::started(4, 9, HOSTILE);
    let pairs = || (1..=4).flat_map(|from| (1..=4).filter(move |to| *to != from).map(move |to| (from, to)));
    for index in 0..60 {
        pairs().for_each(|(from, to)| world.send(from, to, &texts(&format!("{from}{to}"), 60)[index]));
        world.run(20);
    }
    world.run(600_000);
    for (from, to) in pairs() {
        assert_eq!(world.received(from, to), texts(&format!("{from}{to}"), 60));
    }
    let opened = (1..=4).map(|at| world.count(at, |effect| matches!(effect, Effect::Opened { .. })));
    assert_eq!(opened.collect::<Vec<_>>(), [3; 4]);
}

#[test]
fn at_first_boot_only_the_lower_number_initiates_and_silence_follows_the_handshake() {
    let mut world = World::started(2, 1, CALM);
    world.run(60_000);
    let kinds: Vec<(u16, u8)> = world.recorded.iter().map(|(from, _, bytes)| (from.0, bytes[0])).collect();
    assert_eq!(kinds, [(1, 1), (2, 2), (1, 3), (2, 3)], "hello, welcome, a frame each way");
    assert!(world.is_idle());
    assert_eq!(world.meter.count(Op::KeyAgreement), 12);
}

#[test]
fn the_longest_message_passes_and_a_longer_one_or_an_unknown_peer_is_refused() {
    let mut world = World::started(2, 1, CALM);
    world.with(NodeId(1), |node, now, meter, fx| {
        let mut send = |to, len| node.send(NodeId(to), vec![5; len], label(), now, meter, fx);
        assert_eq!(send(2, MESSAGE_BYTES_MAX + 1), Err(SendError::TooLong { len: MESSAGE_BYTES_MAX + 1 }));
        assert_eq!(send(3, 1), Err(SendError::UnknownPeer(NodeId(3))));
        assert_eq!(send(1, 1), Err(SendError::UnknownPeer(NodeId(1))));
        assert_eq!(send(2, MESSAGE_BYTES_MAX), Ok(()));
        assert_eq!(send(2, 0), Ok(()));
    });
    world.run(60_000);
    let mut lengths: Vec<usize> = world.delivered.iter().map(|(.., bytes)| bytes.len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [0, MESSAGE_BYTES_MAX]);
}

#[test]
fn replayed_frames_and_handshakes_change_nothing() {
    let mut world = World::started(2, 3, HOSTILE);
    texts("a", 20).iter().for_each(|text| world.send(1, 2, text));
    world.run(600_000);
    world.manners = CALM;
    // What the link had lost comes late; after that, everything is a replay.
    let recorded = world.recorded.clone();
    recorded.iter().for_each(|(from, to, bytes)| world.inject(*from, *to, bytes.clone(), 1));
    world.run(600_000);
    assert_eq!(world.received(1, 2), texts("a", 20));
    let (delivered, events, sent) = (world.delivered.len(), world.events.len(), world.recorded.len());
    for (from, to, bytes) in recorded {
        for (link, target) in [(from, to), (to, to), (to, from), (NodeId(77), to)] {
            world.inject(link, target, bytes.clone(), 1);
        }
    }
    world.run(600_000);
    assert_eq!(world.delivered.len(), delivered);
    assert_eq!(world.recorded.len(), sent, "no replay is answered");
    assert!(world.events[events..].iter().all(|(_, effect)| matches!(effect, Effect::Dropped { .. })));
    assert!(world.drops(2, DropReason::ReplayedFrame) >= 20 && world.drops(2, DropReason::RepeatedHello) > 0);
    world.send(2, 1, "after");
    world.run(1_000);
    assert_eq!(world.received(2, 1), ["after"]);
}

#[test]
fn a_hello_that_comes_again_under_another_id_leaves_the_channel_that_answers_it() {
    for first in [false, true] {
        let mut world = World::started(2, 3, CALM);
        let (from, to, hello) = world.recorded[0].clone();
        // Tag and two numbers come before the id.
        let changed = [&hello[..5], &[!hello[5]], &hello[6..]].concat();
        if first {
            world.inject(from, to, changed, 0);
        } else {
            world.run(1);
            world.inject(from, to, changed, 0);
        }
        world.send(from.0, to.0, "all the same");
        world.run(60_000);
        assert_eq!(world.received(from.0, to.0), ["all the same"], "the changed one first: {first}");
        assert_eq!(world.drops(to.0, DropReason::UnknownChannel), 0);
    }
}

#[test]
fn a_hello_of_an_ended_run_is_dropped_and_the_session_stays() {
    let mut world = World::started(2, 3, CALM);
    world.run(1_000);
    world.start(1);
    world.run(60_000);
    assert_eq!(world.restarts_seen(2), 1);
    let (_, _, old_hello) = world.recorded[0].clone();
    world.inject(NodeId(1), NodeId(2), old_hello, 0);
    world.run(1_000);
    assert_eq!((world.drops(2, DropReason::EarlierBoot), world.restarts_seen(2)), (1, 1));
    world.send(2, 1, "still here");
    world.run(10);
    assert_eq!(world.received(2, 1), ["still here"], "at once, on the channel that was open");
}

#[test]
fn a_restarted_node_that_hears_old_hellos_first_still_opens_the_right_channel() {
    let mut world = World::started(2, 3, CALM);
    world.run(1_000);
    world.start(1);
    world.run(1_000);
    let hellos: Vec<_> =
        world.recorded.iter().filter(|(from, _, bytes)| from.0 == 1 && bytes[0] == 1).cloned().collect();
    assert_eq!(hellos.len(), 2);
    // Node 2 forgets everything; its own hello is lost, and the attacker feeds it what it recorded.
    world.manners = Manners { loss: 100, ..CALM };
    world.start(2);
    for (from, to, bytes) in [&hellos[0], &hellos[1], &hellos[0]] {
        world.inject(*from, *to, bytes.clone(), 1);
        world.run(2);
    }
    assert!(!world.nodes[&NodeId(2)].is_open(NodeId(1)), "a replayed hello opens nothing");
    assert_eq!(world.drops(2, DropReason::EarlierBoot), 1);
    world.manners = CALM;
    world.send(1, 2, "x");
    world.send(2, 1, "y");
    world.run(600_000);
    assert_eq!((world.received(1, 2), world.received(2, 1)), (vec!["x".into()], vec!["y".into()]));
    assert_eq!(world.restarts_seen(1), 1);
}

#[test]
fn garbage_truncated_altered_and_oversized_frames_are_dropped() {
    let mut world = World::started(2, 4, CALM);
    texts("a", 5).iter().for_each(|text| world.send(1, 2, text));
    world.run(60_000);
    let before = world.delivered.len();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for (from, to, bytes) in world.recorded.clone() {
        (0..bytes.len()).for_each(|len| world.inject(from, to, bytes[..len].to_vec(), 1));
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (rng.next_u32() % 8);
            world.inject(from, to, altered, 1);
        }
    }
    for len in [0, 1, 17, 1000, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1] {
        for kind in 0..5 {
            let mut garbage = vec![0; len];
            rng.fill_bytes(&mut garbage);
            garbage.iter_mut().take(1).for_each(|byte| *byte = kind);
            world.inject(NodeId(1), NodeId(2), garbage, 1);
        }
    }
    world.run(600_000);
    assert_eq!(world.delivered.len(), before);
    for reason in [
        DropReason::TooLong,
        DropReason::Malformed,
        DropReason::UnknownChannel,
        DropReason::UnauthenticFrame,
        DropReason::UnauthenticHandshake,
        DropReason::Misaddressed,
    ] {
        assert!(world.drops(2, reason) > 0, "{reason}");
    }
    assert_eq!(world.count(2, |effect| matches!(effect, Effect::PeerRestarted { .. } | Effect::Opened { .. })), 1);
    world.send(1, 2, "after");
    world.run(1_000);
    assert!(world.received(1, 2).contains(&"after".into()));
}

#[test]
fn a_node_with_the_wrong_static_key_gets_no_channel() {
    let mut world = World::new(2, 6, CALM);
    world.start(2);
    let entropy = Entropy::new(&[66; 32], Boot(0));
    let keys = (1..=2).map(NodeId).map(key_of);
    world.nodes.insert(NodeId(1), Channels::new(params(), NodeId(1), Boot(0), [66; 32], keys, &entropy));
    world.boots.insert(NodeId(1), 0);
    world.with(NodeId(1), |node, now, meter, fx| node.start(now, meter, fx));
    world.send(1, 2, "let me in");
    world.run(20_000);
    assert!(world.drops(2, DropReason::UnauthenticHandshake) > 3);
    assert!(world.delivered.is_empty() && !world.nodes[&NodeId(2)].is_open(NodeId(1)));
    // The right node gets through all the same.
    world.boots.remove(&NodeId(1));
    world.start(1);
    world.send(1, 2, "me too");
    world.run(1_000);
    assert_eq!(world.received(1, 2), ["me too"]);
}

#[test]
fn a_restarted_peer_gets_what_it_had_not_acknowledged() {
    for seed in 0..5 {
        let mut world = World::started(2, seed, HOSTILE);
        world.run(60_000);
        for (index, text) in texts("a", 60).iter().enumerate() {
            world.send(1, 2, text);
            if index == 30 {
                world.start(2);
            }
            world.run(10);
        }
        world.run(600_000);
        assert!(world.is_idle());
        let to_new = world.delivered.iter().filter(|(at, boot, ..)| (at.0, *boot) == (2, 1)).count();
        assert!(to_new >= 29, "the new run got all that was sent after its start");
        let distinct: BTreeSet<String> = world.received(1, 2).into_iter().collect();
        assert_eq!(distinct.into_iter().collect::<Vec<_>>(), texts("a", 60), "between them, the runs got everything");
        assert_eq!((world.restarts_seen(1), world.restarts_seen(2)), (1, 0));
    }
}

#[test]
fn what_waits_for_a_peer_leaves_as_soon_as_its_next_run_is_back() {
    let mut world = World::started(2, 1, CALM);
    world.run(1_000);
    world.nodes.remove(&NodeId(2));
    texts("a", 9).iter().for_each(|text| world.send(1, 2, text));
    world.run(20_000);
    world.start(2);
    world.run(10);
    assert_eq!(world.received(1, 2), texts("a", 9), "without waiting for the delays of the run before");
}

#[test]
fn both_ends_restart_again_and_again_and_find_each_other() {
    for seed in 0..5 {
        let mut world = World::started(2, seed, HOSTILE);
        for round in 0..6u16 {
            world.send(1, 2, "lost or found");
            world.run(u64::from(round) * 70);
            world.start(1 + round % 2);
            if round == 3 {
                world.start(1);
            }
        }
        texts("a", 30).iter().for_each(|text| world.send(1, 2, text));
        texts("b", 30).iter().for_each(|text| world.send(2, 1, text));
        world.run(600_000);
        assert!(world.is_idle());
        assert_eq!(world.received(2, 1), texts("b", 30));
        let found: Vec<String> = world.received(1, 2).into_iter().filter(|text| text.starts_with("a-")).collect();
        assert_eq!(found, texts("a", 30));
    }
}

#[test]
fn when_both_initiate_at_once_both_channels_carry_messages() {
    let mut world = World::new(2, 8, CALM);
    world.boots = [(NodeId(1), 0), (NodeId(2), 0)].into();
    world.start(1);
    world.start(2);
    world.send(1, 2, "from one");
    world.send(2, 1, "from two");
    world.run(60_000);
    assert!(world.is_idle());
    assert_eq!((world.received(1, 2), world.received(2, 1)), (vec!["from one".into()], vec!["from two".into()]));
    for id in [1, 2] {
        assert_eq!(world.count(id, |effect| matches!(effect, Effect::Opened { .. })), 1);
        assert_eq!(world.restarts_seen(id), 0);
    }
}

#[test]
fn what_a_link_claims_about_the_sender_does_not_matter() {
    let mut world = World::started(3, 2, CALM);
    world.run(1_000);
    for from in [1, 2, 3] {
        (1..=3).filter(|to| *to != from).for_each(|to| world.send(from, to, &format!("by {from}")));
    }
    // Every frame in flight is presented as coming from another node.
    for (link, _, _) in world.flights.values_mut() {
        *link = NodeId(link.0 % 3 + 1);
    }
    world.run(60_000);
    assert_eq!(world.delivered.len(), 6);
    for (_, _, from, bytes) in &world.delivered {
        assert_eq!(*bytes, format!("by {}", from.0).into_bytes());
    }
    // A hello that names another sender than its maker does not authenticate.
    let (_, to, mut hello) =
        world.recorded.iter().find(|(from, to, _)| (from.0, to.0) == (1, 3)).expect("sent").clone();
    hello[2] = 2;
    world.inject(NodeId(2), to, hello, 0);
    world.run(1_000);
    assert_eq!(world.drops(3, DropReason::UnauthenticHandshake), 1);
}

#[test]
fn the_queue_for_a_dead_peer_is_bounded_and_gives_up_the_oldest() {
    let mut world = World::new(2, 2, CALM);
    world.start(1);
    for text in texts("a", 700) {
        world.send(1, 2, &text);
    }
    assert_eq!((world.nodes[&NodeId(1)].queued(NodeId(2)), world.nodes[&NodeId(1)].overflowed(NodeId(2))), (500, 200));
    assert_eq!(world.count(1, |effect| matches!(effect, Effect::Overflowed { .. })), 200);
    world.run(100_000);
    assert!(world.recorded.len() < 120, "hellos to a dead peer come ever more rarely");
    // The peer dies again in the middle, with a window of messages in flight, and the queue overflows once more.
    world.start(2);
    world.run(2);
    world.nodes.remove(&NodeId(2));
    for text in texts("b", 300) {
        world.send(1, 2, &text);
    }
    world.run(10_000);
    world.start(2);
    world.run(600_000);
    let last = world.delivered.iter().filter(|(at, boot, ..)| (at.0, *boot) == (2, 1));
    let words: Vec<String> = last.map(|(.., bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(texts("b", 300).iter().all(|text| words.contains(text)));
    assert_eq!(world.nodes[&NodeId(1)].queued(NodeId(2)), 0);
}

#[test]
fn messages_given_up_in_flight_do_not_block_those_that_follow() {
    let mut world = World::started(2, 2, CALM);
    world.run(1_000);
    world.manners = Manners { loss: 100, ..CALM };
    for text in texts("a", 900) {
        world.send(1, 2, &text);
    }
    world.run(5_000);
    world.manners = HOSTILE;
    world.run(600_000);
    assert_eq!(world.received(1, 2), texts("a", 900)[400..]);
    assert!(world.is_idle());
}

#[derive(Clone, Debug)]
enum Step {
    Send { from: u16, to: u16 },
    Restart(u16),
    Wait(u64),
    Replay(prop::sample::Index),
    Manners(Manners),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let send = (1..=3u16, 1..=2u16).prop_map(|(from, by)| Step::Send { from, to: (from + by - 1) % 3 + 1 });
    let manners = (0..60u32, 0..30u32, 1..800u64)
        .prop_map(|(loss, duplication, delay_ms)| Step::Manners(Manners { loss, duplication, delay_ms }));
    let step = prop_oneof![
        12 => send,
        1 => (1..=3u16).prop_map(Step::Restart),
        6 => (0..400u64).prop_map(Step::Wait),
        4 => any::<prop::sample::Index>().prop_map(Step::Replay),
        1 => manners,
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_happens_a_run_gets_no_message_twice_and_in_the_end_every_message(seed: u64, steps in steps()) {
        let mut world = World::started(3, seed, HOSTILE);
        // Messages of the senders' present runs, which their present recipients must have in the end.
        let mut pending: Vec<(u16, u16, String)> = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            match step {
                Step::Send { from, to } => {
                    let text = format!("{from}.{to}.{index}");
                    world.send(from, to, &text);
                    pending.push((from, to, text));
                }
                Step::Restart(id) => {
                    world.start(id);
                    pending.retain(|(from, to, _)| *from != id && *to != id);
                }
                Step::Wait(millis) => world.run(millis),
                Step::Replay(which) => {
                    if !world.recorded.is_empty() {
                        let (from, to, bytes) = which.get(&world.recorded).clone();
                        world.inject(from, to, bytes, 0);
                    }
                }
                Step::Manners(manners) => world.manners = manners,
            }
        }
        world.manners = HOSTILE;
        world.run(3_600_000);
        prop_assert!(world.is_idle());
        let mut seen = BTreeSet::new();
        for (at, boot, from, bytes) in &world.delivered {
            let text = String::from_utf8_lossy(bytes).into_owned();
            prop_assert!(text.starts_with(&format!("{}.{}.", from.0, at.0)), "{text} at {at} as from {from}");
            prop_assert!(seen.insert((*at, *boot, text)), "delivered twice");
        }
        for (from, to, text) in pending {
            prop_assert!(seen.contains(&(NodeId(to), world.boots[&NodeId(to)], text)), "from {from} to {to}");
        }
    }
}
