//! How big values are, looked at without running any JavaScript.

use boa_engine::object::builtins::{JsArrayBuffer, JsMap, JsProxy, JsSet, JsTypedArray};
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, js_string};

use super::range_error;
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::limits::{ARRAY_LENGTH_MAX, STRING_LENGTH_MAX};

/// How far up a prototype chain a length is looked for.
const PROTOTYPES_MAX: usize = 64;

/// The length of a string; 0 for anything else.
pub(super) fn own_length(value: &JsValue) -> u64 {
    value.as_string().map_or(0, |text| text.len() as u64)
}

/// Whether a name is found on the object or its prototypes, or might be: a proxy is in the way.
pub(super) fn may_have(object: &JsObject, key: &PropertyKey) -> bool {
    let mut holder = Some(object.clone());
    for _ in 0..PROTOTYPES_MAX {
        let Some(current) = holder else { return false };
        if is_proxy(&current) || current.borrow().properties().contains_key(key) {
            return true;
        }
        holder = current.prototype();
    }
    true
}

fn is_proxy(object: &JsObject) -> bool {
    JsProxy::from_object(object.clone()).is_ok()
}

/// The length of an array-like value, if it cannot change between two looks.
pub(super) fn fixed_length(value: &JsValue, context: &mut Context) -> JsResult<u64> {
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
        if is_proxy(&current) {
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

/// Like [`fixed_length`]; the length must also be at most `max`.
pub(super) fn bounded_length(value: &JsValue, max: u64, context: &mut Context) -> JsResult<u64> {
    let length = fixed_length(value, context)?;
    match length > max {
        true => Err(range_error(format!("an array of {length} elements is too long: at most {max}"))),
        false => Ok(length),
    }
}

/// How many own properties an object has. A proxy has none of its own.
pub(in crate::action) fn own_properties(object: &JsObject) -> u64 {
    if let Some(text) = object.downcast_ref::<JsString>() {
        return text.len() as u64;
    }
    let object = object.borrow();
    let indices = object.properties().index_property_keys().len();
    (indices + object.shape().keys().len()) as u64
}

/// How many members a native meets that looks at all of a value once.
pub(in crate::action) fn members(value: &JsValue, context: &mut Context) -> u64 {
    let Some(object) = value.as_object() else { return own_length(value) };
    if let Ok(typed) = JsTypedArray::from_object(object.clone()) {
        return typed.length(context).unwrap_or(0) as u64;
    }
    collection_size(&object, context).unwrap_or_else(|| own_properties(&object))
}

/// The size of a `Map` or `Set`.
pub(super) fn collection_size(object: &JsObject, context: &mut Context) -> Option<u64> {
    if let Ok(set) = JsSet::from_object(object.clone()) {
        return Some(set.size() as u64);
    }
    let map = JsMap::from_object(object.clone()).ok()?;
    map.get_size(context).ok()?.as_number().map(|size| size as u64)
}

/// The bytes behind a typed array or array buffer.
pub(super) fn bytes_behind(value: &JsValue, context: &mut Context) -> u64 {
    let Some(object) = value.as_object() else { return 0 };
    if let Ok(typed) = JsTypedArray::from_object(object.clone()) {
        return typed.byte_length(context).unwrap_or(0) as u64;
    }
    JsArrayBuffer::from_object(object).map_or(0, |buffer| buffer.byte_length() as u64)
}

/// Checks and counts a string of `length` UTF-16 units that is about to be made.
pub(super) fn make_text(length: u64, context: &mut Context) -> JsResult<()> {
    if length > STRING_LENGTH_MAX {
        return Err(range_error(format!("a string of {length} characters is too long: at most {STRING_LENGTH_MAX}")));
    }
    let host = Host::of(context);
    host.charge(length / 16, context)?;
    host.produce(length.saturating_mul(2))
}

/// Checks and counts an array of `length` elements that is about to be made.
pub(super) fn make_array(length: u64, context: &mut Context) -> JsResult<()> {
    if length > ARRAY_LENGTH_MAX {
        return Err(range_error(format!("an array of {length} elements is too long: at most {ARRAY_LENGTH_MAX}")));
    }
    let host = Host::of(context);
    host.charge(length, context)?;
    host.produce(length.saturating_mul(16))
}
