//! Whole runs in which nodes lie in ways that no fault of a scenario makes them.

use std::collections::BTreeSet;
use std::path::Path;

use lit_node::conduct::{Conduct, Decision};
use lit_node::dkg::Dealing;
use lit_node::id::NodeId;

use super::simulate;
use crate::outcome::{RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::scenario;
use crate::trace::Retention;

const KEYGEN: &str = r#"
schema = 1
name = "keygen"

[network]
nodes = 4
delta_ms = 250

[chain]
block_time_ms = 1000

[users]
alice = { wallet = true }

[[act]]
name = "only"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "first" }
"#;

const LIAR: NodeId = NodeId(4);

/// Generates a key with a liar among `nodes`.
fn run(nodes: u16, seed: u64, finality_depth: u64, conduct: fn() -> Box<dyn Conduct>) -> RunReport {
    let edits = [format!("network.nodes={nodes}"), format!("chain.finality_depth={finality_depth}")];
    run_scenario(KEYGEN, &edits, seed, true, conduct)
}

/// `is_known` says whether oracles know of the liar, as they do of those in a plan.
fn run_scenario(
    text: &str,
    edits: &[String],
    seed: u64,
    is_known: bool,
    conduct: fn() -> Box<dyn Conduct>,
) -> RunReport {
    let scenario = scenario::parse("keygen.toml", text.as_bytes(), Path::new("."), edits).expect("a scenario");
    let plan = FaultPlan::new(&scenario, seed).expect("a plan");
    let options = RunOptions { seed, memo: true, profile: false, trace: Retention::default() };
    simulate(&scenario, &plan, options, move |world| {
        world.factory.stand_ins.insert(LIAR, conduct);
        world.corrupted.extend(is_known.then_some(LIAR));
    })
}

fn culprits(report: &RunReport) -> Vec<(NodeId, Vec<u16>, &str)> {
    let named_by = |by: &[NodeId]| {
        let mut by: Vec<u16> = by.iter().filter(|id| **id != LIAR).map(|id| id.0).collect();
        by.sort_unstable();
        by
    };
    report.culprits.iter().map(|c| (c.node, named_by(&c.named_by), c.evidence.as_str())).collect()
}

struct BadDealer;

impl Conduct for BadDealer {
    fn deal(&mut self, mut dealing: Dealing) -> Dealing {
        dealing.ciphertexts[2].tag[0] ^= 1;
        dealing
    }
}

#[test]
fn a_dealer_of_a_bad_share_is_reported_as_a_culprit_named_by_every_honest_node_and_nobody_lacks_the_key() {
    for (nodes, seed, finality_depth) in [(4, 1, 1), (4, 2, 1), (4, 3, 9), (7, 4, 1), (10, 5, 2)] {
        let report = run(nodes, seed, finality_depth, || Box::new(BadDealer));
        assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.requests);
        let honest: Vec<u16> = (1..=nodes).filter(|id| *id != LIAR.0).collect();
        assert_eq!(culprits(&report), [(LIAR, honest, "gave a bad share")]);
        assert_eq!(report.marks["key.ready"], u64::from(nodes), "everybody has a share, the victim too");
        assert!(report.milestones.iter().any(|m| m.text.ends_with("node 3 complains about node 4")));
    }
}

/// The victim is down when keys are dealt, so it does not deal itself, and comes back in time to complain. Of the three
/// certified dealings that the board needs two are left; more than f nodes find that, and ask for the next attempt.
#[test]
fn a_key_generation_that_complaints_leave_too_few_dealings_is_repeated_with_success() {
    let crash = "
[[act.fault]]
name = \"victim-is-down\"
when = { at_ms = 0 }
what.crash = { node = 3, restart_after_ms = 5500 }
";
    for seed in 1..=3 {
        let report = run_scenario(&format!("{KEYGEN}{crash}"), &[], seed, true, || Box::new(BadDealer));
        assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.requests);
        assert_eq!(culprits(&report), [(LIAR, vec![1, 2, 3], "gave a bad share")]);
        let opened = |attempt: u8| {
            let text = format!("opens, attempt {attempt},");
            report.milestones.iter().filter(|milestone| milestone.text.contains(&text)).count()
        };
        assert_eq!([opened(0), opened(1), opened(2)], [1, 1, 0]);
        let complaints = report.milestones.iter().filter(|milestone| milestone.text.contains("complains about"));
        assert_eq!(complaints.count(), 2, "in each attempt");
    }
}

struct FalseAccuser;

impl Conduct for FalseAccuser {
    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        honest || matches!(decision, Decision::Complain { dealer: NodeId(1), .. })
    }
}

#[test]
fn a_false_accuser_is_a_culprit_and_gives_away_its_own_share_only() {
    let report = run(4, 6, 1, || Box::new(FalseAccuser));
    assert_eq!(culprits(&report), [(LIAR, vec![1, 2, 3], "made a false complaint")]);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.violations);
    assert_eq!(report.marks["key.ready"], 4);
    // Were it honest, it would have given away a secret, and be blamed without having lied.
    let report = run_scenario(KEYGEN, &[], 6, false, || Box::new(FalseAccuser));
    assert_eq!(report.verdict, Verdict::Safety);
    let oracles: BTreeSet<&str> = report.violations.iter().map(|violation| violation.oracle.as_str()).collect();
    assert_eq!(oracles, BTreeSet::from(["culprit-completeness", "culprit-soundness", "secrecy"]));
    assert!(report.violations.iter().any(|v| v.detail.starts_with("an unfounded complaint of node 4")));
}
