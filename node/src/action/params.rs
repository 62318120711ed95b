//! Makes the members of `jsParams` globals before the script runs.

use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsError, JsObject, JsResult, JsString};

use super::error::{ActionError, BadParams};
use super::host::lit;
use super::limits::JSON_DEPTH_MAX;
use super::{inspect, json, nesting};
use crate::bugs::{self, Bug};

/// Defines the globals.
///
/// # Errors
/// [`BadParams`] if the text is no JSON object or a member's name is taken; an engine error if fuel runs out.
pub(super) fn define(params: &str, context: &mut Context) -> Result<(), ActionError> {
    if params.trim().is_empty() {
        return Ok(());
    }
    if nesting::json_depth(params.encode_utf16()) > JSON_DEPTH_MAX {
        return Err(BadParams::TooDeep { max: JSON_DEPTH_MAX }.into());
    }
    let parsed = json::parse(&JsString::from(params), context).map_err(|error| not_json(error, context))?;
    match parsed.as_object() {
        Some(members) if members.is_ordinary() => assign(&members, context),
        _ => Err(BadParams::NotAnObject.into()),
    }
}

fn not_json(error: JsError, context: &mut Context) -> ActionError {
    match error.into_opaque(context) {
        Ok(value) => BadParams::NotJson(inspect::thrown(&value, context)).into(),
        Err(_) => ActionError::OutOfFuel,
    }
}

/// Names that exist already are refused: a client must not be able to replace what the action's author relies on.
fn assign(members: &JsObject, context: &mut Context) -> Result<(), ActionError> {
    let engine = |error: JsError| ActionError::Engine(error.to_string());
    let global = context.global_object();
    for key in members.own_property_keys(context).map_err(engine)? {
        let name = match &key {
            PropertyKey::String(name) => name.to_std_string_lossy(),
            PropertyKey::Index(index) => index.get().to_string(),
            PropertyKey::Symbol(_) => continue,
        };
        let reserved = name == "__proto__" || lit::GLOBALS.contains(&name.as_str());
        let kept = !bugs::planted(Bug::ParamsOverwrite);
        if kept && (reserved || global.has_property(key.clone(), context).map_err(engine)?) {
            return Err(BadParams::Reserved(inspect::excerpt(name)).into());
        }
        copy(members, &global, key, context).map_err(engine)?;
    }
    Ok(())
}

fn copy(from: &JsObject, to: &JsObject, key: PropertyKey, context: &mut Context) -> JsResult<()> {
    let value = from.get(key.clone(), context)?;
    to.create_data_property_or_throw(key, value, context).map(drop)
}
