//! Whether a candidate fails in the same way, at what cost.

use std::collections::BTreeMap;

use super::document::Document;
use crate::capsule::{Failure, attempt, failures};
use crate::outcome::{Engine, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::trace::Retention;

/// What a candidate must do to count.
pub(super) struct Judge<'e> {
    pub engine: &'e dyn Engine,
    /// The failure that must occur.
    pub target: Failure,
    /// The verdict that must come of it.
    pub verdict: Verdict,
    pub memo: bool,
    /// The seed that is tried first.
    pub seed: u64,
    /// How many seeds are tried.
    pub seeds: u64,
    pub budget: u64,
    /// How many runs were made.
    pub runs: u64,
    /// What became of candidates that were seen before, by their text and seed.
    known: BTreeMap<[u8; 32], Option<u64>>,
    /// Told of each candidate that counts.
    progress: &'e mut dyn FnMut(Progress),
}

/// How far shrinking has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Runs so far.
    pub runs: u64,
    /// Faults in the smallest failing scenario so far.
    pub events: usize,
    /// Steps in it.
    pub steps: usize,
}

impl<'e> Judge<'e> {
    pub fn new(
        engine: &'e dyn Engine,
        (target, verdict): (Failure, Verdict),
        options: RunOptions,
        (seeds, budget): (u64, u64),
        progress: &'e mut dyn FnMut(Progress),
    ) -> Self {
        let (memo, seed) = (options.memo, options.seed);
        Self { engine, target, verdict, memo, seed, seeds, budget, runs: 0, known: BTreeMap::new(), progress }
    }

    /// Whether the budget is used up.
    pub fn is_spent(&self) -> bool {
        self.runs >= self.budget
    }

    /// Whether a candidate fails in the same way under one of the seeds, the present one first. That seed is the
    /// present one from then on. A candidate that is no valid scenario costs nothing.
    pub fn fails(&mut self, candidate: &Document) -> bool {
        let bundle = candidate.bundle();
        let mut hasher = blake3::Hasher::new();
        hasher.update(bundle.text.as_bytes()).update(&self.seed.to_le_bytes());
        let name = *hasher.finalize().as_bytes();
        let found = match self.known.get(&name) {
            Some(known) => *known,
            None => {
                let found = self.try_seeds(candidate);
                self.known.insert(name, found);
                found
            }
        };
        if let Some(seed) = found {
            self.seed = seed;
            let (events, steps) = (candidate.parts("fault").len(), candidate.parts("step").len());
            (self.progress)(Progress { runs: self.runs, events, steps });
        }
        found.is_some()
    }

    fn try_seeds(&mut self, candidate: &Document) -> Option<u64> {
        let first = self.seed;
        (0..self.seeds.max(1)).map(|more| first.wrapping_add(more)).find(|seed| {
            // A candidate that cannot be tried any more does not count.
            !self.is_spent() && self.run(candidate, *seed).is_some_and(|(_, report)| self.is_same(&report))
        })
    }

    /// Runs a candidate; none if it is no valid scenario.
    pub fn run(&mut self, candidate: &Document, seed: u64) -> Option<(FaultPlan, RunReport)> {
        let scenario = candidate.bundle().scenario(self.engine.vocabulary()).ok()?;
        let plan = FaultPlan::new(&scenario, seed).ok()?;
        self.runs += 1;
        let options = RunOptions { seed, memo: self.memo, profile: false, trace: Retention::Nothing };
        let report = attempt(self.engine, &scenario, &plan, options);
        Some((plan, report))
    }

    /// Whether a run fails in the same way.
    pub fn is_same(&self, report: &RunReport) -> bool {
        report.verdict == self.verdict && failures(report).contains(&self.target)
    }
}
