//! What is wrong with a machine at present, by the positions of the faults.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::meter::{Meter, Op};

use crate::cost;
use crate::heap::Nanos;

/// The condition of a machine. The default is a good one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Faults that let the node's process stand still.
    pub paused: BTreeSet<usize>,
    /// How many times as long work takes.
    pub slowed: BTreeMap<usize, u32>,
    /// How much longer each sync takes.
    pub syncs: BTreeMap<usize, Nanos>,
    /// Faults that let the disk be full.
    pub full: BTreeSet<usize>,
    /// The fault for which the node has halted and not been started again.
    pub halted: Option<usize>,
}

impl Condition {
    /// Whether the node's process stands still.
    pub fn is_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// How long counted work takes on one core.
    pub fn duration(&self, work: &Meter) -> Nanos {
        let slowed =
            self.slowed.values().fold(cost::duration(work), |time, factor| time.saturating_mul(Nanos::from(*factor)));
        let wait = self.syncs.values().fold(0, |sum: Nanos, wait| sum.saturating_add(*wait));
        slowed.saturating_add(wait.saturating_mul(work.count(Op::StoreSync)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::MILLI;

    #[test]
    fn work_takes_longer_by_every_factor_and_each_sync_by_its_wait() {
        let mut work = Meter::default();
        work.add(Op::ScalarMul, 4);
        let good = Condition::default();
        assert_eq!(good.duration(&work), cost::duration(&work));
        let slow = Condition { slowed: [(0, 2), (3, 5)].into(), syncs: [(1, MILLI)].into(), ..Condition::default() };
        assert_eq!(slow.duration(&work), 10 * cost::duration(&work), "nothing was synced");
        work.add(Op::StoreSync, 3);
        let waiting = Condition { syncs: [(1, MILLI), (2, 9 * MILLI)].into(), ..Condition::default() };
        assert_eq!(waiting.duration(&work), cost::duration(&work) + 30 * MILLI);
    }
}
