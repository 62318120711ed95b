//! What happened to the permissions of keys, as typed events. Nodes ask the contract for what holds now and have no use
//! for these; whoever retraces a key's history has.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolEvent;

use super::abi::{PKPPermissions, STRICT};
use super::addresses::Contracts;
use super::events::EventError;
use crate::id::KeyId;
use crate::io::ChainLog;

/// A change of what one auth method may do with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionEvent {
    /// The key.
    pub key: KeyId,
    /// The method's type. An owner may make up types of any size.
    pub auth_method_type: U256,
    /// The method's id.
    pub id: Vec<u8>,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The method was permitted, or its public key replaced.
    Added {
        /// The user's public key, if the method has one.
        user_pubkey: Vec<u8>,
    },
    /// The method lost its permission and all scopes.
    Removed,
    /// The method got a scope.
    ScopeAdded(U256),
    /// The method lost a scope.
    ScopeRemoved(U256),
}

impl PermissionEvent {
    /// Reads a log; `None` for logs of other contracts.
    ///
    /// # Errors
    /// If the log claims to be such an event and is not.
    pub fn decode(contracts: &Contracts, log: &ChainLog) -> Result<Option<Self>, EventError> {
        if log.address != contracts.permissions {
            return Ok(None);
        }
        let Some(&topic) = log.topics.first() else { return Ok(None) };
        let (token, auth_method_type, id, change) = match B256::from(topic) {
            PKPPermissions::PermittedAuthMethodAdded::SIGNATURE_HASH => {
                let event: PKPPermissions::PermittedAuthMethodAdded = event(log)?;
                let change = Change::Added { user_pubkey: event.userPubkey.to_vec() };
                (event.tokenId, event.authMethodType, event.id, change)
            }
            PKPPermissions::PermittedAuthMethodRemoved::SIGNATURE_HASH => {
                let event: PKPPermissions::PermittedAuthMethodRemoved = event(log)?;
                (event.tokenId, event.authMethodType, event.id, Change::Removed)
            }
            PKPPermissions::PermittedAuthMethodScopeAdded::SIGNATURE_HASH => {
                let event: PKPPermissions::PermittedAuthMethodScopeAdded = event(log)?;
                (event.tokenId, event.authMethodType, event.id, Change::ScopeAdded(event.scopeId))
            }
            PKPPermissions::PermittedAuthMethodScopeRemoved::SIGNATURE_HASH => {
                let event: PKPPermissions::PermittedAuthMethodScopeRemoved = event(log)?;
                (event.tokenId, event.authMethodType, event.id, Change::ScopeRemoved(event.scopeId))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { key: KeyId(token.to_be_bytes()), auth_method_type, id: id.to_vec(), change }))
    }
}

fn event<E: SolEvent>(log: &ChainLog) -> Result<E, EventError> {
    let topics = log.topics.iter().copied().map(B256::from);
    E::decode_raw_log_with_config(topics, &log.data, STRICT).map_err(EventError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(contracts: &Contracts, event: &impl SolEvent) -> ChainLog {
        let data = event.encode_log_data();
        let topics = data.topics().iter().map(|topic| topic.0).collect();
        ChainLog { block: 1, index: 0, address: contracts.permissions, topics, data: data.data.to_vec() }
    }

    #[test]
    fn every_change_is_read_from_its_contract_only_and_a_cut_one_not_at_all() {
        let contracts = Contracts::of_deployer([1; 20]);
        let (token, kind, id) = (U256::from(7), U256::MAX, alloy_primitives::Bytes::from_static(b"user"));
        let added = PKPPermissions::PermittedAuthMethodAdded {
            tokenId: token,
            authMethodType: kind,
            id: id.clone(),
            userPubkey: vec![4, 5].into(),
        };
        let removed =
            PKPPermissions::PermittedAuthMethodRemoved { tokenId: token, authMethodType: kind, id: id.clone() };
        let (gains, loses) = (
            PKPPermissions::PermittedAuthMethodScopeAdded {
                tokenId: token,
                authMethodType: kind,
                id: id.clone(),
                scopeId: U256::from(2),
            },
            PKPPermissions::PermittedAuthMethodScopeRemoved {
                tokenId: token,
                authMethodType: kind,
                id,
                scopeId: U256::from(3),
            },
        );
        let cases = [
            (log(&contracts, &added), Change::Added { user_pubkey: vec![4, 5] }),
            (log(&contracts, &removed), Change::Removed),
            (log(&contracts, &gains), Change::ScopeAdded(U256::from(2))),
            (log(&contracts, &loses), Change::ScopeRemoved(U256::from(3))),
        ];
        for (log, change) in cases {
            let expected = PermissionEvent {
                key: KeyId(token.to_be_bytes()),
                auth_method_type: kind,
                id: b"user".to_vec(),
                change,
            };
            assert_eq!(PermissionEvent::decode(&contracts, &log), Ok(Some(expected)));
            let elsewhere = ChainLog { address: contracts.pkp_nft, ..log.clone() };
            assert_eq!(PermissionEvent::decode(&contracts, &elsewhere), Ok(None));
            let cut = ChainLog { data: log.data[..log.data.len() - 32].to_vec(), ..log.clone() };
            assert!(matches!(PermissionEvent::decode(&contracts, &cut), Err(EventError::Malformed(_))));
            let bare = ChainLog { topics: log.topics[..1].to_vec(), ..log };
            assert!(matches!(PermissionEvent::decode(&contracts, &bare), Err(EventError::Malformed(_))));
        }
    }
}
