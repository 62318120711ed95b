//! The code that runs is the code that was asked for.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::{NodeId, RequestId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// Follows what the gateway served to each node: an action that a request names by a CID may only start at a node that
/// has been given the true bytes of that CID. The simulator knows them, so nothing is hashed here.
#[derive(Default)]
pub struct ActionImmutability {
    asked: BTreeMap<RequestId, String>,
    genuine: BTreeSet<(NodeId, String)>,
    forged: Vec<(Nanos, NodeId, RequestId, String)>,
    judged: Tally,
}

impl Oracle for ActionImmutability {
    fn name(&self) -> &'static str {
        "action-immutability"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Requested(requested) => {
                self.asked.extend(requested.asked.clone().map(|cid| (requested.request, cid)));
            }
            Event::Served { node, cid, genuine: true } => {
                self.genuine.insert((node, cid.to_owned()));
            }
            Event::Noted(node, Note::ActionStarted { request, frame, cid, .. }) => {
                // What another action calls is always fetched, by the name under which the node then runs it.
                let asked = if *frame == 0 { self.asked.get(request) } else { Some(cid) };
                let Some(cid) = asked else { return };
                self.judged.add(node, 1);
                if !self.genuine.contains(&(node, cid.clone())) {
                    self.forged.push((at, node, *request, cid.clone()));
                }
            }
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let honest = self.forged.iter().filter(|(_, node, ..)| !facts.corrupted.contains(node));
        honest
            .map(|(at, node, request, cid)| Violation {
                oracle: "action-immutability",
                at: *at,
                nodes: vec![*node],
                detail: format!("{node} runs something else than {cid} for {request}"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Requested;
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::id::Digest;

    const REQUEST: RequestId = RequestId([1; 32]);

    fn judged(asked: Option<&str>, served: &[(u16, &str, bool)]) -> usize {
        judged_in(0, asked, served)
    }

    fn judged_in(frame: u32, asked: Option<&str>, served: &[(u16, &str, bool)]) -> usize {
        let mut oracle = ActionImmutability::default();
        let requested =
            Requested { request: REQUEST, asked: asked.map(str::to_owned), cid: vec![1], ..Requested::default() };
        oracle.observe(0, Event::Requested(&requested));
        for &(node, cid, genuine) in served {
            oracle.observe(1, Event::Served { node: NodeId(node), cid, genuine });
        }
        let note = Note::ActionStarted { request: REQUEST, frame, cid: "Qm".into(), chance: Digest([1; 32]) };
        oracle.observe(2, Event::Noted(NodeId(1), &note));
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn an_action_that_is_fetched_starts_only_where_its_true_bytes_were_served() {
        assert_eq!(judged(Some("Qm"), &[(1, "Qm", true)]), 0);
        assert_eq!(judged(Some("Qm"), &[(1, "Qm", false), (1, "Qm", true)]), 0);
        assert_eq!(judged(Some("Qm"), &[(1, "Qm", false)]), 1);
        assert_eq!(judged(Some("Qm"), &[(2, "Qm", true), (1, "Qn", true)]), 1);
        assert_eq!(judged(None, &[]), 0, "code in the request needs no gateway");
        assert_eq!(judged_in(1, None, &[(1, "Qm", true)]), 0);
        assert_eq!(judged_in(1, None, &[]), 1, "what another action calls does");
    }
}
