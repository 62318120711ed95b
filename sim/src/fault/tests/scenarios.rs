//! Faults of machines and of the surroundings, from file to plan: what is read, refused, counted and written.

use std::path::Path;

use insta::assert_snapshot;

use crate::plan::{FaultPlan, PlanError};
use crate::scenario::{self, Scenario};

const BASE: &str = r#"schema = 1
name = "faults"

[network]
nodes = 7

[chain]
finality_depth = 3

[[http]]
origin = "https://a.example"

[users]
alice = { wallet = true }

[[act]]
name = "one"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }

"#;

/// One of each kind, none of which counts for more than one node.
const ALL: [&str; 16] = [
    "pause = { node = 1 }",
    "slow = { node = 2, factor = 20 }",
    "clock = { node = 3, offset_ms = -70_000 }",
    "drift = { node = 4, ppm = 150 }",
    "disk_full = { node = 1, restart_after_ms = 50 }",
    "disk_slow = { node = \"any\", sync_ms = 30 }",
    "twins = { node = 2, sees = [[1, 3, 4], [5, 6, 7]] }",
    "rpc_lag = { nodes = [1], blocks = 4 }",
    "rpc_stale = { nodes = [1] }",
    "rpc_down = {}",
    "rpc_lie = { nodes = [2], lie = \"permit-all\" }",
    "reorg = { depth = 2 }",
    "gateway = { nodes = [1], serve = \"truncated\" }",
    "origin = { origin = \"https://a.example\", answer = \"unreachable\" }",
    "origin = { origin = \"https://a.example\", nodes = [6], answer = { status = 200, json = { price = 1.5 } } }",
    "origin = { origin = \"https://a.example\", answer = { status = 503, body = \"no\", delay_ms = 9 } }",
];

fn text(faults: &[&str]) -> String {
    let faults = faults.iter().enumerate();
    let faults = faults.map(|(number, what)| format!("[[act.fault]]\nname = \"f{number}\"\nwhat.{what}\n"));
    format!("{BASE}{}", faults.collect::<String>())
}

fn check(text: &str) -> Result<Scenario, scenario::Diagnostics> {
    scenario::parse("faults.toml", text.as_bytes(), Path::new("."), &[])
}

fn plan(faults: &[&str]) -> Result<FaultPlan, PlanError> {
    FaultPlan::new(&check(&text(faults)).unwrap_or_else(|error| panic!("{error}")), 1)
}

fn errors(faults: &[&str]) -> String {
    check(&text(faults)).unwrap_err().to_string()
}

#[test]
fn a_plan_with_every_fault_is_shown_in_words_and_reads_back_from_json() {
    let plan = plan(&ALL).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<FaultPlan>(&json).unwrap(), plan);
    assert_snapshot!(plan.events.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_reset_of_the_network_counts_for_no_node_is_shown_and_reads_back() {
    let plan = plan(&["reset = {}", "crash = { node = 1 }", "crash = { node = 2 }"]).unwrap();
    assert!(plan.events[0].to_string().contains("the network is begun anew"), "{}", plan.events[0]);
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<FaultPlan>(&json).unwrap(), plan);
}

#[test]
fn faults_that_make_no_sense_are_refused_at_their_places() {
    assert_snapshot!(errors(&[
        "slow = { node = 2, factor = 1 }",
        "clock = { node = 9, offset_ms = 0 }",
        "clock = { node = 5, offset_ms = 9_223_372_036_854_775_807 }",
        "drift = { node = 4, ppm = -1_000_000 }",
        "disk_slow = { node = 1, sync_ms = 0 }",
        "twins = { node = 2, sees = [[1, 1], [2]] }",
    ]));
    assert_snapshot!(errors(&[
        "rpc_lag = { nodes = [3, 3], blocks = 0 }",
        "rpc_lie = { nodes = [], lie = \"no-logs\" }",
        "reorg = { depth = 0 }",
        "origin = { origin = \"https://b.example\", answer = { status = 20, body = \"x\", json = 1 } }",
        "origin = { origin = \"https://a.example\", answer = {} }",
    ]));
}

#[test]
fn a_lie_a_serving_and_an_answer_that_do_not_exist_are_shown_with_those_that_do() {
    assert_snapshot!(errors(&["rpc_lie = { nodes = [1], lie = \"permit\" }"]));
    assert_snapshot!(errors(&["gateway = { serve = \"everything\" }"]));
    assert_snapshot!(errors(&["origin = { origin = \"https://a.example\", answer = \"silent\" }"]));
    assert_snapshot!(errors(&["twins = { node = 2, sees = [[1]] }"]));
}

#[test]
fn nodes_that_stand_still_are_deceived_or_run_twice_count_as_faulty_and_slow_ones_do_not() {
    let too_many = |faults: &[&str]| plan(faults).is_err();
    let pauses = ["pause = { node = 1 }", "pause = { node = 2 }", "pause = { node = 3 }"];
    assert!(too_many(&pauses) && !too_many(&pauses[..2]), "f = 2");
    assert!(too_many(&["rpc_lie = { nodes = [1, 2, 3], lie = \"no-logs\" }"]));
    assert!(too_many(&[
        "rpc_lie = { nodes = [1], lie = \"no-logs\" }",
        "pause = { node = 2 }",
        "crash = { node = 3 }"
    ]));
    let twins = "twins = { node = 4, sees = [[1], [2]] }";
    assert!(too_many(&[twins, "disk_full = { node = 5 }", "pause = { node = 6 }"]));
    let slow: Vec<String> = (1..=7).map(|node| format!("slow = {{ node = {node}, factor = 9 }}")).collect();
    assert!(!too_many(&slow.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(!too_many(&["rpc_down = {}", "gateway = { serve = \"nothing\" }", "rpc_lag = { blocks = 2 }"]));
}

#[test]
fn pauses_of_different_nodes_may_follow_each_other() {
    let fault = |node: u16, at_ms: u64| {
        format!(
            "[[act.fault]]\nname = \"p{node}\"\nwhen = {{ at_ms = {at_ms} }}\nfor_ms = 100\nwhat.pause = {{ node = {node} }}\n"
        )
    };
    let planned = |times: [u64; 3]| {
        let faults: String = (1..).zip(times).map(|(node, at_ms)| fault(node, at_ms)).collect();
        FaultPlan::new(&check(&format!("{BASE}{faults}")).unwrap(), 1).is_ok()
    };
    assert!(planned([0, 50, 150]) && !planned([0, 50, 99]));
}

#[test]
fn a_reorganisation_of_final_blocks_needs_consent() {
    assert!(plan(&["reorg = { depth = 2 }"]).is_ok());
    let error = plan(&["reorg = { depth = 3 }"]).unwrap_err();
    assert!(matches!(error, PlanError::ReorgTooDeep { depth: 3, finality_depth: 3, .. }));
    assert!(error.to_string().contains("one/f0") && error.to_string().contains("beyond_f"), "{error}");
    let consent = text(&["reorg = { depth = 3 }"]).replace("[users]", "[limits]\nbeyond_f = true\n[users]");
    assert!(FaultPlan::new(&check(&consent).unwrap(), 1).is_ok());
}
