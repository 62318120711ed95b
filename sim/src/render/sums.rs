//! What many runs come to: failures that are the same, verdicts by scenario, what never happened.

use std::collections::{BTreeMap, BTreeSet};

use super::folder::Data;
use super::input::{Case, Failure, Run};

/// Runs that failed in the same way under the same scenario.
#[derive(Clone, Debug)]
pub struct Group<'d> {
    /// How.
    pub failure: Failure,
    /// The runs, in order.
    pub runs: Vec<(usize, &'d Run)>,
}

/// What the runs of one scenario, with the same values of axes, came to.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// How many.
    pub runs: u64,
    /// How many of them are not as expected.
    pub failed: u64,
    /// How many ended in which verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// In how many each oracle saw a violation.
    pub violated: BTreeMap<String, u64>,
    /// How often each oracle had something to judge; nothing of those of which no run says so.
    pub exercised: BTreeMap<String, u64>,
}

/// Failed runs, put together if the failure and the scenario are the same, in the order in which they were first seen.
pub fn groups(data: &Data) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: BTreeMap<(Failure, &str), usize> = BTreeMap::new();
    for (place, run) in data.runs.iter().enumerate().filter(|(_, run)| run.is_failed()) {
        let failure = run.failure();
        let known = *places.entry((failure.clone(), run.scenario.as_str())).or_insert(groups.len());
        match groups.get_mut(known) {
            Some(group) => group.runs.push((place, run)),
            None => groups.push(Group { failure, runs: vec![(place, run)] }),
        }
    }
    groups
}

/// By what `name` says of a run, in the order in which it is first said.
pub fn rows(data: &Data, name: impl Fn(&Run) -> String) -> Vec<(String, Row)> {
    let mut rows: Vec<(String, Row)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for run in &data.runs {
        let name = name(run);
        let place = *places.entry(name.clone()).or_insert(rows.len());
        if place == rows.len() {
            rows.push((name, Row::default()));
        }
        let Some((_, row)) = rows.get_mut(place) else { continue };
        row.runs += 1;
        row.failed += u64::from(run.is_failed());
        *row.verdicts.entry(run.verdict().to_owned()).or_default() += 1;
        for oracle in run.violations.iter().map(|violation| violation.oracle.clone()).collect::<BTreeSet<_>>() {
            *row.violated.entry(oracle).or_default() += 1;
        }
        for (oracle, times) in &run.exercised {
            let sum: &mut u64 = row.exercised.entry(oracle.clone()).or_default();
            *sum = sum.saturating_add(*times);
        }
    }
    rows
}

/// How many runs ended in which verdict.
pub fn verdicts(data: &Data) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for run in &data.runs {
        *counts.entry(run.verdict()).or_default() += 1;
    }
    counts
}

/// In how many runs each fault of each scenario was declared, and in how many it had an effect.
pub fn faults(data: &Data) -> BTreeMap<(&str, &str), (u64, u64)> {
    let mut counts: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for run in &data.runs {
        let fired: BTreeSet<&str> = run.faults.fired.iter().map(String::as_str).collect();
        for id in &run.faults.declared {
            let count = counts.entry((&run.scenario, id)).or_default();
            count.0 += 1;
            count.1 += u64::from(fired.contains(id.as_str()));
        }
    }
    counts
}

/// Oracles that never had anything to judge, in any run, in alphabetical order.
pub fn never_exercised(data: &Data) -> Vec<&str> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for (oracle, times) in data.runs.iter().flat_map(|run| &run.exercised) {
        let sum = sums.entry(oracle).or_default();
        *sum = sum.saturating_add(*times);
    }
    sums.into_iter().filter(|(_, times)| *times == 0).map(|(oracle, _)| oracle).collect()
}

/// How often each *sometimes* branch was taken in all runs; those of faults are counted as faults.
pub fn marks(data: &Data) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for (mark, hits) in data.runs.iter().flat_map(|run| &run.marks).filter(|(mark, _)| !mark.starts_with("fault ")) {
        *counts.entry(mark.as_str()).or_default() += hits;
    }
    counts
}

/// How often liars and honest nodes were named and not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Liars that were named.
    pub liars_named: u64,
    /// Liars that were not.
    pub liars_unnamed: u64,
    /// Honest nodes that were named.
    pub honest_named: u64,
    /// Honest nodes that were not.
    pub honest_unnamed: u64,
}

/// The confusion matrix of blame over all runs; none if no run says who lied.
pub fn confusion(data: &Data) -> Option<Confusion> {
    let mut sum = None;
    for blame in data.runs.iter().filter_map(|run| run.blame.as_ref()) {
        let sum: &mut Confusion = sum.get_or_insert_default();
        sum.liars_named += blame.liars_named.len() as u64;
        sum.liars_unnamed += blame.liars_unnamed.len() as u64;
        sum.honest_named += blame.honest_named.len() as u64;
        sum.honest_unnamed += blame.honest_unnamed;
    }
    sum
}

/// The scenarios that ran, each once, with their seeds: those of a sweep are first and last, single runs have one each.
pub fn cases(data: &Data) -> Vec<(&Case, String)> {
    if let Some(sweep) = &data.manifest {
        let seeds = |case: &Case| match case.seeds[..] {
            [first, last] if first != last => format!("{first}-{last}"),
            _ => ranges(case.seeds.iter().copied()),
        };
        return sweep.cases.iter().map(|case| (case, seeds(case))).collect();
    }
    let mut cases: Vec<(&Case, Vec<u64>)> = Vec::new();
    for case in data.single.iter().flat_map(|run| &run.cases) {
        let same =
            |known: &&Case| (&known.file, &known.edits, &known.digest) == (&case.file, &case.edits, &case.digest);
        match cases.iter_mut().find(|(known, _)| same(known)) {
            Some((_, seeds)) => seeds.extend(&case.seeds),
            None => cases.push((case, case.seeds.clone())),
        }
    }
    cases.into_iter().map(|(case, seeds)| (case, ranges(seeds))).collect()
}

/// Numbers as ranges: `1-5, 9`.
pub fn ranges(numbers: impl IntoIterator<Item = u64>) -> String {
    let sorted: BTreeSet<u64> = numbers.into_iter().collect();
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for number in sorted {
        match spans.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => spans.push((number, number)),
        }
    }
    let text = spans.into_iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
    text.collect::<Vec<_>>().join(", ")
}
