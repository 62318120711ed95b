//! Builds the context of one execution: deterministic, without ambient reads, with bounded natives.

use boa_engine::builtins::date::Date;
use boa_engine::builtins::promise::{OperationType, Promise};
use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::job::JobCallback;
use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::PropertyDescriptor;
use boa_engine::realm::Realm;
use boa_engine::value::PreferredType;
use boa_engine::{Context, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};
use boa_runtime::RuntimeExtension;
use boa_runtime::extensions::{Base64Extension, EncodingExtension, MicrotaskExtension, TimeoutExtension};
use std::rc::Rc;

use super::executor::Queue;
use super::host::args::type_error;
use super::host::{Host, lit};
use super::limits::BUFFER_BYTES_MAX;
use super::{AuthContext, clone, console, crypto, fetch, json, math, modules, natives, parts};

/// Values on the engine's own stack.
const STACK_VALUES_MAX: usize = 64 * 1024;
/// Frames in a stack trace.
const BACKTRACE_MAX: usize = 16;
/// Fuel for making a `Date`.
const DATE_FUEL: u64 = 16;
/// Globals that observe the collector, share memory, or read ambient time zones.
const REMOVED: [&str; 5] = ["Atomics", "FinalizationRegistry", "SharedArrayBuffer", "Temporal", "WeakRef"];

/// The engine's questions to its embedder.
struct Hooks(Rc<Host>);

impl HostHooks for Hooks {
    /// Reactions are counted when they are attached: those of a promise that stays pending never become jobs.
    fn make_job_callback(&self, callback: JsFunction, context: &mut Context) -> JobCallback {
        self.0.one_more_job();
        self.0.halt_if_over(context);
        JobCallback::new(callback, ())
    }

    fn promise_rejection_tracker(&self, promise: &JsObject<Promise>, operation: OperationType, context: &mut Context) {
        match operation {
            OperationType::Reject => self.0.promise_rejected(promise),
            OperationType::Handle => self.0.promise_handled(promise),
        }
        self.0.halt_if_over(context);
    }

    fn ensure_can_compile_strings(
        &self,
        _: Realm,
        _: &[JsString],
        _: &JsString,
        _: bool,
        _: &mut Context,
    ) -> JsResult<()> {
        Err(JsNativeError::eval().with_message("code generation from strings is not allowed").into())
    }

    fn local_timezone_offset_seconds(&self, _: i64) -> i32 {
        0
    }

    fn max_buffer_size(&self, _: &mut Context) -> u64 {
        BUFFER_BYTES_MAX
    }
}

/// Builds the context, ready for the script.
///
/// # Errors
/// Only if the engine lacks a function that is to be replaced.
pub(super) fn build(host: &Rc<Host>, queue: &Rc<Queue>, auth: &AuthContext) -> JsResult<Context> {
    let mut context = ContextBuilder::new()
        .host_hooks(Rc::new(Hooks(host.clone())))
        .clock(host.clock.clone())
        .job_executor(queue.clone())
        .module_loader(Rc::new(modules::NoImports))
        .instructions_remaining(usize::try_from(host.limits.fuel).unwrap_or(usize::MAX))
        .build()?;
    let limits = context.runtime_limits_mut();
    limits.set_recursion_limit(host.limits.recursion);
    limits.set_stack_size_limit(STACK_VALUES_MAX);
    limits.set_backtrace_limit(BACKTRACE_MAX);
    // Fuel bounds every loop exactly; the engine's own bound is per frame.
    limits.disable_loop_iteration_limit();
    context.insert_data(host.clone());
    for name in REMOVED {
        context.global_object().delete_property_or_throw(JsString::from(name), &mut context)?;
    }
    TimeoutExtension.register(None, &mut context)?;
    MicrotaskExtension.register(None, &mut context)?;
    EncodingExtension.register(None, &mut context)?;
    Base64Extension.register(None, &mut context)?;
    define_date(&mut context)?;
    math::define(&mut context)?;
    json::define(&mut context)?;
    console::define(&mut context)?;
    crypto::define(&mut context)?;
    clone::define(&mut context)?;
    fetch::define(&mut context)?;
    natives::install(&mut context)?;
    parts::define(&mut context)?;
    lit::define(auth, &mut context)?;
    Ok(context)
}

/// The only argument of `new Date` as a primitive, if it is none yet: a date's number is taken as it is.
fn date_argument(args: &[JsValue], context: &mut Context) -> JsResult<Option<JsValue>> {
    let [value] = args else { return Ok(None) };
    let is_date = value.as_object().is_some_and(|object| object.is::<Date>());
    if is_date || !value.is_object() && !value.is_string() {
        return Ok(None);
    }
    let primitive = value.to_primitive(context, PreferredType::Default)?;
    Ok(Some(match primitive.as_string() {
        Some(text) => natives::date_text(text).into(),
        None => primitive,
    }))
}

/// Wraps `Date` so that the clock is moved to where the used fuel puts it before it is read.
fn define_date(context: &mut Context) -> JsResult<()> {
    let date = context.intrinsics().constructors().date();
    let original = date.constructor();
    let construct = NativeFunction::from_copy_closure_with_captures(
        |new_target, args, original: &JsObject, context| {
            Host::enter(DATE_FUEL, context, |context| {
                Host::of(context).time(context);
                let Some(target) = new_target.as_object() else {
                    return original.call(&JsValue::undefined(), args, context);
                };
                let read = date_argument(args, context)?;
                let args = read.as_ref().map_or(args, std::slice::from_ref);
                Ok(original.construct(args, Some(&target), context)?.into())
            })
        },
        original.clone(),
    );
    let date = FunctionObjectBuilder::new(context.realm(), construct)
        .name(js_string!("Date"))
        .length(7)
        .constructor(true)
        .build();
    natives::take_place(&original, &date, &[], context)?;
    let now = NativeFunction::from_fn_ptr(|_, _, context| {
        Ok(JsValue::from((Host::of(context).time(context) / 1_000_000) as f64))
    });
    natives::replace(&date, "now", now, context)?;
    let property =
        |value: JsValue| PropertyDescriptor::builder().value(value).writable(true).enumerable(false).configurable(true);
    let global = context.global_object();
    if !global.define_property_or_throw(js_string!("Date"), property(date.into()), context)? {
        return Err(type_error("Date is missing".into()));
    }
    Ok(())
}
