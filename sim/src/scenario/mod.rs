//! Scenario files: TOML, read into raw sections, checked, and turned into a [`Scenario`].
//!
//! Every error names file, line and column, shows the line, and says what was expected.

mod check;
mod check_act;
mod check_fault;
mod diagnostic;
mod label;
mod latency;
mod model;
mod params;
mod raw;
mod raw_act;
mod schema;
mod source;
mod tree;
mod value;

use serde::Deserialize;
use std::path::{Path, PathBuf};
use thiserror::Error;

pub(crate) use diagnostic::closest;
pub use diagnostic::{Diagnostic, Diagnostics};
pub use model::*;
pub use params::{BadReference, Params, Reference};
pub use schema::schema;
pub use source::Place;

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
    let bytes = std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(parse(&path.display().to_string(), &bytes, folder, edits)?)
}

/// Checks the bytes of a scenario file. `origin` is its name in messages; actions are read relative to `folder`.
///
/// # Errors
/// If the bytes are no valid scenario.
pub fn parse(origin: &str, bytes: &[u8], folder: &Path, edits: &[String]) -> Result<Scenario, Diagnostics> {
    let text = String::from_utf8_lossy(bytes);
    let mut source = source::Source::new(origin, &text);
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let diagnostic = Diagnostic::new(&source, &(at..at + 1), "this is no UTF-8 text");
        return Err(Diagnostics(vec![diagnostic.expected("TOML, which is UTF-8")]));
    }
    tree::append_edits(&mut source, edits);
    let tree = tree::parse(&source)?;
    let file = raw::File::deserialize(toml::Deserializer::from(tree))
        .map_err(|error| Diagnostics(vec![Diagnostic::from_toml(&source, &error)]))?;
    check::check(&source, folder, file)
}

#[cfg(test)]
mod tests;
