//! Triples for a run from outside its nodes: dealt as they are asked for, or from a pool. Opt-in, and printed in every
//! report.
//!
//! Either way somebody sees all shares, which no party of a real network may. Presigning and signing on top are real.

use std::collections::BTreeMap;
use std::sync::Arc;

use lit_node::curve::Polynomial;
use lit_node::id::NodeId;
use lit_node::triples::{self, DealtTriples, TripleCommitments, TripleShare};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::{Pool, Secrets};
use crate::scenario::Preprocessing;

/// How many triples one batch holds: two make a presignature.
const DEALT: usize = 4;

/// Hands out batches on demand.
pub struct Supply {
    source: Source,
    batches: BTreeMap<(NodeId, Vec<NodeId>), u64>,
}

enum Source {
    /// A trusted dealer whose randomness is this key.
    Dealer { key: [u8; 32] },
    /// A pool. No triple is handed out twice: the order of all is drawn at the start, and this is what is left of it,
    /// the next one last.
    Pool { pool: Arc<Pool>, left: Vec<usize>, batch: usize },
}

/// All triples of a pool have been handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pool has no triples left: all {triples} for {holders} holders were used in this run; `litsim pool` makes more"
)]
pub struct UsedUp {
    /// How many there were.
    pub triples: usize,
    /// For how many holders.
    pub holders: u16,
}

impl Supply {
    /// A supply whose randomness is `key`, with batches of at least `batch` triples from a pool; none if nodes make their
    /// triples themselves.
    pub fn new(preprocessing: &Preprocessing, batch: u8, key: [u8; 32]) -> Option<Self> {
        let source = match preprocessing {
            Preprocessing::Pool(pool) => {
                let mut left: Vec<usize> = (0..pool.len()).collect();
                shuffle(&mut left, &mut ChaCha20Rng::from_seed(key));
                Source::Pool { pool: Arc::clone(pool), left, batch: usize::from(batch).max(2) }
            }
            Preprocessing::Dealer => Source::Dealer { key },
            Preprocessing::Protocol => return None,
        };
        Some(Self { source, batches: BTreeMap::new() })
    }

    /// The next batch for these holders under this leader: each holder's part.
    ///
    /// # Errors
    /// If it is a pool that has less than a presignature's triples left.
    pub fn deal(&mut self, leader: NodeId, holders: &[NodeId]) -> Result<BTreeMap<NodeId, DealtTriples>, UsedUp> {
        let next = self.batches.entry((leader, holders.to_vec())).or_insert(0);
        let number = *next;
        *next += 1;
        match &mut self.source {
            Source::Dealer { key } => {
                let mut hasher = blake3::Hasher::new_keyed(key);
                hasher.update(&leader.0.to_be_bytes());
                holders.iter().for_each(|holder| {
                    hasher.update(&holder.0.to_be_bytes());
                });
                hasher.update(&number.to_be_bytes());
                let mut rng = ChaCha20Rng::from_seed(hasher.finalize().into());
                Ok(triples::deal(leader, holders, number, DEALT, &mut rng))
            }
            Source::Pool { pool, left, batch } => {
                let drawn: Vec<usize> = (0..*batch).map_while(|_| left.pop()).collect();
                if drawn.len() < 2 {
                    return Err(UsedUp { triples: pool.len(), holders: pool.holders });
                }
                let drawn: Vec<_> =
                    drawn.into_iter().map(|index| (&pool.triples[index], commit(&pool.triples[index]))).collect();
                let part = |holder: &NodeId| {
                    let triples =
                        drawn.iter().map(|(triple, commitments)| share(triple, *holder, commitments)).collect();
                    let part = DealtTriples { leader, holders: holders.to_vec(), batch: number, triples, sealed: None };
                    (*holder, part)
                };
                Ok(holders.iter().map(part).collect())
            }
        }
    }
}

fn commit([a, b, c]: &Secrets) -> Arc<TripleCommitments> {
    Arc::new(TripleCommitments { a: a.commit(), b: b.commit(), c: c.commit() })
}

fn share(triple: &Secrets, holder: NodeId, commitments: &Arc<TripleCommitments>) -> TripleShare {
    let [a, b, c] = triple.each_ref().map(|polynomial: &Polynomial| polynomial.evaluate(holder));
    TripleShare { a, b, c, commitments: Arc::clone(commitments) }
}

/// Fisher and Yates. The bias of a remainder of 64 bits is below 2^-40 for any pool that fits a memory.
fn shuffle(list: &mut [usize], rng: &mut ChaCha20Rng) {
    for last in (1..list.len()).rev() {
        let at = rng.next_u64() % (last as u64 + 1);
        list.swap(last, at as usize);
    }
}
