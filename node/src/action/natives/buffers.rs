//! Array buffers, typed arrays and the coding of texts into bytes. Buffers are counted when they are made.

use boa_engine::object::builtins::{JsArrayBuffer, JsDataView, JsTypedArray, JsUint8Array};
use boa_engine::{Context, JsError, JsObject, JsResult, JsValue, js_string};

use super::Call;
use super::arrays;
use super::size::{bytes_behind, make_text, members};
use crate::action::host::Host;
use crate::action::inspect;
use crate::action::limits::BUFFER_BYTES_MAX;

/// Fuel for reading or writing one element.
const PER_ELEMENT: u64 = 2;

/// Counts a buffer that is about to be made. The engine itself refuses longer ones than the limit.
fn make_buffer(bytes: u64, context: &mut Context) -> JsResult<()> {
    if bytes > BUFFER_BYTES_MAX {
        return Ok(());
    }
    let host = Host::of(context);
    host.charge(bytes / 64, context)?;
    host.produce(bytes.saturating_add(128))
}

/// Runs a native that makes a buffer. That a buffer which was counted finds no room says something about the machine
/// and about what else runs there, so no script may catch it: it ends the execution like any lack of memory.
fn run_making(call: &Call, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let made = call.run_with(call.this, args, context);
    let no_room = |error: &JsError| {
        let native = error.as_native().filter(|native| native.is_range());
        native.is_some_and(|native| native.message().contains("while allocating data block"))
    };
    made.map_err(|error| if no_room(&error) { Host::of(context).no_room() } else { error })
}

/// A new `Uint8Array`.
pub(in crate::action) fn new_bytes(bytes: Vec<u8>, context: &mut Context) -> JsResult<JsUint8Array> {
    Host::of(context).charge(bytes.len() as u64 / 8, context)?;
    make_buffer(bytes.len() as u64, context)?;
    JsUint8Array::from_iter(bytes, context)
}

/// `ArrayBuffer`. A resizable one takes up its longest length from the start.
pub(super) fn buffer(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    if call.this.is_undefined() {
        return call.run(context);
    }
    let length = call.arg(0).to_index(context)?;
    let mut args = vec![JsValue::from(length as f64)];
    let mut bytes = length;
    if let Some(options) = call.arg(1).as_object() {
        let longest = options.get(js_string!("maxByteLength"), context)?;
        if !longest.is_undefined() {
            let longest = longest.to_index(context)?;
            bytes = bytes.max(longest);
            let options = JsObject::with_object_proto(context.intrinsics());
            options.create_data_property_or_throw(js_string!("maxByteLength"), longest as f64, context)?;
            args.push(options.into());
        }
    }
    make_buffer(bytes, context)?;
    run_making(call, &args, context)
}

/// The constructors of typed arrays.
pub(super) fn typed(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    if call.this.is_undefined() {
        return call.run(context);
    }
    let width = inspect::data_property(call.original, "BYTES_PER_ELEMENT").and_then(|width| width.as_number());
    let width = width.unwrap_or(8.0) as u64;
    let source = call.arg(0);
    let Some(object) = source.as_object() else {
        let length = source.to_index(context)?;
        make_buffer(length.saturating_mul(width), context)?;
        return run_making(call, &[JsValue::from(length as f64)], context);
    };
    if JsArrayBuffer::from_object(object.clone()).is_ok() {
        return call.run(context);
    }
    let length = members(&source, context);
    Host::of(context).charge(length * PER_ELEMENT, context)?;
    make_buffer(length.saturating_mul(width), context)?;
    let made = match JsTypedArray::from_object(object) {
        Ok(_) => run_making(call, call.args, context)?,
        Err(_) => arrays::from(call, context)?,
    };
    // An iterable may have given more than it has members.
    let more = bytes_behind(&made, context).saturating_sub(length.saturating_mul(width));
    make_buffer(more, context)?;
    Ok(made)
}

fn charge_elements(value: &JsValue, context: &mut Context) -> JsResult<()> {
    let length = members(value, context);
    Host::of(context).charge(length * PER_ELEMENT, context)
}

/// Counts a copy of a typed array that is about to be made.
pub(super) fn charge_copy(value: &JsValue, context: &mut Context) -> JsResult<()> {
    charge_elements(value, context)?;
    make_buffer(bytes_behind(value, context), context)
}

/// For methods that look at every element, or write it.
pub(super) fn look(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    charge_elements(call.this, context)?;
    call.run(context)
}

/// For methods that make an array as long as theirs.
pub(super) fn copy(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    charge_copy(call.this, context)?;
    call.run(context)
}

/// `%TypedArray%.prototype.set`.
pub(super) fn set(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let source = call.arg(0);
    // What is longer than the array is refused by the native, but its length must not be computed.
    super::size::fixed_length(&source, context)?;
    charge_elements(&source, context)?;
    charge_elements(call.this, context)?;
    call.run(context)
}

/// `ArrayBuffer.prototype.slice` and `resize`.
pub(super) fn copy_buffer(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    make_buffer(bytes_behind(call.this, context), context)?;
    call.run(context)
}

/// `TextEncoder.prototype.encode`.
pub(super) fn encode(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = match call.args.first().filter(|text| !text.is_undefined()) {
        Some(text) => text.to_string(context)?,
        None => js_string!(),
    };
    Host::of(context).charge(text.len() as u64 / 4, context)?;
    let most = 3 * text.len() as u64;
    if most > BUFFER_BYTES_MAX {
        let bytes: u64 = text.code_points().map(|point| utf8_width(point.as_u32())).sum();
        if bytes > BUFFER_BYTES_MAX {
            return Err(super::range_error(format!("a text of {bytes} bytes is too long: at most {BUFFER_BYTES_MAX}")));
        }
    }
    Ok(new_bytes(text.to_std_string_lossy().into_bytes(), context)?.into())
}

fn utf8_width(point: u32) -> u64 {
    match point {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        _ => 4,
    }
}

/// `TextDecoder.prototype.decode`.
pub(super) fn decode(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let bytes = call.arg(0);
    let view = bytes.as_object().and_then(|object| JsDataView::from_object(object).ok());
    let length = match view {
        Some(view) => view.byte_length(context)?,
        None => bytes_behind(&bytes, context),
    };
    Host::of(context).charge(length / 2, context)?;
    make_text(length, context)?;
    call.run(context)
}
