//! Results as JUnit's XML, as CI systems read it: a suite for each scenario with its values, a case for each seed.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Facts;
use super::escape::markup;
use super::failures::reproduce;
use super::folder::Data;
use super::input::Run;

/// Verdicts that are errors of a program or a file rather than failures of what is tested.
const ERRORS: [&str; 3] = ["nondeterminism", "panic", "refused"];

fn is_error(run: &Run) -> bool {
    run.is_failed() && ERRORS.contains(&run.verdict())
}

fn seconds(data: &Data, run: &Run) -> f64 {
    data.timing(run).map_or(0.0, |timing| timing.wall_us as f64 / 1e6)
}

/// Writes the document. Times are those that passed, if they were taken.
pub fn junit(data: &Data, facts: &Facts) -> String {
    let count = |test: fn(&Run) -> bool, runs: &[(usize, &Run)]| runs.iter().filter(|(_, run)| test(run)).count();
    let time = |runs: &[(usize, &Run)]| runs.iter().map(|(_, run)| seconds(data, run)).sum::<f64>();
    let is_failure: fn(&Run) -> bool = |run| run.is_failed() && !is_error(run);
    let numbers = |runs: &[(usize, &Run)]| {
        let (failures, errors) = (count(is_failure, runs), count(is_error, runs));
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\"", runs.len(), time(runs))
    };
    let all: Vec<(usize, &Run)> = data.runs.iter().enumerate().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"{}\" {}>", markup(&data.name()), numbers(&all));
    for (case, runs) in cases(data) {
        let _ = writeln!(out, "  <testsuite name=\"{}\" {}>", markup(&case), numbers(&runs));
        for (place, run) in runs {
            test_case(&mut out, data, facts, place, run);
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

/// Runs by scenario and values, in the order in which these first come.
fn cases(data: &Data) -> Vec<(String, Vec<(usize, &Run)>)> {
    let mut cases: Vec<(String, Vec<(usize, &Run)>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (number, run) in data.runs.iter().enumerate() {
        let name = run.case();
        let place = *places.entry(name.clone()).or_insert(cases.len());
        match cases.get_mut(place) {
            Some((_, runs)) => runs.push((number, run)),
            None => cases.push((name, vec![(number, run)])),
        }
    }
    cases
}

fn test_case(out: &mut String, data: &Data, facts: &Facts, place: usize, run: &Run) {
    let (class, file) = (markup(&run.scenario), markup(&run.file));
    let file = if file.is_empty() { String::new() } else { format!(" file=\"{file}\"") };
    let _ = write!(
        out,
        "    <testcase classname=\"{class}\" name=\"seed {}\"{file} time=\"{:.3}\"",
        run.seed,
        seconds(data, run)
    );
    if !run.is_failed() {
        out.push_str("/>\n");
        return;
    }
    let failure = run.failure();
    let element = if is_error(run) { "error" } else { "failure" };
    let message = markup(&format!("{}: {}", failure.oracle, failure.kind)).replace('\n', "&#10;");
    let _ = writeln!(out, ">\n      <{element} type=\"{}\" message=\"{message}\">", markup(&failure.oracle));
    for violation in &run.violations {
        let line = format!("{:.3} s  {}: {}", violation.at_ms as f64 / 1e3, violation.oracle, violation.detail);
        let _ = writeln!(out, "{}", markup(&line));
    }
    let line = markup(&reproduce(data, facts, place));
    let _ = writeln!(out, "reproduce: {line}</{element}>\n    </testcase>");
}
