//! Reads the folders that reports are made of: that of a sweep or of `merge`, and those of `run --out`.

use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::input::{Failure, Manifest, Run, Timing};
use crate::trace::{RECORDS, Record};

/// The results of a sweep.
const RESULTS: &str = "results.jsonl";
/// What ran in a sweep.
const MANIFEST: &str = "sweep.json";
/// Times that passed.
const TIMINGS: &str = "timings.jsonl";
/// What a single run is of.
const RUN: &str = "run.json";
/// The report of a single run.
const REPORT: &str = "report.json";

/// Why there is nothing to report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A file cannot be read.
    #[error("{file}: {source}", file = .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{file}:{line}: {source}", file = .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// There are only parts of a sweep.
    #[error("{folder} has the results of parts of a sweep only; join them first: litsim merge {folder}", folder = .0.display())]
    Shards(PathBuf),
    /// There is nothing.
    #[error(
        "{folder} has no results: expected the folder of a sweep (results.jsonl) or of `run --out` (report.json, or \
         folders with one)",
        folder = .0.display()
    )]
    Nothing(PathBuf),
    /// There is no trace.
    #[error("{folder} has no trace.jsonl: expected the folder of one run that `run --out` wrote", folder = .0.display())]
    NoTrace(PathBuf),
}

/// What a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The folder, as it was given.
    pub folder: PathBuf,
    /// What a sweep is about; none of single runs.
    pub manifest: Option<Manifest>,
    /// What each single run is of, as far as its folder says so.
    pub single: Vec<Manifest>,
    /// The runs, in their order.
    pub runs: Vec<Run>,
    /// The lines that they were read from.
    pub lines: Vec<String>,
    /// The folder of each run, where it has one.
    pub folders: Vec<Option<PathBuf>>,
    /// Times of runs, by scenario, seed and place in a sweep.
    timings: BTreeMap<(String, u64, Option<u64>), Timing>,
}

impl Data {
    /// Reads a folder.
    ///
    /// # Errors
    /// If there are no results in it, or something in it is not what it should be.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let mut data = Self { folder: folder.to_owned(), ..Self::default() };
        if folder.join(RESULTS).is_file() {
            let file = folder.join(RESULTS);
            data.lines = lines(&file)?;
            data.runs = parse(&file, &data.lines)?;
            data.folders = vec![None; data.runs.len()];
            data.manifest = read_if_there(&folder.join(MANIFEST))?;
        } else {
            for run in run_folders(folder)? {
                let file = run.join(REPORT);
                data.single.extend(read_if_there::<Manifest>(&run.join(RUN))?);
                let text = text(&file)?.trim().to_owned();
                for mut read in parse::<Run>(&file, std::slice::from_ref(&text))? {
                    read.failures = failures(&run);
                    data.runs.push(read);
                }
                data.lines.push(text);
                data.folders.push(Some(run));
            }
        }
        if data.runs.is_empty() {
            return Err(if has_shards(folder) {
                ReadError::Shards(folder.to_owned())
            } else {
                ReadError::Nothing(folder.to_owned())
            });
        }
        data.read_timings()?;
        Ok(data)
    }

    fn read_timings(&mut self) -> Result<(), ReadError> {
        // A single run's times are beside its folder.
        let beside = self.folder.parent().map(|parent| parent.join(TIMINGS));
        let own = self.folder.join(TIMINGS);
        let file = if own.is_file() || !self.folder.join(REPORT).is_file() { Some(own) } else { beside };
        let Some(file) = file.filter(|file| file.is_file()) else { return Ok(()) };
        for line in parse::<Value>(&file, &lines(&file)?)? {
            let scenario = line["scenario"].as_str().unwrap_or_default().to_owned();
            let key = (scenario, line["seed"].as_u64().unwrap_or_default(), line["index"].as_u64());
            let micros = |name: &str| line[name].as_u64().unwrap_or_default();
            self.timings.insert(key, Timing { wall_us: micros("wall_us"), cpu_us: micros("cpu_us") });
        }
        Ok(())
    }

    /// The times of a run, if they were taken.
    pub fn timing(&self, run: &Run) -> Option<Timing> {
        self.timings.get(&(run.scenario.clone(), run.seed, run.index)).copied()
    }

    /// Everything that says what was run.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.manifest.iter().chain(&self.single)
    }

    /// The name to show.
    pub fn name(&self) -> String {
        let last = self.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        last.unwrap_or_else(|| self.folder.display().to_string())
    }

    /// Reads a file beside the results as JSON, if it is there and is any.
    pub fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(self.folder.join(name)).ok()?).ok()
    }

    /// Reads a file beside the results, if it is there.
    pub fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }
}

/// Reads the records of a run's folder.
///
/// # Errors
/// If there is no trace, or a line of it is no record.
pub fn records(folder: &Path) -> Result<Vec<Record>, ReadError> {
    let file = folder.join(RECORDS);
    if !file.is_file() {
        return Err(ReadError::NoTrace(folder.to_owned()));
    }
    parse(&file, &lines(&file)?)
}

/// What the capsule in a run's folder says went wrong; nothing if there is none.
fn failures(folder: &Path) -> Vec<Failure> {
    let text = fs::read_to_string(folder.join("capsule.json")).unwrap_or_default();
    let capsule: Value = serde_json::from_str(&text).unwrap_or_default();
    serde_json::from_value(capsule["outcome"]["failures"].clone()).unwrap_or_default()
}

/// The folder itself, or those in it; what links to one of them is not another.
fn run_folders(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if folder.join(REPORT).is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| ReadError::Io { file: folder.to_owned(), source })?.path();
        if !path.is_symlink() && path.join(REPORT).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn has_shards(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("results-") && name.ends_with(".jsonl")
    })
}

fn text(file: &Path) -> Result<String, ReadError> {
    fs::read_to_string(file).map_err(|source| ReadError::Io { file: file.to_owned(), source })
}

fn lines(file: &Path) -> Result<Vec<String>, ReadError> {
    let refuse = |source| ReadError::Io { file: file.to_owned(), source };
    let reader = BufReader::new(File::open(file).map_err(refuse)?);
    reader.lines().collect::<Result<_, _>>().map_err(refuse)
}

fn parse<T: DeserializeOwned>(file: &Path, lines: &[String]) -> Result<Vec<T>, ReadError> {
    let malformed = |line, source| ReadError::Malformed { file: file.to_owned(), line, source };
    (1..).zip(lines).map(|(line, text)| serde_json::from_str(text).map_err(|source| malformed(line, source))).collect()
}

fn read_if_there<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, ReadError> {
    if !file.is_file() {
        return Ok(None);
    }
    let malformed = |source| ReadError::Malformed { file: file.to_owned(), line: 1, source };
    serde_json::from_str(&text(file)?).map(Some).map_err(malformed)
}
