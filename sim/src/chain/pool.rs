//! Transactions that wait for a block.

use alloy_primitives::Address;
use revm::context::TxEnv;
use std::collections::{BTreeMap, BTreeSet};

use super::SubmitError;

/// How many transactions of one account may wait, and how far ahead its nonces may lie.
const PER_ACCOUNT_MAX: u64 = 1024;

/// A checked transaction.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// Its hash.
    pub hash: [u8; 32],
    /// Its content, with the recovered sender.
    pub tx: TxEnv,
}

/// The pool: by sender and nonce, with the order of arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    waiting: BTreeMap<(Address, u64), (u64, Pending)>,
    hashes: BTreeSet<[u8; 32]>,
    arrivals: u64,
}

impl Pool {
    /// Whether this very transaction waits.
    pub fn contains(&self, hash: &[u8; 32]) -> bool {
        self.hashes.contains(hash)
    }

    /// Adds a transaction of an account whose next unmined nonce is `next`.
    pub fn insert(&mut self, pending: Pending, next: u64) -> Result<(), SubmitError> {
        let (sender, nonce) = (pending.tx.caller, pending.tx.nonce);
        if nonce < next {
            return Err(SubmitError::NonceTooLow { next, got: nonce });
        }
        if nonce - next >= PER_ACCOUNT_MAX {
            return Err(SubmitError::NonceTooHigh { next, got: nonce });
        }
        if self.waiting.contains_key(&(sender, nonce)) {
            return Err(SubmitError::NonceTaken(nonce));
        }
        self.arrivals += 1;
        self.hashes.insert(pending.hash);
        self.waiting.insert((sender, nonce), (self.arrivals, pending));
        Ok(())
    }

    /// The first nonce from `next` on that no waiting transaction of the account has.
    pub fn next_nonce(&self, account: Address, next: u64) -> u64 {
        let waiting = self.waiting.range((account, next)..=(account, u64::MAX));
        waiting.map(|((_, nonce), _)| *nonce).fold(next, |next, nonce| if nonce == next { next + 1 } else { next })
    }

    /// What can be mined at once, by arrival: of each account, the transaction with its next nonce.
    pub fn ready(&self, next_nonce: impl Fn(Address) -> u64) -> BTreeMap<u64, (Address, u64)> {
        let senders: BTreeSet<Address> = self.waiting.keys().map(|(sender, _)| *sender).collect();
        senders.into_iter().filter_map(|sender| self.entry(sender, next_nonce(sender))).collect()
    }

    /// A waiting transaction's entry for the queue of what is ready.
    pub fn entry(&self, sender: Address, nonce: u64) -> Option<(u64, (Address, u64))> {
        self.waiting.get(&(sender, nonce)).map(|(arrival, _)| (*arrival, (sender, nonce)))
    }

    /// Takes a transaction out, if its gas limit is within `room`.
    pub fn take(&mut self, sender: Address, nonce: u64, room: u64) -> Option<Pending> {
        let (_, pending) = self.waiting.get(&(sender, nonce))?;
        if pending.tx.gas_limit > room {
            return None;
        }
        let (_, pending) = self.waiting.remove(&(sender, nonce))?;
        self.hashes.remove(&pending.hash);
        Some(pending)
    }
}
