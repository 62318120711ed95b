//! ShiViz's log (<https://bestchai.bitbucket.io/shiviz/>): each event with its vector clock, computed from who heard of
//! what by which message. The first line is the regular expression that ShiViz wants, the second is empty.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::render::hops;
use crate::trace::{Actor, Kind, Record};

/// What ShiViz is told to read events with. The first line of an event has its host and its clock, the second the rest.
const PARSER: &str = r"(?<host>\S+) (?<clock>{.*})\n(?<event>.*)";

/// A vector clock: how many events of each host have come before, or are this one.
type Clock = BTreeMap<String, u64>;

/// A host's name, without blanks.
fn host(actor: Actor) -> String {
    actor.to_string().replace(' ', "")
}

/// Writes the log. Records of the world are left out: it is no host, and sends no messages.
pub fn shiviz(records: &[Record]) -> String {
    let mut sent: BTreeMap<usize, usize> = BTreeMap::new();
    for hop in hops(records).into_iter().filter(|hop| !hop.is_lost) {
        if let (Some(send), Some(end)) = (hop.send, hop.end) {
            sent.insert(end, send);
        }
    }
    let mut out = format!("{PARSER}\n\n");
    let mut clocks: BTreeMap<Actor, Clock> = BTreeMap::new();
    let mut at_sending: BTreeMap<usize, Clock> = BTreeMap::new();
    for (place, record) in records.iter().enumerate().filter(|(_, record)| record.actor != Actor::World) {
        let clock = clocks.entry(record.actor).or_default();
        if let Some(before) = sent.get(&place).and_then(|send| at_sending.get(send)) {
            for (host, count) in before {
                let known = clock.entry(host.clone()).or_default();
                *known = (*known).max(*count);
            }
        }
        let name = host(record.actor);
        *clock.entry(name.clone()).or_default() += 1;
        if record.kind == Kind::Send {
            at_sending.insert(place, clock.clone());
        }
        // ShiViz reads the host's own entry first.
        let mut json: Map<String, Value> = Map::new();
        json.insert(name.clone(), Value::from(clock.get(&name).copied().unwrap_or_default()));
        json.extend(clock.iter().map(|(host, count)| (host.clone(), Value::from(*count))));
        let _ = writeln!(out, "{name} {}\n{}", Value::Object(json), event(record));
    }
    out
}

/// The event on one line.
fn event(record: &Record) -> String {
    let peer = match (record.peer, record.kind) {
        (Some(peer), Kind::Deliver) => format!(" from {peer}"),
        (Some(peer), _) => format!(" to {peer}"),
        (None, _) => String::new(),
    };
    let kind = format!("{:?}", record.kind).to_lowercase();
    let line = format!("{kind}{peer} {} {}", record.label, record.text);
    let time = record.time_ns as f64 / 1e9;
    format!("{} at {time:.6} s", line.split_whitespace().collect::<Vec<_>>().join(" "))
}
