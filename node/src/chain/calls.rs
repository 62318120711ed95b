//! Calls that change the contracts' state, as the data of a transaction.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use std::collections::BTreeMap;

use super::abi::{DkgBoard, KEY_TYPE_ECDSA, KeyPool, MINT_COST_WEI, PKPNFT, PKPPermissions, PubkeyRouter, Staking};
use super::addresses::Contracts;
use super::registration::Registration;
use crate::id::{Digest, KeyId, NodeId, SessionId};
use crate::wire::SignatureBytes;

/// A call of a contract, to be sent in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCall {
    /// The contract.
    pub to: [u8; 20],
    /// What the call pays, wei.
    pub value: U256,
    /// ABI-encoded function and arguments.
    pub data: Vec<u8>,
}

impl ContractCall {
    pub(super) fn new(to: [u8; 20], call: &impl SolCall) -> Self {
        Self { to, value: U256::ZERO, data: call.abi_encode() }
    }

    pub(super) fn paying(self, wei: u64) -> Self {
        Self { value: U256::from(wei), ..self }
    }
}

/// What a validator signs to acknowledge a dealing, as `DkgBoard.ackDigest` computes it.
pub fn ack_digest(session: SessionId, dealer: NodeId, dealing: Digest) -> [u8; 32] {
    let dealer = U256::from(dealer.0).to_be_bytes::<32>();
    keccak256([keccak256("dkg/ack").0, session.0, dealer, dealing.0].concat()).0
}

/// The id of a key generation's session, as `DkgBoard.sessionId` computes it.
pub fn session_id(dkg_board: [u8; 20], chain_id: u64, epoch: u64, index: u64, attempt: u64) -> SessionId {
    let word = |number: u64| U256::from(number).to_be_bytes::<32>();
    let board = B256::left_padding_from(&dkg_board).0;
    SessionId(keccak256([board, word(chain_id), word(epoch), word(index), word(attempt)].concat()).0)
}

/// The token id of a key.
pub fn token_id(key: KeyId) -> U256 {
    U256::from_be_bytes(key.0)
}

/// A signature in the contracts' form: r, s, and v as 27 or 28.
pub fn signature_bytes(signature: &SignatureBytes) -> [u8; 65] {
    let mut bytes = [0; 65];
    bytes[..32].copy_from_slice(&signature.r);
    bytes[32..64].copy_from_slice(&signature.s);
    bytes[64] = signature.v.wrapping_add(27);
    bytes
}

pub(super) fn scope_list(scopes: &[u64]) -> Vec<U256> {
    scopes.iter().copied().map(U256::from).collect()
}

/// Calls of validators and of the network's owner.
impl Contracts {
    /// `Staking.setGenesis`, by the owner, once.
    pub fn set_genesis(&self, validators: &[Registration], threshold: u16) -> ContractCall {
        let validators = validators.iter().map(Registration::to_abi).collect();
        ContractCall::new(self.staking, &Staking::setGenesisCall { validators, threshold: U256::from(threshold) })
    }

    /// `DkgBoard.requestKeys`, by the owner: opens sessions for `count` keys.
    pub fn request_keys(&self, count: u64) -> ContractCall {
        ContractCall::new(self.dkg_board, &DkgBoard::requestKeysCall { count: U256::from(count) })
    }

    /// `DkgBoard.requestNetworkKey`, by the owner, once: opens a session for the network's own key. In a network with a
    /// key pool, which then owns the board, `KeyPool.requestNetworkKey`.
    pub fn request_network_key(&self) -> ContractCall {
        match self.key_pool {
            Some(pool) => ContractCall::new(pool, &KeyPool::requestNetworkKeyCall {}),
            None => ContractCall::new(self.dkg_board, &DkgBoard::requestNetworkKeyCall {}),
        }
    }

    /// `DkgBoard.transferOwnership`, by the owner: hands the board to the key pool; none in a network without one.
    pub fn hand_board_to_pool(&self) -> Option<ContractCall> {
        let call = DkgBoard::transferOwnershipCall { newOwner: self.key_pool?.into() };
        Some(ContractCall::new(self.dkg_board, &call))
    }

    /// `KeyPool.reportMinted`, by a validator: how many keys it has seen minted; none in a network without a pool.
    pub fn report_minted(&self, minted: u64) -> Option<ContractCall> {
        let call = KeyPool::reportMintedCall { minted: U256::from(minted) };
        Some(ContractCall::new(self.key_pool?, &call))
    }

    /// `DkgBoard.certify`, by a validator: posts a dealing's digest with acknowledgements (signatures over
    /// [`ack_digest`]).
    pub fn certify(
        &self,
        session: SessionId,
        dealer: NodeId,
        dealing: Digest,
        acks: &BTreeMap<NodeId, SignatureBytes>,
    ) -> ContractCall {
        let call = DkgBoard::certifyCall {
            sid: session.0.into(),
            dealer: dealer.0,
            digest: dealing.0.into(),
            ackers: acks.keys().map(|id| id.0).collect(),
            signatures: acks.values().map(|ack| Bytes::from(signature_bytes(ack))).collect(),
        };
        ContractCall::new(self.dkg_board, &call)
    }

    /// `DkgBoard.complain`, by a validator: disputes the share that a certified dealing gives it.
    pub fn complain(&self, session: SessionId, dealer: NodeId, dealing: Digest, complaint: &[u8]) -> ContractCall {
        let call = DkgBoard::complainCall {
            sid: session.0.into(),
            dealer: dealer.0,
            digest: dealing.0.into(),
            complaint: Bytes::copy_from_slice(complaint),
        };
        ContractCall::new(self.dkg_board, &call)
    }

    /// `DkgBoard.restart`, by a validator: opens the next attempt, or asks for it, when too few dealings are left after
    /// the complaints.
    pub fn restart(&self, session: SessionId) -> ContractCall {
        ContractCall::new(self.dkg_board, &DkgBoard::restartCall { sid: session.0.into() })
    }

    /// `PubkeyRouter.voteForRoutingData` for a PKP's key, as [`Self::vote_for_key`].
    pub fn vote_for_routing(&self, uncompressed: &[u8; 65], key_data: Digest) -> ContractCall {
        self.vote_for_key(uncompressed, KEY_TYPE_ECDSA, key_data)
    }

    /// `PubkeyRouter.voteForRoutingData`, by a validator. `public_key` is in the form of its type; `key_data` commits
    /// the voter to the public counterparts of all shares.
    pub fn vote_for_key(&self, public_key: &[u8], key_type: u64, key_data: Digest) -> ContractCall {
        let call = PubkeyRouter::voteForRoutingDataCall {
            tokenId: keccak256(public_key).into(),
            pubkey: Bytes::copy_from_slice(public_key),
            keyType: U256::from(key_type),
            keyDataDigest: key_data.0.into(),
        };
        ContractCall::new(self.router, &call)
    }
}

/// Calls of users.
impl Contracts {
    /// `PKPNFT.mintNext`, paying the price: mints the next routed key to the sender.
    pub fn mint_next(&self) -> ContractCall {
        let call = PKPNFT::mintNextCall { keyType: U256::from(KEY_TYPE_ECDSA) };
        ContractCall::new(self.pkp_nft, &call).paying(MINT_COST_WEI)
    }

    /// `PKPNFT.mintGrantAndBurnNext`, paying the price: mints the next routed key, permits the action of this binary
    /// CID, and burns the token.
    pub fn mint_grant_and_burn_next(&self, cid: &[u8]) -> ContractCall {
        let call = PKPNFT::mintGrantAndBurnNextCall {
            keyType: U256::from(KEY_TYPE_ECDSA),
            ipfsCID: Bytes::copy_from_slice(cid),
        };
        ContractCall::new(self.pkp_nft, &call).paying(MINT_COST_WEI)
    }

    /// `PKPNFT.burn`, by the token's owner.
    pub fn burn(&self, key: KeyId) -> ContractCall {
        ContractCall::new(self.pkp_nft, &PKPNFT::burnCall { tokenId: token_id(key) })
    }

    /// `PKPNFT.transferFrom`, by the token's owner.
    pub fn transfer(&self, from: [u8; 20], to: [u8; 20], key: KeyId) -> ContractCall {
        let call = PKPNFT::transferFromCall { from: from.into(), to: to.into(), tokenId: token_id(key) };
        ContractCall::new(self.pkp_nft, &call)
    }

    /// `PKPPermissions.addPermittedAction`, by the token's owner; the CID in binary form.
    pub fn add_permitted_action(&self, key: KeyId, cid: &[u8], scopes: &[u64]) -> ContractCall {
        let call = PKPPermissions::addPermittedActionCall {
            tokenId: token_id(key),
            ipfsCID: Bytes::copy_from_slice(cid),
            scopes: scope_list(scopes),
        };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.removePermittedAction`, by the token's owner.
    pub fn remove_permitted_action(&self, key: KeyId, cid: &[u8]) -> ContractCall {
        let call =
            PKPPermissions::removePermittedActionCall { tokenId: token_id(key), ipfsCID: Bytes::copy_from_slice(cid) };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.addPermittedAddress`, by the token's owner.
    pub fn add_permitted_address(&self, key: KeyId, user: [u8; 20], scopes: &[u64]) -> ContractCall {
        let call = PKPPermissions::addPermittedAddressCall {
            tokenId: token_id(key),
            user: Address::from(user),
            scopes: scope_list(scopes),
        };
        ContractCall::new(self.permissions, &call)
    }

    /// `PKPPermissions.removePermittedAddress`, by the token's owner.
    pub fn remove_permitted_address(&self, key: KeyId, user: [u8; 20]) -> ContractCall {
        let call = PKPPermissions::removePermittedAddressCall { tokenId: token_id(key), user: Address::from(user) };
        ContractCall::new(self.permissions, &call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::PublicKey;
    use alloy_sol_types::SolValue;

    #[test]
    fn a_token_id_is_the_hash_of_the_uncompressed_key() {
        let point = k256::ProjectivePoint::GENERATOR;
        let key = PublicKey {
            epoch: crate::id::Epoch(1),
            threshold: 1,
            point,
            commitments: vec![point],
            members: vec![NodeId(1)],
        };
        let call = Contracts::of_deployer([1; 20]).vote_for_routing(&key.uncompressed(), Digest([9; 32]));
        let vote = PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data).unwrap();
        assert_eq!(vote.tokenId, token_id(key.id()));
        assert_eq!(vote.tokenId, U256::from_be_bytes(keccak256(key.uncompressed()).0));
        // The generator's address is that of the secret key 1.
        assert_eq!(hex::encode(key.eth_address()), "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    }

    #[test]
    fn digests_are_those_of_solidity_encodings() {
        let packed =
            (keccak256("dkg/ack"), B256::repeat_byte(1), U256::from(7), B256::repeat_byte(2)).abi_encode_packed();
        assert_eq!(ack_digest(SessionId([1; 32]), NodeId(7), Digest([2; 32])), keccak256(packed).0);
        let number = U256::from::<u64>;
        let encoded = (Address::repeat_byte(3), number(31337), number(1), number(2), number(3)).abi_encode();
        assert_eq!(session_id([3; 20], 31337, 1, 2, 3).0, keccak256(encoded).0);
    }
}
