//! Proxies. The engine follows a trap that is a proxy itself without an instruction, and without end if it is the same
//! one. So it is given traps of ours, which look up those of the script's handler and count as natives.

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace, js_string};
use std::borrow::Cow;

use super::table::Cost;
use super::{Call, PER_CALL, PER_OBJECT, guard, method_of};
use crate::action::error::ActionError;
use crate::action::host::Host;
use crate::action::host::args::type_error;
use crate::action::limits::PROXIES_MAX;

/// The traps: the functions of `Reflect` do what a proxy does that has no such trap.
const TRAPS: [&str; 13] = [
    "apply",
    "construct",
    "defineProperty",
    "deleteProperty",
    "get",
    "getOwnPropertyDescriptor",
    "getPrototypeOf",
    "has",
    "isExtensible",
    "ownKeys",
    "preventExtensions",
    "set",
    "setPrototypeOf",
];

/// Operations that go on to the prototype, which may be a proxy of the same object: without a trap of ours, the engine
/// would go round for ever. The others end at the last target.
const WALKING: [&str; 4] = ["get", "getPrototypeOf", "has", "set"];

/// What the engine takes for the handler of a proxy: the script's, behind [`Traps`].
#[derive(Debug, Trace, Finalize, JsData)]
struct Handler(JsObject);

/// The prototype of all [`Handler`]s; no script ever sees it.
struct Traps(JsObject);

/// Defines the traps, before the functions of `Reflect` are wrapped.
pub(super) fn install(context: &mut Context) -> JsResult<()> {
    let reflect = context.global_object().get(js_string!("Reflect"), context)?;
    let reflect = reflect.as_object().ok_or_else(|| type_error("Reflect is missing".into()))?;
    let traps = JsObject::with_null_proto();
    for name in TRAPS {
        let default = reflect.get(JsString::from(name), context)?.as_callable();
        let default = default.ok_or_else(|| type_error("Reflect lacks a function".into()))?;
        let default: JsValue = match WALKING.contains(&name) {
            true => guard(&default, Cost::Constant, context).into(),
            false => JsValue::undefined(),
        };
        let name = JsString::from(name);
        let getter = NativeFunction::from_copy_closure_with_captures(find_trap, (name.clone(), default));
        let getter = FunctionObjectBuilder::new(context.realm(), getter).build();
        traps.define_property_or_throw(name, PropertyDescriptor::builder().get(getter), context)?;
    }
    context.insert_data(Traps(traps));
    Ok(())
}

/// What the engine gets for a trap: a function that calls the script's with its handler as `this`.
fn find_trap(
    this: &JsValue,
    _: &[JsValue],
    (name, default): &(JsString, JsValue),
    context: &mut Context,
) -> JsResult<JsValue> {
    let handler = this.as_object().and_then(|this| this.downcast_ref::<Handler>().map(|handler| handler.0.clone()));
    let handler = handler.ok_or_else(|| type_error("a trap belongs to a proxy".into()))?;
    let value = JsValue::from(handler.clone());
    Host::enter(PER_CALL, context, |context| match method_of(&value, name.clone(), context)? {
        None => Ok(default.clone()),
        Some(method) => {
            let trap = NativeFunction::from_copy_closure_with_captures(call_trap, (handler, method));
            Ok(FunctionObjectBuilder::new(context.realm(), trap).build().into())
        }
    })
}

fn call_trap(
    _: &JsValue,
    args: &[JsValue],
    (handler, method): &(JsObject, JsObject),
    context: &mut Context,
) -> JsResult<JsValue> {
    Host::enter(PER_CALL + PER_OBJECT, context, |context| method.call(&handler.clone().into(), args, context))
}

/// `Proxy` and `Proxy.revocable`.
pub(super) fn proxy(call: &Call, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    if host.one_more_proxy() > PROXIES_MAX {
        return Err(
            host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("proxies"), max: PROXIES_MAX }, context)
        );
    }
    let Some(handler) = call.arg(1).as_object() else { return call.run(context) };
    let traps = context.get_data::<Traps>().expect("set when the context was built").0.clone();
    let handler = JsObject::from_proto_and_data(traps, Handler(handler));
    call.run_with(call.this, &[call.arg(0), handler.into()], context)
}
