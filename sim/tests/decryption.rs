//! Up to f nodes lie about decryption: whoever may read something reads it, nobody else does, and who gives a wrong share
//! is named by the client.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{each, simulate};
use lit_node::id::NodeId;
use litsim::fault::mix;
use litsim::outcome::{RunReport, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario::{self, Scenario};

const STORY: &str = r#"
schema = 1
name = "letters"
[network]
nodes = 4
[chain]
block_time_ms = 500
[users]
alice = { wallet = true }
mallory = { wallet = true }
[expect]
marks = []

[[act]]
name = "before"

[[act.step]]
id = "network-key"
user = "alice"
do.keygen = { key = "network", curve = "bls12-381" }

[[act.step]]
id = "encrypt"
user = "alice"
do.encrypt = { secret = "letter", text = "attack at dawn", to = "alice" }

[[act]]
name = "all"

[[act.step]]
id = "decrypt"
user = "alice"
do.decrypt = { secret = "letter", auth = "alice" }

[[act.step]]
id = "as-another"
user = "mallory"
do.decrypt = { secret = "letter", auth = "mallory" }
expect = "NotAuthorized"

[[act.step]]
id = "by-other-conditions"
user = "mallory"
do.decrypt = { secret = "letter", auth = "mallory", shows = "mallory" }
expect = "NotDecrypted"

[[act.step]]
id = "once-more"
user = "alice"
do.decrypt = { secret = "letter", auth = "alice" }
"#;

/// Lies, `L` being the liar, and whether they prove it.
const LIES: [(&str, bool); 5] = [
    ("wrong_decryption_share = { node = L }", true),
    ("wrong_decryption_share = { node = L, off_by = -2 }", true),
    ("unreadable_share = { node = L }", false),
    ("unreadable_share = { node = L, copy = true }", false),
    ("ignore_permissions = { node = L }", false),
];

fn scenario(nodes: u16, faults: &str, edits: &[&str]) -> Scenario {
    let size = format!("network.nodes={nodes}");
    let edits: Vec<String> = edits.iter().copied().chain([size.as_str()]).map(str::to_owned).collect();
    let text = format!("{STORY}\n{faults}");
    let scenario = scenario::parse("letters", text.as_bytes(), Path::new("."), &edits);
    scenario.unwrap_or_else(|error| panic!("{error}\n{faults}"))
}

fn run(seed: u64, scenario: &Scenario) -> RunReport {
    let plan = FaultPlan::new(scenario, seed).expect("at most f nodes lie");
    simulate(scenario, &plan, seed)
}

/// The faults of some liars, and an honest node that is so slow that all of them are heard before it.
fn told(lie: &str, liars: &[u16], nodes: u16) -> String {
    let last = (1..=nodes).rev().find(|node| !liars.contains(node)).unwrap();
    let fault = |liar: &u16| {
        let what = lie.replace("= L", &format!("= {liar}"));
        format!("[[act.fault]]\nname = 'lie-{liar}'\nwhat.{what}\n")
    };
    let slow = format!("[[act.fault]]\nname = 'slow'\nwhat.slow = {{ node = {last}, factor = 1000 }}\n");
    liars.iter().map(fault).chain([slow]).collect()
}

fn complaint(report: &RunReport) -> Option<String> {
    let unmet: Vec<_> = report.requests.iter().filter(|request| !request.expected).collect();
    (report.verdict != Verdict::Pass).then(|| format!("{} {:?} {unmet:?}", report.verdict, report.violations))
}

#[test]
fn with_f_liars_everything_completes_and_the_client_names_exactly_those_who_gave_wrong_shares() {
    let networks: [(u16, &[u16]); 3] = [(4, &[2]), (7, &[3, 6]), (10, &[1, 4, 8])];
    let cases: Vec<_> = LIES.iter().flat_map(|lie| networks.iter().map(move |network| (lie, network))).collect();
    let complaints = each(&cases, |((lie, is_proof), (nodes, liars))| {
        let report = run(u64::from(*nodes), &scenario(*nodes, &told(lie, liars, *nodes), &[]));
        let place = format!("{lie}, liars {liars:?} of {nodes}");
        assert!(liars.iter().all(|liar| report.faults.liars.contains(&NodeId(*liar))), "{place}: never told");
        let named: Vec<NodeId> = report.blame().liars_named;
        let wanted: Vec<NodeId> = liars.iter().filter(|_| *is_proof).map(|liar| NodeId(*liar)).collect();
        let by_reader = report.culprits.iter().all(|culprit| culprit.clients.contains(&"alice".to_owned()));
        let blames_well = named == wanted && report.blame().honest_named.is_empty() && by_reader;
        complaint(&report)
            .or_else(|| (!blames_well).then(|| format!("{:?}", report.culprits)))
            .map(|text| format!("{place}: {text}"))
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn any_mixture_of_lies_on_f_nodes_leaves_letters_readable_by_their_reader_alone() {
    let cases: Vec<(u16, u64)> = (0..16).map(|seed| (if seed % 4 == 3 { 7 } else { 4 }, seed)).collect();
    let complaints = each(&cases, |&(nodes, seed)| {
        let mut faults = mix::faults(seed, nodes, (nodes - 1) / 3);
        let plan = FaultPlan::new(&scenario(nodes, &faults, &[]), seed).expect("at most f nodes lie");
        let liars: BTreeSet<NodeId> = plan.corrupted().into_iter().collect();
        for (at, liar) in liars.iter().enumerate() {
            let (lie, _) = LIES[(seed as usize + at) % LIES.len()];
            let lie = lie.replace("= L", &format!("= {}", liar.0));
            faults += &format!("[[act.fault]]\nname = 'letter-{at}'\nwhat.{lie}\n");
        }
        let report = run(seed, &scenario(nodes, &faults, &[]));
        let honest = report.blame().honest_named;
        let told = report.faults.fired.iter().filter(|mark| mark.contains("letter-")).count();
        let complaint = complaint(&report)
            .or_else(|| (!honest.is_empty()).then(|| format!("{honest:?} are named")))
            .map(|text| format!("{nodes} nodes, seed {seed}: {text}\n{faults}"));
        (told, complaint)
    });
    let told: usize = complaints.iter().map(|(told, _)| told).sum();
    assert!(told >= 8, "{told} lies about letters were told in 16 runs");
    let complaints: Vec<String> = complaints.into_iter().filter_map(|(_, complaint)| complaint).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_threshold_of_nodes_that_ignore_conditions_is_caught() {
    let faults: String = [1, 2, 3]
        .map(|node| format!("[[act.fault]]\nname = 'lie-{node}'\nwhat.ignore_permissions = {{ node = {node} }}\n"))
        .concat();
    let report = run(1, &scenario(4, &faults, &["limits.beyond_f=true"]));
    let stolen = report.requests.iter().find(|request| request.id == "as-another").unwrap();
    assert_eq!(stolen.outcome.name(), "ok");
    assert!(report.violations.iter().any(|seen| seen.oracle == "decryption-soundness"), "{:?}", report.violations);
}

#[test]
fn one_less_than_a_threshold_of_nodes_that_ignore_conditions_decrypts_nothing() {
    let faults: String = [1, 2]
        .map(|node| format!("[[act.fault]]\nname = 'lie-{node}'\nwhat.ignore_permissions = {{ node = {node} }}\n"))
        .concat();
    let report = run(1, &scenario(4, &faults, &["limits.beyond_f=true"]));
    assert_eq!(report.faults.fired.iter().filter(|fault| fault.contains("lie-")).count(), 2, "both gave shares");
    let refused = report.requests.iter().find(|request| request.id == "as-another").unwrap();
    assert_eq!(refused.outcome.name(), "NotAuthorized");
    assert_eq!(report.violations, []);
}
