//! Keys are ready when somebody wants to mint one, and no more of them are made than that takes.

use super::{Facts, Oracle, Violation};
use crate::heap::{MILLI, Nanos};

/// The pool of keys that wait to be minted, as the home chain's record shows it when the run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLevels {
    /// How many keys are to be ready.
    pub target: usize,
    /// How many keys the board was asked for, the network's own aside.
    pub requested: usize,
    /// How many of them are routed.
    pub routed: usize,
    /// How many of these are minted.
    pub minted: usize,
    /// For how long no key has been minted, and no fault has begun or ended.
    pub calm: Nanos,
    /// How long the nodes may take to fill the pool.
    pub bound: Nanos,
}

/// The board is never asked for more keys than are minted and the pool holds; and once nothing has happened for as long as
/// the nodes may take, the pool is full.
#[derive(Default)]
pub struct KeyPool;

impl KeyPool {
    /// The name in reports.
    pub const NAME: &str = "key-pool";
}

impl Oracle for KeyPool {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        // Each key that was asked for could have been one too many; and the pool could be short at the end.
        facts.pool.map_or(0, |pool| pool.requested as u64 + 1)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let Some(pool) = facts.pool else { return Vec::new() };
        let PoolLevels { target, requested, routed, minted, calm, bound } = pool;
        let violation = |detail| Violation { oracle: Self::NAME, at: facts.at, nodes: Vec::new(), detail };
        let most = minted + target;
        let too_many = (requested > most).then(|| {
            violation(format!("{requested} keys were asked for: {minted} are minted, and the pool is {target}"))
        });
        let ready = routed.saturating_sub(minted);
        let too_few = (calm >= bound && ready < target).then(|| {
            violation(format!("{ready} of {target} keys are ready, and nothing has happened for {} ms", calm / MILLI))
        });
        too_many.into_iter().chain(too_few).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    /// Five keys were made and two of them minted, in a pool of three.
    const FULL: PoolLevels = PoolLevels { target: 3, requested: 5, routed: 5, minted: 2, calm: 9, bound: 9 };

    fn found(pool: Option<PoolLevels>) -> Vec<String> {
        let witness = witness();
        let facts = Facts { pool, ..facts(&witness) };
        assert_eq!(KeyPool.occasions(&facts), pool.map_or(0, |pool| pool.requested as u64 + 1));
        KeyPool.judge(&facts).into_iter().map(|violation| violation.detail).collect()
    }

    #[test]
    fn a_full_pool_and_a_network_without_one_are_alright() {
        assert!(found(None).is_empty());
        assert!(found(Some(FULL)).is_empty());
    }

    #[test]
    fn a_pool_that_stays_short_when_nothing_happens_is_a_violation_and_one_that_is_being_filled_is_none() {
        let short = PoolLevels { routed: 4, ..FULL };
        assert_eq!(found(Some(short)), ["2 of 3 keys are ready, and nothing has happened for 0 ms"]);
        assert!(found(Some(PoolLevels { calm: 8, ..short })).is_empty());
        assert!(found(Some(PoolLevels { calm: 8, routed: 1, ..FULL })).is_empty());
    }

    #[test]
    fn more_keys_than_are_minted_and_the_pool_holds_are_a_violation_at_any_time() {
        let many = PoolLevels { requested: 6, calm: 0, ..FULL };
        assert_eq!(found(Some(many)), ["6 keys were asked for: 2 are minted, and the pool is 3"]);
    }
}
