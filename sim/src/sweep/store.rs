//! The folder of a sweep's results. Whatever ends the program, the folder can be gone on with.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::{Head, Line, Manifest, Sweep};

/// What names the sweep of a folder.
const MANIFEST: &str = "sweep";
/// One line for each run.
const RESULTS: &str = "results";
/// Times that passed, apart from all that is deterministic.
const TIMINGS: &str = "timings";

/// Why a folder cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Something cannot be read or written.
    #[error("cannot {what} {path}: {source}", path = .path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has results of something else.
    #[error(
        "{path} belongs to another sweep ({what}); expected an empty folder, or the one in which this sweep was begun",
        path = .path.display()
    )]
    Foreign {
        /// The file that says so.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// Results without anything that says of what.
    #[error("{path} is there, and nothing beside it says which sweep it is of; expected an empty folder", path = .path.display())]
    Orphan {
        /// The results.
        path: PathBuf,
    },
    /// A line in the midst of the results is none of this sweep's.
    #[error("{path}:{line}: this is not what this sweep writes; remove the file to begin anew", path = .path.display())]
    Damaged {
        /// The results.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// Another process writes to it.
    #[error("{path} is in use by another sweep", path = .path.display())]
    Busy {
        /// The results.
        path: PathBuf,
    },
}

impl StoreError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// A folder that is being written to.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    results_path: PathBuf,
    results: File,
    timings_path: PathBuf,
    timings: File,
}

/// The names of a share's files.
pub(super) fn manifest_path(folder: &Path, manifest: &Manifest) -> PathBuf {
    folder.join(format!("{MANIFEST}{}.json", manifest.partition.suffix()))
}

pub(super) fn results_path(folder: &Path, manifest: &Manifest) -> PathBuf {
    folder.join(format!("{RESULTS}{}.jsonl", manifest.partition.suffix()))
}

pub(super) fn timings_path(folder: &Path, manifest: &Manifest) -> PathBuf {
    folder.join(format!("{TIMINGS}{}.jsonl", manifest.partition.suffix()))
}

/// The manifests in a folder, of whichever shards, by name.
pub(super) fn manifests(folder: &Path) -> Result<Vec<(PathBuf, Option<Manifest>)>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(StoreError::io("read", folder))? {
        let path = entry.map_err(StoreError::io("read", folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(".json").unwrap_or_default();
        if stem == MANIFEST || stem.starts_with("sweep-") && stem.contains("-of-") {
            let text = fs::read(&path).map_err(StoreError::io("read", &path))?;
            found.push((path, serde_json::from_slice(&text).ok()));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// Makes a folder, and sees that files can be made in it: who cannot keep what comes of hours of work should not begin.
///
/// # Errors
/// If that is impossible.
pub fn probe(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    let file = folder.join(format!(".probe-{}", std::process::id()));
    fs::write(&file, "may be removed\n").map_err(StoreError::io("write into the folder", folder))?;
    fs::remove_file(&file).map_err(StoreError::io("write into the folder", folder))
}

/// Writes a file so that it is there as a whole, or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), StoreError> {
    let early = path.with_extension(format!("new-{}", std::process::id()));
    fs::write(&early, text).map_err(StoreError::io("write", &early))?;
    fs::rename(&early, path).map_err(StoreError::io("write", path))
}

impl Store {
    /// Begins a folder, or goes on with it: `seen` is given the head of each line that is there, and what was torn off
    /// in its midst is cut away.
    ///
    /// # Errors
    /// If it cannot be written to, belongs to something else, or is damaged.
    pub fn open(
        folder: &Path,
        sweep: &Sweep,
        manifest: &Manifest,
        seen: &mut dyn FnMut(&Head),
    ) -> Result<Self, StoreError> {
        probe(folder)?;
        let (results_path, timings_path) = (results_path(folder, manifest), timings_path(folder, manifest));
        let mut is_ours = false;
        for (path, found) in manifests(folder)? {
            let difference = found.as_ref().map_or(Some("its description cannot be read"), |m| m.difference(manifest));
            if let Some(what) = difference {
                return Err(StoreError::Foreign { path, what });
            }
            if let Some(found) = found.filter(|found| found.partition.suffix() == manifest.partition.suffix()) {
                if found.partition != manifest.partition {
                    return Err(StoreError::Foreign { path, what: "another kind of partition" });
                }
                is_ours = true;
            }
        }
        if !is_ours && results_path.exists() {
            return Err(StoreError::Orphan { path: results_path });
        }
        if !is_ours {
            write_whole(&manifest_path(folder, manifest), &manifest.to_json())?;
        }
        let mut results = open(&results_path)?;
        match results.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: results_path }),
            // Where there are no locks, nobody is kept out.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let whole = read_back(&results_path, &results, sweep, seen)?;
        cut(&mut results, whole).map_err(StoreError::io("write", &results_path))?;
        let mut timings = open(&timings_path)?;
        let whole = whole_lines(&timings).map_err(StoreError::io("read", &timings_path))?;
        cut(&mut timings, whole).map_err(StoreError::io("write", &timings_path))?;
        Ok(Self { folder: folder.to_owned(), results_path, results, timings_path, timings })
    }

    /// The file of the results.
    pub fn results_path(&self) -> &Path {
        &self.results_path
    }

    /// Adds a result: the capsule first, so that no line names one that is not there.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn add(&mut self, line: &Line) -> Result<(), StoreError> {
        if let Some((name, text)) = &line.capsule {
            let path = self.folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(StoreError::io("make the folder", parent))?;
            }
            write_whole(&path, text)?;
        }
        self.timings
            .write_all(format!("{}\n", line.timing).as_bytes())
            .map_err(StoreError::io("write", &self.timings_path))?;
        self.results
            .write_all(format!("{}\n", line.text).as_bytes())
            .map_err(StoreError::io("write", &self.results_path))
    }
}

fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(StoreError::io("write", path))
}

/// Ends a file there, and goes on writing from there.
fn cut(file: &mut File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length)).map(|_| ())
}

/// Reads the lines that are there, and compares them with what this sweep would write. Returns how many bytes of the
/// file are whole lines of it.
fn read_back(path: &Path, file: &File, sweep: &Sweep, seen: &mut dyn FnMut(&Head)) -> Result<u64, StoreError> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut number, mut tasks) = (0, 0, sweep.tasks());
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(StoreError::io("read", path))?;
        if length == 0 {
            return Ok(whole);
        }
        number += 1;
        let head = line.ends_with(b"\n").then(|| serde_json::from_slice::<Head>(&line).ok()).flatten();
        let is_last = reader.fill_buf().is_ok_and(<[u8]>::is_empty);
        match (head, tasks.next()) {
            (Some(head), Some(task)) if (head.index, head.seed) == (task.index, task.seed) => seen(&head),
            // The program was ended while it wrote this.
            (None, Some(_)) if is_last => return Ok(whole),
            _ => return Err(StoreError::Damaged { path: path.to_owned(), line: number }),
        }
        whole += length as u64;
    }
}

/// How many bytes of a file are whole lines.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(whole);
        }
        whole += length as u64;
    }
}
