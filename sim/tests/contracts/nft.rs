//! Keys as tokens: minting, burning, moving, approving, and what the contract earns.

use alloy_primitives::{Address, U256, fixed_bytes};
use lit_node::chain::abi::{KEY_TYPE_ECDSA, MINT_COST_WEI, PKPNFT, PKPPermissions, Reverts};
use lit_node::chain::calls::token_id;
use lit_node::chain::{ChainEvent, ContractCall, Contracts, RevertReason, views};
use lit_node::id::KeyId;
use lit_node::io::{BlockTag, ChainReply};

use super::network::*;

const NONE_LEFT: &str = "There are no unminted routed token ids to mint";
const WRONG_PRICE: &str = "You must pay exactly mint cost";

fn not_approved(operator: u8, id: KeyId) -> RevertReason {
    custom(Reverts::ERC721InsufficientApproval { operator: address(operator).into(), tokenId: token_id(id) })
}

#[test]
fn minting_takes_the_exact_price_and_a_routed_key() {
    let mut network = Network::of(4);
    let mint = network.contracts.mint_next();
    let nft = network.contracts.pkp_nft;
    assert_eq!(network.view(nft, PKPNFT::mintCostCall {}), U256::from(MINT_COST_WEI));
    assert_eq!(network.refused(ALICE, mint.clone()), message(NONE_LEFT));
    let id = network.route(5);
    let ready = PKPNFT::getUnmintedRoutedTokenIdCountCall { keyType: U256::from(KEY_TYPE_ECDSA) };
    assert_eq!(network.view(nft, ready.clone()), U256::from(1));
    for wei in [0, MINT_COST_WEI - 1, MINT_COST_WEI + 1] {
        let call = ContractCall { value: U256::from(wei), ..mint.clone() };
        assert_eq!(network.refused(ALICE, call), message(WRONG_PRICE));
    }
    let events = network.done(ALICE, mint.clone());
    assert!(events.contains(&ChainEvent::PkpMinted { key: id, public_key: public_key(5) }));
    assert!(events.contains(&ChainEvent::Transfer { key: id, from: [0; 20], to: address(ALICE) }));
    assert_eq!(network.owner(id), Some(address(ALICE)));
    assert_eq!(network.chain.balance(nft), U256::from(MINT_COST_WEI));
    assert_eq!(network.view(nft, ready), U256::ZERO);
    assert_eq!(network.refused(ALICE, mint), message(NONE_LEFT));
}

#[test]
fn only_the_owner_of_the_contract_takes_out_what_it_earned() {
    let mut network = Network::of(4);
    network.mint(ALICE, 5);
    let nft = network.contracts.pkp_nft;
    let withdraw = |to: [u8; 20]| call(nft, &PKPNFT::withdrawCall { to: to.into() });
    let stranger = custom(Reverts::OwnableUnauthorizedAccount { account: address(ALICE).into() });
    assert_eq!(network.refused(ALICE, withdraw(address(ALICE))), stranger);
    // The router takes no ether.
    let router = network.contracts.router;
    assert_eq!(network.refused(DEPLOYER, withdraw(router)), custom(Reverts::WithdrawalFailed { to: router.into() }));
    network.done(DEPLOYER, withdraw([0xaa; 20]));
    assert_eq!(network.chain.balance([0xaa; 20]), U256::from(MINT_COST_WEI));
    assert_eq!(network.chain.balance(nft), U256::ZERO);

    let nobody = More::transferOwnershipCall { newOwner: Address::ZERO };
    let invalid = custom(Reverts::OwnableInvalidOwner { owner: Address::ZERO });
    assert_eq!(network.refused(DEPLOYER, call(nft, &nobody)), invalid);
    network.done(DEPLOYER, call(nft, &More::transferOwnershipCall { newOwner: address(BOB).into() }));
    assert_eq!(network.view(nft, More::ownerCall {}), Address::from(address(BOB)));
    let past = custom(Reverts::OwnableUnauthorizedAccount { account: address(DEPLOYER).into() });
    assert_eq!(network.refused(DEPLOYER, call(nft, &More::renounceOwnershipCall {})), past);
}

#[test]
fn keys_are_minted_in_the_order_in_which_they_were_routed() {
    let mut network = Network::of(4);
    let ids = [9, 5, 7].map(|secret| network.route(secret));
    for (at, id) in ids.into_iter().enumerate() {
        network.done(BOB, network.contracts.mint_next());
        assert_eq!(network.owner(id), Some(address(BOB)));
        let (nft, index) = (network.contracts.pkp_nft, U256::from(at));
        assert_eq!(network.view(nft, More::tokenByIndexCall { index }), token_id(id));
        let owner = address(BOB).into();
        assert_eq!(network.view(nft, PKPNFT::tokenOfOwnerByIndexCall { owner, index }), token_id(id));
        assert_eq!(network.view(nft, PKPNFT::totalSupplyCall {}), U256::from(at + 1));
        assert_eq!(network.view(nft, PKPNFT::balanceOfCall { owner }), U256::from(at + 1));
    }
}

#[test]
fn a_token_stands_for_the_hash_of_its_key_and_has_the_keys_address() {
    let mut network = Network::of(4);
    let token = token_id(network.mint(ALICE, 5));
    let nft = network.contracts.pkp_nft;
    assert_eq!(network.view(nft, PKPNFT::getPubkeyCall { tokenId: token }).to_vec(), public_key(5));
    let eth_address = network.view(nft, PKPNFT::getEthAddressCall { tokenId: token });
    assert_eq!(eth_address.into_array(), lit_node::key::eth_address(&point(5)));
    assert!(network.view(nft, PKPNFT::existsCall { tokenId: token }));
    let missing = U256::from(1);
    let not_routed = custom(Reverts::NotRouted { tokenId: missing });
    assert_eq!(network.no_view(nft, &PKPNFT::getPubkeyCall { tokenId: missing }), not_routed);
    assert_eq!(network.no_view(nft, &PKPNFT::getEthAddressCall { tokenId: missing }), not_routed);
    assert!(!network.view(nft, PKPNFT::existsCall { tokenId: missing }));
}

#[test]
fn what_erc_721_asks_for_is_there() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let nft = network.contracts.pkp_nft;
    assert_eq!(network.view(nft, More::nameCall {}), "Programmable Key Pair");
    assert_eq!(network.view(nft, More::symbolCall {}), "PKP");
    assert_eq!(network.view(nft, More::tokenURICall { tokenId: token_id(id) }), "");
    // EIP-165, EIP-721, its metadata and its enumeration; and the interface that nobody has.
    for (interface, has) in [
        (fixed_bytes!("01ffc9a7"), true),
        (fixed_bytes!("80ac58cd"), true),
        (fixed_bytes!("5b5e139f"), true),
        (fixed_bytes!("780e9d63"), true),
        (fixed_bytes!("ffffffff"), false),
    ] {
        assert_eq!(network.view(nft, More::supportsInterfaceCall { interfaceId: interface }), has, "{interface}");
    }
    let nobody = Address::ZERO;
    let out_of_bounds =
        |owner: Address, index: u64| custom(Reverts::ERC721OutOfBoundsIndex { owner, index: U256::from(index) });
    let (alice, one) = (Address::from(address(ALICE)), U256::from(1));
    assert_eq!(network.no_view(nft, &More::tokenByIndexCall { index: one }), out_of_bounds(nobody, 1));
    let second = PKPNFT::tokenOfOwnerByIndexCall { owner: alice, index: one };
    assert_eq!(network.no_view(nft, &second), out_of_bounds(alice, 1));
    let invalid = custom(Reverts::ERC721InvalidOwner { owner: nobody });
    assert_eq!(network.no_view(nft, &PKPNFT::balanceOfCall { owner: nobody }), invalid);
    let missing = key_id(6);
    for reason in [
        network.no_view(nft, &PKPNFT::ownerOfCall { tokenId: token_id(missing) }),
        network.no_view(nft, &More::getApprovedCall { tokenId: token_id(missing) }),
        network.no_view(nft, &More::tokenURICall { tokenId: token_id(missing) }),
    ] {
        assert_eq!(reason, nonexistent(missing));
    }
}

#[test]
fn a_transfer_takes_the_owner_or_whom_the_owner_approved() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let (nft, token) = (network.contracts.pkp_nft, token_id(id));
    let transfer = |from, to, id| network.contracts.transfer(address(from), address(to), id);
    let (to_bob, to_carol) = (transfer(ALICE, BOB, id), transfer(BOB, CAROL, id));
    let missing = transfer(ALICE, BOB, key_id(6));
    assert_eq!(network.refused(BOB, to_bob.clone()), not_approved(BOB, id));
    assert_eq!(network.refused(ALICE, missing), nonexistent(key_id(6)));
    let wrong_owner =
        Reverts::ERC721IncorrectOwner { sender: address(BOB).into(), tokenId: token, owner: address(ALICE).into() };
    assert_eq!(network.refused(ALICE, to_carol.clone()), custom(wrong_owner));
    let to_nobody = network.contracts.transfer(address(ALICE), [0; 20], id);
    let invalid = custom(Reverts::ERC721InvalidReceiver { receiver: Address::ZERO });
    assert_eq!(network.refused(ALICE, to_nobody), invalid);

    // One token, approved: good for one transfer.
    let approve = |to: u8| call(nft, &More::approveCall { to: address(to).into(), tokenId: token });
    let invalid = custom(Reverts::ERC721InvalidApprover { approver: address(BOB).into() });
    assert_eq!(network.refused(BOB, approve(BOB)), invalid);
    network.done(ALICE, approve(CAROL));
    assert_eq!(network.view(nft, More::getApprovedCall { tokenId: token }), Address::from(address(CAROL)));
    network.done(CAROL, to_bob);
    assert_eq!(network.owner(id), Some(address(BOB)));
    assert_eq!(network.view(nft, More::getApprovedCall { tokenId: token }), Address::ZERO);
    assert_eq!(network.refused(CAROL, to_carol.clone()), not_approved(CAROL, id));

    // An operator, for all tokens and until further notice.
    let operator = |to: Address, approved| call(nft, &More::setApprovalForAllCall { operator: to, approved });
    let invalid = custom(Reverts::ERC721InvalidOperator { operator: Address::ZERO });
    assert_eq!(network.refused(BOB, operator(Address::ZERO, true)), invalid);
    let alice = Address::from(address(ALICE));
    network.done(BOB, operator(alice, true));
    let approved = More::isApprovedForAllCall { owner: address(BOB).into(), operator: alice };
    assert!(network.view(nft, approved.clone()));
    network.done(ALICE, to_carol);
    network.done(BOB, operator(alice, false));
    assert!(!network.view(nft, approved));
    assert_eq!(network.owner(id), Some(address(CAROL)));
}

#[test]
fn a_safe_transfer_asks_the_receiver() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let contracts = network.contracts;
    let send = |from: u8, to: [u8; 20]| {
        let (from, to) = (address(from).into(), to.into());
        call(contracts.pkp_nft, &More::safeTransferFromCall { from, to, tokenId: token_id(id) })
    };
    // A contract that does not answer.
    let invalid = custom(Reverts::ERC721InvalidReceiver { receiver: contracts.router.into() });
    assert_eq!(network.refused(ALICE, send(ALICE, contracts.router)), invalid);
    network.done(ALICE, send(ALICE, address(BOB)));
    assert_eq!(network.owner(id), Some(address(BOB)));
}

#[test]
fn no_token_is_sent_where_it_would_be_stuck() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let contracts = network.contracts;
    assert_eq!(network.view(contracts.pkp_nft, More::helperCall {}), Address::from(contracts.helper));
    for receiver in [contracts.pkp_nft, contracts.helper] {
        let invalid = custom(Reverts::ERC721InvalidReceiver { receiver: receiver.into() });
        assert_eq!(network.refused(ALICE, contracts.transfer(address(ALICE), receiver, id)), invalid);
        let (from, to) = (address(ALICE).into(), receiver.into());
        let safe = More::safeTransferFromCall { from, to, tokenId: token_id(id) };
        assert_eq!(network.refused(ALICE, call(contracts.pkp_nft, &safe)), invalid);
    }
    assert_eq!(network.owner(id), Some(address(ALICE)));
}

/// The real network's nodes let the revert of `ownerOf` decide, so that a burned PKP could not sign.
#[test]
fn a_burned_pkp_has_no_owner_keeps_its_key_and_permissions_and_never_comes_back() {
    let mut network = Network::of(4);
    let id = network.mint(ALICE, 5);
    let contracts = network.contracts;
    network.done(ALICE, contracts.add_permitted_action(id, &CID, &[1]));
    assert_eq!(network.refused(BOB, contracts.burn(id)), not_approved(BOB, id));
    assert_eq!(network.refused(ALICE, contracts.burn(key_id(6))), nonexistent(key_id(6)));
    network.done(ALICE, contracts.burn(id));
    assert_eq!(network.refused(ALICE, contracts.burn(id)), nonexistent(id));
    let (nft, token) = (contracts.pkp_nft, token_id(id));
    assert_eq!(network.no_view(nft, &PKPNFT::ownerOfCall { tokenId: token }), nonexistent(id));
    assert_eq!(network.owner(id), None);
    assert!(!network.view(nft, PKPNFT::existsCall { tokenId: token }));
    assert_eq!(network.view(nft, PKPNFT::getPubkeyCall { tokenId: token }).to_vec(), public_key(5));
    let eth_address = network.view(nft, PKPNFT::getEthAddressCall { tokenId: token });
    assert_eq!(eth_address.into_array(), lit_node::key::eth_address(&point(5)));
    assert!(network.permits_action(id, &CID));
    assert_eq!(network.scopes(id, (ACTION, &CID)), [false, true, false, false, false]);
    let actions = network.view(contracts.permissions, PKPPermissions::getPermittedActionsCall { tokenId: token });
    assert_eq!(actions, [CID.to_vec()]);

    let late = contracts.vote_for_routing(&public_key(5), DATA);
    network.done(4, late);
    assert_eq!(network.refused(ALICE, contracts.mint_next()), message(NONE_LEFT));
    assert_eq!(network.view(nft, PKPNFT::totalSupplyCall {}), U256::ZERO);
}

#[test]
fn whom_the_owner_approved_may_burn() {
    let mut network = Network::of(4);
    let (id, other) = (network.mint(ALICE, 5), network.mint(ALICE, 6));
    let nft = network.contracts.pkp_nft;
    network.done(ALICE, call(nft, &More::approveCall { to: address(BOB).into(), tokenId: token_id(id) }));
    assert_eq!(network.refused(BOB, network.contracts.burn(other)), not_approved(BOB, other));
    network.done(BOB, network.contracts.burn(id));
    assert_eq!((network.owner(id), network.owner(other)), (None, Some(address(ALICE))));
}

#[test]
fn mint_grant_and_burn_leaves_one_permitted_action_for_ever() {
    let mut network = Network::of(4);
    let other = [0x13; 34];
    let contracts = network.contracts;
    let paid = contracts.mint_grant_and_burn_next(&CID);
    assert_eq!(network.refused(ALICE, paid.clone()), message(NONE_LEFT));
    let id = network.route(5);
    let free = ContractCall { value: U256::ZERO, ..paid.clone() };
    assert_eq!(network.refused(ALICE, free), message(WRONG_PRICE));
    let empty = Reverts::InvalidAuthMethod { authMethodType: U256::from(ACTION), id: Vec::new().into() };
    assert_eq!(network.refused(ALICE, contracts.mint_grant_and_burn_next(&[])), custom(empty));
    let receipt = network.send(ALICE, paid);
    assert!(receipt.succeeded());
    assert_eq!(receipt.logs.len(), 5, "minted twice over, granted twice over, burned, and nothing else");
    assert_eq!(network.owner(id), None);
    assert!(network.permits_action(id, &CID) && !network.permits_action(id, &other));
    assert_eq!(network.methods(id), [grant(ACTION, &CID, &[]).method]);
    let scope = network.ask(|contracts, block| contracts.ask_action_scope(id, &CID, 1, block));
    assert_eq!(views::is_permitted(&scope), Ok(true));
    let transfer = contracts.transfer(contracts.pkp_nft, address(ALICE), id);
    for name in [ALICE, DEPLOYER, 1] {
        for late in [
            contracts.add_permitted_action(id, &other, &[1]),
            contracts.remove_permitted_action(id, &CID),
            contracts.batch_add_remove_auth_methods(id, &[], &[]),
            transfer.clone(),
            contracts.burn(id),
        ] {
            assert_eq!(network.refused(name, late), nonexistent(id));
        }
    }
}

/// Between minting and burning the contract itself is the owner, so whoever it approved could step in. It approves nobody,
/// and nobody can approve in its name or ahead of time.
#[test]
fn nobody_is_approved_for_a_token_that_is_minted_granted_and_burned() {
    let mut network = Network::of(4);
    let contracts = network.contracts;
    let (nft, id) = (contracts.pkp_nft, network.route(5));
    let early = More::approveCall { to: address(BOB).into(), tokenId: token_id(id) };
    assert_eq!(network.refused(BOB, call(nft, &early)), nonexistent(id));
    // Everybody's operators are their own.
    for name in [ALICE, DEPLOYER] {
        let operator = More::setApprovalForAllCall { operator: address(BOB).into(), approved: true };
        network.done(name, call(nft, &operator));
    }
    let owner = Address::from(nft);
    let operator = More::isApprovedForAllCall { owner, operator: address(BOB).into() };
    assert!(!network.view(nft, operator.clone()));
    network.done(ALICE, contracts.mint_grant_and_burn_next(&CID));
    assert!(!network.view(nft, operator));
    assert_eq!(network.no_view(nft, &More::getApprovedCall { tokenId: token_id(id) }), nonexistent(id));
    let grant = contracts.add_permitted_address(id, address(BOB), &[1]);
    assert_eq!(network.refused(BOB, grant), nonexistent(id));
}

#[test]
fn an_address_without_code_answers_no_question() {
    let mut network = Network::of(4);
    let contracts = Contracts::of_deployer([1; 20]);
    let reply = network.chain.answer(&contracts.ask_owner(key_id(5), BlockTag::Latest)).unwrap();
    assert_eq!(reply, ChainReply::Returned(vec![]));
    assert!(matches!(views::owner(&reply), Err(views::ViewError::Malformed(_))));
}
