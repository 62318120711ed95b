//! Objects, functions, collections, promises and big numbers.

use boa_engine::builtins::function::BoundFunction;
use boa_engine::native_function::NativeFunctionObject;
use boa_engine::{Context, JsBigInt, JsObject, JsResult, JsValue};
use std::borrow::Cow;

use super::size::{bounded_length, make_array, make_text, members, own_length};
use super::table::Cost;
use super::text::made;
use super::{Call, guard, range_error};
use crate::action::error::ActionError;
use crate::action::executor::Queue;
use crate::action::host::Host;
use crate::action::inspect;
use crate::action::limits::ARGUMENTS_MAX;

/// Fuel for reading or writing one member by its key.
const PER_MEMBER: u64 = 8;
/// What an entry of a `Map` or `Set` takes up, bytes.
const ENTRY_BYTES: u64 = 64;
/// How often a function may be bound; a call goes through all bindings.
const BINDINGS_MAX: usize = 64;
/// The longest integer that `asIntN` and `asUintN` make, bits.
const WRAPPED_BITS_MAX: u64 = 1 << 20;

fn charge_members(counted: u64, context: &mut Context) -> JsResult<()> {
    Host::of(context).charge(counted.saturating_mul(PER_MEMBER), context)
}

/// For natives that walk their object and their arguments.
pub(super) fn walk(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let counted: u64 = std::iter::once(call.this).chain(call.args).map(|value| members(value, context)).sum();
    charge_members(counted, context)?;
    call.run(context)
}

/// For natives that walk their first argument.
pub(super) fn walk_first(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let counted = members(&call.arg(0), context);
    charge_members(counted, context)?;
    call.run(context)
}

/// For natives that copy members of all arguments but the first.
pub(super) fn assign(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let counted: u64 = call.args.iter().skip(1).map(|value| members(value, context)).sum();
    charge_members(counted, context)?;
    Host::of(context).produce(counted.saturating_mul(16))?;
    call.run(context)
}

/// For natives that list members of their first argument. What a proxy lists is only seen afterwards.
pub(super) fn list(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let counted = members(&call.arg(0), context);
    make_array(counted, context)?;
    charge_members(counted, context)?;
    Host::of(context).produce(counted.saturating_mul(48))?;
    let listed = call.run(context)?;
    let counted = listed.as_object().filter(JsObject::is_array).map_or(0, |_| members(&listed, context));
    Host::of(context).charge(counted, context)?;
    Ok(listed)
}

/// For natives that make a set of their set and another.
pub(super) fn combine(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let counted: u64 = std::iter::once(call.this).chain(call.args).map(|value| members(value, context)).sum();
    Host::of(context).produce(counted.saturating_mul(ENTRY_BYTES))?;
    walk(call, context)
}

/// For natives that put an entry into a collection.
pub(super) fn insert(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.charge(4, context)?;
    host.produce(ENTRY_BYTES)?;
    call.run(context)
}

/// For natives that take an entry out of a collection: those behind it move up.
pub(super) fn remove(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let behind = members(call.this, context);
    Host::of(context).charge(behind / 4, context)?;
    call.run(context)
}

/// `Array`: its arguments become elements, or one of them the length, which takes up nothing.
pub(super) fn array(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    make_array(call.args.len() as u64, context)?;
    call.run(context)
}

/// `Object.setPrototypeOf` and `Reflect.setPrototypeOf`.
pub(super) fn set_prototype(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    charge_chain(&call.arg(1), context)?;
    call.run(context)
}

/// The setter of `__proto__`.
pub(super) fn set_proto(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    charge_chain(&call.arg(0), context)?;
    call.run(context)
}

/// Looking for a cycle walks the chain of prototypes.
fn charge_chain(prototype: &JsValue, context: &mut Context) -> JsResult<()> {
    let mut holder = prototype.as_object();
    while let Some(current) = holder {
        Host::of(context).charge(1, context)?;
        holder = current.prototype();
    }
    Ok(())
}

/// `Function.prototype.apply` and `Reflect.construct`: the list is the second argument.
pub(super) fn apply(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    spread(call, 1, context)
}

/// `Reflect.apply`: the list is the third argument.
pub(super) fn reflect_apply(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    spread(call, 2, context)
}

fn spread(call: &Call, list: usize, context: &mut Context) -> JsResult<JsValue> {
    let list = call.arg(list);
    if list.is_object() {
        let length = bounded_length(&list, ARGUMENTS_MAX, context)?;
        Host::of(context).charge(length * 2, context)?;
    }
    call.run(context)
}

/// `bind`: names grow with each binding, and calls pass through all of them.
pub(super) fn bind(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let mut depth = 0;
    let mut target = call.this.as_object();
    while let Some(current) = target {
        target = current.downcast_ref::<BoundFunction>().map(|bound| bound.target_function().clone());
        depth += 1;
        if depth > BINDINGS_MAX {
            return Err(range_error(format!("a function is bound at most {BINDINGS_MAX} times")));
        }
    }
    Host::of(context).produce(16 * call.args.len() as u64)?;
    // Functions that the engine makes at run time (the resolvers of a promise) are in no table.
    let made = call.this.as_object().filter(|it| it.is::<NativeFunctionObject>() && !it.is_constructor());
    let bound = match made {
        Some(native) => {
            let target = guard(&native, Cost::Constant, context);
            call.run_with(&target.into(), call.args, context)?
        }
        None => call.run(context)?,
    };
    let name = bound.as_object().and_then(|bound| inspect::data_property(&bound, "name"));
    make_text(name.map_or(0, |name| own_length(&name)), context)?;
    Ok(bound)
}

/// For natives that add a reaction to a promise or a job to the queue.
pub(super) fn reaction(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.charge(8, context)?;
    host.one_more_job();
    host.charge(0, context)?;
    call.run(context)
}

/// The runtime walks all timers whenever one is set.
pub(super) fn set_timer(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    let pending = context.downcast_job_executor::<Queue>().map_or(0, |queue| queue.timers_pending());
    host.charge(1 + pending / 8, context)?;
    let max = host.limits.timers;
    match pending < max {
        true => call.run(context),
        false => Err(host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("timers"), max }, context)),
    }
}

/// Fuel for converting between an integer of so many bits and its digits, which takes the square of its length.
fn conversion(bits: u64) -> u64 {
    let words = bits / 64;
    words.saturating_mul(words) / 16
}

/// `BigInt`, `Number` and `String`.
pub(super) fn number(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let value = call.arg(0);
    if let Some(number) = value.as_bigint() {
        Host::of(context).charge(conversion(number.as_inner().bits()), context)?;
        return made(call, context);
    }
    let to_text = call.original.prototype().is_some() && is_named(call, "String");
    let length = if to_text { 0 } else { own_length(&value) };
    let cost = if is_named(call, "BigInt") { conversion(length.saturating_mul(4)) } else { 0 };
    Host::of(context).charge(cost.saturating_add(length), context)?;
    call.run(context)
}

fn is_named(call: &Call, name: &str) -> bool {
    inspect::data_property(call.original, "name").and_then(|it| it.as_string()).is_some_and(|it| it == name)
}

/// `BigInt.prototype.toString`.
pub(super) fn print_bigint(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let number = this_bigint(call.this);
    let bits = number.map_or(0, |number| number.as_inner().bits());
    Host::of(context).charge(conversion(bits), context)?;
    made(call, context)
}

fn this_bigint(value: &JsValue) -> Option<JsBigInt> {
    value.as_bigint().or_else(|| value.as_object()?.downcast_ref::<JsBigInt>().map(|number| number.clone()))
}

/// `BigInt.asIntN` and `BigInt.asUintN`: a negative number has endlessly many leading ones.
pub(super) fn wrap_bigint(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let bits = call.arg(0).to_index(context)?;
    let number = call.arg(1).to_bigint(context)?;
    if bits > WRAPPED_BITS_MAX {
        return Err(range_error(format!("BigInt: at most {WRAPPED_BITS_MAX} bits")));
    }
    let host = Host::of(context);
    host.charge((bits + number.as_inner().bits()) / 256, context)?;
    host.produce(bits / 8)?;
    call.run_with(call.this, &[JsValue::from(bits as f64), number.into()], context)
}
