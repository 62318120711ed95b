//! Time that never runs backwards, made of a clock that may be set back.
//!
//! Timeouts are about how long something takes, so protocols live in steady time: a clock that is set back by an hour
//! must not keep a node waiting for an hour. What a wallet signed for is about the time of day, and is judged by the
//! clock itself.

use crate::io::Time;

/// Steady time so far.
#[derive(Debug, Default)]
pub(super) struct Steady {
    last: Time,
    /// By how much the clock has been set back in all, nanoseconds.
    behind: u64,
}

impl Steady {
    /// The steady time at a reading of the clock. At a reading before the last one no time has passed since.
    pub fn read(&mut self, clock: Time) -> Time {
        let now = Time(clock.0.saturating_add(self.behind));
        if now < self.last {
            self.behind = self.behind.saturating_add(self.last.0 - now.0);
        } else {
            self.last = now;
        }
        self.last
    }

    /// What the clock will show at a steady time, if it is left alone.
    pub fn clock(&self, steady: Time) -> Time {
        Time(steady.0.saturating_sub(self.behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_time_follows_a_clock_forwards_and_never_backwards() {
        let mut steady = Steady::default();
        assert_eq!([10, 30, 30].map(|at| steady.read(Time(at))), [Time(10), Time(30), Time(30)]);
        assert_eq!([5, 8].map(|at| steady.read(Time(at))), [Time(30), Time(33)], "set back by at least 25");
        assert_eq!(steady.clock(Time(40)), Time(15));
        assert_eq!([100, 99].map(|at| steady.read(Time(at))), [Time(125), Time(125)]);
        assert_eq!(steady.clock(Time(125)), Time(99));
    }
}
