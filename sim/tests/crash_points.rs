//! Kills a node at every step of every protocol, with each kind of damage to its disk, and looks at what it says
//! afterwards: nothing is signed twice differently, no nonce repeats, and the others complete.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::simulate;
use litsim::outcome::{RunReport, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario;

const STORY: &str = r#"
schema = 1
name = "crash-points"
[network]
nodes = 4
[chain]
block_time_ms = 500
[users]
alice = { wallet = true }
[expect]
marks = []

[[act]]
name = "all"

[[act.step]]
id = "keygen"
user = "alice"
do.keygen = { key = "k" }

[[act.step]]
id = "mint"
user = "alice"
do.mint = { pkp = "p" }

[[act.step]]
id = "ecdsa"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.signEcdsa({ toSign, publicKey, sigName: "sig" });'
auth = "alice"
params.toSign = "${keccak256:one}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]

[[act.step]]
id = "frost"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.sign({ toSign, publicKey, sigName: "sig", signingScheme: "SchnorrK256Sha256" });'
auth = "alice"
params.toSign = "${keccak256:two}"
params.publicKey = "${pkp.p.public_key}"
expect_signatures = ["sig"]
"#;

fn run(fault: &str, seed: u64) -> RunReport {
    let text = format!("{STORY}\n{fault}");
    let scenario = scenario::parse("crash-points", text.as_bytes(), Path::new("."), &[]).expect("a scenario");
    let plan = FaultPlan::new(&scenario, seed).expect("at most one node is down");
    simulate(&scenario, &plan, seed)
}

fn crash(label: &str, node: u16, occurrence: u32, disk: &str) -> String {
    format!(
        "[[act.fault]]\nname = \"crash\"\n\
         when = {{ label = \"{label}\", node = {node}, occurrence = {occurrence} }}\n\
         what.crash = {{ node = {node}, restart_after_ms = 400, disk = \"{disk}\" }}\n"
    )
}

/// Every message that a node sends, by label; how many of the crashes came about.
fn crash_everywhere(labels: &[&str], disk: &str) -> usize {
    let mut fired = 0;
    for label in labels {
        for (node, occurrence) in (1..=2).flat_map(|node| (1..=6).map(move |occurrence| (node, occurrence))) {
            let seed = u64::from(occurrence) * 10 + u64::from(node);
            let report = run(&crash(label, node, occurrence, disk), seed);
            let place = format!("node {node} at {label} #{occurrence}, disk {disk}, seed {seed}");
            assert_eq!(report.verdict, Verdict::Pass, "{place}: {:?} {:?}", report.violations, report.requests);
            fired += report.faults.fired.len();
        }
    }
    fired
}

#[test]
fn a_node_killed_while_it_generates_a_key_contradicts_itself_never_and_stops_nobody() {
    for disk in ["unsynced", "torn", "rollback"] {
        let fired = crash_everywhere(&["channel/welcome", "dkg/dealing", "dkg/ack"], disk);
        assert!(fired >= 12, "{fired} crashes with disk {disk}");
    }
}

#[test]
fn a_node_killed_while_it_signs_repeats_no_nonce_and_stops_nobody() {
    for disk in ["unsynced", "rollback"] {
        let fired = crash_everywhere(&["presign", "ecdsa", "frost"], disk);
        assert!(fired >= 12, "{fired} crashes with disk {disk}");
    }
}

/// Cuts node 2's power in the midst of its first, second, third... write or sync after the key generation opened,
/// until the run has no further one; how many it has, and the digests of the runs in which the power was cut.
fn cut_power_at_every(operation: &str, disk: &str) -> Vec<[u8; 32]> {
    let mut digests = Vec::new();
    loop {
        let nth = digests.len() as u64 + 1;
        let fault = format!(
            "[[act.fault]]\nname = \"cut\"\nwhen = {{ at_ms = 500 }}\n\
             what.crash = {{ node = 2, restart_after_ms = 400, disk = \"{disk}\", {operation} = {nth} }}\n"
        );
        let report = run(&fault, 4);
        let place = format!("{operation} {nth}, disk {disk}");
        assert_eq!(report.verdict, Verdict::Pass, "{place}: {:?} {:?}", report.violations, report.requests);
        if report.faults.fired.is_empty() {
            return digests;
        }
        digests.push(report.digest);
    }
}

/// The power fails while a node is at work: what it said before that, it stands by; what it was about to say never
/// left. The list of points is exhausted, so that none is passed over.
#[test]
fn a_power_cut_at_any_write_or_sync_loses_nothing_that_was_said() {
    let [writes, torn_writes] = ["unsynced", "torn"].map(|disk| cut_power_at_every("at_write", disk));
    let [syncs, torn_syncs] = ["unsynced", "torn"].map(|disk| cut_power_at_every("at_sync", disk));
    assert_eq!((writes.len(), syncs.len()), (torn_writes.len(), torn_syncs.len()), "one run, one list of points");
    assert!(writes.len() > syncs.len() && syncs.len() >= 5, "{} writes and {} syncs", writes.len(), syncs.len());
    assert_ne!(writes, torn_writes, "a torn write leaves another disk than a lost one");
}

#[test]
fn runs_with_and_without_a_crash_differ_and_each_repeats() {
    let digest = |fault: &str| run(fault, 3).digest;
    let crash = crash("dkg/ack", 2, 1, "torn");
    let digests = [digest(""), digest(&crash), digest(""), digest(&crash)];
    assert_eq!(digests[..2], digests[2..]);
    assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), 2);
}
