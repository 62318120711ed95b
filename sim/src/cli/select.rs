//! Which scenario files a command means.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why an argument selects nothing.
#[derive(Debug, Error)]
pub(super) enum SelectError {
    /// It matches no file.
    #[error(
        "{0} selects no scenario; expected a .toml file, a folder of them, or a pattern such as 'scenarios/*.toml'"
    )]
    Nothing(String),
    /// It is no pattern.
    #[error("{0} is no pattern: {1}")]
    Pattern(String, glob::PatternError),
    /// A folder cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
}

/// The folder of scenarios that have failed before.
const REGRESSIONS: &str = "regressions";

/// The files that the arguments select, each once: regressions, then those of the first argument; folders and patterns
/// sorted.
pub(super) fn select(arguments: &[String]) -> Result<Vec<PathBuf>, SelectError> {
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for argument in arguments {
        let found = of(argument)?;
        if found.is_empty() {
            return Err(SelectError::Nothing(argument.clone()));
        }
        files.extend(found.into_iter().filter(|file| seen.insert(file.clone())));
    }
    // What has gone wrong before is likeliest to go wrong again.
    files.sort_by_key(|file| !file.parent().is_some_and(|folder| folder.ends_with(REGRESSIONS)));
    Ok(files)
}

fn of(argument: &str) -> Result<Vec<PathBuf>, SelectError> {
    let path = Path::new(argument);
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    if path.is_dir() {
        walk(path, &mut files)?;
    } else {
        let matches = glob::glob(argument).map_err(|error| SelectError::Pattern(argument.to_owned(), error))?;
        for entry in matches {
            let path = entry.map_err(|error| SelectError::Read(error.path().to_owned(), error.into()))?;
            if path.is_dir() {
                walk(&path, &mut files)?;
            } else {
                files.push(path);
            }
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SelectError> {
    let refuse = |error| SelectError::Read(folder.to_owned(), error);
    for entry in std::fs::read_dir(folder).map_err(refuse)? {
        let entry = entry.map_err(refuse)?;
        // Not through symbolic links: they may lead in circles.
        if entry.file_type().map_err(refuse)?.is_dir() {
            walk(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
