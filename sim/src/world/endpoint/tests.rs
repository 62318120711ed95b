//! What nodes with a troubled endpoint see, and what the others see.

use std::collections::BTreeMap;

use k256::Scalar;
use k256::ecdsa::SigningKey;
use lit_node::bugs::BugSet;
use lit_node::chain::registration::address_of;
use lit_node::chain::{Registration, views};
use lit_node::id::{Epoch, KeyId};
use lit_node::meter::Meter;
use rand_core::SeedableRng;

use super::*;
use crate::chain::{ChainConfig, NetworkParameters};

const TROUBLED: NodeId = NodeId(2);
const OTHER: NodeId = NodeId(3);
const KEY: KeyId = KeyId([5; 32]);

/// A chain with the contracts, and five blocks.
fn chain() -> (Chain, Contracts) {
    let deployer = SigningKey::from_slice(&[9; 32]).unwrap();
    let funds = U256::from(10u128.pow(20));
    let config = ChainConfig {
        chain_id: 1,
        block_time_ms: 1_000,
        finality_depth: 2,
        genesis_time_s: 100,
        alloc: BTreeMap::from([(address_of(deployer.verifying_key()), funds)]),
    };
    let mut chain = Chain::genesis(config);
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
    let validators = (1..=2u8).map(|name| {
        let (identity, decryption) = (SigningKey::from_slice(&[name; 32]).unwrap(), Scalar::from(u64::from(name)));
        Registration::new(&identity, [name; 32], &decryption, Epoch(1), &mut rng, &mut Meter::default())
    });
    let network = NetworkParameters {
        validators: validators.collect(),
        threshold: 2,
        dkg_window_blocks: 4,
        dkg_complaint_blocks: 2,
        unminted_keys: None,
        bugs: BugSet::NONE,
    };
    let contracts = chain.deploy_network(&deployer, &network, 101).unwrap();
    for second in 102..=105 {
        chain.mine(second);
    }
    (chain, contracts)
}

fn endpoints(trouble: Trouble) -> Endpoints {
    let mut endpoints = Endpoints::default();
    endpoints.begin(7, &[TROUBLED], trouble);
    endpoints
}

fn logs(to_block: u64) -> ChainRequest {
    ChainRequest::Logs { from_block: 0, to_block }
}

#[test]
fn a_late_endpoint_shows_an_older_head_state_and_no_later_logs() {
    let (mut chain, _) = chain();
    let mut late = endpoints(Trouble::Lag(3));
    assert_eq!(late.head(TROUBLED, &chain), Some((2, 102)));
    assert_eq!(late.head(OTHER, &chain), Some((5, 105)));
    assert_eq!(late.oldest_read(TROUBLED, 4), 4);
    assert_eq!(late.ask(TROUBLED, &mut chain, &logs(3)), Err(ChainError::NoSuchBlock(3)));
    assert!(late.ask(TROUBLED, &mut chain, &logs(2)).is_ok() && late.ask(OTHER, &mut chain, &logs(5)).is_ok());
    assert_eq!((late.oldest_read(TROUBLED, 4), late.oldest_read(OTHER, 4)), (2, 4));
    let balance = |block| ChainRequest::Call { to: [1; 20], data: vec![], block };
    assert_eq!(
        late.ask(TROUBLED, &mut chain, &balance(BlockTag::Number(3))),
        Err(ChainError::NoSuchBlock(3)),
        "state that it does not have yet"
    );
    let has = |block| ChainRequest::Balance { account: [1; 20], block };
    let not_yet = late.ask(TROUBLED, &mut chain, &has(BlockTag::Number(3)));
    assert_eq!(not_yet, Err(ChainError::NoSuchBlock(3)));
    assert!(late.ask(TROUBLED, &mut chain, &has(BlockTag::Latest)).is_ok());
    let newest = |number, timestamp_s| Ok(ChainReply::Block { number, timestamp_s });
    assert_eq!(late.ask(TROUBLED, &mut chain, &ChainRequest::Block), newest(2, 102));
    assert_eq!(late.ask(OTHER, &mut chain, &ChainRequest::Block), newest(5, 105));
    late.end(7);
    assert_eq!(late.head(TROUBLED, &chain), Some((5, 105)));
}

#[test]
fn an_endpoint_that_stands_still_announces_nothing_and_keeps_its_block() {
    let (mut chain, contracts) = chain();
    let mut stale = endpoints(Trouble::Stale(5));
    chain.mine(106);
    assert_eq!(stale.head(TROUBLED, &chain), None);
    assert_eq!(stale.ask(TROUBLED, &mut chain, &logs(6)), Err(ChainError::NoSuchBlock(6)));
    let roster = contracts.ask_roster(BlockTag::Latest);
    assert_eq!(stale.ask(TROUBLED, &mut chain, &roster), stale.ask(OTHER, &mut chain, &roster));
    assert_eq!(stale.oldest_read(TROUBLED, 6), 5);
    stale.forget();
    assert_eq!(stale.oldest_read(TROUBLED, 6), 6);
}

#[test]
fn an_endpoint_that_is_down_answers_nothing_to_its_nodes_only() {
    let (mut chain, contracts) = chain();
    let mut down = endpoints(Trouble::Down);
    let roster = contracts.ask_roster(BlockTag::Latest);
    assert_eq!(down.ask(TROUBLED, &mut chain, &roster), Err(ChainError::Unreachable));
    assert_eq!(down.head(TROUBLED, &chain), None);
    assert!(down.ask(OTHER, &mut chain, &roster).is_ok());
    assert_eq!(down.faults(TROUBLED).collect::<Vec<_>>(), [7]);
    assert_eq!(down.faults(OTHER).count(), 0);
    down.begin(8, &[], Trouble::Down);
    assert_eq!(down.ask(OTHER, &mut chain, &roster), Err(ChainError::Unreachable), "an empty list means every node");
}

#[test]
fn a_lie_answers_the_questions_that_it_is_about_and_no_other() {
    let (mut chain, contracts) = chain();
    let (action, user) = ([1u8, 2].as_slice(), [6; 20]);
    let questions = [
        contracts.ask_permitted_action(KEY, action, BlockTag::Latest),
        contracts.ask_action_scope(KEY, action, 1, BlockTag::Latest),
        contracts.ask_permitted_address(KEY, user, BlockTag::Latest),
        contracts.ask_address_scope(KEY, user, 1, BlockTag::Latest),
    ];
    for (lie, says) in [(Lie::PermitAll, true), (Lie::PermitNone, false)] {
        let mut lying = endpoints(Trouble::Lie(lie));
        for question in &questions {
            let reply = lying.ask(TROUBLED, &mut chain, question).unwrap();
            assert_eq!(views::is_permitted(&reply), Ok(says));
            assert_ne!(lying.ask(OTHER, &mut chain, question).ok().map(|r| views::is_permitted(&r)), Some(Ok(true)));
        }
        let roster = contracts.ask_roster(BlockTag::Latest);
        assert_eq!(lying.ask(TROUBLED, &mut chain, &roster), lying.ask(OTHER, &mut chain, &roster));
    }
    let mut none = endpoints(Trouble::Lie(Lie::PermitNone));
    let owner = none.ask(TROUBLED, &mut chain, &contracts.ask_owner(KEY, BlockTag::Latest)).unwrap();
    assert_eq!(views::owner(&owner), Ok(None));
    let listed = none.ask(TROUBLED, &mut chain, &contracts.ask_permitted_actions(KEY, BlockTag::Latest)).unwrap();
    assert_eq!(lit_node::chain::lists::permitted_actions(&listed), Ok(vec![]));
    let mut silent = endpoints(Trouble::Lie(Lie::NoLogs));
    assert_eq!(silent.ask(TROUBLED, &mut chain, &logs(5)), Ok(ChainReply::Logs(vec![])));
    assert_ne!(silent.ask(OTHER, &mut chain, &logs(5)), Ok(ChainReply::Logs(vec![])), "the contracts have logged");
}
