//! What the tests share: a chain with the network's contracts, people who send transactions, and exact reasons.

use alloy_primitives::{U256, keccak256};
use alloy_sol_types::{SolCall, SolError, sol};
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use lit_node::bugs::BugSet;
use lit_node::chain::abi::Staking;
use lit_node::chain::calls::token_id;
use lit_node::chain::lists::PermittedMethod;
use lit_node::chain::registration::address_of;
use lit_node::chain::{
    ChainEvent, ContractCall, Contracts, Fees, Grant, Registration, RevertReason, TransactionRequest, views,
};
use lit_node::id::{Digest, Epoch, KeyId};
use lit_node::io::{BlockTag, ChainReply, ChainRequest};
use lit_node::key::uncompressed;
use lit_node::meter::Meter;
use litsim::chain::{Chain, ChainConfig, NetworkParameters, Receipt};
use rand_core::SeedableRng;

sol! {
    /// What the tests call beyond the functions that nodes and clients use.
    #[sol(extra_derives(Debug, PartialEq, Eq))]
    interface More {
        function approve(address to, uint256 tokenId) external;
        function setApprovalForAll(address operator, bool approved) external;
        function safeTransferFrom(address from, address to, uint256 tokenId) external;
        function transferOwnership(address newOwner) external;
        function renounceOwnership() external;
        function takeUnminted(uint256 keyType) external returns (uint256 tokenId);
        function getApproved(uint256 tokenId) external view returns (address);
        function isApprovedForAll(address owner, address operator) external view returns (bool);
        function tokenByIndex(uint256 index) external view returns (uint256);
        function tokenURI(uint256 tokenId) external view returns (string);
        function name() external view returns (string);
        function symbol() external view returns (string);
        function supportsInterface(bytes4 interfaceId) external view returns (bool);
        function owner() external view returns (address);
        function helper() external view returns (address);
        function pkpNft() external view returns (address);
        function permissions() external view returns (address);
        function authMethodId(uint256 authMethodType, bytes id) external pure returns (bytes32);
        function dataHash(uint256 epoch, uint256 tokenId, bytes pubkey, uint256 keyType, bytes32 keyDataDigest)
            external pure returns (bytes32);
        function voteCount(bytes32 dataHash) external view returns (uint256);
        function hasVoted(bytes32 dataHash, address validator) external view returns (bool);
        function validatorAddress(uint256 epoch, uint256 index) external view returns (address);
        function validatorCountOf(uint256 epoch) external view returns (uint256);
        function thresholdOf(uint256 epoch) external view returns (uint256);
        function faultyMaxOf(uint256 epoch) external view returns (uint256);
    }
}

pub const CHAIN_ID: u64 = 175_188;
pub const GENESIS_TIME_S: u64 = 1_700_000_000;
/// How many blocks a key generation takes certificates.
pub const WINDOW: u64 = 4;
/// And how many more it takes complaints.
pub const COMPLAINT_WINDOW: u64 = 5;
/// Validators have the keys 1 to n; the others are these.
pub const DEPLOYER: u8 = 200;
pub const ALICE: u8 = 201;
pub const BOB: u8 = 202;
pub const CAROL: u8 = 203;
/// What all votes commit to, unless it matters.
pub const DATA: Digest = Digest([7; 32]);
/// An action.
pub const CID: [u8; 34] = [0x12; 34];
/// Auth method type of an address.
pub const ADDRESS: u64 = 1;
/// Auth method type of an action.
pub const ACTION: u64 = 2;
/// Auth method type of a passkey.
pub const WEBAUTHN: u64 = 3;
/// Auth method type of a Google account.
pub const GOOGLE: u64 = 5;

pub fn key(name: u8) -> SigningKey {
    SigningKey::from_slice(&[name; 32]).unwrap()
}

pub fn address(name: u8) -> [u8; 20] {
    address_of(key(name).verifying_key())
}

pub fn new_chain() -> Chain {
    let rich = (1..=20).chain([DEPLOYER, ALICE, BOB, CAROL]).map(|name| (address(name), U256::from(10u128.pow(20))));
    Chain::genesis(ChainConfig {
        chain_id: CHAIN_ID,
        block_time_ms: 2_000,
        finality_depth: 8,
        genesis_time_s: GENESIS_TIME_S,
        alloc: rich.collect(),
    })
}

pub fn registrations(count: u8) -> Vec<Registration> {
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([count; 32]);
    let registration = |name: u8| {
        let decryption = Scalar::from(1_000 + u64::from(name));
        Registration::new(&key(name), [name; 32], &decryption, Epoch(1), &mut rng, &mut Meter::default())
    };
    (1..=count).map(registration).collect()
}

pub fn parameters(size: u8) -> NetworkParameters {
    NetworkParameters {
        validators: registrations(size),
        threshold: (2 * u16::from(size)).div_ceil(3),
        dkg_window_blocks: WINDOW,
        dkg_complaint_blocks: COMPLAINT_WINDOW,
        unminted_keys: None,
        bugs: BugSet::NONE,
    }
}

/// The public key of a small secret.
pub fn point(secret: u64) -> ProjectivePoint {
    ProjectivePoint::GENERATOR * Scalar::from(secret)
}

/// The uncompressed public key of a small secret.
pub fn public_key(secret: u64) -> [u8; 65] {
    uncompressed(&point(secret))
}

pub fn key_id(secret: u64) -> KeyId {
    KeyId(keccak256(public_key(secret)).0)
}

/// An auth method with its scopes, without a user's key.
pub fn grant(auth_method_type: u64, id: &[u8], scopes: &[u64]) -> Grant {
    Grant {
        method: PermittedMethod { auth_method_type, id: id.to_vec(), user_pubkey: Vec::new() },
        scopes: scopes.to_vec(),
    }
}

/// A call of any function.
pub fn call(to: [u8; 20], call: &impl SolCall) -> ContractCall {
    ContractCall { to, value: U256::ZERO, data: call.abi_encode() }
}

/// The reason that is this custom error.
pub fn custom(error: impl SolError) -> RevertReason {
    let reason = RevertReason::decode(&error.abi_encode());
    assert!(reason.custom().is_some(), "an error of the network's contracts");
    reason
}

/// The reason that is this text.
pub fn message(text: &str) -> RevertReason {
    RevertReason::Message(text.into())
}

/// A chain with the contracts and a genesis set.
#[derive(Clone)]
pub struct Network {
    pub chain: Chain,
    pub contracts: Contracts,
}

impl Network {
    /// Validators 1 to `size`, threshold ceil(2n/3).
    pub fn of(size: u8) -> Self {
        Self::with_bugs(size, BugSet::NONE)
    }

    /// The same with planted mistakes.
    pub fn with_bugs(size: u8, bugs: BugSet) -> Self {
        let (mut chain, parameters) = (new_chain(), NetworkParameters { bugs, ..parameters(size) });
        let contracts = chain.deploy_network(&key(DEPLOYER), &parameters, GENESIS_TIME_S).unwrap();
        Self { chain, contracts }
    }

    /// Sends a call and mines it.
    pub fn send(&mut self, from: u8, call: ContractCall) -> Receipt {
        let request =
            TransactionRequest::call(call, CHAIN_ID, self.chain.nonce(address(from)), 3_000_000, Fees::default());
        let hash = self.chain.submit(&request.sign(&key(from), &mut Meter::default()).raw).unwrap();
        self.mine();
        self.chain.receipt(&hash).unwrap().clone()
    }

    /// Sends a call that must take effect, and returns its events, as far as nodes know them.
    #[track_caller]
    pub fn done(&mut self, from: u8, call: ContractCall) -> Vec<ChainEvent> {
        let receipt = self.send(from, call);
        assert_eq!(receipt.revert_reason().map(|reason| reason.to_string()), None);
        let decode = |log| ChainEvent::decode(&self.contracts, log).unwrap();
        receipt.logs.iter().filter_map(decode).collect()
    }

    /// Sends a call that must revert, and returns why.
    #[track_caller]
    pub fn refused(&mut self, from: u8, call: ContractCall) -> RevertReason {
        let receipt = self.send(from, call);
        assert!(receipt.logs.is_empty());
        receipt.revert_reason().expect("the call must revert")
    }

    pub fn mine(&mut self) {
        let (_, time) = self.chain.head();
        self.chain.mine(time + 2);
    }

    /// Mines until the head is at this height.
    pub fn mine_to(&mut self, block: u64) {
        while self.chain.head().0 < block {
            self.mine();
        }
    }

    /// Asks by one of the questions that `Contracts` makes.
    pub fn ask(&mut self, question: impl Fn(&Contracts, BlockTag) -> ChainRequest) -> ChainReply {
        self.chain.answer(&question(&self.contracts, BlockTag::Latest)).unwrap()
    }

    /// Calls a view.
    #[track_caller]
    pub fn view<C: SolCall>(&self, to: [u8; 20], call: C) -> C::Return {
        let reply = self.chain.call_at(to, &call.abi_encode(), BlockTag::Latest).unwrap();
        views::returned::<C>(&reply).unwrap()
    }

    /// Calls a view that must revert, and returns why.
    #[track_caller]
    pub fn no_view(&self, to: [u8; 20], call: &impl SolCall) -> RevertReason {
        match self.chain.call_at(to, &call.abi_encode(), BlockTag::Latest).unwrap() {
            ChainReply::Reverted(data) => RevertReason::decode(&data),
            other => panic!("not reverted: {other:?}"),
        }
    }

    pub fn threshold(&self) -> u8 {
        self.view(self.contracts.staking, Staking::thresholdCall {}).to::<u8>()
    }

    /// Has a threshold of validators vote for a key.
    pub fn route(&mut self, secret: u64) -> KeyId {
        for name in 1..=self.threshold() {
            self.done(name, self.contracts.vote_for_routing(&public_key(secret), DATA));
        }
        key_id(secret)
    }

    /// Routes a key and mints it.
    pub fn mint(&mut self, owner: u8, secret: u64) -> KeyId {
        let id = self.route(secret);
        self.done(owner, self.contracts.mint_next());
        id
    }

    /// Routes a key, and mints it, permits this action and burns the token.
    pub fn mint_grant_and_burn(&mut self, by: u8, secret: u64, cid: &[u8]) -> KeyId {
        let id = self.route(secret);
        self.done(by, self.contracts.mint_grant_and_burn_next(cid));
        id
    }

    pub fn owner(&mut self, id: KeyId) -> Option<[u8; 20]> {
        views::owner(&self.ask(|contracts, block| contracts.ask_owner(id, block))).unwrap()
    }

    pub fn permits_action(&mut self, id: KeyId, cid: &[u8]) -> bool {
        views::is_permitted(&self.ask(|contracts, block| contracts.ask_permitted_action(id, cid, block))).unwrap()
    }

    pub fn permits_address(&mut self, id: KeyId, user: u8) -> bool {
        let user = address(user);
        views::is_permitted(&self.ask(|contracts, block| contracts.ask_permitted_address(id, user, block))).unwrap()
    }

    /// Which of the scopes 0 to 4 a method has, as granted.
    pub fn scopes(&mut self, id: KeyId, method: (u64, &[u8])) -> Vec<bool> {
        let reply = self.ask(|contracts, block| contracts.ask_permitted_scopes(id, method, 5, block));
        lit_node::chain::lists::permitted_scopes(&reply).unwrap()
    }

    /// All methods that a key permits, in the contract's order.
    pub fn methods(&mut self, id: KeyId) -> Vec<PermittedMethod> {
        let reply = self.ask(|contracts, block| contracts.ask_permitted_auth_methods(id, block));
        lit_node::chain::lists::permitted_methods(&reply).unwrap()
    }
}

/// The error of a token that does not exist, or does no more.
pub fn nonexistent(id: KeyId) -> RevertReason {
    custom(lit_node::chain::abi::Reverts::ERC721NonexistentToken { tokenId: token_id(id) })
}
