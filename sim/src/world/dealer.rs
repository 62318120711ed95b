//! The trusted dealer of triples: an opt-in stand-in for the preprocessing protocol, printed in every report.
//!
//! It sees all shares, which no party of a real network may. Presigning and signing on top of it are real.

use std::collections::BTreeMap;

use lit_node::id::NodeId;
use lit_node::triples::{self, DealtTriples};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// How many triples one batch holds: two make a presignature.
const BATCH_TRIPLES: usize = 4;

/// Deals batches on demand.
pub(super) struct Dealer {
    key: [u8; 32],
    batches: BTreeMap<(NodeId, Vec<NodeId>), u64>,
}

impl Dealer {
    /// A dealer whose randomness is `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, batches: BTreeMap::new() }
    }

    /// The next batch for these holders under this leader: each holder's part.
    pub fn deal(&mut self, leader: NodeId, holders: &[NodeId]) -> BTreeMap<NodeId, DealtTriples> {
        let batch = self.batches.entry((leader, holders.to_vec())).or_insert(0);
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&leader.0.to_be_bytes());
        holders.iter().for_each(|holder| {
            hasher.update(&holder.0.to_be_bytes());
        });
        hasher.update(&batch.to_be_bytes());
        let mut rng = ChaCha20Rng::from_seed(hasher.finalize().into());
        let dealt = triples::deal(leader, holders, *batch, BATCH_TRIPLES, &mut rng);
        *batch += 1;
        dealt
    }
}
