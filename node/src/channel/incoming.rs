//! The receiving half of reliable delivery: which messages have come, and when to say so.

use std::collections::BTreeSet;

use crate::io::Time;

/// How many message numbers beyond the cumulative acknowledgement a receiver accepts.
pub const WINDOW: u64 = 256;
/// So many new messages are acknowledged at once, without the usual delay.
const ACKNOWLEDGE_AFTER: u32 = 16;

/// What a receiver has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Every message up to this number has come or was given up by its sender.
    pub cumulative: u64,
    /// Bit i (lowest first in each byte) tells whether message `cumulative + 1 + i` has come.
    pub beyond: [u8; WINDOW as usize / 8],
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It came for the first time.
    New,
    /// It had come before, or its sender has given it up.
    Duplicate,
    /// It is beyond the window.
    OutOfWindow,
}

/// Which messages one instance of a peer has delivered to us.
#[derive(Debug, Default)]
pub struct Incoming {
    cumulative: u64,
    beyond: BTreeSet<u64>,
    unacknowledged: u32,
    due: Option<Time>,
}

impl Incoming {
    /// Takes note that the peer will never send a number below `floor` again.
    pub fn advance(&mut self, floor: u64) {
        let below = floor.saturating_sub(1);
        if below > self.cumulative {
            self.cumulative = below;
            self.beyond = self.beyond.split_off(&floor);
            self.compact();
        }
    }

    /// Takes note of message `number`, and plans its acknowledgement for at most `delay_ms` from now.
    pub fn accept(&mut self, number: u64, now: Time, delay_ms: u64) -> Arrival {
        if number > self.cumulative.saturating_add(WINDOW) {
            return Arrival::OutOfWindow;
        }
        let latest = now.plus_millis(delay_ms);
        self.due = Some(self.due.map_or(latest, |due| due.min(latest)));
        if number <= self.cumulative || !self.beyond.insert(number) {
            return Arrival::Duplicate;
        }
        self.compact();
        self.unacknowledged += 1;
        if self.unacknowledged >= ACKNOWLEDGE_AFTER {
            self.due = Some(now);
        }
        Arrival::New
    }

    /// When an acknowledgement must have left.
    pub fn due(&self) -> Option<Time> {
        self.due
    }

    /// The acknowledgement to send now; nothing is due after it.
    pub fn acknowledge(&mut self) -> Acknowledgement {
        (self.due, self.unacknowledged) = (None, 0);
        let mut beyond = [0; WINDOW as usize / 8];
        for number in &self.beyond {
            let offset = (number - self.cumulative - 1) as usize;
            beyond[offset / 8] |= 1 << (offset % 8);
        }
        Acknowledgement { cumulative: self.cumulative, beyond }
    }

    /// Moves what follows the cumulative number without a gap into it.
    fn compact(&mut self) {
        while self.cumulative.checked_add(1).is_some_and(|next| self.beyond.remove(&next)) {
            self.cumulative += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(incoming: &mut Incoming, number: u64) -> Arrival {
        incoming.accept(number, Time(0), 1)
    }

    #[test]
    fn each_number_is_new_once_and_gaps_show_in_the_acknowledgement() {
        let mut incoming = Incoming::default();
        assert_eq!(accept(&mut incoming, 1), Arrival::New);
        assert_eq!(accept(&mut incoming, 3), Arrival::New);
        assert_eq!(accept(&mut incoming, 3), Arrival::Duplicate);
        assert_eq!(accept(&mut incoming, 0), Arrival::Duplicate);
        let acknowledged = incoming.acknowledge();
        assert_eq!((acknowledged.cumulative, acknowledged.beyond[0]), (1, 0b10));
        assert_eq!(accept(&mut incoming, 2), Arrival::New);
        assert_eq!(incoming.acknowledge(), Acknowledgement { cumulative: 3, beyond: [0; 32] });
    }

    #[test]
    fn numbers_beyond_the_window_are_refused_without_an_acknowledgement() {
        let mut incoming = Incoming::default();
        assert_eq!(accept(&mut incoming, WINDOW + 1), Arrival::OutOfWindow);
        assert_eq!(incoming.due(), None);
        assert_eq!(accept(&mut incoming, WINDOW), Arrival::New);
        assert_eq!(incoming.acknowledge().beyond[31], 0x80);
    }

    #[test]
    fn what_the_sender_gave_up_is_skipped_even_at_the_end_of_the_numbers() {
        let mut incoming = Incoming::default();
        assert_eq!(accept(&mut incoming, 5), Arrival::New);
        incoming.advance(5);
        assert_eq!(incoming.acknowledge().cumulative, 5);
        assert_eq!(accept(&mut incoming, 4), Arrival::Duplicate);
        incoming.advance(u64::MAX);
        assert_eq!(accept(&mut incoming, u64::MAX), Arrival::New);
        assert_eq!(incoming.acknowledge().cumulative, u64::MAX);
    }

    #[test]
    fn an_acknowledgement_waits_for_its_delay_unless_many_messages_came() {
        let mut incoming = Incoming::default();
        incoming.accept(1, Time(0), 5);
        incoming.accept(2, Time(1_000_000), 5);
        assert_eq!(incoming.due(), Some(Time(0).plus_millis(5)));
        for number in 3..=u64::from(ACKNOWLEDGE_AFTER) {
            incoming.accept(number, Time(2), 5);
        }
        assert_eq!(incoming.due(), Some(Time(2)));
    }
}
