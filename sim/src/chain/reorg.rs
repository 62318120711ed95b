//! Reorganisations: the newest blocks are replaced by others of the same heights and times.

use super::{Chain, Pending};

/// What a reorganisation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reorganised {
    /// The first block that was replaced.
    pub first: u64,
    /// The last one, which is the head before and after.
    pub last: u64,
    /// How many transactions lost their places.
    pub transactions: usize,
}

impl Chain {
    /// Replaces the newest `depth` blocks, as far as their state is kept and except for the one with the contracts.
    /// Their transactions are mined again in the order of a hash under `key`, and by another bit of it in the block of
    /// their first height at the earliest or the one after; what finds no place waits in the pool. `None` if there is
    /// no block to replace.
    pub fn reorganise(&mut self, depth: u64, key: &[u8; 32]) -> Option<Reorganised> {
        let last = self.head.number;
        let kept = last.saturating_sub(depth).max(self.networks.len() as u64);
        let kept = kept.max(self.undo.first_key_value().map_or(last, |(oldest, _)| oldest.saturating_sub(1)));
        if kept >= last {
            return None;
        }
        let mut moved: Vec<([u8; 32], u64, Pending)> = Vec::new();
        let mut headers = Vec::new();
        for number in (kept + 1..=last).rev() {
            self.world.revert(self.undo.remove(&number)?);
            headers.push(self.headers.remove(&number)?);
            self.logs.remove(&number);
            for pending in self.mined.remove(&number).unwrap_or_default() {
                self.receipts.remove(&pending.hash);
                let place = blake3::keyed_hash(key, &pending.hash);
                moved.push((place.into(), number + u64::from(place.as_bytes()[31] & 1), pending));
            }
        }
        self.head = *self.headers.get(&kept)?;
        moved.sort_by_key(|(place, ..)| *place);
        let transactions = moved.len();
        for header in headers.into_iter().rev() {
            let (due, later) = moved.into_iter().partition(|(_, height, _)| *height <= header.number);
            moved = later;
            self.take_back(due);
            self.mine(header.timestamp_s);
        }
        self.take_back(moved);
        Some(Reorganised { first: kept + 1, last, transactions })
    }

    fn take_back(&mut self, transactions: Vec<([u8; 32], u64, Pending)>) {
        for (_, _, pending) in transactions {
            let next = self.world.nonce(pending.tx.caller);
            // A nonce that has been taken in the meantime is taken: the account itself sent the other one.
            let _ = self.pool.insert(pending, next);
        }
    }
}
