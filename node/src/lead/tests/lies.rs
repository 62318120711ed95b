//! Liars: up to f of them make nobody lead twice, and are not believed without the votes of a threshold.

use proptest::prelude::*;

use super::net::{DELTA_MS, NAME, Net, PARAMS, networks};
use crate::id::{NodeId, SessionId};
use crate::lead::{Ask, Ended, Grant, Message, Outcome, Told};
use crate::meter::Meter;
use crate::testing::identity;
use crate::wire::Signed;

fn grant(from: NodeId, operation: SessionId, to: NodeId, value: &str) -> Signed<Grant> {
    let grant = Grant { operation, to, value: value.to_owned() };
    Signed::new(grant, from, &identity(from), &mut Meter::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn f_nodes_that_grant_an_operation_to_everybody_make_nobody_lead_twice(
        (members, seed) in networks(), delay_turns in 1_u64..5, spread_turns in 0_u64..6,
    ) {
        let mut net = Net::new(members, seed);
        let liars: Vec<NodeId> = net.roster.ids().take(net.roster.faulty_max()).collect();
        let everybody: Vec<NodeId> = net.roster.ids().collect();
        net.delay_ms_max = delay_turns * PARAMS.turn_ms;
        for liar in &liars {
            for to in everybody.iter().filter(|id| *id != liar) {
                for _ in 0..6 {
                    let grant = Grant { operation: NAME, to: *to, value: String::new() };
                    net.post(*liar, *to, Message::Grant(grant));
                }
            }
        }
        let chosen = liars.clone();
        net.tamper = Box::new(move |from, to, message| match message {
            Message::Grant(grant) if chosen.contains(&from) => {
                let others = everybody.iter().filter(|id| **id != from);
                others.map(|id| (*id, Message::Grant(Grant { to: *id, ..grant.clone() }))).collect()
            }
            Message::Release(_) if chosen.contains(&from) => vec![],
            message => vec![(to, message)],
        });
        net.all_reach_within(spread_turns * PARAMS.turn_ms);
        net.run(60_000);
        let honest: Vec<&NodeId> = net.led.iter().filter(|id| !liars.contains(id)).collect();
        prop_assert!(honest.len() <= 1, "{honest:?}");
    }
}

#[test]
fn an_outcome_is_believed_of_nobody_who_does_not_show_the_votes_of_a_threshold() {
    let (n, liar, victim) = (4, NodeId(1), NodeId(2));
    let by = |nodes: &[u16], operation, to| -> Vec<Signed<Grant>> {
        nodes.iter().map(|node| grant(NodeId(*node), operation, to, "")).collect()
    };
    let other = SessionId([8; 32]);
    let mut forged = by(&[1, 2, 3], NAME, liar);
    forged[2].signature = forged[1].signature;
    let mut renamed = by(&[1, 2, 2], NAME, liar);
    renamed[2].signer = NodeId(3);
    let told = Told::Returned("a lie".into());
    for (grants, reason) in [
        (vec![], "an outcome without a threshold of grants"),
        (by(&[1, 2], NAME, liar), "an outcome without a threshold of grants"),
        (by(&[1, 2, 2], NAME, liar), "an outcome without a threshold of grants"),
        (by(&[1, 2, 3], NAME, NodeId(3)), "an outcome with a grant that is for something else"),
        (by(&[1, 2, 3], other, liar), "an outcome with a grant that is for something else"),
        (by(&[1, 2, 9], NAME, liar), "an outcome with a grant that is for something else"),
        (forged, "an outcome with a grant that is wrong"),
        (renamed, "an outcome with a grant that is wrong"),
    ] {
        let mut net = Net::new(n, 1);
        net.reach(victim, 0, None);
        net.post(liar, victim, Message::Outcome(Outcome { operation: NAME, grants, told: told.clone() }));
        net.run(2 * DELTA_MS);
        assert_eq!((net.ended.get(&victim), net.dropped.last()), (None, Some(&(victim, liar, reason))));
    }
    let mut net = Net::new(n, 1);
    net.reach(victim, 0, None);
    let grants = by(&[1, 2, 3], NAME, liar);
    net.post(liar, victim, Message::Outcome(Outcome { operation: NAME, grants, told }));
    net.run(2 * DELTA_MS);
    assert_eq!(net.ended[&victim], Ended::Once(Ok("a lie".into())), "whoever leads may say what it likes");
}

#[test]
fn a_leader_cannot_change_the_values_of_others_nor_leave_too_many_out() {
    for spoil in 0..3 {
        let mut net = Net::new(4, 1);
        let liar = net.turns()[0];
        net.tamper = Box::new(move |from, to, message| match message {
            Message::Outcome(mut outcome) if from == liar => {
                match spoil {
                    0 => outcome.grants.last_mut().unwrap().body.value = "another".into(),
                    1 => outcome.grants.truncate(2),
                    _ => outcome.told = Told::Returned("another".into()),
                }
                vec![(to, Message::Outcome(outcome))]
            }
            message => vec![(to, message)],
        });
        for node in net.roster.ids().collect::<Vec<_>>() {
            net.reach(node, 0, Some(&format!("value of {node}")));
        }
        net.run(29_000);
        assert_eq!(net.ended.keys().collect::<Vec<_>>(), [&liar], "{spoil}");
        assert_eq!(net.dropped.len(), 3, "{:?}", net.dropped);
    }
}

#[test]
fn who_asks_out_of_turn_or_again_in_a_later_turn_gains_nothing() {
    let mut net = Net::new(4, 1);
    let turns = net.turns();
    let (first, liar) = (turns[0], turns[1]);
    for turn in [0, 2, 3] {
        net.post(liar, turns[2], Message::Ask(Ask { operation: NAME, turn }));
    }
    net.post(liar, turns[2], Message::Ask(Ask { operation: NAME, turn: 1 }));
    net.all_reach_within(1);
    net.run(29_000);
    let out_of_turn = net.dropped.iter().filter(|dropped| **dropped == (turns[2], liar, "an ask out of turn"));
    assert_eq!(out_of_turn.count(), 3);
    net.assert_done_once();
    assert_eq!(net.led, [first]);
}

#[test]
fn a_candidate_that_has_given_up_is_not_granted_the_operation_any_more() {
    let mut net = Net::new(4, 1);
    let (liar, voter) = (net.turns()[0], net.turns()[2]);
    net.reach(voter, 0, None);
    net.post(liar, voter, Message::Ask(Ask { operation: NAME, turn: 0 }));
    net.run(2 * DELTA_MS);
    assert_eq!(net.promised[&voter], liar);
    net.post(liar, voter, Message::Release(crate::lead::Release { operation: NAME }));
    net.run(2 * DELTA_MS);
    net.post(liar, voter, Message::Ask(Ask { operation: NAME, turn: 0 }));
    net.run(2 * DELTA_MS);
    assert_eq!(net.dropped, [(voter, liar, "an ask of one that will not lead")]);
}

#[test]
fn grants_to_others_and_values_that_are_too_long_are_dropped() {
    let mut net = Net::new(4, 1);
    let (first, liar) = (net.turns()[0], net.turns()[1]);
    net.reach(first, 0, Some("mine"));
    net.run(1);
    let long = "x".repeat(PARAMS.value_bytes_max(&net.roster) + 1);
    for (to, value) in [(liar, String::new()), (first, long)] {
        net.post(liar, first, Message::Grant(Grant { operation: NAME, to, value }));
    }
    net.run(2 * DELTA_MS);
    let mut reasons: Vec<&str> = net.dropped.iter().map(|(.., reason)| *reason).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["a grant to another", "a value that is too long"]);
}
