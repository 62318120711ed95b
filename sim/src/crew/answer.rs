//! What workers are asked for, and what they answer: one JSON object a line.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

use super::Death;
use crate::capsule::{Capsule, Failure, Outcome, after_panic};
use crate::cli::Exit;
use crate::outcome::{Engine, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::report;
use crate::scenario::{Bundle, Scenario};
use crate::trace::{Retention, hex32};

/// What a worker is asked for.
#[derive(Clone, Debug)]
pub enum Errand {
    /// A run.
    Run {
        /// The scenario.
        bundle: Arc<Bundle>,
        /// The seed.
        seed: u64,
        /// Whether operations are counted.
        profile: bool,
    },
    /// To make the run of a capsule small.
    Shrink {
        /// The capsule.
        capsule: PathBuf,
        /// Where the scenario goes.
        output: PathBuf,
        /// The most runs.
        budget: u64,
    },
}

/// What comes of an errand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The run ended by itself.
    Ran(Box<Ran>),
    /// The planner refuses the run, or the capsule cannot be shrunk.
    Refused {
        /// Why.
        error: String,
    },
    /// The scenario that is left.
    Shrunk(Shrunken),
    /// The worker died.
    #[serde(skip)]
    Died(Died),
}

/// The worker died of its errand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Died {
    /// How.
    pub death: Death,
}

/// A run that came to an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    /// What it means, as an exit code.
    pub exit: u8,
    /// How it ended.
    pub verdict: Verdict,
    /// Digest of the trace.
    #[serde(with = "hex32")]
    pub digest: [u8; 32],
    /// What went wrong, what speaks for the run first; empty if it is as expected.
    pub failures: Vec<Failure>,
    /// The report, as `--json` prints it.
    pub report: String,
    /// The capsule, if the run is not as expected.
    pub capsule: Option<String>,
    /// Time that passed, microseconds.
    pub wall_us: u64,
    /// Time that processors were busy with it, microseconds.
    pub cpu_us: u64,
}

impl Ran {
    /// What is worth keeping of a run. `wall_us` and `cpu_us` are left at 0.
    pub fn new(
        engine: &dyn Engine,
        bundle: &Bundle,
        plan: &FaultPlan,
        options: RunOptions,
        report: &RunReport,
    ) -> Self {
        let exit = Exit::of(report);
        let fails = exit != Exit::OK;
        Self {
            exit: exit.code(),
            verdict: report.verdict,
            digest: report.digest,
            failures: if fails { Outcome::of(report).failures } else { Vec::new() },
            report: report::json(report),
            capsule: fails.then(|| Capsule::new(engine, bundle.clone(), plan, options, report).to_json()),
            wall_us: 0,
            cpu_us: 0,
        }
    }

    /// Whether two runs of the same came to the same.
    pub fn is_like(&self, other: &Self) -> bool {
        self.digest == other.digest && self.report == other.report
    }
}

/// What is left of a shrunk capsule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shrunken {
    /// The failure that it shows.
    pub failure: Failure,
    /// Its seed.
    pub seed: u64,
    /// How many faults are left.
    pub faults: usize,
    /// How many steps are left.
    pub steps: usize,
    /// How many nodes are left.
    pub nodes: u16,
    /// How many runs that took.
    pub runs: u64,
}

/// A run that was the end of its worker: a panic, of which nothing else is known.
///
/// # Errors
/// If the planner refuses the run, which is why.
pub fn ran_into(
    death: Death,
    engine: &dyn Engine,
    (scenario, bundle): (&Scenario, &Bundle),
    seed: u64,
) -> Result<Ran, String> {
    let plan = FaultPlan::new(scenario, seed).map_err(|error| error.to_string())?;
    let options = run_options(seed, false);
    let report = after_panic(scenario, &plan, seed, format!("the process of the run {death}"));
    Ok(Ran::new(engine, bundle, &plan, options, &report))
}

/// How workers run.
pub(super) fn run_options(seed: u64, profile: bool) -> RunOptions {
    RunOptions { seed, memo: true, profile, trace: Retention::Nothing }
}
