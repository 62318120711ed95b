//! Builds the context of one execution: deterministic, without ambient reads, with bounded natives.

use boa_engine::builtins::promise::{OperationType, Promise};
use boa_engine::context::{ContextBuilder, HostHooks};
use boa_engine::module::IdleModuleLoader;
use boa_engine::object::FunctionObjectBuilder;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::realm::Realm;
use boa_engine::{Context, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};
use boa_runtime::RuntimeExtension;
use boa_runtime::extensions::{Base64Extension, EncodingExtension, MicrotaskExtension, TimeoutExtension};
use std::rc::Rc;

use super::executor::Queue;
use super::host::args::type_error;
use super::host::{Host, lit};
use super::limits::BUFFER_BYTES_MAX;
use super::{AuthContext, console, fetch, guard, json, math};

/// Values on the engine's own stack.
const STACK_VALUES_MAX: usize = 64 * 1024;
/// Frames in a stack trace.
const BACKTRACE_MAX: usize = 16;
/// Globals that observe the collector, share memory, or read ambient time zones.
const REMOVED: [&str; 5] = ["Atomics", "FinalizationRegistry", "SharedArrayBuffer", "Temporal", "WeakRef"];

/// The engine's questions to its embedder.
struct Hooks(Rc<Host>);

impl HostHooks for Hooks {
    fn promise_rejection_tracker(&self, promise: &JsObject<Promise>, operation: OperationType, _: &mut Context) {
        match operation {
            OperationType::Reject => self.0.promise_rejected(promise),
            OperationType::Handle => self.0.promise_handled(promise),
        }
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
        .module_loader(Rc::new(IdleModuleLoader))
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
    fetch::define(&mut context)?;
    guard::install(&mut context)?;
    lit::define(auth, &mut context)?;
    Ok(context)
}

/// Wraps `Date` so that the clock is moved to where the used fuel puts it before it is read.
fn define_date(context: &mut Context) -> JsResult<()> {
    let date = context.intrinsics().constructors().date();
    let (prototype, original) = (date.prototype(), date.constructor());
    let construct = NativeFunction::from_copy_closure_with_captures(
        |new_target, args, original: &JsObject, context| {
            Host::of(context).time(context);
            match new_target.as_object() {
                Some(target) => Ok(original.construct(args, Some(&target), context)?.into()),
                None => original.call(&JsValue::undefined(), args, context),
            }
        },
        original.clone(),
    );
    let date = FunctionObjectBuilder::new(context.realm(), construct)
        .name(js_string!("Date"))
        .length(7)
        .constructor(true)
        .build();
    for key in original.own_property_keys(context)? {
        if matches!(&key, PropertyKey::String(name) if ["length", "name"].iter().any(|known| name == *known)) {
            continue;
        }
        let Some(property) = original.borrow().properties().get(&key) else { continue };
        date.define_property_or_throw(key, property, context)?;
    }
    let now = NativeFunction::from_fn_ptr(|_, _, context| {
        Ok(JsValue::from((Host::of(context).time(context) / 1_000_000) as f64))
    });
    guard::replace(&date, "now", now, context)?;
    let property =
        |value: JsValue| PropertyDescriptor::builder().value(value).writable(true).enumerable(false).configurable(true);
    prototype.define_property_or_throw(js_string!("constructor"), property(date.clone().into()), context)?;
    let global = context.global_object();
    if !global.define_property_or_throw(js_string!("Date"), property(date.into()), context)? {
        return Err(type_error("Date is missing".into()));
    }
    Ok(())
}
