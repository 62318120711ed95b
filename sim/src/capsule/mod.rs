//! Capsules: one file that holds everything a run needs to happen again on another machine, and what it came to there.
//!
//! A capsule names its build, because only runs of one build agree to the last byte. The build id is the crate's
//! version and a hash of all sources and dependency versions that `build.rs` computes; it needs no git, and two
//! machines that built the same sources have the same one.

mod attempt;
mod failure;
mod file;
mod replay;
pub mod shrink;

pub(crate) use attempt::after_panic;
pub use attempt::attempt;
pub use failure::{Failure, failures, normalise};
pub use file::{CapsuleError, Mismatch};
pub use replay::{Difference, compare};

use serde::{Deserialize, Serialize};

use crate::outcome::{Engine, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::scenario::{Bundle, Diagnostics, Scenario};
use crate::trace::{Checkpoint, Retention, hex32};

/// The version of the file format.
pub const FORMAT: u32 = 1;

/// This build: the crate's version, and a hash of what it is made of.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("LITSIM_SOURCES"));

/// The commit that this program was built from, for reports, as whoever built it said in `LITSIM_COMMIT`; `unknown` if
/// they said nothing. Git is not asked: what it names is where the sources were checked out, not what was compiled, and
/// to notice each commit would mean to build everything again after each. What was compiled is named by [`BUILD`],
/// which does not depend on this; nor does any run.
pub const COMMIT: &str = match option_env!("LITSIM_COMMIT") {
    Some(commit) if !commit.is_empty() => commit,
    _ => "unknown",
};

/// A run in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// Version of the format: [`FORMAT`].
    pub format: u32,
    /// The version of litsim that wrote it.
    pub litsim: String,
    /// The build that ran it, as [`Engine::build`] names it.
    pub build: String,
    /// The scenario, with its edits and all files that it names.
    pub scenario: Bundle,
    /// The seed.
    pub seed: u64,
    /// Whether nodes shared the results of pure checks.
    pub memo: bool,
    /// The faults as they were planned. A replay carries out these, whatever the planner would make of the seed.
    pub plan: FaultPlan,
    /// What the run came to.
    pub outcome: Outcome,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// Whether the scenario expects that.
    pub expected: bool,
    /// What went wrong, what speaks for the run first.
    pub failures: Vec<Failure>,
    /// Digest of the trace.
    #[serde(with = "hex32")]
    pub digest: [u8; 32],
    /// Digests on the way, to tell where another run parts.
    pub checkpoints: Vec<Checkpoint>,
}

impl Outcome {
    /// What a report says.
    pub fn of(report: &RunReport) -> Self {
        Self {
            verdict: report.verdict,
            expected: report.expected,
            failures: failures(report),
            digest: report.digest,
            checkpoints: report.trace.checkpoints(),
        }
    }
}

impl Capsule {
    /// Puts a run into a capsule.
    pub fn new(
        engine: &dyn Engine,
        scenario: Bundle,
        plan: &FaultPlan,
        options: RunOptions,
        report: &RunReport,
    ) -> Self {
        Self {
            format: FORMAT,
            litsim: env!("CARGO_PKG_VERSION").to_owned(),
            build: engine.build(),
            scenario,
            seed: options.seed,
            memo: options.memo,
            plan: plan.clone(),
            outcome: Outcome::of(report),
        }
    }

    /// The scenario, checked with the engine's words.
    ///
    /// # Errors
    /// If it is not valid: it was written by another version.
    pub fn scenario(&self, engine: &dyn Engine) -> Result<Scenario, Diagnostics> {
        self.scenario.scenario(engine.vocabulary())
    }

    /// How to run it again.
    pub fn options(&self, trace: Retention) -> RunOptions {
        RunOptions { seed: self.seed, memo: self.memo, profile: false, trace }
    }
}

#[cfg(test)]
mod tests;
