//! An empty run for oracles' unit tests.

use std::collections::{BTreeMap, BTreeSet};

use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use lit_node::blame::{Board, ChainView};
use lit_node::bugs::BugSet;
use lit_node::id::Epoch;
use lit_node::roster::{Member, Roster};

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
        pool: None,
        disputes: Vec::new(),
        routings: Vec::new(),
        chain: chain(1),
        former: Vec::new(),
        dealt: false,
        bugs: BugSet::NONE,
    }
}

/// What a chain without logs shows, on which the only validator's identity is the key of this byte.
pub(super) fn chain(secret: u8) -> ChainView {
    ChainView::new(roster(secret), Board { chain_id: 1, contract: [0; 20] }, [])
}

/// A validator set of one.
fn roster(secret: u8) -> Roster {
    let identity = SigningKey::from_slice(&[secret; 32]).expect("a scalar");
    let (channel_key, encryption_key) = ([0; 32], ProjectivePoint::GENERATOR);
    let member = Member { address: [1; 20], identity: *identity.verifying_key(), channel_key, encryption_key };
    Roster::new(Epoch(1), 1, vec![member]).expect("one of one")
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
