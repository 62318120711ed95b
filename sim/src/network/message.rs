//! One message on its way, and what disturbances do to it.

use super::disturbance::{Disturbance, Fault, Replay};
use super::fate::Fate;
use super::latency::Latency;
use super::link::Link;
use crate::heap::Nanos;

/// A message that has been sent: what is known of its fate so far.
pub(super) struct Message {
    pub link: Link,
    /// How many bytes it has.
    pub bytes: u64,
    pub delay: Nanos,
    pub lost: bool,
    /// How long after the first a second copy comes, if one does.
    pub twice: Option<Nanos>,
    /// What decides its order among messages of the same instant, if not its hash.
    pub turn: Option<u64>,
    /// Copies that come later from the wire.
    pub replays: Vec<Replay>,
}

impl Message {
    pub fn new(link: Link, bytes: usize, delay: Nanos) -> Self {
        Self { link, bytes: bytes as u64, delay, lost: false, twice: None, turn: None, replays: Vec::new() }
    }

    /// Holds all copies back.
    pub fn hold(&mut self, extra: Nanos) {
        self.delay = self.delay.saturating_add(extra);
    }

    /// Lets no copy take longer than that.
    pub fn arrive_within(&mut self, most: Nanos) {
        self.delay = self.delay.min(most);
        self.twice = self.twice.map(|extra| extra.min(most - self.delay));
    }

    /// Applies a fault that chooses the order; false if it does something else.
    pub fn take_turn(&mut self, fault: &Fault, latency: &Latency) -> bool {
        match fault.what.disturbance {
            Disturbance::First => (self.delay, self.turn) = (latency.least(), Some(0)),
            Disturbance::Last { delta } => (self.delay, self.turn) = (self.delay.max(delta), Some(u64::MAX)),
            _ => return false,
        }
        true
    }

    /// Applies any other fault; true if it changed anything.
    pub fn disturb(&mut self, now: Nanos, fault: &mut Fault, fate: &Fate<'_>, latency: &Latency) -> bool {
        let id = fault.what.id.as_str();
        let named = |label: &crate::scenario::LabelPattern| label.matches(fate.label.protocol, fate.label.kind);
        match &fault.what.disturbance {
            Disturbance::Cut => self.lost = true,
            Disturbance::Loss(rate) if fate.chance(id, *rate) => self.lost = true,
            Disturbance::Duplicate(rate) if fate.chance(id, *rate) => {
                self.twice = Some(latency.draw(fate.hash(&format!("{id}/second"))));
            }
            Disturbance::Reorder(rate, extra_ms) if fate.chance(id, *rate) => {
                self.hold(Latency::Uniform(0.0, *extra_ms).draw(fate.hash(&format!("{id}/extra"))));
            }
            Disturbance::Bandwidth { bytes_per_s, queue_bytes_max } => {
                // What is lost elsewhere on the link has been sent too: a loss does not change when others arrive.
                let line = fault.lines.entry(self.link).or_default();
                match line.take(now, self.bytes, *bytes_per_s, *queue_bytes_max) {
                    Some(extra) => self.hold(extra),
                    None => self.lost = true,
                }
            }
            Disturbance::Gray { rate, delay, bytes_min } if self.bytes >= *bytes_min && fate.chance(id, *rate) => {
                match delay {
                    Some(extra) => self.hold(*extra),
                    None => self.lost = true,
                }
            }
            Disturbance::Delay { label, rate, delay } if named(label) && fate.chance(id, *rate) => self.hold(*delay),
            Disturbance::Drop { label, first, every, rate } if named(label) => {
                let seen = fault.seen.entry(self.link).or_insert(0);
                *seen += 1;
                let meant =
                    first.is_none_or(|first| *seen <= first) && every.is_none_or(|every| seen.is_multiple_of(every));
                if !meant || !fate.chance(id, *rate) {
                    return false;
                }
                self.lost = true;
            }
            // A replay touches the message's copy, when that leaves.
            Disturbance::Replay(capture) => {
                self.replays.extend(capture.of(id, &self.link, fate));
                return false;
            }
            _ => return false,
        }
        true
    }
}
