//! What host functions share: the state of one execution beside its JavaScript heap.

pub(super) mod args;
pub(super) mod call;
mod chain;
pub(super) mod lit;
pub(super) mod network;
mod secrets;
mod signing;
pub(super) mod strings;

use boa_engine::builtins::promise::{Promise, ResolvingFunctions};
use boa_engine::context::time::{Clock, JsInstant};
use boa_engine::error::EngineError;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsError, JsNativeError, JsObject, JsResult, JsValue};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::error::ActionError;
use super::limits::{Limits, NANOS_PER_INSTRUCTION, NATIVE_DEPTH_MAX};
use call::{HostCall, HostCallId, Usage};
use network::Once;

/// How many errors are remembered together with their meaning; an older one that surfaces late is a plain exception.
const KNOWN_ERRORS_MAX: usize = 64;
/// How many rejected promises may wait for a handler at once.
const UNHANDLED_MAX: usize = 10_000;

/// The clock that scripts see: nanoseconds since the Unix epoch.
#[derive(Default)]
pub(super) struct ActionClock(Cell<u64>);

impl Clock for ActionClock {
    fn now(&self) -> JsInstant {
        let nanos = self.0.get();
        JsInstant::new(nanos / 1_000_000_000, (nanos % 1_000_000_000) as u32)
    }

    fn system_time_millis(&self) -> i64 {
        (self.0.get() / 1_000_000) as i64
    }
}

/// A counted limit.
#[derive(Clone, Copy)]
pub(super) enum Quota {
    Fetches,
    Signs,
    ContractCalls,
    Broadcasts,
    Calls,
}

/// The state of one execution beside its heap; the context holds it, host functions get it by [`Host::of`].
pub(super) struct Host {
    pub(super) limits: Limits,
    pub(super) clock: Rc<ActionClock>,
    /// Where the clock stood, and how much fuel was used, when the node last handed over.
    base: Cell<(u64, u64)>,
    /// Fuel charged by natives on top of the engine's count.
    charged: Cell<u64>,
    produced_bytes: Cell<u64>,
    native_depth: Cell<u32>,
    used: [Cell<u64>; 5],
    pub(super) random: RefCell<ChaCha20Rng>,
    pub(super) logs: RefCell<String>,
    pub(super) response: RefCell<Option<String>>,
    calls_made: Cell<u64>,
    waiting: RefCell<BTreeMap<HostCallId, ResolvingFunctions>>,
    /// What `runOnce` is to run where this node leads.
    once: RefCell<BTreeMap<HostCallId, Once>>,
    outgoing: RefCell<Vec<(HostCallId, HostCall)>>,
    fault: RefCell<Option<ActionError>>,
    known_errors: RefCell<VecDeque<(JsObject, ActionError)>>,
    rejected: RefCell<Rejections>,
    jobs: Cell<u64>,
    proxies: Cell<u64>,
}

/// Rejected promises that nobody handles yet.
#[derive(Default)]
struct Rejections {
    /// By the order in which they were rejected.
    promises: BTreeMap<u64, JsObject<Promise>>,
    /// The order of each, by the promise's address: it stays where it is for as long as it is held here.
    order: BTreeMap<usize, u64>,
    rejected: u64,
}

impl Rejections {
    fn address(promise: &JsObject<Promise>) -> usize {
        std::ptr::from_ref(&*promise.borrow()).addr()
    }
}

/// How often a script may go over a limit and catch the error.
const OVERRUNS_MAX: u64 = 100;

impl Host {
    pub(super) fn new(limits: Limits, seed: [u8; 32], started: u64) -> Rc<Self> {
        let clock = Rc::new(ActionClock::default());
        clock.0.set(started);
        Rc::new(Self {
            limits,
            clock,
            base: Cell::new((started, 0)),
            charged: Cell::new(0),
            produced_bytes: Cell::new(0),
            native_depth: Cell::new(0),
            used: Default::default(),
            random: RefCell::new(ChaCha20Rng::from_seed(seed)),
            logs: RefCell::default(),
            response: RefCell::default(),
            calls_made: Cell::new(0),
            waiting: RefCell::default(),
            once: RefCell::default(),
            outgoing: RefCell::default(),
            fault: RefCell::default(),
            known_errors: RefCell::default(),
            rejected: RefCell::default(),
            jobs: Cell::new(0),
            proxies: Cell::new(0),
        })
    }

    /// The host of this context.
    pub(super) fn of(context: &Context) -> Rc<Self> {
        context.get_data::<Rc<Self>>().expect("every context is built with its host").clone()
    }

    /// Fuel used so far.
    pub(super) fn fuel_used(&self, context: &Context) -> u64 {
        let by_engine = self.limits.fuel.saturating_sub(context.instructions_remaining() as u64);
        by_engine.saturating_add(self.charged.get())
    }

    /// The node hands over at its clock's `now`; the script's clock never runs backwards.
    pub(super) fn begin(&self, now: u64, context: &Context) {
        self.base.set((now.max(self.clock.0.get()), self.fuel_used(context)));
        self.time(context);
    }

    /// Moves the script's clock to where the used fuel puts it, and reads it.
    pub(super) fn time(&self, context: &Context) -> u64 {
        let (instant, fuel) = self.base.get();
        let spent = self.fuel_used(context).saturating_sub(fuel).saturating_mul(NANOS_PER_INSTRUCTION);
        let now = self.clock.0.get().max(instant.saturating_add(spent));
        self.clock.0.set(now);
        now
    }

    /// Ends the execution with `error` as soon as control is back; the first fault counts.
    pub(super) fn fail(&self, error: ActionError) {
        self.fault.borrow_mut().get_or_insert(error);
    }

    /// The fault that ends the execution, if any.
    pub(super) fn fault(&self) -> Option<ActionError> {
        self.fault.borrow().clone()
    }

    /// Like [`Host::fail`], with an error that scripts cannot catch.
    fn abort(&self, error: ActionError) -> JsError {
        self.fail(error);
        EngineError::NoInstructionsRemain.into()
    }

    /// Ends the execution because what was counted found no room in the process.
    pub(super) fn no_room(&self) -> JsError {
        self.abort(ActionError::Memory)
    }

    /// Charges fuel for work that a native does without instructions.
    pub(super) fn charge(&self, units: u64, context: &Context) -> JsResult<()> {
        self.charged.set(self.charged.get().saturating_add(units));
        if self.fault.borrow().is_some() {
            return Err(EngineError::NoInstructionsRemain.into());
        }
        if self.fuel_used(context) > self.limits.fuel {
            return Err(self.abort(ActionError::OutOfFuel));
        }
        Ok(())
    }

    /// Counts bytes that a native is about to produce.
    pub(super) fn produce(&self, bytes: u64) -> JsResult<()> {
        self.produced_bytes.set(self.produced_bytes.get().saturating_add(bytes));
        if self.produced_bytes.get() > self.limits.memory_bytes {
            return Err(self.abort(ActionError::Memory));
        }
        Ok(())
    }

    /// Charges for a call of a native and runs it, one level deeper. The engine's own bound on recursion does not see
    /// natives that call each other, e.g. a getter that is a bound function.
    pub(super) fn enter<T>(
        fuel: u64,
        context: &mut Context,
        native: impl FnOnce(&mut Context) -> JsResult<T>,
    ) -> JsResult<T> {
        let host = Self::of(context);
        host.charge(fuel, context)?;
        let depth = host.native_depth.get();
        if depth >= NATIVE_DEPTH_MAX {
            return Err(JsNativeError::range().with_message("built-in functions are nested too deeply").into());
        }
        host.native_depth.set(depth + 1);
        let result = native(context);
        host.native_depth.set(depth);
        result
    }

    /// Lets the engine stop at the next call or loop if the execution is over, for hooks that can throw nothing.
    pub(super) fn halt_if_over(&self, context: &mut Context) {
        if self.fault.borrow().is_some() {
            let limits = context.runtime_limits_mut();
            limits.set_recursion_limit(0);
            limits.set_loop_iteration_limit(0);
        }
    }

    /// An error for the script whose meaning is known if nobody catches it.
    pub(super) fn known_error(&self, meaning: ActionError, context: &mut Context) -> JsError {
        let object = JsNativeError::error().with_message(meaning.to_string()).into_opaque(context);
        let mut known = self.known_errors.borrow_mut();
        if known.len() == KNOWN_ERRORS_MAX {
            known.pop_front();
        }
        known.push_back((object.clone(), meaning));
        JsError::from_opaque(object.into())
    }

    /// What an uncaught value means, if it is one of [`Host::known_error`]'s.
    pub(super) fn meaning(&self, thrown: &JsValue) -> Option<ActionError> {
        let thrown = thrown.as_object()?;
        let known = self.known_errors.borrow();
        known.iter().find(|(object, _)| JsObject::equals(object, &thrown)).map(|(_, meaning)| meaning.clone())
    }

    /// Counts one use. Going over a limit is an error that a script may catch; a script that goes on and on over it is
    /// ended.
    pub(super) fn take(&self, quota: Quota, context: &mut Context) -> JsResult<()> {
        let (what, max) = match quota {
            Quota::Fetches => ("fetch calls", self.limits.fetches),
            Quota::Signs => ("signing requests", self.limits.signs),
            Quota::ContractCalls => ("contract calls", self.limits.contract_calls),
            Quota::Broadcasts => ("broadcasts", self.limits.broadcasts),
            Quota::Calls => ("calls of actions", self.limits.calls),
        };
        let used = &self.used[quota as usize];
        if used.get() >= max.saturating_add(OVERRUNS_MAX) {
            return Err(self.abort(ActionError::LimitExceeded { what: Cow::Borrowed(what), max }));
        }
        if used.get() >= max {
            used.set(used.get() + 1);
            return Err(self.known_error(ActionError::LimitExceeded { what: Cow::Borrowed(what), max }, context));
        }
        used.set(used.get() + 1);
        Ok(())
    }

    /// Sends a call to the node; the script gets a promise.
    pub(super) fn ask(&self, call: HostCall, context: &mut Context) -> JsValue {
        self.ask_numbered(call, context).1
    }

    /// Like [`Host::ask`]; also says which call it is.
    pub(super) fn ask_numbered(&self, call: HostCall, context: &mut Context) -> (HostCallId, JsValue) {
        let (promise, resolvers) = JsPromise::new_pending(context);
        let id = self.tell(call);
        self.waiting.borrow_mut().insert(id, resolvers);
        (id, promise.into())
    }

    /// Sends a call to the node that is not answered.
    fn tell(&self, call: HostCall) -> HostCallId {
        let id = HostCallId(self.calls_made.get());
        self.calls_made.set(id.0 + 1);
        self.outgoing.borrow_mut().push((id, call));
        id
    }

    /// Asks who is to run a function that must run once; keeps it for the case that it is this node.
    fn ask_once(&self, name: String, once: Once, context: &mut Context) -> JsValue {
        let (id, waits) = (HostCallId(self.calls_made.get()), once.waits);
        self.once.borrow_mut().insert(id, once);
        self.ask(HostCall::Once { name, waits }, context)
    }

    /// Takes what `runOnce` is to run, once.
    pub(super) fn take_once(&self, id: HostCallId) -> Option<Once> {
        self.once.borrow_mut().remove(&id)
    }

    /// What an action that this one calls may use up: what is left, and as much as any of what the node counts.
    fn budget(&self, context: &Context) -> Limits {
        Limits {
            fuel: self.limits.fuel.saturating_sub(self.fuel_used(context)),
            memory_bytes: self.limits.memory_bytes.saturating_sub(self.produced_bytes.get()),
            jobs: self.limits.jobs.saturating_sub(self.jobs.get()),
            log_bytes: self.limits.log_bytes.saturating_sub(self.logs.borrow().len() as u64),
            ..self.limits
        }
    }

    /// Enters what an action has used that this one called, as if this one had.
    pub(super) fn absorb(&self, usage: &Usage, context: &Context) {
        // Whatever is over a limit now ends the execution at its next step.
        let _ = self.charge(usage.fuel, context);
        let _ = self.produce(usage.memory_bytes);
        self.jobs.set(self.jobs.get().saturating_add(usage.jobs));
        let mut logs = self.logs.borrow_mut();
        if (logs.len() + usage.logs.len()) as u64 > self.limits.log_bytes {
            drop(logs);
            return self
                .fail(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of logs"), max: self.limits.log_bytes });
        }
        logs.push_str(&usage.logs);
    }

    /// What this execution has used, for the one that called it.
    pub(super) fn usage(&self, context: &Context) -> Usage {
        Usage {
            fuel: self.fuel_used(context),
            memory_bytes: self.produced_bytes.get(),
            jobs: self.jobs.get(),
            logs: self.logs.borrow().clone(),
        }
    }

    /// Takes the resolvers of a call, once.
    pub(super) fn answered(&self, id: HostCallId) -> Option<ResolvingFunctions> {
        self.waiting.borrow_mut().remove(&id)
    }

    pub(super) fn awaits_answers(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    pub(super) fn take_outgoing(&self) -> Vec<(HostCallId, HostCall)> {
        self.outgoing.take()
    }

    pub(super) fn promise_rejected(&self, promise: &JsObject<Promise>) {
        let mut rejections = self.rejected.borrow_mut();
        if rejections.promises.len() == UNHANDLED_MAX {
            return self.fail(ActionError::LimitExceeded {
                what: Cow::Borrowed("unhandled rejections"),
                max: UNHANDLED_MAX as u64,
            });
        }
        let order = rejections.rejected;
        rejections.rejected += 1;
        rejections.order.insert(Rejections::address(promise), order);
        rejections.promises.insert(order, promise.clone());
    }

    pub(super) fn promise_handled(&self, promise: &JsObject<Promise>) {
        let mut rejections = self.rejected.borrow_mut();
        if let Some(order) = rejections.order.remove(&Rejections::address(promise)) {
            rejections.promises.remove(&order);
        }
    }

    /// Counts a promise reaction, job or timer when it is set up, whether or not it ever runs. One too many ends the
    /// execution, at the next native or job.
    pub(super) fn one_more_job(&self) {
        self.jobs.set(self.jobs.get() + 1);
        let max = self.limits.jobs;
        if self.jobs.get() > max {
            self.fail(ActionError::LimitExceeded { what: Cow::Borrowed("jobs"), max });
        }
    }

    /// Counts a proxy; returns how many there are.
    pub(super) fn one_more_proxy(&self) -> u64 {
        self.proxies.set(self.proxies.get() + 1);
        self.proxies.get()
    }

    /// The first promise that was rejected and still has no handler.
    pub(super) fn unhandled(&self) -> Option<JsPromise> {
        let first = self.rejected.borrow().promises.first_key_value()?.1.clone();
        JsPromise::from_object(first.upcast()).ok()
    }
}

/// Runs the body of a promise-returning function: what it throws becomes a rejection, as Web IDL wants it.
pub(super) fn promised(
    context: &mut Context,
    body: impl FnOnce(&mut Context) -> JsResult<JsValue>,
) -> JsResult<JsValue> {
    match body(context) {
        Ok(value) => Ok(value),
        Err(error) if error.as_engine().is_some() => Err(error),
        Err(error) => Ok(JsPromise::reject(error, context)?.into()),
    }
}
