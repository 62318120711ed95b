//! Validator sets.

use alloy_json_abi::StateMutability;
use alloy_primitives::{Address, U256};
use lit_node::chain::abi::Reverts;
use lit_node::chain::abi::Staking;
use lit_node::chain::{RevertReason, views};
use lit_node::id::{Epoch, NodeId};
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use litsim::chain::{DeployError, NetworkParameters};

use super::artifacts::abi;
use super::network::*;

fn roster(network: &mut Network) -> lit_node::roster::Roster {
    let reply = network.ask(|contracts, block| contracts.ask_roster(block));
    views::roster(&reply, &Memo::off(), &mut Meter::default()).unwrap()
}

#[test]
fn the_deployed_set_reads_back_as_a_roster() {
    let mut network = Network::of(7);
    let roster = roster(&mut network);
    assert_eq!((roster.size(), roster.threshold(), roster.faulty_max(), roster.epoch()), (7, 5, 2, Epoch(1)));
    let staking = network.contracts.staking;
    for name in 1..=7 {
        assert_eq!(roster.by_address(&address(name)), Some(NodeId(u16::from(name))));
        let account = Address::from(address(name));
        assert_eq!(network.view(staking, Staking::validatorIndexCall { account }), U256::from(name));
        assert!(network.view(staking, Staking::isActiveValidatorCall { account }));
        let by_number = More::validatorAddressCall { epoch: U256::from(1), index: U256::from(name) };
        assert_eq!(network.view(staking, by_number), account);
    }
    let account = Address::from(address(ALICE));
    assert!(!network.view(staking, Staking::isActiveValidatorCall { account }));
    assert_eq!(network.view(staking, Staking::validatorIndexCall { account }), U256::ZERO);
    assert_eq!(network.view(staking, Staking::faultyMaxCall {}), U256::from(2));
    assert_eq!(network.view(staking, Staking::thresholdCall {}), U256::from(5));
    assert_eq!(network.view(staking, Staking::validatorCountCall {}), U256::from(7));
    assert_eq!(network.view(staking, Staking::getValidatorsInCurrentEpochCall {}).len(), 7);
    assert_eq!(network.view(staking, Staking::epochCall {}), U256::from(1));
}

#[test]
fn an_epoch_that_never_was_has_no_validators() {
    let network = Network::of(4);
    let (staking, epoch) = (network.contracts.staking, U256::from(2));
    assert_eq!(network.view(staking, More::validatorCountOfCall { epoch }), U256::ZERO);
    assert_eq!(network.view(staking, More::thresholdOfCall { epoch }), U256::ZERO);
    assert_eq!(network.view(staking, More::faultyMaxOfCall { epoch }), U256::ZERO);
    for (epoch, index) in [(2, 1), (1, 0), (1, 5)] {
        let (epoch, index) = (U256::from(epoch), U256::from(index));
        let reason = network.no_view(staking, &More::validatorAddressCall { epoch, index });
        assert_eq!(reason, custom(Reverts::NoSuchValidator { epoch, index }));
    }
}

#[test]
fn a_hundred_validators_fit_into_a_transaction_and_a_view() {
    let roster = roster(&mut Network::of(100));
    assert_eq!((roster.size(), roster.threshold(), roster.faulty_max()), (100, 67, 33));
}

#[test]
fn the_genesis_set_is_given_once_and_by_the_owner() {
    let mut network = Network::of(4);
    let again = network.contracts.set_genesis(&registrations(4), 3);
    assert_eq!(network.refused(DEPLOYER, again.clone()), custom(Reverts::GenesisAlreadySet {}));
    let stranger = Reverts::OwnableUnauthorizedAccount { account: address(ALICE).into() };
    assert_eq!(network.refused(ALICE, again), custom(stranger));
}

#[test]
fn the_genesis_set_is_checked() {
    let refused = |spoil: fn(&mut NetworkParameters)| -> (&str, RevertReason) {
        let mut parameters = parameters(4);
        spoil(&mut parameters);
        match new_chain().deploy_network(&key(DEPLOYER), &parameters, GENESIS_TIME_S) {
            Err(DeployError::Failed { step, reason }) => (step, reason),
            other => panic!("not refused: {other:?}"),
        }
    };
    let threshold = |threshold: u64| {
        ("setGenesis", custom(Reverts::InvalidThreshold { threshold: U256::from(threshold), size: U256::from(4) }))
    };
    assert_eq!(refused(|p| p.threshold = 5), threshold(5));
    assert_eq!(refused(|p| p.threshold = 0), threshold(0));
    let empty = custom(Reverts::InvalidSetSize { size: U256::ZERO });
    assert_eq!(refused(|p| p.validators.clear()), ("setGenesis", empty));
    assert_eq!(refused(|p| p.dkg_window_blocks = 0), ("DkgBoard", custom(Reverts::InvalidWindow {})));
    assert_eq!(refused(|p| p.dkg_complaint_blocks = 0), ("DkgBoard", custom(Reverts::InvalidWindow {})));
    let twice = custom(Reverts::DuplicateValidator { nodeAddress: address(1).into() });
    assert_eq!(refused(|p| p.validators[1] = p.validators[0].clone()), ("setGenesis", twice));
    let other = custom(Reverts::AddressMismatch { position: U256::from(2), expected: address(3).into() });
    assert_eq!(refused(|p| p.validators[2].member.address = [1; 20]), ("setGenesis", other));
    let no_channel = custom(Reverts::InvalidKey { position: U256::from(3) });
    assert_eq!(refused(|p| p.validators[3].member.channel_key = [0; 32]), ("setGenesis", no_channel));
}

#[test]
fn keys_in_another_form_are_refused() {
    type Spoil = fn(&mut Staking::Validator);
    let cases: [(&str, Spoil); 6] = [
        ("a short identity key", |v| v.identityKey = v.identityKey[..64].to_vec().into()),
        ("an identity key with another tag", |v| v.identityKey = [&[2][..], &v.identityKey[1..]].concat().into()),
        ("a long encryption key", |v| v.encryptionKey = [&v.encryptionKey[..], &[0]].concat().into()),
        ("an encryption key with another tag", |v| v.encryptionKey = [&[4][..], &v.encryptionKey[1..]].concat().into()),
        ("a short proof", |v| v.encryptionProof = v.encryptionProof[1..].to_vec().into()),
        ("no proof", |v| v.encryptionProof = Vec::new().into()),
    ];
    let mut fresh = Network::without_genesis();
    for (what, spoil) in cases {
        let mut validators: Vec<_> = registrations(4).iter().map(lit_node::chain::Registration::to_abi).collect();
        spoil(&mut validators[1]);
        let set = Staking::setGenesisCall { validators, threshold: U256::from(3) };
        let reason = fresh.refused(DEPLOYER, call(fresh.contracts.staking, &set));
        assert_eq!(reason, custom(Reverts::InvalidKey { position: U256::from(1) }), "{what}");
    }
}

/// In the genesis epoch of the real network one vote was enough for anything. Here there is nobody who could vote before
/// the set is given, and the threshold of the first set holds from its first block on.
#[test]
fn before_the_genesis_set_nobody_votes_and_nothing_is_requested() {
    let mut network = Network::without_genesis();
    let contracts = network.contracts;
    assert_eq!(network.view(contracts.staking, Staking::epochCall {}), U256::ZERO);
    assert_eq!(network.view(contracts.staking, Staking::thresholdCall {}), U256::ZERO);
    for name in [1, DEPLOYER] {
        let nobody = custom(Reverts::NotValidator { sender: address(name).into() });
        assert_eq!(network.refused(name, contracts.vote_for_routing(&public_key(5), DATA)), nobody);
    }
    assert_eq!(network.refused(DEPLOYER, contracts.request_keys(1)), custom(Reverts::NoValidators {}));
    assert_eq!(network.refused(DEPLOYER, contracts.request_network_key()), custom(Reverts::NoValidators {}));
    network.done(DEPLOYER, contracts.set_genesis(&registrations(4), 3));
    network.done(1, contracts.vote_for_routing(&public_key(5), DATA));
    assert!(!network.is_routed(key_id(5)), "one vote routes nothing in the first epoch");
    network.done(2, contracts.vote_for_routing(&public_key(5), DATA));
    assert!(!network.is_routed(key_id(5)));
    network.done(3, contracts.vote_for_routing(&public_key(5), DATA));
    assert!(network.is_routed(key_id(5)));
}

/// One vote kicked a validator in the real network's first epoch. Here no function of the contract takes a validator
/// out of its set; one that comes must add its own test, and is noticed by this one.
#[test]
fn no_number_of_votes_kicks_a_validator_in_the_first_epoch() {
    let changing: Vec<String> = abi("Staking")
        .functions()
        .filter(|function| matches!(function.state_mutability, StateMutability::NonPayable | StateMutability::Payable))
        .map(|function| function.name.clone())
        .collect();
    assert_eq!(changing, ["renounceOwnership", "setGenesis", "transferOwnership"]);
    let mut network = Network::of(4);
    let set = network.view(network.contracts.staking, Staking::getValidatorsInCurrentEpochCall {});
    // Whatever validators vote for, the set is what it was.
    for name in 1..=4 {
        network.done(name, network.contracts.vote_for_routing(&public_key(5), DATA));
    }
    for name in 1..=4 {
        let again = network.contracts.set_genesis(&registrations(3), 2);
        let stranger = Reverts::OwnableUnauthorizedAccount { account: address(name).into() };
        assert_eq!(network.refused(name, again), custom(stranger));
    }
    let after = network.view(network.contracts.staking, Staking::getValidatorsInCurrentEpochCall {});
    assert_eq!(after.len(), set.len());
    assert!(after.iter().zip(&set).all(|(after, before)| after.nodeAddress == before.nodeAddress));
}
