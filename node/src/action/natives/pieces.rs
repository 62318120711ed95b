//! Texts that are put together from pieces, or taken apart: every piece is counted before it is copied.

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsObject, JsResult, JsString, JsSymbol, JsValue, js_string};

use super::arrays::PER_ELEMENT;
use super::search::Finder;
use super::size::{bounded_length, make_array, make_text};
use super::text::{cut, subject};
use super::{Call, method_of, range_error};
use crate::action::host::Host;
use crate::action::limits::{ARRAY_LENGTH_MAX, STRING_LENGTH_MAX};

/// Collects pieces of a text that stays below the limit.
#[derive(Default)]
pub(super) struct Pieces {
    pieces: Vec<JsString>,
    length: u64,
}

impl Pieces {
    pub(super) fn push(&mut self, piece: JsString, context: &mut Context) -> JsResult<()> {
        self.length += piece.len() as u64;
        if self.length > STRING_LENGTH_MAX {
            return Err(range_error(format!("the text becomes longer than {STRING_LENGTH_MAX} characters")));
        }
        if !piece.is_empty() {
            Host::of(context).produce(8)?;
            self.pieces.push(piece);
        }
        Ok(())
    }

    pub(super) fn text(self, context: &mut Context) -> JsResult<JsValue> {
        make_text(self.length, context)?;
        let pieces: Vec<_> = self.pieces.iter().map(JsString::as_str).collect();
        Ok(JsString::concat_array(&pieces).into())
    }
}

/// `join` of arrays and typed arrays.
pub(super) fn join(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    let object = call.this.to_object(context)?;
    let separator = match call.args.first().filter(|separator| !separator.is_undefined()) {
        Some(separator) => separator.to_string(context)?,
        None => js_string!(","),
    };
    join_with(&object, length, separator, context, |element, context| element.to_string(context))
}

/// `toLocaleString` of arrays and typed arrays.
pub(super) fn join_locale(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let length = bounded_length(call.this, ARRAY_LENGTH_MAX, context)?;
    let object = call.this.to_object(context)?;
    join_with(&object, length, js_string!(", "), context, |element, context| {
        let printer = method_of(element, js_string!("toLocaleString"), context)?;
        match printer {
            Some(printer) => printer.call(element, &[], context)?.to_string(context),
            None => element.to_string(context),
        }
    })
}

fn join_with(
    object: &JsObject,
    length: u64,
    separator: JsString,
    context: &mut Context,
    mut print: impl FnMut(&JsValue, &mut Context) -> JsResult<JsString>,
) -> JsResult<JsValue> {
    let mut pieces = Pieces::default();
    for index in 0..length {
        Host::of(context).charge(PER_ELEMENT, context)?;
        if index > 0 {
            pieces.push(separator.clone(), context)?;
        }
        let element = object.get(index, context)?;
        // An array that holds itself shows nothing in its place.
        let itself = element.as_object().is_some_and(|inner| JsObject::equals(&inner, object));
        if !element.is_null_or_undefined() && !itself {
            let piece = print(&element, context)?;
            pieces.push(piece, context)?;
        }
    }
    pieces.text(context)
}

/// `String.raw`.
pub(super) fn raw(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let cooked = call.arg(0).to_object(context)?;
    let literals = cooked.get(js_string!("raw"), context)?.to_object(context)?;
    let length = literals.get(js_string!("length"), context)?.to_length(context)?;
    let mut pieces = Pieces::default();
    for index in 0..length {
        Host::of(context).charge(PER_ELEMENT, context)?;
        let literal = literals.get(index, context)?.to_string(context)?;
        pieces.push(literal, context)?;
        let substitution = usize::try_from(index + 1).ok().and_then(|index| call.args.get(index));
        if let Some(substitution) = substitution.filter(|_| index + 1 < length) {
            let text = substitution.to_string(context)?;
            pieces.push(text, context)?;
        }
    }
    pieces.text(context)
}

/// `String.prototype.split`.
pub(super) fn split(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let separator = call.arg(0);
    if separator.is_object()
        && !call.this.is_null_or_undefined()
        && let Some(method) = method_of(&separator, JsSymbol::split(), context)?
    {
        return method.call(&separator, &[call.this.clone(), call.arg(1)], context);
    }
    let text = subject("split", call, context)?;
    let limit = match call.args.get(1).filter(|limit| !limit.is_undefined()) {
        Some(limit) => limit.to_u32(context)?,
        None => u32::MAX,
    };
    let separator_text = separator.to_string(context)?;
    let mut parts: Vec<JsValue> = Vec::new();
    if separator.is_undefined() {
        parts.extend((limit > 0).then(|| text.into()));
        return Ok(JsArray::from_iter(parts, context).into());
    }
    let finder = Finder::new(&separator_text, context)?;
    let width = separator_text.len();
    let (mut start, mut from) = (0, usize::from(width == 0));
    // An empty text has one part, or none if the separator is empty too.
    let mut ended = text.is_empty() && width == 0;
    while !ended && (parts.len() as u64) < u64::from(limit) {
        let found = match width {
            0 => Some(from).filter(|&at| at < text.len()),
            _ => finder.find(&text, from, context)?,
        };
        let end = found.unwrap_or(text.len());
        make_array(1, context)?;
        if parts.len() as u64 >= ARRAY_LENGTH_MAX {
            return Err(range_error(format!("split: more than {ARRAY_LENGTH_MAX} parts")));
        }
        Host::of(context).charge(PER_ELEMENT, context)?;
        parts.push(cut(&text, start, end, context)?.into());
        start = end + width;
        from = start + usize::from(width == 0);
        ended = found.is_none();
    }
    Ok(JsArray::from_iter(parts, context).into())
}

/// `%StringIteratorPrototype%.next`: the character is a view of the whole string; see [`super::text::settle`].
pub(super) fn next_character(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let step = call.run(context)?;
    if let Some(object) = step.as_object() {
        let key = js_string!("value");
        if let Some(character) = crate::action::inspect::data_property(&object, "value").and_then(|it| it.as_string()) {
            object.create_data_property_or_throw(key, JsString::from(character.as_str()), context)?;
        }
    }
    Ok(step)
}
