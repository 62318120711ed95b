//! Lines of results as reports read them. Members that a line does not have are empty, so that results of other builds
//! and other engines can be shown, too.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use crate::capsule::normalise;

/// One run, from a line of `results.jsonl` or from a `report.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Run {
    /// The run's place in its sweep.
    pub index: Option<u64>,
    /// The exit code that it has by itself; none outside a sweep.
    pub exit: Option<u8>,
    /// The scenario's file; empty outside a sweep.
    pub file: String,
    /// The values of a sweep's axes, by path.
    pub axes: Map<String, Value>,
    /// Whether it was made twice and compared.
    pub again: bool,
    /// What went wrong, what speaks for the run first.
    pub failures: Vec<Failure>,
    /// Its capsule, relative to the folder.
    pub capsule: Option<String>,
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// How it ended; none if the planner refused it.
    pub verdict: Option<String>,
    /// Why the planner refused it.
    pub error: Option<String>,
    /// Whether the scenario expects that.
    pub expected: bool,
    /// Digest of its trace.
    pub digest: String,
    /// How long it took, virtual milliseconds.
    pub virtual_ms: u64,
    /// How many events were handled.
    pub events: u64,
    /// How many messages nodes sent each other.
    pub messages: u64,
    /// How many bytes these had.
    pub bytes: u64,
    /// n.
    pub nodes: u16,
    /// How many shares make a key.
    pub threshold: u16,
    /// Where Beaver triples came from.
    pub preprocessing: String,
    /// Planted bugs.
    pub bugs: Vec<String>,
    /// The steps that were started.
    pub requests: Vec<Request>,
    /// Nodes that were proved wrong.
    pub culprits: Vec<Culprit>,
    /// Who lied and who was named.
    pub blame: Option<Blame>,
    /// What was violated.
    pub violations: Vec<Violation>,
    /// How often each oracle had something to judge; nothing of those that do not say so.
    pub exercised: BTreeMap<String, u64>,
    /// The plan's faults.
    pub faults: Faults,
    /// How often each *sometimes* branch was taken.
    pub marks: BTreeMap<String, u64>,
}

/// A failure, without what differs from run to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The oracle.
    pub oracle: String,
    /// What it saw.
    pub kind: String,
}

/// A step of a client.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The step's id.
    pub id: String,
    /// The kind of step.
    pub kind: String,
    /// How it ended.
    pub outcome: String,
    /// From start to end, virtual milliseconds.
    pub latency_ms: u64,
    /// What was signed in it.
    pub signatures: Vec<Signature>,
}

/// A combined signature.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Signature {
    /// The scheme.
    pub scheme: String,
}

/// A node that was proved wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Culprit {
    /// Who.
    pub node: u16,
    /// By which nodes.
    pub named_by: Vec<u16>,
    /// What the proof shows.
    pub evidence: String,
}

/// Who lied, and who was named for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Blame {
    /// Liars that honest nodes have proved wrong.
    pub liars_named: Vec<u16>,
    /// Liars against whom nothing was proved.
    pub liars_unnamed: Vec<u16>,
    /// Honest nodes that are taken for proved wrong.
    pub honest_named: Vec<u16>,
    /// How many honest nodes nobody blames.
    pub honest_unnamed: u64,
}

/// A violated property.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Violation {
    /// Which oracle saw it.
    pub oracle: String,
    /// When, virtual milliseconds.
    pub at_ms: u64,
    /// The nodes concerned.
    pub nodes: Vec<u16>,
    /// What was seen.
    pub detail: String,
}

/// The faults of a run, by id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// All of the plan.
    pub declared: Vec<String>,
    /// Those that had an effect.
    pub fired: Vec<String>,
}

/// A line of `timings.jsonl`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Time that passed, microseconds.
    pub wall_us: u64,
    /// Processor time, microseconds; 0 if it was not taken.
    pub cpu_us: u64,
}

/// What `sweep.json`, or a run's `run.json`, says that reports show.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// The build.
    pub build: String,
    /// The commit that it was made from, if whoever built it said so.
    pub commit: String,
    /// How many runs the whole sweep has.
    pub runs: u64,
    /// What runs.
    pub cases: Vec<Case>,
}

/// A scenario with the values of its axes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Case {
    /// The scenario's file.
    pub file: String,
    /// Its name.
    pub scenario: String,
    /// Every edit of it.
    pub edits: Vec<String>,
    /// Where triples come from.
    pub preprocessing: String,
    /// Digest of the scenario with all that it names.
    pub digest: String,
    /// The first and the last seed.
    pub seeds: Vec<u64>,
}

impl Run {
    /// The verdict's name; `refused` if the planner refused the run.
    pub fn verdict(&self) -> &str {
        self.verdict.as_deref().unwrap_or("refused")
    }

    /// Whether the run is not what its scenario is made for.
    pub fn is_failed(&self) -> bool {
        self.exit.map_or(!self.expected, |exit| exit != 0)
    }

    /// Whether no property was violated: a missed expectation alone is none.
    pub fn is_unharmed(&self) -> bool {
        matches!(self.verdict(), "pass" | "expectation")
    }

    /// What speaks for a failed run. Outside a sweep it is read off the violations.
    pub fn failure(&self) -> Failure {
        if let Some(failure) = self.failures.first() {
            return failure.clone();
        }
        let safety = self.violations.iter().find(|violation| violation.oracle != "liveness");
        if let Some(violation) = safety.or(self.violations.first()) {
            return Failure { oracle: violation.oracle.clone(), kind: normalise(&violation.detail) };
        }
        let kind = self.error.clone().unwrap_or_else(|| match self.verdict() {
            "pass" => "the run passed, and should not have".to_owned(),
            _ => "what the scenario demands beyond its verdict was missed".to_owned(),
        });
        Failure { oracle: if self.error.is_some() { "planner" } else { "expectation" }.to_owned(), kind }
    }

    /// The scenario's name with the values of its axes.
    pub fn case(&self) -> String {
        let axes: Vec<String> = self.axes.iter().map(|(path, value)| format!("{path}={value}")).collect();
        if axes.is_empty() { self.scenario.clone() } else { format!("{} ({})", self.scenario, axes.join(", ")) }
    }
}
