//! Where two traces part.

use std::fmt;
use thiserror::Error;

use super::{CHECKPOINT_RECORDS, Checkpoint, Record, Trace};

/// How many common records are shown before the first that differs.
const CONTEXT_RECORDS: usize = 5;

/// A trace whose records can be read block by block.
pub trait Records {
    /// Checkpoints, ascending; the last covers every record.
    ///
    /// # Errors
    /// If they cannot be read.
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, DiffError>;

    /// The records from `first` (counted from 0), at most `count`.
    ///
    /// # Errors
    /// If they cannot be read, or were not kept.
    fn records(&self, first: u64, count: u64) -> Result<Vec<Record>, DiffError>;
}

/// Why two traces cannot be compared.
#[derive(Debug, Error)]
pub enum DiffError {
    /// The digests differ, but the records there are gone.
    #[error("the records from {0} on were not kept; run with --out to keep all")]
    NotKept(u64),
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{file}:{line}: {source}")]
    Malformed {
        /// The file.
        file: String,
        /// Line, from 1.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// A folder's checkpoints and records contradict each other.
    #[error("the checkpoints differ but the records after {0} do not: a trace file was changed")]
    Inconsistent(u64),
}

/// The first difference of two traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Its position, from 0.
    pub index: u64,
    /// What both did just before, oldest first.
    pub context: Vec<Record>,
    /// What the first trace has there; none if it ends.
    pub left: Option<Record>,
    /// What the second trace has there; none if it ends.
    pub right: Option<Record>,
}

impl Records for Trace {
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, DiffError> {
        Ok(self.checkpoints())
    }

    fn records(&self, first: u64, count: u64) -> Result<Vec<Record>, DiffError> {
        let dropped = self.count - self.kept.len() as u64;
        let skip = first.checked_sub(dropped).ok_or(DiffError::NotKept(first))?;
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let take = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(self.kept.iter().skip(skip).take(take).cloned().collect())
    }
}

/// Finds the first record in which two traces differ; none if they are equal.
///
/// Digests are chained: once two traces part, no later checkpoint agrees, so the last common one is found by bisection.
///
/// # Errors
/// If one of the traces cannot be read where they part.
pub fn diff(left: &dyn Records, right: &dyn Records) -> Result<Option<Divergence>, DiffError> {
    let (ours, theirs) = (left.checkpoints()?, right.checkpoints()?);
    if ours.last() == theirs.last() {
        return Ok(None);
    }
    let common = ours.len().min(theirs.len());
    let agreeing = partition_point(common, |index| ours[index] == theirs[index]);
    let start = if agreeing == 0 { 0 } else { ours[agreeing - 1].records };
    // One more than a block: a trace that ends at a checkpoint differs from a longer one just after it.
    let (a, b) = (left.records(start, CHECKPOINT_RECORDS + 1)?, right.records(start, CHECKPOINT_RECORDS + 1)?);
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    if same == a.len() && same == b.len() {
        return Err(DiffError::Inconsistent(start));
    }
    let context = a[same.saturating_sub(CONTEXT_RECORDS)..same].to_vec();
    Ok(Some(Divergence {
        index: start + same as u64,
        context,
        left: a.get(same).cloned(),
        right: b.get(same).cloned(),
    }))
}

/// The number of leading indices below `len` for which `holds`, which holds for no index after one it fails for.
fn partition_point(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "first difference at record {}", self.index)?;
        for record in &self.context {
            writeln!(f, "    {record}")?;
        }
        let side = |record: &Option<Record>| record.as_ref().map_or("(the trace ends)".to_owned(), Record::to_string);
        writeln!(f, "  < {}", side(&self.left))?;
        write!(f, "  > {}", side(&self.right))
    }
}
