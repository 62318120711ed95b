//! Looks at JavaScript values without running any JavaScript: no getters, no proxies, no `toString`.

use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsObject, JsString, JsValue, JsVariant};
use std::fmt::Write as _;

use super::host::Host;
use super::natives::own_properties;

/// How many levels of an object are printed.
const DEPTH_MAX: usize = 4;
/// How many members of an object are printed.
const MEMBERS_MAX: usize = 100;
/// How far up a prototype chain a name is looked for.
const PROTOTYPES_MAX: usize = 16;
/// Where a printed value is cut, bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The value of an own data property.
pub(super) fn data_property(object: &JsObject, name: &str) -> Option<JsValue> {
    let key = PropertyKey::from(JsString::from(name));
    object.borrow().properties().get(&key)?.value().cloned()
}

fn inherited_data_property(object: &JsObject, name: &str) -> Option<JsValue> {
    let mut holder = Some(object.clone());
    for _ in 0..PROTOTYPES_MAX {
        let current = holder?;
        if let Some(value) = data_property(&current, name) {
            return Some(value);
        }
        holder = current.prototype();
    }
    None
}

/// A word for the value's type, for error messages.
pub(super) fn kind(value: &JsValue) -> &'static str {
    match value.as_object() {
        Some(object) if object.is_array() => "an array",
        Some(_) if value.is_callable() => "a function",
        Some(_) => "an object",
        None if value.is_null() => "null",
        None => value.type_of(),
    }
}

/// A thrown value, e.g. `TypeError: x is not a function`.
pub(super) fn thrown(value: &JsValue, context: &mut Context) -> String {
    match value.as_object() {
        Some(object) if object.is::<boa_engine::builtins::error::Error>() => error_text(&object),
        _ => match value.as_string() {
            Some(text) => excerpt(start_of(&text)),
            None => print(value, context),
        },
    }
}

fn error_text(error: &JsObject) -> String {
    let text = |name| inherited_data_property(error, name)?.as_string().map(|text| start_of(&text));
    let name = text("name").unwrap_or_else(|| "Error".into());
    match text("message") {
        Some(message) if !message.is_empty() => excerpt(format!("{name}: {message}")),
        _ => excerpt(name),
    }
}

/// The value as `console.log` prints it: strings bare at the top, objects a few levels deep.
pub(super) fn print(value: &JsValue, context: &mut Context) -> String {
    if let Some(text) = value.as_string() {
        return text.to_std_string_lossy();
    }
    let mut text = String::new();
    write_value(&mut text, value, 0, context);
    excerpt(text)
}

/// As much of a text as is ever shown, and a little more.
fn start_of(text: &JsString) -> String {
    text.get(..text.len().min(TEXT_BYTES_MAX + 1)).unwrap_or_default().to_std_string_lossy()
}

/// Cuts a text where printed values are cut.
pub(super) fn excerpt(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write_value(text: &mut String, value: &JsValue, depth: usize, context: &mut Context) {
    match value.variant() {
        JsVariant::String(string) => {
            let _ = write!(text, "{:?}", excerpt(start_of(&string)));
        }
        JsVariant::BigInt(number) if number.as_inner().bits() <= 4096 => {
            let _ = write!(text, "{}n", number.to_string_radix(10));
        }
        JsVariant::BigInt(_) => text.push_str("[BigInt]"),
        JsVariant::Object(object) => write_object(text, &object, depth, context),
        JsVariant::Symbol(symbol) => {
            let _ =
                write!(text, "Symbol({})", excerpt(symbol.description().map_or_else(String::new, |it| start_of(&it))));
        }
        // Numbers, booleans, null and undefined print without touching the heap.
        _ => {
            let _ = write!(text, "{}", value.display());
        }
    }
}

fn write_object(text: &mut String, object: &JsObject, depth: usize, context: &mut Context) {
    if object.is::<boa_engine::builtins::error::Error>() {
        return text.push_str(&error_text(object));
    }
    if object.is_callable() {
        let name = data_property(object, "name").and_then(|name| name.as_string());
        let _ = write!(text, "[Function: {}]", excerpt(start_of(&name.unwrap_or_default())));
        return;
    }
    let array = object.is_array();
    // Own keys of a proxy would call its traps.
    if !array && !object.is_ordinary() || depth >= DEPTH_MAX || text.len() > TEXT_BYTES_MAX {
        return text.push_str(if array { "[Array]" } else { "[Object]" });
    }
    // Listing the keys of a large object takes its time; without fuel the execution is over anyway.
    if Host::of(context).charge(8 * own_properties(object), context).is_err() {
        return text.push_str("[Object]");
    }
    let keys = object.own_property_keys(context).unwrap_or_default();
    text.push_str(if array { "[ " } else { "{ " });
    let mut shown = 0;
    for key in keys {
        let descriptor = object.borrow().properties().get(&key);
        let Some(descriptor) = descriptor.filter(|found| found.enumerable() == Some(true)) else { continue };
        if shown == MEMBERS_MAX {
            text.push_str(", …");
            break;
        }
        if shown > 0 {
            text.push_str(", ");
        }
        shown += 1;
        match &key {
            PropertyKey::Index(_) if array => {}
            PropertyKey::String(name) => {
                let _ = write!(text, "{}: ", excerpt(start_of(name)));
            }
            PropertyKey::Symbol(symbol) => {
                let name = symbol.description().map_or_else(String::new, |it| start_of(&it));
                let _ = write!(text, "Symbol({}): ", excerpt(name));
            }
            PropertyKey::Index(index) => {
                let _ = write!(text, "{}: ", index.get());
            }
        }
        match descriptor.value() {
            Some(value) => write_value(text, value, depth + 1, context),
            None => text.push_str("[Getter]"),
        }
    }
    text.push_str(match (shown, array) {
        (0, true) => "]",
        (0, false) => "}",
        (_, true) => " ]",
        (_, false) => " }",
    });
}
