//! Arrays and array-likes: what natives do for each element is charged before they begin.

use boa_engine::object::builtins::JsArray;
use boa_engine::value::IntegerOrInfinity;
use boa_engine::{Context, JsObject, JsResult, JsSymbol, JsValue};

use super::size::{bounded_length, fixed_length, make_array, may_have};
use super::{Call, range_error};
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::limits::ARRAY_LENGTH_MAX;

/// Fuel for reading or writing one element by its key.
pub(super) const PER_ELEMENT: u64 = 4;
/// The deepest `flat`.
const FLAT_DEPTH_MAX: i64 = 64;

/// For natives that look at every element.
pub(super) fn look(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    Host::of(context).charge(length * PER_ELEMENT, context)?;
    call.run(context)
}

/// For natives that make an array as long as theirs, or may fill holes in it.
pub(super) fn copy(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?.saturating_add(call.args.len() as u64);
    Host::of(context).charge(length * PER_ELEMENT, context)?;
    make_array(length, context)?;
    call.run(context)
}

/// A dense array moves as one block of memory.
pub(super) fn shift(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    let object = call.this.as_object();
    let dense = object.is_some_and(|object| {
        object.is_array() && object.borrow().properties().index_property_keys().len() as u64 == length
    });
    Host::of(context).charge(if dense { length / 16 } else { length * PER_ELEMENT }, context)?;
    call.run(context)
}

pub(super) fn push(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.charge(call.args.len() as u64, context)?;
    host.produce(16 * call.args.len() as u64)?;
    call.run(context)
}

pub(super) fn of(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    make_array(call.args.len() as u64, context)?;
    call.run(context)
}

/// Iterables are bounded by the fuel of their iteration, array-likes by their length.
pub(super) fn from(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let items = call.arg(0);
    if let Some(object) = items.as_object() {
        // An iterable may well have no length, or one that is computed.
        let iterable = may_have(&object, &JsSymbol::iterator().into());
        let length = match fixed_length(&items, context) {
            Err(_) if iterable => 0,
            length => length?,
        };
        make_array(length, context)?;
        Host::of(context).charge(length * PER_ELEMENT, context)?;
    } else if items.is_string() {
        make_array(fixed_length(&items, context)?, context)?;
    }
    call.run(context)
}

/// Arguments that are arrays, or say that they want to be spread, are walked as well.
pub(super) fn concat(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let mut length = 0_u64;
    for value in std::iter::once(call.this).chain(call.args) {
        let spread = value
            .as_object()
            .is_some_and(|object| object.is_array() || may_have(&object, &JsSymbol::is_concat_spreadable().into()));
        let more = if spread { bounded_length(value, ARRAY_LENGTH_MAX, context)? } else { 1 };
        length = length.saturating_add(more);
    }
    make_array(length, context)?;
    Host::of(context).charge(length * PER_ELEMENT, context)?;
    call.run(context)
}

/// `flat`: always makes a plain array, of which the species is not asked.
pub(super) fn flat(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    let source = call.this.to_object(context)?;
    let depth = match call.args.first().filter(|depth| !depth.is_undefined()) {
        None => IntegerOrInfinity::Integer(1),
        Some(depth) => depth.to_integer_or_infinity(context)?,
    };
    let depth = match depth {
        IntegerOrInfinity::Integer(depth) if depth <= FLAT_DEPTH_MAX => depth,
        IntegerOrInfinity::NegativeInfinity => 0,
        _ => return Err(range_error(format!("flat: the depth is at most {FLAT_DEPTH_MAX}"))),
    };
    let mut items = Vec::new();
    flatten(&source, length, depth, &mut items, context)?;
    Ok(JsArray::from_iter(items, context).into())
}

/// `flatMap`: always makes a plain array, of which the species is not asked.
pub(super) fn flat_map(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    let source = call.this.to_object(context)?;
    let Some(callback) = call.arg(0).as_callable() else {
        return Err(type_error("flatMap: callback: expected a function".into()));
    };
    let mut items = Vec::new();
    for index in 0..length {
        Host::of(context).charge(PER_ELEMENT, context)?;
        if !source.has_property(index, context)? {
            continue;
        }
        let element = source.get(index, context)?;
        let mapped = callback.call(&call.arg(1), &[element, index.into(), source.clone().into()], context)?;
        match mapped.as_object().filter(JsObject::is_array) {
            Some(inner) => {
                let length = bounded_length(&mapped, ARRAY_LENGTH_MAX, context)?;
                flatten(&inner, length, 0, &mut items, context)?;
            }
            None => keep(mapped, &mut items, context)?,
        }
    }
    Ok(JsArray::from_iter(items, context).into())
}

fn flatten(
    source: &JsObject,
    length: u64,
    depth: i64,
    items: &mut Vec<JsValue>,
    context: &mut Context,
) -> JsResult<()> {
    for index in 0..length {
        Host::of(context).charge(PER_ELEMENT, context)?;
        if !source.has_property(index, context)? {
            continue;
        }
        let element = source.get(index, context)?;
        match element.as_object().filter(|inner| depth > 0 && inner.is_array()) {
            Some(inner) => {
                let length = bounded_length(&element, ARRAY_LENGTH_MAX, context)?;
                flatten(&inner, length, depth - 1, items, context)?;
            }
            None => keep(element, items, context)?,
        }
    }
    Ok(())
}

fn keep(item: JsValue, items: &mut Vec<JsValue>, context: &mut Context) -> JsResult<()> {
    if items.len() as u64 >= ARRAY_LENGTH_MAX {
        return Err(range_error(format!("an array of more than {ARRAY_LENGTH_MAX} elements is too long")));
    }
    Host::of(context).produce(16)?;
    items.push(item);
    Ok(())
}
