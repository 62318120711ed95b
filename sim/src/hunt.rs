//! The hunt for planted bugs: how many seeds it takes until the right oracle sees each of them, in the scenario that was
//! made for it, and in generic ones that were made for none.

use lit_node::bugs::{Bug, BugSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use thiserror::Error;

use crate::generic;
use crate::outcome::{Engine, RunOptions, RunReport, Violation};
use crate::plan::{FaultPlan, PlanError};
use crate::scenario::{self, Diagnostics, ExpectedVerdict, LoadError, Scenario};
use crate::trace::Retention;

/// How to hunt.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder with a scenario for each bug, named after it.
    pub folder: PathBuf,
    /// How many seeds are tried on a bug's own scenario, from 1.
    pub seeds: u64,
    /// How many generic scenarios are tried, from seed 1; none if 0.
    pub generic_seeds: u64,
}

/// Why a bug cannot be hunted.
#[derive(Debug, Error)]
pub enum HuntError {
    /// Its scenario cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its scenario plants something else, or names no oracle.
    #[error("{path} is no scenario for {bug}: it must plant this bug alone and name the oracle that sees it", path = path.display())]
    OtherBug {
        /// The file.
        path: PathBuf,
        /// The bug.
        bug: Bug,
    },
    /// The generator has drawn what is no scenario.
    #[error("the generic scenario of seed {seed} is not valid: {error}")]
    Generic {
        /// The seed.
        seed: u64,
        /// Why.
        error: Box<Diagnostics>,
    },
    /// The planner refuses a run.
    #[error("{scenario} under seed {seed}: {error}")]
    Refused {
        /// The scenario.
        scenario: String,
        /// The seed.
        seed: u64,
        /// Why.
        error: PlanError,
    },
}

/// What became of the hunt for one bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// The bug.
    pub bug: Bug,
    /// The scenario that was made for it.
    pub scenario: PathBuf,
    /// The oracles that must see it.
    pub oracles: Vec<String>,
    /// Where it was seen first in its own scenario.
    pub caught: Option<Catch>,
    /// An oracle that should not have seen anything, and under which seed.
    pub wrong: Option<(u64, String)>,
    /// Where it was seen first in a generic scenario, by whichever oracle.
    pub generic: Option<Catch>,
}

/// A violation that gave a bug away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The seed: so many runs it took.
    pub seed: u64,
    /// Who saw it.
    pub oracles: Vec<String>,
    /// When it was seen, virtual milliseconds.
    pub at_ms: u64,
}

impl Catch {
    fn of(seed: u64, report: &RunReport) -> Self {
        let mut oracles: Vec<String> = report.violations.iter().map(|violation| violation.oracle.clone()).collect();
        oracles.sort_unstable();
        oracles.dedup();
        let at_ms = report.violations.iter().map(|violation| violation.at_ms).min().unwrap_or(report.virtual_ms);
        Self { seed, oracles, at_ms }
    }
}

impl Trail {
    /// Whether the right oracle saw the bug, and no other did.
    pub fn is_good(&self) -> bool {
        self.caught.is_some() && self.wrong.is_none()
    }
}

/// Something that an oracle saw, or a request that did not end as it should, though nothing is planted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FalseAlarm {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Who saw it, or the request.
    pub what: String,
}

/// Hunts one bug. The outcome is a function of bug, options, scenario and build.
///
/// # Errors
/// If its scenario is missing or is none for this bug.
pub fn hunt(engine: &dyn Engine, bug: Bug, options: &Options) -> Result<Trail, HuntError> {
    let (path, scenario) = own_scenario(bug, options)?;
    let oracles = scenario.expect.oracles.clone();
    let mut trail = Trail { bug, scenario: path, oracles, caught: None, wrong: None, generic: None };
    for seed in 1..=options.seeds {
        let report = run(engine, &scenario, seed)?;
        if report.expected {
            trail.caught = Some(Catch::of(seed, &report));
            break;
        }
        if let Some(oracle) = unnamed(&scenario, &report) {
            trail.wrong = Some((seed, oracle));
            break;
        }
    }
    for seed in 1..=options.generic_seeds {
        if let Some(found) = generic_catch(engine, bug, seed)? {
            trail.generic = Some(found);
            break;
        }
    }
    Ok(trail)
}

/// Whether a bug gives itself away in the generic scenario of a seed.
fn generic_catch(engine: &dyn Engine, bug: Bug, seed: u64) -> Result<Option<Catch>, HuntError> {
    let mut scenario = generic_scenario(seed)?;
    scenario.bugs = BugSet::NONE.with(bug);
    let report = run(engine, &scenario, seed)?;
    if report.violations.is_empty() {
        return Ok(None);
    }
    // What goes wrong without the bug, too, does not give it away.
    scenario.bugs = BugSet::NONE;
    let alone = run(engine, &scenario, seed)?;
    Ok(alone.violations.is_empty().then(|| Catch::of(seed, &report)))
}

/// Runs the scenario of a bug without it, under every seed that the options allow.
///
/// # Errors
/// As [`hunt`].
pub fn control(engine: &dyn Engine, bug: Bug, options: &Options) -> Result<Vec<FalseAlarm>, HuntError> {
    let (_, mut scenario) = own_scenario(bug, options)?;
    scenario.bugs = BugSet::NONE;
    let mut found = Vec::new();
    for seed in 1..=options.seeds {
        found.extend(alarms(&scenario, &run(engine, &scenario, seed)?));
    }
    Ok(found)
}

/// Runs the generic scenario of a seed without any bug. Requests may be answered otherwise than in a calm network: an
/// endpoint that is down is a reason to refuse, for instance.
///
/// # Errors
/// If the scenario is not valid, or its plan is refused: the generator is wrong.
pub fn control_generic(engine: &dyn Engine, seed: u64) -> Result<Vec<FalseAlarm>, HuntError> {
    let scenario = generic_scenario(seed)?;
    Ok(violations(&scenario, &run(engine, &scenario, seed)?))
}

fn alarms(scenario: &Scenario, report: &RunReport) -> Vec<FalseAlarm> {
    let wrong = report.requests.iter().filter(|request| !request.expected);
    let wrong = wrong.map(|request| {
        let what = format!("{}: {}", request.id, request.error.as_deref().unwrap_or("another outcome was expected"));
        FalseAlarm { scenario: scenario.name.clone(), seed: report.seed, what }
    });
    violations(scenario, report).into_iter().chain(wrong).collect()
}

fn violations(scenario: &Scenario, report: &RunReport) -> Vec<FalseAlarm> {
    let alarm = |seed, violation: &Violation| {
        let what = format!("{}: {}", violation.oracle, violation.detail);
        FalseAlarm { scenario: scenario.name.clone(), seed, what }
    };
    report.violations.iter().map(|seen| alarm(report.seed, seen)).collect()
}

fn own_scenario(bug: Bug, options: &Options) -> Result<(PathBuf, Scenario), HuntError> {
    let path = options.folder.join(format!("{bug}.toml"));
    let scenario = scenario::load(&path, &[])?;
    if scenario.bugs != BugSet::NONE.with(bug) || scenario.expect.oracles.is_empty() {
        return Err(HuntError::OtherBug { path, bug });
    }
    Ok((path, scenario))
}

/// An oracle that saw something though the scenario does not name it. Whatever is unsafe may get stuck, too.
fn unnamed(scenario: &Scenario, report: &RunReport) -> Option<String> {
    let expect = &scenario.expect;
    let is_named = |oracle: &String| {
        expect.oracles.contains(oracle) || expect.verdict == ExpectedVerdict::Safety && oracle == "liveness"
    };
    report.violations.iter().map(|violation| &violation.oracle).find(|oracle| !is_named(oracle)).cloned()
}

fn generic_scenario(seed: u64) -> Result<Scenario, HuntError> {
    let text = generic::scenario(seed);
    scenario::parse(&format!("generic {seed}"), text.as_bytes(), Path::new(""), &[])
        .map_err(|error| HuntError::Generic { seed, error: Box::new(error) })
}

fn run(engine: &dyn Engine, scenario: &Scenario, seed: u64) -> Result<RunReport, HuntError> {
    let refused = |error| HuntError::Refused { scenario: scenario.name.clone(), seed, error };
    let plan = FaultPlan::new(scenario, seed).map_err(refused)?;
    let options = RunOptions { seed, memo: true, profile: false, trace: Retention::Nothing };
    Ok(engine.run(scenario, &plan, options))
}

/// Does the same with every item, so many at a time; results come in the order of the items.
pub fn each<T: Sync, R: Send>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        while let Some((index, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?)))
        {
            let result = work(item);
            results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_however_many_work_at_them() {
        let items: Vec<u32> = (0..50).collect();
        for jobs in [0, 1, 3, 100] {
            assert_eq!(each(&items, jobs, |item| item * 2), (0..50).map(|item| item * 2).collect::<Vec<_>>());
        }
        assert!(each(&[] as &[u32], 4, |item| *item).is_empty());
    }
}
