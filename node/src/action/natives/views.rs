//! The bytes behind array buffers and views of them.

use boa_engine::builtins::typed_array::TypedArrayKind;
use boa_engine::object::builtins::{JsArrayBuffer, JsDataView, JsTypedArray};
use boa_engine::{Context, JsObject, JsResult, JsValue};
use std::ops::Range;

use crate::action::host::Host;
use crate::action::host::args::type_error;

/// The buffer of an array buffer or view, and which bytes of it are seen; `None` for anything else.
fn window(value: &JsValue, context: &mut Context) -> JsResult<Option<(JsArrayBuffer, Range<usize>)>> {
    let Some(object) = value.as_object() else { return Ok(None) };
    let (buffer, start, length) = if let Ok(typed) = JsTypedArray::from_object(object.clone()) {
        (typed.buffer(context)?, typed.byte_offset(context)?, typed.byte_length(context)?)
    } else if let Ok(view) = JsDataView::from_object(object.clone()) {
        (view.buffer(context)?, view.byte_offset(context)? as usize, view.byte_length(context)? as usize)
    } else if let Ok(buffer) = JsArrayBuffer::from_object(object) {
        (value.clone(), 0, buffer.byte_length())
    } else {
        return Ok(None);
    };
    let buffer = buffer.as_object().and_then(|buffer| JsArrayBuffer::from_object(buffer).ok());
    Ok(buffer.map(|buffer| (buffer, start..start.saturating_add(length))))
}

fn gone() -> boa_engine::JsError {
    type_error("the buffer is detached or too short".into())
}

/// A copy of the bytes of an array buffer, typed array or `DataView`, counted; `None` for anything else.
///
/// # Errors
/// A `TypeError` if the buffer is detached.
pub(in crate::action) fn view_bytes(value: &JsValue, context: &mut Context) -> JsResult<Option<Vec<u8>>> {
    let Some((buffer, range)) = window(value, context)? else { return Ok(None) };
    let host = Host::of(context);
    host.charge(range.len() as u64 / 16, context)?;
    host.produce(range.len() as u64)?;
    let data = buffer.data().ok_or_else(gone)?;
    Ok(Some(data.get(range).ok_or_else(gone)?.to_vec()))
}

/// How many bytes a view sees; `None` if it is none.
pub(in crate::action) fn view_length(value: &JsValue, context: &mut Context) -> JsResult<Option<usize>> {
    Ok(window(value, context)?.map(|(_, range)| range.len()))
}

/// Overwrites what a view sees with as many bytes.
///
/// # Errors
/// A `TypeError` if it is no view of so many bytes.
pub(in crate::action) fn overwrite(value: &JsValue, bytes: &[u8], context: &mut Context) -> JsResult<()> {
    let (buffer, range) = window(value, context)?.ok_or_else(gone)?;
    let mut data = buffer.data_mut().ok_or_else(gone)?;
    let seen = data.get_mut(range).filter(|seen| seen.len() == bytes.len()).ok_or_else(gone)?;
    seen.copy_from_slice(bytes);
    Ok(())
}

/// The constructor of a typed array's kind.
pub(in crate::action) fn typed_constructor(array: &JsTypedArray, context: &Context) -> Option<JsObject> {
    let constructors = context.intrinsics().constructors();
    let constructor = match array.kind()? {
        TypedArrayKind::Int8 => constructors.typed_int8_array(),
        TypedArrayKind::Uint8 => constructors.typed_uint8_array(),
        TypedArrayKind::Uint8Clamped => constructors.typed_uint8clamped_array(),
        TypedArrayKind::Int16 => constructors.typed_int16_array(),
        TypedArrayKind::Uint16 => constructors.typed_uint16_array(),
        TypedArrayKind::Int32 => constructors.typed_int32_array(),
        TypedArrayKind::Uint32 => constructors.typed_uint32_array(),
        TypedArrayKind::BigInt64 => constructors.typed_bigint64_array(),
        TypedArrayKind::BigUint64 => constructors.typed_biguint64_array(),
        TypedArrayKind::Float16 => constructors.typed_float16_array(),
        TypedArrayKind::Float32 => constructors.typed_float32_array(),
        TypedArrayKind::Float64 => constructors.typed_float64_array(),
    };
    Some(constructor.constructor())
}
