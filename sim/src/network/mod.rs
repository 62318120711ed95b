//! Links between nodes and clients: what becomes of each message.
//!
//! The fate of a message is a keyed hash of (seed, link, label, occurrence, purpose), never the next draw of a shared
//! stream: taking one fault out of a plan leaves every message that it did not touch exactly as it was. What a fault
//! remembers (the queue of a narrow link, how many messages it has counted) it keeps for each link by itself.

mod disturbance;
mod fate;
mod latency;
mod line;
mod link;
mod message;
mod rounds;
mod stabilisation;

#[cfg(test)]
mod tests;

pub use disturbance::{Capture, Disturbance, LinkFault, REPLAYED, Replay};
pub use latency::Latency;
pub use link::{Endpoint, Link, Links};
pub use rounds::{Round, Rounds};
pub use stabilisation::Stabilisation;

use std::collections::BTreeMap;

use lit_node::io::Label;

use crate::heap::Nanos;
use disturbance::Fault;
use fate::Fate;
use message::Message;

/// What happened to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Copies to deliver: delay, tiebreak, bytes. Empty: lost.
    pub copies: Vec<(Nanos, u64, Vec<u8>)>,
    /// Copies that come later from the wire.
    pub replays: Vec<(Replay, Vec<u8>)>,
    /// The faults that touched it, by id.
    pub touched_by: Vec<String>,
}

/// When a cut held, for what was in flight meanwhile.
struct Cut {
    id: String,
    links: Links,
    from: Nanos,
    /// Not over yet if none.
    to: Option<Nanos>,
}

/// All links of a run.
pub struct Network {
    key: [u8; 32],
    latency: Latency,
    stabilisation: Option<Stabilisation>,
    /// What the links do to messages at all times.
    standing: Vec<Fault>,
    /// What faults of the plan do, in the order in which they began.
    faults: Vec<Fault>,
    cuts: Vec<Cut>,
    /// How often a message with a label was sent on a link, by a hash of both: there are as many as labels, and labels are
    /// long.
    occurrences: BTreeMap<u64, u32>,
}

impl Network {
    /// Links with one latency model, under the run's seed.
    pub fn new(seed: &[u8; 32], latency: Latency) -> Self {
        let key = blake3::derive_key("litsim 2026 network fate", seed);
        Self {
            key,
            latency,
            stabilisation: None,
            standing: Vec::new(),
            faults: Vec::new(),
            cuts: Vec::new(),
            occurrences: BTreeMap::new(),
        }
    }

    /// Links that are stable from a time on.
    pub fn stabilise(&mut self, stabilisation: Stabilisation) {
        self.stabilisation = Some(stabilisation);
    }

    /// Adds a disturbance that belongs to the links: it is never over, and stays within the bound of stable links.
    pub fn stand(&mut self, fault: LinkFault) {
        self.standing.push(fault.into());
    }

    /// Switches a fault on.
    pub fn begin(&mut self, now: Nanos, fault: LinkFault) {
        if fault.disturbance == Disturbance::Cut {
            self.cuts.push(Cut { id: fault.id.clone(), links: fault.links.clone(), from: now, to: None });
        }
        self.faults.push(fault.into());
    }

    /// Switches a fault off.
    pub fn end(&mut self, now: Nanos, id: &str) {
        self.faults.retain(|fault| fault.what.id != id);
        for cut in self.cuts.iter_mut().filter(|cut| cut.id == id) {
            cut.to.get_or_insert(now);
        }
    }

    /// Whether a fault is on.
    pub fn is_on(&self, id: &str) -> bool {
        self.faults.iter().any(|fault| fault.what.id == id)
    }

    /// The id of the cut that held this link at some time between the sending of a message and now, if one did.
    pub fn lost_in_flight(&self, link: &Link, sent: Nanos, now: Nanos) -> Option<&str> {
        let meanwhile = |cut: &&Cut| cut.from <= now && cut.to.is_none_or(|to| to > sent);
        self.cuts.iter().filter(meanwhile).find(|cut| cut.links.cover(link)).map(|cut| cut.id.as_str())
    }

    /// Decides what becomes of a message that is sent now.
    pub fn carry(&mut self, now: Nanos, link: Link, label: &Label, bytes: Vec<u8>) -> Verdict {
        let mut fate = Fate { key: &self.key, link, label, occurrence: 0 };
        let occurrence = self.occurrences.entry(fate.hash("occurrences")).or_insert(0);
        *occurrence += 1;
        fate.occurrence = *occurrence;
        let pace =
            self.faults.iter().rev().filter(|fault| fault.what.links.cover(&link)).find_map(|fault| fault.pace());
        let (pace, latency) = pace.map_or((None, self.latency.clone()), |(id, latency)| (Some(id), latency));
        let mut message = Message::new(link, bytes.len(), latency.draw(fate.hash("latency")));

        let mut touched_by = disturb(&mut self.standing, now, &mut message, &fate, &latency);
        if let Some(stabilisation) = &self.stabilisation {
            if stabilisation.disturb(now, &mut message, &fate) {
                touched_by.push("before stabilisation".to_owned());
            }
            if pace.is_none() {
                stabilisation.bound(now, &mut message);
            }
        }
        // From here on messages may take longer than links by themselves make them.
        touched_by.extend(pace);
        for fault in self.faults.iter().filter(|fault| fault.what.links.cover(&link)) {
            if message.take_turn(fault, &latency) {
                touched_by.push(fault.what.id.clone());
            }
        }
        touched_by.extend(disturb(&mut self.faults, now, &mut message, &fate, &latency));
        verdict(message, &fate, bytes, touched_by)
    }
}

/// Applies the faults that cover a message's link; returns the ids of those that touched it.
fn disturb(faults: &mut [Fault], now: Nanos, message: &mut Message, fate: &Fate<'_>, latency: &Latency) -> Vec<String> {
    let mut touched_by = Vec::new();
    let link = message.link;
    for fault in faults.iter_mut().filter(|fault| fault.what.links.cover(&link)) {
        if message.disturb(now, fault, fate, latency) {
            touched_by.push(fault.what.id.clone());
        }
    }
    touched_by
}

fn verdict(message: Message, fate: &Fate<'_>, bytes: Vec<u8>, touched_by: Vec<String>) -> Verdict {
    let replays = message.replays.into_iter().map(|replay| (replay, bytes.clone())).collect();
    let mut verdict = Verdict { copies: Vec::new(), replays, touched_by };
    if !message.lost {
        let order = |purpose| message.turn.unwrap_or_else(|| fate.hash(purpose));
        let second =
            message.twice.map(|extra| (message.delay.saturating_add(extra), order("tiebreak/second"), bytes.clone()));
        verdict.copies.push((message.delay, order("tiebreak"), bytes));
        verdict.copies.extend(second);
    }
    verdict
}
