//! What should complete completes, and who is up catches up.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::id::{NodeId, SessionId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;
use crate::outcome::{RequestReport, StepOutcome};

/// Every step ends within its bound, no store fails unless a fault makes it, no limit of the scenario is reached, and
/// at the end each node of which something can be demanded holds every key that any node holds.
///
/// Keys are followed by what nodes say and by what crashes them: a node that has crashed holds none until it says so
/// again.
#[derive(Default)]
pub struct Liveness {
    holders: BTreeMap<SessionId, BTreeSet<NodeId>>,
    broken: Vec<(Nanos, NodeId)>,
}

impl Liveness {
    /// The name in reports.
    pub const NAME: &str = "liveness";
}

impl Oracle for Liveness {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, Note::KeyHeld { session, .. }) => {
                self.holders.entry(*session).or_default().insert(node);
            }
            Event::Crashed(node) => self.holders.values_mut().for_each(|holders| {
                holders.remove(&node);
            }),
            Event::Reset => self.holders.clear(),
            Event::StoreFailed(node) => self.broken.push((at, node)),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let more = self.holders.len() + self.broken.len() + usize::from(facts.stuck.is_some());
        (facts.steps.len() + more) as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let violation = |at, nodes, detail| Violation { oracle: Self::NAME, at, nodes, detail };
        let stuck = facts.stuck.map(|why| violation(facts.at, Vec::new(), why.to_owned()));
        let late = facts.steps.iter().filter(|step| is_late(step)).map(|step| {
            let detail = format!("step {} did not complete: {}", step.id, step.outcome.name());
            violation(facts.at, Vec::new(), detail)
        });
        let broken = self
            .broken
            .iter()
            .map(|(at, node)| violation(*at, vec![*node], format!("the store of {node} failed, and no fault did it")));
        let lacks = |node: &NodeId| !self.holders.values().all(|holders| holders.contains(node));
        let behind: Vec<NodeId> =
            facts.up.iter().filter(|node| lacks(node) && !facts.corrupted.contains(node)).copied().collect();
        let detail = "nodes that are up lack a key that others hold".to_owned();
        let behind = (!behind.is_empty()).then(|| violation(facts.at, behind, detail));
        stuck.into_iter().chain(late).chain(broken).chain(behind).collect()
    }
}

/// Whether a step that should have completed did not. A refusal is an answer; running out of time or shares is none, nor is
/// that permissions could not be read: with f endpoints down enough nodes can.
fn is_late(step: &RequestReport) -> bool {
    match &step.outcome {
        StepOutcome::Unfinished => true,
        StepOutcome::Failed(code) => {
            !step.expected && matches!(code.as_str(), "RequestTimeout" | "NotEnoughShares" | "RpcError")
        }
        StepOutcome::Ok => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, step, witness};
    use super::*;
    use lit_node::id::KeyId;

    const KEY: Note = Note::KeyHeld { session: SessionId([1; 32]), key: KeyId([2; 32]) };

    fn details(oracle: &mut Liveness, facts: &Facts<'_>) -> Vec<String> {
        oracle.judge(facts).into_iter().map(|violation| violation.detail).collect()
    }

    #[test]
    fn steps_that_end_as_they_should_and_refusals_are_alright() {
        let witness = witness();
        let steps = [
            step(StepOutcome::Ok, true),
            step(StepOutcome::Failed("RequestTimeout".into()), true),
            step(StepOutcome::Failed("NotAuthorized".into()), false),
        ];
        assert!(Liveness::default().judge(&Facts { steps: &steps, ..facts(&witness) }).is_empty());
    }

    #[test]
    fn a_step_without_an_end_enough_shares_or_a_chain_that_can_be_read_is_a_violation() {
        let witness = witness();
        for outcome in [
            StepOutcome::Unfinished,
            StepOutcome::Failed("RequestTimeout".into()),
            StepOutcome::Failed("NotEnoughShares".into()),
            StepOutcome::Failed("RpcError".into()),
        ] {
            let steps = [step(outcome, false)];
            let found = details(&mut Liveness::default(), &Facts { steps: &steps, ..facts(&witness) });
            assert!(matches!(&found[..], [one] if one.starts_with("step sign did not complete")), "{found:?}");
        }
    }

    #[test]
    fn a_limit_of_the_scenario_and_a_store_that_fails_by_itself_are_violations() {
        let witness = witness();
        let mut oracle = Liveness::default();
        assert_eq!(details(&mut oracle, &Facts { stuck: Some("too long"), ..facts(&witness) }), ["too long"]);
        oracle.observe(7, Event::StoreFailed(NodeId(3)));
        let found = oracle.judge(&facts(&witness));
        assert_eq!((found.len(), found[0].at, &found[0].nodes[..]), (1, 7, &[NodeId(3)][..]));
    }

    #[test]
    fn a_node_that_is_up_must_hold_what_others_hold_also_after_a_crash_unless_it_is_corrupted() {
        let witness = witness();
        let mut oracle = Liveness::default();
        let up = BTreeSet::from([NodeId(1), NodeId(2)]);
        let facts = Facts { up, ..facts(&witness) };
        assert!(oracle.judge(&facts).is_empty(), "there is no key");
        oracle.observe(1, Event::Noted(NodeId(1), &KEY));
        assert_eq!(oracle.judge(&facts)[0].nodes, [NodeId(2)]);
        oracle.observe(2, Event::Noted(NodeId(2), &KEY));
        assert!(oracle.judge(&facts).is_empty());
        oracle.observe(3, Event::Crashed(NodeId(1)));
        assert_eq!(oracle.judge(&facts)[0].nodes, [NodeId(1)]);
        assert!(oracle.judge(&Facts { corrupted: &[NodeId(1)], ..facts }).is_empty());
    }

    #[test]
    fn nobody_must_hold_a_key_of_a_network_that_was_begun_anew() {
        let witness = witness();
        let mut oracle = Liveness::default();
        let facts = Facts { up: BTreeSet::from([NodeId(1), NodeId(2)]), ..facts(&witness) };
        oracle.observe(1, Event::Noted(NodeId(1), &KEY));
        oracle.observe(2, Event::Reset);
        assert!(oracle.judge(&facts).is_empty());
        oracle.observe(3, Event::Noted(NodeId(1), &KEY));
        assert_eq!(oracle.judge(&facts)[0].nodes, [NodeId(2)]);
    }
}
