//! The anti-replay window of one direction of a channel (RFC 6479): each frame number is accepted at most once,
//! and numbers too far below the highest are not accepted at all.

const WORDS: usize = 16;
/// How far below the highest number a frame may come late.
pub const REPLAY_WINDOW: u64 = WORDS as u64 * 64;

/// Which frame numbers have been accepted. Numbers start at 0.
#[derive(Debug, Default)]
pub struct ReplayWindow {
    /// One more than the highest number accepted.
    next: u64,
    /// Bit n mod `REPLAY_WINDOW` tells whether n was accepted, for n in [next - REPLAY_WINDOW, next).
    seen: [u64; WORDS],
}

impl ReplayWindow {
    /// Whether `number` could still be accepted. Ask before opening; [`accept`](Self::accept) after.
    pub fn is_fresh(&self, number: u64) -> bool {
        if number >= self.next {
            return true;
        }
        let (word, bit) = Self::slot(number);
        self.next - number <= REPLAY_WINDOW && self.seen[word] & bit == 0
    }

    /// Marks the number of an authenticated frame; false if it was marked before or is too old.
    pub fn accept(&mut self, number: u64) -> bool {
        if !self.is_fresh(number) {
            return false;
        }
        if number >= self.next {
            for skipped in (self.next..number).rev().take(WORDS * 64) {
                let (word, bit) = Self::slot(skipped);
                self.seen[word] &= !bit;
            }
            self.next = number.saturating_add(1);
        }
        let (word, bit) = Self::slot(number);
        self.seen[word] |= bit;
        true
    }

    fn slot(number: u64) -> (usize, u64) {
        let position = (number % REPLAY_WINDOW) as usize;
        (position / 64, 1 << (position % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set_of_all_numbers(steps in proptest::collection::vec((0..3000u64, 0..40u64), 1..400)) {
            let (mut window, mut seen, mut base) = (ReplayWindow::default(), BTreeSet::new(), 0);
            for (number, advance) in steps {
                base += advance;
                let number = base + number;
                let recent = seen.last().is_none_or(|highest| number > *highest || highest + 1 - number <= REPLAY_WINDOW);
                let expected = recent && !seen.contains(&number);
                prop_assert_eq!(window.is_fresh(number), expected);
                prop_assert_eq!(window.accept(number), expected);
                if expected {
                    seen.insert(number);
                }
            }
        }
    }

    #[test]
    fn a_leap_to_the_end_of_the_numbers_neither_overflows_nor_reopens_them() {
        let mut window = ReplayWindow::default();
        assert!(window.accept(3) && window.accept(u64::MAX - 1) && !window.accept(u64::MAX - 1) && !window.accept(3));
    }
}
