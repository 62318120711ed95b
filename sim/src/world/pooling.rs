//! The pool of keys that nodes keep ready to be minted, as an omniscient observer sees it.

use lit_node::chain::abi::NETWORK_KEY_INDEX;
use lit_node::chain::{BoardEvent, ChainEvent};

use super::{World, step};
use crate::heap::{MILLI, Nanos};
use crate::oracle::PoolLevels;

impl World {
    /// Takes note of keys that are minted in a new block of the home chain.
    pub(super) fn look_for_mints(&mut self, now: Nanos, block: u64) {
        let mut logs = self.surroundings.chains[0].logs(block, block);
        let contracts = &self.book.contracts;
        if logs.any(|log| matches!(ChainEvent::decode(contracts, log), Ok(Some(ChainEvent::PkpMinted { .. })))) {
            self.disturbed = now;
        }
    }

    /// The pool as the chain's record shows it; none if the scenario keeps none, or lets more nodes fail than the nodes
    /// promise to stand.
    pub(super) fn pool_levels(&self, events: &[ChainEvent]) -> Option<PoolLevels> {
        let target = self.scenario.keys.unminted.filter(|_| !self.scenario.limits.beyond_f)?;
        let count = |is: fn(&ChainEvent) -> bool| events.iter().filter(|event| is(event)).count();
        let calm = self.heap.now().saturating_sub(self.bounded_from(self.disturbed));
        Some(PoolLevels {
            target: target.get().into(),
            requested: count(|event| {
                matches!(event, ChainEvent::Board(BoardEvent::SessionOpened { index, attempt: 0, .. })
                    if *index != NETWORK_KEY_INDEX)
            }),
            routed: count(|event| matches!(event, ChainEvent::KeyRouted { .. })),
            minted: count(|event| matches!(event, ChainEvent::PkpMinted { .. })),
            calm,
            bound: step::bound_ms(self.scenario.network.delta_ms.get()) * MILLI,
        })
    }
}
