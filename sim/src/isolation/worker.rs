//! A worker: runs one action after another, as it is told on its standard input.
//!
//! It limits itself before it reads anything. Whoever started it needs no clock: a worker that takes too long is ended by the
//! operating system for its processor time, or by its own watchdog.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use lit_node::action::{Execution, Progress};
use lit_node::meter::{Meter, Op};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::Bounds;
use super::wire::{GREETING, Reply, Request, receive, send};

/// The stack on which scripts run, bytes: as deep as a simulation's.
const STACK_BYTES: usize = 256 << 20;
/// How much longer than its processor time an answer may take, times: a machine may be busy.
const PATIENCE: u64 = 20;

/// Serves until the standard input ends.
///
/// # Errors
/// If the limits cannot be set, or a stream fails.
pub fn serve(bounds: Bounds) -> io::Result<()> {
    limit(Resource::As, bounds.address_space_bytes)?;
    // What is written when memory runs out helps nobody; the one who started this sees that it ended.
    limit(Resource::Core, 0)?;
    watch(bounds)?;
    let thread = thread::Builder::new().name("action".into()).stack_size(STACK_BYTES);
    thread.spawn(move || answer_all(bounds))?.join().unwrap_or_else(|_| Err(io::Error::other("the worker panicked")))
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(most, |maximum| most.min(maximum)));
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}

/// How many requests have been taken up.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// What the watchdog has seen of the answer that is under way.
#[derive(Default)]
struct Watch {
    taken: u64,
    /// For how long it has seen no other, seconds.
    for_s: u64,
}

impl Watch {
    /// Looks again after a second; whether one answer takes too long. `taken` is odd while one is under way.
    fn is_over(&mut self, taken: u64, bounds: Bounds) -> bool {
        let is_same = taken == self.taken && taken % 2 == 1;
        *self = Self { taken, for_s: if is_same { self.for_s + 1 } else { 0 } };
        self.for_s > bounds.cpu_s.saturating_mul(PATIENCE)
    }
}

/// Ends the process when one answer takes too long.
fn watch(bounds: Bounds) -> io::Result<()> {
    let body = move || {
        let mut watch = Watch::default();
        loop {
            thread::sleep(Duration::from_secs(1));
            if watch.is_over(TAKEN.load(Ordering::Relaxed), bounds) {
                std::process::abort();
            }
        }
    };
    thread::Builder::new().name("watchdog".into()).spawn(body).map(drop)
}

fn answer_all(bounds: Bounds) -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    send(&mut to, &GREETING)?;
    let mut running: Option<Execution> = None;
    while let Some(request) = receive::<Request>(&mut from)? {
        TAKEN.fetch_add(1, Ordering::Relaxed);
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
        limit(Resource::Cpu, used.saturating_add(bounds.cpu_s).saturating_add(1))?;
        let reply = answer(request, &mut running);
        TAKEN.fetch_add(1, Ordering::Relaxed);
        send(&mut to, &reply)?;
    }
    Ok(())
}

fn answer(request: Request, running: &mut Option<Execution>) -> Reply {
    let mut meter = Meter::default();
    let progress = match (request, running.as_mut()) {
        (Request::Start(spec), _) => {
            *running = None;
            let (execution, progress) = Execution::start(*spec, &mut meter);
            *running = Some(execution);
            progress
        }
        (Request::Resume(now, call, answer), Some(execution)) => execution.resume(now, call, answer, &mut meter),
        (Request::Tick(now), Some(execution)) => execution.tick(now, &mut meter),
        (Request::Resume(..) | Request::Tick(_), None) => Progress::Pending(Vec::new()),
    };
    let (deadline, usage) = match running {
        Some(execution) => (execution.deadline(), execution.usage()),
        None => Default::default(),
    };
    let work = Op::ALL.iter().map(|op| (*op, meter.count(*op))).filter(|(_, count)| *count > 0).collect();
    Reply { progress, deadline, usage, work }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_takes_too_long_is_over_and_many_short_ones_or_an_idle_worker_are_not() {
        let bounds = Bounds { address_space_bytes: 0, cpu_s: 2 };
        let mut watch = Watch::default();
        let mut over_after =
            |taken: &dyn Fn(u64) -> u64| (0..1_000).find(|second| watch.is_over(taken(*second), bounds));
        assert_eq!(over_after(&|second| 2 * second + 1), None, "another one each second");
        assert_eq!(over_after(&|_| 4_000), None, "nothing to do");
        assert_eq!(over_after(&|_| 4_001), Some(2 * PATIENCE + 1));
    }
}
