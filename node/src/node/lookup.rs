//! What actions read from chains.

use super::core::Core;
use super::execution::{Execution, failure};
use super::frame::CallRef;
use super::question::Question;
use crate::action::{HostAnswer, HostCall};
use crate::api::{ErrorCode, Failure};
use crate::chain::addresses::checksummed;
use crate::chain::{lists, views};
use crate::cid;
use crate::id::KeyId;
use crate::io::{BlockTag, ChainError, ChainRef, ChainReply, ChainRequest, Outputs, Time};

impl Execution {
    /// Reads something from a chain for an action.
    pub(super) fn look_up(&mut self, at: CallRef, lookup: HostCall, now: Time, core: &mut Core, out: &mut Outputs) {
        match request(&lookup, core) {
            Ok((chain, request)) => {
                core.ask_any_chain(Question::Host { request: self.id, at }, chain, request, out);
                self.lookups.insert(at, lookup);
            }
            Err(failure) => self.answer(at, answer(&lookup, Err(failure)), now, core, out),
        }
    }

    /// The chain's answer to [`Self::look_up`].
    pub fn on_chain_value(
        &mut self,
        at: CallRef,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        core: &mut Core,
        out: &mut Outputs,
    ) {
        let Some(lookup) = self.lookups.remove(&at) else { return };
        let reply = reply.map_err(|error| failure(ErrorCode::RpcError, error.to_string()));
        self.answer(at, answer(&lookup, reply), now, core, out);
    }
}

/// The question, and the chain that it goes to.
fn request(lookup: &HostCall, core: &Core) -> Result<(ChainRef, ChainRequest), Failure> {
    let (contracts, block) = (core.config.contracts, BlockTag::Latest);
    let request = match lookup {
        HostCall::IsPermittedAction { token_id, ipfs_id } => {
            let cid = cid::parse(ipfs_id).map_err(|error| failure(ErrorCode::InvalidIpfsId, error.to_string()))?;
            contracts.ask_permitted_action(KeyId(*token_id), &cid::permission_bytes(&cid), block)
        }
        HostCall::IsPermittedAddress { token_id, address } => {
            contracts.ask_permitted_address(KeyId(*token_id), *address, block)
        }
        HostCall::IsPermittedAuthMethod { token_id, auth_method_type, user_id } => {
            contracts.ask_permitted_auth_method(KeyId(*token_id), *auth_method_type, user_id, block)
        }
        HostCall::GetPermittedActions { token_id } => contracts.ask_permitted_actions(KeyId(*token_id), block),
        HostCall::GetPermittedAddresses { token_id } => contracts.ask_permitted_addresses(KeyId(*token_id), block),
        HostCall::GetPermittedAuthMethods { token_id } => contracts.ask_permitted_auth_methods(KeyId(*token_id), block),
        HostCall::GetPermittedAuthMethodScopes { token_id, auth_method_type, user_id, scope_max } => {
            let method = (*auth_method_type, &user_id[..]);
            contracts.ask_permitted_scopes(KeyId(*token_id), method, *scope_max, block)
        }
        HostCall::LatestNonce { chain, address } => {
            return Ok((ChainRef::Named(chain.clone()), ChainRequest::Nonce { account: *address }));
        }
        HostCall::CallContract { chain, to, data } => {
            let request = ChainRequest::Call { to: *to, data: data.clone(), block };
            return Ok((ChainRef::Named(chain.clone()), request));
        }
        other => return Err(failure(ErrorCode::JsError, format!("not a question to a chain: {other:?}"))),
    };
    Ok((ChainRef::Home, request))
}

/// What the action gets.
fn answer(lookup: &HostCall, reply: Result<ChainReply, Failure>) -> HostAnswer {
    let unreadable = |error: views::ViewError| failure(ErrorCode::RpcError, error.to_string());
    match lookup {
        HostCall::GetPermittedActions { .. } => HostAnswer::Listed(reply.and_then(|reply| {
            let cids = lists::permitted_actions(&reply).map_err(unreadable)?;
            let cids = cids.iter().filter_map(|bytes| cid::from_permission_bytes(bytes));
            Ok(cids.map(|cid| cid.to_string()).collect())
        })),
        HostCall::GetPermittedAddresses { .. } => HostAnswer::Listed(reply.and_then(|reply| {
            let addresses = lists::permitted_addresses(&reply).map_err(unreadable)?;
            Ok(addresses.iter().map(checksummed).collect())
        })),
        HostCall::GetPermittedAuthMethods { .. } => {
            HostAnswer::Methods(reply.and_then(|reply| lists::permitted_methods(&reply).map_err(unreadable)))
        }
        HostCall::GetPermittedAuthMethodScopes { .. } => {
            HostAnswer::Scopes(reply.and_then(|reply| lists::permitted_scopes(&reply).map_err(unreadable)))
        }
        HostCall::LatestNonce { .. } | HostCall::CallContract { .. } => HostAnswer::Text(reply.and_then(text)),
        _ => HostAnswer::Permitted(reply.and_then(|reply| views::is_permitted(&reply).map_err(unreadable))),
    }
}

/// A number or return data, as 0x-hex.
fn text(reply: ChainReply) -> Result<String, Failure> {
    match reply {
        ChainReply::Nonce(nonce) => Ok(format!("{nonce:#x}")),
        ChainReply::Returned(data) => Ok(format!("0x{}", hex::encode(data))),
        ChainReply::Reverted(data) => {
            Err(failure(ErrorCode::RpcError, format!("the call reverted: 0x{}", hex::encode(data))))
        }
        ChainReply::Logs(_) | ChainReply::Accepted(_) | ChainReply::Block { .. } | ChainReply::Balance(_) => {
            Err(failure(ErrorCode::RpcError, "the endpoint answered something else"))
        }
    }
}
