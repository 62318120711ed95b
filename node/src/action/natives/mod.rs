//! Puts a price on every native function of the engine.
//!
//! Natives spend no fuel of their own, however much they walk or allocate. So each native that a script can reach is
//! named in [`table`] with what it costs, and all but the simplest are wrapped: the wrapper charges for the call, bounds
//! lengths and charges for them, counts the bytes that come to be, and bounds how deep natives call each other: the
//! engine's own bound does not see natives that call natives (getters, bound functions, conversions, traps). A length is only believed if
//! asking for it twice must give the same answer: accessors and proxies are refused.
//!
//! Functions whose costs cannot be told from outside (they call back into the script, or the engine's algorithm is
//! quadratic or panics) are written anew here.

mod arrays;
mod buffers;
mod objects;
mod patterns;
mod pieces;
mod proxies;
mod replace;
mod search;
mod size;
mod sort;
mod symbols;
mod table;
mod text;
mod views;

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsSymbol, JsValue, NativeFunction, js_string,
};

use super::host::Host;
use super::host::args::type_error;
use super::inspect;
pub(super) use buffers::new_bytes;
pub(super) use size::{members, own_properties};
#[cfg(test)]
pub(super) use table::all as census;
use table::{ACCESSORS, ALIASES, CODE_MAKERS, Cost, REMOVED, TABLE};
pub(super) use text::date_text;
pub(super) use views::{overwrite, typed_constructor, view_bytes, view_length};

/// A call of a wrapped native.
struct Call<'a> {
    /// `this`; of a constructor, `new.target`.
    this: &'a JsValue,
    args: &'a [JsValue],
    original: &'a JsObject,
    constructor: bool,
}

impl Call<'_> {
    fn arg(&self, index: usize) -> JsValue {
        self.args.get(index).cloned().unwrap_or_default()
    }

    /// Lets the native do its work.
    fn run(&self, context: &mut Context) -> JsResult<JsValue> {
        self.run_with(self.this, self.args, context)
    }

    /// Like [`Call::run`], with other arguments.
    fn run_with(&self, this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        match this.as_object() {
            Some(target) if self.constructor => Ok(self.original.construct(args, Some(&target), context)?.into()),
            _ => self.original.call(this, args, context),
        }
    }
}

/// Fuel for a call of a native, and for making the object if it is a constructor.
const PER_CALL: u64 = 4;
const PER_OBJECT: u64 = 12;
/// A text of so many characters is converted to a number or a key in no time.
const SHORT: u64 = 64;

/// Wraps the natives of a fresh context.
///
/// # Errors
/// If the engine lacks a function that the table names.
pub(super) fn install(context: &mut Context) -> JsResult<()> {
    for (path, name) in REMOVED {
        holder(path, context)?.delete_property_or_throw(key(name), context)?;
    }
    proxies::install(context)?;
    let (mut constructors, mut missing) = (Vec::new(), Vec::new());
    for (path, cost, names) in TABLE {
        for name in names.split_whitespace().filter(|_| cost.wraps()) {
            if !wrap(&holder(path, context)?, name, *cost, &mut constructors, context)? {
                missing.push(format!("{path}.{name}"));
            }
        }
    }
    for path in CODE_MAKERS {
        if !wrap(&holder(path, context)?, "constructor", Cost::Constant, &mut constructors, context)? {
            missing.push(path.to_owned());
        }
    }
    for (paths, cost, names) in ACCESSORS.iter().filter(|(_, cost, _)| cost.wraps()) {
        for (path, name) in paths.split(' ').flat_map(|path| names.split(',').map(move |name| (path, name))) {
            if !wrap_accessor(&holder(path, context)?, name, *cost, context)? {
                missing.push(format!("{path}.{name}"));
            }
        }
    }
    if !missing.is_empty() {
        return Err(type_error(format!("the engine lacks {}", missing.join(", "))));
    }
    let from = holder("Array", context)?.get(js_string!("from"), context)?.as_object();
    context.insert_data(ArrayFrom(from.ok_or_else(|| type_error("Array.from is missing".into()))?));
    for (to, alias, from, name) in ALIASES {
        let value = holder(from, context)?.get(key(name), context)?;
        let hidden = PropertyDescriptor::builder().value(value).writable(true).enumerable(false).configurable(true);
        holder(to, context)?.define_property_or_throw(key(alias), hidden, context)?;
    }
    Ok(())
}

/// `Array.from` of the engine, behind its guard; kept before any script runs.
struct ArrayFrom(JsObject);

/// An array as it is, and what an iterable yields as an array; `None` for anything else.
pub(super) fn list_of(object: &JsObject, context: &mut Context) -> JsResult<Option<JsObject>> {
    if object.is_array() {
        return Ok(Some(object.clone()));
    }
    let value = JsValue::from(object.clone());
    if method_of(&value, JsSymbol::iterator(), context)?.is_none() {
        return Ok(None);
    }
    let from = context.get_data::<ArrayFrom>().expect("set when the context was built").0.clone();
    Ok(from.call(&JsValue::undefined(), &[value], context)?.as_object())
}

/// The advice for natives that do little.
fn constant(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    Host::of(context).charge(call.args.len() as u64 / 8, context)?;
    call.run(context)
}

/// The object that a path of the table names.
fn holder(path: &str, context: &mut Context) -> JsResult<JsObject> {
    let objects = context.intrinsics().objects();
    let constructors = context.intrinsics().constructors();
    let found = match path {
        "%ArrayIteratorPrototype%" => Some(objects.iterator_prototypes().array()),
        "%AsyncFromSyncIteratorPrototype%" => Some(objects.iterator_prototypes().async_from_sync_iterator()),
        "%AsyncGeneratorPrototype%" => Some(objects.async_generator()),
        "%AsyncFunction.prototype%" => Some(constructors.async_function().prototype()),
        "%AsyncGeneratorFunction.prototype%" => Some(constructors.async_generator_function().prototype()),
        "%GeneratorFunction.prototype%" => Some(constructors.generator_function().prototype()),
        "%AsyncIteratorPrototype%" => Some(objects.iterator_prototypes().async_iterator()),
        "%GeneratorPrototype%" => Some(objects.generator()),
        "%IteratorHelperPrototype%" => Some(objects.iterator_prototypes().iterator_helper()),
        "%MapIteratorPrototype%" => Some(objects.iterator_prototypes().map()),
        "%RegExpStringIteratorPrototype%" => Some(objects.iterator_prototypes().regexp_string()),
        "%SetIteratorPrototype%" => Some(objects.iterator_prototypes().set()),
        "%StringIteratorPrototype%" => Some(objects.iterator_prototypes().string()),
        "%TypedArray%" => Some(constructors.typed_array().constructor()),
        "%TypedArray%.prototype" => Some(constructors.typed_array().prototype()),
        "%WrapForValidIteratorPrototype%" => Some(objects.iterator_prototypes().wrap_for_valid_iterator()),
        _ => None,
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let mut object = context.global_object();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let inner = object.get(JsString::from(name), context)?.as_object();
        object = inner.ok_or_else(|| type_error(format!("{path} is missing")))?;
    }
    Ok(object)
}

/// A property's key as the table writes it.
fn key(name: &str) -> PropertyKey {
    match name {
        "[Symbol.asyncIterator]" => JsSymbol::async_iterator().into(),
        "[Symbol.species]" => JsSymbol::species().into(),
        "[Symbol.toStringTag]" => JsSymbol::to_string_tag().into(),
        "[Symbol.iterator]" => JsSymbol::iterator().into(),
        "[Symbol.toPrimitive]" => JsSymbol::to_primitive().into(),
        "[Symbol.match]" => JsSymbol::r#match().into(),
        "[Symbol.matchAll]" => JsSymbol::match_all().into(),
        "[Symbol.replace]" => JsSymbol::replace().into(),
        "[Symbol.search]" => JsSymbol::search().into(),
        "[Symbol.split]" => JsSymbol::split().into(),
        name => JsString::from(name).into(),
    }
}

/// A function that stands for `original`, with its name and length.
fn guard(original: &JsObject, cost: Cost, context: &mut Context) -> JsFunction {
    let constructor = original.is_constructor();
    let function = NativeFunction::from_copy_closure_with_captures(
        move |this, args, original: &JsObject, context| {
            let call = Call { this, args, original, constructor };
            let simple = |value: &JsValue| !value.is_object() && size::own_length(value) <= SHORT;
            let advice = match cost {
                Cost::Plain if args.iter().all(simple) => return call.run(context),
                Cost::Sized(advice) => advice,
                _ => constant,
            };
            // Any native may convert a text to a number.
            let texts: u64 = args.iter().map(size::own_length).filter(|&length| length > SHORT).sum();
            let fuel = PER_CALL + texts / 4 + if constructor { PER_OBJECT } else { 0 };
            Host::enter(fuel, context, |context| advice(&call, context))
        },
        original.clone(),
    );
    let shown = inspect::data_property(original, "name").and_then(|name| name.as_string()).unwrap_or_default();
    let length = inspect::data_property(original, "length").and_then(|length| length.as_number()).unwrap_or(0.0);
    FunctionObjectBuilder::new(context.realm(), function)
        .name(shown)
        .length(length as usize)
        .constructor(constructor)
        .build()
}

/// Puts a guard in the place of a method or constructor, if it is there; attributes stay.
fn wrap(
    holder: &JsObject,
    name: &str,
    cost: Cost,
    constructors: &mut Vec<(JsObject, JsObject)>,
    context: &mut Context,
) -> JsResult<bool> {
    let property = holder.borrow().properties().get(&key(name));
    let found = property.and_then(|property| Some((property.value()?.as_callable()?, property)));
    let Some((original, property)) = found else { return Ok(false) };
    let function = guard(&original, cost, context);
    if original.is_constructor() {
        take_place(&original, &function, constructors, context)?;
        constructors.push((original, function.clone().into()));
    }
    let replaced = PropertyDescriptor::builder()
        .value(function)
        .maybe_writable(property.writable())
        .maybe_enumerable(property.enumerable())
        .maybe_configurable(property.configurable());
    holder.define_property_or_throw(key(name), replaced, context)
}

/// Like [`wrap`], of an accessor that is written `get name` or `set name`.
fn wrap_accessor(holder: &JsObject, name: &str, cost: Cost, context: &mut Context) -> JsResult<bool> {
    let Some((which, name)) = name.split_once(' ') else { return Ok(false) };
    let Some(property) = holder.borrow().properties().get(&key(name)) else { return Ok(false) };
    let half = if which == "get" { property.get() } else { property.set() };
    let Some(original) = half.and_then(JsValue::as_callable) else { return Ok(false) };
    let function = guard(&original, cost, context);
    let replaced = PropertyDescriptor::builder()
        .maybe_enumerable(property.enumerable())
        .maybe_configurable(property.configurable());
    let replaced = if which == "get" { replaced.get(function) } else { replaced.set(function) };
    holder.define_property_or_throw(key(name), replaced, context)
}

/// Gives a wrapped constructor what the original has: statics, the prototype object, the parent.
pub(super) fn take_place(
    original: &JsObject,
    function: &JsObject,
    wrapped: &[(JsObject, JsObject)],
    context: &mut Context,
) -> JsResult<()> {
    for key in original.own_property_keys(context)? {
        if matches!(&key, PropertyKey::String(name) if ["length", "name"].iter().any(|known| name == *known)) {
            continue;
        }
        let Some(property) = original.borrow().properties().get(&key) else { continue };
        function.define_property_or_throw(key, property, context)?;
    }
    let parent = original.prototype();
    let wrapper = wrapped.iter().find(|(known, _)| parent.as_ref().is_some_and(|it| JsObject::equals(known, it)));
    function.set_prototype(wrapper.map(|(_, wrapper)| wrapper.clone()).or(parent));
    if let Some(prototype) = inspect::data_property(original, "prototype").and_then(|value| value.as_object()) {
        let hidden =
            PropertyDescriptor::builder().value(function.clone()).writable(true).enumerable(false).configurable(true);
        prototype.define_property_or_throw(js_string!("constructor"), hidden, context)?;
    }
    Ok(())
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

/// GetMethod (ECMA-262, 7.3.11).
fn method_of(value: &JsValue, key: impl Into<PropertyKey>, context: &mut Context) -> JsResult<Option<JsObject>> {
    let method = value.to_object(context)?.get(key, context)?;
    match method.as_callable() {
        Some(method) => Ok(Some(method)),
        None if method.is_null_or_undefined() => Ok(None),
        None => Err(type_error(format!("expected a function, got {}", inspect::kind(&method)))),
    }
}

fn range_error(message: String) -> JsError {
    JsNativeError::range().with_message(message).into()
}

/// Charges fuel for reading `units` characters or bytes one after the other.
fn charge_walk(units: u64, context: &mut Context) -> JsResult<()> {
    Host::of(context).charge(units / 4, context)
}
