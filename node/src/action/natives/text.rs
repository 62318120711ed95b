//! Strings: what natives do for each character is charged, and texts that would become too long are refused.

use boa_engine::{Context, JsResult, JsString, JsValue, js_string};

use super::size::{make_text, own_length};
use super::{Call, charge_walk, range_error};
use crate::action::host::Host;
use crate::action::host::args::type_error;

/// The engine cuts a part out of a string as a view that keeps the whole, and views of views nest; one string is
/// dropped inside the other, on the native stack. So a view is only kept of a string of at most so many characters
/// (each view is shorter than what it views, which bounds the nesting) and if it is worth the sharing.
const VIEWED_MAX: usize = 1 << 16;
/// Shorter parts are copied.
const VIEW_MIN: usize = 64;
/// How many UTF-16 units a character may become when it is mapped (U+0390 to upper case: 3; NFKD of U+FDFA: 18).
const MAPPED_UNITS_MAX: u64 = 18;

/// `this` as the string that a method of `String.prototype` makes of it; `null` and `undefined` are left to the native
/// to refuse.
pub(super) fn this_text(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    if call.this.is_null_or_undefined() || call.this.is_string() {
        return Ok(call.this.clone());
    }
    Ok(call.this.to_string(context)?.into())
}

/// Like [`this_text`], for functions that are written here.
pub(super) fn subject(name: &str, call: &Call, context: &mut Context) -> JsResult<JsString> {
    if call.this.is_null_or_undefined() {
        return Err(type_error(format!("{name}: called on null or undefined")));
    }
    call.this.to_string(context)
}

/// A part of a string that was cut out by the engine, in a form that does not nest.
pub(super) fn settle(part: JsString, whole: &JsString, context: &mut Context) -> JsResult<JsString> {
    if part.len() == whole.len() {
        return Ok(whole.clone());
    }
    if part.len() > VIEW_MIN && whole.len() <= VIEWED_MAX {
        return Ok(part);
    }
    make_text(part.len() as u64, context)?;
    Ok(JsString::from(part.as_str()))
}

/// The characters from `from` to `to`.
pub(super) fn cut(whole: &JsString, from: usize, to: usize, context: &mut Context) -> JsResult<JsString> {
    settle(whole.get(from..to).unwrap_or_default(), whole, context)
}

/// For natives that read all characters of their string and of their arguments.
pub(super) fn look(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    let compared = own_length(&this).min(call.args.iter().map(own_length).max().unwrap_or(16)).max(1);
    charge_walk(compared, context)?;
    call.run_with(&this, call.args, context)
}

/// For natives that walk a string argument.
pub(super) fn walk(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length: u64 = call.args.iter().map(own_length).sum();
    charge_walk(length, context)?;
    call.run(context)
}

/// For functions that read a number out of a text, perhaps in a base in which digits are multiplied out.
pub(super) fn parse(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length: u64 = call.args.iter().map(own_length).sum();
    Host::of(context).charge(length.saturating_mul(2), context)?;
    call.run(context)
}

/// The longest text that may be a date, UTF-16 units.
const DATE_LENGTH_MAX: usize = 256;

/// What a date is read from: a text that is too long for one is none, and not read.
pub(in crate::action) fn date_text(text: JsString) -> JsString {
    if text.len() > DATE_LENGTH_MAX { js_string!("-") } else { text }
}

/// `Date.parse`.
pub(super) fn parse_date(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = call.arg(0).to_string(context)?;
    call.run_with(call.this, &[date_text(text).into()], context)
}

/// For natives that cut a part out of their string.
pub(super) fn part(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    if call.args.is_empty() {
        // `trim` and its kin read blanks; the others return at once.
        charge_walk(own_length(&this), context)?;
    }
    let part = call.run_with(&this, call.args, context)?;
    match (this.as_string(), part.as_string()) {
        (Some(whole), Some(part)) => Ok(settle(part, &whole, context)?.into()),
        _ => Ok(part),
    }
}

/// For natives that make a new text of about the length of their string.
pub(super) fn mapped(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    charge_mapping(&this, context)?;
    let made = call.run_with(&this, call.args, context)?;
    make_text(own_length(&made), context)?;
    Ok(made)
}

/// Like [`mapped`], of the first argument.
pub(super) fn mapped_argument(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    charge_mapping(&call.arg(0), context)?;
    let made = call.run(context)?;
    make_text(own_length(&made), context)?;
    Ok(made)
}

fn charge_mapping(text: &JsValue, context: &mut Context) -> JsResult<()> {
    let length = own_length(text);
    let grown = length.saturating_mul(2 * MAPPED_UNITS_MAX);
    let host = Host::of(context);
    if grown > host.limits.memory_bytes {
        return Err(range_error(format!("a text of {length} characters is too long to be mapped")));
    }
    host.charge(length.saturating_mul(2), context)
}

/// For natives that make a text whose length is only known afterwards and bounded by what there was before.
pub(super) fn made(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let made = call.run(context)?;
    make_text(own_length(&made), context)?;
    charge_walk(own_length(&made), context)?;
    Ok(made)
}

/// `Function.prototype.toString`: the source is decoded anew each time.
pub(super) fn of_function(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let made = call.run(context)?;
    make_text(own_length(&made), context)?;
    Host::of(context).charge(own_length(&made), context)?;
    Ok(made)
}

/// Numeric arguments are only believed when they are numbers: converting an object could answer differently later.
fn plain_number(name: &str, value: Option<&JsValue>, context: &mut Context) -> JsResult<f64> {
    match value {
        None => Ok(0.0),
        Some(value) if value.is_object() => Err(type_error(format!("{name}: expected a number, got an object"))),
        Some(value) => value.to_number(context),
    }
}

pub(super) fn repeat(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    let count = plain_number("repeat", call.args.first(), context)?;
    make_text((count.max(0.0) * own_length(&this) as f64).min(u64::MAX as f64) as u64, context)?;
    call.run_with(&this, call.args, context)
}

pub(super) fn pad(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    let target = plain_number("pad", call.args.first(), context)?;
    make_text((target.max(0.0).min(u64::MAX as f64) as u64).max(own_length(&this)), context)?;
    call.run_with(&this, call.args, context)
}

/// Arguments become strings first, so that their lengths are known.
fn as_texts(args: &[JsValue], context: &mut Context) -> JsResult<Vec<JsValue>> {
    args.iter().map(|value| Ok(value.to_string(context)?.into())).collect()
}

pub(super) fn concat(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    let args = as_texts(call.args, context)?;
    make_text(args.iter().map(own_length).fold(own_length(&this), u64::saturating_add), context)?;
    call.run_with(&this, &args, context)
}

/// Methods that put their string into HTML tags; quotes in the argument become six characters.
pub(super) fn tagged(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let this = this_text(call, context)?;
    let args = as_texts(call.args, context)?;
    let attribute = args.iter().map(own_length).fold(32, u64::saturating_add).saturating_mul(6);
    make_text(own_length(&this).saturating_add(attribute), context)?;
    charge_walk(attribute, context)?;
    call.run_with(&this, &args, context)
}

/// Functions of the global object that write or read percent signs or base 64.
pub(super) fn codec(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(first) = call.args.first() else { return call.run(context) };
    let text = first.to_string(context)?;
    Host::of(context).charge((text.len() as u64).saturating_mul(2), context)?;
    // Percent signs: three for each byte of UTF-8, or six for a unit.
    let grown: u64 = text.iter().map(|unit| if unit < 0x80 { 3 } else { 9 }).sum();
    let length = text.len() as u64;
    let plain = text.iter().all(|unit| unit < 0x80 && (unit as u8).is_ascii_alphanumeric());
    make_text(if plain { length + length / 2 } else { grown }, context)?;
    call.run_with(call.this, &[text.into()], context)
}
