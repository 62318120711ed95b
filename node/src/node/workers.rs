//! The workers on which a node runs actions, beside its protocols.
//!
//! Running a program takes time, and what it asks for or ends with exists only once that time is over. The node runs
//! a program at once and keeps the result back until a worker would have finished; meanwhile its protocols go on.

use crate::action::NANOS_PER_INSTRUCTION;
use crate::io::Time;

/// When each worker is free.
pub(super) struct Workers {
    free_at: Vec<Time>,
}

impl Workers {
    /// So many workers, at least one.
    pub fn new(count: usize) -> Self {
        Self { free_at: vec![Time::default(); count.max(1)] }
    }

    /// Gives a run of so much fuel to the worker that is free first; returns when it is done.
    pub fn occupy(&mut self, now: Time, fuel: u64) -> Time {
        let done = |free: Time| Time(free.max(now).0.saturating_add(fuel.saturating_mul(NANOS_PER_INSTRUCTION)));
        match self.free_at.iter_mut().min() {
            Some(worker) => {
                *worker = done(*worker);
                *worker
            }
            None => done(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_share_the_workers_and_wait_when_all_are_busy() {
        let mut workers = Workers::new(2);
        let done: Vec<u64> = (0..4).map(|_| workers.occupy(Time(1_000), 100).0).collect();
        assert_eq!(done, [3_000, 3_000, 5_000, 5_000]);
        assert_eq!(workers.occupy(Time(9_000), 1), Time(9_020));
    }
}
