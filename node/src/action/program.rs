//! Where programs run: in this process, or wherever the embedder puts them.

use super::host::call::{HostAnswer, HostCallId, Usage};
use super::pump::Execution;
use super::{ActionSpec, Progress};
use crate::io::Time;
use crate::meter::Meter;

/// Starts programs. Two executors that run a program to its end give the same progress and count the same work.
pub trait Executor {
    /// Starts an action and runs it as far as it gets without answers.
    fn start(&self, spec: ActionSpec, meter: &mut Meter) -> (Box<dyn Program>, Progress);
}

/// One run of an action.
pub trait Program {
    /// Hands over the answer to a call. Answers to unknown or answered calls change nothing.
    fn resume(&mut self, now: Time, call: HostCallId, answer: HostAnswer, meter: &mut Meter) -> Progress;

    /// Lets time pass: runs JavaScript timers that are due, and ends the action when its time is up.
    fn tick(&mut self, now: Time, meter: &mut Meter) -> Progress;

    /// When [`Program::tick`] is needed next; `None` once the action is over.
    fn deadline(&self) -> Option<Time>;

    /// What the action has used so far.
    fn usage(&self) -> Usage;
}

/// Runs programs in this process. What the engine does not bound (see [`super::Limits`]) can hang or end it.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Executor for InProcess {
    fn start(&self, spec: ActionSpec, meter: &mut Meter) -> (Box<dyn Program>, Progress) {
        let (execution, progress) = Execution::start(spec, meter);
        (Box::new(execution), progress)
    }
}

impl Program for Execution {
    fn resume(&mut self, now: Time, call: HostCallId, answer: HostAnswer, meter: &mut Meter) -> Progress {
        Self::resume(self, now, call, answer, meter)
    }

    fn tick(&mut self, now: Time, meter: &mut Meter) -> Progress {
        Self::tick(self, now, meter)
    }

    fn deadline(&self) -> Option<Time> {
        Self::deadline(self)
    }

    fn usage(&self) -> Usage {
        Self::usage(self)
    }
}
