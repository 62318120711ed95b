//! Permissions and scopes.

use lit_node::chain::abi::{PKPPermissions, SCOPE_PERSONAL_SIGN, SCOPE_SIGN_ANYTHING};
use lit_node::chain::calls::token_id;

use super::*;

const CID: [u8; 34] = [0x12; 34];
/// Auth method type of Google accounts.
const GOOGLE: u64 = 5;

impl Network {
    fn permissions_call(&self, call: &impl SolCall) -> ContractCall {
        ContractCall { to: self.contracts.permissions, value: U256::ZERO, data: call.abi_encode() }
    }

    fn add_google(&self, id: KeyId, user: &[u8], scopes: &[u64]) -> ContractCall {
        let method = PKPPermissions::AuthMethod {
            authMethodType: U256::from(GOOGLE),
            id: user.to_vec().into(),
            userPubkey: vec![].into(),
        };
        let scopes = scopes.iter().copied().map(U256::from).collect();
        self.permissions_call(&PKPPermissions::addPermittedAuthMethodCall { tokenId: token_id(id), method, scopes })
    }

    fn google_scopes(&self, id: KeyId, user: &[u8]) -> Vec<bool> {
        let call = PKPPermissions::getPermittedAuthMethodScopesCall {
            tokenId: token_id(id),
            authMethodType: U256::from(GOOGLE),
            id: user.to_vec().into(),
            maxScopeId: U256::from(4),
        };
        self.view(self.contracts.permissions, call)
    }
}

#[test]
fn only_the_owner_changes_permissions() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let contracts = network.contracts;
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    network.done(ALICE, contracts.add_permitted_address(id, address(BOB), &[1]));
    for call in [
        contracts.add_permitted_action(id, &[0x13; 34], &[1]),
        contracts.remove_permitted_action(id, &CID),
        contracts.add_permitted_address(id, address(1), &[1]),
        contracts.remove_permitted_address(id, address(BOB)),
        network.add_google(id, b"user", &[1]),
    ] {
        assert_eq!(network.refused(BOB, call), "Not PKP NFT owner");
    }
    let unminted = contracts.add_permitted_action(key_id(6), &CID, &[1]);
    assert!(network.refused(ALICE, unminted).starts_with("ERC721NonexistentToken"));
}

#[test]
fn what_is_granted_can_be_read_and_withdrawn() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    assert!(!network.permits_action(id, &CID) && !network.permits_address(id, BOB));
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[SCOPE_SIGN_ANYTHING]));
    network.done(ALICE, contracts.add_permitted_address(id, address(BOB), &[SCOPE_PERSONAL_SIGN]));
    network.done(ALICE, network.add_google(id, b"user", &[3]));
    assert!(network.permits_action(id, &CID) && network.permits_address(id, BOB));
    assert!(!network.permits_action(key_id(6), &CID), "another key's permissions are its own");
    let token = token_id(id);
    let actions = network.view(contracts.permissions, PKPPermissions::getPermittedActionsCall { tokenId: token });
    assert_eq!(actions, [CID.to_vec()]);
    let users = network.view(contracts.permissions, PKPPermissions::getPermittedAddressesCall { tokenId: token });
    assert_eq!(users, [alloy_primitives::Address::from(address(BOB))]);
    let all = network.view(contracts.permissions, PKPPermissions::getPermittedAuthMethodsCall { tokenId: token });
    assert_eq!(all.iter().map(|method| method.authMethodType.to::<u64>()).collect::<Vec<_>>(), [2, 1, GOOGLE]);

    network.done(ALICE, contracts.remove_permitted_action(id, &CID));
    network.done(ALICE, contracts.remove_permitted_address(id, address(BOB)));
    assert!(!network.permits_action(id, &CID) && !network.permits_address(id, BOB));
    assert!(!network.address_has_scope(id, BOB, SCOPE_PERSONAL_SIGN));
    assert!(network.refused(ALICE, contracts.remove_permitted_action(id, &CID)).starts_with("NotPermitted"));
}

#[test]
fn to_sign_anything_implies_to_sign_messages_and_not_the_reverse() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    network.done(ALICE, contracts.add_permitted_address(id, address(1), &[SCOPE_SIGN_ANYTHING]));
    network.done(ALICE, contracts.add_permitted_address(id, address(2), &[SCOPE_PERSONAL_SIGN]));
    network.done(ALICE, contracts.add_permitted_address(id, address(3), &[]));
    let mut scopes = |user| [1, 2, 3].map(|scope| network.address_has_scope(id, user, scope));
    assert_eq!(scopes(1), [true, true, false]);
    assert_eq!(scopes(2), [false, true, false]);
    assert_eq!(scopes(3), [false, false, false]);
    for scope in [0, 256] {
        let call = contracts.add_permitted_address(id, address(1), &[scope]);
        assert_eq!(network.refused(ALICE, call), format!("InvalidScope {{ scopeId: {scope} }}"));
    }
}

#[test]
fn removing_a_method_and_adding_it_again_revives_no_scope() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    network.done(ALICE, network.add_google(id, b"user", &[1, 3]));
    assert_eq!(network.google_scopes(id, b"user"), [false, true, false, true]);
    let (token, google) = (token_id(id), U256::from(GOOGLE));
    let user = alloy_primitives::Bytes::from_static(b"user");
    let remove =
        PKPPermissions::removePermittedAuthMethodCall { tokenId: token, authMethodType: google, id: user.clone() };
    network.done(ALICE, network.permissions_call(&remove));
    assert_eq!(network.google_scopes(id, b"user"), [false; 4]);
    let scope = PKPPermissions::addPermittedAuthMethodScopeCall {
        tokenId: token,
        authMethodType: google,
        id: user.clone(),
        scopeId: U256::from(2),
    };
    let refused = network.refused(ALICE, network.permissions_call(&scope));
    assert!(refused.starts_with("NotPermitted"), "{refused}");
    network.done(ALICE, network.add_google(id, b"user", &[]));
    assert_eq!(network.google_scopes(id, b"user"), [false; 4]);
    network.done(ALICE, network.permissions_call(&scope));
    assert_eq!(network.google_scopes(id, b"user"), [false, false, true, false]);
    let less = PKPPermissions::removePermittedAuthMethodScopeCall {
        tokenId: token,
        authMethodType: google,
        id: user,
        scopeId: U256::from(2),
    };
    network.done(ALICE, network.permissions_call(&less));
    assert_eq!(network.google_scopes(id, b"user"), [false; 4]);
}

#[test]
fn a_transfer_moves_the_right_to_change_permissions() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.mint(ALICE, 5), network.contracts);
    let transfer = contracts.transfer(address(ALICE), address(BOB), id);
    assert!(network.refused(BOB, transfer.clone()).starts_with("ERC721InsufficientApproval"));
    network.done(ALICE, transfer);
    assert_eq!(network.owner(id), Some(address(BOB)));
    let grant = contracts.add_permitted_action(id, &CID, &[1]);
    assert_eq!(network.refused(ALICE, grant.clone()), "Not PKP NFT owner");
    network.done(BOB, grant);
    assert!(network.permits_action(id, &CID));
}
