//! Sweeps: a pure map over (scenario, axis values, seed), whose results are lines of JSON in that order however many
//! processes, shards and interruptions it takes.

mod audit;
mod line;
mod manifest;
mod merge;
mod partition;
mod store;
mod summary;

pub use audit::{AuditError, Unlike, audit};
pub use line::{Head, Line};
pub use manifest::{CaseEntry, Manifest};
pub use merge::{MergeError, Merged, merge};
pub use partition::{BadPartition, Partition, Share};
pub use store::{Store, StoreError, probe};
pub use summary::{Group, Summary};

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::crew::{Answer, Crew, Desk, Errand, NoHands, Post, Ran, ran_into, work};
use crate::outcome::{Engine, Verdict};
use crate::scenario::{Bundle, LoadError, Scenario, Seeds};

/// Of how many runs that are as expected one is made twice, by chance; see [`audit`] for when that is none.
const AGAIN_ONE_IN: u64 = 20;
/// The seeds of a scenario that names none, and where none are asked for.
const SEEDS_DEFAULT: Seeds = Seeds { first: 1, last: 100 };

/// A scenario with values for all its axes, and the seeds under which it runs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file.
    pub file: PathBuf,
    /// The values of the axes, by path.
    pub axes: serde_json::Map<String, serde_json::Value>,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// What it is made of.
    pub bundle: Arc<Bundle>,
    /// Tells it from others.
    pub digest: [u8; 32],
    /// Its seeds.
    pub seeds: Seeds,
}

/// What is swept over.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The cases, in order.
    pub cases: Vec<Case>,
    /// The part of it that is meant.
    pub share: Share,
    /// Whether operations are counted.
    pub profile: bool,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Edits of every scenario.
    pub set: Vec<String>,
    /// The seeds, instead of those that scenarios name.
    pub seeds: Option<Seeds>,
    /// The part that is meant.
    pub share: Share,
    /// Whether operations are counted.
    pub profile: bool,
}

impl Sweep {
    /// Reads the scenarios, and works out all cases.
    ///
    /// # Errors
    /// For each scenario that cannot be read or is not valid, with every combination of axis values.
    pub fn new(files: &[PathBuf], request: &Request, engine: &dyn Engine) -> Result<Self, Vec<LoadError>> {
        let (mut cases, mut errors) = (Vec::new(), Vec::new());
        for file in files {
            match read(file, request, engine) {
                Ok(found) => cases.extend(found),
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self { cases, share: request.share, profile: request.profile })
    }

    /// How many runs the whole sweep has, those of other shards included.
    pub fn total(&self) -> u64 {
        self.cases.iter().map(|case| case.seeds.count()).fold(0, u64::saturating_add)
    }

    /// About how many runs this shard has: exactly, unless they are dealt out by hashes.
    pub fn size(&self) -> u64 {
        self.share.0.map_or(self.total(), |part| self.total().saturating_add(part.n - part.m) / part.n)
    }

    /// The runs of this shard, in order.
    pub fn tasks(&self) -> impl Iterator<Item = Task> {
        let mut index: u64 = 0;
        let runs = self.cases.iter().enumerate().flat_map(move |(case, of)| {
            let first = index;
            index = index.saturating_add(of.seeds.count());
            (first..).zip(of.seeds.each()).map(move |(index, seed)| Task { index, case, seed })
        });
        runs.filter(|task| self.share.holds(task.index, task.key(self)))
    }
}

fn read(file: &Path, request: &Request, engine: &dyn Engine) -> Result<Vec<Case>, LoadError> {
    let read = |edits: &[String]| Bundle::read(file, edits, engine.vocabulary());
    let axes = read(&request.set)?.0.sweep.axes;
    // What is set by hand is no axis any more.
    let is_set =
        |path: &str| request.set.iter().any(|edit| edit.split('=').next().is_some_and(|set| set.trim() == path));
    let axes: Vec<_> = axes.into_iter().filter(|(path, _)| !is_set(path)).collect();
    let mut combinations = vec![Vec::new()];
    for (path, values) in &axes {
        let longer =
            |list: &Vec<_>| values.iter().map(|value| [&list[..], &[(path, value)]].concat()).collect::<Vec<_>>();
        combinations = combinations.iter().flat_map(longer).collect();
    }
    let case = |values: Vec<(&String, &toml::Value)>| {
        let edits = values.iter().map(|(path, value)| format!("{path}={value}"));
        let (scenario, bundle) = read(&edits.chain(request.set.iter().cloned()).collect::<Vec<_>>())?;
        let seeds = request.seeds.or(scenario.sweep.seeds).unwrap_or(SEEDS_DEFAULT);
        let axes = values.iter().map(|(path, value)| ((*path).clone(), json(value))).collect();
        let digest = digest(&bundle);
        Ok(Case { file: file.to_owned(), axes, scenario: scenario.into(), bundle: bundle.into(), digest, seeds })
    };
    combinations.into_iter().map(case).collect()
}

fn json(value: &toml::Value) -> serde_json::Value {
    // What JSON does not have (dates, infinities) no scenario has either.
    serde_json::to_value(value).unwrap_or_default()
}

fn digest(bundle: &Bundle) -> [u8; 32] {
    let text = serde_json::to_vec(bundle).unwrap_or_default();
    blake3::derive_key("litsim 1 sweep case", &text)
}

/// One run of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its place in the whole sweep, from 0.
    pub index: u64,
    /// The case, by position.
    pub case: usize,
    /// The seed.
    pub seed: u64,
}

impl Task {
    /// A hash of what runs: the same wherever and whenever it does, whatever else is swept over.
    fn key(&self, sweep: &Sweep) -> u64 {
        let digest = &sweep.cases[self.case].digest;
        let key = blake3::derive_key("litsim 1 sweep task", &[&digest[..], &self.seed.to_le_bytes()].concat());
        u64::from_le_bytes(key[..8].try_into().expect("8 of 32"))
    }

    /// Whether it is made twice though it is as expected.
    fn is_audited(&self, sweep: &Sweep) -> bool {
        // Another part of the hash than the one that chooses the shard.
        (self.key(sweep) >> 32).is_multiple_of(AGAIN_ONE_IN)
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Done {
    /// Which run.
    pub task: Task,
    /// What came of it, or why there was none.
    pub result: Result<Ran, String>,
    /// Whether it was made twice.
    pub again: bool,
}

/// Runs what is left of a sweep: tasks after the first `skip` of this shard. `take` is given each result in order, and
/// may end the sweep.
///
/// # Errors
/// If no worker can be started.
pub fn run(
    sweep: &Sweep,
    (engine, crew): (&(dyn Engine + Sync), &dyn Crew),
    jobs: usize,
    skip: u64,
    take: &mut dyn FnMut(Done) -> ControlFlow<()>,
) -> Result<(), NoHands> {
    struct Clerk<'c> {
        tasks: Box<dyn Iterator<Item = Task> + 'c>,
        take: &'c mut dyn FnMut(Done) -> ControlFlow<()>,
        failed: Option<NoHands>,
    }
    impl Desk<Task, Result<Done, NoHands>> for Clerk<'_> {
        fn next(&mut self) -> Option<Task> {
            self.tasks.next()
        }
        fn take(&mut self, result: Result<Done, NoHands>) -> ControlFlow<()> {
            match result {
                Ok(done) => (self.take)(done),
                Err(error) => {
                    self.failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        }
    }
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let mut clerk = Clerk { tasks: Box::new(sweep.tasks().skip(skip)), take, failed: None };
    work(crew, jobs, &mut clerk, &|post, task| carry_out(sweep, engine, post, task));
    clerk.failed.map_or(Ok(()), Err)
}

/// One run; another one in a fresh process, if it fails or is one of those that are looked at twice.
fn carry_out(sweep: &Sweep, engine: &dyn Engine, post: &mut Post<'_>, task: Task) -> Result<Done, NoHands> {
    let first = once(sweep, engine, post, task)?;
    let again = first.as_ref().is_ok_and(|ran| ran.exit != 0 || task.is_audited(sweep));
    if !again {
        return Ok(Done { task, result: first, again });
    }
    post.relieve();
    let second = once(sweep, engine, post, task)?;
    let result = match (first, second) {
        (Ok(first), Ok(second)) if first.is_like(&second) => Ok(first),
        (Ok(first), Ok(second)) => Ok(unlike(first, &second)),
        (first, _) => first,
    };
    Ok(Done { task, result, again })
}

fn once(sweep: &Sweep, engine: &dyn Engine, post: &mut Post<'_>, task: Task) -> Result<Result<Ran, String>, NoHands> {
    let case = &sweep.cases[task.case];
    let errand = Errand::Run { bundle: case.bundle.clone(), seed: task.seed, profile: sweep.profile };
    Ok(match post.carry_out(&errand)? {
        Answer::Ran(ran) => Ok(*ran),
        Answer::Refused { error } => Err(error),
        Answer::Died(died) => ran_into(died.death, engine, (&case.scenario, &case.bundle), task.seed),
        Answer::Shrunk(_) => Err("the worker answered something else".to_owned()),
    })
}

/// A run that came out differently the second time. The first one's report, with the verdict that this deserves.
fn unlike(first: Ran, second: &Ran) -> Ran {
    let mut report = first.report.clone();
    if let Ok(mut members) = serde_json::from_str::<serde_json::Map<_, _>>(&report) {
        members.insert("verdict".into(), Verdict::Nondeterminism.name().into());
        members.insert("expected".into(), false.into());
        members.insert("second_digest".into(), format!("0x{}", hex::encode(second.digest)).into());
        report = serde_json::Value::Object(members).to_string();
    }
    let capsule = first.capsule.clone().or_else(|| second.capsule.clone());
    Ran { exit: crate::cli::Exit::NONDETERMINISM.code(), verdict: Verdict::Nondeterminism, report, capsule, ..first }
}

#[cfg(test)]
mod tests;
