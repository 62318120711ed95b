//! Values that nodes give to all others, or to one.

use proptest::prelude::*;
use std::collections::BTreeSet;

use super::net::{DELTA_MS, Giving, NAME, Net, PARAMS, networks};
use crate::id::NodeId;
use crate::lead::{Ended, Message, Value};

fn value_of(node: NodeId) -> String {
    format!("value of {node}")
}

fn net(members: u16, seed: u64, giving: Giving, spread_ms: u64) -> Net {
    let mut net = Net::new(members, seed);
    net.giving = giving;
    for node in net.roster.ids().collect::<Vec<_>>() {
        let in_ms = net.random(spread_ms);
        net.reach(node, in_ms, Some(&value_of(node)));
    }
    net
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whoever_is_up_gets_the_values_of_all_who_are_once_each((members, seed) in networks(), dead in 0_usize..4) {
        let mut net = net(members, seed, Giving::Exchanged, 5_000);
        net.down = net.roster.ids().take(dead.min(net.roster.faulty_max())).collect();
        net.run(20_000);
        let expected: Vec<(NodeId, String)> = net.up().map(|node| (node, value_of(node))).collect();
        for node in net.up() {
            let mut values = net.values[&node].clone();
            values.sort();
            prop_assert_eq!(&values, &expected);
        }
        prop_assert!(net.led.is_empty() && net.promised.is_empty(), "nobody leads an exchange");
        net.run(60_000);
        prop_assert!(net.peers.iter().all(|(id, peer)| net.down.contains(id) || peer.count() == 0));
    }

    #[test]
    fn one_node_gets_the_values_of_all_and_the_others_go_on(
        (members, seed) in networks(), dead in 0_usize..4, delay_turns in 1_u64..4,
    ) {
        let mut net = net(members, seed, Giving::Entrusted, PARAMS.turn_ms / 2);
        let turns = net.turns();
        net.down = turns[..dead.min(net.roster.faulty_max())].iter().copied().collect();
        net.delay_ms_max = delay_turns * DELTA_MS;
        net.run(29_000);
        let threshold = net.roster.threshold();
        let readers: Vec<NodeId> =
            net.values.iter().filter(|(_, values)| values.len() >= threshold).map(|(node, _)| *node).collect();
        prop_assert_eq!(readers.len(), 1, "{:?}", readers);
        let givers: BTreeSet<NodeId> = net.values[&readers[0]].iter().map(|(node, _)| *node).collect();
        prop_assert_eq!(givers.len(), net.values[&readers[0]].len(), "one value of each");
        prop_assert!(net.values[&readers[0]].iter().all(|(node, value)| *value == value_of(*node)));
        prop_assert_eq!(givers, net.up().collect());
        for node in net.up().filter(|node| *node != readers[0]) {
            prop_assert_eq!(net.ended.get(&node), Some(&Ended::Once(Ok(String::new()))));
        }
        prop_assert!(!net.ended.contains_key(&readers[0]), "the reader has the values");
    }

    #[test]
    fn a_threshold_of_values_is_entrusted_to_one_node_at_most_whoever_is_restarted_in_the_middle(
        (members, seed) in networks(), restarts in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..1_000), 1..5),
    ) {
        let mut net = net(members, seed, Giving::Entrusted, PARAMS.turn_ms);
        for (node, after_ms) in restarts {
            net.run(after_ms);
            let node = net.roster.ids().nth(node.index(members.into())).unwrap();
            net.restart(node, Some(&value_of(node)));
        }
        net.run(60_000);
        let readers = net.values.values().filter(|values| values.len() >= net.roster.threshold()).count();
        prop_assert!(readers <= 1, "{readers}");
    }
}

#[test]
fn second_values_long_ones_and_those_of_another_kind_are_dropped() {
    let mut net = Net::new(4, 1);
    net.giving = Giving::Exchanged;
    let [me, liar] = [0, 1].map(|place| net.roster.ids().nth(place).unwrap());
    net.reach(me, 0, Some("mine"));
    net.run(10);
    let value = |value: String| Message::Value(Value { operation: NAME, value });
    let long = "x".repeat(PARAMS.value_bytes_max(&net.roster) + 1);
    for said in [long, "first".to_owned(), "second".to_owned()] {
        net.post(liar, me, value(said));
        net.run(2 * DELTA_MS);
    }
    assert_eq!(net.values[&me], [(me, "mine".to_owned()), (liar, "first".to_owned())]);
    let reasons: Vec<_> = net.dropped.iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(reasons, ["a value that is too long", "a second value"]);

    let mut net = Net::new(4, 1);
    net.reach(me, 0, None);
    net.run(10);
    net.post(liar, me, value("early".to_owned()));
    net.run(2 * DELTA_MS);
    assert_eq!(net.dropped, [(me, liar, "a value for something that has a leader")]);
}
