//! Replacing in strings: every replacement is counted when it is made.

use boa_engine::{Context, JsObject, JsResult, JsString, JsSymbol, JsValue, js_string};

use super::pieces::Pieces;
use super::search::Finder;
use super::text::{cut, subject};
use super::{Call, method_of};
use crate::action::host::Host;

/// What a match is replaced by.
pub(super) enum Replacement {
    Function(JsObject),
    Template(JsString),
}

impl Replacement {
    pub(super) fn read(value: &JsValue, context: &mut Context) -> JsResult<Self> {
        match value.as_callable() {
            Some(function) => Ok(Self::Function(function)),
            None => value.to_string(context).map(Self::Template),
        }
    }

    /// `args` are those of a replacer function: the match, its groups, its position, the whole text and, if there are
    /// any, the named groups.
    pub(super) fn make(&self, args: &[JsValue], context: &mut Context) -> JsResult<JsString> {
        match self {
            Self::Function(function) => function.call(&JsValue::undefined(), args, context)?.to_string(context),
            Self::Template(template) => substitute(template, args, context),
        }
    }
}

/// `String.prototype.replace`.
pub(super) fn first(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    replace(call, true, context)
}

/// `String.prototype.replaceAll`.
pub(super) fn all(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    replace(call, false, context)
}

fn replace(call: &Call, once: bool, context: &mut Context) -> JsResult<JsValue> {
    let pattern = call.arg(0);
    // Patterns bring their own method, which counts as well.
    if pattern.is_object() && method_of(&pattern, JsSymbol::replace(), context)?.is_some() {
        return call.run(context);
    }
    let text = subject("replace", call, context)?;
    let needle = pattern.to_string(context)?;
    let replacement = Replacement::read(&call.arg(1), context)?;
    let finder = Finder::new(&needle, context)?;
    let mut pieces = Pieces::default();
    let (mut copied, mut from) = (0, 0);
    while let Some(at) = finder.find(&text, from, context)? {
        Host::of(context).charge(8, context)?;
        let args = [needle.clone().into(), JsValue::from(at as f64), text.clone().into()];
        let replaced = replacement.make(&args, context)?;
        let before = cut(&text, copied, at, context)?;
        pieces.push(before, context)?;
        pieces.push(replaced, context)?;
        copied = at + needle.len();
        from = at + needle.len().max(1);
        if once || from > text.len() {
            break;
        }
    }
    let rest = cut(&text, copied, text.len(), context)?;
    pieces.push(rest, context)?;
    pieces.text(context)
}

/// GetSubstitution (ECMA-262, 22.1.3.19.1).
fn substitute(template: &JsString, args: &[JsValue], context: &mut Context) -> JsResult<JsString> {
    if !template.contains(b'$') {
        return Ok(template.clone());
    }
    Host::of(context).charge(template.len() as u64, context)?;
    let named = args.last().and_then(JsValue::as_object);
    let plain = &args[..args.len() - usize::from(named.is_some())];
    let [groups @ .., position, whole] = plain else { return Ok(template.clone()) };
    let whole = whole.to_string(context)?;
    let at = position.to_length(context)? as usize;
    let Some((matched, groups)) = groups.split_first() else { return Ok(template.clone()) };
    let matched = matched.to_string(context)?;
    let end = (at + matched.len()).min(whole.len());
    let mut pieces = Pieces::default();
    let mut next = 0;
    while next < template.len() {
        let unit = |offset: usize| template.code_unit_at(next + offset).and_then(|unit| u8::try_from(unit).ok());
        let digit = |offset: usize| unit(offset).filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
        if unit(0) != Some(b'$') {
            let stop = (next..template.len()).find(|&at| template.code_unit_at(at) == Some(u16::from(b'$')));
            let stop = stop.unwrap_or(template.len());
            let literal = cut(template, next, stop, context)?;
            pieces.push(literal, context)?;
            next = stop;
            continue;
        }
        let (piece, width) = match unit(1) {
            Some(b'$') => (js_string!("$"), 2),
            Some(b'&') => (matched.clone(), 2),
            Some(b'`') => (cut(&whole, 0, at.min(whole.len()), context)?, 2),
            Some(b'\'') => (cut(&whole, end, whole.len(), context)?, 2),
            Some(b'<') if named.is_some() => named_group(template, next, named.as_ref(), context)?,
            Some(b'0'..=b'9') => numbered_group(digit(1), digit(2), groups, context)?,
            _ => (js_string!("$"), 1),
        };
        Host::of(context).charge(4 + piece.len() as u64 / 16, context)?;
        pieces.push(piece, context)?;
        next += width;
    }
    pieces.text(context)?.to_string(context)
}

/// `$1` or `$12`: two digits if there are that many groups. A group that took no part is empty.
fn numbered_group(
    first: Option<usize>,
    second: Option<usize>,
    groups: &[JsValue],
    context: &mut Context,
) -> JsResult<(JsString, usize)> {
    let first = first.unwrap_or(0);
    let two = second.map(|second| (10 * first + second, 3)).filter(|(number, _)| (1..=groups.len()).contains(number));
    let one = Some((first, 2)).filter(|(number, _)| (1..=groups.len()).contains(number));
    match two.or(one) {
        Some((number, width)) => match &groups[number - 1] {
            group if group.is_undefined() => Ok((js_string!(), width)),
            group => Ok((group.to_string(context)?, width)),
        },
        None => Ok((js_string!("$"), 1)),
    }
}

/// `$<name>`.
fn named_group(
    template: &JsString,
    at: usize,
    named: Option<&JsObject>,
    context: &mut Context,
) -> JsResult<(JsString, usize)> {
    let close = (at + 2..template.len()).find(|&at| template.code_unit_at(at) == Some(u16::from(b'>')));
    let (Some(close), Some(named)) = (close, named) else { return Ok((js_string!("$<"), 2)) };
    let name = cut(template, at + 2, close, context)?;
    let group = named.get(name, context)?;
    let text = if group.is_undefined() { js_string!() } else { group.to_string(context)? };
    Ok((text, close + 1 - at))
}
