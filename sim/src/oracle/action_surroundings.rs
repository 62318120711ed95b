//! What an action sees is its own node's, and nobody else's.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::api::{RESPONSE_BYTES_MAX, Response};
use lit_node::id::{Digest, NodeId, RequestId};
use lit_node::note::Note;
use lit_node::wire::decode;

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// The globals that the network gives to actions, and that no client's parameters may replace.
pub const OWN_GLOBALS: [&str; 4] = ["Lit", "LitActions", "LitAuth", "ethers"];

/// What happened, at which nodes, and how it is told.
type Found = (Nanos, Vec<NodeId>, String);

/// Compares random streams across nodes, answers to fetches with what has left the node, and parameters with names that
/// are taken.
#[derive(Default)]
pub struct ActionSurroundings {
    /// Who was first to start an action with this stream of random numbers, by the beginning of its hash.
    chances: BTreeMap<u64, NodeId>,
    /// Fetches that have left each node since it was started, less those that its actions got an answer to.
    open: BTreeMap<NodeId, u64>,
    /// Requests with parameters that are named like the network's globals.
    overwriting: BTreeSet<RequestId>,
    found: Vec<Found>,
    judged: Tally,
}

impl ActionSurroundings {
    /// The name in reports.
    pub const NAME: &str = "action-surroundings";

    fn started(&mut self, at: Nanos, node: NodeId, chance: Digest) {
        self.judged.add(node, 1);
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = chance.0;
        let chance = u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7]);
        match self.chances.get(&chance) {
            Some(first) => {
                let text = format!("{first} and {node} seed an action's Math.random alike");
                self.found.push((at, vec![*first, node], text));
            }
            None => drop(self.chances.insert(chance, node)),
        }
    }

    fn answered(&mut self, at: Nanos, node: NodeId) {
        self.judged.add(node, 1);
        let open = self.open.entry(node).or_default();
        match open.checked_sub(1) {
            Some(left) => *open = left,
            None => {
                let text = format!("{node} gives an action an answer that it has asked no web server for");
                self.found.push((at, vec![node], text));
            }
        }
    }

    fn replied(&mut self, at: Nanos, node: NodeId, bytes: &[u8]) {
        if let Ok(Response::Execute { request, result: Ok(_) }) = decode(bytes, RESPONSE_BYTES_MAX)
            && self.overwriting.contains(&request)
        {
            let text = format!("{node} has run {request} with parameters in the place of the network's globals");
            self.found.push((at, vec![node], text));
        }
    }
}

impl Oracle for ActionSurroundings {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, Note::ActionStarted { chance, .. }) => self.started(at, node, *chance),
            Event::Noted(node, Note::Fetched { .. }) => self.answered(at, node),
            Event::Fetched(node) => *self.open.entry(node).or_default() += 1,
            Event::Crashed(node) => drop(self.open.remove(&node)),
            Event::Requested(requested) if requested.overwrites => {
                self.overwriting.insert(requested.request);
            }
            Event::Replied { node, bytes } if !self.overwriting.is_empty() => self.replied(at, node, bytes),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.found.iter().filter(|(_, nodes, _)| !nodes.iter().any(|node| facts.corrupted.contains(node)));
        let violation = |(at, nodes, detail): &Found| Violation {
            oracle: Self::NAME,
            at: *at,
            nodes: nodes.clone(),
            detail: detail.clone(),
        };
        honest.map(violation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Requested;
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::api::{ErrorCode, Executed, Failure};
    use lit_node::wire::encode;

    const REQUEST: RequestId = RequestId([1; 32]);

    fn started(chance: u8) -> Note {
        Note::ActionStarted { request: REQUEST, frame: 0, cid: "Qm".into(), chance: Digest([chance; 32]) }
    }

    #[test]
    fn no_two_nodes_and_no_two_executions_draw_the_same() {
        let found = |seen: &[(u16, u8)], corrupted: &[NodeId]| {
            let mut oracle = ActionSurroundings::default();
            for (node, chance) in seen {
                oracle.observe(1, Event::Noted(NodeId(*node), &started(*chance)));
            }
            oracle.judge(&Facts { corrupted, ..facts(&witness()) }).len()
        };
        assert_eq!(found(&[(1, 1), (2, 2), (1, 3)], &[]), 0);
        assert_eq!(found(&[(1, 1), (2, 1)], &[]), 1);
        assert_eq!(found(&[(1, 1), (1, 1)], &[]), 1);
        assert_eq!(found(&[(1, 1), (2, 1)], &[NodeId(2)]), 0, "a liar may say that it drew what another one did");
    }

    #[test]
    fn every_answer_to_a_fetch_has_been_asked_for_by_the_node_itself() {
        let node = NodeId(3);
        let fetched = Note::Fetched { request: REQUEST };
        let found = |asked: u64, answered: u64, crashes: bool| {
            let mut oracle = ActionSurroundings::default();
            (0..asked).for_each(|_| oracle.observe(1, Event::Fetched(node)));
            oracle.observe(1, Event::Fetched(NodeId(4)));
            if crashes {
                oracle.observe(2, Event::Crashed(node));
            }
            (0..answered).for_each(|_| oracle.observe(3, Event::Noted(node, &fetched)));
            oracle.judge(&facts(&witness())).len()
        };
        assert_eq!([found(2, 2, false), found(2, 1, false)], [0, 0]);
        assert_eq!([found(1, 2, false), found(0, 1, false), found(1, 1, true)], [1, 1, 1]);
    }

    #[test]
    fn parameters_in_the_place_of_globals_must_not_succeed() {
        let found = |overwrites: bool, succeeds: bool| {
            let mut oracle = ActionSurroundings::default();
            let requested = Requested { request: REQUEST, cid: vec![1], overwrites, ..Requested::default() };
            oracle.observe(0, Event::Requested(&requested));
            let executed = Executed { response: String::new(), logs: String::new(), signatures: Vec::new() };
            let refused = Failure { code: ErrorCode::JsError, message: String::new(), logs: String::new() };
            let result = if succeeds { Ok(executed) } else { Err(refused) };
            let bytes = encode(&Response::Execute { request: REQUEST, result });
            oracle.observe(1, Event::Replied { node: NodeId(1), bytes: &bytes });
            oracle.judge(&facts(&witness())).len()
        };
        assert_eq!([found(true, true), found(true, false), found(false, true)], [1, 0, 0]);
    }
}
