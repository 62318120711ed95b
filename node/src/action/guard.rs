//! Wrappers around the engine's native functions that loop or allocate by a length that a script chooses.
//!
//! Natives spend no fuel, so each wrapper first bounds the lengths, charges fuel for them, counts the bytes that
//! will be produced, and bounds how deep natives call each other. A length is only believed if asking for it twice
//! must give the same answer: accessors and proxies are refused.

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsTypedArray;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};

use super::error::ActionError;
use super::executor::Queue;
use super::host::Host;
use super::host::args::type_error;
use super::inspect;
use super::limits::{ARGUMENTS_MAX, ARRAY_LENGTH_MAX, STRING_LENGTH_MAX};

/// How far up a prototype chain a length is looked for.
const PROTOTYPES_MAX: usize = 64;
/// The deepest `flat`.
const FLAT_DEPTH_MAX: f64 = 64.0;

type Check = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<()>;

/// Methods of `Array.prototype` that walk the whole array.
const ARRAY_WALKS: [&str; 30] = [
    "concat",
    "copyWithin",
    "every",
    "fill",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "forEach",
    "includes",
    "indexOf",
    "lastIndexOf",
    "map",
    "reduce",
    "reduceRight",
    "reverse",
    "shift",
    "slice",
    "some",
    "sort",
    "splice",
    "toLocaleString",
    "toReversed",
    "toSorted",
    "toSpliced",
    "toString",
    "unshift",
    "with",
];

/// Methods of `String.prototype` that walk the whole string.
const STRING_WALKS: [&str; 20] = [
    "at",
    "endsWith",
    "includes",
    "indexOf",
    "lastIndexOf",
    "localeCompare",
    "match",
    "matchAll",
    "normalize",
    "search",
    "startsWith",
    "toLocaleLowerCase",
    "toLocaleUpperCase",
    "toLowerCase",
    "toUpperCase",
    "toWellFormed",
    "trim",
    "trimEnd",
    "trimStart",
    "isWellFormed",
];

/// Wraps the natives of a fresh context.
pub(super) fn install(context: &mut Context) -> JsResult<()> {
    let constructors = context.intrinsics().constructors();
    let (array, string) = (constructors.array(), constructors.string());
    let (array_prototype, array) = (array.prototype(), array.constructor());
    let string_prototype = string.prototype();
    let function_prototype = constructors.function().prototype();
    let array_iterator = context.intrinsics().objects().iterator_prototypes().array();
    for name in ARRAY_WALKS {
        guard(&array_prototype, name, walk_array, context)?;
    }
    for name in STRING_WALKS {
        guard(&string_prototype, name, walk_string, context)?;
    }
    guard(&array_prototype, "join", join, context)?;
    guard(&array_prototype, "flat", flat, context)?;
    guard(&array, "from", array_from, context)?;
    guard(&array_iterator, "next", |_, _, context| Host::of(context).charge(1, context), context)?;
    guard(&string_prototype, "repeat", repeat, context)?;
    guard(&string_prototype, "padStart", pad, context)?;
    guard(&string_prototype, "padEnd", pad, context)?;
    guard(&string_prototype, "concat", concat_strings, context)?;
    guard(&string_prototype, "split", split, context)?;
    guard(&string_prototype, "replace", replace_text, context)?;
    guard(&string_prototype, "replaceAll", replace_text, context)?;
    guard(&function_prototype, "apply", |_, args, context| spread(args.get(1), context), context)?;
    let reflect = context.global_object().get(js_string!("Reflect"), context)?.as_object();
    let reflect = reflect.ok_or_else(|| type_error("Reflect is missing".into()))?;
    guard(&reflect, "apply", |_, args, context| spread(args.get(2), context), context)?;
    guard(&reflect, "construct", |_, args, context| spread(args.get(1), context), context)?;
    let global = context.global_object();
    guard(&global, "setTimeout", set_timer, context)?;
    guard(&global, "setInterval", set_timer, context)
}

/// Replaces a method and hands back the one that was there; name, length and attributes stay.
pub(super) fn replace(
    target: &JsObject,
    name: &str,
    function: NativeFunction,
    context: &mut Context,
) -> JsResult<JsObject> {
    let key = JsString::from(name);
    let original = target.get(key.clone(), context)?.as_callable();
    let original = original.ok_or_else(|| type_error(format!("{name} is missing")))?;
    let length = inspect::data_property(&original, "length").and_then(|length| length.as_number()).unwrap_or(0.0);
    let function =
        FunctionObjectBuilder::new(context.realm(), function).name(key.clone()).length(length as usize).build();
    let property = PropertyDescriptor::builder().value(function).writable(true).enumerable(false).configurable(true);
    target.define_property_or_throw(key, property, context)?;
    Ok(original)
}

/// Puts `check` in front of a method.
fn guard(target: &JsObject, name: &str, check: Check, context: &mut Context) -> JsResult<()> {
    let Some(original) = target.get(JsString::from(name), context)?.as_callable() else {
        return Err(type_error(format!("{name} is missing")));
    };
    let function = NativeFunction::from_copy_closure_with_captures(
        move |this, args, original: &JsObject, context| {
            let host = Host::of(context);
            host.nested(|| {
                check(this, args, context)?;
                original.call(this, args, context)
            })
        },
        original,
    );
    replace(target, name, function, context).map(drop)
}

/// The runtime walks all timers whenever one is set.
fn set_timer(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<()> {
    let host = Host::of(context);
    let pending = context.downcast_job_executor::<Queue>().map_or(0, |queue| queue.timers_pending());
    host.charge(1 + pending / 8, context)?;
    let max = host.limits.timers;
    match pending < max {
        true => Ok(()),
        false => Err(host.known_error(ActionError::LimitExceeded { what: "timers", max }, context)),
    }
}

fn range_error(message: String) -> JsError {
    JsNativeError::range().with_message(message).into()
}

/// The length of an array-like value, if it cannot change between two looks.
fn fixed_length(value: &JsValue, context: &mut Context) -> JsResult<u64> {
    let refuse = || type_error("the length of this object is computed: copy it into an array first".into());
    if let Some(text) = value.as_string() {
        return Ok(text.len() as u64);
    }
    let Some(object) = value.as_object() else { return Ok(0) };
    if let Ok(typed) = JsTypedArray::from_object(object.clone()) {
        return Ok(typed.length(context)? as u64);
    }
    let key = PropertyKey::from(js_string!("length"));
    let mut holder = Some(object);
    for _ in 0..PROTOTYPES_MAX {
        let Some(current) = holder else { return Ok(0) };
        if boa_engine::object::builtins::JsProxy::from_object(current.clone()).is_ok() {
            return Err(refuse());
        }
        if let Some(found) = current.borrow().properties().get(&key) {
            return match found.value() {
                Some(length) if !length.is_object() => length.to_length(context),
                _ => Err(refuse()),
            };
        }
        holder = current.prototype();
    }
    Err(refuse())
}

fn bounded_length(value: &JsValue, max: u64, context: &mut Context) -> JsResult<u64> {
    let length = fixed_length(value, context)?;
    if length > max {
        return Err(range_error(format!("an array of {length} elements is too long: at most {max}")));
    }
    Host::of(context).charge(1 + length / 8, context)?;
    Ok(length)
}

fn walk_array(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let mut length = bounded_length(this, ARRAY_LENGTH_MAX, context)?;
    // Only concat spreads its arguments; for the others an array argument costs a little too much, which is harmless.
    for argument in args.iter().filter(|argument| argument.as_object().is_some_and(|object| object.is_array())) {
        length += bounded_length(argument, ARRAY_LENGTH_MAX, context)?;
    }
    if length > ARRAY_LENGTH_MAX {
        return Err(range_error(format!("an array of {length} elements is too long: at most {ARRAY_LENGTH_MAX}")));
    }
    Host::of(context).produce(length.saturating_mul(16))
}

fn flat(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    walk_array(this, &[], context)?;
    match args.first() {
        Some(depth) if !depth.is_undefined() => match depth.as_number() {
            Some(depth) if depth <= FLAT_DEPTH_MAX => Ok(()),
            _ => Err(range_error(format!("flat: the depth is at most {FLAT_DEPTH_MAX}"))),
        },
        _ => Ok(()),
    }
}

fn array_from(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    // Iterables are bounded by the fuel of their iteration; array-likes by their length.
    match args.first() {
        Some(items) if items.as_object().is_some() => {
            let length = fixed_length(items, context).unwrap_or(0);
            if length > ARRAY_LENGTH_MAX {
                return Err(range_error(format!("Array.from: at most {ARRAY_LENGTH_MAX} elements")));
            }
            Host::of(context).charge(length, context)
        }
        _ => Ok(()),
    }
}

/// The result's length is that of all strings in the array and of the separators.
fn join(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let length = bounded_length(this, ARRAY_LENGTH_MAX, context)?;
    let separator = args.first().and_then(JsValue::as_string).map_or(1, |text| text.len() as u64);
    let mut total = separator.saturating_mul(length);
    if let Some(object) = this.as_object() {
        for index in 0..length {
            let element = object.borrow().properties().get(&PropertyKey::from(index));
            let text = element.and_then(|found| found.value().and_then(JsValue::as_string));
            total = total.saturating_add(text.map_or(0, |text| text.len() as u64));
        }
    }
    text_of(total, context)
}

/// Checks and counts a string of `length` UTF-16 units that is about to be made.
fn text_of(length: u64, context: &mut Context) -> JsResult<()> {
    if length > STRING_LENGTH_MAX {
        return Err(range_error(format!("a string of {length} characters is too long: at most {STRING_LENGTH_MAX}")));
    }
    let host = Host::of(context);
    host.charge(1 + length / 16, context)?;
    host.produce(length.saturating_mul(2))
}

fn own_length(this: &JsValue) -> u64 {
    this.as_string().map_or(0, |text| text.len() as u64)
}

fn walk_string(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let other = args.first().map_or(0, own_length);
    Host::of(context).charge(1 + own_length(this) / 16 + other / 16, context)
}

/// Numeric arguments are only believed when they are numbers: converting an object could answer differently later.
fn plain_number(name: &str, value: Option<&JsValue>, context: &mut Context) -> JsResult<f64> {
    match value {
        None => Ok(0.0),
        Some(value) if value.is_object() => Err(type_error(format!("{name}: expected a number, got an object"))),
        Some(value) => value.to_number(context),
    }
}

fn plain_string<'a>(name: &str, this: &'a JsValue) -> JsResult<&'a JsValue> {
    match this.is_object() {
        true => Err(type_error(format!("{name}: expected a string, got an object"))),
        false => Ok(this),
    }
}

fn repeat(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let count = plain_number("repeat", args.first(), context)?;
    let length = own_length(plain_string("repeat", this)?);
    text_of((count.max(0.0) * length as f64).min(u64::MAX as f64) as u64, context)
}

fn pad(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let target = plain_number("pad", args.first(), context)?;
    let length = own_length(plain_string("pad", this)?);
    text_of((target.max(0.0).min(u64::MAX as f64) as u64).max(length), context)
}

fn concat_strings(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let total = args.iter().map(own_length).fold(own_length(this), u64::saturating_add);
    text_of(total, context)
}

fn split(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<()> {
    let length = own_length(this);
    if length > ARRAY_LENGTH_MAX {
        return Err(range_error(format!("split: a string of at most {ARRAY_LENGTH_MAX} characters")));
    }
    let host = Host::of(context);
    host.charge(1 + length / 4, context)?;
    host.produce(length.saturating_mul(8))
}

/// Every position may match, so text grows at most by (length + 1) times the replacement; `$` patterns that copy
/// parts of the subject are refused when that product could be large.
fn replace_text(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    let length = own_length(this);
    let Some(replacement) = args.get(1).and_then(JsValue::as_string) else {
        return Host::of(context).charge(1 + length / 4, context);
    };
    let once = args.first().is_some_and(|pattern| own_length(pattern) > 0);
    let dollar = replacement.contains(b'$');
    let matches = match args.first().and_then(JsValue::as_string) {
        Some(pattern) if once => length / (pattern.len() as u64) + 1,
        _ => length + 1,
    };
    let copied = if dollar && length > 4096 { length.saturating_mul(replacement.len() as u64) } else { 0 };
    let grown = matches.saturating_mul(replacement.len() as u64);
    let host = Host::of(context);
    host.charge(1 + length / 4, context)?;
    if grown.saturating_add(copied) > STRING_LENGTH_MAX.saturating_mul(8) {
        return Err(range_error("replace: the result could become too long".into()));
    }
    Ok(())
}

fn spread(list: Option<&JsValue>, context: &mut Context) -> JsResult<()> {
    match list {
        Some(list) if list.is_object() => bounded_length(list, ARGUMENTS_MAX, context).map(drop),
        _ => Ok(()),
    }
}
