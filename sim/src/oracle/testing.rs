//! An empty run for oracles' unit tests.

use std::collections::{BTreeMap, BTreeSet};

use super::Facts;
use crate::outcome::{RequestReport, StepOutcome};
use crate::witness::Witness;

/// Nothing was said and nothing is secret.
pub(super) fn witness() -> Witness {
    Witness::default()
}

/// A run of a network with threshold 3 in which nobody is corrupted.
pub(super) fn facts(witness: &Witness) -> Facts<'_> {
    Facts {
        routed: BTreeMap::new(),
        at: 0,
        witness,
        disks: BTreeMap::new(),
        threshold: 3,
        corrupted: &[],
        up: BTreeSet::new(),
        steps: &[],
        stuck: None,
        disputes: Vec::new(),
    }
}

/// A step `sign` that ended so, as expected or not.
pub(super) fn step(outcome: StepOutcome, expected: bool) -> RequestReport {
    RequestReport {
        id: "sign".into(),
        act: "only".into(),
        kind: "execute",
        client: "alice".into(),
        outcome,
        expected,
        error: None,
        latency_ms: 0,
        started_ms: 0,
        finished_ms: 0,
        public_key: None,
        eth_address: None,
        response: None,
        logs: None,
        signatures: Vec::new(),
    }
}
