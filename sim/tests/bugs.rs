//! Known mistakes are found: each planted bug by the oracle that is meant for it, and nothing where none is planted.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::path::{Path, PathBuf};

use common::{litsim, scratch, simulate};
use lit_node::bugs::Bug;
use litsim::hunt::{self, Options};
use litsim::outcome::{Engine, RunOptions, RunReport};
use litsim::plan::FaultPlan;
use litsim::scenario::{self, Scenario};
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
    simulate(scenario, &plan, seed)
}

/// The simulator. An oracle that sees something had something to judge, and has to say so.
struct Counting;

impl Engine for Counting {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        let report = Simulator.run(scenario, plan, options);
        for seen in &report.violations {
            let times = report.exercised.get(seen.oracle.as_str());
            assert!(
                times.is_some_and(|times| *times > 0),
                "{} was never exercised, and saw: {}",
                seen.oracle,
                seen.detail
            );
        }
        report
    }
}

#[test]
fn every_planted_bug_is_seen_by_its_oracle_and_by_no_other() {
    let options = Options { folder: folder(), seeds: SEEDS, generic_seeds: 0 };
    let trails = hunt::each(Bug::ALL, jobs(), |bug| hunt::hunt(&Counting, *bug, &options));
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
    let options = Options { folder: folder(), seeds: 2, generic_seeds: 0 };
    let alarms = hunt::each(Bug::ALL, jobs(), |bug| hunt::control(&Simulator, *bug, &options).expect("a scenario"));
    let alarms: Vec<_> = alarms.into_iter().flatten().collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn generic_scenarios_show_nothing_when_no_bug_is_planted() {
    let seeds: Vec<u64> = (1..=16).collect();
    let alarms = hunt::each(&seeds, jobs(), |seed| hunt::control_generic(&Simulator, *seed).expect("a scenario"));
    let alarms: Vec<_> = alarms.into_iter().flatten().collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn a_bug_that_only_a_lie_lures_is_found_by_generic_scenarios_too() {
    let options = Options { folder: folder(), seeds: 1, generic_seeds: 50 };
    let trail = hunt::hunt(&Simulator, Bug::AckWithoutLooking, &options).expect("a scenario");
    assert!(trail.generic.is_some_and(|catch| catch.oracles.contains(&"ack-soundness".to_owned())));
}

/// Runs the seed under which a bug is found, replays its capsule in another process and shrinks it; what is left shows
/// the same, and nothing once the bug is gone.
fn comes_down_to_the_lure(bug: Bug) {
    let options = Options { folder: folder(), seeds: 200, generic_seeds: 0 };
    let trail = hunt::hunt(&Simulator, bug, &options).expect("a scenario");
    let seed = trail.caught.unwrap_or_else(|| panic!("{bug} is not found")).seed.to_string();
    let scratch = scratch(&format!("bug-{bug}"));
    let (capsule, small) = (scratch.join("capsule.json"), scratch.join("small.toml"));
    let (file, capsule, small) = (trail.scenario.to_str().unwrap(), capsule.to_str().unwrap(), small.to_str().unwrap());
    let run = litsim(&["run", file, "--seed", &seed, "--capsule", capsule, "--json"]).exits(0).json();
    let again = litsim(&["replay", capsule, "--strict"]).exits(0);
    assert!(again.out.contains(run["digest"].as_str().unwrap()), "{bug}: {}", again.out);
    let shrunk = litsim(&["shrink", capsule, "-o", small, "--json"]).exits(0).json();
    let (was, is) = (shrunk["before"]["events"].as_u64().unwrap(), shrunk["after"]["events"].as_u64().unwrap());
    assert!(is <= 5 || is * 4 <= was, "{bug}: {is} of {was} faults are left");
    let oracle = &shrunk["failure"]["oracle"];
    assert!(trail.oracles.iter().any(|named| oracle == named), "{bug}: {oracle}");
    let seed = shrunk["seed"].to_string();
    let left = litsim(&["run", small, "--seed", &seed, "--json"]).exits(0).json();
    assert!(left["violations"].as_array().unwrap().iter().any(|seen| seen["oracle"] == *oracle), "{bug}");
    let without = litsim(&["run", small, "--seed", &seed, "--json", "--set", "bugs.plant=[]"]).json();
    assert_eq!(without["violations"].as_array().unwrap().len(), 0, "{bug}: {without}");
}

#[test]
fn the_capsule_of_every_planted_bug_replays_and_shrinks() {
    hunt::each(Bug::ALL, jobs(), |bug| comes_down_to_the_lure(*bug));
}

#[test]
fn a_bug_that_is_planted_in_the_scenario_is_named_in_its_report() {
    let planted = scenario::load(&folder().join("missing-sync.toml"), &[]).expect("a scenario");
    let report = run(&planted, 1);
    assert_eq!(report.bugs.iter().collect::<Vec<_>>(), [Bug::MissingSync]);
    assert!(litsim::report::json(&report).contains("\"bugs\":[\"missing-sync\"]"));
}
