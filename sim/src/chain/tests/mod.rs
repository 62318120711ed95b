//! Tests of the chain itself. Those of the contracts are in `sim/tests/contracts/`.

mod blocks;
mod reorg;

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use lit_node::bugs::BugSet;
use lit_node::chain::registration::address_of;
use lit_node::chain::views;
use lit_node::chain::{ChainEvent, ContractCall, Contracts, Fees, Registration, TransactionRequest};
use lit_node::id::{Digest, Epoch, KeyId};
use lit_node::io::{BlockTag, ChainRequest};
use lit_node::key::uncompressed;
use lit_node::meter::Meter;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use super::{Chain, ChainConfig, NetworkParameters, Receipt};

const CHAIN_ID: u64 = 175_188;
const GENESIS_TIME_S: u64 = 1_700_000_000;
/// How many blocks a key generation takes certificates.
const WINDOW: u64 = 4;
/// And how many more it takes complaints.
const COMPLAINT_WINDOW: u64 = 5;
/// Validators have the keys 1 to n; the others are these.
const DEPLOYER: u8 = 200;
const ALICE: u8 = 201;
const BOB: u8 = 202;

fn key(name: u8) -> SigningKey {
    SigningKey::from_slice(&[name; 32]).unwrap()
}

fn address(name: u8) -> [u8; 20] {
    address_of(key(name).verifying_key())
}

fn new_chain() -> Chain {
    let rich = (1..=20).chain([DEPLOYER, ALICE, BOB]).map(|name| (address(name), U256::from(10u128.pow(20))));
    Chain::genesis(ChainConfig {
        chain_id: CHAIN_ID,
        block_time_ms: 2_000,
        finality_depth: 8,
        genesis_time_s: GENESIS_TIME_S,
        alloc: rich.collect(),
    })
}

fn registrations(count: u8) -> Vec<Registration> {
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([count; 32]);
    let registration = |name: u8| {
        let decryption = Scalar::from(1_000 + u64::from(name));
        Registration::new(&key(name), [name; 32], &decryption, Epoch(1), &mut rng, &mut Meter::default())
    };
    (1..=count).map(registration).collect()
}

/// The uncompressed public key of a small secret.
fn public_key(secret: u64) -> [u8; 65] {
    uncompressed(&(ProjectivePoint::GENERATOR * Scalar::from(secret)))
}

fn key_id(secret: u64) -> KeyId {
    KeyId(alloy_primitives::keccak256(public_key(secret)).0)
}

fn transaction(call: ContractCall, nonce: u64) -> TransactionRequest {
    TransactionRequest::call(call, CHAIN_ID, nonce, 3_000_000, Fees::default())
}

/// A chain with the contracts and a genesis set.
#[derive(Clone)]
struct Network {
    chain: Chain,
    contracts: Contracts,
}

impl Network {
    /// Validators 1 to `size`, threshold ceil(2n/3).
    fn of(size: u8) -> Self {
        let mut chain = new_chain();
        let threshold = (2 * u16::from(size)).div_ceil(3);
        let parameters = NetworkParameters {
            validators: registrations(size),
            threshold,
            dkg_window_blocks: WINDOW,
            dkg_complaint_blocks: COMPLAINT_WINDOW,
            unminted_keys: None,
            bugs: BugSet::NONE,
        };
        let contracts = chain.deploy_network(&key(DEPLOYER), &parameters, GENESIS_TIME_S).unwrap();
        Self { chain, contracts }
    }

    /// Sends a call and mines it.
    fn send(&mut self, from: u8, call: ContractCall) -> Receipt {
        let nonce = self.chain.nonce(address(from));
        let hash = self.chain.submit(&transaction(call, nonce).sign(&key(from), &mut Meter::default()).raw).unwrap();
        self.mine();
        self.chain.receipt(&hash).unwrap().clone()
    }

    /// Sends a call that must take effect, and returns its events.
    fn done(&mut self, from: u8, call: ContractCall) -> Vec<ChainEvent> {
        let receipt = self.send(from, call);
        assert_eq!(receipt.revert_reason().map(|reason| reason.to_string()), None);
        let decode = |log| ChainEvent::decode(&self.contracts, log).unwrap();
        receipt.logs.iter().filter_map(decode).collect()
    }

    fn mine(&mut self) {
        let (_, time) = self.chain.head();
        self.chain.mine(time + 2);
    }

    /// Calls any bound view.
    fn view<C: SolCall>(&self, to: [u8; 20], call: C) -> C::Return {
        let reply = self.chain.call_at(to, &call.abi_encode(), BlockTag::Latest).unwrap();
        views::returned::<C>(&reply).unwrap()
    }

    /// Has a threshold of validators vote for a key.
    fn route(&mut self, secret: u64) -> KeyId {
        let threshold = self.view(self.contracts.staking, lit_node::chain::abi::Staking::thresholdCall {});
        for name in 1..=threshold.to::<u8>() {
            self.done(name, self.contracts.vote_for_routing(&public_key(secret), Digest([7; 32])));
        }
        key_id(secret)
    }

    /// Routes a key and mints it.
    fn mint(&mut self, owner: u8, secret: u64) -> KeyId {
        let id = self.route(secret);
        self.done(owner, self.contracts.mint_next());
        id
    }
}

#[test]
fn balances_without_a_network_answer_no_logs_and_no_contracts() {
    let mut chain = Chain::genesis(ChainConfig { alloc: BTreeMap::new(), ..new_chain().config().clone() });
    let logs = chain.answer(&ChainRequest::Logs { from_block: 0, to_block: u64::MAX });
    assert_eq!(logs, Ok(lit_node::io::ChainReply::Logs(vec![])));
    assert_eq!(chain.networks(), []);
}
