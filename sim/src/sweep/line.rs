//! Lines of results: what `run --json` prints of a run, with its place in the sweep in front.

use serde::{Deserialize, Serialize};

use super::{Done, Sweep};
use crate::capsule::Failure;
use crate::cli::Exit;

/// A line of `results.jsonl`, and what goes with it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line, without its end.
    pub text: String,
    /// Its head.
    pub head: Head,
    /// The name of its capsule and the capsule's text, if it has one.
    pub capsule: Option<(String, String)>,
    /// Its line in `timings.jsonl`, without its end.
    pub timing: String,
}

/// What every line begins with, and what of it sums are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The run's place in the whole sweep, from 0.
    pub index: u64,
    /// The exit code that the run by itself would have.
    pub exit: u8,
    /// The scenario's file.
    pub file: String,
    /// The values of the axes, by path.
    pub axes: serde_json::Map<String, serde_json::Value>,
    /// Whether the run was made twice and compared.
    pub again: bool,
    /// What went wrong, what speaks for the run first; empty if it is as expected.
    pub failures: Vec<Failure>,
    /// The capsule, relative to the folder of the results.
    pub capsule: Option<String>,
    /// The scenario's name. From here on the report goes on.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// How the run ended; none if there was none.
    #[serde(default)]
    pub verdict: Option<String>,
}

#[derive(Serialize)]
struct Timing<'t> {
    index: u64,
    scenario: &'t str,
    seed: u64,
    wall_us: u64,
    cpu_us: u64,
}

impl Line {
    /// Of a run.
    pub fn new(sweep: &Sweep, done: Done) -> Self {
        let Done { task, result, again } = done;
        let case = &sweep.cases[task.case];
        let scenario = &case.scenario.name;
        let head = Head {
            index: task.index,
            exit: result.as_ref().map_or(Exit::BAD_SCENARIO.code(), |ran| ran.exit),
            file: case.file.display().to_string(),
            axes: case.axes.clone(),
            again,
            failures: result.as_ref().map(|ran| ran.failures.clone()).unwrap_or_default(),
            capsule: None,
            scenario: scenario.clone(),
            seed: task.seed,
            verdict: result.as_ref().ok().map(|ran| ran.verdict.name().to_owned()),
        };
        let (wall_us, cpu_us) = result.as_ref().map_or((0, 0), |ran| (ran.wall_us, ran.cpu_us));
        let timing = json(&Timing { index: task.index, scenario, seed: task.seed, wall_us, cpu_us });
        match result {
            Ok(ran) => {
                let name = format!("failures/{}-{scenario}-seed{}.json", task.index, task.seed);
                let capsule = ran.capsule.map(|text| (name, text));
                let head = Head { capsule: capsule.as_ref().map(|(name, _)| name.clone()), ..head };
                Self { text: joined(&head, &ran.report), head, capsule, timing }
            }
            Err(error) => {
                let rest = serde_json::json!({ "scenario": scenario, "seed": task.seed, "error": error });
                Self { text: joined(&head, &rest.to_string()), head, capsule: None, timing }
            }
        }
    }
}

/// The head without what the report says itself, then the report.
fn joined(head: &Head, report: &str) -> String {
    #[derive(Serialize)]
    struct Front<'h> {
        index: u64,
        exit: u8,
        file: &'h str,
        axes: &'h serde_json::Map<String, serde_json::Value>,
        again: bool,
        failures: &'h [Failure],
        capsule: &'h Option<String>,
    }
    let Head { index, exit, file, axes, again, failures, capsule, .. } = head;
    let front = json(&Front { index: *index, exit: *exit, file, axes, again: *again, failures, capsule });
    let rest = report.trim_start().strip_prefix('{').unwrap_or("}");
    format!("{},{rest}", front.strip_suffix('}').unwrap_or_default())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
