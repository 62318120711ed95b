//! `Lit.Actions`: functions that involve other actions or other nodes.

use boa_engine::object::builtins::{JsFunction, JsPromise};
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, js_string};
use std::borrow::Cow;

use super::args::{Args, type_error};
use super::call::{HostCall, HostCallId};
use super::{Host, Quota};
use crate::action::error::ActionError;
use crate::action::{console, inspect, json};

/// What `runOnce` is called if its action does not say, as on the real network.
const ONCE_NAME: &str = "default_bc_id";
/// What `runOnce` answers at all nodes if its function threw, as on the real network.
const ONCE_FAILED: &str = "[ERROR]";

/// Runs another action, with the members of `params` as its globals; answers with its response.
pub(super) fn call(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.call", args)?;
    let ipfs_id = args.name("ipfsId", context)?;
    let params = match args.optional("params", context)? {
        Some(params) if params.is_object() => match json::stringify(&params, context)?.as_string() {
            Some(text) => text.to_std_string_lossy(),
            None => return Err(args.misuse("params", "an object that has a JSON text", "one that has none")),
        },
        Some(other) => return Err(args.misuse("params", "an object", inspect::kind(&other))),
        None => "{}".into(),
    };
    let host = Host::of(context);
    host.take(Quota::Calls, context)?;
    let budget = host.budget(context);
    Ok(host.ask(HostCall::Call { ipfs_id, params, budget }, context))
}

/// Gives this node's value, and answers with those of a threshold of nodes or more, ascending by node.
pub(super) fn broadcast_and_collect(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.broadcastAndCollect", args)?;
    let name = args.name("name", context)?;
    let value = args.text("value", context)?;
    let host = Host::of(context);
    let max = host.limits.response_bytes;
    if value.len() as u64 > max {
        return Err(
            host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of value"), max }, context)
        );
    }
    host.take(Quota::Broadcasts, context)?;
    Ok(host.ask(HostCall::Collect { name, value: value.to_std_string_lossy() }, context))
}

/// What `runOnce` runs where this node leads, and whether its action waits for what comes of it.
pub(in crate::action) struct Once {
    pub(in crate::action) body: JsFunction,
    pub(super) waits: bool,
}

/// Has one node run a function, and answers with what it returned, as text. Other nodes answer with the same, or with
/// nothing, at once, if they do not wait for it.
pub(super) fn run_once(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    const FUNCTION: &str = "Lit.Actions.runOnce";
    let body = args.get(1).and_then(JsValue::as_object).and_then(JsFunction::from_object);
    let args = Args::read(FUNCTION, args)?;
    let Some(body) = body else {
        return Err(type_error(format!("{FUNCTION}: expected a function as the second argument")));
    };
    let name = match args.optional("name", context)?.is_some_and(|name| name.to_boolean()) {
        true => args.name("name", context)?,
        false => ONCE_NAME.to_owned(),
    };
    let waits = args.optional("waitForResponse", context)?.is_some_and(|wait| wait.to_boolean());
    let host = Host::of(context);
    host.take(Quota::Broadcasts, context)?;
    Ok(host.ask_once(name, Once { body, waits }, context))
}

/// Runs the function of `runOnce` at the node that leads, and reports what comes of it.
pub(in crate::action) fn lead(once: HostCallId, body: &JsFunction, context: &mut Context) -> JsResult<()> {
    let returned = match body.call(&JsValue::undefined(), &[], context) {
        Ok(value) => JsPromise::resolve(value, context)?,
        Err(error) if error.as_engine().is_some() => return Err(error),
        Err(error) => JsPromise::reject(error, context)?,
    };
    let fulfilled = NativeFunction::from_copy_closure(move |_, args, context| {
        let value = args.first().cloned().unwrap_or_default();
        let result = text_of(&value, context)?;
        Host::of(context).tell(HostCall::OnceDone { once, result });
        Ok(JsValue::undefined())
    });
    let rejected = NativeFunction::from_copy_closure(move |_, args, context| {
        complain("Error running function:", args.first(), context)?;
        Host::of(context).tell(HostCall::OnceDone { once, result: Ok(ONCE_FAILED.into()) });
        Ok(JsValue::undefined())
    });
    let (fulfilled, rejected) = (fulfilled.to_js_function(context.realm()), rejected.to_js_function(context.realm()));
    returned.then(Some(fulfilled), Some(rejected), context).map(drop)
}

/// What the function returned, as text, if it is not too long; an empty text if it has none.
fn text_of(value: &JsValue, context: &mut Context) -> JsResult<Result<String, String>> {
    let text = match value.is_null_or_undefined() {
        true => Ok(js_string!("")),
        false => value.to_string(context),
    };
    let text = match text {
        Err(error) if error.as_engine().is_some() => return Err(error),
        Err(error) => {
            let reason = error.into_opaque(context)?;
            complain("Error converting response to string:", Some(&reason), context)?;
            js_string!("")
        }
        Ok(text) => text,
    };
    let max = Host::of(context).limits.response_bytes;
    match text.len() as u64 <= max {
        true => Ok(Ok(text.to_std_string_lossy())),
        false => Ok(Err(format!("what runOnce's function returned is too long: at most {max} bytes"))),
    }
}

/// Prints what went wrong at the node that led; the others are not told. A log that is full does not keep it from going on.
fn complain(what: &str, reason: Option<&JsValue>, context: &mut Context) -> JsResult<()> {
    let reason = reason.cloned().unwrap_or_default();
    let line = format!("{what} {}", inspect::thrown(&reason, context));
    match console::append(&line, context) {
        Err(error) if error.as_engine().is_some() => Err(error),
        _ => Ok(()),
    }
}

/// What `runOnce` answers: nothing at once where it waits for nothing and another node leads.
pub(super) fn told(once: HostCallId, told: Result<String, String>, context: &mut Context) -> JsResult<JsValue> {
    let was_run_elsewhere = Host::of(context).take_once(once);
    match told {
        Ok(_) if was_run_elsewhere.is_some_and(|once| !once.waits) => Ok(JsValue::undefined()),
        Ok(text) => Ok(JsString::from(text.as_str()).into()),
        Err(reason) => Err(failed(&reason).into()),
    }
}

/// The rejection of a `runOnce` whose outcome nobody learns.
fn failed(reason: &str) -> JsNativeError {
    JsNativeError::error().with_message(format!("runOnce failed at the node that ran it: {reason}"))
}
