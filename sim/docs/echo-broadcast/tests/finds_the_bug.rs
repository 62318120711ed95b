//! The seeded bug is caught by the protocol's own oracle, replayed and shrunk; without it every seed passes.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::path::{Path, PathBuf};

use lit_node::id::NodeId;
use litsim::capsule::shrink::{Effort, shrink};
use litsim::capsule::{Capsule, attempt, compare};
use litsim::outcome::{Engine, Point, RunOptions, RunReport, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario::Bundle;
use litsim::trace::Retention;

const SEEDS: std::ops::Range<u64> = 0..60;

fn stormy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/stormy.toml")
}

fn options(seed: u64) -> RunOptions {
    RunOptions { seed, memo: true, profile: false, trace: Retention::Nothing }
}

fn run(engine: &dyn Engine, seed: u64, edits: &[String]) -> (Bundle, FaultPlan, RunReport) {
    let (scenario, bundle) = Bundle::read(&stormy(), edits, engine.vocabulary()).unwrap();
    let plan = FaultPlan::new(&scenario, seed).unwrap();
    let report = attempt(engine, &scenario, &plan, options(seed));
    (bundle, plan, report)
}

#[test]
fn without_the_bug_honest_nodes_agree_under_every_seed() {
    let engine = echo_broadcast::engine(false);
    for seed in SEEDS {
        let (.., report) = run(&engine, seed, &[]);
        assert_eq!(report.verdict, Verdict::Pass, "seed {seed}: {:?} {:?}", report.violations, report.missed);
    }
    // If the sender is honest, all deliver, through all the noise.
    let honest = ["act.0.fault.0.what={ garbage = { from = 1, to = 2, bytes = 9 } }".to_owned()];
    for seed in SEEDS {
        let (.., report) = run(&engine, seed, &honest);
        assert_eq!((report.verdict, report.requests.len()), (Verdict::Pass, 7), "seed {seed}: {:?}", report.violations);
    }
}

#[test]
fn with_the_bug_the_oracle_finds_it_and_what_is_left_is_the_lie() {
    let engine = echo_broadcast::engine(true);
    let mut runs = SEEDS.map(|seed| (seed, run(&engine, seed, &[])));
    let caught = runs.find(|(_, (.., report))| report.violations.iter().any(|v| v.oracle == "agreement"));
    let (seed, (bundle, plan, report)) = caught.expect("some seed shows the bug");
    assert_eq!(report.verdict, Verdict::Safety);
    let capsule = Capsule::new(&engine, bundle, &plan, options(seed), &report);

    // Through a file, as on another machine.
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement.json");
    capsule.write(&file).unwrap();
    let capsule = Capsule::read(&file).unwrap();
    assert_eq!(capsule.mismatch(&engine), None);
    let again = attempt(&engine, &capsule.scenario(&engine).unwrap(), &capsule.plan, options(seed));
    assert_eq!(compare(&capsule, &again, None), None);
    // The program without the bug comes to something else.
    let mended = echo_broadcast::engine(false);
    let other = attempt(&mended, &capsule.scenario(&mended).unwrap(), &capsule.plan, options(seed));
    assert!(compare(&capsule, &other, None).is_some());

    let shrunk = shrink(&engine, &capsule, "agreement", Effort::default(), &mut |_| {}).unwrap();
    assert_eq!(shrunk.before.events, 10);
    assert!(shrunk.after.events <= 2, "{}", shrunk.capsule.scenario.text);
    assert!(shrunk.after.nodes <= 5, "{}", shrunk.capsule.scenario.text);
    assert!(shrunk.capsule.scenario.text.contains("equivocate"), "{}", shrunk.capsule.scenario.text);
    assert_eq!(shrunk.report.verdict, Verdict::Safety);
    assert!(shrunk.report.expected, "the regression expects what it shows");
    let twice = shrink(&engine, &capsule, "agreement", Effort::default(), &mut |_| {}).unwrap();
    assert_eq!((twice.capsule, twice.runs), (shrunk.capsule, shrunk.runs));
}

#[test]
fn a_node_shows_its_state_and_runs_are_a_function_of_the_seed() {
    let engine = echo_broadcast::engine(false);
    let (bundle, plan, first) = run(&engine, 4, &[]);
    let scenario = bundle.scenario(engine.vocabulary()).unwrap();
    assert_eq!(first.digest, run(&engine, 4, &[]).2.digest);
    assert_ne!(first.digest, run(&engine, 5, &[]).2.digest);
    let state = |point| engine.inspect(&scenario, &plan, options(4), point, NodeId(3)).unwrap();
    assert_eq!(state(Point::Records(1))["up"], false);
    assert!(state(Point::End)["state"]["echo"].is_u64(), "{}", state(Point::End));
    assert_eq!(engine.inspect(&scenario, &plan, options(4), Point::End, NodeId(8)), None);
}

#[test]
fn the_page_shows_code_that_compiles() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(here.join(path)).unwrap();
    let sources = ["src/lib.rs", "src/main.rs", "src/protocol.rs", "src/oracle.rs", "src/behaviour.rs"].map(read);
    let others = ["tests/finds_the_bug.rs", "scenarios/stormy.toml"].map(read);
    let page = read("../write-your-own.md");
    let blocks: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
    let quoted =
        blocks.iter().filter_map(|block| block.strip_prefix("rust,ignore\n").or_else(|| block.strip_prefix("toml\n")));
    let mut count = 0;
    for block in quoted {
        count += 1;
        let holds = sources.iter().chain(&others).any(|source| source.contains(block));
        assert!(holds, "the page has drifted from the example: {block}");
    }
    assert_eq!(count, 8);
}
