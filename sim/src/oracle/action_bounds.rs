//! No action uses more than the network's limits.

use std::collections::BTreeMap;

use lit_node::action::Limits;
use lit_node::api::{RESPONSE_BYTES_MAX, Response};
use lit_node::id::{NodeId, RequestId};
use lit_node::note::Note;
use lit_node::wire::decode;

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// What a node has done for a request that it has not answered.
#[derive(Default)]
struct Used {
    actions: u64,
    signs: u64,
}

/// Counts for itself what leaves a node. Which action a fetch is for cannot be seen from outside, so a node may fetch as
/// often as all requests together that it has begun; and once for each question to an identity provider, of which it says
/// that it asks it.
#[derive(Default)]
pub struct ActionBounds {
    used: BTreeMap<(NodeId, RequestId), Used>,
    /// How often each node may have fetched and how often it has, since it was started.
    fetched: BTreeMap<NodeId, (u64, u64)>,
    over: Vec<(Nanos, NodeId, String)>,
    judged: Tally,
}

impl ActionBounds {
    /// The name in reports.
    pub const NAME: &str = "action-bounds";

    fn check(&mut self, at: Nanos, node: NodeId, (what, used, max): (&str, u64, u64)) {
        self.judged.add(node, 1);
        if used > max {
            self.over.push((at, node, format!("{used} {what} where at most {max} are allowed")));
        }
    }

    fn fetches(&mut self, at: Nanos, node: NodeId) {
        let (allowed, fetched) = self.fetched.entry(node).or_default();
        *fetched += 1;
        let used = ("fetch calls", *fetched, *allowed);
        self.check(at, node, used);
    }

    fn replied(&mut self, at: Nanos, node: NodeId, bytes: &[u8]) {
        let Ok(Response::Execute { request, result }) = decode(bytes, RESPONSE_BYTES_MAX) else { return };
        self.used.remove(&(node, request));
        let limits = Limits::default();
        let (logs, response) = match &result {
            Ok(executed) => (executed.logs.len(), executed.response.len()),
            Err(failure) => (failure.logs.len(), 0),
        };
        self.check(at, node, ("bytes of logs", logs as u64, limits.log_bytes));
        self.check(at, node, ("bytes of response", response as u64, limits.response_bytes));
    }
}

impl Oracle for ActionBounds {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let limits = Limits::default();
        match event {
            Event::Noted(node, Note::ActionStarted { request, frame, .. }) => {
                if *frame == 0 {
                    self.fetched.entry(node).or_default().0 += limits.fetches;
                }
                let used = self.used.entry((node, *request)).or_default();
                used.actions += 1;
                let used = ("actions", used.actions, 1 + limits.calls);
                self.check(at, node, used);
            }
            Event::Noted(node, Note::ProviderAsked { .. }) => self.fetched.entry(node).or_default().0 += 1,
            Event::Noted(node, Note::Authorised { request, .. }) => {
                let used = self.used.entry((node, *request)).or_default();
                used.signs += 1;
                let used = ("signatures", used.signs, limits.signs);
                self.check(at, node, used);
            }
            Event::Fetched(node) => self.fetches(at, node),
            Event::Replied { node, bytes } => self.replied(at, node, bytes),
            // Whoever asks again has it all done again by a node that has forgotten.
            Event::Crashed(node) => {
                self.used.retain(|(at, _), _| *at != node);
                self.fetched.remove(&node);
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.over.iter().filter(|(_, node, _)| !facts.corrupted.contains(node));
        let violation = |(at, node, detail): &(Nanos, NodeId, String)| Violation {
            oracle: Self::NAME,
            at: *at,
            nodes: vec![*node],
            detail: detail.clone(),
        };
        honest.map(violation).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::api::{ErrorCode, Failure};
    use lit_node::id::Digest;
    use lit_node::wire::encode;

    const NODE: NodeId = NodeId(3);

    fn started(request: u8, frame: u32) -> Note {
        Note::ActionStarted { request: RequestId([request; 32]), frame, cid: "Qm".into(), chance: Digest([1; 32]) }
    }

    /// What the oracle finds after the node has begun so many actions in each of some requests, and fetched so often.
    fn found(requests: u8, actions: u32, fetches: u64, crashes: bool) -> Vec<String> {
        let mut oracle = ActionBounds::default();
        for request in 0..requests {
            (0..actions).for_each(|frame| oracle.observe(1, Event::Noted(NODE, &started(request, frame))));
        }
        (0..fetches).for_each(|_| oracle.observe(2, Event::Fetched(NODE)));
        if crashes {
            oracle.observe(3, Event::Crashed(NODE));
            (0..actions).for_each(|frame| oracle.observe(4, Event::Noted(NODE, &started(0, frame))));
        }
        let judged = oracle.judge(&facts(&witness()));
        judged.into_iter().map(|violation| violation.detail).collect()
    }

    #[test]
    fn an_action_calls_and_fetches_as_often_as_it_may_and_no_more() {
        assert!(found(2, 51, 100, false).is_empty());
        assert!(found(1, 51, 50, true).is_empty(), "a restarted node does it again");
        assert_eq!(found(1, 52, 0, false), ["52 actions where at most 51 are allowed"]);
        assert_eq!(found(1, 1, 51, false), ["51 fetch calls where at most 50 are allowed"]);
    }

    #[test]
    fn a_question_to_a_provider_that_a_node_tells_of_is_no_fetch_of_an_action() {
        let mut oracle = ActionBounds::default();
        oracle.observe(1, Event::Noted(NODE, &Note::ProviderAsked { request: RequestId([1; 32]) }));
        oracle.observe(1, Event::Fetched(NODE));
        assert!(oracle.judge(&facts(&witness())).is_empty());
        oracle.observe(2, Event::Fetched(NODE));
        assert_eq!(oracle.judge(&facts(&witness())).len(), 1);
    }

    #[test]
    fn logs_are_as_long_as_they_may_be_and_no_longer() {
        let found = |bytes: usize, corrupted: &[NodeId]| {
            let mut oracle = ActionBounds::default();
            let failure = Failure { code: ErrorCode::JsError, message: String::new(), logs: "x".repeat(bytes) };
            let bytes = encode(&Response::Execute { request: RequestId([1; 32]), result: Err(failure) });
            oracle.observe(1, Event::Replied { node: NODE, bytes: &bytes });
            oracle.judge(&Facts { corrupted, ..facts(&witness()) }).len()
        };
        assert_eq!([found(102_400, &[]), found(102_401, &[]), found(102_401, &[NODE])], [0, 1, 0]);
    }
}
