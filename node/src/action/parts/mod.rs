//! The parts of the surface that are written in JavaScript (`action-js/`): each is loaded when a script first touches
//! one of its globals, so a script that does not pays nothing. The engine ties a parsed script to the names and the
//! realm of its context, so a part is parsed once per execution that uses it.
//!
//! What a part does is charged like the script's own instructions. The functions of the host that it is given are not
//! reachable for scripts unless the part hands them on, and charge for themselves.

mod bytes;
mod curve;
mod ethers;
mod hashes;
mod urls;

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, NativeFunction, Script, Source, js_string};
use std::cell::RefCell;
use std::collections::BTreeMap;

use super::host::Host;
use super::host::args::type_error;

/// Fuel for parsing and compiling a byte of a part: what the engine takes for it, in instructions.
const FUEL_PER_BYTE: u64 = 10;
/// What a parsed and compiled byte of a part takes up, bytes.
const BYTES_PER_BYTE: u64 = 32;
/// Fuel for a call of a function of the host.
const CALL_FUEL: u64 = 8;

/// A function of the host for a part: its name and what it does.
type Primitive = (&'static str, fn(&[JsValue], &mut Context) -> JsResult<JsValue>);

/// A part of the surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// `AbortController` and the events that it needs.
    Abort,
    /// `Buffer` of Node.js.
    Buffer,
    /// The library ethers, version 5.
    Ethers,
    /// `URL` and `URLSearchParams`.
    Url,
}

/// What the loaded parts handed back, and what a script put in the place of their globals.
#[derive(Default)]
struct Loaded {
    parts: RefCell<BTreeMap<Part, JsObject>>,
    replaced: RefCell<BTreeMap<&'static str, JsValue>>,
}

impl Part {
    pub(super) const ALL: [Self; 4] = [Self::Abort, Self::Buffer, Self::Ethers, Self::Url];

    /// The globals that load the part.
    pub(super) fn globals(self) -> &'static [&'static str] {
        match self {
            Self::Abort => &["AbortController", "AbortSignal", "DOMException", "Event", "EventTarget"],
            Self::Buffer => &["Buffer"],
            Self::Ethers => &["ethers"],
            Self::Url => &["URL", "URLSearchParams"],
        }
    }

    pub(super) fn is_loaded(self, context: &Context) -> bool {
        loaded(context).parts.borrow().contains_key(&self)
    }

    /// Calls a function that the part keeps for the host.
    pub(super) fn call(self, function: &str, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        let function = self.load(context)?.get(JsString::from(function), context)?.as_callable();
        let function = function.ok_or_else(|| type_error("a part of the surface lacks a function".into()))?;
        function.call(&JsValue::undefined(), args, context)
    }

    /// What the part hands back: `globals` by name, and functions for the host.
    fn load(self, context: &mut Context) -> JsResult<JsObject> {
        let found = loaded(context).parts.borrow().get(&self).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let made = match self {
            Self::Abort => run(include_str!("../../../action-js/web/abort.js"), &[], context)?,
            Self::Buffer => run(include_str!("../../../action-js/web/buffer.js"), &bytes::PRIMITIVES, context)?,
            Self::Ethers => ethers::load(context)?,
            Self::Url => run(include_str!("../../../action-js/web/url.js"), &urls::PRIMITIVES, context)?,
        };
        let made = made.as_object().ok_or_else(|| type_error("a part of the surface is no object".into()))?;
        loaded(context).parts.borrow_mut().insert(self, made.clone());
        Ok(made)
    }

    fn global(self, name: &'static str, context: &mut Context) -> JsResult<JsValue> {
        let replaced = loaded(context).replaced.borrow().get(name).cloned();
        if let Some(replaced) = replaced {
            return Ok(replaced);
        }
        let globals = self.load(context)?.get(js_string!("globals"), context)?;
        let globals = globals.as_object().ok_or_else(|| type_error("a part of the surface has no globals".into()))?;
        globals.get(JsString::from(name), context)
    }
}

fn loaded(context: &Context) -> &Loaded {
    context.get_data().expect("set when the context was built")
}

/// Defines the globals of all parts as accessors that load them. They stay accessors, which hand out what a script
/// assigns: the engine's caches do not notice when a value takes the place of an accessor of the global object.
pub(super) fn define(context: &mut Context) -> JsResult<()> {
    context.insert_data(Loaded::default());
    for part in Part::ALL {
        for &name in part.globals() {
            let get = NativeFunction::from_copy_closure(move |_, _, context| {
                Host::enter(CALL_FUEL, context, |context| part.global(name, context))
            });
            let set = NativeFunction::from_copy_closure(move |_, args, context| {
                Host::enter(CALL_FUEL, context, |context| {
                    let value = args.first().cloned().unwrap_or_default();
                    loaded(context).replaced.borrow_mut().insert(name, value);
                    Ok(JsValue::undefined())
                })
            });
            let get = FunctionObjectBuilder::new(context.realm(), get).name(format!("get {name}").as_str()).build();
            let set =
                FunctionObjectBuilder::new(context.realm(), set).name(format!("set {name}").as_str()).length(1).build();
            let property = PropertyDescriptor::builder().get(get).set(set).enumerable(false).configurable(true);
            context.global_object().define_property_or_throw(JsString::from(name), property, context)?;
        }
    }
    Ok(())
}

/// Parses a file whose value is a function.
fn evaluate(source: &'static str, context: &mut Context) -> JsResult<JsFunction> {
    let host = Host::of(context);
    host.charge(source.len() as u64 * FUEL_PER_BYTE, context)?;
    host.produce(source.len() as u64 * BYTES_PER_BYTE)?;
    let value = Script::parse(Source::from_bytes(source), None, context)?.evaluate(context)?;
    let function = value.as_object().and_then(JsFunction::from_object);
    function.ok_or_else(|| type_error("a part of the surface is no function".into()))
}

/// Runs a file whose value is a function of the host's functions.
fn run(source: &'static str, primitives: &[Primitive], context: &mut Context) -> JsResult<JsValue> {
    let host = host_object(primitives, context)?;
    evaluate(source, context)?.call(&JsValue::undefined(), &[host.into()], context)
}

fn host_object(primitives: &[Primitive], context: &mut Context) -> JsResult<JsObject> {
    let object = JsObject::with_null_proto();
    for &(name, primitive) in primitives {
        let function = NativeFunction::from_copy_closure(move |_, args, context| {
            Host::enter(CALL_FUEL, context, |context| primitive(args, context))
        });
        let function = FunctionObjectBuilder::new(context.realm(), function).name(name).build();
        object.create_data_property_or_throw(JsString::from(name), function, context)?;
    }
    Ok(object)
}

/// An argument that the part makes sure to be a text.
fn text_argument(args: &[JsValue], index: usize, context: &mut Context) -> JsResult<JsString> {
    let text = args.get(index).and_then(JsValue::as_string);
    let text = text.ok_or_else(|| type_error(format!("argument {index}: expected a string")))?;
    Host::of(context).charge(text.len() as u64 / 4, context)?;
    Ok(text)
}

/// An argument that the part makes sure to be bytes.
fn bytes_argument(args: &[JsValue], index: usize, context: &mut Context) -> JsResult<Vec<u8>> {
    let bytes = super::natives::view_bytes(&args.get(index).cloned().unwrap_or_default(), context)?;
    bytes.ok_or_else(|| type_error(format!("argument {index}: expected bytes")))
}

/// A text for the script, counted.
fn new_text(text: &str, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.charge(text.len() as u64 / 16, context)?;
    host.produce(2 * text.len() as u64)?;
    Ok(JsString::from(text).into())
}

/// Bytes as 0x-hex.
fn new_hex(bytes: &[u8], context: &mut Context) -> JsResult<JsValue> {
    new_text(&format!("0x{}", hex::encode(bytes)), context)
}
