//! A trace as a page takes it: columns of fixed-width numbers in base64 and one table of strings. A hundred thousand
//! records take some megabytes, and are decoded without parsing each.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

use super::flow::hops;
use crate::trace::{Actor, Record};

/// Stands for "none" in a column.
const NONE: u32 = u32::MAX;

/// Strings, each kept once.
#[derive(Default)]
struct Table<'r> {
    places: BTreeMap<&'r str, u32>,
    strings: Vec<&'r str>,
}

impl<'r> Table<'r> {
    fn place(&mut self, text: &'r str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = number(self.strings.len());
        self.places.insert(text, place);
        self.strings.push(text);
        place
    }
}

/// The trace as JSON: `lanes` (names in the order of their rows), `strings`, and columns with one number a record:
/// `time` (f64, ms), `kind` (u8), `actor`, `peer` (u8, rows), `label`, `text` (u32, strings), `bytes` (u32); and with
/// three numbers a message `hops` (u32: its sending, its end, 1 if it was lost).
pub fn columns(records: &[Record]) -> String {
    let lanes: Vec<Actor> = lanes(records);
    let row = |actor: Option<Actor>| {
        let place = actor.and_then(|actor| lanes.binary_search(&actor).ok());
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    };
    let mut table = Table::default();
    let (mut time, mut kind, mut actor, mut peer) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut label, mut text, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        time.extend((record.time_ns as f64 / 1e6).to_le_bytes());
        kind.push(record.kind as u8);
        actor.push(row(Some(record.actor)));
        peer.push(row(record.peer));
        label.extend(table.place(&record.label).to_le_bytes());
        text.extend(table.place(&record.text).to_le_bytes());
        let len = record.payload.map_or(0, |payload| u32::try_from(payload.len).unwrap_or(NONE));
        bytes.extend(len.to_le_bytes());
    }
    let mut messages = Vec::new();
    for hop in hops(records) {
        for part in [hop.send.map_or(NONE, number), hop.end.map_or(NONE, number), u32::from(hop.is_lost)] {
            messages.extend(part.to_le_bytes());
        }
    }
    let code = |column: Vec<u8>| BASE64_STANDARD.encode(column);
    json!({
        "records": records.len(),
        "lanes": lanes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "strings": table.strings,
        "time": code(time), "kind": code(kind), "actor": code(actor), "peer": code(peer),
        "label": code(label), "text": code(text), "bytes": code(bytes), "hops": code(messages),
    })
    .to_string()
}

/// Everyone that a trace names: the world, nodes, clients, chains and the rest, in this order.
fn lanes(records: &[Record]) -> Vec<Actor> {
    let all: BTreeSet<Actor> = records.iter().flat_map(|record| [Some(record.actor), record.peer]).flatten().collect();
    all.into_iter().collect()
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}
