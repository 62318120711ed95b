//! Known mistakes are found: each planted bug by the oracle that is meant for it, and nothing where none is planted.

use std::path::{Path, PathBuf};

use lit_node::bugs::Bug;
use litsim::generic;
use litsim::hunt::{self, Options};
use litsim::outcome::{Engine, RunOptions, RunReport, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario::{self, Scenario};
use litsim::trace::Retention;
use litsim::world::Simulator;

/// Seeds within which each bug must be found here; `.ci/full` searches as `litsim bugs` does.
const SEEDS: u64 = 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/bugs")
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn run(scenario: &Scenario, seed: u64) -> RunReport {
    let plan = FaultPlan::new(scenario, seed).expect("a plan");
    let options = RunOptions { seed, memo: true, profile: false, trace: Retention::Nothing };
    Simulator.run(scenario, &plan, options)
}

#[test]
fn every_planted_bug_is_seen_by_its_oracle_and_by_no_other() {
    let options = Options { folder: folder(), seeds: SEEDS, generic_seeds: 0 };
    let trails = hunt::each(Bug::ALL, jobs(), |bug| hunt::hunt(&Simulator, *bug, &options));
    let missed: Vec<String> = trails
        .into_iter()
        .filter_map(|trail| match trail {
            Ok(trail) if trail.is_good() => None,
            Ok(trail) => Some(format!("{trail:?}")),
            Err(error) => Some(error.to_string()),
        })
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_same_scenarios_show_nothing_when_the_bug_is_not_planted() {
    let work: Vec<(Bug, u64)> = Bug::ALL.iter().flat_map(|bug| [(*bug, 1), (*bug, 2)]).collect();
    let seen = hunt::each(&work, jobs(), |(bug, seed)| {
        let path = folder().join(format!("{bug}.toml"));
        let scenario = scenario::load(&path, &["bugs.plant=[]".to_owned()]).expect("a scenario");
        let report = run(&scenario, *seed);
        let late = report.requests.iter().find(|request| !request.expected).map(|request| request.id.clone());
        (*bug, *seed, report.violations, late)
    });
    for (bug, seed, violations, late) in seen {
        assert!(violations.is_empty() && late.is_none(), "{bug}, seed {seed}: {violations:?} {late:?}");
    }
}

#[test]
fn generic_scenarios_pass_when_no_bug_is_planted() {
    let seeds: Vec<u64> = (1..=12).collect();
    let reports = hunt::each(&seeds, jobs(), |seed| {
        let text = generic::scenario(*seed);
        run(&scenario::parse("generic", text.as_bytes(), Path::new(""), &[]).expect("a scenario"), *seed)
    });
    for report in reports {
        let errors: Vec<_> = report.requests.iter().filter_map(|request| request.error.clone()).collect();
        let seed = report.seed;
        assert_eq!(
            report.verdict,
            Verdict::Pass,
            "seed {seed}: {:?} {errors:?} {:?}",
            report.violations,
            report.missed
        );
    }
}

#[test]
fn a_bug_that_is_planted_in_the_scenario_is_named_in_its_report() {
    let planted = scenario::load(&folder().join("missing-sync.toml"), &[]).expect("a scenario");
    let report = run(&planted, 1);
    assert_eq!(report.bugs.iter().collect::<Vec<_>>(), [Bug::MissingSync]);
    assert!(litsim::report::json(&report).contains("\"bugs\":[\"missing-sync\"]"));
}
