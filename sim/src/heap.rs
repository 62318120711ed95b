//! The one event heap: what happens next, and in which order things of the same instant happen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Simulated time in nanoseconds since the start of the run.
pub type Nanos = u64;

/// Nanoseconds in a millisecond.
pub const MILLI: Nanos = 1_000_000;

struct Entry<E> {
    due: (Nanos, u64, u64),
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.due.cmp(&other.due)
    }
}

/// Events ordered by (time, tiebreak, order of insertion).
///
/// The tiebreak comes from what an event *is* (for a message, the keyed hash that decides its fate), so that removing
/// an unrelated event does not turn round the order of two others at the same instant.
pub struct Heap<E> {
    now: Nanos,
    inserted: u64,
    entries: BinaryHeap<Reverse<Entry<E>>>,
}

impl<E> Default for Heap<E> {
    fn default() -> Self {
        Self { now: 0, inserted: 0, entries: BinaryHeap::new() }
    }
}

impl<E> Heap<E> {
    /// The time of the event taken last.
    pub fn now(&self) -> Nanos {
        self.now
    }

    /// When the next event is due.
    pub fn due(&self) -> Option<Nanos> {
        self.entries.peek().map(|Reverse(entry)| entry.due.0)
    }

    /// How many events have been taken.
    pub fn popped(&self) -> u64 {
        self.inserted - self.entries.len() as u64
    }

    /// Adds an event; one that is due in the past is due now.
    pub fn push(&mut self, at: Nanos, tiebreak: u64, event: E) {
        let due = (at.max(self.now), tiebreak, self.inserted);
        self.inserted += 1;
        self.entries.push(Reverse(Entry { due, event }));
    }

    /// Takes the next event and moves time to it.
    pub fn pop(&mut self) -> Option<(Nanos, E)> {
        let Reverse(entry) = self.entries.pop()?;
        self.now = entry.due.0;
        Some((self.now, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_tiebreak_then_insertion() {
        let mut heap = Heap::default();
        for (at, tiebreak, name) in [(5, 1, "d"), (3, 9, "c"), (3, 2, "a"), (3, 2, "b")] {
            heap.push(at, tiebreak, name);
        }
        let order: Vec<_> = std::iter::from_fn(|| heap.pop()).collect();
        assert_eq!(order, [(3, "a"), (3, "b"), (3, "c"), (5, "d")]);
        heap.push(1, 0, "late");
        assert_eq!(heap.pop(), Some((5, "late")), "time never runs backwards");
    }
}
