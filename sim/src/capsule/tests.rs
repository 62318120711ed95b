//! Tests of capsules.

use super::shrink::{Document, Effort, ShrinkError, shrink};
use super::*;
use crate::fault::Fault;
use crate::outcome::{Faults, Violation};
use crate::pool::{self, Pool};
use crate::scenario::Vocabulary;
use crate::trace::Trace;

/// Fails under rules that a test knows: with a crash of node 2 during `sign`, of a loss of at least a tenth, and of a
/// step `sign`.
struct Rules;

impl Engine for Rules {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        let crash = plan.events.iter().any(|event| matches!(&event.what, Fault::Crash(crash) if crash.node.0 == 2));
        let loss = |event: &crate::plan::FaultEvent| match &event.what {
            Fault::Loss(strike) => strike.rate.ppm >= 100_000 && event.for_ms.is_none_or(|ms| ms >= 30),
            _ => false,
        };
        let signs = scenario.acts.iter().flat_map(|act| act.steps.iter()).any(|step| step.id == "sign");
        let fails = crash && signs && plan.events.iter().any(loss);
        let detail = format!("step sign did not complete at {}", plan.events.len());
        let violation = Violation { oracle: "liveness".into(), at_ms: 1, nodes: Vec::new(), detail };
        let trace = Trace::new(options.trace);
        let fired = plan.events.iter().map(|event| event.id.0.clone()).collect();
        RunReport {
            scenario: scenario.name.clone(),
            seed: options.seed,
            verdict: if fails { Verdict::Liveness } else { Verdict::Pass },
            expected: false,
            digest: trace.digest(),
            violations: fails.then_some(violation).into_iter().collect(),
            missed: None,
            faults: Faults { fired, ..Faults::default() },
            trace,
            ..crate::report::tests::sample()
        }
    }
}

const SCENARIO: &str = r#"
schema = 1
name = "many"
[network]
nodes = 13
link.loss = 0.01
[limits]
virtual_ms_max = 5000
[users]
alice = { wallet = true }
bob = { wallet = true }
[[act]]
name = "first"
[[act.step]]
id = "hello"
user = "bob"
do.handshake = {}
[[act.fault]]
name = "storm"
what.loss = { links = { from = [3, "any"], to = [7] }, rate = 0.37 }
for_ms = 4711
[[act.fault]]
name = "late"
when = { label = "dkg/ack", any_node = true, occurrence = 23 }
what.crash = { node = 2, restart_after_ms = 99, disk = "torn" }
[[act]]
name = "second"
[[act.step]]
id = "sign"
user = "alice"
do.execute = { action = "deep/er/sign.js", params = { a = 1, b = "x" } }
[[act.fault]]
name = "half"
during = "sign"
what.partition = { sets = [[1, 2], ["any", 4]] }
[[act.fault]]
name = "garbage"
what.garbage = { from = "any", to = "any", bytes = 100 }
"#;

fn bundle() -> Bundle {
    let files = [("deep/er/sign.js".to_owned(), "go();".to_owned())].into();
    Bundle { origin: "here/many.toml".into(), text: SCENARIO.into(), edits: vec!["network.nodes=16".into()], files }
}

fn capsule(seed: u64) -> Capsule {
    let scenario = bundle().scenario(Vocabulary::LIT).unwrap();
    let plan = FaultPlan::new(&scenario, seed).unwrap();
    let options = RunOptions { seed, memo: true, profile: false, trace: Retention::Nothing };
    Capsule::new(&Rules, bundle(), &plan, options, &attempt(&Rules, &scenario, &plan, options))
}

#[test]
fn a_plan_written_into_its_scenario_is_planned_again_as_it_was() {
    for seed in 0..20 {
        let capsule = capsule(seed);
        let explicit = Document::new(&capsule.scenario, &capsule.plan).unwrap().bundle();
        let scenario = explicit.scenario(Vocabulary::LIT).unwrap();
        assert_eq!(FaultPlan::new(&scenario, seed + 1000).unwrap(), capsule.plan, "{}", explicit.text);
        assert_eq!(scenario.network.nodes, 16, "edits are part of it");
        assert_eq!(scenario.expect.marks.len(), 4);
    }
}

#[test]
fn a_pool_of_triples_goes_wherever_the_actions_go() {
    let mut bundle = bundle();
    bundle.edits = vec!["keys.preprocessing=pool".into(), "keys.pool=deep/pools/".into(), "network.nodes=7".into()];
    bundle.files.insert(Pool::path("deep/pools/", 5), pool::make(5, 2, 1).unwrap().to_string());
    let scenario = bundle.scenario(Vocabulary::LIT).unwrap();
    let plan = FaultPlan::new(&scenario, 1).unwrap();
    let mut document = Document::new(&bundle, &plan).unwrap();
    document.move_files("moved");
    let moved = document.bundle();
    assert_eq!(moved.files.keys().collect::<Vec<_>>(), ["moved/5.triples", "moved/sign.js"]);
    assert_eq!(moved.scenario(Vocabulary::LIT).unwrap().keys, scenario.keys);
}

#[test]
fn a_capsule_reads_back_as_itself() {
    let folder = std::env::temp_dir().join(format!("litsim-capsule-{}", std::process::id()));
    let file = folder.join("deep/c.json");
    let original = capsule(u64::MAX);
    original.write(&file).unwrap();
    assert_eq!(Capsule::read(&file).unwrap(), original);
    assert_eq!(original.build, BUILD);
    assert!(BUILD.len() > 16 && BUILD.starts_with(env!("CARGO_PKG_VERSION")), "{BUILD}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn shrinking_leaves_what_the_failure_takes_and_the_simplest_of_it() {
    let capsule = capsule(5);
    let shrunk = shrink(&Rules, &capsule, "least", Effort::default(), &mut |_| {}).unwrap();
    let text = &shrunk.capsule.scenario.text;
    let events: Vec<String> = shrunk.capsule.plan.events.iter().map(ToString::to_string).collect();
    assert_eq!(
        events,
        ["first/storm: loss 100%, 0 ms after the start", "first/late: crash of node 2 for good, 0 ms after the start",]
    );
    assert_eq!((shrunk.before.events, shrunk.after.events, shrunk.after.steps, shrunk.after.nodes), (4, 2, 1, 4));
    for gone in ["bob", "limits", "loss = 0.01", "torn", "params", "occurrence", "16"] {
        assert!(!text.contains(gone), "{gone} is left in {text}");
    }
    assert!(
        text.contains("verdict = \"liveness\"") && text.contains("marks = [\"first/storm\", \"first/late\"]"),
        "{text}"
    );
    assert_eq!(shrunk.capsule.scenario.files["least-actions/sign.js"], "go();");
    let again = shrink(&Rules, &capsule, "least", Effort::default(), &mut |_| {}).unwrap();
    assert_eq!((again.capsule, again.runs), (shrunk.capsule, shrunk.runs));
}

#[test]
fn the_budget_ends_the_search_and_a_run_without_failure_has_nothing_to_keep() {
    let effort = Effort { budget: 3, ..Effort::default() };
    let shrunk = shrink(&Rules, &capsule(5), "x", effort, &mut |_| {}).unwrap();
    assert!(shrunk.spent && shrunk.runs <= 5 && shrunk.after.events >= 2, "{shrunk:?}");
    let mut fine = capsule(5);
    fine.outcome.failures.clear();
    assert!(matches!(shrink(&Rules, &fine, "x", effort, &mut |_| {}), Err(ShrinkError::NoFailure)));
    let mut other = capsule(5);
    other.outcome.failures[0].kind = "something else".into();
    assert!(matches!(shrink(&Rules, &other, "x", effort, &mut |_| {}), Err(ShrinkError::Gone(_))));
}

#[test]
fn what_differs_first_is_told() {
    let capsule = capsule(5);
    let scenario = capsule.scenario(&Rules).unwrap();
    let report = attempt(&Rules, &scenario, &capsule.plan, capsule.options(Retention::All));
    assert_eq!(compare(&capsule, &report, None), None);
    let other = RunReport { verdict: Verdict::Safety, ..report.clone() };
    let difference = compare(&capsule, &other, None).unwrap();
    assert_eq!(difference, Difference::Verdict { was: Verdict::Liveness, is: Verdict::Safety });
    let other = RunReport { digest: [1; 32], ..report };
    let difference = compare(&capsule, &other, None).unwrap().to_string();
    assert!(difference.contains("the traces differ"), "{difference}");
}
