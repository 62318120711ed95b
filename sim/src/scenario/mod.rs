//! Scenario files: TOML, read into raw sections, checked, and turned into a [`Scenario`].
//!
//! Every error names file, line and column, shows the line, and says what was expected.

mod auth;
mod bundle;
mod check;
mod check_act;
mod check_auth;
mod check_fault;
mod check_lie;
mod check_machine;
mod count;
mod diagnostic;
mod label;
mod latency;
mod model;
mod params;
mod raw;
mod raw_act;
mod schema;
mod seeds;
mod source;
mod tree;
mod value;
mod write;

use std::path::{Path, PathBuf};
use thiserror::Error;

pub use bundle::{Bundle, Files, Vocabulary};
pub(crate) use diagnostic::closest;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use model::*;
pub use params::{BadReference, Params, Reference};
pub use raw::DELTA_MS_DEFAULT;
pub use schema::schema;
pub use seeds::{BadSeeds, Seeds};
pub use source::Place;
pub use write::write;

/// Why there is no scenario.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
}

/// Reads and checks a scenario file, after applying `edits` (`path=value`) to it.
///
/// # Errors
/// If the file cannot be read, or is no valid scenario; then all faults that one pass finds are listed.
pub fn load(path: &Path, edits: &[String]) -> Result<Scenario, LoadError> {
    Ok(Bundle::read(path, edits, Vocabulary::LIT)?.0)
}

/// Checks the bytes of a scenario file. `origin` is its name in messages; actions are read relative to `folder`.
///
/// # Errors
/// If the bytes are no valid scenario.
pub fn parse(origin: &str, bytes: &[u8], folder: &Path, edits: &[String]) -> Result<Scenario, Diagnostics> {
    Ok(bundle::parse(origin, bytes, edits, Files::Folder(folder), Vocabulary::LIT)?.0)
}

#[cfg(test)]
mod tests;
