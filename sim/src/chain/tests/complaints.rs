//! Complaints on the board of key generation, and the restarts that they may lead to.

use lit_node::chain::abi::DkgBoard;
use lit_node::chain::calls::session_id;
use lit_node::chain::{BoardEvent, ChainEvent};
use lit_node::id::{NodeId, SessionId};

use super::board::{DEALING, with_session};
use super::*;

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
    assert!(network.refused(3, network.complain(session, 2)).starts_with("AlreadyDisputed"));
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
    assert!(refused(ALICE, network.complain(session, 2)).starts_with("NotValidator"));
    assert!(refused(3, network.complain(SessionId([9; 32]), 2)).starts_with("UnknownSession"));
    assert!(refused(3, network.complain(session, 1)).starts_with("NotCertified"));
    assert!(refused(3, network.complain(session, 77)).starts_with("NotCertified"));
    let complain = |digest, bytes: &[u8]| network.contracts.complain(session, NodeId(2), digest, bytes);
    assert!(refused(3, complain(Digest([8; 32]), COMPLAINT)).starts_with("OtherDealing"));
    assert_eq!(refused(3, complain(DEALING, &[])), "InvalidComplaintLength { length: 0 }");
    let max = lit_node::dkg::COMPLAINT_BYTES_MAX;
    assert_eq!(refused(3, complain(DEALING, &vec![0; max + 1])), "InvalidComplaintLength { length: 129 }");
    assert_eq!(network.clone().done(3, complain(DEALING, &vec![0; max])).len(), 1);
}

#[test]
fn complaints_end_with_the_last_block_of_their_window() {
    let (mut network, session, complaint_block) = certified(&[1, 2]);
    network.mine_to(complaint_block - 1);
    network.done(3, network.complain(session, 2));
    assert_eq!(network.chain.head().0, complaint_block);
    assert!(network.refused(3, network.complain(session, 1)).starts_with("ComplaintsClosed"));
}

#[test]
fn complaints_about_enough_dealings_restart_a_session_when_more_than_f_validators_ask() {
    let (mut network, session, complaint_block) = certified(&[1, 2, 3]);
    network.done(4, network.complain(session, 2));
    assert!(network.refused(1, network.contracts.restart(session)).starts_with("ComplaintsOpen"));
    network.mine_to(complaint_block);
    assert!(network.refused(ALICE, network.contracts.restart(session)).starts_with("NotValidator"));
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
    let refused = network.refused(1, network.contracts.restart(session));
    assert!(refused.starts_with("EnoughDealings") && refused.contains("undisputed: 3"), "{refused}");
}

#[test]
fn too_few_certified_dealings_restart_a_session_at_once_disputed_or_not() {
    let (mut network, session, complaint_block) = certified(&[1, 2]);
    network.done(4, network.complain(session, 2));
    network.mine_to(complaint_block);
    assert_eq!(network.done(1, network.contracts.restart(session)).len(), 1);
    assert_eq!(network.requests(session), U256::ZERO);
}
