//! The globals `Lit.Actions` (= `LitActions`) and `Lit.Auth` (= `LitAuth`).
//!
//! The functions look at nothing that a script can change: they hold no reference to globals or prototypes and make
//! their promises, arrays and errors from the engine's intrinsics.

use boa_engine::object::builtins::JsArray;
use boa_engine::object::{FunctionObjectBuilder, IntegrityLevel};
use boa_engine::property::{Attribute, PropertyDescriptor};
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string};
use sha3::{Digest as _, Keccak256};

use super::args::{Args, type_error};
use super::call::{HostCall, SignPurpose};
use super::{Host, Quota, promised, strings};
use crate::action::error::ActionError;
use crate::action::{AuthContext, AuthMethodContext};
use crate::signing::Scheme;

/// The globals that this module defines; no parameter may replace them.
pub(in crate::action) const GLOBALS: [&str; 4] = ["Lit", "LitActions", "LitAuth", "ethers"];

/// Functions of the full API that this network does not offer.
const NOT_SUPPORTED: [&str; 17] = [
    "aesDecrypt",
    "broadcastAndCollect",
    "call",
    "callContract",
    "checkConditions",
    "claimKey",
    "decryptAndCombine",
    "decryptToSingleNode",
    "encrypt",
    "getLatestNonce",
    "getPermittedAuthMethodScopes",
    "getPermittedAuthMethods",
    "getRpcUrl",
    "runOnce",
    "signAndCombine",
    "signAndCombineEcdsa",
    "signEip191AndCombine",
];

/// Fuel for a call.
const CALL_FUEL: u64 = 16;

type Function = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

const FUNCTIONS: [(&str, Function); 12] = [
    ("signEcdsa", |_, args, context| promised(context, |context| sign_ecdsa(args, context))),
    ("ethPersonalSignMessageEcdsa", |_, args, context| promised(context, |context| personal_sign(args, context))),
    ("sign", |_, args, context| promised(context, |context| sign(args, context))),
    ("setResponse", |_, args, context| set_response(args, context)),
    ("isPermittedAction", |_, args, context| promised(context, |context| is_permitted_action(args, context))),
    ("isPermittedAddress", |_, args, context| promised(context, |context| is_permitted_address(args, context))),
    ("isPermittedAuthMethod", |_, args, context| promised(context, |context| is_permitted_method(args, context))),
    ("getPermittedActions", |_, args, context| promised(context, |context| permitted_actions(args, context))),
    ("getPermittedAddresses", |_, args, context| promised(context, |context| permitted_addresses(args, context))),
    ("pubkeyToTokenId", |_, args, context| pubkey_to_token_id(args, context)),
    ("uint8arrayFromString", |_, args, context| strings::from_string(args, context)),
    ("uint8arrayToString", |_, args, context| strings::to_string(args, context)),
];

/// Defines the globals.
pub(in crate::action) fn define(auth: &AuthContext, context: &mut Context) -> JsResult<()> {
    let actions = JsObject::with_object_proto(context.intrinsics());
    for (name, function) in FUNCTIONS {
        let function = NativeFunction::from_copy_closure(move |this, args, context| {
            Host::enter(CALL_FUEL, context, |context| function(this, args, context))
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
    for (name, object) in [("Lit", lit), ("LitActions", actions), ("LitAuth", auth)] {
        context.register_global_property(JsString::from(name), object, Attribute::ENUMERABLE)?;
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

fn sign_ecdsa(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.signEcdsa", args)?;
    let to_sign = args.fixed::<32>("toSign", context)?;
    request_signature(&args, Scheme::EcdsaK256, SignPurpose::Anything, to_sign, context)
}

/// EIP-191, version 0x45: keccak256("\x19Ethereum Signed Message:\n" + length + message).
fn personal_sign(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.ethPersonalSignMessageEcdsa", args)?;
    let message = args.string("message", context)?.to_std_string_lossy();
    let mut hash = Keccak256::new();
    hash.update(format!("\x19Ethereum Signed Message:\n{}", message.len()));
    hash.update(&message);
    request_signature(&args, Scheme::EcdsaK256, SignPurpose::PersonalMessage, hash.finalize().into(), context)
}

fn sign(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    const FUNCTION: &str = "Lit.Actions.sign";
    let args = Args::read(FUNCTION, args)?;
    let scheme = match args.name("signingScheme", context)?.as_str() {
        "EcdsaK256Sha256" => Scheme::EcdsaK256,
        "SchnorrK256Sha256" => Scheme::SchnorrK256Sha256,
        "SchnorrK256Bip340" => Scheme::SchnorrK256Bip340,
        other => {
            let expected = "\"EcdsaK256Sha256\", \"SchnorrK256Sha256\" or \"SchnorrK256Bip340\"";
            let other: String = other.chars().take(64).collect();
            return Err(type_error(format!("{FUNCTION}: signingScheme: expected {expected}, got {other:?}")));
        }
    };
    let to_sign = args.fixed::<32>("toSign", context)?;
    request_signature(&args, scheme, SignPurpose::Anything, to_sign, context)
}

fn request_signature(
    args: &Args,
    scheme: Scheme,
    purpose: SignPurpose,
    to_sign: [u8; 32],
    context: &mut Context,
) -> JsResult<JsValue> {
    let public_key = args.public_key("publicKey", context)?;
    let sig_name = args.name("sigName", context)?;
    let host = Host::of(context);
    host.take(Quota::Signs, context)?;
    Ok(host.ask(HostCall::Sign { scheme, purpose, to_sign, public_key, sig_name }, context))
}

fn set_response(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let response = Args::read("Lit.Actions.setResponse", args)?.string("response", context)?;
    let host = Host::of(context);
    let max = host.limits.response_bytes;
    // Characters first: a text that is too long is not even copied.
    let too_long = response.len() as u64 > max;
    let response = if too_long { String::new() } else { response.to_std_string_lossy() };
    if too_long || response.len() as u64 > max {
        return Err(host.known_error(ActionError::LimitExceeded { what: "bytes of response", max }, context));
    }
    host.response.replace(Some(response));
    Ok(JsValue::undefined())
}

fn ask_chain(call: HostCall, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.take(Quota::ContractCalls, context)?;
    Ok(host.ask(call, context))
}

fn is_permitted_action(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAction", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let ipfs_id = args.name("ipfsId", context)?;
    ask_chain(HostCall::IsPermittedAction { token_id, ipfs_id }, context)
}

fn is_permitted_address(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAddress", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let address = args.fixed::<20>("address", context)?;
    ask_chain(HostCall::IsPermittedAddress { token_id, address }, context)
}

fn is_permitted_method(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAuthMethod", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let auth_method_type = args.whole_number("authMethodType", context)?;
    let user_id = args.bytes("userId", context)?;
    ask_chain(HostCall::IsPermittedAuthMethod { token_id, auth_method_type, user_id }, context)
}

fn permitted_actions(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let token_id = Args::read("Lit.Actions.getPermittedActions", args)?.token_id("tokenId", context)?;
    ask_chain(HostCall::GetPermittedActions { token_id }, context)
}

fn permitted_addresses(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let token_id = Args::read("Lit.Actions.getPermittedAddresses", args)?.token_id("tokenId", context)?;
    ask_chain(HostCall::GetPermittedAddresses { token_id }, context)
}

/// The token id of a key: keccak256 of its uncompressed SEC1 form.
fn pubkey_to_token_id(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let key = Args::read("Lit.Actions.pubkeyToTokenId", args)?.public_key("publicKey", context)?;
    let id = format!("0x{}", hex::encode(Keccak256::digest(key)));
    Ok(JsString::from(id.as_str()).into())
}
