//! Which keys exist: votes, and the queue of keys that wait to be minted.

use alloy_primitives::U256;
use lit_node::chain::abi::{KEY_TYPE_BLS, KEY_TYPE_ECDSA, PubkeyRouter, Reverts};
use lit_node::chain::calls::token_id;
use lit_node::chain::{BoardEvent, ChainEvent, views};
use lit_node::id::{Digest, KeyId};

use super::network::*;

impl Network {
    pub fn is_routed(&self, id: KeyId) -> bool {
        self.view(self.contracts.router, PubkeyRouter::isRoutedCall { tokenId: token_id(id) })
    }

    /// How many keys for ECDSA wait to be minted.
    pub fn waiting(&self) -> u64 {
        let key_type = U256::from(KEY_TYPE_ECDSA);
        self.view(self.contracts.router, PubkeyRouter::unmintedCountCall { keyType: key_type }).to()
    }

    /// The hash by which votes for a key with this commitment are counted in the first epoch.
    pub fn vote_hash(&self, secret: u64, data: Digest) -> alloy_primitives::B256 {
        let call = More::dataHashCall {
            epoch: U256::from(1),
            tokenId: token_id(key_id(secret)),
            pubkey: public_key(secret).to_vec().into(),
            keyType: U256::from(KEY_TYPE_ECDSA),
            keyDataDigest: data.0.into(),
        };
        self.view(self.contracts.router, call)
    }

    pub fn votes(&self, secret: u64, data: Digest) -> u64 {
        let hash = self.vote_hash(secret, data);
        self.view(self.contracts.router, More::voteCountCall { dataHash: hash }).to()
    }
}

#[test]
fn a_key_is_routed_when_distinct_votes_for_the_same_data_reach_the_threshold() {
    let mut network = Network::of(4);
    let vote = network.contracts.vote_for_routing(&public_key(5), DATA);
    let other = network.contracts.vote_for_routing(&public_key(5), Digest([8; 32]));
    let events = network.done(1, vote.clone());
    assert!(matches!(events[..], [ChainEvent::RoutingVote { votes: 1, key_data: DATA, .. }]));
    assert!(matches!(network.done(2, vote.clone())[..], [ChainEvent::RoutingVote { votes: 2, .. }]));
    assert!(matches!(network.done(3, other)[..], [ChainEvent::RoutingVote { votes: 1, .. }]));
    assert!(!network.is_routed(key_id(5)));
    let ask = |network: &mut Network| network.ask(|contracts, block| contracts.ask_public_key(key_id(5), block));
    assert_eq!(views::public_key(&ask(&mut network)), Ok(None));

    let events = network.done(3, vote.clone());
    let key_routed = ChainEvent::KeyRouted { key: key_id(5), public_key: public_key(5), key_data: DATA };
    assert!(matches!(&events[..], [ChainEvent::RoutingVote { votes: 3, .. }, last] if *last == key_routed));
    assert!(network.is_routed(key_id(5)));
    assert_eq!(views::public_key(&ask(&mut network)), Ok(Some(public_key(5))));
    assert!(matches!(network.done(4, vote)[..], [ChainEvent::RoutingVote { votes: 4, .. }]), "late votes count");
    assert_eq!(network.waiting(), 1, "and route nothing twice");
    assert_eq!((network.votes(5, DATA), network.votes(5, Digest([8; 32]))), (4, 1));
}

/// The real network counted repeats of one validator's signature.
#[test]
fn one_validators_vote_counts_once_however_often_it_is_sent() {
    let mut network = Network::of(4);
    let vote = network.contracts.vote_for_routing(&public_key(5), DATA);
    for round in 0..5 {
        let events = network.done(1, vote.clone());
        assert_eq!(events.len(), usize::from(round == 0), "a repeated vote leaves no trace");
    }
    let voted = More::hasVotedCall { dataHash: network.vote_hash(5, DATA), validator: address(1).into() };
    assert!(network.view(network.contracts.router, voted));
    let unheard = More::hasVotedCall { dataHash: network.vote_hash(5, DATA), validator: address(2).into() };
    assert!(!network.view(network.contracts.router, unheard));
    assert_eq!(network.votes(5, DATA), 1);
    network.done(2, vote.clone());
    for name in [1, 2, 2, 1] {
        network.done(name, vote.clone());
    }
    assert_eq!(network.votes(5, DATA), 2);
    assert!(!network.is_routed(key_id(5)), "two validators of four are not three");
    network.done(3, vote);
    assert!(network.is_routed(key_id(5)));
}

#[test]
fn a_validator_that_votes_for_everything_helps_no_two_versions_through() {
    let mut network = Network::of(4);
    let versions = [1, 2, 3].map(|byte| Digest([byte; 32]));
    for data in versions {
        network.done(4, network.contracts.vote_for_routing(&public_key(5), data));
    }
    for (name, data) in [(1, versions[0]), (2, versions[0]), (3, versions[1])] {
        network.done(name, network.contracts.vote_for_routing(&public_key(5), data));
    }
    assert!(network.is_routed(key_id(5)));
    // The others come too late, with however many votes.
    for name in 1..=3 {
        let events = network.done(name, network.contracts.vote_for_routing(&public_key(5), versions[1]));
        assert!(!events.iter().any(|event| matches!(event, ChainEvent::KeyRouted { .. })));
    }
    let call = PubkeyRouter::getPubkeyCall { tokenId: token_id(key_id(5)) };
    assert_eq!(network.view(network.contracts.router, call).to_vec(), public_key(5));
    assert_eq!(network.waiting(), 1);
}

#[test]
fn a_vote_must_be_a_validators_and_for_the_hash_of_a_whole_key() {
    let mut network = Network::of(4);
    let router = network.contracts.router;
    let good = PubkeyRouter::voteForRoutingDataCall {
        tokenId: token_id(key_id(5)),
        pubkey: public_key(5).to_vec().into(),
        keyType: U256::from(KEY_TYPE_ECDSA),
        keyDataDigest: DATA.0.into(),
    };
    let stranger = custom(Reverts::NotValidator { sender: address(ALICE).into() });
    assert_eq!(network.refused(ALICE, call(router, &good)), stranger);
    let owner = custom(Reverts::NotValidator { sender: address(DEPLOYER).into() });
    assert_eq!(network.refused(DEPLOYER, call(router, &good)), owner);
    let mut refused = |vote: PubkeyRouter::voteForRoutingDataCall| network.refused(1, call(router, &vote));
    let other_id = PubkeyRouter::voteForRoutingDataCall { tokenId: U256::from(1), ..good.clone() };
    let mismatch = Reverts::TokenIdMismatch { given: U256::from(1), expected: token_id(key_id(5)) };
    assert_eq!(refused(other_id), custom(mismatch));
    let mut other_tag = public_key(5).to_vec();
    other_tag[0] = 3;
    for (pubkey, key_type) in [
        (vec![4; 33], KEY_TYPE_ECDSA),
        (vec![4; 66], KEY_TYPE_ECDSA),
        (vec![], KEY_TYPE_ECDSA),
        (other_tag, KEY_TYPE_ECDSA),
        (vec![4; 65], KEY_TYPE_BLS),
        (vec![], KEY_TYPE_BLS),
    ] {
        let length = U256::from(pubkey.len());
        let key_type = U256::from(key_type);
        let vote = PubkeyRouter::voteForRoutingDataCall { pubkey: pubkey.into(), keyType: key_type, ..good.clone() };
        assert_eq!(refused(vote), custom(Reverts::InvalidPubkey { length }));
    }
    for key_type in [U256::ZERO, U256::from(3), U256::MAX] {
        let other_type = PubkeyRouter::voteForRoutingDataCall { keyType: key_type, ..good.clone() };
        assert_eq!(refused(other_type), custom(Reverts::UnsupportedKeyType { keyType: key_type }));
    }
    assert_eq!(network.votes(5, DATA), 0);
}

#[test]
fn only_the_token_contract_takes_keys_from_the_queue() {
    let mut network = Network::of(4);
    network.route(5);
    let take = More::takeUnmintedCall { keyType: U256::from(KEY_TYPE_ECDSA) };
    for name in [1, ALICE, DEPLOYER] {
        let reason = network.refused(name, call(network.contracts.router, &take));
        assert_eq!(reason, custom(Reverts::NotPKPNFT { sender: address(name).into() }));
    }
    assert_eq!(network.waiting(), 1);
}

#[test]
fn a_key_that_is_not_routed_has_no_data() {
    let network = Network::of(4);
    let token = token_id(key_id(5));
    let missing = custom(Reverts::NotRouted { tokenId: token });
    let router = network.contracts.router;
    assert_eq!(network.no_view(router, &PubkeyRouter::getPubkeyCall { tokenId: token }), missing);
    assert_eq!(network.no_view(router, &PubkeyRouter::getEthAddressCall { tokenId: token }), missing);
}

#[test]
fn the_networks_own_key_is_requested_once_by_the_owner_routed_and_never_minted() {
    let mut network = Network::of(4);
    let (contracts, key) = (network.contracts, [0xa5; 48]);
    let stranger = Reverts::OwnableUnauthorizedAccount { account: address(ALICE).into() };
    assert_eq!(network.refused(ALICE, contracts.request_network_key()), custom(stranger));
    let opened = network.done(DEPLOYER, contracts.request_network_key());
    let index = lit_node::chain::abi::NETWORK_KEY_INDEX;
    let session = lit_node::chain::calls::session_id(contracts.dkg_board, CHAIN_ID, 1, index, 0);
    assert!(matches!(
        &opened[..],
        [ChainEvent::Board(BoardEvent::SessionOpened { session: id, index: i, .. })] if (*id, *i) == (session, index)
    ));
    assert_eq!(network.refused(DEPLOYER, contracts.request_network_key()), custom(Reverts::NetworkKeyRequested {}));
    let vote = contracts.vote_for_key(&key, KEY_TYPE_BLS, DATA);
    let events: Vec<_> = (1..=3).flat_map(|node| network.done(node, vote.clone())).collect();
    assert!(matches!(
        events.last(),
        Some(ChainEvent::NetworkKeyRouted { public_key, key_data: DATA, .. }) if *public_key == key
    ));
    let unminted = PubkeyRouter::unmintedCountCall { keyType: U256::from(KEY_TYPE_BLS) };
    assert_eq!(network.view(contracts.router, unminted), U256::ZERO);
    let mint = lit_node::chain::abi::PKPNFT::mintNextCall { keyType: U256::from(KEY_TYPE_BLS) };
    let paid = lit_node::chain::ContractCall { value: contracts.mint_next().value, ..call(contracts.pkp_nft, &mint) };
    assert_eq!(network.refused(ALICE, paid), message("There are no unminted routed token ids to mint"));
}
