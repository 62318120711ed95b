//! The clock of a machine: skewed, set wrong, drifting.

use std::collections::BTreeMap;

use lit_node::io::Time;

use crate::heap::{MILLI, Nanos};

/// Parts in a million.
const MILLION: i128 = 1_000_000;
/// A clock never stands still: at least so many parts per million of true speed.
const RATE_MIN: i128 = 1_000;

/// A clock.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Nanoseconds since the Unix epoch that it shows at time 0, faults aside.
    base: u64,
    /// By how many nanoseconds each fault has put it forward, or back if negative.
    steps: BTreeMap<usize, i128>,
    /// By how many parts per million each fault makes it faster, and since when.
    drifts: BTreeMap<usize, (i128, Nanos)>,
}

impl Clock {
    /// A clock that goes right, but for a constant skew.
    pub fn new(base: u64) -> Self {
        Self { base, steps: BTreeMap::new(), drifts: BTreeMap::new() }
    }

    /// What it shows at `now`.
    pub fn reads(&self, now: Nanos) -> Time {
        let stepped: i128 = self.steps.values().sum();
        let drifted: i128 =
            self.drifts.values().map(|(ppm, since)| i128::from(now.saturating_sub(*since)) * ppm / MILLION).sum();
        let shown = i128::from(self.base) + i128::from(now) + stepped + drifted;
        Time(u64::try_from(shown.max(0)).unwrap_or(u64::MAX))
    }

    /// When it will show `at`, as things stand at `now`; `now` if that is past.
    pub fn when(&self, now: Nanos, at: Time) -> Nanos {
        let left = i128::from(at.0) - i128::from(self.reads(now).0);
        let rate = (MILLION + self.drifts.values().map(|(ppm, _)| ppm).sum::<i128>()).max(RATE_MIN);
        // Rounded up: a timer never goes off before its time.
        let wait = (left.max(0) * MILLION + rate - 1) / rate;
        now.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX))
    }

    /// A fault puts it forward, or back.
    pub fn step(&mut self, fault: usize, offset_ms: i64) {
        self.steps.insert(fault, i128::from(offset_ms) * i128::from(MILLI));
    }

    /// A fault makes it drift from `now` on.
    pub fn drift(&mut self, fault: usize, ppm: i32, now: Nanos) {
        self.drifts.insert(fault, (i128::from(ppm), now));
    }

    /// A fault is over: what it did to the clock is set right.
    pub fn set_right(&mut self, fault: usize) {
        self.steps.remove(&fault);
        self.drifts.remove(&fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 1_000_000_000_000;

    #[test]
    fn a_step_shows_at_once_both_ways_and_is_set_right() {
        let mut clock = Clock::new(BASE);
        assert_eq!(clock.reads(5), Time(BASE + 5));
        clock.step(0, 70);
        clock.step(1, -100);
        assert_eq!(clock.reads(5), Time(BASE + 5 - 30 * MILLI));
        clock.set_right(0);
        assert_eq!(clock.reads(5), Time(BASE + 5 - 100 * MILLI));
        assert_eq!(clock.when(5, Time(BASE)), 100 * MILLI);
        clock.set_right(1);
        assert_eq!(clock.when(5, Time(BASE)), 5, "what is past is due now");
    }

    #[test]
    fn a_drifting_clock_gains_or_loses_and_its_timers_go_off_when_it_shows_their_time() {
        for ppm in [-500_000, -7, 100_000, 3_000_000] {
            let mut clock = Clock::new(BASE);
            clock.drift(0, ppm, 1_000);
            assert_eq!(clock.reads(1_000), Time(BASE + 1_000));
            let shown = i128::from(BASE) + 2_001_000 + 2_000_000 * i128::from(ppm) / MILLION;
            assert_eq!(i128::from(clock.reads(2_001_000).0), shown);
            let at = Time(BASE + 9_999_999);
            let due = clock.when(1_000, at);
            assert!(clock.reads(due) >= at && clock.reads(due - 1) <= at, "{ppm}: {due}");
        }
    }
}
