//! A narrow link: one message is sent after the other, and those that wait fill a bounded queue.

use std::collections::VecDeque;

use crate::heap::Nanos;

const SECOND: u128 = 1_000_000_000;

/// One direction of a narrow link.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When the line has sent everything.
    free_at: Nanos,
    /// What waits or waited: when it begins to be sent, and its bytes.
    queue: VecDeque<(Nanos, u64)>,
}

impl Line {
    /// Takes a message of so many bytes; returns how long it takes until its last byte has left, or `None` if it would
    /// have to wait and the queue has no room for it.
    pub fn take(&mut self, now: Nanos, bytes: u64, bytes_per_s: u64, queue_bytes_max: u64) -> Option<Nanos> {
        while self.queue.front().is_some_and(|(begins, _)| *begins <= now) {
            self.queue.pop_front();
        }
        let begins = self.free_at.max(now);
        if begins > now {
            let waiting: u64 = self.queue.iter().map(|(_, bytes)| bytes).sum();
            if waiting.saturating_add(bytes) > queue_bytes_max {
                return None;
            }
            self.queue.push_back((begins, bytes));
        }
        let takes = u128::from(bytes) * SECOND / u128::from(bytes_per_s.max(1));
        self.free_at = begins.saturating_add(u64::try_from(takes).unwrap_or(u64::MAX));
        Some(self.free_at - now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::MILLI;

    #[test]
    fn messages_leave_one_after_the_other_and_an_idle_line_takes_any() {
        let mut line = Line::default();
        // A thousand bytes a second: a byte a millisecond.
        let mut take = |now_ms: u64, bytes| line.take(now_ms * MILLI, bytes, 1000, 25).map(|nanos| nanos / MILLI);
        assert_eq!(take(0, 100), Some(100), "longer than the queue, but nothing is sent now");
        assert_eq!(take(40, 20), Some(80), "sixty wait for the first, twenty are its own");
        assert_eq!(take(50, 6), None, "there is room for five");
        assert_eq!(take(50, 5), Some(75));
        assert_eq!(take(100, 6), Some(31), "the second has begun to leave: it waits no more");
        assert_eq!(take(1000, 6), Some(6));
    }
}
