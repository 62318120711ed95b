//! The sending half of reliable delivery: a bounded queue of messages that the peer has not acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use crate::bugs::{self, Bug};
use crate::io::{Label, Time};

use super::incoming::{Acknowledgement, WINDOW};
use super::pace::{Backoff, Pace};

#[derive(Debug)]
struct Entry {
    bytes: Vec<u8>,
    label: Label,
    /// Absent before it was first sent.
    sent: Option<Sent>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    tries: u32,
    last: Time,
    /// When it is to be sent again.
    due: Time,
}

/// Messages for one peer, numbered from 1 within one pair of instances.
#[derive(Debug)]
pub struct Outgoing {
    entries: BTreeMap<u64, Entry>,
    due: BTreeSet<(Time, u64)>,
    next: u64,
    /// Every lower number was sent at least once, or is gone.
    first_unsent: u64,
    bytes: usize,
    pace: Pace,
    /// How often the most repeated message was repeated since the pace was last measured. A link that has become slower
    /// than its pace would else never be given the time to show it (RFC 6298, sections 5.5 and 5.7).
    repeats: u32,
}

impl Default for Outgoing {
    fn default() -> Self {
        let pace = Pace::default();
        Self { entries: BTreeMap::new(), due: BTreeSet::new(), next: 1, first_unsent: 1, bytes: 0, pace, repeats: 0 }
    }
}

impl Outgoing {
    /// Appends a message.
    pub fn push(&mut self, bytes: Vec<u8>, label: Label) {
        self.bytes += bytes.len();
        self.entries.insert(self.next, Entry { bytes, label, sent: None });
        self.next += 1;
    }

    /// Gives up the oldest message if there are more than `messages` or more than `bytes` bytes; its label.
    pub fn shed(&mut self, messages: usize, bytes: usize) -> Option<Label> {
        let over = !bugs::planted(Bug::UnboundedQueue) && (self.entries.len() > messages || self.bytes > bytes);
        let oldest = self.floor();
        over.then(|| self.remove(oldest)).flatten().map(|entry| entry.label)
    }

    /// How many messages wait for an acknowledgement.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes these have.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The lowest number that may still be sent.
    pub fn floor(&self) -> u64 {
        self.entries.first_key_value().map_or(self.next, |(number, _)| *number)
    }

    /// The message of this number.
    pub fn get(&self, number: u64) -> Option<(&[u8], &Label)> {
        self.entries.get(&number).map(|entry| (&entry.bytes[..], &entry.label))
    }

    /// Forgets what the peer has; false if it acknowledges numbers that were never given. The newest message among them
    /// tells the link's pace: older ones may be acknowledged for the second time.
    pub fn acknowledge(&mut self, acknowledged: &Acknowledgement, now: Time) -> bool {
        if acknowledged.cumulative >= self.next {
            return false;
        }
        let mut newest = None;
        while self.floor() <= acknowledged.cumulative {
            newest = self.remove(self.floor()).or(newest);
        }
        for (index, byte) in (0u64..).zip(acknowledged.beyond) {
            for bit in (0..8).filter(|bit| byte >> bit & 1 == 1) {
                newest = self.remove(acknowledged.cumulative + 1 + index * 8 + bit).or(newest);
            }
        }
        if let Some(Sent { tries: 1, last, .. }) = newest.and_then(|entry| entry.sent) {
            self.pace.observe(last, now);
            self.repeats = 0;
        }
        true
    }

    /// The number of the next message to send now: one that is due again, or a first one that fits the window.
    pub fn next_to_send(&mut self, now: Time, backoff: Backoff) -> Option<u64> {
        let again = self.due.first().filter(|(due, _)| *due <= now).map(|(_, number)| *number);
        let window_end = self.floor().saturating_add(WINDOW);
        let first = || self.entries.range(self.first_unsent..window_end).next().map(|(number, _)| *number);
        let number = again.or_else(first)?;
        let entry = self.entries.get_mut(&number)?;
        let tries = match entry.sent {
            Some(sent) => {
                self.due.remove(&(sent.due, number));
                sent.tries.saturating_add(1)
            }
            None => {
                self.first_unsent = number + 1;
                1
            }
        };
        self.repeats = self.repeats.max(tries - 1);
        let due = self.pace.suit(backoff).next(now, self.repeats + 1);
        entry.sent = Some(Sent { tries, last: now, due });
        if !bugs::planted(Bug::NoRetransmission) {
            self.due.insert((due, number));
        }
        Some(number)
    }

    /// When a message must be sent again.
    pub fn due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Numbers all messages afresh, as never sent: the peer that knew the old numbers is gone.
    pub fn restart(&mut self) {
        let entries = std::mem::take(self).entries;
        for entry in entries.into_values() {
            self.push(entry.bytes, entry.label);
        }
    }

    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.entries.remove(&number)?;
        self.bytes -= entry.bytes.len();
        if let Some(sent) = entry.sent {
            self.due.remove(&(sent.due, number));
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SessionId;

    const BACKOFF: Backoff = Backoff { first_ms: 10, min_ms: 2, max_ms: 40 };

    /// So late that the pace is no faster than what is given.
    const LATER: Time = Time(10_000_000);

    fn label() -> Label {
        Label { session: SessionId::default(), protocol: "test", round: 0, kind: "m" }
    }

    fn filled(count: u8) -> Outgoing {
        let mut outgoing = Outgoing::default();
        (1..=count).for_each(|i| outgoing.push(vec![i], label()));
        outgoing
    }

    fn sent(outgoing: &mut Outgoing, now: Time) -> Vec<u64> {
        std::iter::from_fn(|| outgoing.next_to_send(now, BACKOFF)).collect()
    }

    #[test]
    fn messages_are_sent_again_with_growing_delays_until_acknowledged() {
        let mut outgoing = filled(2);
        assert_eq!(sent(&mut outgoing, Time(0)), [1, 2]);
        assert!(sent(&mut outgoing, Time(0).plus_millis(9)).is_empty());
        assert_eq!(sent(&mut outgoing, Time(0).plus_millis(10)), [1, 2]);
        assert_eq!(outgoing.due(), Some(Time(0).plus_millis(30)));
        let mut beyond = [0; 32];
        beyond[0] = 2;
        assert!(outgoing.acknowledge(&Acknowledgement { cumulative: 0, beyond }, LATER));
        assert_eq!(sent(&mut outgoing, Time(0).plus_millis(30)), [1]);
        assert!(outgoing.acknowledge(&Acknowledgement { cumulative: 2, beyond: [0; 32] }, LATER));
        assert_eq!((outgoing.due(), outgoing.len(), outgoing.floor(), outgoing.bytes), (None, 0, 3, 0));
        assert!(!outgoing.acknowledge(&Acknowledgement { cumulative: 3, beyond: [0; 32] }, LATER));
    }

    #[test]
    fn what_was_acknowledged_at_once_sets_the_pace_of_what_is_sent_later_and_what_was_sent_twice_does_not() {
        let mut outgoing = filled(3);
        assert_eq!(sent(&mut outgoing, Time(0)), [1, 2, 3]);
        let ms = |ms| Time(0).plus_millis(ms);
        assert!(outgoing.acknowledge(&Acknowledgement { cumulative: 1, beyond: [0; 32] }, ms(1)));
        assert_eq!(outgoing.pace.suit(BACKOFF).first_ms, 3, "1 ms, and 4 times the half of it");
        let known = outgoing.pace;
        assert_eq!(sent(&mut outgoing, ms(10)), [2, 3]);
        assert_eq!(outgoing.due(), Some(ms(16)), "the second try doubles the delay");
        assert!(outgoing.acknowledge(&Acknowledgement { cumulative: 3, beyond: [0; 32] }, ms(11)));
        assert_eq!(outgoing.pace, known);
    }

    #[test]
    fn a_link_that_has_become_slower_for_good_is_soon_given_the_time_that_it_takes() {
        let backoff = Backoff { first_ms: 300, min_ms: 50, max_ms: 6_000 };
        let (mut outgoing, mut now, mut copies) = (Outgoing::default(), Time(0), Vec::new());
        for number in 1..=40 {
            outgoing.push(vec![0], label());
            let answer = now.plus_millis(if number <= 20 { 100 } else { 800 });
            let mut sent = 0;
            while now < answer {
                while outgoing.next_to_send(now, backoff).is_some() {
                    sent += 1;
                }
                now = outgoing.due().unwrap().min(answer);
            }
            assert!(outgoing.acknowledge(&Acknowledgement { cumulative: number, beyond: [0; 32] }, now));
            copies.push(sent);
        }
        assert!(copies[10..20].iter().all(|sent| *sent == 1), "{copies:?}");
        assert!(copies[20] > 1 && copies[30..].iter().all(|sent| *sent == 1), "{copies:?}");
    }

    #[test]
    fn no_more_than_a_window_is_in_flight() {
        let mut outgoing = Outgoing::default();
        (0..WINDOW + 5).for_each(|_| outgoing.push(vec![0], label()));
        assert_eq!(sent(&mut outgoing, Time(0)).len() as u64, WINDOW);
        assert!(outgoing.acknowledge(&Acknowledgement { cumulative: 3, beyond: [0; 32] }, LATER));
        assert_eq!(sent(&mut outgoing, Time(0)), [WINDOW + 1, WINDOW + 2, WINDOW + 3]);
    }

    #[test]
    fn a_full_queue_gives_up_the_oldest() {
        let mut outgoing = filled(3);
        assert!(outgoing.shed(2, 100).is_some() && outgoing.shed(2, 100).is_none());
        assert!(outgoing.shed(9, 1).is_some() && outgoing.shed(9, 1).is_none());
        assert_eq!((outgoing.floor(), outgoing.len()), (3, 1));
        assert!(outgoing.shed(9, 0).is_some() && outgoing.shed(0, 0).is_none());
    }

    #[test]
    fn a_restart_renumbers_what_is_left() {
        let mut outgoing = filled(3);
        sent(&mut outgoing, Time(0));
        outgoing.acknowledge(&Acknowledgement { cumulative: 1, beyond: [0; 32] }, LATER);
        outgoing.restart();
        assert_eq!(outgoing.due(), None);
        assert_eq!(sent(&mut outgoing, Time(1)), [1, 2]);
        assert_eq!(outgoing.get(1).map(|(bytes, _)| bytes), Some(&[2][..]));
    }
}
