//! Complaints on the board of key generation, and the restarts that they may lead to.

use alloy_primitives::U256;
use lit_node::chain::abi::{DkgBoard, Reverts};
use lit_node::chain::calls::session_id;
use lit_node::chain::{BoardEvent, ChainEvent, ContractCall};
use lit_node::id::{Digest, NodeId, SessionId};

use super::board::{DEALING, not_validator, with_session};
use super::network::*;

const COMPLAINT: &[u8] = &[9; 97];

impl Network {
    fn complain(&self, session: SessionId, dealer: u16) -> ContractCall {
        self.contracts.complain(session, NodeId(dealer), DEALING, COMPLAINT)
    }

    fn requests(&self, session: SessionId) -> U256 {
        self.view(self.contracts.dkg_board, DkgBoard::restartRequestsCall { sid: session.0.into() })
    }

    fn complaints(&self, session: SessionId, dealer: u16) -> U256 {
        self.view(self.contracts.dkg_board, DkgBoard::complaintCountCall { sid: session.0.into(), dealer })
    }
}

/// A session of four in which the dealings of these dealers are certified.
fn certified(dealers: &[u16]) -> (Network, SessionId, u64) {
    let (mut network, session, close_block) = with_session();
    for &dealer in dealers {
        network.done(1, network.certify(session, dealer, &[1, 2, 3]));
    }
    (network, session, close_block + COMPLAINT_WINDOW)
}

#[test]
fn a_validator_disputes_a_certified_dealing_once() {
    let (mut network, session, _) = certified(&[2]);
    let disputed = |accuser| {
        let (dealer, accuser) = (NodeId(2), NodeId(accuser));
        let event =
            BoardEvent::DealingDisputed { session, dealer, digest: DEALING, accuser, complaint: COMPLAINT.to_vec() };
        vec![ChainEvent::Board(event)]
    };
    assert_eq!(network.done(3, network.complain(session, 2)), disputed(3));
    let again = custom(Reverts::AlreadyDisputed { sid: session.0.into(), dealer: 2, accuser: 3 });
    assert_eq!(network.refused(3, network.complain(session, 2)), again);
    assert_eq!(network.done(4, network.complain(session, 2)), disputed(4), "each accuser by itself");
    assert_eq!(network.complaints(session, 2), U256::from(2));
    let state = network.view(network.contracts.dkg_board, DkgBoard::getSessionCall { sid: session.0.into() });
    assert_eq!((state.certified, state.disputed), (U256::from(1), U256::from(1)), "dealings, not complaints");
}

#[test]
fn complaints_need_a_validator_a_certified_dealing_and_a_bounded_length() {
    let (network, session, _) = certified(&[2]);
    // Each on the same state, as the window is shorter than the list of cases.
    let refused = |from, call| network.clone().refused(from, call);
    let sid = session.0.into();
    assert_eq!(refused(ALICE, network.complain(session, 2)), not_validator(ALICE));
    let unknown = custom(Reverts::UnknownSession { sid: [9; 32].into() });
    assert_eq!(refused(3, network.complain(SessionId([9; 32]), 2)), unknown);
    for dealer in [1, 77] {
        let not_certified = custom(Reverts::NotCertified { sid, dealer });
        assert_eq!(refused(3, network.complain(session, dealer)), not_certified);
    }
    let complain = |digest, bytes: &[u8]| network.contracts.complain(session, NodeId(2), digest, bytes);
    let other = custom(Reverts::OtherDealing { sid, dealer: 2, certified: DEALING.0.into() });
    assert_eq!(refused(3, complain(Digest([8; 32]), COMPLAINT)), other);
    let length = |length| custom(Reverts::InvalidComplaintLength { length: U256::from(length) });
    assert_eq!(refused(3, complain(DEALING, &[])), length(0));
    let max = lit_node::dkg::COMPLAINT_BYTES_MAX;
    assert_eq!(refused(3, complain(DEALING, &vec![0; max + 1])), length(max + 1));
    assert_eq!(network.clone().done(3, complain(DEALING, &vec![0; max])).len(), 1);
}

#[test]
fn complaints_end_with_the_last_block_of_their_window() {
    let (mut network, session, complaint_block) = certified(&[1, 2]);
    network.mine_to(complaint_block - 1);
    network.done(3, network.complain(session, 2));
    assert_eq!(network.chain.head().0, complaint_block);
    let closed = Reverts::ComplaintsClosed { sid: session.0.into(), complaintBlock: U256::from(complaint_block) };
    assert_eq!(network.refused(3, network.complain(session, 1)), custom(closed));
}

#[test]
fn complaints_about_enough_dealings_restart_a_session_when_more_than_f_validators_ask() {
    let (mut network, session, complaint_block) = certified(&[1, 2, 3]);
    network.done(4, network.complain(session, 2));
    let open = Reverts::ComplaintsOpen { sid: session.0.into(), complaintBlock: U256::from(complaint_block) };
    assert_eq!(network.refused(1, network.contracts.restart(session)), custom(open));
    network.mine_to(complaint_block);
    assert_eq!(network.refused(ALICE, network.contracts.restart(session)), not_validator(ALICE));
    // One faulty validator, the accuser, asks as often as it likes.
    for _ in 0..3 {
        assert_eq!(network.done(4, network.contracts.restart(session)), []);
        assert_eq!(network.requests(session), U256::from(1));
    }
    let next = session_id(network.contracts.dkg_board, CHAIN_ID, 1, 0, 1);
    let events = network.done(1, network.contracts.restart(session));
    assert!(matches!(events[..], [ChainEvent::Board(BoardEvent::SessionOpened { session, .. })] if session == next));
    assert_eq!(network.requests(session), U256::from(2));
    assert_eq!(network.done(2, network.contracts.restart(session)), [], "the attempt is open already");
    assert_eq!(network.requests(session), U256::from(2));
}

#[test]
fn a_request_for_a_restart_is_an_event_of_its_own() {
    use alloy_sol_types::SolEvent;
    let (mut network, session, complaint_block) = certified(&[1, 2, 3]);
    network.done(4, network.complain(session, 2));
    network.mine_to(complaint_block);
    let receipt = network.send(3, network.contracts.restart(session));
    let [log] = &receipt.logs[..] else { panic!("one log: {:?}", receipt.logs) };
    let topics = log.topics.iter().copied().map(alloy_primitives::B256::from);
    let event = DkgBoard::RestartRequested::decode_raw_log(topics, &log.data).unwrap();
    assert_eq!((event.sid.0, event.validator, event.requests), (session.0, 3, U256::from(1)));
}

#[test]
fn complaints_about_some_of_more_than_enough_dealings_do_not_restart_a_session() {
    let (mut network, session, complaint_block) = certified(&[1, 2, 3, 4]);
    network.done(3, network.complain(session, 2));
    network.done(4, network.complain(session, 2));
    network.mine_to(complaint_block);
    let enough = custom(Reverts::EnoughDealings { sid: session.0.into(), undisputed: U256::from(3) });
    assert_eq!(network.refused(1, network.contracts.restart(session)), enough);
}

#[test]
fn too_few_certified_dealings_restart_a_session_at_once_disputed_or_not() {
    let (mut network, session, complaint_block) = certified(&[1, 2]);
    network.done(4, network.complain(session, 2));
    network.mine_to(complaint_block);
    assert_eq!(network.done(1, network.contracts.restart(session)).len(), 1);
    assert_eq!(network.requests(session), U256::ZERO);
}
