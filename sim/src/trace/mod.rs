//! The trace of a run: a BLAKE3 chain over canonical records, with checkpoints.
//!
//! Two runs agree exactly if their digests do. Where they do not, [`diff`] bisects over the checkpoints to the first
//! record that differs.

mod diff;
mod folder;
mod record;

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

pub use diff::{DiffError, Divergence, Records, diff};
pub use folder::{CHECKPOINTS, RECORDS, RunFolder, write};
pub use record::{Actor, Kind, Payload, Record};

/// How many records lie between two checkpoints.
pub const CHECKPOINT_RECORDS: u64 = 1024;

/// Which records a trace keeps. The digest covers all of them in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// None.
    #[default]
    Nothing,
    /// The last so many.
    Last(usize),
    /// All.
    All,
}

/// The digest of everything up to some record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// How many records it covers.
    pub records: u64,
    /// The chain's value there.
    #[serde(with = "hex32")]
    pub digest: [u8; 32],
}

/// A trace while it is written, and after.
#[derive(Clone, Debug)]
pub struct Trace {
    retention: Retention,
    kept: VecDeque<Record>,
    count: u64,
    checkpoints: Vec<Checkpoint>,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

impl Trace {
    /// An empty trace.
    pub fn new(retention: Retention) -> Self {
        Self {
            retention,
            kept: VecDeque::new(),
            count: 0,
            checkpoints: Vec::new(),
            hasher: link(&[0; 32]),
            buffer: Vec::new(),
        }
    }

    /// Appends a record.
    pub fn push(&mut self, record: Record) {
        self.buffer.clear();
        record.encode(&mut self.buffer);
        self.hasher.update(&self.buffer);
        self.count += 1;
        match self.retention {
            Retention::Nothing => {}
            Retention::All => self.kept.push_back(record),
            Retention::Last(most) => {
                self.kept.push_back(record);
                while self.kept.len() > most {
                    self.kept.pop_front();
                }
            }
        }
        if self.count.is_multiple_of(CHECKPOINT_RECORDS) {
            let digest = self.digest();
            self.checkpoints.push(Checkpoint { records: self.count, digest });
            self.hasher = link(&digest);
        }
    }

    /// The chain's value over all records so far.
    pub fn digest(&self) -> [u8; 32] {
        if self.count > 0 && self.count.is_multiple_of(CHECKPOINT_RECORDS) && !self.checkpoints.is_empty() {
            let last = self.checkpoints[self.checkpoints.len() - 1];
            if last.records == self.count {
                return last.digest;
            }
        }
        *self.hasher.finalize().as_bytes()
    }

    /// How many records there are, kept or not.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records that were kept, oldest first.
    pub fn kept(&self) -> impl ExactSizeIterator<Item = &Record> {
        self.kept.iter()
    }

    /// Checkpoints at every [`CHECKPOINT_RECORDS`] records, then one at the end.
    pub fn checkpoints(&self) -> Vec<Checkpoint> {
        let mut list = self.checkpoints.clone();
        if list.last().is_none_or(|last| last.records < self.count) {
            list.push(Checkpoint { records: self.count, digest: self.digest() });
        }
        list
    }
}

/// Starts the hash of a block of records, bound to all earlier blocks.
fn link(previous: &[u8; 32]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher
}

/// Hashes in JSON: 0x-hex.
pub(crate) mod hex32 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("0x{}", hex::encode(bytes)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(d)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("not 0x-hex"))?;
        let bytes = hex::decode(digits).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("not 32 bytes"))
    }
}

#[cfg(test)]
mod tests;
