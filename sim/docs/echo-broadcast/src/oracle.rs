//! What must hold in every run.

use std::collections::BTreeMap;

use lit_node::id::NodeId;
use litsim::extend::{Event, Facts, Finding, Oracle};

use crate::protocol::Broadcast;

/// No two honest nodes deliver different values.
#[derive(Default)]
pub struct Agreement {
    delivered: BTreeMap<NodeId, u32>,
}

impl Oracle<Broadcast> for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn observe(&mut self, _: u64, event: &Event<'_, Broadcast>) {
        if let Event::Decided(node, value) = event {
            self.delivered.entry(*node).or_insert(**value);
        }
    }

    fn occasions(&self, facts: &Facts<'_, Broadcast>) -> Option<u64> {
        Some(facts.honest().count() as u64)
    }

    fn judge(&mut self, facts: &Facts<'_, Broadcast>) -> Vec<Finding> {
        self.delivered.retain(|node, _| !facts.corrupted.contains(node));
        let mut delivered = self.delivered.iter();
        let Some((first, value)) = delivered.next() else { return Vec::new() };
        let other = delivered.find(|(_, other)| *other != value);
        let finding = other.map(|(node, other)| Finding {
            nodes: vec![*first, *node],
            detail: format!("{first} delivered {value} and {node} delivered {other}"),
            liveness: false,
        });
        finding.into_iter().collect()
    }
}

/// If one honest node delivers, all that are up do.
pub struct Totality;

impl Oracle<Broadcast> for Totality {
    fn name(&self) -> &'static str {
        "totality"
    }

    fn judge(&mut self, facts: &Facts<'_, Broadcast>) -> Vec<Finding> {
        let waits = |node: &&NodeId| !facts.corrupted.contains(node) && !facts.decisions.contains_key(node);
        let waiting: Vec<NodeId> = facts.up.iter().filter(waits).copied().collect();
        if facts.honest().next().is_none() || waiting.is_empty() {
            return Vec::new();
        }
        let detail = "some honest nodes delivered, and others never do".to_owned();
        vec![Finding { nodes: waiting, detail, liveness: true }]
    }
}
