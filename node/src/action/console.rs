//! `console`: every method appends lines to the execution's log.

use boa_engine::object::ObjectInitializer;
use boa_engine::property::Attribute;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, NativeFunction, js_string};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::error::ActionError;
use super::host::Host;
use super::inspect;

/// The methods that print their arguments.
const PRINTING: [&str; 9] = ["debug", "dir", "dirxml", "error", "info", "log", "table", "trace", "warn"];
/// Labels that are counted or timed at once.
const LABELS_MAX: usize = 1_000;
/// How deep groups are shown.
const GROUPS_MAX: u32 = 32;
/// Fuel for a call.
const CALL_FUEL: u64 = 8;

/// What the methods remember.
#[derive(Default)]
struct State {
    counts: RefCell<BTreeMap<String, u64>>,
    /// When each timer was started, nanoseconds.
    timers: RefCell<BTreeMap<String, u64>>,
    groups: Cell<u32>,
}

impl State {
    fn of(context: &Context) -> &Self {
        context.get_data().expect("set when the context was built")
    }
}

type Method = fn(&[JsValue], &mut Context) -> JsResult<()>;

const METHODS: [(&str, Method); 11] = [
    ("assert", assert),
    ("clear", |_, context| {
        State::of(context).groups.set(0);
        Ok(())
    }),
    ("count", |args, context| {
        let label = label(args, context)?;
        let count = change(&label, context, |state| &state.counts, |count| count + 1)?;
        append(&format!("{label}: {count}"), context)
    }),
    ("countReset", |args, context| {
        let label = label(args, context)?;
        State::of(context).counts.borrow_mut().remove(&label);
        Ok(())
    }),
    ("group", group),
    ("groupCollapsed", group),
    ("groupEnd", |_, context| {
        let groups = &State::of(context).groups;
        groups.set(groups.get().saturating_sub(1));
        Ok(())
    }),
    ("time", |args, context| {
        let label = label(args, context)?;
        let now = Host::of(context).time(context);
        change(&label, context, |state| &state.timers, |_| now).map(drop)
    }),
    ("timeEnd", |args, context| {
        let label = show_timer(args, context)?;
        State::of(context).timers.borrow_mut().remove(&label);
        Ok(())
    }),
    ("timeLog", |args, context| show_timer(args, context).map(drop)),
    ("timeStamp", |_, _| Ok(())),
];

/// Defines the global `console`.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    context.insert_data(State::default());
    let mut console = ObjectInitializer::new(context);
    for name in PRINTING {
        let function = NativeFunction::from_fn_ptr(|_, args, context| print(args, context));
        console.function(function, JsString::from(name), 0);
    }
    for (name, method) in METHODS {
        let function = NativeFunction::from_copy_closure(move |_, args, context| {
            Host::enter(CALL_FUEL, context, |context| method(args, context).map(|()| JsValue::undefined()))
        });
        console.function(function, JsString::from(name), 0);
    }
    let console = console.build();
    context.register_global_property(js_string!("console"), console, Attribute::WRITABLE | Attribute::CONFIGURABLE)
}

fn print(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let line = words(args, context)?;
    append(&line, context)?;
    Ok(JsValue::undefined())
}

/// The arguments, as long as the log may become. Texts are measured before they are copied.
fn words(args: &[JsValue], context: &mut Context) -> JsResult<String> {
    let mut line = String::new();
    let (format, mut rest) = match args {
        [first, rest @ ..] if !rest.is_empty() => (first.as_string(), rest),
        _ => (None, args),
    };
    if let Some(format) = format {
        check_room(&line, format.len(), context)?;
        rest = substitute(&format.to_std_string_lossy(), rest, &mut line, context)?;
        if !rest.is_empty() {
            line.push(' ');
        }
    } else {
        rest = args;
    }
    for (index, value) in rest.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        write(value, &mut line, context)?;
    }
    Ok(line)
}

fn check_room(line: &str, more: usize, context: &mut Context) -> JsResult<()> {
    let host = Host::of(context);
    let length = more + line.len() + host.logs.borrow().len();
    if length as u64 >= host.limits.log_bytes {
        return Err(too_long(context));
    }
    Ok(())
}

fn write(value: &JsValue, line: &mut String, context: &mut Context) -> JsResult<()> {
    check_room(line, value.as_string().map_or(0, |text| text.len()), context)?;
    line.push_str(&inspect::print(value, context));
    Ok(())
}

/// Writes a text whose `%s` and the like stand for the next argument; hands back the arguments that are left.
fn substitute<'a>(
    format: &str,
    mut args: &'a [JsValue],
    line: &mut String,
    context: &mut Context,
) -> JsResult<&'a [JsValue]> {
    let mut pieces = format.split('%');
    line.push_str(pieces.next().unwrap_or_default());
    let mut literal = false;
    for piece in pieces {
        let (kind, after) = (piece.chars().next(), piece.get(1..).unwrap_or_default());
        let known = matches!(kind, Some('s' | 'd' | 'i' | 'f' | 'o' | 'O' | 'j' | 'c'));
        match (kind, args) {
            _ if literal => {
                literal = false;
                line.push_str(piece);
            }
            // Two in a row stand for one: the next piece follows it as it is.
            (None, _) => {
                line.push('%');
                literal = true;
            }
            (Some(kind), [value, more @ ..]) if known => {
                args = more;
                match (kind, value.as_number()) {
                    ('c', _) => {}
                    ('i' | 'd', Some(number)) => {
                        write(&JsValue::from(if kind == 'i' { number.trunc() } else { number }), line, context)?;
                    }
                    ('i' | 'd' | 'f', None) if !value.is_bigint() => line.push_str("NaN"),
                    _ => write(value, line, context)?,
                }
                line.push_str(after);
            }
            _ => {
                line.push('%');
                line.push_str(piece);
            }
        }
    }
    Ok(args)
}

fn too_long(context: &mut Context) -> JsError {
    let host = Host::of(context);
    let max = host.limits.log_bytes;
    host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of logs"), max }, context)
}

fn assert(args: &[JsValue], context: &mut Context) -> JsResult<()> {
    if args.first().is_some_and(JsValue::to_boolean) {
        return Ok(());
    }
    let line = words(args.get(1..).unwrap_or_default(), context)?;
    append(format!("Assertion failed: {line}").trim_end_matches(": "), context)
}

fn group(args: &[JsValue], context: &mut Context) -> JsResult<()> {
    if !args.is_empty() {
        print(args, context)?;
    }
    let groups = &State::of(context).groups;
    groups.set((groups.get() + 1).min(GROUPS_MAX));
    Ok(())
}

/// A label, cut where printed values are.
fn label(args: &[JsValue], context: &mut Context) -> JsResult<String> {
    match args.first().filter(|label| !label.is_undefined()) {
        None => Ok("default".to_owned()),
        Some(label) => {
            let label = label.to_string(context)?;
            check_room("", label.len(), context)?;
            Ok(inspect::excerpt(label.to_std_string_lossy()))
        }
    }
}

/// Changes what is remembered for a label; says what it is now.
fn change(
    label: &str,
    context: &mut Context,
    table: fn(&State) -> &RefCell<BTreeMap<String, u64>>,
    with: impl FnOnce(u64) -> u64,
) -> JsResult<u64> {
    Host::of(context).produce(label.len() as u64)?;
    let mut table = table(State::of(context)).borrow_mut();
    let value = with(table.get(label).copied().unwrap_or(0));
    if table.len() < LABELS_MAX || table.contains_key(label) {
        table.insert(label.to_owned(), value);
    }
    Ok(value)
}

/// Prints how long a timer runs, in virtual time, and hands back its label.
fn show_timer(args: &[JsValue], context: &mut Context) -> JsResult<String> {
    let label = label(args, context)?;
    let now = Host::of(context).time(context);
    let started = State::of(context).timers.borrow().get(&label).copied();
    match started {
        None => append(&format!("Timer '{label}' does not exist"), context)?,
        Some(started) => {
            let rest = words(args.get(1..).unwrap_or_default(), context)?;
            let line = format!("{label}: {}ms {rest}", (now.saturating_sub(started)) / 1_000_000);
            append(line.trim_end(), context)?;
        }
    }
    Ok(label)
}

/// Appends a line to the execution's log.
pub(super) fn append(line: &str, context: &mut Context) -> JsResult<()> {
    let host = Host::of(context);
    let max = host.limits.log_bytes;
    host.charge(line.len() as u64 / 16, context)?;
    let indent = "  ".repeat(State::of(context).groups.get() as usize);
    if (host.logs.borrow().len() + indent.len() + line.len() + 1) as u64 > max {
        return Err(too_long(context));
    }
    let mut logs = host.logs.borrow_mut();
    logs.push_str(&indent);
    logs.push_str(line);
    logs.push('\n');
    Ok(())
}
