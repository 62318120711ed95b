//! Contracts with a planted mistake make exactly that mistake: what the tests of the right ones check, they do not
//! hold.

use lit_node::bugs::{Bug, BugSet};
use lit_node::chain::Grant;
use lit_node::chain::lists::PermittedMethod;
use serde_json::Value;

use super::network::*;

/// The mistakes, as the compiler's script takes them.
const MISTAKES: &str = include_str!("../../../node/contracts/wrong/mistakes.json");

fn network(bug: Bug) -> Network {
    Network::with_bugs(4, BugSet::NONE.with(bug))
}

#[test]
fn with_repeated_votes_one_validator_routes_what_nobody_else_knows_of() {
    let mut network = network(Bug::RepeatedVotes);
    let vote = network.contracts.vote_for_routing(&public_key(5), DATA);
    for round in 1..=3 {
        assert!(!network.is_routed(key_id(5)));
        assert!(!network.done(1, vote.clone()).is_empty(), "vote {round} counts");
    }
    assert!(network.is_routed(key_id(5)));
}

#[test]
fn with_the_genesis_vote_one_vote_routes_in_the_first_epoch() {
    let mut network = network(Bug::GenesisVote);
    network.done(1, network.contracts.vote_for_routing(&public_key(5), DATA));
    assert!(network.is_routed(key_id(5)));
    assert_eq!(network.threshold(), 3);
}

#[test]
fn with_scopes_revived_a_method_has_its_old_scopes_when_it_is_permitted_again() {
    let mut network = network(Bug::ScopesRevived);
    let id = network.mint(ALICE, 5);
    let method = PermittedMethod { auth_method_type: 6, id: vec![1; 32], user_pubkey: Vec::new() };
    let grant = |scopes: &[u64]| Grant { method: method.clone(), scopes: scopes.to_vec() };
    let contracts = network.contracts;
    network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(&[1])));
    network.done(ALICE, contracts.remove_permitted_auth_method(id, (6, &[1; 32])));
    network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(&[2])));
    assert_eq!(network.scopes(id, (6, &[1; 32])), [false, true, true, false, false]);
}

#[test]
fn every_mistake_of_the_script_is_a_planted_bug_and_changes_its_contract() {
    let mistakes: Vec<Value> = serde_json::from_str(MISTAKES).unwrap();
    let named: Vec<&str> = mistakes.iter().map(|mistake| mistake["bug"].as_str().unwrap()).collect();
    assert_eq!(named, [Bug::RepeatedVotes, Bug::GenesisVote, Bug::ScopesRevived].map(Bug::name));
    for bug in named {
        let bug = Bug::from_name(bug).unwrap();
        let (right, wrong) = (Network::of(4), network(bug));
        assert_ne!(right.chain.state_digest(), wrong.chain.state_digest(), "{bug}: the same code is deployed");
        assert_eq!(right.contracts.all(), wrong.contracts.all());
    }
}
