//! Tests of exported traces.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::trace::{Actor, Kind, Payload, Record};

fn record(time_ns: u64, kind: Kind, actor: Actor, peer: Option<Actor>, byte: u8) -> Record {
    let payload = matches!(kind, Kind::Send | Kind::Deliver).then(|| Payload { hash: [byte; 32], len: 9 });
    Record { time_ns, kind, actor, peer, label: "dkg/deal/0@3f143a3c".into(), payload, text: String::new() }
}

fn world(time_ns: u64, kind: Kind, text: &str) -> Record {
    let text = text.to_owned();
    Record { time_ns, kind, actor: Actor::World, peer: None, label: String::new(), payload: None, text }
}

/// Three nodes: 1 tells 2, 2 tells 3, 3's word to 1 is lost; faults overlap, and one of them never ends.
fn trace() -> Vec<Record> {
    let node = |number| Actor::Node(number);
    vec![
        world(0, Kind::Fault, "a/loss begins: loss 5%"),
        record(10, Kind::Send, node(1), Some(node(2)), 1),
        world(15, Kind::Fault, "a/cut begins: cut"),
        record(20, Kind::Deliver, node(2), Some(node(1)), 1),
        record(30, Kind::Send, node(2), Some(node(3)), 2),
        world(35, Kind::Fault, "a/loss ends"),
        record(40, Kind::Deliver, node(3), Some(node(2)), 2),
        record(50, Kind::Send, node(3), Some(node(1)), 3),
        record(50, Kind::Drop, node(3), Some(node(1)), 3),
        Record { text: "line one\nline two".into(), ..record(60, Kind::Note, node(1), None, 0) },
    ]
}

fn events(records: &[Record]) -> Vec<Value> {
    let parsed: Value = serde_json::from_str(&chrome(records)).unwrap();
    parsed["traceEvents"].as_array().unwrap().clone()
}

#[test]
fn every_flow_begins_once_and_ends_later_in_another_process() {
    let events = events(&trace());
    let flows = |phase: &str| -> BTreeMap<u64, (f64, u64)> {
        let of_phase = events.iter().filter(|event| event["ph"] == phase);
        of_phase
            .map(|event| {
                (event["id"].as_u64().unwrap(), (event["ts"].as_f64().unwrap(), event["pid"].as_u64().unwrap()))
            })
            .collect()
    };
    let (starts, ends) = (flows("s"), flows("f"));
    assert_eq!(starts.len(), 2, "two messages have arrived");
    assert_eq!(starts.keys().collect::<Vec<_>>(), ends.keys().collect::<Vec<_>>());
    for (id, (ts, pid)) in &starts {
        let (later, other) = ends[id];
        assert!(later > *ts && other != *pid, "flow {id}");
    }
    // A flow is drawn between spans: there is one where it begins and one where it ends.
    for (ts, pid) in starts.values().chain(ends.values()) {
        assert!(events.iter().any(|event| event["ph"] == "X" && event["ts"] == *ts && event["pid"] == *pid));
    }
}

#[test]
fn every_span_that_begins_ends() {
    let events = events(&trace());
    let of = |phase: &str| -> BTreeSet<(String, u64)> {
        let spans = events.iter().filter(|event| event["ph"] == phase);
        spans.map(|event| (event["name"].as_str().unwrap().to_owned(), event["id"].as_u64().unwrap())).collect()
    };
    assert_eq!(of("b"), of("e"));
    assert_eq!(of("b"), BTreeSet::from([("a/loss".to_owned(), 0), ("a/cut".to_owned(), 2)]));
}

#[test]
fn everyone_in_a_trace_is_a_process_with_a_name() {
    let events = events(&trace());
    let named: BTreeSet<u64> =
        events.iter().filter(|e| e["name"] == "process_name").map(|e| e["pid"].as_u64().unwrap()).collect();
    let used: BTreeSet<u64> = events.iter().map(|event| event["pid"].as_u64().unwrap()).collect();
    assert_eq!(named, used);
}

/// The events of a log: host, clock, text.
fn parsed(log: &str) -> Vec<(String, BTreeMap<String, u64>, String)> {
    let lines: Vec<&str> = log.lines().skip(2).collect();
    let event = |pair: &[&str]| {
        let (host, clock) = pair[0].split_once(' ').unwrap();
        (host.to_owned(), serde_json::from_str(clock).unwrap(), pair[1].to_owned())
    };
    lines.chunks(2).map(event).collect()
}

#[test]
fn clocks_count_what_has_come_before() {
    let log = shiviz(&trace());
    assert!(log.starts_with("(?<host>\\S+) (?<clock>{.*})\\n(?<event>.*)\n\n"), "{log}");
    let events = parsed(&log);
    assert_eq!(events.len(), 7, "the world has no clock: {log}");
    // A host's own entry counts its events, one by one.
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (host, clock, _) in &events {
        let count = counts.entry(host).or_default();
        *count += 1;
        assert_eq!(clock[host], *count);
    }
    // What node 3 got tells of node 1, whose message node 2 had heard; what was lost tells nobody of anything.
    let (_, clock, text) = &events[3];
    assert!(text.starts_with("deliver from node 2 dkg/deal"), "{text}");
    assert_eq!(*clock, BTreeMap::from([("node1".to_owned(), 1), ("node2".to_owned(), 2), ("node3".to_owned(), 1)]));
    let (host, clock, text) = &events[6];
    assert_eq!((host.as_str(), clock.len()), ("node1", 1));
    assert!(text.contains("line one line two"), "an event is one line: {text}");
}
