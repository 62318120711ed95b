//! What calls cost. The figures are committed, so that a change of a contract shows what it costs. A new version of the EVM
//! or the compiler may move them, too; nothing else does.

use alloy_json_abi::{Function, StateMutability};
use lit_node::chain::abi::PKPNFT;
use lit_node::chain::calls::token_id;
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall};
use lit_node::id::{NodeId, SessionId};

use super::artifacts::{ALL, KEY_POOL, abi, create_all};
use super::board::DEALING;
use super::network::*;

/// Figures in the order in which they were taken.
#[derive(Default)]
struct Table(Vec<(String, u64)>);

impl Table {
    fn add(&mut self, what: &str, gas: u64) {
        self.0.push((what.into(), gas));
    }

    /// Sends a call that must take effect, and notes what it cost.
    #[track_caller]
    fn measure(&mut self, what: &str, network: &mut Network, from: u8, call: ContractCall) {
        let receipt = network.send(from, call);
        assert!(receipt.succeeded(), "{what}: {:?}", receipt.revert_reason());
        self.add(what, receipt.gas_used);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(what, gas)| writeln!(f, "{what:<64} {gas:>9}"))
    }
}

/// Four validators, one key in waiting, and one that Alice owns already, so that counters are not at zero.
fn situation() -> Network {
    let mut network = Network::of(4);
    network.mint(ALICE, 4);
    network.route(5);
    network
}

fn deployment() -> Table {
    let mut table = Table::default();
    for (name, receipt) in create_all(&mut new_chain()) {
        table.add(name, receipt.gas_used);
    }
    let mut network = Network::without_genesis();
    let set = network.contracts.set_genesis(&registrations(4), 3);
    table.measure("Staking.setGenesis, 4 validators", &mut network, DEPLOYER, set);
    for (name, to) in [("Staking", network.contracts.staking), ("DkgBoard", network.contracts.dkg_board)] {
        let hand_over = call(to, &More::transferOwnershipCall { newOwner: address(BOB).into() });
        table.measure(&format!("{name}.transferOwnership"), &mut network, DEPLOYER, hand_over);
        table.measure(
            &format!("{name}.renounceOwnership"),
            &mut network,
            BOB,
            call(to, &More::renounceOwnershipCall {}),
        );
    }
    table
}

fn key_generation() -> Table {
    let (mut table, mut network) = (Table::default(), Network::of(4));
    let contracts = network.contracts;
    table.measure("DkgBoard.requestKeys, the first key", &mut network, DEPLOYER, contracts.request_keys(1));
    let mut opened = network.clone();
    let events = opened.done(DEPLOYER, contracts.request_keys(1));
    let [ChainEvent::Board(BoardEvent::SessionOpened { session, complaint_block, .. })] = events[..] else {
        panic!("unexpected events: {events:?}");
    };
    table.measure("DkgBoard.requestKeys, 10 more keys", &mut network, DEPLOYER, contracts.request_keys(10));
    table.measure("DkgBoard.requestNetworkKey", &mut network, DEPLOYER, contracts.request_network_key());
    board(&mut table, &mut opened, session, complaint_block);
    let vote = contracts.vote_for_routing(&public_key(5), DATA);
    for (name, what) in [(1, "the first"), (2, "another"), (3, "the one that routes the key"), (4, "a late one")] {
        table.measure(&format!("PubkeyRouter.voteForRoutingData, {what}"), &mut network, name, vote.clone());
    }
    table.measure("PubkeyRouter.voteForRoutingData, repeated", &mut network, 4, vote);
    table
}

fn board(table: &mut Table, network: &mut Network, session: SessionId, complaint_block: u64) {
    let contracts = network.contracts;
    let mut certify = |network: &mut Network, dealer, what| {
        let call = network.certify(session, dealer, &[1, 2, 3]);
        table.measure(what, network, 1, call);
    };
    certify(network, 1, "DkgBoard.certify, the first dealing, 3 signatures");
    certify(network, 2, "DkgBoard.certify, another dealing");
    let complain = |accuser| contracts.complain(session, NodeId(accuser), DEALING, &[9; 97]);
    table.measure("DkgBoard.complain, 97 bytes, the first about a dealing", network, 4, complain(1));
    table.measure("DkgBoard.complain, 97 bytes, another about it", network, 3, complain(1));
    network.mine_to(complaint_block);
    table.measure("DkgBoard.restart, too few dealings", network, 1, contracts.restart(session));
    table.measure("DkgBoard.restart, open already", network, 2, contracts.restart(session));
}

fn tokens() -> Table {
    let (mut table, start) = (Table::default(), situation());
    let (contracts, id) = (start.contracts, key_id(4));
    let (nft, token) = (contracts.pkp_nft, token_id(id));
    let mut measure = |what: &str, from, call| table.measure(what, &mut start.clone(), from, call);
    measure("PKPNFT.mintNext, another token of its owner", ALICE, contracts.mint_next());
    measure("PKPNFT.mintNext, the first token of its owner", BOB, contracts.mint_next());
    measure("PKPNFT.mintGrantAndBurnNext", ALICE, contracts.mint_grant_and_burn_next(&CID));
    measure("PKPNFT.burn", ALICE, contracts.burn(id));
    measure("PKPNFT.transferFrom", ALICE, contracts.transfer(address(ALICE), address(BOB), id));
    let (from, to) = (address(ALICE).into(), address(BOB).into());
    measure("PKPNFT.safeTransferFrom", ALICE, call(nft, &More::safeTransferFromCall { from, to, tokenId: token }));
    measure("PKPNFT.approve", ALICE, call(nft, &More::approveCall { to, tokenId: token }));
    let operator = More::setApprovalForAllCall { operator: to, approved: true };
    measure("PKPNFT.setApprovalForAll", ALICE, call(nft, &operator));
    measure("PKPNFT.withdraw", DEPLOYER, call(nft, &PKPNFT::withdrawCall { to: [0xaa; 20].into() }));
    measure("PKPNFT.transferOwnership", DEPLOYER, call(nft, &More::transferOwnershipCall { newOwner: to }));
    measure("PKPNFT.renounceOwnership", DEPLOYER, call(nft, &More::renounceOwnershipCall {}));
    let passkey = grant(WEBAUTHN, &[3; 32], &[1]);
    let with = |grants: &[_], own, itself| contracts.mint_next_and_add_auth_methods(grants, own, itself);
    measure("PKPHelper.mintNextAndAddAuthMethods, none", ALICE, with(&[], false, false));
    let one = std::slice::from_ref(&passkey);
    measure("PKPHelper.mintNextAndAddAuthMethods, 1, to itself", ALICE, with(one, false, true));
    measure("PKPHelper.mintNextAndAddAuthMethods, 1 and its own, to itself", ALICE, with(one, true, true));
    let grants = [passkey, grant(GOOGLE, &[5; 32], &[1]), grant(ACTION, &CID, &[1])];
    measure("PKPHelper.mintNextAndAddAuthMethods, 3 and its own, to itself", ALICE, with(&grants, true, true));
    table
}

fn permissions() -> Table {
    let (mut table, mut start) = (Table::default(), situation());
    let (contracts, id) = (start.contracts, key_id(4));
    // Something is permitted already.
    start.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    let mut measure = |what: &str, call| table.measure(what, &mut start.clone(), ALICE, call);
    let other = [0x13; 34];
    measure("PKPPermissions.addPermittedAction, no scope", contracts.add_permitted_action(id, &other, &[]));
    measure("PKPPermissions.addPermittedAction, 1 scope", contracts.add_permitted_action(id, &other, &[1]));
    measure("PKPPermissions.addPermittedAction, once more", contracts.add_permitted_action(id, &CID, &[1]));
    measure("PKPPermissions.removePermittedAction", contracts.remove_permitted_action(id, &CID));
    measure("PKPPermissions.addPermittedAddress, 1 scope", contracts.add_permitted_address(id, address(BOB), &[1]));
    let mut passkey = grant(WEBAUTHN, &[3; 32], &[1]);
    passkey.method.user_pubkey = vec![4; 77];
    let add = contracts.add_permitted_auth_method(id, &passkey);
    measure("PKPPermissions.addPermittedAuthMethod, 77 bytes of key, 1 scope", add);
    let method = (ACTION, &CID[..]);
    measure("PKPPermissions.removePermittedAuthMethod", contracts.remove_permitted_auth_method(id, method));
    measure("PKPPermissions.addPermittedAuthMethodScope", contracts.add_scope(id, method, 2));
    measure("PKPPermissions.removePermittedAuthMethodScope", contracts.remove_scope(id, method, 1));
    let batch = |add: &[_], remove: &[_]| contracts.batch_add_remove_auth_methods(id, add, remove);
    let google = grant(GOOGLE, &[5; 32], &[1]);
    measure("PKPPermissions.batchAddRemoveAuthMethods, nothing", batch(&[], &[]));
    measure("PKPPermissions.batchAddRemoveAuthMethods, 1 more", batch(std::slice::from_ref(&google), &[]));
    measure("PKPPermissions.batchAddRemoveAuthMethods, 1 more, 1 less", batch(&[google], &[method]));
    let ten: Vec<_> = (0..10).map(|user| grant(GOOGLE, &[user; 32], &[1])).collect();
    measure("PKPPermissions.batchAddRemoveAuthMethods, 10 more", batch(&ten, &[]));
    let mut bob = start.clone();
    bob.done(ALICE, contracts.transfer(address(ALICE), address(BOB), id));
    let removal = contracts.remove_permitted_address(id, address(CAROL));
    bob.done(BOB, contracts.add_permitted_address(id, address(CAROL), &[1]));
    table.measure("PKPPermissions.removePermittedAddress", &mut bob, BOB, removal);
    table
}

/// A pool of three keys, of which one is minted.
fn pool() -> Table {
    let (mut table, mut network) = (Table::default(), Network::with_pool(4, 3));
    let contracts = network.contracts;
    let report = |minted| contracts.report_minted(minted).unwrap();
    table.measure("KeyPool.reportMinted, the first", &mut network, 1, report(0));
    table.measure("KeyPool.reportMinted, the one that fills the pool", &mut network, 2, report(0));
    table.measure("KeyPool.reportMinted, a late one", &mut network, 3, report(0));
    network.done(1, report(1));
    table.measure("KeyPool.reportMinted, the one that asks for a key", &mut network, 2, report(1));
    table.measure("KeyPool.reportMinted, repeated", &mut network, 2, report(1));
    table.measure("KeyPool.requestNetworkKey", &mut network, DEPLOYER, contracts.request_network_key());
    let to = contracts.key_pool.unwrap();
    let hand_over = call(to, &More::transferOwnershipCall { newOwner: address(BOB).into() });
    table.measure("KeyPool.transferOwnership", &mut network, DEPLOYER, hand_over);
    table.measure("KeyPool.renounceOwnership", &mut network, BOB, call(to, &More::renounceOwnershipCall {}));
    table
}

#[test]
fn gas_is_as_committed() {
    insta::assert_snapshot!("deployment", deployment());
    insta::assert_snapshot!("key_generation", key_generation());
    insta::assert_snapshot!("tokens", tokens());
    insta::assert_snapshot!("permissions", permissions());
    insta::assert_snapshot!("pool", pool());
}

#[test]
fn every_function_that_changes_something_has_a_figure() {
    let tables = [deployment(), key_generation(), tokens(), permissions(), pool()];
    let measured: Vec<&str> = tables.iter().flat_map(|table| &table.0).map(|(what, _)| what.as_str()).collect();
    for (contract, _) in ALL.into_iter().chain([KEY_POOL]) {
        for function in abi(contract).functions().filter(|function| !is_view(function)) {
            let name = format!("{contract}.{}", function.name);
            let has = measured.iter().any(|what| what.split(',').next() == Some(name.as_str()));
            // Only `PKPNFT` can call it, which is measured with it.
            assert_eq!(has, name != "PubkeyRouter.takeUnminted", "{name}");
        }
    }
}

fn is_view(function: &Function) -> bool {
    matches!(function.state_mutability, StateMutability::View | StateMutability::Pure)
}
