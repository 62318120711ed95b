//! Scenarios that have reached something which none before them had.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::Candidate;
use crate::capsule::normalise;
use crate::generic::Genome;

/// What a file of a corpus begins with; genome and seed follow.
const HEAD: &str = "# drawn from ";
const UNDER: &str = " under seed ";

/// A scenario of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is drawn from.
    pub genome: Genome,
    /// The seed of its run.
    pub seed: u32,
    /// How many throws drawing it took.
    pub throws: u32,
}

/// Why a folder is no corpus.
#[derive(Debug, Error)]
pub enum CorpusError {
    /// It cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file in it says of itself that it belongs there, and cannot be read.
    #[error("{path}:1: {what}", path = .path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What has been reached, and by what.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The scenarios, oldest first.
    pub entries: Vec<Entry>,
    /// Their texts, by name, for those that no folder has yet.
    fresh: Vec<(String, String)>,
    seen: BTreeSet<String>,
}

/// A scenario's name.
pub(super) fn name(genome: &Genome, seed: u32) -> String {
    let hash = blake3::hash(format!("{genome}/{seed}").as_bytes()).to_hex();
    format!("fuzz-{}", hash.get(..12).unwrap_or_default())
}

impl Corpus {
    /// How many different things have been reached.
    pub fn reached(&self) -> usize {
        self.seen.len()
    }

    /// Keeps a scenario whose run has reached something new.
    pub(super) fn look(&mut self, candidate: &Candidate, report: &str) {
        let Ok(report) = serde_json::from_str(report) else { return };
        let before = self.seen.len();
        self.seen.extend(reached(&report));
        if self.seen.len() == before {
            return;
        }
        let Candidate { genome, seed, throws, bundle } = candidate;
        self.entries.push(Entry { genome: genome.clone(), seed: *seed, throws: *throws });
        let text = format!("{HEAD}{genome}{UNDER}{seed}\n{}", bundle.text);
        self.fresh.push((name(genome, *seed), text));
    }

    /// Reads what a folder holds; nothing if it is not there. Files that are not of a corpus are let be.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn read(folder: &Path) -> Result<Vec<Entry>, CorpusError> {
        let refuse = |path: &Path, source| CorpusError::Io { path: path.to_owned(), source };
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|source| refuse(folder, source))? {
            paths.push(entry.map_err(|source| refuse(folder, source))?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        let mut entries = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|source| refuse(&path, source))?;
            let Some(head) = text.lines().next().and_then(|line| line.strip_prefix(HEAD)) else { continue };
            let wrong = |what: String| CorpusError::Entry { path: path.clone(), what };
            let (genome, seed) = head.split_once(UNDER).ok_or_else(|| wrong("the seed is missing".to_owned()))?;
            let genome = genome.parse().map_err(|error| wrong(format!("{error}")))?;
            let seed = seed.trim().parse().map_err(|error| wrong(format!("the seed: {error}")))?;
            entries.push(Entry { genome, seed, throws: 0 });
        }
        Ok(entries)
    }

    /// Writes what is new into a folder.
    ///
    /// # Errors
    /// If that is impossible.
    pub fn write(&self, folder: &Path) -> Result<(), CorpusError> {
        let refuse = |path: &Path, source| CorpusError::Io { path: path.to_owned(), source };
        fs::create_dir_all(folder).map_err(|source| refuse(folder, source))?;
        for (name, text) in &self.fresh {
            let path = folder.join(format!("{name}.toml"));
            fs::write(&path, text).map_err(|source| refuse(&path, source))?;
        }
        Ok(())
    }
}

/// What a run has reached: which branches were taken how many times (to a power of four), how requests ended, what was
/// proved against whom.
fn reached(report: &Value) -> Vec<String> {
    let marks = report["marks"].as_object().into_iter().flatten();
    let marks = marks.filter(|(mark, _)| !mark.starts_with("fault ")).map(|(mark, hits)| {
        let hits = hits.as_u64().unwrap_or_default().max(1);
        format!("mark {mark} {}", hits.ilog2() / 2)
    });
    let text = |value: &Value| normalise(value.as_str().unwrap_or_default());
    let requests = report["requests"].as_array().into_iter().flatten();
    let requests = requests.map(|request| format!("request {} {}", text(&request["kind"]), text(&request["outcome"])));
    let culprits = report["culprits"].as_array().into_iter().flatten();
    let culprits = culprits.map(|culprit| format!("culprit {}", text(&culprit["evidence"])));
    marks.chain(requests).chain(culprits).collect()
}
