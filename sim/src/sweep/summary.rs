//! What a sweep came to, in the size of what went wrong and not of how many runs there were.

use std::collections::BTreeMap;

use super::Head;
use crate::capsule::Failure;
use crate::cli::Exit;

/// How many seeds of a failure are named.
const SEEDS_NAMED: usize = 5;

/// Sums over the lines of a sweep.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them were made twice.
    pub again: u64,
    /// How many were not as expected.
    pub failed: u64,
    /// How many ended in which verdict; `refused` if the planner refused them.
    pub verdicts: BTreeMap<String, u64>,
    /// The highest exit code.
    pub exit: u8,
    /// What went wrong, in the order in which it was first seen.
    pub groups: Vec<Group>,
    /// Whether any run that is as expected was made twice.
    is_audited: bool,
    /// The place of the first run that is as expected.
    first_good: Option<u64>,
}

/// Runs that failed in the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// How; none if the planner refused them.
    pub failure: Option<Failure>,
    /// The scenario's file.
    pub file: String,
    /// How many.
    pub runs: u64,
    /// The first seeds.
    pub seeds: Vec<u64>,
    /// The verdict of the first.
    pub verdict: String,
    /// The capsule of the first.
    pub capsule: Option<String>,
}

impl Summary {
    /// The place of the run that must be made again so that at least one of those that are as expected is; none if
    /// there is no such run, or one was made twice already.
    pub fn to_audit(&self) -> Option<u64> {
        self.first_good.filter(|_| !self.is_audited)
    }

    /// The run at that place was made again.
    pub fn audited(&mut self) {
        self.is_audited = true;
        self.again += 1;
    }

    /// Adds a line.
    pub fn add(&mut self, head: &Head) {
        if head.exit == Exit::OK.code() {
            self.is_audited |= head.again;
            self.first_good = self.first_good.or(Some(self.runs));
        }
        self.runs += 1;
        self.again += u64::from(head.again);
        self.exit = self.exit.max(head.exit);
        let verdict = head.verdict.clone().unwrap_or_else(|| "refused".to_owned());
        *self.verdicts.entry(verdict.clone()).or_default() += 1;
        if head.exit == Exit::OK.code() {
            return;
        }
        self.failed += 1;
        let failure = head.failures.first();
        let is_known = |group: &&mut Group| group.failure.as_ref() == failure && group.file == head.file;
        match self.groups.iter_mut().find(is_known) {
            Some(group) => {
                group.runs += 1;
                if group.seeds.len() < SEEDS_NAMED {
                    group.seeds.push(head.seed);
                }
            }
            None => self.groups.push(Group {
                failure: failure.cloned(),
                file: head.file.clone(),
                runs: 1,
                seeds: vec![head.seed],
                verdict,
                capsule: head.capsule.clone(),
            }),
        }
    }
}
