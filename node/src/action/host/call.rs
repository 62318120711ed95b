//! Calls that leave an execution, and the answers that come back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, js_string};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Host, network};
use crate::action::error::ActionError;
use crate::action::fetch;
use crate::action::limits::Limits;
use crate::api::{AuthSig, Failure};
use crate::auth::conditions::Conditions;
use crate::chain::lists::PermittedMethod;
use crate::curve;
use crate::io::{HttpError, HttpRequest, HttpResponse};
use crate::signing::{CombinedSignature, Scheme};

/// Names a call of one execution; numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostCallId(pub u64);

/// Something that an action wants from the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostCall {
    /// An HTTP request.
    Fetch(HttpRequest),
    /// This node's part in a signature.
    Sign {
        /// The scheme.
        scheme: Scheme,
        /// What the key is used for; decides which permission is needed.
        purpose: SignPurpose,
        /// The 32 bytes to be signed.
        to_sign: [u8; 32],
        /// The key, uncompressed SEC1 (65 bytes, on the curve).
        public_key: Vec<u8>,
        /// The action's name for the signature.
        sig_name: String,
        /// Who gets it.
        signature: Signature,
    },
    /// Whether the token permits an action.
    IsPermittedAction {
        /// The token.
        token_id: [u8; 32],
        /// The action's CID.
        ipfs_id: String,
    },
    /// Whether the token permits an address.
    IsPermittedAddress {
        /// The token.
        token_id: [u8; 32],
        /// The address.
        address: [u8; 20],
    },
    /// Whether the token permits an authentication method.
    IsPermittedAuthMethod {
        /// The token.
        token_id: [u8; 32],
        /// The method's type number.
        auth_method_type: u64,
        /// The method's id.
        user_id: Vec<u8>,
    },
    /// The CIDs that the token permits.
    GetPermittedActions {
        /// The token.
        token_id: [u8; 32],
    },
    /// The addresses that the token permits.
    GetPermittedAddresses {
        /// The token.
        token_id: [u8; 32],
    },
    /// The authentication methods that the token permits.
    GetPermittedAuthMethods {
        /// The token.
        token_id: [u8; 32],
    },
    /// Which scopes an authentication method has.
    GetPermittedAuthMethodScopes {
        /// The token.
        token_id: [u8; 32],
        /// The method's type number.
        auth_method_type: u64,
        /// The method's id.
        user_id: Vec<u8>,
        /// One more than the highest scope that is asked for.
        scope_max: u64,
    },
    /// The next transaction number of an account.
    LatestNonce {
        /// The chain, by name.
        chain: String,
        /// The account.
        address: [u8; 20],
    },
    /// What a contract answers.
    CallContract {
        /// The chain, by name.
        chain: String,
        /// The contract.
        to: [u8; 20],
        /// ABI-encoded call.
        data: Vec<u8>,
    },
    /// Where the chain's RPC endpoint is.
    RpcUrl {
        /// The chain, by name.
        chain: String,
    },
    /// Another action's response.
    Call {
        /// The action's CID.
        ipfs_id: String,
        /// A JSON object whose members become its globals.
        params: String,
        /// What it may use up.
        budget: Limits,
    },
    /// Who runs something that must run once, or what it returned.
    Once {
        /// The action's name for it.
        name: String,
        /// Whether the action waits for what comes of it.
        waits: bool,
    },
    /// It has run here. There is no answer to this, but to [`Self::Once`].
    OnceDone {
        /// The call that was answered with [`HostAnswer::Lead`].
        once: HostCallId,
        /// What it returned, or why it failed.
        result: Result<String, String>,
    },
    /// Something encrypted to whoever meets conditions.
    Encrypt {
        /// The conditions.
        conditions: Conditions,
        /// What is encrypted.
        plaintext: Vec<u8>,
    },
    /// The plaintext of something that was encrypted to conditions.
    Decrypt {
        /// The conditions.
        conditions: Conditions,
        /// The encoded ciphertext.
        ciphertext: Vec<u8>,
        /// SHA-256 of the plaintext.
        plaintext: [u8; 32],
        /// By whose signature the conditions are met, if not by the request's own.
        auth_sig: Option<AuthSig>,
        /// Who gets the plaintext.
        reader: Reader,
    },
    /// Whether conditions are met.
    CheckConditions {
        /// The conditions.
        conditions: Conditions,
        /// By whose signature, if not by the request's own.
        auth_sig: Option<AuthSig>,
    },
    /// A value of each of a threshold of nodes or more.
    Collect {
        /// The action's name for it.
        name: String,
        /// This node's.
        value: String,
    },
}

/// Which nodes get a plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reader {
    /// All that run the action.
    All,
    /// One that they agree on; the others get an empty text.
    Leader,
}

/// Who gets a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// The client, who combines it; the action learns that it was made.
    ToClient,
    /// The action; the client does not hear of it.
    ToAction,
}

/// What an action has used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel.
    pub fuel: u64,
    /// Bytes that natives made.
    pub memory_bytes: u64,
    /// Jobs.
    pub jobs: u64,
    /// What it printed.
    pub logs: String,
}

/// What a signature is for: the scopes of a permission distinguish the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignPurpose {
    /// Bytes that the action chose freely (scope `SignAnything`).
    Anything,
    /// The EIP-191 hash of a message (scope `PersonalSign` suffices).
    PersonalMessage,
}

/// The node's answer to a [`HostCall`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostAnswer {
    /// To [`HostCall::Fetch`].
    Fetch(Result<HttpResponse, HttpError>),
    /// To [`HostCall::Sign`]: resolves to "success".
    Signed(Result<(), Failure>),
    /// To [`HostCall::Sign`] for the action: the combined signature, as JSON text.
    Combined(Result<CombinedSignature, Failure>),
    /// To the questions whether something is permitted.
    Permitted(Result<bool, Failure>),
    /// To the questions what is permitted: CIDs, or addresses as 0x-hex; and to [`HostCall::Collect`].
    Listed(Result<Vec<String>, Failure>),
    /// To [`HostCall::GetPermittedAuthMethods`].
    Methods(Result<Vec<PermittedMethod>, Failure>),
    /// To [`HostCall::GetPermittedAuthMethodScopes`].
    Scopes(Result<Vec<bool>, Failure>),
    /// To [`HostCall::Encrypt`]: the encoded ciphertext and the SHA-256 of the plaintext.
    Encrypted(Result<(Vec<u8>, [u8; 32]), Failure>),
    /// To questions whose answer is a text.
    Text(Result<String, Failure>),
    /// To [`HostCall::Call`].
    Called {
        /// The response.
        result: Result<String, Failure>,
        /// What the other action has used.
        usage: Usage,
    },
    /// To [`HostCall::Once`]: this node runs it. The call's promise is settled by [`Self::Told`].
    Lead,
    /// To [`HostCall::Once`]: what the function returned at the node that ran it, or why nobody learns it.
    Told(Result<String, String>),
}

impl HostAnswer {
    /// What the call's promise resolves to, or the error that it is rejected with.
    pub(in crate::action) fn into_js(self, call: HostCallId, context: &mut Context) -> JsResult<JsValue> {
        match self {
            Self::Fetch(answer) => fetch::answered(call, answer, context),
            Self::Signed(result) => unwrap(result, context).map(|()| js_string!("success").into()),
            Self::Permitted(result) => unwrap(result, context).map(JsValue::from),
            Self::Listed(result) => {
                let items = unwrap(result, context)?;
                let items: Vec<JsValue> = items.iter().map(|text| JsString::from(text.as_str()).into()).collect();
                Ok(JsArray::from_iter(items, context).into())
            }
            Self::Combined(result) => {
                let signature = unwrap(result, context)?;
                Ok(JsString::from(signature_text(&signature).as_str()).into())
            }
            Self::Methods(result) => {
                let methods = unwrap(result, context)?;
                let methods =
                    methods.iter().map(|method| method_object(method, context)).collect::<JsResult<Vec<_>>>()?;
                Ok(JsArray::from_iter(methods, context).into())
            }
            Self::Scopes(result) => {
                let scopes = unwrap(result, context)?;
                Ok(JsArray::from_iter(scopes.into_iter().map(JsValue::from), context).into())
            }
            Self::Encrypted(result) => {
                let (ciphertext, hash) = unwrap(result, context)?;
                let object = JsObject::with_object_proto(context.intrinsics());
                for (name, text) in
                    [("ciphertext", STANDARD.encode(ciphertext)), ("dataToEncryptHash", hex::encode(hash))]
                {
                    let text = JsString::from(text.as_str());
                    object.create_data_property_or_throw(JsString::from(name), text, context)?;
                }
                Ok(object.into())
            }
            Self::Text(result) => Ok(JsString::from(unwrap(result, context)?.as_str()).into()),
            Self::Called { result, usage } => {
                let host = Host::of(context);
                host.absorb(&usage, context);
                Ok(JsString::from(unwrap(result, context)?.as_str()).into())
            }
            Self::Lead => Ok(JsValue::undefined()),
            Self::Told(told) => network::told(call, told, context),
        }
    }
}

/// A method as the real network's actions see it: Rust's names of the contract's members, the type as a hexadecimal quantity.
fn method_object(method: &PermittedMethod, context: &mut Context) -> JsResult<JsValue> {
    let hex = |bytes: &[u8]| JsValue::from(JsString::from(format!("0x{}", hex::encode(bytes)).as_str()));
    let object = JsObject::with_object_proto(context.intrinsics());
    for (name, value) in [
        ("auth_method_type", JsString::from(format!("{:#x}", method.auth_method_type).as_str()).into()),
        ("id", hex(&method.id)),
        ("user_pubkey", hex(&method.user_pubkey)),
    ] {
        object.create_data_property_or_throw(JsString::from(name), value, context)?;
    }
    Ok(object.into())
}

/// A signature as JSON text, numbers in hex without a prefix. ECDSA's `r` is the nonce point in compressed SEC1 form, as
/// actions written for the real network expect it: they cut its first byte off.
fn signature_text(signature: &CombinedSignature) -> String {
    let value = match signature {
        CombinedSignature::Ecdsa { r, s, v } => {
            json!({ "r": format!("0{}{}", 2 + (v & 1), hex::encode(r)), "s": hex::encode(s), "v": v })
        }
        CombinedSignature::Schnorr { r, z } => {
            json!({ "r": hex::encode(curve::point_bytes(r)), "s": hex::encode(curve::scalar_bytes(z)) })
        }
        CombinedSignature::Bip340 { r, s } => json!({ "r": hex::encode(r), "s": hex::encode(s) }),
    };
    value.to_string()
}

/// Turns a refusal into an `Error` whose message is "code: message".
fn unwrap<T>(result: Result<T, Failure>, context: &mut Context) -> JsResult<T> {
    result.map_err(|failure| Host::of(context).known_error(ActionError::Refused(failure), context))
}
