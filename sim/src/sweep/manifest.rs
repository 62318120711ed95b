//! What a folder of results is about. A folder is gone on with, and shards are joined, only if this is the same.

use serde::{Deserialize, Serialize};

use super::{Share, Sweep};
use crate::trace::hex32;

/// The version of the folder's format.
const FORMAT: u32 = 1;

/// `sweep.json`, or `sweep-m-of-n.json` of a shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// The build: runs of another one may come to something else.
    pub build: String,
    /// The part that the results beside it are.
    pub partition: Share,
    /// How many runs the whole sweep has.
    pub runs: u64,
    /// Whether operations were counted.
    pub profile: bool,
    /// What runs, in order.
    pub cases: Vec<CaseEntry>,
}

/// A case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseEntry {
    /// The scenario's file, as it was given.
    pub file: String,
    /// The scenario's name.
    pub scenario: String,
    /// Every edit of it, those of axes first.
    pub edits: Vec<String>,
    /// The values of the axes.
    pub axes: serde_json::Map<String, serde_json::Value>,
    /// Where triples come from.
    pub preprocessing: String,
    /// Digest of the scenario with all that it names.
    #[serde(with = "hex32")]
    pub digest: [u8; 32],
    /// The first and the last seed.
    pub seeds: [u64; 2],
}

impl Manifest {
    /// Of a sweep under a build.
    pub fn new(sweep: &Sweep, build: String) -> Self {
        let case = |case: &super::Case| CaseEntry {
            file: case.file.display().to_string(),
            scenario: case.scenario.name.clone(),
            edits: case.bundle.edits.clone(),
            axes: case.axes.clone(),
            preprocessing: case.scenario.keys.preprocessing.name().to_owned(),
            digest: case.digest,
            seeds: [case.seeds.first, case.seeds.last],
        };
        Self {
            format: FORMAT,
            build,
            partition: sweep.share,
            runs: sweep.total(),
            profile: sweep.profile,
            cases: sweep.cases.iter().map(case).collect(),
        }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", serde_json::to_value(self).unwrap_or_default())
    }

    /// What tells the sweep from others: the same for all its shards.
    pub fn identity(&self) -> String {
        let whole = Self { partition: Share(None), ..self.clone() };
        blake3::hash(whole.to_json().as_bytes()).to_hex().to_string()
    }

    /// What differs from another sweep, in words; none if they are the same, whichever shards of it.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.build != other.build {
            Some("another build")
        } else if self.cases.iter().map(|case| case.digest).ne(other.cases.iter().map(|case| case.digest)) {
            Some("other scenarios, or other values of them")
        } else if self.cases != other.cases || self.runs != other.runs {
            Some("other seeds")
        } else if self.profile != other.profile || self.format != other.format {
            Some("other options")
        } else {
            None
        }
    }
}
