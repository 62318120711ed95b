//! CPU time of this thread, so that a busy machine does not spoil the ratios.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Enough for the kernel's accounting, which may lag by some milliseconds.
const ENOUGH: Duration = Duration::from_millis(400);

/// Measures; one run of each in tests of the benches.
pub struct Clock {
    enough: Duration,
}

impl Clock {
    /// A clock that runs what it measures for long enough, or just once.
    pub fn new(once: bool) -> Self {
        Self { enough: if once { Duration::ZERO } else { ENOUGH } }
    }

    /// The mean CPU time of `run`.
    pub fn time<R>(&self, mut run: impl FnMut() -> R) -> Duration {
        self.time_of(|| (), |()| run())
    }

    /// The mean CPU time of `run` on what `prepare` makes, which is not measured.
    pub fn time_of<I, R>(&self, mut prepare: impl FnMut() -> I, mut run: impl FnMut(I) -> R) -> Duration {
        let (mut total, mut runs, mut batch) = (Duration::ZERO, 0, 1);
        loop {
            let inputs: Vec<I> = (0..batch).map(|_| prepare()).collect();
            let start = now();
            for input in inputs {
                black_box(run(black_box(input)));
            }
            total += now().saturating_sub(start);
            runs += batch;
            if total >= self.enough {
                return total.max(Duration::from_nanos(1)) / runs;
            }
            // Few readings of the clock, each far longer than its error; inputs that fit into memory.
            batch = (batch * 2).min(256);
        }
    }
}

/// CPU time of this thread so far; wall time where the kernel does not tell.
#[expect(clippy::disallowed_methods, reason = "benches measure time")]
fn now() -> Duration {
    thread_local!(static START: Instant = Instant::now());
    let account = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = account.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}
