//! One action of a request: the one that the client asked for, or one that another action called.
//!
//! What a program asks for or ends with exists only once a worker would have used up its fuel; until then it is held back.

use std::collections::{BTreeMap, VecDeque};

use super::core::Core;
use crate::action::{
    ActionError, ActionResult, ActionSpec, HostAnswer, HostCall, HostCallId, Limits, Program, Progress, Usage,
};
use crate::api::Failure;
use crate::cid::Cid;
use crate::id::SessionId;
use crate::io::{Outputs, Time};
use crate::meter::Op;

/// An action of a request, in the order in which they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FrameId(pub u32);

/// A call of one of a request's actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallRef {
    /// Whose.
    pub frame: FrameId,
    /// Which.
    pub call: HostCallId,
}

/// What an action starts with, beside its code.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// CIDs of the actions that called each other to get here.
    pub callers: Vec<Cid>,
    /// A JSON object whose members become globals.
    pub params: String,
    /// What it may use up.
    pub limits: Limits,
    /// Which call it answers; none for the client's own.
    pub parent: Option<CallRef>,
    /// Names it among the request's actions, alike at all nodes: hash of request and calls.
    pub path: SessionId,
}

/// An action that another one wants called.
pub(super) struct Wanted {
    pub call: HostCallId,
    pub ipfs_id: String,
    pub params: String,
    pub budget: Limits,
}

/// Where the program is.
enum Stage {
    /// The gateway has been asked for the code.
    Fetching,
    /// The program runs.
    Running(Box<dyn Program>),
    /// It has ended.
    Ended,
}

/// An action that runs, or waits for its code.
pub(super) struct Frame {
    pub setting: Setting,
    /// The CID as it was asked for, or that of inline code.
    pub cid: String,
    /// CIDs (version 0) of all actions on the stack, this one last; without it until its code is there.
    pub stack: Vec<Cid>,
    stage: Stage,
    /// What the program's last run came to, and when that is.
    held: Option<(Time, Progress)>,
    /// Answers for which the program's current run must end first.
    answers: VecDeque<(HostCallId, HostAnswer)>,
    /// Calls that the program made and nobody has served yet.
    pub calls: VecDeque<(HostCallId, HostCall)>,
    /// Actions that it wants called, one after the other; the first is under way if `calling` says so.
    pub wanted: VecDeque<Wanted>,
    /// Whether an action that it called is under way.
    pub calling: bool,
    /// How often it has used each name for something that nodes do together.
    pub uses: BTreeMap<(&'static str, String), u32>,
    ended: Option<(Result<ActionResult, ActionError>, Usage)>,
}

impl Frame {
    /// An action whose code is still to come.
    pub fn new(cid: String, setting: Setting) -> Self {
        Self {
            stack: setting.callers.clone(),
            setting,
            cid,
            stage: Stage::Fetching,
            held: None,
            answers: VecDeque::new(),
            calls: VecDeque::new(),
            wanted: VecDeque::new(),
            calling: false,
            uses: BTreeMap::new(),
            ended: None,
        }
    }

    /// Whether the code is still to come.
    pub fn is_fetching(&self) -> bool {
        matches!(self.stage, Stage::Fetching)
    }

    /// Runs the code, whose CIDv0 is the last of the stack.
    pub fn start(&mut self, spec: ActionSpec, now: Time, core: &mut Core, out: &mut Outputs) {
        let before = out.meter.count(Op::JsFuel);
        let (program, progress) = core.config.executor.start(spec, &mut out.meter);
        self.stage = Stage::Running(program);
        self.hold_back(progress, before, now, core, out);
    }

    /// Answers a call of the program, now or when its current run is over.
    pub fn answer(&mut self, call: HostCallId, answer: HostAnswer, now: Time, core: &mut Core, out: &mut Outputs) {
        self.answers.push_back((call, answer));
        self.go_on(now, core, out);
    }

    /// Timers, time limits, and ends of runs.
    pub fn tick(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        if let Some((at, _)) = self.held
            && at <= now
            && let Some((_, progress)) = self.held.take()
        {
            self.on_progress(progress);
        }
        self.go_on(now, core, out);
        if let (None, Stage::Running(program)) = (&self.held, &mut self.stage)
            && program.deadline().is_some_and(|at| at <= now)
        {
            let before = out.meter.count(Op::JsFuel);
            let progress = program.tick(now, &mut out.meter);
            self.hold_back(progress, before, now, core, out);
        }
    }

    /// Hands the program the answers that have come, one run after the other.
    fn go_on(&mut self, now: Time, core: &mut Core, out: &mut Outputs) {
        while let (None, Stage::Running(program)) = (&self.held, &mut self.stage)
            && let Some((call, answer)) = self.answers.pop_front()
        {
            let before = out.meter.count(Op::JsFuel);
            let progress = program.resume(now, call, answer, &mut out.meter);
            self.hold_back(progress, before, now, core, out);
        }
    }

    /// What a run came to exists when a worker has done it.
    fn hold_back(&mut self, progress: Progress, before: u64, now: Time, core: &mut Core, out: &Outputs) {
        let at = core.workers.occupy(now, out.meter.count(Op::JsFuel) - before);
        if at > now {
            self.held = Some((at, progress));
        } else {
            self.on_progress(progress);
        }
    }

    fn on_progress(&mut self, progress: Progress) {
        match progress {
            Progress::Pending(calls) => self.calls.extend(calls),
            Progress::Finished(result) => {
                let usage = match std::mem::replace(&mut self.stage, Stage::Ended) {
                    Stage::Running(program) => program.usage(),
                    Stage::Fetching | Stage::Ended => Usage::default(),
                };
                self.ended = Some((result, usage));
            }
        }
    }

    /// When [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        match (&self.held, &self.stage) {
            (Some((at, _)), _) => Some(*at),
            (None, Stage::Running(program)) => program.deadline(),
            (None, Stage::Fetching | Stage::Ended) => None,
        }
    }

    /// Where the program is: `fetching`, `running` or `ended`.
    pub fn phase(&self) -> &'static str {
        match self.stage {
            Stage::Fetching => "fetching",
            Stage::Running(_) => "running",
            Stage::Ended => "ended",
        }
    }

    /// How it ended, once it has.
    pub fn take_end(&mut self) -> Option<(Result<ActionResult, Failure>, Usage)> {
        let (result, usage) = self.ended.take()?;
        let result = result.map_err(|error| error.into_failure(usage.logs.clone()));
        Some((result, usage))
    }
}
