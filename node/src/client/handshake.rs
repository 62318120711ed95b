//! Asks every node what it sees, and believes what a threshold of them agree on.

use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

use super::courier::Courier;
use super::{Effect, Network, Operation, Patience};
use crate::api::{ErrorCode, Handshake, RESPONSE_BYTES_MAX, Request, Response};
use crate::id::{Epoch, NodeId};
use crate::io::Time;
use crate::wire;

/// What a threshold of nodes see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The epoch.
    pub epoch: Epoch,
    /// A block that at least one honest node has seen: the newest but for as many higher claims as nodes may lie.
    pub latest_block: u64,
    /// The nodes that agreed on the epoch in time.
    pub nodes: BTreeSet<NodeId>,
}

/// Too few nodes agreed on an epoch in time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no {threshold} nodes agreed on an epoch: {} answered, with epochs {:?}", .answers.len(), .answers.values().map(|h| h.epoch.0).collect::<Vec<_>>())]
pub struct HandshakeError {
    /// How many had to agree.
    pub threshold: usize,
    /// What came.
    pub answers: BTreeMap<NodeId, Handshake>,
    /// [`ErrorCode::NetworkReset`] if so many nodes are in another generation of the network that too few are left,
    /// [`ErrorCode::RequestTimeout`] otherwise.
    pub code: ErrorCode,
}

/// How a handshake ends.
pub type HandshakeOutcome = Result<View, HandshakeError>;

/// A handshake with all nodes. It never waits for a slow one longer than for a threshold.
#[derive(Debug)]
pub struct HandshakeOp {
    challenge: [u8; 32],
    network: Network,
    courier: Courier,
    answers: BTreeMap<NodeId, Handshake>,
    /// The nodes that are in another generation of the network.
    elsewhere: BTreeSet<NodeId>,
    outcome: Option<HandshakeOutcome>,
}

impl HandshakeOp {
    /// `challenge` is fresh; nodes return it, so that old answers are not taken for new ones.
    pub fn new(challenge: [u8; 32], network: Network, patience: Patience) -> Self {
        let courier = Courier::new(Request::Handshake { challenge }.to(network.generation), &network, patience);
        let (answers, elsewhere) = (BTreeMap::new(), BTreeSet::new());
        Self { challenge, network, courier, answers, elsewhere, outcome: None }
    }

    /// What each node answered.
    pub fn answers(&self) -> &BTreeMap<NodeId, Handshake> {
        &self.answers
    }

    fn read(&self, node: NodeId, bytes: &[u8]) -> Option<Handshake> {
        match wire::decode(bytes, RESPONSE_BYTES_MAX) {
            Ok(Response::Handshake(answer)) if answer.node == node && answer.challenge == self.challenge => {
                Some(answer)
            }
            _ => None,
        }
    }

    /// Whether a node says that it is in another generation of the network: it will say so again.
    fn is_reset(bytes: &[u8]) -> bool {
        let response = wire::decode::<Response>(bytes, RESPONSE_BYTES_MAX);
        matches!(response, Ok(Response::Rejected(failure)) if failure.code == ErrorCode::NetworkReset)
    }

    fn judge(&mut self) {
        let mut by_epoch: BTreeMap<Epoch, BTreeMap<NodeId, u64>> = BTreeMap::new();
        for (&node, answer) in &self.answers {
            by_epoch.entry(answer.epoch).or_default().insert(node, answer.latest_block);
        }
        let largest = by_epoch.values().map(BTreeMap::len).max().unwrap_or(0);
        if let Some((epoch, blocks)) =
            by_epoch.into_iter().find(|(_, blocks)| blocks.len() >= self.network.enough_handshakes())
        {
            let mut sorted: Vec<u64> = blocks.values().copied().collect();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let Some(&latest_block) = sorted.get(self.network.faulty_max()).or(sorted.last()) else { return };
            self.outcome = Some(Ok(View { epoch, latest_block, nodes: blocks.into_keys().collect() }));
        } else if largest + self.courier.pending() < self.network.threshold {
            self.fail();
        }
    }

    fn fail(&mut self) {
        let was_reset = self.elsewhere.len() > self.network.spare();
        let code = if was_reset { ErrorCode::NetworkReset } else { ErrorCode::RequestTimeout };
        let error = HandshakeError { threshold: self.network.threshold, answers: self.answers.clone(), code };
        self.outcome = Some(Err(error));
    }
}

impl Operation for HandshakeOp {
    type Outcome = HandshakeOutcome;

    fn start(&mut self, now: Time, fx: &mut Vec<Effect>) {
        self.courier.start(now, fx);
    }

    fn on_response(&mut self, node: NodeId, bytes: &[u8], now: Time, _: &mut Vec<Effect>) {
        if self.outcome.is_some() || !self.courier.answered(node) {
            return;
        }
        match self.read(node, bytes) {
            Some(answer) => {
                self.answers.insert(node, answer);
                self.courier.settle(node);
            }
            None if self.answers.contains_key(&node) => {}
            None if Self::is_reset(bytes) => {
                self.elsewhere.insert(node);
                self.courier.settle(node);
            }
            None => self.courier.again(node, now),
        }
        self.judge();
    }

    fn on_disconnect(&mut self, node: NodeId, now: Time, _: &mut Vec<Effect>) {
        self.courier.disconnected(node, now);
    }

    fn tick(&mut self, now: Time, fx: &mut Vec<Effect>) {
        if self.outcome.is_some() {
            return;
        }
        if self.courier.is_over(now) { self.fail() } else { self.courier.tick(now, fx) }
    }

    fn deadline(&self) -> Option<Time> {
        self.courier.due().filter(|_| self.outcome.is_none())
    }

    fn outcome(&self) -> Option<&HandshakeOutcome> {
        self.outcome.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PATIENCE, at, network};
    use super::*;

    fn start(nodes: u16) -> HandshakeOp {
        let mut op = HandshakeOp::new([3; 32], network(nodes), PATIENCE);
        op.start(at(0), &mut Vec::new());
        op
    }

    fn say(op: &mut HandshakeOp, from: u16, answer: Handshake) {
        op.on_response(NodeId(from), &wire::encode(&Response::Handshake(answer)), at(1), &mut Vec::new());
    }

    fn view(node: u16, epoch: u32, latest_block: u64) -> Handshake {
        Handshake { node: NodeId(node), challenge: [3; 32], epoch: Epoch(epoch), latest_block }
    }

    #[test]
    fn a_threshold_that_agrees_is_enough_and_a_slow_node_blocks_nobody() {
        let mut op = start(4);
        for (node, block) in [(2, 10), (4, 1_000_000), (1, 12)] {
            assert_eq!(op.outcome(), None);
            say(&mut op, node, view(node, 5, block));
        }
        let nodes = [1, 2, 4].map(NodeId).into();
        let expected = View { epoch: Epoch(5), latest_block: 12, nodes };
        assert_eq!(op.outcome(), Some(&Ok(expected)), "one node's exaggerated block does not count");
        assert_eq!(op.deadline(), None);
    }

    #[test]
    fn stale_and_borrowed_answers_do_not_count() {
        let mut op = start(4);
        say(&mut op, 1, view(2, 5, 1));
        say(&mut op, 2, Handshake { challenge: [4; 32], ..view(2, 5, 1) });
        op.on_response(NodeId(3), b"\xff", at(1), &mut Vec::new());
        assert!(op.answers().is_empty());
        let mut fx = Vec::new();
        op.tick(at(101), &mut fx);
        assert_eq!(fx.len(), 3, "they are asked again");
    }

    #[test]
    fn nodes_that_cannot_agree_fail_at_once_and_silent_ones_at_the_deadline() {
        let mut op = start(4);
        for node in 1..=4 {
            assert_eq!(op.outcome(), None);
            say(&mut op, node, view(node, u32::from(node % 2), 1));
        }
        let error = op.outcome().expect("an outcome").as_ref().expect_err("split");
        assert_eq!(error.answers.len(), 4);
        let mut op = start(4);
        say(&mut op, 1, view(1, 1, 1));
        op.tick(at(10_000), &mut Vec::new());
        let error = op.outcome().expect("an outcome").as_ref().expect_err("silence");
        assert_eq!(error.to_string(), "no 3 nodes agreed on an epoch: 1 answered, with epochs [1]");
    }

    #[test]
    fn more_nodes_of_another_generation_than_may_fail_mean_that_the_network_was_reset() {
        let rejection = |code| {
            let failure = crate::api::Failure { code, message: String::new(), logs: String::new() };
            wire::encode(&Response::Rejected(failure))
        };
        let mut op = start(4);
        let reset = rejection(ErrorCode::NetworkReset);
        op.on_response(NodeId(1), &reset, at(1), &mut Vec::new());
        op.on_response(NodeId(1), &reset, at(1), &mut Vec::new());
        assert_eq!(op.outcome(), None, "one node may lie");
        op.on_response(NodeId(2), &rejection(ErrorCode::MalformedRequest), at(1), &mut Vec::new());
        assert_eq!(op.outcome(), None, "and this is said of the request");
        op.on_response(NodeId(3), &reset, at(1), &mut Vec::new());
        let error = op.outcome().expect("an outcome").as_ref().expect_err("too few are left");
        assert_eq!(error.code, ErrorCode::NetworkReset);
        let mut op = start(4);
        op.on_response(NodeId(1), &reset, at(1), &mut Vec::new());
        op.tick(at(10_000), &mut Vec::new());
        let error = op.outcome().expect("an outcome").as_ref().expect_err("silence");
        assert_eq!(error.code, ErrorCode::RequestTimeout);
    }
}
