//! Makes a failing run small: the least scenario, found by delta debugging, that still fails in the same way.
//!
//! Every candidate is a scenario in text, read and planned like any other, so what is left can be kept as a file and
//! fails by itself. A candidate counts if the same [failure](super::Failure) (oracle and normalised kind) comes with
//! the same verdict. The same capsule always gives the same result.

mod ddmin;
mod document;
mod judge;
mod passes;

pub use ddmin::ddmin;
pub use document::{Document, ExplicitError};
pub use judge::Progress;

use std::collections::BTreeSet;
use std::path::Path;
use thiserror::Error;
use toml::{Table, Value};

use self::judge::Judge;
use super::failure::EXPECTATION;
use super::{Capsule, Failure};
use crate::outcome::{Engine, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::trace::Retention;

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The most runs.
    pub budget: u64,
    /// How many seeds a candidate gets, the capsule's first.
    pub seeds: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { budget: 1000, seeds: 1 }
    }
}

/// Faults and steps of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Faults.
    pub events: usize,
    /// Steps.
    pub steps: usize,
    /// Nodes.
    pub nodes: u16,
}

/// What is left.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The failure that it shows.
    pub failure: Failure,
    /// The capsule of its run: scenario, files, seed, plan and digest.
    pub capsule: Capsule,
    /// The report of its run.
    pub report: RunReport,
    /// How big the original was.
    pub before: Size,
    /// How big this is.
    pub after: Size,
    /// How many runs it took.
    pub runs: u64,
    /// Whether the budget ended the search.
    pub spent: bool,
}

/// Why a capsule cannot be made smaller.
#[derive(Debug, Error)]
pub enum ShrinkError {
    /// Its run had no failure.
    #[error("nothing went wrong in this run, so there is nothing to keep")]
    NoFailure,
    /// Its plan cannot be written as a scenario.
    #[error(transparent)]
    Explicit(#[from] ExplicitError),
    /// The run does not fail like that again.
    #[error("the run does not fail in the same way again ({0}): another build, or nondeterminism")]
    Gone(Failure),
}

/// Makes the run of a capsule small. `stem` names the result: its scenario, and the folder of its action files.
///
/// # Errors
/// If the run did not fail, or does not fail again.
pub fn shrink(
    engine: &dyn Engine,
    capsule: &Capsule,
    stem: &str,
    effort: Effort,
    progress: &mut dyn FnMut(Progress),
) -> Result<Shrunk, ShrinkError> {
    let failure = capsule.outcome.failures.first().cloned().ok_or(ShrinkError::NoFailure)?;
    let verdict = capsule.outcome.verdict;
    let options = capsule.options(Retention::Nothing);
    let (seeds, budget) = (effort.seeds, effort.budget.max(1));
    let mut judge = Judge::new(engine, (failure.clone(), verdict), options, (seeds, budget), progress);
    let original = Document::new(&capsule.scenario, &capsule.plan)?;
    if !judge.fails(&original) {
        return Err(ShrinkError::Gone(failure));
    }
    let smallest = passes::all(original.clone(), &mut judge);
    let spent = judge.is_spent();
    let finished = finish(smallest, capsule, &failure, &mut judge, stem)?;
    let (document, plan, report) = finished;
    let options = RunOptions { seed: judge.seed, ..options };
    let mut bundle = document.bundle();
    bundle.origin = format!("{stem}.toml");
    bundle.text = format!("{}{}", header(capsule, &failure, (judge.seed, document.names_oracles()), stem), bundle.text);
    Ok(Shrunk {
        failure,
        capsule: Capsule::new(engine, bundle, &plan, options, &report),
        report,
        before: size(&original),
        after: size(&document),
        runs: judge.runs,
        spent,
    })
}

/// Gives the result its name and what it must show, and runs it once more.
fn finish(
    mut document: Document,
    capsule: &Capsule,
    failure: &Failure,
    judge: &mut Judge<'_>,
    stem: &str,
) -> Result<(Document, FaultPlan, RunReport), ShrinkError> {
    let gone = || ShrinkError::Gone(failure.clone());
    document.move_files(&format!("{stem}-actions"));
    let original = document.tree.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let description = format!("The least of {original} under seed {} that still shows this: {failure}.", capsule.seed);
    document.tree.insert("name".into(), scenario_name(stem).into());
    document.tree.insert("description".into(), description.into());
    document.tree.insert("tags".into(), Value::Array(vec!["regression".into()]));
    if let Ok(seed) = i64::try_from(judge.seed) {
        document.tree.insert("seed".into(), Value::Integer(seed));
    }
    let (_, report) = judge.run(&document, judge.seed).ok_or_else(gone)?;
    if let Some(verdict) = expectable(failure, report.verdict) {
        let mut expect = Table::new();
        expect.insert("verdict".into(), verdict.into());
        let marks = report.faults.fired.iter().cloned().map(Value::String).collect();
        expect.insert("marks".into(), Value::Array(marks));
        // Where oracles are named, steps may end as they like: what is left of them seldom ends well.
        let fails_besides = report.verdict == Verdict::Safety && report.requests.iter().any(|one| !one.expected);
        if document.names_oracles() || fails_besides {
            expect.insert("oracle".into(), Value::Array(seen_by(&report).into_iter().map(Value::String).collect()));
        }
        document.tree.insert("expect".into(), Value::Table(expect));
    }
    let (plan, report) = judge.run(&document, judge.seed).ok_or_else(gone)?;
    if judge.is_same(&report) { Ok((document, plan, report)) } else { Err(gone()) }
}

/// The oracles that must be named for what they saw in a run: those of safety, or else of liveness.
fn seen_by(report: &RunReport) -> Vec<String> {
    let seen: BTreeSet<&str> = report.violations.iter().map(|violation| violation.oracle.as_str()).collect();
    let counts = |oracle: &&&str| report.verdict == Verdict::Liveness || **oracle != "liveness";
    seen.iter().filter(counts).map(|oracle| (*oracle).to_owned()).collect()
}

/// The verdict under which `[expect]` names a failure; none for what no scenario can expect.
fn expectable(failure: &Failure, verdict: Verdict) -> Option<&'static str> {
    match verdict {
        _ if failure.oracle == EXPECTATION => None,
        Verdict::Liveness | Verdict::Safety => Some(verdict.name()),
        Verdict::Pass | Verdict::Expectation | Verdict::Nondeterminism | Verdict::Panic => None,
    }
}

/// A file's stem as a scenario's name.
fn scenario_name(stem: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    stem.chars().map(allowed).collect()
}

fn header(capsule: &Capsule, failure: &Failure, (seed, names_oracles): (u64, bool), stem: &str) -> String {
    let after = match expectable(failure, capsule.outcome.verdict) {
        Some(_) if names_oracles => "When this is mended, `verdict` below becomes \"pass\", and `oracle` goes.",
        Some(_) => "When this is mended, `verdict` below becomes \"pass\".",
        None => "It fails until this is mended.",
    };
    // The name alone: where it was is nobody's business.
    let origin = capsule.scenario.origin.rsplit(['/', '\\']).next().unwrap_or_default();
    format!(
        "# {failure}\n#\n# Found by `litsim shrink` in {} with seed {}; run it with `litsim run {stem}.toml --seed {seed}`.\n\
         # {after}\n\n",
        origin, capsule.seed
    )
}

fn size(document: &Document) -> Size {
    let nodes = document.tree.get("network").and_then(|network| network.get("nodes")).and_then(Value::as_integer);
    Size {
        events: document.parts("fault").len(),
        steps: document.parts("step").len(),
        nodes: nodes.and_then(|nodes| u16::try_from(nodes).ok()).unwrap_or_default(),
    }
}

impl Shrunk {
    /// Writes the scenario to `file`, its actions beside it, and the capsule of its run to `FILE.capsule.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, file: &Path) -> std::io::Result<std::path::PathBuf> {
        let folder = file.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)?;
        std::fs::write(file, &self.capsule.scenario.text)?;
        for (name, text) in &self.capsule.scenario.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, text)?;
        }
        let capsule = file.with_extension("capsule.json");
        self.capsule.write(&capsule).map_err(std::io::Error::other)?;
        Ok(capsule)
    }
}
