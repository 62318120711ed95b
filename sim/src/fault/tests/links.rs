//! Faults of links as data: what a plan writes is what it reads, and what is shown says what is meant.

use super::super::*;
use crate::plan::{FaultEvent, FaultId, FaultPlan, Trigger};
use crate::scenario::{LabelPattern, Latency, Rate};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::num::NonZeroU64;

fn node() -> impl Strategy<Value = NodeId> {
    (1..=10u16).prop_map(NodeId)
}

fn links() -> impl Strategy<Value = Links> {
    let ends = (vec(node(), 0..3), vec(node(), 0..3)).prop_map(|(from, to)| Links::Between(Ends { from, to }));
    prop_oneof![Just(Links::All), vec((node(), node()), 0..4).prop_map(Links::Pairs), ends]
}

fn rate() -> impl Strategy<Value = Rate> {
    (0..=1_000_000u32).prop_map(|ppm| Rate { ppm })
}

fn label() -> impl Strategy<Value = LabelPattern> {
    let read = |text: &str| serde_json::from_value(text.into()).expect("a label");
    prop_oneof![Just("dkg"), Just("dkg/ack"), Just("frost/share")].prop_map(read)
}

fn latency() -> impl Strategy<Value = Latency> {
    let empirical = vec(0..9_000_000u64, 1..9).prop_map(|mut sorted_us| {
        sorted_us.sort_unstable();
        Latency::Empirical { sorted_us }
    });
    let log_normal = (1..9_000_000u64, 0..5_000_000u32);
    prop_oneof![
        (0..9000u64).prop_map(|ms| Latency::Constant { ms }),
        (0..900u64, 900..9000u64).prop_map(|(ms_min, ms_max)| Latency::Uniform { ms_min, ms_max }),
        log_normal.prop_map(|(median_us, sigma_ppm)| Latency::LogNormal { median_us, sigma_ppm }),
        empirical,
    ]
}

/// Every kind of fault of links.
fn fault() -> impl Strategy<Value = Fault> {
    let strike = || (links(), rate()).prop_map(|(links, rate)| Strike { links, rate });
    let partition = (vec(vec(node(), 1..4), 2..4), any::<bool>());
    let turn = prop_oneof![Just(Turn::First), Just(Turn::Last)];
    let discard = (links(), label(), option::of(1..9u32), option::of(1..9u32), rate());
    let replay = (links(), option::of(label()), option::of(node()), option::of(node()), 0..9000u64, rate());
    prop_oneof![
        strike().prop_map(Fault::Loss),
        strike().prop_map(Fault::Duplicate),
        (links(), rate(), 0..9000u64).prop_map(|(links, rate, delay_ms_max)| Fault::Reorder(Reorder {
            links,
            rate,
            delay_ms_max
        })),
        partition.prop_map(|(sets, one_way)| Fault::Partition(Partition { sets, one_way })),
        links().prop_map(|links| Fault::Cut(Cut { links })),
        (links(), latency()).prop_map(|(links, latency)| Fault::Latency(LatencyChange { links, latency })),
        (links(), any::<NonZeroU64>(), any::<u64>()).prop_map(|(links, bytes_per_s, queue_bytes_max)| {
            Fault::Bandwidth(Bandwidth { links, bytes_per_s, queue_bytes_max })
        }),
        (links(), rate(), option::of(1..9000u64), 0..9000u64).prop_map(|(links, rate, delay_ms, large_bytes_min)| {
            Fault::Gray(Gray { links, rate, delay_ms, large_bytes_min })
        }),
        (vec(node(), 1..4), turn, any::<bool>()).prop_map(|(nodes, turn, both_ways)| Fault::Order(Order {
            nodes,
            turn,
            both_ways
        })),
        (links(), label(), 1..9000u64, rate()).prop_map(|(links, label, delay_ms, rate)| Fault::Delay(Delay {
            links,
            label,
            delay_ms,
            rate
        })),
        discard.prop_map(|(links, label, first, every, rate)| {
            Fault::Drop(Discard { links, label, first, every, rate })
        }),
        replay.prop_map(|(links, label, as_from, to, after_ms, rate)| {
            Fault::ReplayWire(ReplayWire { links, label, as_from, to, after_ms, rate })
        }),
    ]
}

proptest! {
    #[test]
    fn a_plan_that_was_written_reads_back_as_it_was(faults in vec(fault(), 1..12), pattern in label()) {
        let events = faults.into_iter().enumerate().map(|(index, what)| FaultEvent {
            id: FaultId(format!("act/{index}")),
            act: "act".into(),
            during: None,
            when: Trigger::Sent { label: pattern.clone(), node: None, occurrence: 1 },
            for_ms: Some(5),
            what,
        });
        let plan = FaultPlan { events: events.collect() };
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<FaultPlan>(&text).unwrap(), plan);
    }

    #[test]
    fn naming_every_node_anew_and_back_changes_nothing(what in fault()) {
        let text = what.map(&mut |node| node.0.to_string());
        prop_assert_eq!(text.map(&mut |name| NodeId(name.parse().unwrap())), what);
    }
}

#[test]
fn faults_are_shown_in_words() {
    let show = |json: serde_json::Value| serde_json::from_value::<Fault>(json).unwrap().to_string();
    let pairs = serde_json::json!([[1, 2], [3, 4]]);
    for (json, words) in [
        (serde_json::json!({ "cut": { "links": "all" } }), "cut of all links"),
        (
            serde_json::json!({ "partition": { "sets": [[1, 2], [3]], "one_way": true } }),
            "one-way partition 1, 2 -x-> 3",
        ),
        (
            serde_json::json!({ "latency": { "links": pairs, "latency": { "uniform_ms": [5, 9] } } }),
            "latency of links 1>2, 3>4: 5 to 9 ms",
        ),
        (
            serde_json::json!({ "bandwidth": { "links": { "from": [1] }, "bytes_per_s": 9, "queue_bytes_max": 8 } }),
            "bandwidth 9 B/s on links from 1 to every node, queues of 8 B",
        ),
        (
            serde_json::json!({ "gray": { "links": pairs, "rate": 0.5, "large_bytes_min": 600 } }),
            "gray links 1>2, 3>4, 50% of messages from 600 B on lost",
        ),
        (serde_json::json!({ "order": { "nodes": [2], "turn": "last" } }), "messages from 2 come last"),
        (
            serde_json::json!({ "delay": { "links": "all", "label": "dkg/ack", "delay_ms": 70 } }),
            "100% of dkg/ack on all links are 70 ms late",
        ),
        (
            serde_json::json!({ "drop": { "links": "all", "label": "dkg", "first": 3 } }),
            "drop of 100% of dkg on all links, of the first 3 of each link",
        ),
        (
            serde_json::json!({ "replay_wire": { "links": "all", "as_from": 3, "to": 4, "after_ms": 50 } }),
            "replay of 100% of messages on all links after 50 ms as from node 3 to node 4",
        ),
    ] {
        assert_eq!(show(json), words);
    }
}
