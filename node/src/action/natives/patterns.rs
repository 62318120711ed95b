//! Regular expressions. The engine's matcher has no limit of its own, so a pattern that backtracks without end is not
//! stopped; what is charged is what a well-behaved pattern does. Replacing and splitting are written here, because the
//! engine believes whatever a script's own `exec` hands back.

use boa_engine::object::builtins::{JsArray, JsRegExp};
use boa_engine::{Context, JsObject, JsResult, JsString, JsSymbol, JsValue, js_string};

use super::pieces::Pieces;
use super::replace::Replacement;
use super::search::is_pattern;
use super::size::{make_array, own_length};
use super::text::{cut, this_text};
use super::{Call, method_of, range_error};
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::inspect;
use crate::action::limits::ARRAY_LENGTH_MAX;

/// The longest pattern that is made while an action runs, UTF-16 units.
const PATTERN_LENGTH_MAX: u64 = 1 << 14;
/// Fuel for compiling a class of characters by a property of theirs (`\p{L}`), which has thousands of members.
const CLASS_FUEL: u64 = 100_000;
/// How deep groups of a pattern may nest; the compiler of patterns recurses.
const GROUP_DEPTH_MAX: usize = 200;
/// What a match takes up: its array, its groups, views of the text.
const MATCH_BYTES: u64 = 256;
/// The most groups that a result of `exec` may claim.
const GROUPS_MAX: u64 = 1 << 14;

/// Checks the text of a pattern before it is compiled.
fn check(pattern: &JsString, context: &mut Context) -> JsResult<()> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for unit in pattern.iter() {
        match u8::try_from(unit) {
            Ok(b'(' | b'[') => depth += 1,
            Ok(b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let length = pattern.len() as u64;
    if length > PATTERN_LENGTH_MAX || deepest > GROUP_DEPTH_MAX {
        return Err(range_error(format!(
            "a pattern has at most {PATTERN_LENGTH_MAX} characters and {GROUP_DEPTH_MAX} groups inside each other"
        )));
    }
    charge_compiling(pattern, context)
}

fn charge_compiling(pattern: &JsString, context: &mut Context) -> JsResult<()> {
    let length = pattern.len() as u64;
    let units: Vec<u16> = pattern.iter().collect();
    let is_class = |pair: &[u16]| pair[0] == u16::from(b'\\') && [b'p', b'P'].map(u16::from).contains(&pair[1]);
    let classes = units.windows(2).filter(|pair| is_class(pair)).count() as u64;
    let host = Host::of(context);
    host.charge(100 + length * 64 + classes * CLASS_FUEL, context)?;
    host.produce(1024 + length * 64)
}

/// A pattern that exists was checked when it was made, or was in the code. It is compiled anew.
fn charge_copy(pattern: &JsObject, context: &mut Context) -> JsResult<()> {
    let source = pattern.get(js_string!("source"), context)?;
    match source.as_string() {
        Some(source) => charge_compiling(&source, context),
        None => Ok(()),
    }
}

/// `RegExp` and `RegExp.prototype.compile`.
pub(super) fn construct(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let pattern = call.arg(0);
    if call.constructor && call.this.is_undefined() && call.arg(1).is_undefined() && is_pattern(&pattern, context)? {
        // Called as a function, it hands back a pattern of its own making.
        let ours = inspect::data_property(call.original, "prototype").and_then(|prototype| prototype.as_object());
        let ours = ours.and_then(|prototype| inspect::data_property(&prototype, "constructor"));
        let theirs = pattern.to_object(context)?.get(js_string!("constructor"), context)?;
        if ours.is_some_and(|ours| JsValue::strict_equals(&ours, &theirs)) {
            return Ok(pattern);
        }
    }
    if let Some(object) = pattern.as_object().filter(|object| JsRegExp::from_object(object.clone()).is_ok()) {
        charge_copy(&object, context)?;
        return call.run(context);
    }
    // What only looks like a pattern is asked for its source once, here.
    let (source, flags) = match pattern.as_object() {
        Some(object) if is_pattern(&pattern, context)? => {
            let flags =
                if call.arg(1).is_undefined() { object.get(js_string!("flags"), context)? } else { call.arg(1) };
            (object.get(js_string!("source"), context)?, flags)
        }
        _ => (pattern, call.arg(1)),
    };
    let text = if source.is_undefined() { js_string!() } else { source.to_string(context)? };
    check(&text, context)?;
    call.run_with(call.this, &[text.into(), flags], context)
}

/// `match`, `matchAll` and `search` of strings make a pattern of an argument that is none.
pub(super) fn by_text(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let pattern = call.arg(0);
    if pattern.is_undefined() || call.this.is_null_or_undefined() {
        return call.run(context);
    }
    if pattern.is_object() {
        let name = inspect::data_property(call.original, "name").and_then(|name| name.as_string()).unwrap_or_default();
        let symbol = match name.to_std_string_lossy().as_str() {
            "match" => JsSymbol::r#match(),
            "matchAll" => JsSymbol::match_all(),
            _ => JsSymbol::search(),
        };
        if method_of(&pattern, symbol, context)?.is_some() {
            return call.run(context);
        }
    }
    let this = this_text(call, context)?;
    let text = pattern.to_string(context)?;
    check(&text, context)?;
    call.run_with(&this, &[text.into()], context)
}

/// `RegExp.prototype.exec`: all matching of the engine goes through it.
pub(super) fn exec(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(object) = call.this.as_object() else { return call.run(context) };
    let Ok(pattern) = JsRegExp::from_object(object.clone()) else { return call.run(context) };
    let text = call.arg(0).to_string(context)?;
    let length = text.len() as u64;
    // The text is copied for the matcher.
    Host::of(context).charge(10 + length / 16, context)?;
    let moving = pattern.global(context)? || pattern.sticky(context)?;
    let last = inspect::data_property(&object, "lastIndex").and_then(|last| last.as_number());
    let from = if moving { last.unwrap_or(0.0) as u64 } else { 0 };
    let found = call.run_with(call.this, &[text.clone().into()], context)?;
    let end = match found.as_object() {
        None => length,
        Some(result) => {
            Host::of(context).produce(MATCH_BYTES)?;
            let start = inspect::data_property(&result, "index").and_then(|index| index.as_number()).unwrap_or(0.0);
            settle_groups(&result, &text, context)?;
            start as u64 + result.get(0, context)?.as_string().map_or(0, |matched| matched.len() as u64)
        }
    };
    Host::of(context).charge(end.saturating_sub(from) / 2, context)?;
    Ok(found)
}

/// The groups that the engine cut out of the text must not nest as views; see [`super::text::settle`].
fn settle_groups(result: &JsObject, text: &JsString, context: &mut Context) -> JsResult<()> {
    let length = result.get(js_string!("length"), context)?.to_length(context)?;
    for index in 0..length {
        if let Some(group) = result.get(index, context)?.as_string() {
            let group = super::text::settle(group, text, context)?;
            result.create_data_property_or_throw(index, group, context)?;
        }
    }
    Ok(())
}

/// RegExpExec (ECMA-262, 22.2.7.1).
fn execute(pattern: &JsObject, text: &JsString, context: &mut Context) -> JsResult<Option<JsObject>> {
    Host::of(context).charge(10, context)?;
    let exec = pattern.get(js_string!("exec"), context)?.as_callable();
    let exec = exec.ok_or_else(|| type_error("RegExp: exec: expected a function".into()))?;
    let result = exec.call(&pattern.clone().into(), &[text.clone().into()], context)?;
    match result.as_object() {
        None if !result.is_null() => Err(type_error("RegExp: exec returned neither an object nor null".into())),
        result => Ok(result),
    }
}

/// What a match hands to a replacer: the match and its groups as strings or `undefined`.
fn groups_of(result: &JsObject, context: &mut Context) -> JsResult<Vec<JsValue>> {
    let length = result.get(js_string!("length"), context)?.to_length(context)?.max(1);
    if length > GROUPS_MAX {
        return Err(range_error(format!("a match has at most {GROUPS_MAX} groups")));
    }
    Host::of(context).charge(length, context)?;
    let mut groups = Vec::new();
    for index in 0..length {
        let group = result.get(index, context)?;
        groups.push(if group.is_undefined() && index > 0 { group } else { group.to_string(context)?.into() });
    }
    Ok(groups)
}

/// Moves `lastIndex` on after an empty match, by a whole character if the pattern is a Unicode one.
fn step_over(pattern: &JsObject, text: &JsString, unicode: bool, context: &mut Context) -> JsResult<()> {
    let last = pattern.get(js_string!("lastIndex"), context)?.to_length(context)?;
    let next = advanced(text, last as usize, unicode);
    pattern.set(js_string!("lastIndex"), JsValue::from(next as f64), true, context).map(drop)
}

/// AdvanceStringIndex (ECMA-262, 22.2.7.3).
fn advanced(text: &JsString, at: usize, unicode: bool) -> usize {
    let wide = unicode && at < text.len() && text.code_point_at(at).code_unit_count() == 2;
    at.saturating_add(if wide { 2 } else { 1 })
}

/// `RegExp.prototype[Symbol.replace]` (ECMA-262, 22.2.6.11).
pub(super) fn replace(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(pattern) = call.this.as_object() else {
        return Err(type_error("RegExp.prototype[Symbol.replace]: called on something that is no object".into()));
    };
    let text = call.arg(0).to_string(context)?;
    let replacement = Replacement::read(&call.arg(1), context)?;
    let flags = pattern.get(js_string!("flags"), context)?.to_string(context)?;
    let (global, unicode) = (flags.contains(b'g'), flags.contains(b'u') || flags.contains(b'v'));
    if global {
        pattern.set(js_string!("lastIndex"), 0, true, context)?;
    }
    let mut results = Vec::new();
    while let Some(result) = execute(&pattern, &text, context)? {
        Host::of(context).produce(8)?;
        results.push(result.clone());
        if !global {
            break;
        }
        if result.get(0, context)?.to_string(context)?.is_empty() {
            step_over(&pattern, &text, unicode, context)?;
        }
    }
    let mut pieces = Pieces::default();
    let mut copied = 0;
    for result in results {
        let mut args = groups_of(&result, context)?;
        let matched = args.first().map_or(0, own_length) as usize;
        let position = result.get(js_string!("index"), context)?.to_integer_or_infinity(context)?;
        let position = position.clamp_finite(0, text.len() as i64) as usize;
        args.extend([JsValue::from(position as f64), text.clone().into()]);
        let named = result.get(js_string!("groups"), context)?;
        if !named.is_undefined() {
            args.push(named);
        }
        let replaced = replacement.make(&args, context)?;
        if position >= copied {
            let before = cut(&text, copied, position, context)?;
            pieces.push(before, context)?;
            pieces.push(replaced, context)?;
            copied = position.saturating_add(matched).min(text.len());
        }
    }
    let rest = cut(&text, copied, text.len(), context)?;
    pieces.push(rest, context)?;
    pieces.text(context)
}

/// `RegExp.prototype[Symbol.split]` (ECMA-262, 22.2.6.14), of which the species is not asked. It looks for the next
/// match instead of trying a sticky one at each character.
pub(super) fn split(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let Some(pattern) = call.this.as_object() else {
        return Err(type_error("RegExp.prototype[Symbol.split]: called on something that is no object".into()));
    };
    let text = call.arg(0).to_string(context)?;
    let limit = match call.args.get(1).filter(|limit| !limit.is_undefined()) {
        Some(limit) => limit.to_u32(context)?,
        None => u32::MAX,
    };
    let flags = pattern.get(js_string!("flags"), context)?.to_string(context)?;
    let unicode = flags.contains(b'u') || flags.contains(b'v');
    let searching: String = flags.to_std_string_lossy().chars().filter(|flag| *flag != 'y' && *flag != 'g').collect();
    if JsRegExp::from_object(pattern.clone()).is_ok() {
        charge_copy(&pattern, context)?;
    }
    let constructor = context.intrinsics().constructors().regexp().constructor();
    let flags = JsString::from(format!("{searching}g").as_str());
    let splitter = constructor.construct(&[pattern.into(), flags.into()], None, context)?;
    let mut parts: Vec<JsValue> = Vec::new();
    let (mut start, mut from) = (0, 0);
    while limit > 0 && from < text.len().max(1) {
        splitter.set(js_string!("lastIndex"), JsValue::from(from as f64), true, context)?;
        let Some(result) = execute(&splitter, &text, context)? else { break };
        let groups = groups_of(&result, context)?;
        if text.is_empty() {
            return Ok(JsArray::from_iter(Vec::new(), context).into());
        }
        let position = result.get(js_string!("index"), context)?.to_integer_or_infinity(context)?;
        let position = position.clamp_finite(from as i64, text.len() as i64) as usize;
        let end = (position + groups.first().map_or(0, own_length) as usize).min(text.len());
        if end == start || position >= text.len() {
            from = advanced(&text, from.max(position), unicode);
            continue;
        }
        let before = cut(&text, start, position, context)?;
        push_part(before.into(), &mut parts, context)?;
        for group in groups.into_iter().skip(1) {
            push_part(group, &mut parts, context)?;
        }
        if parts.len() >= limit as usize {
            parts.truncate(limit as usize);
            return Ok(JsArray::from_iter(parts, context).into());
        }
        start = end;
        from = if end == position { advanced(&text, end, unicode) } else { end };
    }
    if limit > 0 {
        let rest = cut(&text, start, text.len(), context)?;
        push_part(rest.into(), &mut parts, context)?;
    }
    Ok(JsArray::from_iter(parts, context).into())
}

fn push_part(part: JsValue, parts: &mut Vec<JsValue>, context: &mut Context) -> JsResult<()> {
    if parts.len() as u64 >= ARRAY_LENGTH_MAX {
        return Err(range_error(format!("split: more than {ARRAY_LENGTH_MAX} parts")));
    }
    make_array(1, context)?;
    parts.push(part);
    Ok(())
}
