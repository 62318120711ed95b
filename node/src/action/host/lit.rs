//! The globals `Lit.Actions` (= `LitActions`) and `Lit.Auth` (= `LitAuth`).
//!
//! The functions look at nothing that a script can change: they hold no reference to globals or prototypes and make
//! their promises, arrays and errors from the engine's intrinsics.

use boa_engine::object::builtins::JsArray;
use boa_engine::object::{FunctionObjectBuilder, IntegrityLevel};
use boa_engine::property::{Attribute, PropertyDescriptor};
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};
use sha3::{Digest as _, Keccak256};
use std::borrow::Cow;

use super::args::Args;
use super::{Host, chain, network, promised, secrets, signing, strings};
use crate::action::error::ActionError;
use crate::action::{AuthContext, AuthMethodContext};
use crate::bugs::{self, Bug};

/// The globals that this module defines; no parameter may replace them.
pub(in crate::action) const GLOBALS: [&str; 4] = ["Lit", "LitActions", "LitAuth", "ethers"];

/// Functions of any generation of the real network's API that this network does not offer.
const NOT_SUPPORTED: [&str; 11] = [
    "Decrypt",
    "Encrypt",
    "claimKey",
    "getActionPublicKey",
    "getLitActionPrivateKey",
    "getLitActionPublicKey",
    "getLitActionWalletAddress",
    "getPrivateKey",
    "signAsAction",
    "signEip191AndCombine",
    "verifyActionSignature",
];

/// Fuel for a call.
const CALL_FUEL: u64 = 16;

type Function = fn(&[JsValue], &mut Context) -> JsResult<JsValue>;

/// Functions that answer with a promise, and are rejected where they are misused.
const PROMISED: [(&str, Function); 23] = [
    ("aesDecrypt", secrets::aes_decrypt),
    ("broadcastAndCollect", network::broadcast_and_collect),
    ("call", network::call),
    ("callContract", chain::call_contract),
    ("checkConditions", secrets::check_conditions),
    ("decryptAndCombine", secrets::decrypt_and_combine),
    ("decryptToSingleNode", secrets::decrypt_to_single_node),
    ("encrypt", secrets::encrypt),
    ("ethPersonalSignMessageEcdsa", signing::personal),
    ("getLatestNonce", chain::latest_nonce),
    ("getPermittedActions", chain::permitted_actions),
    ("getPermittedAddresses", chain::permitted_addresses),
    ("getPermittedAuthMethodScopes", chain::permitted_scopes),
    ("getPermittedAuthMethods", chain::permitted_methods),
    ("getRpcUrl", chain::rpc_url),
    ("isPermittedAction", chain::is_permitted_action),
    ("isPermittedAddress", chain::is_permitted_address),
    ("isPermittedAuthMethod", chain::is_permitted_method),
    ("runOnce", network::run_once),
    ("sign", signing::sign),
    ("signAndCombine", signing::sign_and_combine),
    ("signAndCombineEcdsa", signing::ecdsa_and_combine),
    ("signEcdsa", signing::ecdsa),
];

/// Functions that answer at once.
const IMMEDIATE: [(&str, Function); 4] = [
    ("pubkeyToTokenId", pubkey_to_token_id),
    ("setResponse", set_response),
    ("uint8arrayFromString", strings::from_string),
    ("uint8arrayToString", strings::to_string),
];

/// Defines the globals.
pub(in crate::action) fn define(auth: &AuthContext, context: &mut Context) -> JsResult<()> {
    let actions = JsObject::with_object_proto(context.intrinsics());
    for (name, function) in PROMISED {
        let function = NativeFunction::from_copy_closure(move |_, args, context| {
            Host::enter(CALL_FUEL, context, |context| promised(context, |context| function(args, context)))
        });
        put_function(&actions, name, function, context)?;
    }
    for (name, function) in IMMEDIATE {
        let function = NativeFunction::from_copy_closure(move |_, args, context| {
            Host::enter(CALL_FUEL, context, |context| function(args, context))
        });
        put_function(&actions, name, function, context)?;
    }
    for name in NOT_SUPPORTED {
        let refuse = NativeFunction::from_copy_closure(move |_, _, context| {
            Host::enter(CALL_FUEL, context, |context| promised(context, |context| Err(not_supported(name, context))))
        });
        put_function(&actions, name, refuse, context)?;
    }
    let auth = auth_object(auth, context)?;
    let lit = JsObject::with_object_proto(context.intrinsics());
    lit.create_data_property_or_throw(js_string!("Actions"), actions.clone(), context)?;
    lit.create_data_property_or_throw(js_string!("Auth"), auth.clone(), context)?;
    for object in [&actions, &lit] {
        object.set_integrity_level(IntegrityLevel::Frozen, context)?;
    }
    let mut attribute = Attribute::ENUMERABLE;
    if bugs::planted(Bug::ParamsOverwrite) {
        attribute |= Attribute::CONFIGURABLE;
    }
    for (name, object) in [("Lit", lit), ("LitActions", actions), ("LitAuth", auth)] {
        context.register_global_property(JsString::from(name), object, attribute)?;
    }
    Ok(())
}

/// Puts a frozen function where scripts find it.
fn put_function(target: &JsObject, name: &str, function: NativeFunction, context: &mut Context) -> JsResult<()> {
    let name = JsString::from(name);
    let function = FunctionObjectBuilder::new(context.realm(), function).name(name.clone()).length(1).build();
    function.set_integrity_level(IntegrityLevel::Frozen, context)?;
    let property = PropertyDescriptor::builder().value(function).enumerable(true);
    target.define_property_or_throw(name, property, context).map(drop)
}

fn not_supported(name: &'static str, context: &mut Context) -> boa_engine::JsError {
    Host::of(context).known_error(ActionError::NotSupported(name.into()), context)
}

fn auth_object(auth: &AuthContext, context: &mut Context) -> JsResult<JsObject> {
    let text = |value: &String| JsValue::from(JsString::from(value.as_str()));
    let methods: Vec<JsValue> =
        auth.auth_method_contexts.iter().map(|method| method_object(method, context)).collect::<JsResult<_>>()?;
    let members = [
        ("actionIpfsIds", frozen_array(auth.action_ipfs_ids.iter().map(text).collect(), context)?),
        ("actionIpfsIdStack", frozen_array(auth.action_ipfs_id_stack.iter().map(text).collect(), context)?),
        ("authSigAddress", auth.auth_sig_address.as_ref().map_or(JsValue::null(), text)),
        ("authMethodContexts", frozen_array(methods, context)?),
        ("resources", frozen_array(auth.resources.iter().map(text).collect(), context)?),
        ("customAuthResource", auth.custom_auth_resource.as_ref().map_or(JsValue::null(), text)),
    ];
    frozen_object(members, context)
}

fn method_object(method: &AuthMethodContext, context: &mut Context) -> JsResult<JsValue> {
    let members = [
        ("userId", JsString::from(method.user_id.as_str()).into()),
        ("appId", JsString::from(method.app_id.as_str()).into()),
        ("authMethodType", JsValue::from(method.auth_method_type)),
    ];
    frozen_object(members, context).map(JsValue::from)
}

fn frozen_object<const N: usize>(members: [(&str, JsValue); N], context: &mut Context) -> JsResult<JsObject> {
    let object = JsObject::with_object_proto(context.intrinsics());
    for (name, value) in members {
        object.create_data_property_or_throw(JsString::from(name), value, context)?;
    }
    object.set_integrity_level(IntegrityLevel::Frozen, context)?;
    Ok(object)
}

fn frozen_array(items: Vec<JsValue>, context: &mut Context) -> JsResult<JsValue> {
    let array = JsArray::from_iter(items, context);
    array.set_integrity_level(IntegrityLevel::Frozen, context)?;
    Ok(array.into())
}

fn set_response(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let response = Args::read("Lit.Actions.setResponse", args)?.string("response", context)?;
    let host = Host::of(context);
    let max = host.limits.response_bytes;
    // Characters first: a text that is too long is not even copied.
    let too_long = response.len() as u64 > max;
    let response = if too_long { String::new() } else { response.to_std_string_lossy() };
    if too_long || response.len() as u64 > max {
        return Err(
            host.known_error(ActionError::LimitExceeded { what: Cow::Borrowed("bytes of response"), max }, context)
        );
    }
    host.response.replace(Some(response));
    Ok(JsValue::undefined())
}

/// The token id of a key: keccak256 of its uncompressed SEC1 form.
fn pubkey_to_token_id(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let key = Args::read("Lit.Actions.pubkeyToTokenId", args)?.public_key("publicKey", context)?;
    let id = format!("0x{}", hex::encode(Keccak256::digest(key)));
    Ok(JsString::from(id.as_str()).into())
}
