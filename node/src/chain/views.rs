//! Questions to the contracts that change nothing, and how to read the answers.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use thiserror::Error;

use super::abi::Reverts::RevertsErrors;
use super::abi::{PKPNFT, PKPPermissions, PubkeyRouter, STRICT, Staking};
use super::addresses::{Contracts, view};
use super::calls::token_id;
use super::registration;
use super::revert::RevertReason;
use crate::bugs::{self, Bug};
use crate::id::{Epoch, KeyId};
use crate::io::{BlockTag, ChainReply, ChainRequest};
use crate::memo::Memo;
use crate::meter::Meter;
use crate::roster::{Roster, RosterError};

/// Why an answer to a view call is of no use.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ViewError {
    /// The call reverted.
    #[error("the call reverted: {0}")]
    Reverted(RevertReason),
    /// The answer is not one to a view call.
    #[error("an answer to another question")]
    OtherReply,
    /// The returned bytes are not an encoding of the function's result. An address without code returns nothing.
    #[error("malformed result: {0}")]
    Malformed(alloy_sol_types::Error),
    /// A number does not fit its type.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
    /// The validator set cannot be used.
    #[error("unusable validator set: {0}")]
    Roster(#[from] RosterError),
}

/// The questions.
impl Contracts {
    /// The current validator set; read by [`roster`].
    pub fn ask_roster(&self, block: BlockTag) -> ChainRequest {
        view(self.staking, Staking::getRosterCall {}.abi_encode(), block)
    }

    /// Whether an action may use a key, by its binary CID; read by [`is_permitted`].
    pub fn ask_permitted_action(&self, key: KeyId, cid: &[u8], block: BlockTag) -> ChainRequest {
        let call =
            PKPPermissions::isPermittedActionCall { tokenId: token_id(key), ipfsCID: Bytes::copy_from_slice(cid) };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Whether an action has a scope for a key, granted or implied; read by [`is_permitted`].
    pub fn ask_action_scope(&self, key: KeyId, cid: &[u8], scope: u64, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::isPermittedActionScopePresentCall {
            tokenId: token_id(key),
            ipfsCID: Bytes::copy_from_slice(cid),
            scopeId: U256::from(scope),
        };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Whether an address other than the owner's may use a key; read by [`is_permitted`].
    pub fn ask_permitted_address(&self, key: KeyId, user: [u8; 20], block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::isPermittedAddressCall { tokenId: token_id(key), user: Address::from(user) };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Whether an address has a scope for a key, granted or implied; read by [`is_permitted`].
    pub fn ask_address_scope(&self, key: KeyId, user: [u8; 20], scope: u64, block: BlockTag) -> ChainRequest {
        let call = PKPPermissions::isPermittedAddressScopePresentCall {
            tokenId: token_id(key),
            user: Address::from(user),
            scopeId: U256::from(scope),
        };
        view(self.permissions, call.abi_encode(), block)
    }

    /// Who owns a PKP; read by [`owner`].
    pub fn ask_owner(&self, key: KeyId, block: BlockTag) -> ChainRequest {
        view(self.pkp_nft, PKPNFT::ownerOfCall { tokenId: token_id(key) }.abi_encode(), block)
    }

    /// The public key behind a token id; read by [`public_key`].
    pub fn ask_public_key(&self, key: KeyId, block: BlockTag) -> ChainRequest {
        view(self.router, PubkeyRouter::getPubkeyCall { tokenId: token_id(key) }.abi_encode(), block)
    }
}

/// Reads the answer to [`Contracts::ask_roster`], checking every key and proof of possession.
///
/// # Errors
/// If the answer is unusable, or the set is.
pub fn roster(reply: &ChainReply, memo: &Memo, meter: &mut Meter) -> Result<Roster, ViewError> {
    let set = returned::<Staking::getRosterCall>(reply)?;
    let epoch = u32::try_from(set.epoch).map_err(|_| ViewError::OutOfRange("epoch"))?;
    let threshold = u16::try_from(set.threshold).map_err(|_| ViewError::OutOfRange("threshold"))?;
    Ok(registration::roster(Epoch(epoch), threshold, &set.validators, memo, meter)?)
}

/// Reads the answer to a question about a permission or scope.
///
/// # Errors
/// If the answer is unusable: never to be taken for a yes.
pub fn is_permitted(reply: &ChainReply) -> Result<bool, ViewError> {
    // All four questions return one bool.
    returned::<PKPPermissions::isPermittedActionCall>(reply)
}

/// Reads the answer to [`Contracts::ask_owner`]; `None` for a token that was burned or never minted. A burned PKP has
/// no owner, yet what it permitted may still use it, so this is no error.
///
/// # Errors
/// If the answer is unusable.
pub fn owner(reply: &ChainReply) -> Result<Option<[u8; 20]>, ViewError> {
    match returned::<PKPNFT::ownerOfCall>(reply) {
        Ok(owner) => Ok(Some(owner.into_array())),
        Err(ViewError::Reverted(reason)) => match reason.custom() {
            Some(RevertsErrors::ERC721NonexistentToken(_)) if !bugs::planted(Bug::BurnedKeyRefused) => Ok(None),
            _ => Err(ViewError::Reverted(reason)),
        },
        Err(error) => Err(error),
    }
}

/// Reads the answer to [`Contracts::ask_public_key`]: 65 bytes, uncompressed; `None` if the key is not routed.
///
/// # Errors
/// If the answer is unusable.
pub fn public_key(reply: &ChainReply) -> Result<Option<[u8; 65]>, ViewError> {
    match returned::<PubkeyRouter::getPubkeyCall>(reply) {
        Ok(key) => key[..].try_into().map(Some).map_err(|_| ViewError::OutOfRange("public key's length")),
        Err(ViewError::Reverted(reason)) => match reason.custom() {
            Some(RevertsErrors::NotRouted(_)) => Ok(None),
            _ => Err(ViewError::Reverted(reason)),
        },
        Err(error) => Err(error),
    }
}

/// Reads the result of any of the bound functions.
///
/// # Errors
/// If the call reverted or the bytes are not the result's one encoding.
pub fn returned<C: SolCall>(reply: &ChainReply) -> Result<C::Return, ViewError> {
    match reply {
        ChainReply::Returned(data) => C::abi_decode_returns_with_config(data, STRICT).map_err(ViewError::Malformed),
        ChainReply::Reverted(data) => Err(ViewError::Reverted(RevertReason::decode(data))),
        ChainReply::Logs(_)
        | ChainReply::Nonce(_)
        | ChainReply::Accepted(_)
        | ChainReply::Block { .. }
        | ChainReply::Balance(_) => Err(ViewError::OtherReply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::abi::Reverts;
    use crate::chain::registration::tests::validators;
    use crate::id::NodeId;
    use alloy_sol_types::{Revert, SolError};
    use proptest::prelude::*;

    fn roster_reply(validators: Vec<Staking::Validator>) -> Vec<u8> {
        let set = Staking::getRosterReturn { epoch: U256::from(1), threshold: U256::from(3), validators };
        Staking::getRosterCall::abi_encode_returns(&set)
    }

    fn read(data: Vec<u8>) -> Result<Roster, ViewError> {
        roster(&ChainReply::Returned(data), &Memo::shared(), &mut Meter::default())
    }

    #[test]
    fn a_roster_is_read_and_a_bad_key_names_its_validator() {
        assert_eq!(read(roster_reply(validators(4))).unwrap().size(), 4);
        let mut set = validators(4);
        set[1].encryptionProof = set[0].encryptionProof.clone();
        assert_eq!(read(roster_reply(set)), Err(ViewError::Roster(RosterError::InvalidKey(NodeId(2)))));
    }

    #[test]
    fn encodings_that_no_contract_makes_are_refused() {
        let good = roster_reply(validators(4));
        let mut trailing = good.clone();
        trailing.extend([0; 32]);
        assert!(matches!(read(trailing), Err(ViewError::Malformed(_))));
        // Two entries of the array that point at one place would let short answers decode to long lists.
        let mut overlapping = good.clone();
        let heads = 4 * 32;
        overlapping.copy_within(heads..heads + 32, heads + 32);
        assert!(matches!(read(overlapping), Err(ViewError::Malformed(_))));
        assert!(matches!(read(vec![]), Err(ViewError::Malformed(_))));
    }

    #[test]
    fn only_a_missing_token_has_no_owner() {
        let missing = Reverts::ERC721NonexistentToken { tokenId: U256::from(5) }.abi_encode();
        assert_eq!(owner(&ChainReply::Reverted(missing.clone())), Ok(None));
        let other = Revert::from("overloaded").abi_encode();
        assert!(matches!(owner(&ChainReply::Reverted(other)), Err(ViewError::Reverted(RevertReason::Message(_)))));
        assert_eq!(owner(&ChainReply::Nonce(1)), Err(ViewError::OtherReply));
        assert!(is_permitted(&ChainReply::Reverted(missing)).is_err());
        let two = U256::from(2).to_be_bytes::<32>().to_vec();
        assert!(is_permitted(&ChainReply::Returned(two)).is_err(), "2 is not a bool");
    }

    #[cfg(feature = "planted-bugs")]
    #[test]
    fn the_planted_bug_cannot_read_that_a_token_has_no_owner() {
        let _planted = bugs::plant(bugs::BugSet::NONE.with(Bug::BurnedKeyRefused));
        let missing = Reverts::ERC721NonexistentToken { tokenId: U256::from(5) }.abi_encode();
        assert!(matches!(owner(&ChainReply::Reverted(missing)), Err(ViewError::Reverted(_))));
    }

    proptest! {
        #[test]
        fn no_answer_makes_decoding_panic(data in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..2300, byte: u8) {
            let mut spoiled = roster_reply(validators(4));
            if let Some(target) = spoiled.get_mut(at) {
                *target = byte;
            }
            for data in [data, spoiled] {
                let _ = read(data.clone());
                for reply in [ChainReply::Returned(data.clone()), ChainReply::Reverted(data)] {
                    let _ = (owner(&reply), is_permitted(&reply), public_key(&reply));
                }
            }
        }
    }
}
