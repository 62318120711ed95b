//! The job queue of one context: FIFO microtasks and timers on virtual time. Nothing here waits.

use boa_engine::job::{GenericJob, IntervalJob, Job, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob};
use boa_engine::{Context, JsResult};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::host::Host;

/// The shortest interval, milliseconds; keeps `setInterval(f, 0)` from filling one instant.
const INTERVAL_MIN_MS: u64 = 1;

/// A job that is due at once.
pub(super) enum Microtask {
    Promise(PromiseJob),
    Generic(GenericJob),
    /// Only refused `import()`s make these; they are ready at the first poll.
    Async(NativeAsyncJob),
}

/// A job that waits for an instant.
pub(super) enum TimerJob {
    Once(TimeoutJob),
    Repeated(IntervalJob),
}

impl TimerJob {
    fn cancelled(&self) -> bool {
        match self {
            Self::Once(job) => job.cancelled(),
            Self::Repeated(job) => job.cancelled(),
        }
    }
}

impl Microtask {
    pub(super) fn run(self, context: &mut Context) -> JsResult<()> {
        match self {
            Self::Promise(job) => job.call(context).map(drop),
            Self::Generic(job) => job.call(context).map(drop),
            Self::Async(job) => {
                let shared = RefCell::new(context);
                let mut future = pin!(job.call(&shared));
                match future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
                    Poll::Ready(result) => result.map(drop),
                    Poll::Pending => Ok(()),
                }
            }
        }
    }
}

/// Microtasks and timers of one context.
#[derive(Default)]
pub(super) struct Queue {
    microtasks: RefCell<VecDeque<Microtask>>,
    /// By (due instant in nanoseconds, order of setting).
    timers: RefCell<BTreeMap<(u64, u64), TimerJob>>,
    timers_set: Cell<u64>,
}

impl Queue {
    pub(super) fn next_microtask(&self) -> Option<Microtask> {
        self.microtasks.borrow_mut().pop_front()
    }

    /// How many timers are set.
    pub(super) fn timers_pending(&self) -> u64 {
        self.timers.borrow().len() as u64
    }

    /// When the next timer is due, nanoseconds; cancelled timers are forgotten.
    pub(super) fn next_due(&self) -> Option<u64> {
        let mut timers = self.timers.borrow_mut();
        while timers.first_entry().is_some_and(|first| first.get().cancelled()) {
            timers.pop_first();
        }
        timers.first_key_value().map(|(key, _)| key.0)
    }

    /// Runs the first timer that is due at `now`, if any.
    pub(super) fn run_due(&self, now: u64, context: &mut Context) -> Option<JsResult<()>> {
        if self.next_due()? > now {
            return None;
        }
        let (_, job) = self.timers.borrow_mut().pop_first()?;
        Some(match job {
            TimerJob::Once(job) => job.call(context).map(drop),
            TimerJob::Repeated(job) => {
                let result = job.call(context).map(drop);
                if result.is_ok() && !job.cancelled() {
                    let interval_ms = job.interval().as_millis().max(INTERVAL_MIN_MS);
                    self.set_timer(now, interval_ms, TimerJob::Repeated(job));
                }
                result
            }
        })
    }

    fn set_timer(&self, now: u64, delay_ms: u64, job: TimerJob) {
        let order = self.timers_set.get();
        self.timers_set.set(order + 1);
        let due = now.saturating_add(delay_ms.saturating_mul(1_000_000));
        self.timers.borrow_mut().insert((due, order), job);
    }
}

impl JobExecutor for Queue {
    fn enqueue_job(self: Rc<Self>, job: Job, context: &mut Context) {
        let host = Host::of(context);
        host.one_more_job();
        // Nothing more is kept for an execution that is over; what the engine drops here, it swallows.
        if host.fault().is_some() {
            return host.halt_if_over(context);
        }
        let microtask = match job {
            Job::PromiseJob(job) => Microtask::Promise(job),
            Job::GenericJob(job) => Microtask::Generic(job),
            Job::AsyncJob(job) => Microtask::Async(job),
            Job::TimeoutJob(job) => {
                let now = host.time(context);
                return self.set_timer(now, job.timeout().as_millis(), TimerJob::Once(job));
            }
            Job::IntervalJob(job) => {
                let now = host.time(context);
                let interval_ms = job.interval().as_millis().max(INTERVAL_MIN_MS);
                return self.set_timer(now, interval_ms, TimerJob::Repeated(job));
            }
            // The specification allows never running finalizers; the registry itself is removed.
            _ => return,
        };
        self.microtasks.borrow_mut().push_back(microtask);
    }

    /// The execution pumps the queue itself, between checks of fuel and time.
    fn run_jobs(self: Rc<Self>, _: &mut Context) -> JsResult<()> {
        Ok(())
    }
}
