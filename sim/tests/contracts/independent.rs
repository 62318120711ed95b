//! The contracts read by another library, from the committed artifacts alone: what our bindings say of functions, events,
//! calls and results is what it says. And the rules for addresses and token ids, from their texts.

use alloy_dyn_abi::{DynSolValue, EventExt, FunctionExt, JsonAbiExt};
use alloy_json_abi::{Event, Function, InternalType, Param};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{SolCall, SolEvent, SolType, TopicList};
use lit_node::chain::abi::{
    DkgBoard, KEY_TYPE_BLS, KEY_TYPE_ECDSA, KeyPool, NETWORK_KEY_INDEX, PKPHelper, PKPNFT, PKPPermissions,
    PubkeyRouter, Staking,
};
use lit_node::chain::addresses::{checksummed, parse_address};
use lit_node::chain::calls::token_id;
use lit_node::chain::permission_events::Change;
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall, PermissionEvent};
use lit_node::id::NodeId;
use lit_node::io::{BlockTag, ChainLog, ChainReply};
use sha3::{Digest as _, Keccak256};
use std::collections::{BTreeMap, BTreeSet};

use super::artifacts::{ALL, abi};
use super::board::DEALING;
use super::network::*;

/// A value for each parameter's name.
type Named = BTreeMap<String, DynSolValue>;

fn uint(value: impl TryInto<U256, Error: std::fmt::Debug>) -> DynSolValue {
    DynSolValue::Uint(value.try_into().unwrap(), 256)
}

fn small(value: u16) -> DynSolValue {
    DynSolValue::Uint(U256::from(value), 16)
}

fn bytes(value: &[u8]) -> DynSolValue {
    DynSolValue::Bytes(value.to_vec())
}

fn word(value: [u8; 32]) -> DynSolValue {
    DynSolValue::FixedBytes(B256::from(value), 32)
}

fn account(value: [u8; 20]) -> DynSolValue {
    DynSolValue::Address(Address::from(value))
}

fn list(values: impl IntoIterator<Item = DynSolValue>) -> DynSolValue {
    DynSolValue::Array(values.into_iter().collect())
}

fn named<const N: usize>(values: [(&str, DynSolValue); N]) -> Named {
    values.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

impl Network {
    /// Which contract is at this address.
    fn contract_at(&self, address: [u8; 20]) -> &'static str {
        let at = self.contracts.all().iter().position(|other| *other == address).expect("a contract's address");
        ALL[at].0
    }
}

/// How the other library reads a log.
fn theirs(network: &Network, log: &ChainLog) -> (String, Named) {
    let abi = abi(network.contract_at(log.address));
    let event = abi.events().find(|event| event.selector().0 == log.topics[0]).expect("an event of the contract");
    let decoded = event.decode_log_parts(log.topics.iter().copied().map(B256::from), &log.data).unwrap();
    let names = |indexed| event.inputs.iter().filter(move |input| input.indexed == indexed).map(|input| &input.name);
    let values = names(true).zip(decoded.indexed).chain(names(false).zip(decoded.body));
    (event.name.clone(), values.map(|(name, value)| (name.clone(), value)).collect())
}

/// How our types read it; `None` for events that nodes and clients have no use for.
fn ours(network: &Network, log: &ChainLog) -> Option<(&'static str, Named)> {
    if let Some(event) = PermissionEvent::decode(&network.contracts, log).unwrap() {
        return Some(permission(event));
    }
    Some(match ChainEvent::decode(&network.contracts, log).unwrap()? {
        ChainEvent::Board(event) => board(event),
        ChainEvent::Transfer { key, from, to } => {
            let values = [("from", account(from)), ("to", account(to)), ("tokenId", uint(token_id(key)))];
            ("Transfer", named(values))
        }
        ChainEvent::PkpMinted { key, public_key } => {
            ("PKPMinted", named([("tokenId", uint(token_id(key))), ("pubkey", bytes(&public_key))]))
        }
        ChainEvent::KeyRouted { key, public_key, key_data } => {
            ("KeyRouted", routed(token_id(key), &public_key, KEY_TYPE_ECDSA, key_data.0))
        }
        ChainEvent::NetworkKeyRouted { key, public_key, key_data } => {
            ("KeyRouted", routed(token_id(key), &public_key, KEY_TYPE_BLS, key_data.0))
        }
        // The rest is not kept: it is compared by name only, below.
        ChainEvent::EpochStarted { .. } | ChainEvent::RoutingVote { .. } | ChainEvent::MintedReported { .. } => {
            return None;
        }
    })
}

fn routed(token: U256, public_key: &[u8], key_type: u64, key_data: [u8; 32]) -> Named {
    named([
        ("tokenId", uint(token)),
        ("pubkey", bytes(public_key)),
        ("keyType", uint(key_type)),
        ("keyDataDigest", word(key_data)),
    ])
}

fn permission(event: PermissionEvent) -> (&'static str, Named) {
    let mut values = named([
        ("tokenId", uint(token_id(event.key))),
        ("authMethodType", uint(event.auth_method_type)),
        ("id", bytes(&event.id)),
    ]);
    let (name, more) = match event.change {
        Change::Added { user_pubkey } => ("PermittedAuthMethodAdded", Some(("userPubkey", bytes(&user_pubkey)))),
        Change::Removed => ("PermittedAuthMethodRemoved", None),
        Change::ScopeAdded(scope) => ("PermittedAuthMethodScopeAdded", Some(("scopeId", uint(scope)))),
        Change::ScopeRemoved(scope) => ("PermittedAuthMethodScopeRemoved", Some(("scopeId", uint(scope)))),
    };
    values.extend(more.map(|(name, value)| (name.into(), value)));
    (name, values)
}

fn board(event: BoardEvent) -> (&'static str, Named) {
    match event {
        BoardEvent::SessionOpened { session, index, attempt, close_block, complaint_block } => {
            let values = [
                ("sid", word(session.0)),
                ("index", uint(index)),
                ("attempt", uint(attempt)),
                ("closeBlock", uint(close_block)),
                ("complaintBlock", uint(complaint_block)),
            ];
            ("SessionOpened", named(values))
        }
        BoardEvent::DealingCertified { session, dealer, digest } => {
            let values = [("sid", word(session.0)), ("dealer", small(dealer.0)), ("digest", word(digest.0))];
            ("DealingCertified", named(values))
        }
        BoardEvent::DealingDisputed { session, dealer, digest, accuser, complaint } => {
            let values = [
                ("sid", word(session.0)),
                ("dealer", small(dealer.0)),
                ("digest", word(digest.0)),
                ("accuser", small(accuser.0)),
                ("complaint", bytes(&complaint)),
            ];
            ("DealingDisputed", named(values))
        }
    }
}

/// A network in which everything happens that logs.
fn eventful() -> Network {
    let mut network = Network::of(4);
    let contracts = network.contracts;
    let opened = network.done(DEPLOYER, contracts.request_keys(2));
    let [ChainEvent::Board(BoardEvent::SessionOpened { session, complaint_block, .. }), _] = opened[..] else {
        panic!("unexpected events: {opened:?}");
    };
    for dealer in 1..=3 {
        network.done(1, network.certify(session, dealer, &[1, 2, 3]));
    }
    network.done(4, contracts.complain(session, NodeId(1), DEALING, &[9; 97]));
    network.mine_to(complaint_block);
    network.done(1, contracts.restart(session));
    network.done(DEPLOYER, contracts.request_network_key());
    (1..=3).for_each(|name| drop(network.done(name, contracts.vote_for_key(&[0xa5; 48], KEY_TYPE_BLS, DATA))));
    let id = network.mint(ALICE, 5);
    let mut passkey = grant(WEBAUTHN, b"credential", &[1, 2]);
    passkey.method.user_pubkey = vec![4; 65];
    let (nft, bob) = (contracts.pkp_nft, address(BOB));
    for call in [
        contracts.add_permitted_auth_method(id, &passkey),
        contracts.remove_scope(id, (WEBAUTHN, b"credential"), 2),
        contracts.remove_permitted_auth_method(id, (WEBAUTHN, b"credential")),
        call(nft, &More::approveCall { to: bob.into(), tokenId: token_id(id) }),
        call(nft, &More::setApprovalForAllCall { operator: bob.into(), approved: true }),
        contracts.transfer(address(ALICE), bob, id),
    ] {
        network.done(ALICE, call);
    }
    network.mint_grant_and_burn(CAROL, 6, &CID);
    network.done(DEPLOYER, call(nft, &More::transferOwnershipCall { newOwner: bob.into() }));
    network
}

#[test]
fn every_event_reads_the_same_to_another_library() {
    let network = eventful();
    let (mut seen, mut compared) = (BTreeSet::new(), BTreeSet::new());
    for log in network.chain.logs(0, u64::MAX) {
        let (name, values) = theirs(&network, log);
        if let Some(ours) = ours(&network, log) {
            assert_eq!((&name[..], &values), (ours.0, &ours.1));
            compared.insert(name.clone());
        }
        match ChainEvent::decode(&network.contracts, log).unwrap() {
            Some(ChainEvent::EpochStarted { epoch }) => {
                assert_eq!((&name[..], &values["epoch"]), ("EpochStarted", &uint(epoch.0)));
                compared.insert(name.clone());
            }
            Some(ChainEvent::RoutingVote { key, validator, key_data, votes }) => {
                assert_eq!(name, "RoutingVote");
                let of_ours = named([
                    ("tokenId", uint(token_id(key))),
                    ("validator", account(validator)),
                    ("keyDataDigest", word(key_data.0)),
                    ("votes", uint(votes)),
                ]);
                of_ours.iter().for_each(|(name, value)| assert_eq!(&values[name], value, "{name}"));
                compared.insert(name.clone());
            }
            _ => {}
        }
        seen.insert(name);
    }
    let all: BTreeSet<String> = ALL
        .iter()
        .flat_map(|(contract, _)| abi(contract).events().map(|event| event.name.clone()).collect::<Vec<_>>())
        .collect();
    assert_eq!(seen, all, "every event that there is has happened");
    let of_no_use = ["Approval", "ApprovalForAll", "OwnershipTransferred", "RestartRequested"].map(String::from);
    assert_eq!(all.difference(&compared).cloned().collect::<Vec<_>>(), of_no_use);
}

/// What a contract's ABI and a binding of ours both say of a function.
type Shape = (String, String);

fn bound_function<C: SolCall>() -> Shape {
    (C::SIGNATURE.into(), <C::ReturnTuple<'static> as SolType>::SOL_NAME.into())
}

/// And of an event: its signature, the types that are not indexed, and how many topics it has.
fn bound_event<E: SolEvent>() -> (Shape, usize) {
    let topics = <E::TopicList as TopicList>::COUNT;
    ((E::SIGNATURE.into(), <E::DataTuple<'static> as SolType>::SOL_NAME.into()), topics)
}

fn types(types: impl Iterator<Item = String>) -> String {
    format!("({})", types.collect::<Vec<_>>().join(","))
}

fn compiled_function(function: &Function) -> Shape {
    (function.signature(), types(function.outputs.iter().map(output)))
}

/// A result's type; of a structure its name, as bindings have it. What is in one is compared by decoding it, below.
fn output(output: &Param) -> String {
    match output.internal_type() {
        Some(InternalType::Struct { ty, .. }) => ty.clone(),
        _ => output.selector_type().into_owned(),
    }
}

fn compiled_event(event: &Event) -> (Shape, usize) {
    let data = event.inputs.iter().filter(|input| !input.indexed);
    ((event.signature(), types(data.map(|input| input.selector_type().into_owned()))), event.num_topics())
}

/// Checks a binding's functions and events; the lists must be all that the binding has.
macro_rules! same {
    ($contract:ident, $calls:ident: $($call:ident)*; $($events:ident: $($event:ident)*)?) => {{
        let abi = abi(stringify!($contract));
        let bound = [$(bound_function::<$contract::$call>()),*];
        assert_eq!(bound.len(), $contract::$calls::SELECTORS.len(), "functions of {}", stringify!($contract));
        let compiled: BTreeSet<Shape> = abi.functions().map(compiled_function).collect();
        bound.iter().for_each(|function| assert!(compiled.contains(function), "{function:?}"));
        $(
            let bound = [$(bound_event::<$contract::$event>()),*];
            assert_eq!(bound.len(), $contract::$events::SELECTORS.len(), "events of {}", stringify!($contract));
            let compiled: BTreeSet<_> = abi.events().map(compiled_event).collect();
            bound.iter().for_each(|event| assert!(compiled.contains(event), "{event:?}"));
        )?
    }};
}

#[test]
fn bindings_have_the_arguments_results_and_topics_of_the_compiled_contracts() {
    same!(Staking, StakingCalls: setGenesisCall epochCall thresholdCall getRosterCall getValidatorsInCurrentEpochCall
        validatorCountCall isActiveValidatorCall validatorIndexCall faultyMaxCall; StakingEvents: EpochStarted);
    same!(DkgBoard, DkgBoardCalls: requestKeysCall requestNetworkKeyCall NETWORK_KEYCall certifyCall complainCall
        restartCall transferOwnershipCall sessionIdCall ackDigestCall getSessionCall certifiedDigestCall certifiedDealersCall
        complaintCountCall restartRequestsCall keyCountCall;
        DkgBoardEvents: SessionOpened DealingCertified DealingDisputed RestartRequested);
    same!(PubkeyRouter, PubkeyRouterCalls: voteForRoutingDataCall isRoutedCall getPubkeyCall getEthAddressCall
        unmintedCountCall; PubkeyRouterEvents: RoutingVote KeyRouted);
    same!(PKPNFT, PKPNFTCalls: mintNextCall mintGrantAndBurnNextCall burnCall transferFromCall ownerOfCall
        balanceOfCall tokenOfOwnerByIndexCall totalSupplyCall existsCall getPubkeyCall getEthAddressCall withdrawCall
        mintCostCall getUnmintedRoutedTokenIdCountCall; PKPNFTEvents: PKPMinted Transfer);
    same!(PKPPermissions, PKPPermissionsCalls: addPermittedActionCall removePermittedActionCall
        addPermittedAddressCall removePermittedAddressCall addPermittedAuthMethodCall removePermittedAuthMethodCall
        addPermittedAuthMethodScopeCall removePermittedAuthMethodScopeCall batchAddRemoveAuthMethodsCall
        getUserPubkeyForAuthMethodCall getTokenIdsForAuthMethodCall getTokenIdsForAuthMethodPageCall
        countTokenIdsForAuthMethodCall getPKPPubKeysByAuthMethodCall getPermittedActionsCall
        getPermittedAddressesCall getPermittedAuthMethodsCall getPermittedAuthMethodScopesCall isPermittedActionCall
        isPermittedAddressCall isPermittedAuthMethodCall isPermittedActionScopePresentCall
        isPermittedAddressScopePresentCall isPermittedAuthMethodScopePresentCall;
        PKPPermissionsEvents: PermittedAuthMethodAdded PermittedAuthMethodRemoved PermittedAuthMethodScopeAdded
        PermittedAuthMethodScopeRemoved);
    same!(PKPHelper, PKPHelperCalls: mintNextAndAddAuthMethodsCall;);
    same!(KeyPool, KeyPoolCalls: reportMintedCall requestNetworkKeyCall TARGET_MAXCall targetCall mintedCall;
        KeyPoolEvents: MintedReported);
}

/// A call of ours as the other library reads it: the function's name and its arguments by name.
fn read(network: &Network, call: &ContractCall) -> (String, Named) {
    let abi = abi(network.contract_at(call.to));
    let selector = <[u8; 4]>::try_from(&call.data[..4]).unwrap();
    let function = abi.function_by_selector(selector.into()).expect("a function of the contract");
    let values = function.abi_decode_input(&call.data[4..]).unwrap();
    assert_eq!(function.abi_encode_input(&values).unwrap(), call.data, "there is one encoding");
    let names = function.inputs.iter().map(|input| input.name.clone());
    (function.name.clone(), names.zip(values).collect())
}

#[test]
fn calls_say_what_they_are_meant_to_say() {
    let network = Network::of(4);
    let (contracts, id) = (network.contracts, key_id(5));
    let token = || uint(token_id(id));
    let key_type = || ("keyType", uint(KEY_TYPE_ECDSA));
    let mut passkey = grant(WEBAUTHN, b"credential", &[1, 2]);
    passkey.method.user_pubkey = vec![4; 65];
    let columns = || {
        (
            list([uint(WEBAUTHN)]),
            list([bytes(b"credential")]),
            list([bytes(&[4; 65])]),
            list([list([uint(1u64), uint(2u64)])]),
        )
    };
    let (types, ids, pubkeys, scopes) = columns();
    let minted = named([
        key_type(),
        ("permittedAuthMethodTypes", types),
        ("permittedAuthMethodIds", ids),
        ("permittedAuthMethodPubkeys", pubkeys),
        ("permittedAuthMethodScopes", scopes),
        ("addPkpEthAddressAsPermittedAddress", DynSolValue::Bool(false)),
        ("sendPkpToItself", DynSolValue::Bool(true)),
    ]);
    let (types, ids, pubkeys, scopes) = columns();
    let batch = named([
        ("tokenId", token()),
        ("typesToAdd", types),
        ("idsToAdd", ids),
        ("pubkeysToAdd", pubkeys),
        ("scopesToAdd", scopes),
        ("typesToRemove", list([uint(ACTION)])),
        ("idsToRemove", list([bytes(&CID)])),
    ]);
    let one = std::slice::from_ref(&passkey);
    let method = DynSolValue::Tuple(vec![uint(WEBAUTHN), bytes(b"credential"), bytes(&[4; 65])]);
    let (kind, credential) = (("authMethodType", uint(WEBAUTHN)), ("id", bytes(b"credential")));
    let of_method = |more: Option<(&str, DynSolValue)>| {
        let mut values = named([("tokenId", token()), kind.clone(), credential.clone()]);
        values.extend(more.map(|(name, value)| (name.into(), value)));
        values
    };
    let passkey_id = (WEBAUTHN, &b"credential"[..]);
    let cases = [
        (contracts.mint_next(), "mintNext", named([key_type()])),
        (
            contracts.mint_grant_and_burn_next(&CID),
            "mintGrantAndBurnNext",
            named([key_type(), ("ipfsCID", bytes(&CID))]),
        ),
        (contracts.mint_next_and_add_auth_methods(one, false, true), "mintNextAndAddAuthMethods", minted),
        (contracts.burn(id), "burn", named([("tokenId", token())])),
        (
            contracts.transfer([1; 20], [2; 20], id),
            "transferFrom",
            named([("from", account([1; 20])), ("to", account([2; 20])), ("tokenId", token())]),
        ),
        (
            contracts.add_permitted_action(id, &CID, &[1]),
            "addPermittedAction",
            named([("tokenId", token()), ("ipfsCID", bytes(&CID)), ("scopes", list([uint(1u64)]))]),
        ),
        (
            contracts.add_permitted_address(id, [2; 20], &[]),
            "addPermittedAddress",
            named([("tokenId", token()), ("user", account([2; 20])), ("scopes", list([]))]),
        ),
        (
            contracts.add_permitted_auth_method(id, &passkey),
            "addPermittedAuthMethod",
            named([("tokenId", token()), ("method", method), ("scopes", list([uint(1u64), uint(2u64)]))]),
        ),
        (contracts.remove_permitted_auth_method(id, passkey_id), "removePermittedAuthMethod", of_method(None)),
        (
            contracts.add_scope(id, passkey_id, 3),
            "addPermittedAuthMethodScope",
            of_method(Some(("scopeId", uint(3u64)))),
        ),
        (
            contracts.remove_scope(id, passkey_id, 3),
            "removePermittedAuthMethodScope",
            of_method(Some(("scopeId", uint(3u64)))),
        ),
        (contracts.batch_add_remove_auth_methods(id, one, &[(ACTION, &CID)]), "batchAddRemoveAuthMethods", batch),
        (
            contracts.vote_for_routing(&public_key(5), DATA),
            "voteForRoutingData",
            routed(token_id(id), &public_key(5), KEY_TYPE_ECDSA, DATA.0),
        ),
    ];
    for (call, name, values) in cases {
        assert_eq!(read(&network, &call), (name.into(), values));
    }
}

#[test]
fn results_read_the_same_to_another_library() {
    let network = eventful();
    let results = |to: [u8; 20], call: &[u8]| {
        let reply = network.chain.call_at(to, call, BlockTag::Latest).unwrap();
        let ChainReply::Returned(data) = reply else { panic!("{reply:?}") };
        let abi = abi(network.contract_at(to));
        let selector = <[u8; 4]>::try_from(&call[..4]).unwrap();
        abi.function_by_selector(selector.into()).unwrap().abi_decode_output(&data).unwrap()
    };
    let contracts = network.contracts;
    let token = token_id(key_id(6));
    let actions = PKPPermissions::getPermittedActionsCall { tokenId: token };
    assert_eq!(results(contracts.permissions, &actions.abi_encode()), [list([bytes(&CID)])]);
    let methods = PKPPermissions::getPermittedAuthMethodsCall { tokenId: token };
    let method = DynSolValue::Tuple(vec![uint(ACTION), bytes(&CID), bytes(&[])]);
    assert_eq!(results(contracts.permissions, &methods.abi_encode()), [list([method])]);
    let pubkey = PKPNFT::getPubkeyCall { tokenId: token };
    assert_eq!(results(contracts.pkp_nft, &pubkey.abi_encode()), [bytes(&public_key(6))]);
    let roster = results(contracts.staking, &Staking::getRosterCall {}.abi_encode());
    assert_eq!(roster[..2], [uint(1u64), uint(3u64)]);
    let validators = registrations(4).into_iter().map(|registration| {
        let entry = registration.to_abi();
        DynSolValue::Tuple(vec![
            DynSolValue::Address(entry.nodeAddress),
            bytes(&entry.identityKey),
            word(entry.channelKey.0),
            bytes(&entry.encryptionKey),
            bytes(&entry.encryptionProof),
        ])
    });
    assert_eq!(roster[2], list(validators));
    let first = lit_node::chain::calls::session_id(contracts.dkg_board, CHAIN_ID, 1, 0, 0);
    let session = results(contracts.dkg_board, &DkgBoard::getSessionCall { sid: first.0.into() }.abi_encode());
    let ours = network.view(contracts.dkg_board, DkgBoard::getSessionCall { sid: first.0.into() });
    assert_eq!((ours.certified, ours.disputed, ours.openBlock), (U256::from(3), U256::from(1), U256::from(2)));
    let fields = [ours.epoch, ours.index, ours.attempt, ours.openBlock, ours.closeBlock, ours.complaintBlock];
    let fields = fields.into_iter().chain([ours.certified, ours.disputed]).map(uint).collect();
    assert_eq!(session, [DynSolValue::Tuple(fields)]);
    let index = results(contracts.dkg_board, &DkgBoard::NETWORK_KEYCall {}.abi_encode());
    assert_eq!(index, [uint(NETWORK_KEY_INDEX)]);
}

/// https://eips.ethereum.org/EIPS/eip-55, "Test Cases".
#[test]
fn addresses_have_the_checksums_of_eip_55() {
    for text in [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ] {
        let address = parse_address(text).unwrap();
        assert_eq!(checksummed(&address), text);
        assert_eq!(by_the_text(&address), text);
    }
    for name in 1..u8::MAX {
        let address = address(name);
        assert_eq!(checksummed(&address), by_the_text(&address));
    }
}

/// A letter is a capital if the hash of the address in small letters has a digit of 8 or more in its place.
fn by_the_text(address: &[u8; 20]) -> String {
    let small = hex::encode(address);
    let hash = hex::encode(Keccak256::digest(small.as_bytes()));
    let digits = small.chars().zip(hash.chars());
    let cased = digits.map(|(digit, by)| if by >= '8' { digit.to_ascii_uppercase() } else { digit });
    format!("0x{}", cased.collect::<String>())
}

/// The key of secret 1 is the generator, whose coordinates are in SEC 2, section 2.4.1; its address is known to everybody.
#[test]
fn a_token_is_the_hash_of_its_uncompressed_key_and_an_address_that_of_its_coordinates() {
    let generator = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                     483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    let coordinates = hex::decode(generator).unwrap();
    let uncompressed = [&[4][..], &coordinates].concat();
    assert_eq!(public_key(1).to_vec(), uncompressed);
    let token = U256::from_be_slice(&Keccak256::digest(&uncompressed));
    assert_eq!(token_id(key_id(1)), token);
    let mut network = Network::of(4);
    network.mint(ALICE, 1);
    let nft = network.contracts.pkp_nft;
    let index = U256::ZERO;
    assert_eq!(network.view(nft, More::tokenByIndexCall { index }), token);
    assert_eq!(network.view(nft, PKPNFT::getPubkeyCall { tokenId: token }).to_vec(), uncompressed);
    let by_contract = network.view(nft, PKPNFT::getEthAddressCall { tokenId: token });
    assert_eq!(checksummed(&by_contract.into_array()), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    assert_eq!(by_contract.as_slice(), &Keccak256::digest(&coordinates)[12..]);
}
