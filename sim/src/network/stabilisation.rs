//! Partial synchrony: before an unknown time messages are late or lost, after it all arrive within delta (Dwork, Lynch,
//! Stockmeyer 1988).

use super::fate::Fate;
use super::latency::Latency;
use super::message::Message;
use crate::heap::{MILLI, Nanos};

/// When links become stable, and what they are before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stabilisation {
    /// The global stabilisation time.
    pub gst: Nanos,
    /// The bound on the delay of messages after it.
    pub delta: Nanos,
    /// The most that a message is delayed before it, milliseconds.
    pub delay_ms_max: f64,
    /// The share of messages that are lost before it.
    pub loss: f64,
}

impl Stabilisation {
    /// Delays or loses a message that is sent before stabilisation; true if it does.
    pub(super) fn disturb(&self, now: Nanos, message: &mut Message, fate: &Fate<'_>) -> bool {
        if now >= self.gst {
            return false;
        }
        message.lost |= fate.chance("before stabilisation/loss", self.loss);
        let extra = Latency::Uniform(0.0, self.delay_ms_max).draw(fate.hash("before stabilisation/delay"));
        message.hold(extra);
        true
    }

    /// Keeps the promise: whatever is not lost arrives within delta of stabilisation, or of being sent after it.
    pub(super) fn bound(&self, now: Nanos, message: &mut Message) {
        message.arrive_within(now.max(self.gst).saturating_add(self.delta).saturating_sub(now));
    }

    /// From numbers of milliseconds.
    pub fn of_millis(gst_ms: u64, delta_ms: u64, delay_ms_max: u64, loss: f64) -> Self {
        let nanos = |ms: u64| ms.saturating_mul(MILLI);
        Self { gst: nanos(gst_ms), delta: nanos(delta_ms), delay_ms_max: delay_ms_max as f64, loss }
    }
}
