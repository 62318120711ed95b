//! Searching in strings in linear time (Knuth, Morris, Pratt 1977); the engine's own takes a product of lengths.

use boa_engine::object::builtins::JsRegExp;
use boa_engine::string::JsStrVariant;
use boa_engine::value::IntegerOrInfinity;
use boa_engine::{Context, JsResult, JsString, JsSymbol, JsValue};

use super::Call;
use super::text::subject;
use crate::action::host::Host;
use crate::action::host::args::type_error;

/// A text that is looked for.
pub(super) struct Finder {
    needle: Vec<u16>,
    /// For each prefix, the length of the longest proper prefix that is also its suffix.
    borders: Vec<u32>,
}

impl Finder {
    pub(super) fn new(needle: &JsString, context: &mut Context) -> JsResult<Self> {
        let host = Host::of(context);
        host.charge(needle.len() as u64 / 2, context)?;
        host.produce(6 * needle.len() as u64)?;
        Ok(Self::of(needle.to_vec()))
    }

    fn of(needle: Vec<u16>) -> Self {
        let mut borders = vec![0_u32; needle.len()];
        let mut length = 0;
        for at in 1..needle.len() {
            while length > 0 && needle[at] != needle[length] {
                length = borders[length - 1] as usize;
            }
            length += usize::from(needle[at] == needle[length]);
            borders[at] = length as u32;
        }
        Self { needle, borders }
    }

    /// Where the needle first occurs at or after `from`.
    pub(super) fn find(&self, text: &JsString, from: usize, context: &mut Context) -> JsResult<Option<usize>> {
        let found = match text.variant() {
            JsStrVariant::Latin1(units) => {
                self.scan(units.get(from..).unwrap_or_default().iter().map(|&unit| unit.into()))
            }
            JsStrVariant::Utf16(units) => self.scan(units.get(from..).unwrap_or_default().iter().copied()),
        };
        let found = found.filter(|_| from <= text.len()).map(|at| from + at);
        let walked = found.map_or(text.len(), |at| at + self.needle.len()).saturating_sub(from);
        Host::of(context).charge(walked as u64 / 8, context)?;
        Ok(found)
    }

    fn scan(&self, units: impl Iterator<Item = u16>) -> Option<usize> {
        if self.needle.is_empty() {
            return Some(0);
        }
        let mut matched = 0;
        for (at, unit) in units.enumerate() {
            while matched > 0 && unit != self.needle[matched] {
                matched = self.borders[matched - 1] as usize;
            }
            matched += usize::from(unit == self.needle[matched]);
            if matched == self.needle.len() {
                return Some(at + 1 - matched);
            }
        }
        None
    }
}

/// `String.prototype.indexOf`.
pub(super) fn index_of(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = subject("indexOf", call, context)?;
    let needle = call.arg(0).to_string(context)?;
    let from = position(&call.arg(1), &text, context)?;
    let found = Finder::new(&needle, context)?.find(&text, from, context)?;
    Ok(found.map_or(JsValue::from(-1), |at| JsValue::from(at as f64)))
}

/// `String.prototype.includes`.
pub(super) fn includes(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = subject("includes", call, context)?;
    if is_pattern(&call.arg(0), context)? {
        return Err(type_error("includes: expected a text, got a regular expression".into()));
    }
    let needle = call.arg(0).to_string(context)?;
    let from = position(&call.arg(1), &text, context)?;
    Ok(Finder::new(&needle, context)?.find(&text, from, context)?.is_some().into())
}

/// `String.prototype.lastIndexOf`: looks for the reversed needle in the reversed text.
pub(super) fn last_index_of(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let text = subject("lastIndexOf", call, context)?;
    let needle = call.arg(0).to_string(context)?;
    let number = call.arg(1).to_number(context)?;
    let latest = if number.is_nan() { f64::INFINITY } else { number.max(0.0) };
    let Some(room) = text.len().checked_sub(needle.len()) else { return Ok(JsValue::from(-1)) };
    let latest = (latest.min(room as f64)) as usize;
    let host = Host::of(context);
    host.charge((text.len() + needle.len()) as u64 / 4, context)?;
    host.produce(6 * needle.len() as u64)?;
    let mut reversed = needle.to_vec();
    reversed.reverse();
    let finder = Finder::of(reversed);
    let end = latest + needle.len();
    let found = match text.variant() {
        JsStrVariant::Latin1(units) => finder.scan(units[..end].iter().rev().map(|&unit| unit.into())),
        JsStrVariant::Utf16(units) => finder.scan(units[..end].iter().rev().copied()),
    };
    Ok(found.map_or(JsValue::from(-1), |back| JsValue::from((end - back - needle.len()) as f64)))
}

/// IsRegExp (ECMA-262, 7.2.8).
pub(super) fn is_pattern(value: &JsValue, context: &mut Context) -> JsResult<bool> {
    let Some(object) = value.as_object() else { return Ok(false) };
    let matcher = object.get(JsSymbol::r#match(), context)?;
    match matcher.is_undefined() {
        true => Ok(JsRegExp::from_object(object).is_ok()),
        false => Ok(matcher.to_boolean()),
    }
}

/// A position argument, clamped to the text.
fn position(value: &JsValue, text: &JsString, context: &mut Context) -> JsResult<usize> {
    Ok(match value.to_integer_or_infinity(context)? {
        IntegerOrInfinity::PositiveInfinity => text.len(),
        IntegerOrInfinity::NegativeInfinity => 0,
        IntegerOrInfinity::Integer(at) => usize::try_from(at).map_or(0, |at| at.min(text.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_finder_agrees_with_a_plain_search(text in "[ab]{0,40}", needle in "[ab]{0,6}") {
            let finder = Finder::of(needle.encode_utf16().collect());
            prop_assert_eq!(finder.scan(text.encode_utf16()), text.find(&needle));
        }
    }
}
