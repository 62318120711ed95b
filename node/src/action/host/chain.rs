//! `Lit.Actions`: functions that ask a chain.

use boa_engine::{Context, JsResult, JsValue};

use super::args::Args;
use super::call::HostCall;
use super::{Host, Quota};
use crate::chain::transaction::callee;

/// How many scopes one question may be about.
const SCOPES_MAX: u64 = 256;
/// How many scopes a question is about that does not say.
const SCOPES: u64 = 100;

fn ask_chain(call: HostCall, context: &mut Context) -> JsResult<JsValue> {
    let host = Host::of(context);
    host.take(Quota::ContractCalls, context)?;
    Ok(host.ask(call, context))
}

pub(super) fn is_permitted_action(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAction", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let ipfs_id = args.name("ipfsId", context)?;
    ask_chain(HostCall::IsPermittedAction { token_id, ipfs_id }, context)
}

pub(super) fn is_permitted_address(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAddress", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let address = args.fixed::<20>("address", context)?;
    ask_chain(HostCall::IsPermittedAddress { token_id, address }, context)
}

pub(super) fn is_permitted_method(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.isPermittedAuthMethod", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let auth_method_type = args.method_type("authMethodType", context)?;
    let user_id = args.bytes("userId", context)?;
    ask_chain(HostCall::IsPermittedAuthMethod { token_id, auth_method_type, user_id }, context)
}

pub(super) fn permitted_actions(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let token_id = Args::read("Lit.Actions.getPermittedActions", args)?.token_id("tokenId", context)?;
    ask_chain(HostCall::GetPermittedActions { token_id }, context)
}

pub(super) fn permitted_addresses(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let token_id = Args::read("Lit.Actions.getPermittedAddresses", args)?.token_id("tokenId", context)?;
    ask_chain(HostCall::GetPermittedAddresses { token_id }, context)
}

pub(super) fn permitted_methods(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let token_id = Args::read("Lit.Actions.getPermittedAuthMethods", args)?.token_id("tokenId", context)?;
    ask_chain(HostCall::GetPermittedAuthMethods { token_id }, context)
}

/// Whether the method has each of the scopes below `maxScopeId` (100 if not given), by number, beginning with 0, which is
/// none.
pub(super) fn permitted_scopes(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.getPermittedAuthMethodScopes", args)?;
    let token_id = args.token_id("tokenId", context)?;
    let auth_method_type = args.method_type("authMethodType", context)?;
    let user_id = args.bytes("userId", context)?;
    let scope_max = match args.optional("maxScopeId", context)? {
        Some(_) => args.whole_number_to("maxScopeId", SCOPES_MAX, context)?,
        None => SCOPES,
    };
    ask_chain(HostCall::GetPermittedAuthMethodScopes { token_id, auth_method_type, user_id, scope_max }, context)
}

/// The next transaction number of an account, as a hexadecimal quantity.
pub(super) fn latest_nonce(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.getLatestNonce", args)?;
    let (chain, address) = (args.name("chain", context)?, args.fixed::<20>("address", context)?);
    ask_chain(HostCall::LatestNonce { chain, address }, context)
}

/// What a contract answers to the call data of a serialised transaction, signed or not; nothing is sent.
pub(super) fn call_contract(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let args = Args::read("Lit.Actions.callContract", args)?;
    let chain = args.name("chain", context)?;
    let transaction = args.bytes("txn", context)?;
    let Some((to, data)) = callee(&transaction) else {
        return Err(args.misuse("txn", "a serialised transaction with a recipient", "bytes that are none"));
    };
    ask_chain(HostCall::CallContract { chain, to, data }, context)
}

pub(super) fn rpc_url(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let chain = Args::read("Lit.Actions.getRpcUrl", args)?.name("chain", context)?;
    ask_chain(HostCall::RpcUrl { chain }, context)
}
