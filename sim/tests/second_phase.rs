//! What cannot complete while faults are on completes once they have ended; what does not even then is a violation.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::path::Path;

use common::simulate;
use litsim::outcome::{RunReport, StepOutcome, Verdict};
use litsim::plan::{FaultPlan, PlanError};
use litsim::scenario;

const STORY: &str = r#"
schema = 1
name = "healing"
[network]
nodes = 4
[chain]
block_time_ms = 500
[keys]
pool_per_set = 1
[users]
alice = { wallet = true }

[[act]]
name = "calm"
[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }
[[act.step]]
id = "mint"
user = "alice"
do.mint = { pkp = "p" }

[[act]]
name = "split"
[[act.step]]
id = "sign"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });'
auth = "alice"
params.toSign = "${keccak256:one}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]
[[act.step]]
id = "again"
user = "alice"
do.keygen = { key = "second" }
"#;

fn run(faults: &str, limits: &str) -> Result<RunReport, PlanError> {
    let text = format!("{STORY}\n{faults}\n[limits]\n{limits}\n");
    let scenario = scenario::parse("healing", text.as_bytes(), Path::new("."), &[]).unwrap();
    let plan = FaultPlan::new(&scenario, 3)?;
    Ok(simulate(&scenario, &plan, 3))
}

const SPLIT: &str = "[[act.fault]]\nname = \"half\"\nwhat.partition = { sets = [[1, 2], [3, 4]] }\n";

fn healed(report: &RunReport) -> Vec<&str> {
    let of = report.milestones.iter().map(|milestone| milestone.text.as_str());
    of.filter(|text| text.starts_with("faults end")).collect()
}

#[test]
fn a_step_that_a_partition_stops_completes_after_it_has_healed() {
    let report = run(SPLIT, "second_phase = true").unwrap();
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.missed);
    assert_eq!(healed(&report), ["faults end; step sign is asked for again"]);
    let sign = report.requests.iter().find(|request| request.id == "sign").unwrap();
    assert_eq!((&sign.outcome, sign.signatures.len()), (&StepOutcome::Ok, 1));
    assert_eq!(report.requests.len(), 4, "each step is reported once");
}

#[test]
fn without_a_second_phase_the_same_step_violates_liveness() {
    let report = run(SPLIT, "beyond_f = true").unwrap();
    assert_eq!(report.verdict, Verdict::Liveness);
    assert!(healed(&report).is_empty());
    assert!(matches!(run(SPLIT, ""), Err(PlanError::TooManyFaulty { .. })), "and has to be asked for");
}

#[test]
fn nodes_that_stay_down_do_not_heal_and_too_many_of_them_violate_liveness_in_the_second_phase_too() {
    let crash = |node: u16| format!("[[act.fault]]\nname = \"down-{node}\"\nwhat.crash = {{ node = {node} }}\n");
    let refused = run(&(crash(1) + &crash(2)), "second_phase = true");
    assert!(matches!(refused, Err(PlanError::TooManyFaulty { .. })), "two of four stay down");
    let report = run(&(crash(1) + &crash(2) + SPLIT), "second_phase = true\nbeyond_f = true").unwrap();
    assert_eq!(report.verdict, Verdict::Liveness);
    assert_eq!(healed(&report).len(), 1, "the partition ends, and there is nothing to end for the other step");
    let report = run(&(crash(1) + SPLIT), "second_phase = true").unwrap();
    assert_eq!(report.verdict, Verdict::Pass, "one of four may stay down: {:?}", report.violations);
}

#[test]
fn a_liar_goes_on_lying_in_the_second_phase() {
    let lie = "[[act.fault]]\nname = \"lie\"\nwhat.bad_sig_share = { node = 2 }\n";
    let report = run(&(SPLIT.to_owned() + lie), "second_phase = true").unwrap();
    assert_eq!(report.verdict, Verdict::Pass, "{:?} {:?}", report.violations, report.missed);
    assert_eq!(healed(&report).len(), 1);
    assert_eq!(report.faults.fired, ["split/half", "split/lie"]);
}
