//! The pool of keys that wait to be minted: who moves it, and how far.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolValue;
use lit_node::chain::abi::{DkgBoard, KeyPool, Reverts};
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall};
use litsim::chain::NetworkParameters;

use super::artifacts::create_pool;
use super::network::*;

impl Network {
    /// Validators 1 to `size`, and a pool of so many keys.
    pub fn with_pool(size: u8, target: u64) -> Self {
        let mut chain = new_chain();
        let network = NetworkParameters { unminted_keys: Some(target), ..parameters(size) };
        let contracts = chain.deploy_network(&key(DEPLOYER), &network, GENESIS_TIME_S).unwrap();
        Self { chain, contracts }
    }

    fn report(&self, minted: u64) -> ContractCall {
        self.contracts.report_minted(minted).unwrap()
    }

    /// How many keys the board was asked for.
    fn requested(&self) -> u64 {
        self.view(self.contracts.dkg_board, DkgBoard::keyCountCall {}).to()
    }
}

#[test]
fn the_pool_is_filled_when_one_more_than_f_validators_report_the_same() {
    let mut network = Network::with_pool(7, 3);
    for name in [1, 2] {
        let events = network.done(name, network.report(0));
        assert!(
            matches!(events[..], [ChainEvent::MintedReported { minted: 0, validator }] if validator == address(name))
        );
    }
    assert_eq!(network.requested(), 0);
    let events = network.done(3, network.report(0));
    let opened = |event: &&ChainEvent| matches!(event, ChainEvent::Board(BoardEvent::SessionOpened { .. }));
    assert_eq!((events.iter().filter(opened).count(), network.requested()), (3, 3));
    for name in 4..=7 {
        network.done(name, network.report(0));
    }
    assert_eq!(network.requested(), 3, "more reports of the same ask for nothing");
    for name in 1..=3 {
        network.done(name, network.report(2));
    }
    assert_eq!(network.requested(), 5, "two keys were minted");
}

#[test]
fn f_validators_neither_hurry_nor_stop_the_pool() {
    let mut network = Network::with_pool(7, 3);
    for name in [1, 2] {
        network.done(name, network.report(100));
        network.done(name, network.report(100));
    }
    assert_eq!(network.requested(), 0, "a repeated report counts once");
    for name in [5, 6, 7] {
        network.done(name, network.report(1));
    }
    assert_eq!(network.requested(), 4);
    for name in [3, 4, 5] {
        network.done(name, network.report(0));
    }
    assert_eq!(network.requested(), 4, "what was reported before is not taken back");
    assert_eq!(network.view(network.contracts.key_pool.unwrap(), KeyPool::mintedCall {}), U256::from(1));
}

#[test]
fn only_validators_report_and_only_the_pool_asks_the_board() {
    let mut network = Network::with_pool(4, 1);
    let (contracts, report) = (network.contracts, network.report(0));
    let not_validator = custom(Reverts::NotValidator { sender: address(ALICE).into() });
    assert_eq!(network.refused(ALICE, report), not_validator);
    let stranger = |name| custom(Reverts::OwnableUnauthorizedAccount { account: address(name).into() });
    assert_eq!(network.refused(DEPLOYER, contracts.request_keys(1)), stranger(DEPLOYER));
    assert_eq!(network.refused(ALICE, contracts.request_network_key()), stranger(ALICE));
    let events = network.done(DEPLOYER, contracts.request_network_key());
    assert!(matches!(events[..], [ChainEvent::Board(BoardEvent::SessionOpened { .. })]));
}

#[test]
fn a_pool_holds_at_least_one_key_and_at_most_what_a_transaction_can_ask_for() {
    let network = Network::with_pool(4, 16);
    let most: u64 = network.view(network.contracts.key_pool.unwrap(), KeyPool::TARGET_MAXCall {}).to();
    assert_eq!(most, 16, "scenarios are checked against this");
    let [staking, board] = [network.contracts.staking, network.contracts.dkg_board].map(Address::from);
    for target in [0, most + 1] {
        let arguments = (staking, board, U256::from(target)).abi_encode_params();
        let receipt = create_pool(&mut network.chain.clone(), arguments);
        assert_eq!(receipt.revert_reason(), Some(custom(Reverts::InvalidTarget { target: U256::from(target) })));
    }
    let mut network = network;
    network.done(1, network.report(0));
    let receipt = network.send(2, network.report(0));
    assert!(receipt.succeeded(), "the largest pool is filled by one transaction");
    assert_eq!(network.requested(), most);
}
