//! Timers that back off: a peer that crashed comes back at an unknown time.

use crate::io::Time;

/// The backoff stops doubling after this many tries.
const DOUBLINGS_MAX: u32 = 5;

/// When to try again, and how often that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry {
    /// The next try is due at this instant.
    pub at: Time,
    /// Tries so far.
    pub tries: u32,
}

impl Retry {
    /// The first retry comes `4 * delta_ms` after `now`: one exchange of messages and the work in between.
    pub(super) fn after(now: Time, delta_ms: u64) -> Self {
        Self { at: now.plus_millis(delta_ms.saturating_mul(4)), tries: 0 }
    }

    /// Whether the next try is due.
    pub(super) fn is_due(&self, now: Time) -> bool {
        self.at <= now
    }

    /// Counts a try and doubles the wait, up to `128 * delta_ms`.
    pub(super) fn advance(&mut self, now: Time, delta_ms: u64) {
        self.tries = self.tries.saturating_add(1);
        let factor = 4 << self.tries.min(DOUBLINGS_MAX);
        self.at = now.plus_millis(delta_ms.saturating_mul(factor));
    }
}
