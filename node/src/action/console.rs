//! `console`: every method appends one line to the execution's log.

use boa_engine::object::ObjectInitializer;
use boa_engine::property::Attribute;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, NativeFunction, js_string};
use std::borrow::Cow;

use super::error::ActionError;
use super::host::Host;
use super::inspect;

/// The methods that print their arguments. None of them reads a clock.
const PRINTING: [&str; 10] =
    ["log", "info", "warn", "error", "debug", "trace", "dir", "table", "group", "groupCollapsed"];

/// Defines the global `console`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    let mut console = ObjectInitializer::new(context);
    for name in PRINTING {
        console.function(NativeFunction::from_fn_ptr(print), JsString::from(name), 0);
    }
    console.function(NativeFunction::from_fn_ptr(assert), js_string!("assert"), 0);
    console.function(NativeFunction::from_fn_ptr(|_, _, _| Ok(JsValue::undefined())), js_string!("groupEnd"), 0);
    let console = console.build();
    context.register_global_property(js_string!("console"), console, Attribute::WRITABLE | Attribute::CONFIGURABLE)
}

fn print(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let line = words(args, context)?;
    append(&line, context)
}

/// The arguments, as long as the log may become. Texts are measured before they are copied.
fn words(args: &[JsValue], context: &mut Context) -> JsResult<String> {
    let host = Host::of(context);
    let mut line = String::new();
    for (index, value) in args.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        let length = value.as_string().map_or(0, |text| text.len()) + line.len() + host.logs.borrow().len();
        if length as u64 >= host.limits.log_bytes {
            return Err(too_long(context));
        }
        line.push_str(&inspect::print(value, context));
    }
    Ok(line)
}

fn too_long(context: &mut Context) -> JsError {
    let host = Host::of(context);
    let max = host.limits.log_bytes;
    host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of logs"), max }, context)
}

fn assert(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if args.first().is_some_and(JsValue::to_boolean) {
        return Ok(JsValue::undefined());
    }
    let line = words(args.get(1..).unwrap_or_default(), context)?;
    append(&format!("Assertion failed: {line}"), context)
}

fn append(line: &str, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    let max = host.limits.log_bytes;
    host.charge(line.len() as u64 / 16, context)?;
    if (host.logs.borrow().len() + line.len() + 1) as u64 > max {
        return Err(too_long(context));
    }
    let mut logs = host.logs.borrow_mut();
    logs.push_str(line);
    logs.push('\n');
    Ok(JsValue::undefined())
}
