//! Runs one execution: script, jobs and timers, with checks of fuel and time in between.

use boa_engine::builtins::promise::PromiseState;
use boa_engine::error::{EngineError, PanicError};
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsError, JsResult, JsValue};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::error::ActionError;
use super::executor::Queue;
use super::host::call::{HostAnswer, HostCallId, Usage};
use super::host::{Host, network};
use super::modules::{self, Program};
use super::{ActionResult, ActionSpec, Progress, inspect, nesting, params, realm};
use crate::io::Time;
use crate::meter::{Meter, Op};

/// One run of an action. It is not `Send`, lives in memory only, and is never resumed after a crash.
pub struct Execution {
    host: Rc<Host>,
    queue: Rc<Queue>,
    /// Dropped when the action is over.
    context: Option<Context>,
    /// The script's completion value, if it is a promise.
    main: Option<JsPromise>,
    time_limit: u64,
    fuel_reported: u64,
    /// What it used in all, once it is over.
    used: Usage,
}

impl Execution {
    /// Starts an action and runs it as far as it gets without answers.
    pub fn start(spec: ActionSpec, meter: &mut Meter) -> (Self, Progress) {
        let host = Host::new(spec.limits, spec.seed, spec.started.0);
        let mut execution = Self {
            queue: Rc::default(),
            context: None,
            main: None,
            time_limit: spec.started.plus_millis(spec.limits.time_ms).0,
            fuel_reported: 0,
            used: Usage::default(),
            host,
        };
        meter.add(Op::JsContext, 1);
        let outcome = guarded(|| execution.run_script(&spec));
        let progress = match outcome {
            Ok(()) => execution.pump(meter),
            Err(error) => execution.finish(Err(error), meter),
        };
        (execution, progress)
    }

    /// Hands over the answer to a call. Answers to unknown or answered calls change nothing.
    pub fn resume(&mut self, now: Time, call: HostCallId, answer: HostAnswer, meter: &mut Meter) -> Progress {
        let Some(context) = &mut self.context else { return Progress::Pending(Vec::new()) };
        if answer == HostAnswer::Lead {
            return self.lead(now, call, meter);
        }
        let Some(resolvers) = self.host.answered(call) else { return Progress::Pending(Vec::new()) };
        self.host.begin(now.0, context);
        let settled = guarded(|| {
            let settled = match answer.into_js(call, context) {
                Ok(value) => resolvers.resolve.call(&JsValue::undefined(), &[value], context),
                Err(error) => error
                    .into_opaque(context)
                    .and_then(|reason| resolvers.reject.call(&JsValue::undefined(), &[reason], context)),
            };
            settled.map_err(|error| uncaught(error, &self.host, context))
        });
        match settled {
            Ok(_) => self.pump(meter),
            Err(error) => self.finish(Err(error), meter),
        }
    }

    /// Runs what must run once; the call's promise stays as it is until the node says what came of it.
    fn lead(&mut self, now: Time, call: HostCallId, meter: &mut Meter) -> Progress {
        let Some(context) = &mut self.context else { return Progress::Pending(Vec::new()) };
        let Some(once) = self.host.take_once(call) else { return Progress::Pending(Vec::new()) };
        self.host.begin(now.0, context);
        let led =
            guarded(|| network::lead(call, &once.body, context).map_err(|error| uncaught(error, &self.host, context)));
        match led {
            Ok(()) => self.pump(meter),
            Err(error) => self.finish(Err(error), meter),
        }
    }

    /// Lets time pass: runs JavaScript timers that are due, and ends the action when its time is up.
    pub fn tick(&mut self, now: Time, meter: &mut Meter) -> Progress {
        let Some(context) = &self.context else { return Progress::Pending(Vec::new()) };
        self.host.begin(now.0, context);
        self.pump(meter)
    }

    /// When [`Execution::tick`] is needed next: a timer is due, or the time is up. `None` once the action is over.
    pub fn deadline(&self) -> Option<Time> {
        self.context.as_ref()?;
        let due = self.queue.next_due().unwrap_or(u64::MAX);
        Some(Time(due.min(self.time_limit)))
    }

    /// What the action printed so far.
    pub fn logs(&self) -> String {
        self.host.logs.borrow().clone()
    }

    /// What the action has used, for the one that called it.
    pub fn usage(&self) -> Usage {
        let context = self.context.as_ref();
        context.map_or_else(|| self.used.clone(), |context| self.host.usage(context))
    }

    /// Whether the action is over.
    pub fn is_finished(&self) -> bool {
        self.context.is_none()
    }

    /// Builds the context, makes the parameters globals, and runs the script's top level.
    fn run_script(&mut self, spec: &ActionSpec) -> Result<(), ActionError> {
        let max = spec.limits.code_bytes;
        if spec.code.len() as u64 > max {
            return Err(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of code"), max });
        }
        nesting::check_code(&spec.code).map_err(|line| ActionError::CodeTooDeep { line })?;
        let context = realm::build(&self.host, &self.queue, &spec.auth);
        let context = self.context.insert(context.map_err(|error| ActionError::Engine(error.to_string()))?);
        self.host.begin(spec.started.0, context);
        params::define(&spec.js_params, context)?;
        self.main = match modules::parse(&spec.code, context)? {
            Program::Script(script) => {
                script.evaluate(context).map_err(|error| uncaught(error, &self.host, context))?.as_promise()
            }
            Program::Module(module) => Some(module.load_link_evaluate(context)),
        };
        Ok(())
    }

    /// Runs jobs and due timers until none is left.
    fn pump(&mut self, meter: &mut Meter) -> Progress {
        let outcome = guarded(|| self.run_jobs());
        match outcome {
            Err(error) => self.finish(Err(error), meter),
            Ok(()) if self.host.awaits_answers() || self.queue.next_due().is_some() => {
                self.report_fuel(meter);
                Progress::Pending(self.host.take_outgoing())
            }
            Ok(()) => {
                let result = self.result();
                self.finish(result, meter)
            }
        }
    }

    fn run_jobs(&mut self) -> Result<(), ActionError> {
        while self.check()?.run_next()? {}
        Ok(())
    }

    /// Looks for faults that the engine swallows inside promise jobs.
    fn check(&mut self) -> Result<&mut Self, ActionError> {
        let context = self.context.as_ref().expect("jobs run while the context lives");
        if let Some(fault) = self.host.fault() {
            return Err(fault);
        }
        if context.instructions_remaining() == 0 {
            return Err(ActionError::OutOfFuel);
        }
        if self.host.time(context) >= self.time_limit {
            return Err(ActionError::OutOfTime);
        }
        Ok(self)
    }

    /// Runs a microtask; with none left, looks for unhandled rejections and then for a due timer.
    fn run_next(&mut self) -> Result<bool, ActionError> {
        let context = self.context.as_mut().expect("jobs run while the context lives");
        let ran = match self.queue.next_microtask() {
            Some(job) => Some(job.run(context)),
            None => {
                context.clear_kept_objects();
                if let Some(reason) = unhandled(&self.host) {
                    return Err(thrown(&reason, &self.host, context));
                }
                self.queue.run_due(self.host.time(context), context)
            }
        };
        match ran {
            Some(Err(error)) => Err(uncaught(error, &self.host, context)),
            ran => Ok(ran.is_some()),
        }
    }

    fn result(&self) -> Result<ActionResult, ActionError> {
        if self.main.as_ref().is_some_and(|main| main.state() == PromiseState::Pending) {
            return Err(ActionError::Stalled);
        }
        let response = self.host.response.borrow().clone().unwrap_or_default();
        Ok(ActionResult { response, logs: self.logs() })
    }

    fn finish(&mut self, result: Result<ActionResult, ActionError>, meter: &mut Meter) -> Progress {
        self.report_fuel(meter);
        // A fault explains whatever error it surfaced as.
        let result = match (result, self.host.fault()) {
            (Err(_), Some(fault)) => Err(fault),
            (result, _) => result,
        };
        self.used = self.usage();
        self.main = None;
        self.context = None;
        Progress::Finished(result)
    }

    fn report_fuel(&mut self, meter: &mut Meter) {
        let Some(context) = &self.context else { return };
        let used = self.host.fuel_used(context);
        meter.add(Op::JsFuel, used - self.fuel_reported);
        self.fuel_reported = used;
    }
}

/// Turns a panic inside the engine into an error: a script must not take the node down.
fn guarded<T>(run: impl FnOnce() -> Result<T, ActionError>) -> Result<T, ActionError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(ActionError::Engine(text.unwrap_or_else(|| "panic".into())))
    })
}

fn unhandled(host: &Host) -> Option<JsValue> {
    match host.unhandled()?.state() {
        PromiseState::Rejected(reason) => Some(reason),
        PromiseState::Pending | PromiseState::Fulfilled(_) => None,
    }
}

/// What an error means that reached the top.
fn uncaught(error: JsError, host: &Host, context: &mut Context) -> ActionError {
    match error.as_engine() {
        Some(EngineError::NoInstructionsRemain) => return host.fault().unwrap_or(ActionError::OutOfFuel),
        Some(EngineError::RuntimeLimit(_)) => return host.fault().unwrap_or(ActionError::Stack),
        Some(EngineError::Panic(panic)) => return broken(panic, host),
        None => {}
    }
    let value: JsResult<JsValue> = error.into_opaque(context);
    match value {
        Ok(value) => thrown(&value, host, context),
        Err(error) => ActionError::Engine(error.to_string()),
    }
}

/// The engine asserts that some calls cannot fail; running out of fuel or of frames makes them.
fn broken(panic: &PanicError, host: &Host) -> ActionError {
    let source = std::error::Error::source(panic);
    let source = source.and_then(|source| {
        source.downcast_ref::<Box<JsError>>().map(Box::as_ref).or_else(|| source.downcast_ref::<JsError>())
    });
    match source.and_then(JsError::as_engine) {
        Some(EngineError::NoInstructionsRemain) => host.fault().unwrap_or(ActionError::OutOfFuel),
        Some(EngineError::RuntimeLimit(_)) => host.fault().unwrap_or(ActionError::Stack),
        _ => ActionError::Engine(panic.message().to_owned()),
    }
}

fn thrown(value: &JsValue, host: &Host, context: &mut Context) -> ActionError {
    host.meaning(value).unwrap_or_else(|| ActionError::Threw(inspect::thrown(value, context)))
}
