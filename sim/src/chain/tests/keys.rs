//! Routing, minting, burning and moving keys.

use alloy_primitives::U256;
use lit_node::chain::abi::{KEY_TYPE_BLS, PKPNFT, PubkeyRouter, Staking};
use lit_node::chain::calls::token_id;
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall, views};
use lit_node::id::{Digest, NodeId};
use lit_node::io::{BlockTag, ChainReply};
use lit_node::memo::Memo;
use lit_node::meter::Meter;

use super::*;

const DATA: Digest = Digest([7; 32]);

#[test]
fn the_deployed_set_reads_back_as_a_roster() {
    let mut network = Network::of(7);
    let reply = network.ask(|contracts, block| contracts.ask_roster(block));
    let roster = views::roster(&reply, &Memo::off(), &mut Meter::default()).unwrap();
    assert_eq!((roster.size(), roster.threshold(), roster.faulty_max(), roster.epoch()), (7, 5, 2, Epoch(1)));
    for name in 1..=7 {
        assert_eq!(roster.by_address(&address(name)), Some(NodeId(u16::from(name))));
        let call = Staking::validatorIndexCall { account: address(name).into() };
        assert_eq!(network.view(network.contracts.staking, call), U256::from(name));
    }
    let stranger = Staking::isActiveValidatorCall { account: address(ALICE).into() };
    assert!(!network.view(network.contracts.staking, stranger));
    assert_eq!(network.view(network.contracts.staking, Staking::faultyMaxCall {}), U256::from(2));
}

#[test]
fn the_networks_own_key_is_requested_once_by_the_owner_routed_and_never_minted() {
    let mut network = Network::of(4);
    let (contracts, key) = (network.contracts, [0xa5; 48]);
    assert!(network.refused(ALICE, contracts.request_network_key()).starts_with("OwnableUnauthorizedAccount"));
    let opened = network.done(DEPLOYER, contracts.request_network_key());
    let index = lit_node::chain::abi::NETWORK_KEY_INDEX;
    let session = lit_node::chain::calls::session_id(contracts.dkg_board, CHAIN_ID, 1, index, 0);
    assert!(matches!(
        &opened[..],
        [ChainEvent::Board(BoardEvent::SessionOpened { session: id, index: i, .. })] if (*id, *i) == (session, index)
    ));
    assert_eq!(network.refused(DEPLOYER, contracts.request_network_key()), "NetworkKeyRequested");
    let vote = contracts.vote_for_key(&key, KEY_TYPE_BLS, DATA);
    let short = contracts.vote_for_key(&key[1..], KEY_TYPE_BLS, DATA);
    assert!(network.refused(1, short).starts_with("InvalidPubkey"));
    let events: Vec<_> = (1..=3).flat_map(|node| network.done(node, vote.clone())).collect();
    assert!(matches!(
        events.last(),
        Some(ChainEvent::NetworkKeyRouted { public_key, key_data: DATA, .. }) if *public_key == key
    ));
    let unminted = PubkeyRouter::unmintedCountCall { keyType: U256::from(KEY_TYPE_BLS) };
    assert_eq!(network.view(contracts.router, unminted), U256::ZERO);
}

#[test]
fn a_hundred_validators_fit_into_a_transaction_and_a_view() {
    let mut network = Network::of(100);
    let reply = network.ask(|contracts, block| contracts.ask_roster(block));
    let roster = views::roster(&reply, &Memo::off(), &mut Meter::default()).unwrap();
    assert_eq!((roster.size(), roster.threshold(), roster.faulty_max()), (100, 67, 33));
}

#[test]
fn the_genesis_set_is_checked_set_once_and_by_the_owner() {
    let mut network = Network::of(4);
    let again = network.contracts.set_genesis(&registrations(4), 3);
    assert_eq!(network.refused(DEPLOYER, again.clone()), "GenesisAlreadySet");
    assert!(network.refused(ALICE, again).starts_with("OwnableUnauthorizedAccount"));
    let deploy = |spoil: fn(&mut NetworkParameters)| {
        let mut parameters = NetworkParameters {
            validators: registrations(4),
            threshold: 3,
            dkg_window_blocks: 4,
            dkg_complaint_blocks: 3,
        };
        spoil(&mut parameters);
        new_chain().deploy_network(&key(DEPLOYER), &parameters, GENESIS_TIME_S).unwrap_err().to_string()
    };
    assert_eq!(deploy(|p| p.threshold = 5), "setGenesis: InvalidThreshold { threshold: 5, size: 4 }");
    assert_eq!(deploy(|p| p.validators.clear()), "setGenesis: InvalidSetSize { size: 0 }");
    assert_eq!(deploy(|p| p.dkg_window_blocks = 0), "DkgBoard: InvalidWindow");
    assert_eq!(deploy(|p| p.dkg_complaint_blocks = 0), "DkgBoard: InvalidWindow");
    assert!(deploy(|p| p.validators[1] = p.validators[0].clone()).starts_with("setGenesis: DuplicateValidator"));
    assert!(deploy(|p| p.validators[2].member.address = [1; 20]).starts_with("setGenesis: AddressMismatch"));
    assert_eq!(deploy(|p| p.validators[3].member.channel_key = [0; 32]), "setGenesis: InvalidKey { position: 3 }");
}

#[test]
fn a_key_is_routed_when_distinct_votes_for_the_same_data_reach_the_threshold() {
    let mut network = Network::of(4);
    let vote = network.contracts.vote_for_routing(&public_key(5), DATA);
    let other = network.contracts.vote_for_routing(&public_key(5), Digest([8; 32]));
    let routed = |network: &Network| {
        network.view(network.contracts.router, PubkeyRouter::isRoutedCall { tokenId: token_id(key_id(5)) })
    };
    assert!(network.refused(ALICE, vote.clone()).starts_with("NotValidator"));
    let events = network.done(1, vote.clone());
    assert!(matches!(events[..], [ChainEvent::RoutingVote { votes: 1, key_data: DATA, .. }]));
    assert_eq!(network.done(1, vote.clone()), [], "a repeated vote has no effect");
    assert!(matches!(network.done(2, vote.clone())[..], [ChainEvent::RoutingVote { votes: 2, .. }]));
    assert!(matches!(network.done(3, other)[..], [ChainEvent::RoutingVote { votes: 1, .. }]));
    assert!(!routed(&network));
    let ask = |network: &mut Network| network.ask(|contracts, block| contracts.ask_public_key(key_id(5), block));
    assert_eq!(views::public_key(&ask(&mut network)), Ok(None));

    let events = network.done(3, vote.clone());
    let key_routed = ChainEvent::KeyRouted { key: key_id(5), public_key: public_key(5), key_data: DATA };
    assert!(matches!(&events[..], [ChainEvent::RoutingVote { votes: 3, .. }, last] if *last == key_routed));
    assert!(routed(&network));
    assert_eq!(views::public_key(&ask(&mut network)), Ok(Some(public_key(5))));
    assert!(matches!(network.done(4, vote)[..], [ChainEvent::RoutingVote { votes: 4, .. }]), "late votes count");
    let waiting = PubkeyRouter::unmintedCountCall { keyType: U256::from(2) };
    assert_eq!(network.view(network.contracts.router, waiting), U256::from(1), "and route nothing twice");
}

#[test]
fn a_vote_must_be_for_the_hash_of_a_whole_key() {
    let mut network = Network::of(4);
    let good = PubkeyRouter::voteForRoutingDataCall {
        tokenId: token_id(key_id(5)),
        pubkey: public_key(5).to_vec().into(),
        keyType: U256::from(2),
        keyDataDigest: DATA.0.into(),
    };
    let mut refused = |vote: PubkeyRouter::voteForRoutingDataCall| {
        let call = ContractCall { to: network.contracts.router, value: U256::ZERO, data: vote.abi_encode() };
        network.refused(1, call)
    };
    let other_id = PubkeyRouter::voteForRoutingDataCall { tokenId: U256::from(1), ..good.clone() };
    assert!(refused(other_id).starts_with("TokenIdMismatch"));
    let short = PubkeyRouter::voteForRoutingDataCall { pubkey: vec![4; 33].into(), ..good.clone() };
    assert_eq!(refused(short), "InvalidPubkey { length: 33 }");
    let other_type = PubkeyRouter::voteForRoutingDataCall { keyType: U256::from(3), ..good };
    assert_eq!(refused(other_type), "UnsupportedKeyType { keyType: 3 }");
}

#[test]
fn minting_takes_the_exact_price_and_a_routed_key() {
    let mut network = Network::of(4);
    let mint = network.contracts.mint_next();
    assert_eq!(network.refused(ALICE, mint.clone()), "There are no unminted routed token ids to mint");
    let id = network.route(5);
    for wei in [0, 99_999_999_999_999u64, 100_000_000_000_001] {
        let call = ContractCall { value: U256::from(wei), ..mint.clone() };
        assert_eq!(network.refused(ALICE, call), "You must pay exactly mint cost");
    }
    let events = network.done(ALICE, mint.clone());
    assert!(events.contains(&ChainEvent::PkpMinted { key: id, public_key: public_key(5) }));
    assert!(events.contains(&ChainEvent::Transfer { key: id, from: [0; 20], to: address(ALICE) }));
    assert_eq!(network.owner(id), Some(address(ALICE)));
    assert_eq!(network.chain.balance(network.contracts.pkp_nft), U256::from(100_000_000_000_000u64));
    assert_eq!(network.refused(ALICE, mint), "There are no unminted routed token ids to mint");

    let pkp = network.contracts.pkp_nft;
    let first = PKPNFT::tokenOfOwnerByIndexCall { owner: address(ALICE).into(), index: U256::ZERO };
    assert_eq!(network.view(pkp, first), token_id(id));
    let eth_address = network.view(pkp, PKPNFT::getEthAddressCall { tokenId: token_id(id) });
    let point = ProjectivePoint::GENERATOR * Scalar::from(5u64);
    assert_eq!(eth_address.into_array(), lit_node::key::eth_address(&point));

    let withdraw = PKPNFT::withdrawCall { to: [0xaa; 20].into() };
    let call = ContractCall { to: pkp, value: U256::ZERO, data: withdraw.abi_encode() };
    assert!(network.refused(ALICE, call.clone()).starts_with("OwnableUnauthorizedAccount"));
    network.done(DEPLOYER, call);
    assert_eq!(network.chain.balance([0xaa; 20]), U256::from(100_000_000_000_000u64));
}

#[test]
fn keys_are_minted_in_the_order_in_which_they_were_routed() {
    let mut network = Network::of(4);
    let ids = [9, 5, 7].map(|secret| network.route(secret));
    for id in ids {
        network.done(BOB, network.contracts.mint_next());
        assert_eq!(network.owner(id), Some(address(BOB)));
    }
}

#[test]
fn a_burned_pkp_has_no_owner_keeps_its_key_and_never_comes_back() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    assert!(network.refused(BOB, network.contracts.burn(id)).starts_with("ERC721InsufficientApproval"));
    network.done(ALICE, network.contracts.burn(id));
    assert_eq!(network.owner(id), None);
    let pkp = network.contracts.pkp_nft;
    assert!(!network.view(pkp, PKPNFT::existsCall { tokenId: token_id(id) }));
    assert_eq!(network.view(pkp, PKPNFT::getPubkeyCall { tokenId: token_id(id) }).to_vec(), public_key(5));
    let late = network.contracts.vote_for_routing(&public_key(5), DATA);
    network.done(4, late);
    assert_eq!(network.refused(ALICE, network.contracts.mint_next()), "There are no unminted routed token ids to mint");
}

#[test]
fn mint_grant_and_burn_leaves_one_permitted_action_for_ever() {
    let mut network = Network::of(4);
    let (cid, other) = ([0x12; 34], [0x13; 34]);
    let price = network.contracts.mint_grant_and_burn_next(&cid);
    assert_eq!(network.refused(ALICE, price.clone()), "There are no unminted routed token ids to mint");
    let id = network.route(5);
    let free = ContractCall { value: U256::ZERO, ..price.clone() };
    assert_eq!(network.refused(ALICE, free), "You must pay exactly mint cost");
    let events = network.done(ALICE, price);
    assert!(events.contains(&ChainEvent::PkpMinted { key: id, public_key: public_key(5) }));
    assert_eq!(network.owner(id), None);
    assert!(network.permits_action(id, &cid) && !network.permits_action(id, &other));
    let scope = network.ask(|contracts, block| contracts.ask_action_scope(id, &cid, 1, block));
    assert_eq!(views::is_permitted(&scope), Ok(true));
    for name in [ALICE, DEPLOYER, 1] {
        let grant = network.contracts.add_permitted_action(id, &other, &[1]);
        assert!(network.refused(name, grant).starts_with("ERC721NonexistentToken"));
        let withdraw = network.contracts.remove_permitted_action(id, &cid);
        assert!(network.refused(name, withdraw).starts_with("ERC721NonexistentToken"));
    }
}

#[test]
fn an_address_without_code_answers_no_question() {
    let mut network = Network::of(4);
    let contracts = Contracts::of_deployer([1; 20]);
    let reply = network.chain.answer(&contracts.ask_owner(key_id(5), BlockTag::Latest)).unwrap();
    assert_eq!(reply, ChainReply::Returned(vec![]));
    assert!(matches!(views::owner(&reply), Err(views::ViewError::Malformed(_))));
}
