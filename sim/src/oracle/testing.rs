//! An empty run for oracles' unit tests.

use std::collections::BTreeMap;

use super::Facts;
use crate::witness::Witness;

/// Nothing was said and nothing is secret.
pub(super) fn witness() -> Witness {
    Witness::default()
}

/// A run of a network with threshold 3 in which nobody is corrupted.
pub(super) fn facts(witness: &Witness) -> Facts<'_> {
    Facts { routed: BTreeMap::new(), at: 0, witness, disks: BTreeMap::new(), threshold: 3, corrupted: &[] }
}
