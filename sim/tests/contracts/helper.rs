//! Minting with auth methods, for users who may have no wallet.

use alloy_primitives::{Address, U256};
use lit_node::chain::abi::{KEY_TYPE_ECDSA, MINT_COST_WEI, PKPHelper, PKPNFT, Reverts};
use lit_node::chain::{ChainEvent, ContractCall, Grant};
use lit_node::id::KeyId;

use super::network::*;

fn passkey() -> Grant {
    let mut passkey = grant(WEBAUTHN, b"credential", &[1]);
    passkey.method.user_pubkey = vec![4; 65];
    passkey
}

impl Network {
    /// The address of a small secret's key.
    fn own_address(secret: u64) -> [u8; 20] {
        lit_node::key::eth_address(&point(secret))
    }

    /// Fails if the helper holds a token or ether.
    #[track_caller]
    fn helper_holds_nothing(&self) {
        let (helper, nft) = (self.contracts.helper, self.contracts.pkp_nft);
        assert_eq!(self.view(nft, PKPNFT::balanceOfCall { owner: helper.into() }), U256::ZERO);
        assert_eq!(self.chain.balance(helper), U256::ZERO);
    }

    fn methods_and_scopes(&mut self, id: KeyId) -> Vec<(u64, Vec<u8>, Vec<bool>)> {
        let methods = self.methods(id).into_iter();
        methods
            .map(|method| {
                let scopes = self.scopes(id, (method.auth_method_type, &method.id));
                (method.auth_method_type, method.id, scopes)
            })
            .collect()
    }
}

#[test]
fn somebody_else_pays_and_the_key_belongs_to_itself() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.route(5), network.contracts);
    let grants = [passkey(), grant(GOOGLE, b"user", &[2, 3])];
    let events = network.done(CAROL, contracts.mint_next_and_add_auth_methods(&grants, true, true));
    let itself = Network::own_address(5);
    assert!(events.contains(&ChainEvent::PkpMinted { key: id, public_key: public_key(5) }));
    assert_eq!(events.last(), Some(&ChainEvent::Transfer { key: id, from: contracts.helper, to: itself }));
    assert_eq!(network.owner(id), Some(itself));
    let sign_anything = vec![false, true, false, false, false];
    let expected = [
        (WEBAUTHN, b"credential".to_vec(), sign_anything.clone()),
        (GOOGLE, b"user".to_vec(), vec![false, false, true, true, false]),
        (ADDRESS, itself.to_vec(), sign_anything),
    ];
    assert_eq!(network.methods_and_scopes(id), expected);
    assert_eq!(network.methods(id)[0], passkey().method, "with the user's public key");
    network.helper_holds_nothing();
    assert_eq!(network.chain.balance(contracts.pkp_nft), U256::from(MINT_COST_WEI));
    for name in [CAROL, DEPLOYER] {
        let change = contracts.add_permitted_address(id, address(name), &[1]);
        assert_eq!(network.refused(name, change), message("Not PKP NFT owner"), "whoever paid has no say");
    }
}

#[test]
fn the_sender_may_keep_the_token_with_any_methods_or_none() {
    let mut network = Network::of(4);
    let contracts = network.contracts;
    let (plain, own) = (network.route(5), network.route(6));
    network.done(ALICE, contracts.mint_next_and_add_auth_methods(&[], false, false));
    assert_eq!(network.owner(plain), Some(address(ALICE)));
    assert_eq!(network.methods(plain), []);
    let grants = [grant(ACTION, &CID, &[1]), grant(ADDRESS, &address(BOB), &[])];
    network.done(ALICE, contracts.mint_next_and_add_auth_methods(&grants, false, false));
    assert_eq!(network.owner(own), Some(address(ALICE)));
    assert!(network.permits_action(own, &CID) && network.permits_address(own, BOB));
    network.done(ALICE, contracts.add_permitted_address(own, address(CAROL), &[1]));
    network.helper_holds_nothing();
}

#[test]
fn the_price_is_that_of_minting() {
    let mut network = Network::of(4);
    let call = network.contracts.mint_next_and_add_auth_methods(&[passkey()], true, true);
    assert_eq!(network.refused(ALICE, call.clone()), message("There are no unminted routed token ids to mint"));
    let id = network.route(5);
    for wei in [0, MINT_COST_WEI - 1, MINT_COST_WEI + 1, 2 * MINT_COST_WEI] {
        let call = ContractCall { value: U256::from(wei), ..call.clone() };
        assert_eq!(network.refused(ALICE, call), message("You must pay exactly mint cost"));
    }
    assert_eq!(network.owner(id), None);
    network.helper_holds_nothing();
    network.done(ALICE, call);
}

#[test]
fn a_key_that_nobody_could_use_is_not_minted() {
    let mut network = Network::of(4);
    network.route(5);
    for own_address in [false, true] {
        let call = network.contracts.mint_next_and_add_auth_methods(&[], own_address, true);
        assert_eq!(network.refused(ALICE, call), custom(Reverts::NobodyPermitted {}));
    }
    assert_eq!(network.waiting(), 1);
}

#[test]
fn one_bad_method_undoes_the_minting() {
    let mut network = Network::of(4);
    let (id, contracts) = (network.route(5), network.contracts);
    let mint = |second| contracts.mint_next_and_add_auth_methods(&[passkey(), second], true, true);
    let method = Reverts::InvalidAuthMethod { authMethodType: U256::from(ADDRESS), id: vec![7].into() };
    assert_eq!(network.refused(ALICE, mint(grant(ADDRESS, &[7], &[1]))), custom(method));
    let scope = custom(Reverts::InvalidScope { scopeId: U256::from(256) });
    assert_eq!(network.refused(ALICE, mint(grant(GOOGLE, b"user", &[256]))), scope);
    assert_eq!((network.waiting(), network.owner(id)), (1, None));
    assert_eq!(network.methods(id), []);
    network.done(ALICE, mint(grant(GOOGLE, b"user", &[255])));
}

#[test]
fn the_lists_have_one_length() {
    let mut network = Network::of(4);
    network.route(5);
    let good = PKPHelper::mintNextAndAddAuthMethodsCall {
        keyType: U256::from(KEY_TYPE_ECDSA),
        permittedAuthMethodTypes: vec![U256::from(GOOGLE)],
        permittedAuthMethodIds: vec![b"user".to_vec().into()],
        permittedAuthMethodPubkeys: vec![Vec::new().into()],
        permittedAuthMethodScopes: vec![vec![U256::from(1)]],
        addPkpEthAddressAsPermittedAddress: false,
        sendPkpToItself: true,
    };
    let paid = |mint: &PKPHelper::mintNextAndAddAuthMethodsCall| ContractCall {
        value: U256::from(MINT_COST_WEI),
        ..call(network.contracts.helper, mint)
    };
    type Spoil = fn(&mut PKPHelper::mintNextAndAddAuthMethodsCall);
    let cases: [(Spoil, u64); 5] = [
        (|mint| mint.permittedAuthMethodIds.clear(), 0),
        (|mint| mint.permittedAuthMethodIds.push(vec![1].into()), 2),
        (|mint| mint.permittedAuthMethodPubkeys.clear(), 0),
        (|mint| mint.permittedAuthMethodPubkeys.push(vec![1].into()), 2),
        (|mint| mint.permittedAuthMethodScopes.clear(), 0),
    ];
    let mut copy = network.clone();
    for (spoil, given) in cases {
        let mut mint = good.clone();
        spoil(&mut mint);
        let unequal = Reverts::UnequalLengths { methods: U256::from(1), given: U256::from(given) };
        assert_eq!(copy.refused(ALICE, paid(&mint)), custom(unequal));
    }
    copy.done(ALICE, paid(&good));
    // Of the network's own key, which is of another type, none is ever minted.
    let other_type = PKPHelper::mintNextAndAddAuthMethodsCall { keyType: U256::from(1), ..good.clone() };
    let none = message("There are no unminted routed token ids to mint");
    assert_eq!(copy.refused(ALICE, paid(&other_type)), none);
}

#[test]
fn the_helper_takes_no_ether_and_no_tokens_and_knows_its_contracts() {
    let mut network = Network::of(4);
    let (contracts, id) = (network.contracts, network.mint(ALICE, 5));
    let gift = ContractCall { to: contracts.helper, value: U256::from(1), data: vec![] };
    assert_eq!(network.refused(ALICE, gift), lit_node::chain::RevertReason::Empty);
    let stuck = custom(Reverts::ERC721InvalidReceiver { receiver: contracts.helper.into() });
    assert_eq!(network.refused(ALICE, contracts.transfer(address(ALICE), contracts.helper, id)), stuck);
    network.helper_holds_nothing();
    assert_eq!(network.view(contracts.helper, More::pkpNftCall {}), Address::from(contracts.pkp_nft));
    assert_eq!(network.view(contracts.helper, More::permissionsCall {}), Address::from(contracts.permissions));
    assert_eq!(network.view(contracts.permissions, More::pkpNftCall {}), Address::from(contracts.pkp_nft));
    assert_eq!(network.owner(id), Some(address(ALICE)));
}
