//! Which arrival belongs to which sending. Traces name messages by link, label and hash; this makes pairs of them.

use std::collections::{BTreeMap, VecDeque};

use crate::trace::{Actor, Kind, Payload, Record};

/// A message between its sending and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Who sent it.
    pub from: Actor,
    /// To whom.
    pub to: Actor,
    /// The record of its sending; none of what nobody sent, such as a message that a fault plays again.
    pub send: Option<usize>,
    /// The record of its arrival or loss; none if the run ended before.
    pub end: Option<usize>,
    /// Whether it was lost.
    pub is_lost: bool,
}

/// Messages on one link with one label that are on their way, and the last one that arrived with some bytes.
#[derive(Default)]
struct Lane {
    under_way: VecDeque<usize>,
    /// For copies: the hop of the sending that had these bytes.
    arrived: BTreeMap<[u8; 32], usize>,
}

/// The messages of a trace, in the order of their sendings; copies after what they are copies of.
pub fn hops(records: &[Record]) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    let mut lanes: BTreeMap<(Actor, Actor, &str), Lane> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        let Some(peer) = record.peer else { continue };
        let (from, to) = if record.kind == Kind::Deliver { (peer, record.actor) } else { (record.actor, peer) };
        let lane = lanes.entry((from, to, &record.label)).or_default();
        match record.kind {
            Kind::Send => {
                lane.under_way.push_back(hops.len());
                hops.push(Hop { from, to, send: Some(place), end: None, is_lost: false });
            }
            Kind::Deliver | Kind::Drop => {
                let is_lost = record.kind == Kind::Drop;
                let found = match (lane.take(records, &hops, record), &record.payload) {
                    (Some(hop), Some(payload)) => {
                        lane.arrived.insert(payload.hash, hop);
                        Some(hop)
                    }
                    (found, _) => found,
                };
                if let Some(hop) = found.and_then(|found| hops.get_mut(found)) {
                    (hop.end, hop.is_lost) = (Some(place), is_lost);
                } else {
                    let copied = record.payload.and_then(|payload| lane.arrived.get(&payload.hash));
                    let send = copied.and_then(|original| hops.get(*original)?.send);
                    hops.push(Hop { from, to, send, end: Some(place), is_lost });
                }
            }
            _ => {}
        }
    }
    hops
}

impl Lane {
    /// The message under way that this is the end of: one with the same bytes, or else, where the end does not say which
    /// bytes or a fault has spoilt them, the one sent last before a loss and first before an arrival.
    fn take(&mut self, records: &[Record], hops: &[Hop], end: &Record) -> Option<usize> {
        let bytes = |hop: usize| -> Option<Payload> { records.get(hops.get(hop)?.send?)?.payload };
        let place = match &end.payload {
            Some(payload) => {
                let same = |hop: &usize| bytes(*hop).is_some_and(|sent| sent.hash == payload.hash);
                let exact = self.under_way.iter().position(same);
                exact.or_else(|| (!self.arrived.contains_key(&payload.hash)).then_some(0))?
            }
            None => {
                // Most losses are decided when the message leaves.
                let leaves = |hop: &usize| {
                    let sent = hops.get(*hop).and_then(|hop| records.get(hop.send?));
                    sent.is_some_and(|sent| sent.time_ns == end.time_ns)
                };
                self.under_way.iter().rposition(leaves).unwrap_or(0)
            }
        };
        self.under_way.remove(place)
    }
}
