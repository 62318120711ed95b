//! How long something took. Such figures go to `timings.jsonl` only, apart from all that is deterministic.

use std::time::{Duration, Instant};

/// A stopwatch that runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    began: Instant,
    cpu: Duration,
}

/// What was spent, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Time that passed.
    pub wall_us: u64,
    /// Time that processors were busy with this process.
    pub cpu_us: u64,
}

impl Stopwatch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "wall-clock figures go to timings.jsonl only")]
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), cpu: cpu_time() }
    }

    /// What was spent since.
    pub(crate) fn spent(self) -> Spent {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Spent { wall_us: micros(self.began.elapsed()), cpu_us: micros(cpu_time().saturating_sub(self.cpu)) }
    }
}

/// How long processors have been busy with this process.
fn cpu_time() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(spent).unwrap_or_default()
}
