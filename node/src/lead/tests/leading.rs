//! Honest nodes: one leads, whoever fails, and never two.

use proptest::prelude::*;
use std::collections::BTreeSet;

use super::net::{DELTA_MS, NAME, Net, PARAMS, networks};
use crate::id::NodeId;
use crate::lead::{Ended, Message, Operations};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_node_leads_and_all_have_its_word_when_messages_arrive_in_time((members, seed) in networks()) {
        let mut net = Net::new(members, seed);
        net.all_reach_within(PARAMS.turn_ms / 2);
        net.run(20_000);
        net.assert_done_once();
        prop_assert_eq!(net.led[0], net.turns()[0]);
        prop_assert!(net.dropped.is_empty(), "{:?}", net.dropped);
    }

    #[test]
    fn when_f_nodes_are_dead_those_whose_turn_comes_first_among_them_another_leads((members, seed) in networks()) {
        let mut net = Net::new(members, seed);
        let turns = net.turns();
        net.down = turns[..net.roster.faulty_max()].iter().copied().collect();
        net.all_reach_within(PARAMS.turn_ms / 2);
        net.run(29_000);
        net.assert_done_once();
        prop_assert_eq!(net.led[0], turns[net.roster.faulty_max()]);
    }

    #[test]
    fn however_late_messages_and_actions_are_never_do_two_lead(
        (members, seed) in networks(), delay_turns in 1_u64..6, spread_turns in 0_u64..8,
    ) {
        let mut net = Net::new(members, seed);
        net.delay_ms_max = delay_turns * PARAMS.turn_ms;
        net.all_reach_within(spread_turns * PARAMS.turn_ms);
        net.run(60_000);
        prop_assert!(net.led.len() <= 1, "{:?}", net.led);
        let words: BTreeSet<String> = net.ended.values().map(|ended| format!("{ended:?}")).collect();
        prop_assert!(words.len() <= 1, "{words:?}");
    }

    #[test]
    fn nobody_leads_again_whoever_is_restarted_in_the_middle(
        (members, seed) in networks(), restarts in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..2_000), 1..6),
    ) {
        let mut net = Net::new(members, seed);
        net.all_reach_within(PARAMS.turn_ms);
        for (node, after_ms) in restarts {
            net.run(after_ms);
            let node = node.index(members.into());
            let node = net.roster.ids().nth(node).unwrap();
            net.restart(node, None);
        }
        net.run(60_000);
        prop_assert!(net.led.len() <= 1, "{:?}", net.led);
    }

    #[test]
    fn all_have_the_same_values_of_a_threshold_or_more_and_their_own_if_they_gave_it_in_time(
        (members, seed) in networks(), dead in any::<bool>(),
    ) {
        let mut net = Net::new(members, seed);
        if dead {
            net.down = net.turns()[..net.roster.faulty_max()].iter().copied().collect();
        }
        for node in net.roster.ids().collect::<Vec<_>>() {
            let in_ms = net.random(DELTA_MS);
            net.reach(node, in_ms, Some(&format!("value of {node}")));
        }
        net.run(29_000);
        let expected = Ended::Collected(net.up().map(|node| (node, format!("value of {node}"))).collect());
        for node in net.up() {
            prop_assert_eq!(net.ended.get(&node), Some(&expected), "{}", node);
        }
        prop_assert!(net.led.is_empty() && net.promised.is_empty(), "values are no promises");
    }
}

#[test]
fn a_leader_that_dies_after_it_was_granted_the_operation_has_no_successor() {
    for members in [4, 7, 10] {
        let mut net = Net::new(members, 1);
        net.reports = false;
        net.all_reach_within(DELTA_MS);
        net.run(3 * DELTA_MS);
        assert_eq!(net.led.len(), 1);
        net.down.insert(net.led[0]);
        net.run(29_000);
        assert_eq!((net.led.len(), net.ended.len()), (1, 0));
    }
}

#[test]
fn a_leader_that_is_started_anew_does_not_do_again_what_it_may_have_done() {
    let mut net = Net::new(4, 1);
    net.reports = false;
    net.all_reach_within(1);
    net.run(3 * DELTA_MS);
    let leader = net.led[0];
    net.restart(leader, None);
    net.run(29_000);
    assert_eq!(net.led, [leader]);
}

#[test]
fn a_candidate_that_comes_late_gives_its_votes_back_or_leads_but_the_others_do_not_wait_for_ever() {
    for late_ms in (0..3 * PARAMS.turn_ms).step_by(50) {
        for seed in 0..4 {
            let mut net = Net::new(4, seed);
            let turns = net.turns();
            net.down.insert(turns[3]);
            net.reach(turns[0], late_ms, None);
            net.reach(turns[1], 0, None);
            net.reach(turns[2], 0, None);
            net.run(29_000);
            net.assert_done_once();
        }
    }
}

#[test]
fn who_does_not_wait_goes_on_as_soon_as_somebody_leads_and_still_votes() {
    let mut net = Net::new(4, 3);
    for node in net.roster.ids().collect::<Vec<_>>() {
        net.on(node, |operations, env, fx| operations.once(NAME, false, None, env, fx));
    }
    net.run(29_000);
    assert_eq!(net.led.len(), 1);
    let leader = net.led[0];
    for node in net.up() {
        let said = if node == leader { format!("by {leader}") } else { String::new() };
        assert_eq!(net.ended[&node], Ended::Once(Ok(said)), "{node}");
    }
}

#[test]
fn operations_are_forgotten_when_their_time_is_over_and_their_votes_given_back_when_their_action_is() {
    let mut net = Net::new(4, 1);
    let (first, second) = (net.turns()[0], net.turns()[1]);
    net.reach(first, 0, None);
    net.reach(second, 0, None);
    net.run(2 * DELTA_MS);
    net.on(first, |operations, _, fx| operations.abandon(NAME, fx));
    for node in net.turns()[2..].to_vec() {
        net.reach(node, 0, None);
    }
    net.run(29_000);
    assert_eq!(net.led, [second]);
    net.run(30_000);
    assert!(net.peers.values().all(|operations| operations.count() == 0));
    assert!(net.peers.values().all(|operations: &Operations| operations.deadline().is_none()));
}

#[test]
fn what_comes_early_waits_for_the_action_and_is_bounded() {
    let mut net = Net::new(4, 1);
    let turns = net.turns();
    net.reach(turns[0], 0, None);
    net.run(2 * DELTA_MS);
    assert!(net.led.is_empty());
    for node in &turns[1..] {
        net.reach(*node, 0, None);
    }
    net.run(5_000);
    net.assert_done_once();
    let liar = NodeId(1);
    let flood = |number: u64| {
        let mut operation = NAME;
        operation.0[..8].copy_from_slice(&number.to_be_bytes());
        Message::Ask(crate::lead::Ask { operation, turn: 0 })
    };
    for number in 0..1_000 {
        net.post(liar, NodeId(2), flood(number));
    }
    net.run(1_000);
    let reason = "too many messages for operations that nobody here has come to";
    assert!(net.dropped.iter().filter(|dropped| **dropped == (NodeId(2), liar, reason)).count() >= 1_000 - 64);
}

/// A leader that never reports is slow or dead; nobody can tell.
#[cfg(feature = "planted-bugs")]
#[test]
fn only_by_a_planted_mistake_does_another_lead_where_the_leader_keeps_silent() {
    use crate::bugs::{Bug, BugSet, plant};
    let led = |bugs: BugSet| {
        let _planted = plant(bugs);
        let mut net = Net::new(4, 1);
        net.reports = false;
        net.all_reach_within(PARAMS.turn_ms / 2);
        net.run(5_000);
        net.led.len()
    };
    assert_eq!(led(BugSet::NONE), 1);
    assert!(led(BugSet::NONE.with(Bug::FailoverAfterGrant)) > 1);
}
