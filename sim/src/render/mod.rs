//! Reports of many runs, made from the folders that sweeps and `run --out` write: a page, JUnit, Markdown. What the
//! folder says is all that goes into them, and the same folder gives the same bytes.

mod columns;
mod escape;
mod failures;
mod flow;
mod folder;
mod input;
mod junit;
mod markdown;
mod page;
mod plots;
mod recovery;
mod sections;
mod stats;
mod sums;
mod svg;

pub use flow::{Hop, hops};
pub use folder::{Data, ReadError, records};
pub use input::{Blame, Case, Culprit, Failure, Faults, Manifest, Request, Run, Signature, Timing, Violation};
pub use junit::junit;
pub use markdown::markdown;
pub use page::html;

/// Puts a fault of a plan, as capsules have it, in words; none if it is not one.
pub type Describe = fn(&serde_json::Value) -> Option<String>;

/// What a report says of the program that writes it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The version of the program.
    pub version: String,
    /// Its build.
    pub build: String,
    /// The commit that it is built from, if whoever built it said so.
    pub commit: String,
    /// The compiler that it is built with.
    pub toolchain: String,
    /// How it is started, for lines to copy.
    pub program: String,
    /// The names of its oracles.
    pub oracles: Vec<String>,
    /// What counted operations cost: name, picoseconds.
    pub costs: Vec<(String, u64)>,
    /// How a fault of a plan is put in words.
    pub describe: Option<Describe>,
}

#[cfg(test)]
mod tests;
