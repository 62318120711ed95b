//! Joins the results of shards to what one sweep over everything would have written.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::store::{manifest_path, manifests, results_path, timings_path, write_whole};
use super::{Head, Manifest, Partition, Share, StoreError, Summary};

/// Why shards cannot be joined.
#[derive(Debug, Error)]
pub enum MergeError {
    /// A folder cannot be read, or the result not written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error(
        "{folder} holds no shard of a sweep; expected sweep-M-of-N.json with results-M-of-N.jsonl",
        folder = .folder.display()
    )]
    None {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is no description of a sweep.
    #[error("{path} cannot be read as the description of a sweep", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// Two shards are of different sweeps.
    #[error("{second} is of another sweep than {first} ({what})", first = .first.display(), second = .second.display())]
    Foreign {
        /// One shard.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// Some shards are not there.
    #[error("{} of {n} shards are missing: {}", missing.len(), list(missing))]
    Missing {
        /// Which, from 1.
        missing: Vec<u64>,
        /// How many there should be.
        n: u64,
    },
    /// The same shard is there twice.
    #[error("{first} and {second} are the same shard", first = .first.display(), second = .second.display())]
    Twice {
        /// Once.
        first: PathBuf,
        /// And again.
        second: PathBuf,
    },
    /// A shard does not have all its runs.
    #[error("{path} is not complete: run {index} is missing; start that shard again to go on with it", path = .path.display())]
    Incomplete {
        /// Its results.
        path: PathBuf,
        /// The first run that is missing.
        index: u64,
    },
    /// A line is none of the shard's.
    #[error("{path}:{line}: this is not what this shard writes", path = .path.display())]
    Damaged {
        /// Its results.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// What came of it.
#[derive(Debug)]
pub struct Merged {
    /// The file.
    pub results: PathBuf,
    /// How many shards it is made of.
    pub shards: usize,
    /// What the sweep came to.
    pub summary: Summary,
}

struct Shard {
    folder: PathBuf,
    path: PathBuf,
    manifest: Manifest,
    part: Partition,
}

/// Joins all shards in these folders into `out`.
///
/// # Errors
/// If shards are missing, incomplete, or of different sweeps, or `out` cannot be written to.
pub fn merge(folders: &[PathBuf], out: &Path) -> Result<Merged, MergeError> {
    let shards = shards(folders)?;
    let whole = Manifest { partition: Share(None), ..shards[0].manifest.clone() };
    fs::create_dir_all(out).map_err(StoreError::io("make the folder", out))?;
    for (path, found) in manifests(out)? {
        let found = found.ok_or_else(|| MergeError::Unreadable { path: path.clone() })?;
        if let Some(what) = found.difference(&whole) {
            return Err(StoreError::Foreign { path, what }.into());
        }
    }
    let results = results_path(out, &whole);
    let early = results.with_extension(format!("new-{}", std::process::id()));
    let summary = join(&shards, whole.runs, &early, out).inspect_err(|_| {
        // Half a result is none.
        let _ = fs::remove_file(&early);
    })?;
    write_whole(&manifest_path(out, &whole), &whole.to_json())?;
    join_timings(&shards, &timings_path(out, &whole))?;
    fs::rename(&early, &results).map_err(StoreError::io("write", &results))?;
    Ok(Merged { results, shards: shards.len(), summary })
}

/// All shards, each once, in order.
fn shards(folders: &[PathBuf]) -> Result<Vec<Shard>, MergeError> {
    let mut shards: Vec<Shard> = Vec::new();
    for folder in folders {
        let before = shards.len();
        for (path, manifest) in manifests(folder)? {
            let manifest = manifest.ok_or_else(|| MergeError::Unreadable { path: path.clone() })?;
            if let Some(part) = manifest.partition.0 {
                shards.push(Shard { folder: folder.clone(), path, manifest, part });
            }
        }
        if shards.len() == before {
            return Err(MergeError::None { folder: folder.clone() });
        }
    }
    shards.sort_by_key(|shard| shard.part.m);
    let Some(first) = shards.first() else { return Err(MergeError::None { folder: PathBuf::new() }) };
    for pair in shards.windows(2) {
        let [one, other] = pair else { continue };
        let (first, second) = (one.path.clone(), other.path.clone());
        if let Some(what) = one.manifest.difference(&other.manifest) {
            return Err(MergeError::Foreign { first, second, what });
        }
        if (one.part.by, one.part.n) != (other.part.by, other.part.n) {
            return Err(MergeError::Foreign { first, second, what: "another partition" });
        }
        if one.part.m == other.part.m {
            return Err(MergeError::Twice { first, second });
        }
    }
    let n = first.part.n;
    // As many as anybody wants to read about.
    let missing: Vec<u64> = (1..=n).filter(|m| !shards.iter().any(|shard| shard.part.m == *m)).take(100).collect();
    if missing.is_empty() { Ok(shards) } else { Err(MergeError::Missing { missing, n }) }
}

/// A shard's results, read one ahead.
struct Reader {
    path: PathBuf,
    lines: BufReader<File>,
    number: u64,
    next: Option<(Head, Vec<u8>)>,
}

impl Reader {
    fn new(shard: &Shard) -> Result<Self, MergeError> {
        let path = results_path(&shard.folder, &shard.manifest);
        let lines = BufReader::new(File::open(&path).map_err(StoreError::io("read", &path))?);
        let mut reader = Self { path, lines, number: 0, next: None };
        reader.advance()?;
        Ok(reader)
    }

    fn advance(&mut self) -> Result<(), MergeError> {
        let mut line = Vec::new();
        let length = self.lines.read_until(b'\n', &mut line).map_err(StoreError::io("read", &self.path))?;
        self.number += 1;
        // A torn line is none: the shard is not complete then.
        self.next = if length == 0 || !line.ends_with(b"\n") {
            None
        } else {
            let damaged = || MergeError::Damaged { path: self.path.clone(), line: self.number };
            Some((serde_json::from_slice(&line).map_err(|_| damaged())?, line))
        };
        Ok(())
    }
}

/// Writes all lines in order, and takes the capsules along.
fn join(shards: &[Shard], runs: u64, to: &Path, out: &Path) -> Result<Summary, MergeError> {
    let mut readers = shards.iter().map(Reader::new).collect::<Result<Vec<_>, _>>()?;
    let mut file = BufWriter::new(File::create(to).map_err(StoreError::io("write", to))?);
    let mut summary = Summary::default();
    for index in 0..runs {
        let is_next = |reader: &Reader| reader.next.as_ref().is_some_and(|(head, _)| head.index == index);
        let Some(at) = readers.iter().position(is_next) else {
            return Err(missing(shards, &readers, index));
        };
        let Some((head, line)) = readers[at].next.take() else { continue };
        file.write_all(&line).map_err(StoreError::io("write", to))?;
        if let Some(name) = &head.capsule {
            take_along(&shards[at].folder.join(name), &out.join(name))?;
        }
        summary.add(&head);
        readers[at].advance()?;
    }
    if let Some(reader) = readers.iter().find(|reader| reader.next.is_some()) {
        return Err(MergeError::Damaged { path: reader.path.clone(), line: reader.number });
    }
    file.flush().map_err(StoreError::io("write", to))?;
    Ok(summary)
}

/// Whose run is missing: by turns it is clear whose turn it is, by hashes it is somebody who has come to an end.
fn missing(shards: &[Shard], readers: &[Reader], index: u64) -> MergeError {
    let is_its =
        |shard: &Shard| shard.part.by == super::partition::By::Slice && Share(Some(shard.part)).holds(index, 0);
    let by_turn = shards.iter().position(is_its);
    let at = by_turn.or_else(|| readers.iter().position(|reader| reader.next.is_none())).unwrap_or(0);
    match &readers[at].next {
        None => MergeError::Incomplete { path: readers[at].path.clone(), index },
        Some(_) => MergeError::Damaged { path: readers[at].path.clone(), line: readers[at].number },
    }
}

/// Copies a file, unless it is there already because both folders are one.
fn take_along(from: &Path, to: &Path) -> Result<(), StoreError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(StoreError::io("make the folder", parent))?;
    }
    let text = fs::read(from).map_err(StoreError::io("read", from))?;
    if fs::read(to).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(to, text).map_err(StoreError::io("write", to))
}

/// One shard's after the other's: nothing about times is in any order.
fn join_timings(shards: &[Shard], to: &Path) -> Result<(), StoreError> {
    let mut file = File::create(to).map_err(StoreError::io("write", to))?;
    for shard in shards {
        let path = timings_path(&shard.folder, &shard.manifest);
        let mut from = File::open(&path).map_err(StoreError::io("read", &path))?;
        io::copy(&mut from, &mut file).map_err(StoreError::io("write", to))?;
    }
    Ok(())
}
