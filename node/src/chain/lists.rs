//! Questions about everything that a key permits, for actions that ask.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use serde::{Deserialize, Serialize};

use super::abi::PKPPermissions;
use super::addresses::{Contracts, view};
use super::calls::token_id;
use super::views::{ViewError, returned};
use crate::id::KeyId;
use crate::io::{BlockTag, ChainReply, ChainRequest};

/// The questions.
impl Contracts {
    /// The binary CIDs of all actions that may use a key; read by [`permitted_actions`].
    pub fn ask_permitted_actions(&self, key: KeyId, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::getPermittedActionsCall { tokenId: token_id(key) };
        view(self.permissions, call.abi_encode(), block)
    }

    /// All addresses that may use a key; read by [`permitted_addresses`].
    pub fn ask_permitted_addresses(&self, key: KeyId, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::getPermittedAddressesCall { tokenId: token_id(key) };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Whether an auth method may use a key; read by [`super::views::is_permitted`].
    pub fn ask_permitted_auth_method(&self, key: KeyId, kind: u64, id: &[u8], block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::isPermittedAuthMethodCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
        };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Whether an auth method has a scope for a key, granted or implied; read by [`super::views::is_permitted`].
    pub fn ask_auth_method_scope(
        &self,
        key: KeyId,
        (kind, id): (u64, &[u8]),
        scope: u64,
        block: BlockTag,
    ) -> ChainRequest {
        let call = PKPPermissions::isPermittedAuthMethodScopePresentCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
            scopeId: U256::from(scope),
        };
        view(self.permissions, call.abi_encode(), block)
    }

    /// All auth methods that may use a key, actions and addresses included; read by [`permitted_methods`].
    pub fn ask_permitted_auth_methods(&self, key: KeyId, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::getPermittedAuthMethodsCall { tokenId: token_id(key) };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Which of the scopes below `scopes` an auth method (type and id) has; read by [`permitted_scopes`].
    pub fn ask_permitted_scopes(
        &self,
        key: KeyId,
        (kind, id): (u64, &[u8]),
        scopes: u64,
        block: BlockTag,
    ) -> ChainRequest {
        let call = PKPPermissions::getPermittedAuthMethodScopesCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
            maxScopeId: U256::from(scopes),
        };
        view(self.permissions, call.abi_encode(), block)
    }
}

/// Reads the answer to [`Contracts::ask_permitted_auth_methods`].
///
/// # Errors
/// If the answer is unusable.
pub fn permitted_methods(reply: &ChainReply) -> Result<Vec<PermittedMethod>, ViewError> {
    let methods = returned::<PKPPermissions::getPermittedAuthMethodsCall>(reply)?;
    let read = |method: PKPPermissions::AuthMethod| PermittedMethod {
        auth_method_type: method.authMethodType.saturating_to(),
        id: method.id.to_vec(),
        user_pubkey: method.userPubkey.to_vec(),
    };
    Ok(methods.into_iter().map(read).collect())
}

/// Reads the answer to [`Contracts::ask_permitted_scopes`].
///
/// # Errors
/// If the answer is unusable.
pub fn permitted_scopes(reply: &ChainReply) -> Result<Vec<bool>, ViewError> {
    returned::<PKPPermissions::getPermittedAuthMethodScopesCall>(reply)
}

/// An authentication method as the chain has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermittedMethod {
    /// Its type number.
    pub auth_method_type: u64,
    /// Its id.
    pub id: Vec<u8>,
    /// The user's public key, if the method has one.
    pub user_pubkey: Vec<u8>,
}

/// Reads the answer to [`Contracts::ask_permitted_actions`].
///
/// # Errors
/// If the answer is unusable.
pub fn permitted_actions(reply: &ChainReply) -> Result<Vec<Vec<u8>>, ViewError> {
    let cids = returned::<PKPPermissions::getPermittedActionsCall>(reply)?;
    Ok(cids.into_iter().map(|cid| cid.to_vec()).collect())
}

/// Reads the answer to [`Contracts::ask_permitted_addresses`].
///
/// # Errors
/// If the answer is unusable.
pub fn permitted_addresses(reply: &ChainReply) -> Result<Vec<[u8; 20]>, ViewError> {
    let addresses = returned::<PKPPermissions::getPermittedAddressesCall>(reply)?;
    Ok(addresses.into_iter().map(|address| address.into_array()).collect())
}
