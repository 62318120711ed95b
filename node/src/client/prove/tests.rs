//! Tests of proofs: the history that the contracts make is accepted, and each one that differs in one thing is refused.

use super::*;
use crate::chain::abi::{PKPNFT, PKPPermissions, PubkeyRouter};
use crate::meter::Meter;
use crate::wire::SignatureBytes;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolEvent;
use k256::Scalar;
use k256::ecdsa::SigningKey;

const ACTION_CODE: &[u8] = b"if (isPrime(n)) Lit.Actions.signEcdsa({ toSign, publicKey, sigName: 'prime' })";
const DIGEST: Digest = Digest([6; 32]);
const ROUTING: [u8; 32] = [1; 32];
const MINTING: [u8; 32] = [2; 32];
const OTHER: [u8; 32] = [3; 32];

fn contracts() -> Contracts {
    Contracts::of_deployer([1; 20])
}

fn key(secret: u8) -> ProjectivePoint {
    ProjectivePoint::GENERATOR * Scalar::from(u64::from(secret))
}

fn token(secret: u8) -> U256 {
    U256::from_be_bytes(id_of(&key(secret)).0)
}

fn sign(secret: u8, digest: &Digest) -> CombinedSignature {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    let key = SigningKey::from_slice(&bytes).unwrap();
    let SignatureBytes { r, s, v } = SignatureBytes::sign(&digest.0, &key, &mut Meter::default());
    CombinedSignature::Ecdsa { r, s, v }
}

fn log(transaction: [u8; 32], address: [u8; 20], (block, index): (u64, u32), event: &impl SolEvent) -> HistoryLog {
    let data = event.encode_log_data();
    let topics = data.topics().iter().map(|topic| topic.0).collect();
    HistoryLog { transaction, log: ChainLog { block, index, address, topics, data: data.data.to_vec() } }
}

fn routed(secret: u8, public_key: u8, place: (u64, u32)) -> HistoryLog {
    let event = PubkeyRouter::KeyRouted {
        tokenId: token(secret),
        pubkey: uncompressed(&key(public_key)).to_vec().into(),
        keyType: U256::from(2),
        keyDataDigest: B256::repeat_byte(9),
    };
    log(ROUTING, contracts().router, place, &event)
}

fn transfer(from: [u8; 20], to: [u8; 20], place: (u64, u32)) -> HistoryLog {
    let event = PKPNFT::Transfer { from: from.into(), to: to.into(), tokenId: token(5) };
    log(MINTING, contracts().pkp_nft, place, &event)
}

fn minted(place: (u64, u32)) -> HistoryLog {
    let event = PKPNFT::PKPMinted { tokenId: token(5), pubkey: uncompressed(&key(5)).to_vec().into() };
    log(MINTING, contracts().pkp_nft, place, &event)
}

fn permission(kind: u64, id: &[u8], place: (u64, u32)) -> HistoryLog {
    let event = PKPPermissions::PermittedAuthMethodAdded {
        tokenId: token(5),
        authMethodType: U256::from(kind),
        id: Bytes::copy_from_slice(id),
        userPubkey: Bytes::new(),
    };
    log(MINTING, contracts().permissions, place, &event)
}

fn scope(id: &[u8], scope: u64, place: (u64, u32)) -> HistoryLog {
    let event = PKPPermissions::PermittedAuthMethodScopeAdded {
        tokenId: token(5),
        authMethodType: U256::from(2),
        id: Bytes::copy_from_slice(id),
        scopeId: U256::from(scope),
    };
    log(MINTING, contracts().permissions, place, &event)
}

fn cid() -> Vec<u8> {
    permission_bytes(&cid_v0(ACTION_CODE))
}

/// What the contracts log when key 5 is routed, and minted, granted and burned in another block.
fn logs() -> Vec<HistoryLog> {
    let nft = contracts().pkp_nft;
    vec![
        routed(5, 5, (7, 1)),
        transfer(NOBODY, nft, (9, 2)),
        minted((9, 3)),
        permission(2, &cid(), (9, 4)),
        scope(&cid(), 1, (9, 5)),
        transfer(nft, NOBODY, (9, 6)),
    ]
}

fn proved(logs: Vec<HistoryLog>) -> Result<Proof, NoProof> {
    prove(ACTION_CODE, &key(5), &sign(5, &DIGEST), &DIGEST, &History::new(contracts(), logs)?)
}

/// The history with one log more, at this position.
fn with(at: usize, log: HistoryLog) -> Result<Proof, NoProof> {
    let mut logs = logs();
    logs.insert(at, log);
    proved(logs)
}

fn without(at: usize) -> Result<Proof, NoProof> {
    let mut logs = logs();
    logs.remove(at);
    proved(logs)
}

/// The history with one log replaced.
fn changed(at: usize, log: HistoryLog) -> Result<Proof, NoProof> {
    let mut logs = logs();
    logs[at] = log;
    proved(logs)
}

fn place(block: u64, index: u32) -> Place {
    Place { block, index }
}

#[test]
fn what_mint_grant_and_burn_leaves_proves_who_signed() {
    let proof = proved(logs()).unwrap();
    assert_eq!((&proof.action, proof.key), (&cid_v0(ACTION_CODE), id_of(&key(5))));
    assert_eq!((proof.transaction, proof.place), (MINTING, place(9, 2)));
    assert_eq!((proof.digest, proof.signature), (DIGEST, sign(5, &DIGEST)));
    assert_eq!((proof.public_key, proof.contracts), (uncompressed(&key(5)), contracts()));
}

#[test]
fn logs_of_other_contracts_and_other_keys_change_nothing() {
    let mut stranger = permission(1, &[7; 20], (9, 3));
    stranger.log.address = [0xee; 20];
    stranger.transaction = OTHER;
    stranger.log.block = 8;
    assert!(with(1, stranger).is_ok());
    assert!(with(0, routed(6, 6, (7, 0))).is_ok());
    // Nor does a strange contract's log that is no encoding of anything.
    let mut noise = minted((8, 0));
    (noise.log.address, noise.log.data, noise.transaction) = ([0xee; 20], vec![1], OTHER);
    assert!(with(1, noise).is_ok());
}

#[test]
fn other_code_another_key_and_another_digest_are_refused() {
    let history = History::new(contracts(), logs()).unwrap();
    let signature = sign(5, &DIGEST);
    let other_code = prove(b"sign(anything)", &key(5), &signature, &DIGEST, &history);
    assert_eq!(other_code, Err(NoProof::OtherAction { permitted: cid() }));
    let other_digest = prove(ACTION_CODE, &key(5), &signature, &Digest([7; 32]), &history);
    assert_eq!(other_digest, Err(NoProof::InvalidSignature));
    let others_signature = prove(ACTION_CODE, &key(5), &sign(6, &DIGEST), &DIGEST, &history);
    assert_eq!(others_signature, Err(NoProof::InvalidSignature));
    // A good signature of a key that the history knows nothing about.
    let other_key = prove(ACTION_CODE, &key(6), &sign(6, &DIGEST), &DIGEST, &history);
    assert_eq!(other_key, Err(NoProof::NotMinted));
    // The point at infinity would verify a Schnorr signature that anybody can make.
    let z = Scalar::from(9u64);
    let made_up = CombinedSignature::Schnorr { r: ProjectivePoint::GENERATOR * z, z };
    assert!(made_up.verify(&ProjectivePoint::IDENTITY, &DIGEST));
    let no_key = prove(ACTION_CODE, &ProjectivePoint::IDENTITY, &made_up, &DIGEST, &history);
    assert_eq!(no_key, Err(NoProof::NoKey));
}

#[test]
fn one_more_permission_is_refused_wherever_it_is() {
    let extra = |at: (u64, u32), transaction| HistoryLog { transaction, ..permission(1, &[7; 20], at) };
    assert_eq!(with(1, extra((8, 0), OTHER)), Err(NoProof::OtherPermission(place(8, 0))), "before");
    assert_eq!(
        with(1, extra((9, 1), MINTING)),
        Err(NoProof::OtherPermission(place(9, 1))),
        "before, in the transaction"
    );
    assert_eq!(
        with(6, extra((9, 7), MINTING)),
        Err(NoProof::OtherPermission(place(9, 7))),
        "after, in the transaction"
    );
    assert_eq!(with(6, extra((10, 0), OTHER)), Err(NoProof::OtherPermission(place(10, 0))), "after");
    let mut between = logs();
    between[5].log.index = 7;
    between.insert(5, extra((9, 6), MINTING));
    assert_eq!(proved(between), Err(NoProof::OtherPermission(place(9, 6))), "between");
    // The same action once more, under the same event, is another change, too.
    let mut again = logs();
    again[5].log.index = 7;
    again.insert(5, permission(2, &cid(), (9, 6)));
    assert_eq!(proved(again), Err(NoProof::OtherPermission(place(9, 6))));
}

#[test]
fn every_kind_of_change_of_permissions_is_refused() {
    let (token, two) = (token(5), U256::from(2));
    let id = Bytes::from(cid());
    let at = (10, 0);
    let removed = PKPPermissions::PermittedAuthMethodRemoved { tokenId: token, authMethodType: two, id: id.clone() };
    let less = PKPPermissions::PermittedAuthMethodScopeRemoved {
        tokenId: token,
        authMethodType: two,
        id,
        scopeId: U256::from(1),
    };
    let address = contracts().permissions;
    let more = HistoryLog { transaction: OTHER, ..scope(&cid(), 2, at) };
    for change in [log(OTHER, address, at, &removed), log(OTHER, address, at, &less), more] {
        assert_eq!(with(6, change), Err(NoProof::OtherPermission(place(10, 0))));
    }
    // A second scope for the action itself, in the midst.
    let mut wider = logs();
    wider[5].log.index = 7;
    wider.insert(5, scope(&cid(), 2, (9, 6)));
    assert_eq!(proved(wider), Err(NoProof::OtherTrace));
}

#[test]
fn what_is_permitted_must_be_the_action_as_an_action_with_its_one_scope() {
    assert_eq!(changed(3, permission(1, &[7; 20], (9, 4))), Err(NoProof::OtherPermission(place(9, 5))));
    let mut an_address = logs();
    an_address.remove(4);
    an_address[3] = permission(1, &[7; 20], (9, 4));
    an_address[4].log.index = 5;
    assert_eq!(proved(an_address), Err(NoProof::OtherTrace));
    assert_eq!(changed(3, permission(3, &cid(), (9, 4))), Err(NoProof::OtherPermission(place(9, 5))));
    assert_eq!(changed(4, scope(&cid(), 2, (9, 5))), Err(NoProof::OtherTrace));
    assert_eq!(changed(3, scope(&cid(), 1, (9, 4))), Err(NoProof::OtherTrace), "a scope for what is not permitted");
    let with_user = PKPPermissions::PermittedAuthMethodAdded {
        tokenId: token(5),
        authMethodType: U256::from(2),
        id: cid().into(),
        userPubkey: vec![4].into(),
    };
    let with_user = log(MINTING, contracts().permissions, (9, 4), &with_user);
    assert_eq!(changed(3, with_user), Err(NoProof::OtherTrace), "an action has no user");
    let other = permission_bytes(&cid_v0(b"other"));
    let mut others = logs();
    others[3] = permission(2, &other, (9, 4));
    others[4] = scope(&other, 1, (9, 5));
    assert_eq!(proved(others), Err(NoProof::OtherAction { permitted: other }));
}

#[test]
fn a_history_without_one_of_its_events_is_refused() {
    let missing = [
        NoProof::NotRouted,
        NoProof::NotMinted,
        NoProof::OtherTrace,
        NoProof::OtherTrace,
        NoProof::OtherTrace,
        NoProof::NotBurned,
    ];
    for (at, expected) in missing.into_iter().enumerate() {
        assert_eq!(without(at), Err(expected), "event {at}");
    }
    let nothing: Vec<HistoryLog> =
        logs().into_iter().filter(|log| log.log.address != contracts().permissions).collect();
    assert_eq!(proved(nothing), Err(NoProof::NothingPermitted));
    assert_eq!(proved(Vec::new()), Err(NoProof::NotMinted));
}

#[test]
fn an_event_that_is_left_out_between_minting_and_burning_leaves_a_gap() {
    for at in 1..5 {
        let mut logs = logs();
        logs[at + 1..].iter_mut().for_each(|log| log.log.index += 1);
        assert_eq!(proved(logs), Err(NoProof::OtherTrace), "after event {at}");
    }
}

#[test]
fn events_of_another_contract_do_not_count() {
    let missing = [
        (0, NoProof::NotRouted),
        (1, NoProof::NotMinted),
        (2, NoProof::OtherTrace),
        (3, NoProof::OtherTrace),
        (4, NoProof::OtherTrace),
        (5, NoProof::NotBurned),
    ];
    for (at, expected) in missing {
        let mut logs = logs();
        logs[at].log.address = [0xee; 20];
        assert_eq!(proved(logs), Err(expected), "event {at}");
        // Not even of another of the network's contracts.
        let mut logs = self::logs();
        logs[at].log.address = contracts().dkg_board;
        assert!(proved(logs).is_err(), "event {at}");
    }
}

#[test]
fn another_transaction_in_the_midst_is_refused() {
    for first in 2..=5 {
        let mut logs = logs();
        logs[first..].iter_mut().for_each(|log| log.transaction = OTHER);
        assert_eq!(proved(logs), Err(NoProof::NotAtOnce), "from event {first}");
    }
    for at in 2..5 {
        let mut logs = logs();
        logs[at].transaction = OTHER;
        assert_eq!(proved(logs), Err(NoProof::TornTransaction(MINTING)), "event {at}");
    }
    let mut blocks = logs();
    blocks[5].log.block = 10;
    assert_eq!(proved(blocks), Err(NoProof::TornTransaction(MINTING)));
}

#[test]
fn a_token_that_lives_or_lives_again_or_had_another_owner_is_refused() {
    let (nft, alice) = (contracts().pkp_nft, [0xaa; 20]);
    assert_eq!(without(5), Err(NoProof::NotBurned));
    let again = HistoryLog { transaction: OTHER, ..transfer(NOBODY, alice, (10, 0)) };
    assert_eq!(with(6, again), Err(NoProof::Again(place(10, 0))));
    let twice = HistoryLog { transaction: OTHER, ..transfer(nft, NOBODY, (10, 0)) };
    assert_eq!(with(6, twice), Err(NoProof::Again(place(10, 0))));
    let moved = HistoryLog { transaction: OTHER, ..transfer(alice, nft, (8, 0)) };
    assert_eq!(with(1, moved), Err(NoProof::Transferred(place(8, 0))));
    let of = |minted_to, burned_by| {
        let mut logs = logs();
        logs[1] = transfer(NOBODY, minted_to, (9, 2));
        logs[5] = transfer(burned_by, NOBODY, (9, 6));
        proved(logs)
    };
    assert!(of(nft, nft).is_ok());
    for (minted_to, burned_by) in [(alice, alice), (nft, alice), (alice, nft)] {
        assert_eq!(of(minted_to, burned_by), Err(NoProof::OtherTrace));
    }
    let mut burned_first = logs();
    burned_first[1] = transfer(nft, NOBODY, (9, 2));
    burned_first[5] = transfer(NOBODY, nft, (9, 6));
    assert_eq!(proved(burned_first), Err(NoProof::OtherTrace));
}

#[test]
fn a_key_that_the_network_does_not_vouch_for_is_refused() {
    let late = |place| HistoryLog { transaction: OTHER, ..routed(5, 5, place) };
    assert_eq!(without(0), Err(NoProof::NotRouted));
    let mut after = logs();
    after.remove(0);
    after.push(late((10, 0)));
    assert_eq!(proved(after), Err(NoProof::NotRouted));
    assert_eq!(with(1, late((8, 0))), Err(NoProof::OtherTrace), "routed twice");
    assert_eq!(with(6, late((10, 0))), Err(NoProof::OtherTrace), "and again afterwards");
    let midst = HistoryLog { transaction: MINTING, ..routed(5, 5, (9, 3)) };
    assert_eq!(changed(2, midst), Err(NoProof::OtherTrace), "and instead of being minted");
    assert_eq!(changed(0, routed(5, 6, (7, 1))), Err(NoProof::OtherKey(place(7, 1))));
}

#[test]
fn a_history_in_another_order_is_refused_and_one_with_a_repeated_log_too() {
    let mut swapped = logs();
    swapped.swap(2, 3);
    assert_eq!(History::new(contracts(), swapped), Err(NoProof::Disordered(place(9, 3))));
    let mut repeated = logs();
    repeated.insert(3, repeated[3].clone());
    assert_eq!(History::new(contracts(), repeated), Err(NoProof::Disordered(place(9, 4))));
    let mut torn = logs();
    torn[0].transaction = MINTING;
    assert_eq!(History::new(contracts(), torn), Err(NoProof::TornTransaction(MINTING)));
    // It comes, another comes, and it comes again at the very end.
    let mut torn = logs();
    torn.insert(1, HistoryLog { transaction: OTHER, ..routed(6, 6, (8, 0)) });
    torn.push(HistoryLog { transaction: OTHER, ..routed(7, 7, (10, 0)) });
    assert_eq!(History::new(contracts(), torn), Err(NoProof::TornTransaction(OTHER)));
}

#[test]
fn logs_of_the_contracts_that_are_no_encodings_are_forged() {
    for at in 0..logs().len() {
        let mut cut = logs();
        let log = &mut cut[at].log;
        if log.data.is_empty() {
            log.topics.truncate(2)
        } else {
            log.data.truncate(31)
        }
        assert!(matches!(proved(cut), Err(NoProof::Malformed { .. })), "event {at}");
    }
}

#[test]
fn addresses_are_those_that_the_caller_knows() {
    let other = Contracts::of_deployer([2; 20]);
    let history = History::new(other, logs()).unwrap();
    let refused = prove(ACTION_CODE, &key(5), &sign(5, &DIGEST), &DIGEST, &history);
    assert_eq!(refused, Err(NoProof::NotMinted));
    assert_ne!(Address::from(other.pkp_nft), Address::from(contracts().pkp_nft));
}
