//! What a folder of results is about. A folder is gone on with, and shards are joined, only if this is the same.

use serde::{Deserialize, Serialize};

use super::{Case, Share, Sweep};
use crate::capsule::COMMIT;
use crate::scenario::{Bundle, Scenario};
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
    /// The commit that the program was built from, if whoever built it said so. It tells no sweep from another.
    #[serde(default)]
    pub commit: String,
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
        let case = |case: &Case| CaseEntry {
            axes: case.axes.clone(),
            seeds: [case.seeds.first, case.seeds.last],
            ..CaseEntry::new(&case.scenario, &case.bundle, case.digest)
        };
        Self {
            format: FORMAT,
            build,
            commit: COMMIT.to_owned(),
            partition: sweep.share,
            runs: sweep.total(),
            profile: sweep.profile,
            cases: sweep.cases.iter().map(case).collect(),
        }
    }

    /// Of one run by itself.
    pub fn of_run(scenario: &Scenario, bundle: &Bundle, seed: u64, profile: bool, build: String) -> Self {
        let case = CaseEntry { seeds: [seed, seed], ..CaseEntry::new(scenario, bundle, super::digest(bundle)) };
        let (commit, partition) = (COMMIT.to_owned(), Share(None));
        Self { format: FORMAT, build, commit, partition, runs: 1, profile, cases: vec![case] }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", serde_json::to_value(self).unwrap_or_default())
    }

    /// What tells the sweep from others: the same for all its shards.
    pub fn identity(&self) -> String {
        let whole = Self { partition: Share(None), commit: String::new(), ..self.clone() };
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

impl CaseEntry {
    /// Without axes and seeds.
    fn new(scenario: &Scenario, bundle: &Bundle, digest: [u8; 32]) -> Self {
        Self {
            file: bundle.origin.clone(),
            scenario: scenario.name.clone(),
            edits: bundle.edits.clone(),
            axes: serde_json::Map::new(),
            preprocessing: scenario.keys.preprocessing.name().to_owned(),
            digest,
            seeds: [0, 0],
        }
    }
}
