//! Permitting auth methods of any type: one by one, many at once, and with the minting of a key for a user without a
//! wallet; and how such a user finds the key again.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;

use super::abi::{KEY_TYPE_ECDSA, MINT_COST_WEI, PKPHelper, PKPPermissions};
use super::addresses::{Contracts, view};
use super::calls::{ContractCall, scope_list, token_id};
use super::lists::PermittedMethod;
use super::views::{ViewError, returned};
use crate::id::KeyId;
use crate::io::{BlockTag, ChainReply, ChainRequest};

/// An auth method and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The method.
    pub method: PermittedMethod,
    /// Its scopes, each 1 to 255. Without any it may be asked about, and sign nothing.
    pub scopes: Vec<u64>,
}

/// Grants in the form that the contracts take: four lists of one length.
struct Columns {
    types: Vec<U256>,
    ids: Vec<Bytes>,
    pubkeys: Vec<Bytes>,
    scopes: Vec<Vec<U256>>,
}

impl Columns {
    fn of(grants: &[Grant]) -> Self {
        Self {
            types: grants.iter().map(|grant| U256::from(grant.method.auth_method_type)).collect(),
            ids: grants.iter().map(|grant| Bytes::copy_from_slice(&grant.method.id)).collect(),
            pubkeys: grants.iter().map(|grant| Bytes::copy_from_slice(&grant.method.user_pubkey)).collect(),
            scopes: grants.iter().map(|grant| scope_list(&grant.scopes)).collect(),
        }
    }
}

/// The calls. All but the first are the token's owner's.
impl Contracts {
    /// `PKPHelper.mintNextAndAddAuthMethods`, paying the price, by anybody: mints the next routed key, permits `grants`
    /// and, with `own_address`, the key's own address, and hands the token to its own key (`to_itself`, which takes at
    /// least one grant) or to the sender.
    pub fn mint_next_and_add_auth_methods(&self, grants: &[Grant], own_address: bool, to_itself: bool) -> ContractCall {
        let Columns { types, ids, pubkeys, scopes } = Columns::of(grants);
        let call = PKPHelper::mintNextAndAddAuthMethodsCall {
            keyType: U256::from(KEY_TYPE_ECDSA),
            permittedAuthMethodTypes: types,
            permittedAuthMethodIds: ids,
            permittedAuthMethodPubkeys: pubkeys,
            permittedAuthMethodScopes: scopes,
            addPkpEthAddressAsPermittedAddress: own_address,
            sendPkpToItself: to_itself,
        };
        ContractCall::new(self.helper, &call).paying(MINT_COST_WEI)
    }

    /// `PKPPermissions.addPermittedAuthMethod`.
    pub fn add_permitted_auth_method(&self, key: KeyId, grant: &Grant) -> ContractCall {
        let method = PKPPermissions::AuthMethod {
            authMethodType: U256::from(grant.method.auth_method_type),
            id: Bytes::copy_from_slice(&grant.method.id),
            userPubkey: Bytes::copy_from_slice(&grant.method.user_pubkey),
        };
        let scopes = scope_list(&grant.scopes);
        let call = PKPPermissions::addPermittedAuthMethodCall { tokenId: token_id(key), method, scopes };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.removePermittedAuthMethod`: the method (type and id) loses all its scopes, too.
    pub fn remove_permitted_auth_method(&self, key: KeyId, (kind, id): (u64, &[u8])) -> ContractCall {
        let call = PKPPermissions::removePermittedAuthMethodCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
        };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.addPermittedAuthMethodScope`, for a method that is permitted.
    pub fn add_scope(&self, key: KeyId, (kind, id): (u64, &[u8]), scope: u64) -> ContractCall {
        let call = PKPPermissions::addPermittedAuthMethodScopeCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
            scopeId: U256::from(scope),
        };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.removePermittedAuthMethodScope`, for a method that is permitted.
    pub fn remove_scope(&self, key: KeyId, (kind, id): (u64, &[u8]), scope: u64) -> ContractCall {
        let call = PKPPermissions::removePermittedAuthMethodScopeCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
            scopeId: U256::from(scope),
        };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.batchAddRemoveAuthMethods`: permits `add`, then withdraws `remove` (types and ids), all or nothing.
    pub fn batch_add_remove_auth_methods(&self, key: KeyId, add: &[Grant], remove: &[(u64, &[u8])]) -> ContractCall {
        let Columns { types, ids, pubkeys, scopes } = Columns::of(add);
        let call = PKPPermissions::batchAddRemoveAuthMethodsCall {
            tokenId: token_id(key),
            typesToAdd: types,
            idsToAdd: ids,
            pubkeysToAdd: pubkeys,
            scopesToAdd: scopes,
            typesToRemove: remove.iter().map(|(kind, _)| U256::from(*kind)).collect(),
            idsToRemove: remove.iter().map(|(_, id)| Bytes::copy_from_slice(id)).collect(),
        };
        ContractCall::new(self.permissions, &call)
    }
}

/// The questions.
impl Contracts {
    /// The keys that an auth method may use: at most `count` of them, from position `start`; read by [`keys`]. Any owner
    /// may permit any method, so keys of strangers may be among them.
    pub fn ask_keys_of(&self, (kind, id): (u64, &[u8]), start: u64, count: u64, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::getTokenIdsForAuthMethodPageCall {
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
            start: U256::from(start),
            count: U256::from(count),
        };
        view(self.permissions, call.abi_encode(), block)
    }

    /// The user's public key that a permitted auth method came with; read by [`user_pubkey`].
    pub fn ask_user_pubkey(&self, key: KeyId, (kind, id): (u64, &[u8]), block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::getUserPubkeyForAuthMethodCall {
            tokenId: token_id(key),
            authMethodType: U256::from(kind),
            id: Bytes::copy_from_slice(id),
        };
        view(self.permissions, call.abi_encode(), block)
    }
}

/// Reads the answer to [`Contracts::ask_keys_of`].
///
/// # Errors
/// If the answer is unusable.
pub fn keys(reply: &ChainReply) -> Result<Vec<KeyId>, ViewError> {
    let tokens = returned::<PKPPermissions::getTokenIdsForAuthMethodPageCall>(reply)?;
    Ok(tokens.into_iter().map(|token| KeyId(token.to_be_bytes())).collect())
}

/// Reads the answer to [`Contracts::ask_user_pubkey`]; a method that is not permitted is an error.
///
/// # Errors
/// If the answer is unusable.
pub fn user_pubkey(reply: &ChainReply) -> Result<Vec<u8>, ViewError> {
    Ok(returned::<PKPPermissions::getUserPubkeyForAuthMethodCall>(reply)?.to_vec())
}
