//! Calls that leave an execution, and the answers that come back.

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsResult, JsString, JsValue, js_string};

use super::Host;
use crate::action::error::ActionError;
use crate::action::fetch;
use crate::api::Failure;
use crate::io::{HttpError, HttpRequest, HttpResponse};
use crate::signing::Scheme;

/// Names a call of one execution; numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostCallId(pub u64);

/// Something that an action wants from the node.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// What a signature is for: the scopes of a permission distinguish the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignPurpose {
    /// Bytes that the action chose freely (scope `SignAnything`).
    Anything,
    /// The EIP-191 hash of a message (scope `PersonalSign` suffices).
    PersonalMessage,
}

/// The node's answer to a [`HostCall`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostAnswer {
    /// To [`HostCall::Fetch`].
    Fetch(Result<HttpResponse, HttpError>),
    /// To [`HostCall::Sign`]: resolves to "success".
    Signed(Result<(), Failure>),
    /// To the questions whether something is permitted.
    Permitted(Result<bool, Failure>),
    /// To the questions what is permitted: CIDs, or addresses as 0x-hex.
    Listed(Result<Vec<String>, Failure>),
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
        }
    }
}

/// Turns a refusal into an `Error` whose message is "code: message".
fn unwrap<T>(result: Result<T, Failure>, context: &mut Context) -> JsResult<T> {
    result.map_err(|failure| Host::of(context).known_error(ActionError::Refused(failure), context))
}
