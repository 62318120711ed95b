//! A second look at one run of a sweep in which chance has chosen no passing run for that.
//!
//! Which runs are made twice depends on nothing but the run, so that shards join to what one sweep writes. In a small
//! sweep it may be none of those that pass. Then the first of them is made again when all is done, and compared with
//! the line that stands in the results; the line stays as it is.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use thiserror::Error;

use super::{Done, Line, StoreError, Sweep, Task, once};
use crate::crew::{Crew, NoHands, Post};
use crate::outcome::Engine;

/// Why there was no second look.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The results cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No worker can be started.
    #[error(transparent)]
    Hands(#[from] NoHands),
}

/// A run that came out differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlike {
    /// The run.
    pub task: Task,
    /// The scenario's file.
    pub file: String,
    /// Every edit of it.
    pub edits: Vec<String>,
}

impl fmt::Display for Unlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { task, file, edits } = self;
        let edits = if edits.is_empty() { String::new() } else { format!(" with {}", edits.join(", ")) };
        write!(f, "run {} of {file}{edits} under seed {} came out differently the second time", task.index, task.seed)
    }
}

/// Makes the run that has this place in the results of the shard, from 0, once more in a fresh process; how it differs,
/// if it does.
///
/// # Errors
/// If the results cannot be read, or no worker can be started.
pub fn audit(
    sweep: &Sweep,
    (engine, crew): (&dyn Engine, &dyn Crew),
    results: &Path,
    place: u64,
) -> Result<Option<Unlike>, AuditError> {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let Some(task) = sweep.tasks().nth(place) else { return Ok(None) };
    let file = File::open(results).map_err(StoreError::io("read", results))?;
    let first = BufReader::new(file).lines().nth(place).transpose().map_err(StoreError::io("read", results))?;
    let result = once(sweep, engine, &mut Post::new(crew), task)?;
    if first.is_some_and(|first| first == Line::new(sweep, Done { task, result, again: false }).text) {
        return Ok(None);
    }
    let bundle = &sweep.cases[task.case].bundle;
    Ok(Some(Unlike { task, file: bundle.origin.clone(), edits: bundle.edits.clone() }))
}
