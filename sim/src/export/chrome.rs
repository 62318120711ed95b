//! Chrome's trace events (the JSON array format): a process for everyone that the trace names, messages as flows between
//! them, steps and faults as spans. `chrome://tracing` and <https://ui.perfetto.dev> open it.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::render::hops;
use crate::trace::{Actor, Kind, Record};

/// The rows of a process: what happens there at an instant, messages that leave and arrive, and when it is down.
const EVENTS: u32 = 0;
const MESSAGES: u32 = 1;
const DOWN: u32 = 2;
/// How long a sending or an arrival is drawn, microseconds: flows begin and end at spans, not at instants.
const MOMENT_US: f64 = 1.0;

/// Writes the trace, one event a line.
pub fn chrome(records: &[Record]) -> String {
    let mut events = names(records);
    events.extend(spans(records));
    events.extend(messages(records));
    let instants = records.iter().filter(|record| !matches!(record.kind, Kind::Send | Kind::Deliver | Kind::Drop));
    events.extend(instants.map(instant));
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    format!("{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}

fn micros(record: &Record) -> f64 {
    record.time_ns as f64 / 1e3
}

/// A process's number: the order in which the page and ShiViz have them, too, and the same in every trace.
fn pid(actor: Actor) -> u64 {
    match actor {
        Actor::World => 1,
        Actor::Node(number) => 1_000 + u64::from(number),
        Actor::Client(number) => 100_000 + u64::from(number),
        Actor::Chain(number) => 5_000_000_000 + u64::from(number),
        Actor::Ipfs => 6_000_000_000,
        Actor::Http => 6_000_000_001,
    }
}

fn names(records: &[Record]) -> Vec<Value> {
    let all: BTreeSet<Actor> = records.iter().flat_map(|record| [Some(record.actor), record.peer]).flatten().collect();
    let mut events = Vec::new();
    for (place, actor) in all.into_iter().enumerate() {
        let pid = pid(actor);
        let name = actor.to_string();
        events.push(json!({ "ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": { "name": name } }));
        events.push(json!({
            "ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": { "sort_index": place },
        }));
        for (tid, name) in [(EVENTS, "events"), (MESSAGES, "messages"), (DOWN, "down")] {
            events.push(json!({ "ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": { "name": name } }));
        }
    }
    events
}

fn instant(record: &Record) -> Value {
    let name = if record.label.is_empty() { &record.text } else { &record.label };
    json!({
        "ph": "i", "s": "t", "name": name, "cat": format!("{:?}", record.kind).to_lowercase(), "ts": micros(record),
        "pid": pid(record.actor), "tid": EVENTS, "args": { "text": record.text },
    })
}

/// Steps, faults and times during which a node is down. What has not ended when the trace does ends with it. They are
/// asynchronous spans, since faults overlap without lying in one another.
fn spans(records: &[Record]) -> Vec<Value> {
    let mut events = Vec::new();
    let mut open: BTreeMap<String, (u64, &str, usize)> = BTreeMap::new();
    let last = records.last().map_or(0.0, micros);
    for (place, record) in records.iter().enumerate() {
        let text = record.text.as_str();
        let (category, name, is_begin) = match record.kind {
            Kind::Boot => ("down", format!("{} is down", record.actor), !text.starts_with("starts")),
            Kind::Fault | Kind::Step => {
                let category = if record.kind == Kind::Fault { "fault" } else { "step" };
                let Some((name, is_begin)) = begins_or_ends(text) else { continue };
                (category, name.to_owned(), is_begin)
            }
            _ => continue,
        };
        let (key, pid) = (format!("{category} {name}"), pid(record.actor));
        if let Some((pid, category, id)) = open.remove(&key) {
            events.push(span("e", &name, category, pid, id, micros(record)));
        }
        if is_begin {
            events.push(span("b", &name, category, pid, place, micros(record)));
            open.insert(key, (pid, category, place));
        }
    }
    for (key, (pid, category, id)) in open {
        let name = key.split_once(' ').map_or(key.as_str(), |(_, name)| name);
        events.push(span("e", name, category, pid, id, last));
    }
    events
}

fn span(phase: &str, name: &str, category: &str, pid: u64, id: usize, ts: f64) -> Value {
    json!({ "ph": phase, "name": name, "cat": category, "pid": pid, "tid": DOWN, "id": id, "ts": ts })
}

/// The name in `NAME begins...` or `NAME ends...`, and whether it begins.
fn begins_or_ends(text: &str) -> Option<(&str, bool)> {
    let mut cuts = text.match_indices(' ').filter_map(|(at, _)| {
        let rest = &text[at + 1..];
        let is =
            |word: &str| rest.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']));
        if is("begins") { Some((&text[..at], true)) } else { is("ends").then_some((&text[..at], false)) }
    });
    cuts.next()
}

/// A moment at the sender, one at the receiver, and a flow between them. A lost message has a moment at its sender only.
fn messages(records: &[Record]) -> Vec<Value> {
    let mut events = Vec::new();
    for (id, hop) in hops(records).into_iter().enumerate() {
        let send = hop.send.and_then(|place| records.get(place));
        let end = hop.end.and_then(|place| records.get(place));
        let arrival = end.filter(|_| !hop.is_lost);
        let moment = |actor: Actor, record: &Record, what: &str| {
            let bytes = record.payload.map(|payload| payload.len);
            json!({
                "ph": "X", "name": record.label, "cat": what, "ts": micros(record), "dur": MOMENT_US, "pid": pid(actor),
                "tid": MESSAGES, "args": { "from": hop.from.to_string(), "to": hop.to.to_string(), "bytes": bytes },
            })
        };
        events.extend(send.map(|record| moment(hop.from, record, "send")));
        events.extend(arrival.map(|record| moment(hop.to, record, "deliver")));
        if let (Some(send), Some(arrival)) = (send, arrival) {
            let flow = |phase: &str, actor: Actor, record: &Record| {
                json!({
                    "ph": phase, "bp": "e", "name": record.label, "cat": "message", "id": id, "ts": micros(record),
                    "pid": pid(actor), "tid": MESSAGES,
                })
            };
            events.push(flow("s", hop.from, send));
            events.push(flow("f", hop.to, arrival));
        } else if let Some(lost) = end.filter(|_| hop.is_lost) {
            events.push(json!({
                "ph": "i", "s": "t", "name": format!("lost: {}", lost.label), "cat": "drop", "ts": micros(lost),
                "pid": pid(hop.from), "tid": MESSAGES, "args": { "to": hop.to.to_string(), "by": lost.text },
            }));
        }
    }
    events
}
