//! `console`: every method appends one line to the execution's log.

use boa_engine::object::ObjectInitializer;
use boa_engine::property::Attribute;
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction, js_string};

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
    let words: Vec<String> = args.iter().map(|value| inspect::print(value, context)).collect();
    append(&words.join(" "), context)
}

fn assert(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if args.first().is_some_and(JsValue::to_boolean) {
        return Ok(JsValue::undefined());
    }
    let words: Vec<String> = args.iter().skip(1).map(|value| inspect::print(value, context)).collect();
    append(&format!("Assertion failed: {}", words.join(" ")), context)
}

fn append(line: &str, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    let max = host.limits.log_bytes;
    host.charge(line.len() as u64 / 16, context)?;
    if (host.logs.borrow().len() + line.len() + 1) as u64 > max {
        return Err(host.known_error(ActionError::LimitExceeded { what: "bytes of logs", max }, context));
    }
    let mut logs = host.logs.borrow_mut();
    logs.push_str(line);
    logs.push('\n');
    Ok(JsValue::undefined())
}
