//! Sorting by merging, with any comparator: one that contradicts itself gives some order, as ECMA-262 allows
//! (SortIndexedProperties), where the engine's sort would panic.

use boa_engine::object::builtins::{JsArray, JsTypedArray};
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue};
use std::cmp::Ordering;

use super::arrays::PER_ELEMENT;
use super::size::{bounded_length, make_array};
use super::{Call, buffers};
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::limits::ARRAY_LENGTH_MAX;

/// `Array.prototype.sort`.
pub(super) fn sort(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let comparator = comparator(call)?;
    let object = call.this.to_object(context)?;
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    make_array(length, context)?;
    let mut items = Vec::new();
    for index in 0..length {
        Host::of(context).charge(2 * PER_ELEMENT, context)?;
        if object.has_property(index, context)? {
            items.push(object.get(index, context)?);
        }
    }
    let sorted = sorted(items, comparator.as_ref(), context)?;
    let count = sorted.len() as u64;
    for (index, item) in sorted.into_iter().enumerate() {
        object.set(index, item, true, context)?;
    }
    for hole in count..length {
        if object.has_property(hole, context)? {
            object.delete_property_or_throw(hole, context)?;
        }
    }
    Ok(object.into())
}

/// `Array.prototype.toSorted`.
pub(super) fn to_sorted(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let comparator = comparator(call)?;
    let object = call.this.to_object(context)?;
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    make_array(length, context)?;
    let items = elements(&object, length, context)?;
    let sorted = sorted(items, comparator.as_ref(), context)?;
    Ok(JsArray::from_iter(sorted, context).into())
}

/// `%TypedArray%.prototype.sort`: without a comparator the engine's own order of numbers is total.
pub(super) fn sort_typed(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(comparator) = comparator(call)? else { return sort_numbers(call, context) };
    let Some(object) = call.this.as_object() else { return call.run(context) };
    sort_in_place(&object, &comparator, context)?;
    Ok(object.into())
}

/// `%TypedArray%.prototype.toSorted`.
pub(super) fn to_sorted_typed(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(comparator) = comparator(call)? else {
        buffers::charge_copy(call.this, context)?;
        return sort_numbers(call, context);
    };
    // Without arguments the engine's own makes the copy, of the same kind and in some order.
    let before = call.this.as_object().ok_or_else(|| type_error("toSorted: expected a typed array".into()))?;
    let length = JsTypedArray::from_object(before.clone())?.length(context)? as u64;
    buffers::charge_copy(call.this, context)?;
    let copy = call.run_with(call.this, &[], context)?;
    let Some(object) = copy.as_object() else { return Ok(copy) };
    for (index, item) in elements(&before, length, context)?.into_iter().enumerate() {
        object.set(index, item, false, context)?;
    }
    sort_in_place(&object, &comparator, context)?;
    Ok(object.into())
}

fn sort_numbers(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let typed = call.this.as_object().and_then(|object| JsTypedArray::from_object(object).ok());
    let length = typed.map_or(Ok(0), |typed| typed.length(context))? as u64;
    let rounds = 1 + u64::from(length.max(1).ilog2());
    Host::of(context).charge(length * rounds, context)?;
    call.run(context)
}

fn sort_in_place(object: &JsObject, comparator: &JsObject, context: &mut Context) -> JsResult<()> {
    let length = JsTypedArray::from_object(object.clone())?.length(context)? as u64;
    let items = elements(object, length, context)?;
    for (index, item) in sorted(items, Some(comparator), context)?.into_iter().enumerate() {
        // The comparator may have shrunk the buffer; what is out of bounds is dropped.
        object.set(index, item, false, context)?;
    }
    Ok(())
}

fn comparator(call: &Call) -> JsResult<Option<JsObject>> {
    match call.args.first() {
        None => Ok(None),
        Some(value) if value.is_undefined() => Ok(None),
        Some(value) => match value.as_callable() {
            Some(function) => Ok(Some(function)),
            None => Err(type_error("sort: comparator: expected a function or undefined".into())),
        },
    }
}

fn elements(object: &JsObject, length: u64, context: &mut Context) -> JsResult<Vec<JsValue>> {
    let mut items = Vec::new();
    for index in 0..length {
        Host::of(context).charge(2 * PER_ELEMENT, context)?;
        items.push(object.get(index, context)?);
    }
    Ok(items)
}

/// Sorts; `undefined` comes last. Without a comparator the order is that of the strings (UTF-16 units).
fn sorted(items: Vec<JsValue>, comparator: Option<&JsObject>, context: &mut Context) -> JsResult<Vec<JsValue>> {
    let (mut items, missing): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| !item.is_undefined());
    match comparator {
        Some(comparator) => {
            items = merge_sort(items, context, |left, right, context| {
                let order = comparator.call(&JsValue::undefined(), &[left.clone(), right.clone()], context)?;
                let order = order.to_number(context)?;
                Ok(if order > 0.0 { Ordering::Greater } else { Ordering::Less })
            })?;
        }
        None if items.len() > 1 => {
            let mut keyed: Vec<(JsString, JsValue)> = Vec::with_capacity(items.len());
            for item in items {
                keyed.push((item.to_string(context)?, item));
            }
            let keyed = merge_sort(keyed, context, |(left, _), (right, _), context| {
                Host::of(context).charge(left.len().min(right.len()) as u64 / 16, context)?;
                Ok(left.cmp(right))
            })?;
            items = keyed.into_iter().map(|(_, item)| item).collect();
        }
        None => {}
    }
    items.extend(missing);
    Ok(items)
}

/// Merges runs of 1, 2, 4, … items from the bottom up; equal items stay in order.
fn merge_sort<T: Clone>(
    mut items: Vec<T>,
    context: &mut Context,
    mut compare: impl FnMut(&T, &T, &mut Context) -> JsResult<Ordering>,
) -> JsResult<Vec<T>> {
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
                Host::of(context).charge(2, context)?;
                if compare(first, second, context)? == Ordering::Greater {
                    merged.push(second.clone());
                    right = right_rest;
                } else {
                    merged.push(first.clone());
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        items = merged;
        width *= 2;
    }
    Ok(items)
}
