//! Permissions and scopes.

use alloy_primitives::{Address, U256};
use lit_node::chain::abi::{PKPPermissions, Reverts, SCOPE_PERSONAL_SIGN, SCOPE_SIGN_ANYTHING};
use lit_node::chain::calls::token_id;
use lit_node::chain::lists::PermittedMethod;
use lit_node::chain::permission_events::Change;
use lit_node::chain::{ContractCall, Grant, PermissionEvent, RevertReason, grants};
use lit_node::id::KeyId;
use litsim::chain::Receipt;

use super::network::*;

const USER: &[u8] = b"user";

fn not_permitted(id: KeyId, (kind, method): (u64, &[u8])) -> RevertReason {
    custom(Reverts::NotPermitted {
        tokenId: token_id(id),
        authMethodType: U256::from(kind),
        id: method.to_vec().into(),
    })
}

impl Network {
    /// The changes of permissions that a transaction logged.
    pub fn changes(&self, receipt: &Receipt) -> Vec<PermissionEvent> {
        let decode = |log| PermissionEvent::decode(&self.contracts, log).unwrap();
        receipt.logs.iter().filter_map(decode).collect()
    }

    /// Every function that changes the permissions of a key, each with arguments that its owner could give.
    fn every_change(&self, id: KeyId) -> [ContractCall; 9] {
        let contracts = self.contracts;
        [
            contracts.add_permitted_action(id, &[0x13; 34], &[1]),
            contracts.remove_permitted_action(id, &CID),
            contracts.add_permitted_address(id, address(1), &[1]),
            contracts.remove_permitted_address(id, address(BOB)),
            contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[1])),
            contracts.remove_permitted_auth_method(id, (ACTION, &CID)),
            contracts.add_scope(id, (ACTION, &CID), 2),
            contracts.remove_scope(id, (ACTION, &CID), 1),
            contracts.batch_add_remove_auth_methods(id, &[grant(GOOGLE, USER, &[1])], &[(ACTION, &CID)]),
        ]
    }

    /// The keys that a method may use, on one page.
    fn keys_of(&mut self, method: (u64, &[u8]), start: u64, count: u64) -> Vec<KeyId> {
        grants::keys(&self.ask(|contracts, block| contracts.ask_keys_of(method, start, count, block))).unwrap()
    }
}

#[test]
fn only_the_owner_changes_permissions() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let contracts = network.contracts;
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    network.done(ALICE, contracts.add_permitted_address(id, address(BOB), &[1]));
    // Neither what is permitted, nor what the owner approved, nor the network's owner and validators.
    let nft = contracts.pkp_nft;
    network.done(ALICE, call(nft, &More::approveCall { to: address(CAROL).into(), tokenId: token_id(id) }));
    for change in network.every_change(id) {
        for name in [BOB, CAROL, DEPLOYER, 1] {
            assert_eq!(network.refused(name, change.clone()), message("Not PKP NFT owner"));
        }
        let mut copy = network.clone();
        copy.done(ALICE, change);
    }
    for change in network.every_change(key_id(6)) {
        assert_eq!(network.refused(ALICE, change), nonexistent(key_id(6)));
    }
    network.done(ALICE, contracts.burn(id));
    for change in network.every_change(id) {
        assert_eq!(network.refused(ALICE, change), nonexistent(id));
    }
}

#[test]
fn what_is_granted_can_be_read_and_withdrawn() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    assert!(!network.permits_action(id, &CID) && !network.permits_address(id, BOB));
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[SCOPE_SIGN_ANYTHING]));
    network.done(ALICE, contracts.add_permitted_address(id, address(BOB), &[SCOPE_PERSONAL_SIGN]));
    network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[3])));
    assert!(network.permits_action(id, &CID) && network.permits_address(id, BOB));
    assert!(!network.permits_action(key_id(6), &CID), "another key's permissions are its own");
    let token = token_id(id);
    let permissions = contracts.permissions;
    let actions = network.view(permissions, PKPPermissions::getPermittedActionsCall { tokenId: token });
    assert_eq!(actions, [CID.to_vec()]);
    let users = network.view(permissions, PKPPermissions::getPermittedAddressesCall { tokenId: token });
    assert_eq!(users, [Address::from(address(BOB))]);
    let all = [(ACTION, &CID[..]), (ADDRESS, &address(BOB)), (GOOGLE, USER)];
    assert_eq!(network.methods(id), all.map(|(kind, id)| grant(kind, id, &[]).method));
    let google = PKPPermissions::isPermittedAuthMethodCall {
        tokenId: token,
        authMethodType: U256::from(GOOGLE),
        id: USER.to_vec().into(),
    };
    assert!(network.view(permissions, google));

    network.done(ALICE, contracts.remove_permitted_action(id, &CID));
    network.done(ALICE, contracts.remove_permitted_address(id, address(BOB)));
    assert!(!network.permits_action(id, &CID) && !network.permits_address(id, BOB));
    assert_eq!(network.scopes(id, (ADDRESS, &address(BOB))), [false; 5]);
    assert_eq!(network.methods(id), [grant(GOOGLE, USER, &[]).method]);
    let gone = network.refused(ALICE, contracts.remove_permitted_action(id, &CID));
    assert_eq!(gone, not_permitted(id, (ACTION, &CID)));
    let gone = network.refused(ALICE, contracts.remove_permitted_address(id, address(BOB)));
    assert_eq!(gone, not_permitted(id, (ADDRESS, &address(BOB))));
}

#[test]
fn every_change_is_an_event() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    let mut passkey = grant(WEBAUTHN, USER, &[1, 2]);
    passkey.method.user_pubkey = vec![4, 5, 6];
    let mut log = Vec::new();
    for change in [
        contracts.add_permitted_auth_method(id, &passkey),
        contracts.add_scope(id, (WEBAUTHN, USER), 3),
        contracts.remove_scope(id, (WEBAUTHN, USER), 1),
        contracts.remove_permitted_auth_method(id, (WEBAUTHN, USER)),
    ] {
        let receipt = network.send(ALICE, change);
        log.extend(network.changes(&receipt));
    }
    let one = |number: u64| U256::from(number);
    let changes = [
        Change::Added { user_pubkey: vec![4, 5, 6] },
        Change::ScopeAdded(one(1)),
        Change::ScopeAdded(one(2)),
        Change::ScopeAdded(one(3)),
        Change::ScopeRemoved(one(1)),
        Change::Removed,
    ];
    let (key, auth_method_type) = (id, U256::from(WEBAUTHN));
    assert_eq!(log, changes.map(|change| PermissionEvent { key, auth_method_type, id: USER.to_vec(), change }));
}

#[test]
fn to_sign_anything_implies_to_sign_messages_and_not_the_reverse() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    network.done(ALICE, contracts.add_permitted_address(id, address(1), &[SCOPE_SIGN_ANYTHING]));
    network.done(ALICE, contracts.add_permitted_address(id, address(2), &[SCOPE_PERSONAL_SIGN]));
    network.done(ALICE, contracts.add_permitted_address(id, address(3), &[]));
    let mut scopes = |name: u8| {
        [1, 2, 3].map(|scope| {
            let user = address(name);
            let reply = network.ask(|contracts, block| contracts.ask_address_scope(id, user, scope, block));
            lit_node::chain::views::is_permitted(&reply).unwrap()
        })
    };
    assert_eq!(scopes(1), [true, true, false]);
    assert_eq!(scopes(2), [false, true, false]);
    assert_eq!(scopes(3), [false, false, false]);
    // As granted, nothing is filled in.
    assert_eq!(network.scopes(id, (ADDRESS, &address(1))), [false, true, false, false, false]);
}

#[test]
fn scopes_are_numbered_from_1_to_255() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[255]));
    for scope in [0, 256] {
        let invalid = custom(Reverts::InvalidScope { scopeId: U256::from(scope) });
        for change in [
            contracts.add_permitted_action(id, &CID, &[1, scope]),
            contracts.add_permitted_address(id, address(1), &[scope]),
            contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[scope])),
            contracts.add_scope(id, (ACTION, &CID), scope),
            contracts.remove_scope(id, (ACTION, &CID), scope),
            contracts.batch_add_remove_auth_methods(id, &[grant(GOOGLE, USER, &[scope])], &[]),
        ] {
            assert_eq!(network.refused(ALICE, change), invalid);
        }
        let asked = PKPPermissions::isPermittedActionScopePresentCall {
            tokenId: token_id(id),
            ipfsCID: CID.to_vec().into(),
            scopeId: U256::from(scope),
        };
        assert_eq!(network.no_view(contracts.permissions, &asked), invalid);
    }
    let list = |max: u64| PKPPermissions::getPermittedAuthMethodScopesCall {
        tokenId: token_id(id),
        authMethodType: U256::from(ACTION),
        id: CID.to_vec().into(),
        maxScopeId: U256::from(max),
    };
    let all = network.view(contracts.permissions, list(256));
    assert_eq!((all.len(), all.iter().position(|has| *has)), (256, Some(255)));
    let invalid = custom(Reverts::InvalidScope { scopeId: U256::from(257) });
    assert_eq!(network.no_view(contracts.permissions, &list(257)), invalid);
}

#[test]
fn methods_have_a_type_and_an_id_that_fits_it() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    for (kind, method) in [(0, USER), (GOOGLE, &[][..]), (ACTION, &[]), (ADDRESS, &[7; 19]), (ADDRESS, &[7; 21])] {
        let invalid =
            custom(Reverts::InvalidAuthMethod { authMethodType: U256::from(kind), id: method.to_vec().into() });
        let grant = grant(kind, method, &[1]);
        assert_eq!(network.refused(ALICE, contracts.add_permitted_auth_method(id, &grant)), invalid);
        assert_eq!(network.refused(ALICE, contracts.batch_add_remove_auth_methods(id, &[grant], &[])), invalid);
    }
    assert_eq!(network.methods(id), []);
}

/// In the real network the scopes of a removed method stayed, and came back with it.
#[test]
fn removing_a_method_and_adding_it_again_revives_no_scope() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let (contracts, google) = (network.contracts, (GOOGLE, USER));
    let removals = [
        contracts.remove_permitted_auth_method(id, google),
        contracts.batch_add_remove_auth_methods(id, &[], &[google]),
        contracts.batch_add_remove_auth_methods(id, &[grant(GOOGLE, USER, &[4])], &[google]),
    ];
    for remove in removals {
        network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[1, 3])));
        assert_eq!(network.scopes(id, google), [false, true, false, true, false]);
        network.done(ALICE, remove);
        assert_eq!(network.scopes(id, google), [false; 5]);
        let gone = not_permitted(id, google);
        for change in [
            contracts.add_scope(id, google, 2),
            contracts.remove_scope(id, google, 1),
            contracts.remove_permitted_auth_method(id, google),
            contracts.batch_add_remove_auth_methods(id, &[], &[google]),
        ] {
            assert_eq!(network.refused(ALICE, change), gone);
        }
        network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[])));
        assert_eq!(network.scopes(id, google), [false; 5], "nothing comes back");
        network.done(ALICE, contracts.add_scope(id, google, 2));
        assert_eq!(network.scopes(id, google), [false, false, true, false, false]);
        network.done(ALICE, contracts.remove_scope(id, google, 2));
        assert_eq!(network.scopes(id, google), [false; 5]);
    }
}

#[test]
fn adding_a_method_again_keeps_its_scopes_and_replaces_its_public_key() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    let passkey = |user_pubkey: &[u8], scopes: &[u64]| Grant {
        method: PermittedMethod { user_pubkey: user_pubkey.to_vec(), ..grant(WEBAUTHN, USER, &[]).method },
        scopes: scopes.to_vec(),
    };
    let asked = PKPPermissions::getUserPubkeyForAuthMethodCall {
        tokenId: token_id(id),
        authMethodType: U256::from(WEBAUTHN),
        id: USER.to_vec().into(),
    };
    let missing = network.no_view(contracts.permissions, &asked);
    assert_eq!(missing, not_permitted(id, (WEBAUTHN, USER)));
    let pubkey = |network: &mut Network| {
        let reply = network.ask(|contracts, block| contracts.ask_user_pubkey(id, (WEBAUTHN, USER), block));
        grants::user_pubkey(&reply).unwrap()
    };
    network.done(ALICE, contracts.add_permitted_auth_method(id, &passkey(&[1; 65], &[1])));
    assert_eq!(pubkey(&mut network), [1; 65]);
    network.done(ALICE, contracts.add_permitted_auth_method(id, &passkey(&[2; 65], &[2])));
    assert_eq!(pubkey(&mut network), [2; 65]);
    assert_eq!(network.scopes(id, (WEBAUTHN, USER)), [false, true, true, false, false]);
    assert_eq!(network.methods(id), [passkey(&[2; 65], &[]).method]);
    // What another owner says about the same user is that owner's business.
    let other = network.mint(BOB, 6);
    network.done(BOB, contracts.add_permitted_auth_method(other, &passkey(&[3; 65], &[1])));
    assert_eq!(pubkey(&mut network), [2; 65]);
}

#[test]
fn a_batch_adds_and_then_removes_all_or_nothing() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    let (bob, google) = (address(BOB), (GOOGLE, USER));
    let add = [grant(ADDRESS, &bob, &[2, 3]), grant(GOOGLE, USER, &[1])];
    let stray = [(ACTION, &CID[..]), (GOOGLE, b"nobody")];
    let refused = network.refused(ALICE, contracts.batch_add_remove_auth_methods(id, &add, &stray));
    assert_eq!(refused, not_permitted(id, (GOOGLE, b"nobody")));
    assert_eq!(network.methods(id), [grant(ACTION, &CID, &[]).method], "nothing of it was done");

    network.done(ALICE, contracts.batch_add_remove_auth_methods(id, &add, &[(ACTION, &CID)]));
    let mut left = network.methods(id);
    left.sort_by_key(|method| method.auth_method_type);
    assert_eq!(left, add.each_ref().map(|grant| grant.method.clone()));
    assert_eq!(network.scopes(id, (ADDRESS, &bob)), [false, false, true, true, false]);
    assert_eq!(network.scopes(id, google), [false, true, false, false, false]);
    assert!(!network.permits_action(id, &CID));
    assert_eq!(network.scopes(id, (ACTION, &CID)), [false; 5]);
    // In both lists: gone.
    network.done(ALICE, contracts.batch_add_remove_auth_methods(id, &add[1..], &[google]));
    assert_eq!(network.methods(id), [add[0].method.clone()]);
    network.done(ALICE, contracts.batch_add_remove_auth_methods(id, &[], &[]));
}

#[test]
fn the_lists_of_a_batch_have_one_length() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let good = PKPPermissions::batchAddRemoveAuthMethodsCall {
        tokenId: token_id(id),
        typesToAdd: vec![U256::from(GOOGLE)],
        idsToAdd: vec![USER.to_vec().into()],
        pubkeysToAdd: vec![Vec::new().into()],
        scopesToAdd: vec![vec![U256::from(1)]],
        typesToRemove: vec![],
        idsToRemove: vec![],
    };
    type Spoil = fn(&mut PKPPermissions::batchAddRemoveAuthMethodsCall);
    let cases: [(Spoil, (u64, u64)); 6] = [
        (|batch| batch.typesToAdd.clear(), (0, 1)),
        (|batch| batch.idsToAdd.push(vec![1].into()), (1, 2)),
        (|batch| batch.pubkeysToAdd.clear(), (1, 0)),
        (|batch| batch.scopesToAdd.push(vec![]), (1, 2)),
        (|batch| batch.typesToRemove.push(U256::from(1)), (1, 0)),
        (|batch| batch.idsToRemove.push(vec![1].into()), (0, 1)),
    ];
    for (spoil, (methods, given)) in cases {
        let mut batch = good.clone();
        spoil(&mut batch);
        let reason = network.refused(ALICE, call(network.contracts.permissions, &batch));
        let (methods, given) = (U256::from(methods), U256::from(given));
        assert_eq!(reason, custom(Reverts::UnequalLengths { methods, given }));
    }
    network.done(ALICE, call(network.contracts.permissions, &good));
}

#[test]
fn a_user_finds_the_keys_that_permit_him() {
    let mut network = Network::of(4);
    let contracts = network.contracts;
    let google = (GOOGLE, USER);
    let ids = [5, 6, 7].map(|secret| network.mint(ALICE, secret));
    assert_eq!(network.keys_of(google, 0, 10), []);
    for id in ids {
        network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[1])));
        // Once more changes nothing.
        network.done(ALICE, contracts.add_permitted_auth_method(id, &grant(GOOGLE, USER, &[2])));
    }
    assert_eq!(network.keys_of(google, 0, 10), ids);
    assert_eq!(network.keys_of(google, 1, 1), ids[1..2]);
    assert_eq!(network.keys_of(google, 2, u64::MAX), ids[2..]);
    assert_eq!(network.keys_of(google, u64::MAX, u64::MAX), []);
    assert_eq!(network.keys_of((WEBAUTHN, USER), 0, 10), [], "another type is another user");
    let (kind, user) = (U256::from(GOOGLE), alloy_primitives::Bytes::from_static(USER));
    let permissions = contracts.permissions;
    let count = PKPPermissions::countTokenIdsForAuthMethodCall { authMethodType: kind, id: user.clone() };
    assert_eq!(network.view(permissions, count), U256::from(3));
    let pubkeys = PKPPermissions::getPKPPubKeysByAuthMethodCall { authMethodType: kind, id: user.clone() };
    assert_eq!(network.view(permissions, pubkeys.clone()), [5, 6, 7].map(|secret| public_key(secret).to_vec()));

    network.done(ALICE, contracts.remove_permitted_auth_method(ids[0], google));
    network.done(ALICE, contracts.burn(ids[1]));
    let all = PKPPermissions::getTokenIdsForAuthMethodCall { authMethodType: kind, id: user };
    let mut left = network.view(permissions, all);
    left.sort();
    let mut expected = [ids[1], ids[2]].map(token_id);
    expected.sort();
    assert_eq!(left, expected, "burned ones stay, as their permissions do");
    assert_eq!(network.view(permissions, pubkeys).len(), 2);
}

#[test]
fn a_method_is_kept_under_the_hash_of_its_type_and_id() {
    use alloy_sol_types::SolValue;
    let network = Network::of(4);
    let asked = More::authMethodIdCall { authMethodType: U256::from(GOOGLE), id: USER.to_vec().into() };
    let encoded = (U256::from(GOOGLE), alloy_primitives::Bytes::from_static(USER)).abi_encode_params();
    assert_eq!(network.view(network.contracts.permissions, asked), alloy_primitives::keccak256(encoded));
}

#[test]
fn a_transfer_moves_the_right_to_change_permissions_and_leaves_the_permissions() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    network.done(ALICE, contracts.transfer(address(ALICE), address(BOB), id));
    assert_eq!(network.owner(id), Some(address(BOB)));
    assert!(network.permits_action(id, &CID));
    for change in network.every_change(id) {
        assert_eq!(network.refused(ALICE, change), message("Not PKP NFT owner"));
    }
    network.done(BOB, contracts.remove_permitted_action(id, &CID));
    assert!(!network.permits_action(id, &CID));
}
