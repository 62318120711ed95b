//! The board of key generation.

use alloy_primitives::U256;
use lit_node::chain::abi::{DkgBoard, Reverts};
use lit_node::chain::calls::{ack_digest, session_id, signature_bytes};
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall, RevertReason};
use lit_node::id::{Digest, NodeId, SessionId};
use lit_node::meter::Meter;
use lit_node::wire::SignatureBytes;
use std::collections::BTreeMap;

use super::network::*;

/// A dealing.
pub const DEALING: Digest = Digest([3; 32]);

pub fn not_validator(name: u8) -> RevertReason {
    custom(Reverts::NotValidator { sender: address(name).into() })
}

fn too_few(given: u64) -> RevertReason {
    custom(Reverts::TooFewAcks { given: U256::from(given), needed: U256::from(3) })
}

fn invalid_ack(acker: u16) -> RevertReason {
    custom(Reverts::InvalidAck { acker })
}

fn no_such(index: u64) -> RevertReason {
    custom(Reverts::NoSuchValidator { epoch: U256::from(1), index: U256::from(index) })
}

fn ack(name: u8, session: SessionId, dealer: u16, dealing: Digest) -> (NodeId, SignatureBytes) {
    let digest = ack_digest(session, NodeId(dealer), dealing);
    (NodeId(u16::from(name)), SignatureBytes::sign(&digest, &key(name), &mut Meter::default()))
}

fn acks(names: &[u8], session: SessionId, dealer: u16) -> BTreeMap<NodeId, SignatureBytes> {
    names.iter().map(|&name| ack(name, session, dealer, DEALING)).collect()
}

/// A network of four (certificates need three signatures) with one open session.
pub fn with_session() -> (Network, SessionId, u64) {
    let mut network = Network::of(4);
    let events = network.done(DEPLOYER, network.contracts.request_keys(1));
    let [ChainEvent::Board(BoardEvent::SessionOpened { session, index: 0, attempt: 0, close_block, complaint_block })] =
        events[..]
    else {
        panic!("unexpected events: {events:?}");
    };
    assert_eq!(complaint_block, close_block + COMPLAINT_WINDOW);
    (network, session, close_block)
}

impl Network {
    pub fn certify(&self, session: SessionId, dealer: u16, names: &[u8]) -> ContractCall {
        self.contracts.certify(session, NodeId(dealer), DEALING, &acks(names, session, dealer))
    }

    /// A certificate with any list of signatures.
    fn certify_raw(&self, session: SessionId, dealer: u16, acks: &[(u16, Vec<u8>)]) -> ContractCall {
        let call = DkgBoard::certifyCall {
            sid: session.0.into(),
            dealer,
            digest: DEALING.0.into(),
            ackers: acks.iter().map(|(acker, _)| *acker).collect(),
            signatures: acks.iter().map(|(_, signature)| signature.clone().into()).collect(),
        };
        super::network::call(self.contracts.dkg_board, &call)
    }
}

#[test]
fn sessions_have_the_ids_that_nodes_compute() {
    let mut network = Network::of(4);
    let stranger = custom(Reverts::OwnableUnauthorizedAccount { account: address(ALICE).into() });
    assert_eq!(network.refused(ALICE, network.contracts.request_keys(1)), stranger);
    let mut sessions = Vec::new();
    for count in [2, 1] {
        sessions.extend(network.done(DEPLOYER, network.contracts.request_keys(count)));
    }
    let (block, _) = network.chain.head();
    for (expected, event) in (0..).zip(&sessions) {
        let ChainEvent::Board(BoardEvent::SessionOpened { session, index, attempt: 0, close_block, complaint_block }) =
            *event
        else {
            panic!("unexpected event: {event:?}");
        };
        assert_eq!(index, expected);
        assert_eq!(session, session_id(network.contracts.dkg_board, CHAIN_ID, 1, index, 0));
        assert_eq!(close_block, block + WINDOW - u64::from(index < 2));
        let state = network.view(network.contracts.dkg_board, DkgBoard::getSessionCall { sid: session.0.into() });
        assert_eq!((state.index, state.closeBlock), (U256::from(index), U256::from(close_block)));
        assert_eq!(state.complaintBlock, U256::from(complaint_block));
    }
    assert_eq!(sessions.len(), 3);
}

#[test]
fn a_dealing_is_certified_once_by_distinct_signatures() {
    let (mut network, session, _) = with_session();
    let expected = BoardEvent::DealingCertified { session, dealer: NodeId(2), digest: DEALING };
    assert_eq!(network.done(4, network.certify(session, 2, &[1, 3, 4])), [ChainEvent::Board(expected)]);
    let again = network.refused(1, network.certify(session, 2, &[1, 2, 3]));
    assert_eq!(again, custom(Reverts::AlreadyCertified { sid: session.0.into(), dealer: 2 }));
    network.done(1, network.certify(session, 1, &[1, 2, 3, 4]));
    let board = network.contracts.dkg_board;
    let dealers = network.view(board, DkgBoard::certifiedDealersCall { sid: session.0.into() });
    assert_eq!(dealers, [2, 1], "in the order of the log");
    let digest = network.view(board, DkgBoard::certifiedDigestCall { sid: session.0.into(), dealer: 2 });
    assert_eq!(digest.0, DEALING.0);
}

#[test]
fn certificates_with_too_few_repeated_or_foreign_signatures_are_refused() {
    let (mut network, session, _) = with_session();
    assert_eq!(network.refused(1, network.certify(session, 2, &[1, 3])), too_few(2));
    assert_eq!(network.refused(1, network.certify(session, 2, &[])), too_few(0));
    assert_eq!(network.refused(ALICE, network.certify(session, 2, &[1, 2, 3])), not_validator(ALICE));
    let signed = |name| (u16::from(name), signature_bytes(&ack(name, session, 2, DEALING).1).to_vec());
    // Each on the same state, as the window is shorter than the list of cases.
    let refused = |acks: &[(u16, Vec<u8>)]| network.clone().refused(1, network.certify_raw(session, 2, acks));
    assert_eq!(refused(&[signed(1), signed(3), signed(1)]), custom(Reverts::RepeatedAcker { acker: 1 }));
    assert_eq!(refused(&[signed(1), (2, signed(1).1), signed(3)]), invalid_ack(2));
    assert_eq!(refused(&[signed(1), (5, signed(2).1), signed(3)]), no_such(5));
    assert_eq!(refused(&[(0, signed(1).1), signed(2), signed(3)]), no_such(0));
    let other_dealing = signature_bytes(&ack(3, session, 2, Digest([4; 32])).1).to_vec();
    assert_eq!(refused(&[signed(1), signed(2), (3, other_dealing)]), invalid_ack(3));
    let other_dealer = signature_bytes(&ack(3, session, 1, DEALING).1).to_vec();
    assert_eq!(refused(&[signed(1), signed(2), (3, other_dealer)]), invalid_ack(3));
    let garbage = (3, [&[0xff; 64][..], &[27]].concat());
    assert_eq!(refused(&[signed(1), signed(2), garbage]), invalid_ack(3));
    let long = (3, [signed(3).1, vec![0]].concat());
    assert_eq!(refused(&[signed(1), signed(2), long]), invalid_ack(3));
    let mut unequal = DkgBoard::certifyCall {
        sid: session.0.into(),
        dealer: 2,
        digest: DEALING.0.into(),
        ackers: vec![1, 2, 3],
        signatures: [1, 2].map(|name| signed(name).1.into()).to_vec(),
    };
    let lengths = custom(Reverts::LengthMismatch { ackers: U256::from(3), signatures: U256::from(2) });
    assert_eq!(network.clone().refused(1, call(network.contracts.dkg_board, &unequal)), lengths);
    unequal.signatures.push(signed(3).1.into());
    network.clone().done(1, call(network.contracts.dkg_board, &unequal));
    // In another order than the numbers', the same signatures are good.
    network.done(1, network.certify_raw(session, 2, &[signed(4), signed(1), signed(3)]));
}

#[test]
fn a_signature_has_one_accepted_form() {
    let (mut network, session, _) = with_session();
    let signed = |name| (u16::from(name), signature_bytes(&ack(name, session, 2, DEALING).1).to_vec());
    let good = ack(3, session, 2, DEALING).1;
    let s = lit_node::curve::scalar_from_bytes(&good.s).unwrap();
    let high = SignatureBytes { s: lit_node::curve::scalar_bytes(&-s), v: 1 - good.v, ..good };
    let unshifted = [&good.r[..], &good.s, &[good.v]].concat();
    for form in [signature_bytes(&high).to_vec(), unshifted] {
        let call = network.certify_raw(session, 2, &[signed(1), signed(2), (3, form)]);
        assert_eq!(network.refused(1, call), invalid_ack(3));
    }
}

#[test]
fn dealings_need_an_open_session_a_member_as_dealer_and_a_digest() {
    let (mut network, session, _) = with_session();
    let unknown = SessionId([9; 32]);
    let no_session = custom(Reverts::UnknownSession { sid: unknown.0.into() });
    assert_eq!(network.refused(1, network.certify(unknown, 2, &[1, 2, 3])), no_session);
    assert_eq!(network.refused(1, network.contracts.restart(unknown)), no_session);
    assert_eq!(network.refused(1, network.certify(session, 5, &[1, 2, 3])), no_such(5));
    let none = network.contracts.certify(session, NodeId(2), Digest::default(), &acks(&[1, 2, 3], session, 2));
    assert_eq!(network.refused(1, none), custom(Reverts::InvalidDigest {}));
}

#[test]
fn the_window_ends_with_its_last_block() {
    let (mut network, session, close_block) = with_session();
    network.mine_to(close_block - 1);
    network.done(1, network.certify(session, 1, &[1, 2, 3]));
    assert_eq!(network.chain.head().0, close_block);
    let closed = custom(Reverts::WindowClosed { sid: session.0.into(), closeBlock: U256::from(close_block) });
    assert_eq!(network.refused(1, network.certify(session, 2, &[1, 2, 3])), closed);
}

#[test]
fn a_session_restarts_once_when_it_closed_on_too_few_dealings() {
    let (mut network, session, close_block) = with_session();
    network.done(1, network.certify(session, 1, &[1, 2, 3]));
    network.done(1, network.certify(session, 2, &[1, 2, 3]));
    network.mine_to(close_block);
    let open =
        Reverts::ComplaintsOpen { sid: session.0.into(), complaintBlock: U256::from(close_block + COMPLAINT_WINDOW) };
    assert_eq!(network.refused(1, network.contracts.restart(session)), custom(open));
    network.mine_to(close_block + COMPLAINT_WINDOW);
    assert_eq!(network.refused(ALICE, network.contracts.restart(session)), not_validator(ALICE));
    let next = session_id(network.contracts.dkg_board, CHAIN_ID, 1, 0, 1);
    let events = network.done(3, network.contracts.restart(session));
    let close_block = network.chain.head().0 + WINDOW;
    let complaint_block = close_block + COMPLAINT_WINDOW;
    let opened = BoardEvent::SessionOpened { session: next, index: 0, attempt: 1, close_block, complaint_block };
    assert_eq!(events, [ChainEvent::Board(opened)]);
    assert_eq!(network.done(4, network.contracts.restart(session)), [], "the attempt is open already");
    network.done(1, network.certify(next, 1, &[1, 2, 3]));
}

#[test]
fn a_session_with_enough_dealings_does_not_restart() {
    let (mut network, session, close_block) = with_session();
    for dealer in 1..=3 {
        network.done(1, network.certify(session, dealer, &[1, 2, 3]));
    }
    network.mine_to(close_block + COMPLAINT_WINDOW);
    let enough = custom(Reverts::EnoughDealings { sid: session.0.into(), undisputed: U256::from(3) });
    assert_eq!(network.refused(1, network.contracts.restart(session)), enough);
}
