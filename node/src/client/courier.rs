//! Carries one request to every node, again and again until the node's part is settled. Sending the same bytes twice is
//! harmless: they are the same request, and a node answers it as it did before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Effect, Network, Patience};
use crate::id::NodeId;
use crate::io::Time;

/// How it stands with one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// An answer is awaited until then.
    Waiting(Time),
    /// The request is sent again then.
    Pausing(Time),
    /// Nothing more is asked.
    Settled,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    stage: Stage,
    /// Sendings so far.
    sent: u32,
    /// Sendings without an answer: only so many answers are read, or a node could occupy the client at will.
    unanswered: u32,
}

/// The bytes of a request: alike for all nodes, or each its own.
type Letters = BTreeMap<NodeId, Arc<[u8]>>;

/// The deliveries of one request.
#[derive(Debug)]
pub(super) struct Courier {
    letters: Letters,
    patience: Patience,
    lines: BTreeMap<NodeId, Line>,
    gives_up: Option<Time>,
}

impl Courier {
    pub(super) fn new(bytes: Vec<u8>, network: &Network, patience: Patience) -> Self {
        let bytes: Arc<[u8]> = bytes.into();
        Self::each(|_| bytes.clone(), network, patience)
    }

    /// As [`Courier::new`], with bytes of its own for each node.
    pub(super) fn each(letter: impl Fn(NodeId) -> Arc<[u8]>, network: &Network, patience: Patience) -> Self {
        let line = Line { stage: Stage::Settled, sent: 0, unanswered: 0 };
        let lines = network.nodes.iter().map(|&node| (node, line)).collect();
        let letters = network.nodes.iter().map(|&node| (node, letter(node))).collect();
        Self { letters, patience, lines, gives_up: None }
    }

    /// Sends to every node, and sets the overall deadline.
    pub(super) fn start(&mut self, now: Time, fx: &mut Vec<Effect>) {
        self.gives_up = Some(now.plus_millis(self.patience.overall_ms));
        for line in self.lines.values_mut() {
            line.stage = Stage::Pausing(now);
        }
        self.tick(now, fx);
    }

    /// Takes note of an answer; whether one was due from that node.
    pub(super) fn answered(&mut self, node: NodeId) -> bool {
        let Some(line) = self.lines.get_mut(&node) else { return false };
        let due = line.unanswered > 0;
        line.unanswered = line.unanswered.saturating_sub(1);
        due
    }

    /// Asks this node no more.
    pub(super) fn settle(&mut self, node: NodeId) {
        if let Some(line) = self.lines.get_mut(&node) {
            line.stage = Stage::Settled;
        }
    }

    /// Asks this node again after a pause, unless a pause is running.
    pub(super) fn again(&mut self, node: NodeId, now: Time) {
        let patience = self.patience;
        if let Some(line) = self.lines.get_mut(&node)
            && !matches!(line.stage, Stage::Pausing(_))
        {
            line.stage = Stage::Pausing(now.plus_millis(patience.pause_ms(line.sent)));
        }
    }

    /// The connection is gone, and the answer with it.
    pub(super) fn disconnected(&mut self, node: NodeId, now: Time) {
        if self.lines.get(&node).is_some_and(|line| matches!(line.stage, Stage::Waiting(_))) {
            self.again(node, now);
        }
    }

    /// Sends what is due.
    pub(super) fn tick(&mut self, now: Time, fx: &mut Vec<Effect>) {
        for (&node, line) in &mut self.lines {
            if let Stage::Waiting(until) = line.stage
                && until <= now
            {
                line.stage = Stage::Pausing(now.plus_millis(self.patience.pause_ms(line.sent)));
            }
            if let Stage::Pausing(until) = line.stage
                && until <= now
            {
                line.sent = line.sent.saturating_add(1);
                line.unanswered = line.unanswered.saturating_add(1);
                line.stage = Stage::Waiting(now.plus_millis(self.patience.attempt_ms.max(1)));
                if let Some(bytes) = self.letters.get(&node) {
                    fx.push(Effect::Send { node, bytes: bytes.clone() });
                }
            }
        }
    }

    /// When [`Courier::tick`] or the overall deadline is due; `None` before the start.
    pub(super) fn due(&self) -> Option<Time> {
        let next = self.lines.values().filter_map(|line| match line.stage {
            Stage::Waiting(until) | Stage::Pausing(until) => Some(until),
            Stage::Settled => None,
        });
        next.chain(self.gives_up).min().filter(|_| self.gives_up.is_some())
    }

    /// Whether the overall deadline has come.
    pub(super) fn is_over(&self, now: Time) -> bool {
        self.gives_up.is_some_and(|at| at <= now)
    }

    /// The nodes that are still being asked.
    pub(super) fn pending(&self) -> usize {
        self.lines.values().filter(|line| line.stage != Stage::Settled).count()
    }

    /// Whether this node is asked no more.
    pub(super) fn is_settled(&self, node: NodeId) -> bool {
        self.lines.get(&node).is_some_and(|line| line.stage == Stage::Settled)
    }
}

impl Patience {
    /// The pause after `sent` sendings.
    fn pause_ms(&self, sent: u32) -> u64 {
        let doublings = sent.saturating_sub(1).min(32);
        self.backoff_ms.saturating_mul(1 << doublings).min(self.backoff_ms_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N1: NodeId = NodeId(1);
    const PATIENCE: Patience = Patience { attempt_ms: 100, backoff_ms: 10, backoff_ms_max: 25, overall_ms: 1_000 };

    fn at(ms: u64) -> Time {
        Time::default().plus_millis(ms)
    }

    fn started() -> Courier {
        let network = Network { nodes: [N1].into(), threshold: 1, generation: crate::id::Generation(0) };
        let mut courier = Courier::new(vec![1], &network, PATIENCE);
        assert_eq!(courier.due(), None);
        let mut fx = Vec::new();
        courier.start(at(0), &mut fx);
        assert_eq!(fx, [Effect::Send { node: N1, bytes: vec![1].into() }]);
        courier
    }

    /// The times of all sendings, if nobody ever answers.
    #[test]
    fn a_silent_node_is_asked_again_with_growing_pauses() {
        let mut courier = started();
        let mut times = vec![];
        while times.len() < 4 {
            let due = courier.due().expect("started");
            let mut fx = Vec::new();
            courier.tick(due, &mut fx);
            times.extend(fx.iter().map(|_| due.as_millis()));
        }
        assert_eq!(times, [110, 230, 355, 480]);
    }

    #[test]
    fn a_broken_connection_is_tried_again_after_a_pause() {
        let mut courier = started();
        courier.disconnected(N1, at(3));
        courier.disconnected(N1, at(5));
        assert_eq!(courier.due(), Some(at(13)));
        courier.settle(N1);
        courier.disconnected(N1, at(20));
        assert_eq!(courier.due(), Some(at(1_000)), "a settled node is left alone");
    }

    #[test]
    fn only_as_many_answers_are_read_as_requests_were_sent() {
        let mut courier = started();
        assert!(!courier.answered(NodeId(2)));
        assert!(courier.answered(N1));
        assert!(!courier.answered(N1));
        courier.again(N1, at(1));
        courier.tick(at(11), &mut Vec::new());
        assert!(courier.answered(N1));
    }
}
