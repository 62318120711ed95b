//! What a node does to keep keys ready to be minted: it counts what has been minted, and says so on the chain.
//!
//! The contract does the rest. It asks the board for keys once more validators than can be faulty agree on the count, so
//! that nobody leads, f dead or lying nodes neither stop nor hurry it, and no key is asked for twice.

use std::collections::BTreeSet;

use super::core::Core;
use crate::bugs::{self, Bug};
use crate::chain::{ChainEvent, ContractCall, Contracts};

/// What the chain's final logs say of the pool.
#[derive(Default)]
pub(super) struct KeyPool {
    /// How many keys have been minted.
    minted: u64,
    /// What this node has reported, in this boot or an earlier one.
    reported: BTreeSet<u64>,
}

impl KeyPool {
    /// Takes note of an event in a final block.
    pub fn on_event(&mut self, event: &ChainEvent, core: &Core) {
        match event {
            ChainEvent::PkpMinted { .. } if !bugs::planted(Bug::PoolCountsMinted) => self.minted += 1,
            ChainEvent::KeyRouted { .. } if bugs::planted(Bug::PoolUnbounded) => self.minted += 1,
            ChainEvent::MintedReported { validator, minted } if core.roster.by_address(validator) == Some(core.me) => {
                self.reported.insert(*minted);
            }
            _ => {}
        }
    }

    /// All logs up to some block have been seen: what is to be said, until it is seen on the chain.
    pub fn report(&self, contracts: &Contracts) -> Option<ContractCall> {
        if self.reported.contains(&self.minted) { None } else { contracts.report_minted(self.minted) }
    }
}
