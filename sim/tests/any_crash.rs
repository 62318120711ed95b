//! Whatever moment up to f nodes crash at, everything completes and no nonce is used twice.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{each, extended, fault, run, scratch, trace};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::Value;

/// Runs, and returns all that is needed to look into it unless everything completed and nothing was violated.
fn passes(file: &str, seed: u64, nodes: u16, faults: &str) -> Result<Value, String> {
    let out = format!("{file}.out");
    let nodes = format!("network.nodes={nodes}");
    let ended = run(file, seed, &["--set", "expect.marks=[]", "--set", &nodes, "--out", &out]);
    let report: Option<Value> = serde_json::from_str(&ended.out).ok();
    let none = |report: &Value, what: &str| report[what].as_array().is_some_and(Vec::is_empty);
    let clean = report.filter(|report| {
        report["verdict"] == "pass" && none(report, "violations") && none(report, "culprits") && ended.code == 0
    });
    let report =
        clean.ok_or_else(|| format!("exit code {}, {file}\n{}{}\n{faults}", ended.code, ended.out, ended.err))?;
    match nonces_used_twice(&trace(Path::new(&out), "signing", seed)) {
        (uses, None) if uses >= 6 => Ok(report),
        (uses, twice) => Err(format!("{uses} uses of nonces, used twice: {twice:?}, {file}, seed {seed}\n{faults}")),
    }
}

/// Looks through a trace for nonces that a node bound to two proposals, without the oracle: how often nonces were
/// used, and the first that was used twice.
fn nonces_used_twice(records: &[Value]) -> (usize, Option<String>) {
    let mut proposals: BTreeMap<(String, &str), &str> = BTreeMap::new();
    let mut uses = 0;
    for record in records.iter().filter(|record| record["kind"] == "note") {
        let Some(note) = record["text"].as_str().and_then(|text| text.strip_prefix("NonceUsed { nonce: ")) else {
            continue;
        };
        let (nonce, proposal) = note.split_once(", proposal: ").expect("a nonce and its proposal");
        uses += 1;
        if *proposals.entry((record["actor"].to_string(), nonce)).or_insert(proposal) != proposal {
            return (uses, Some(record.to_string()));
        }
    }
    (uses, None)
}

/// All failures at once: one alone may mislead.
fn all_pass(results: Vec<Result<Value, String>>) -> Vec<Value> {
    let (good, bad): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let bad: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    assert!(
        bad.is_empty(),
        "{} runs failed, e.g.\n{}",
        bad.len(),
        bad.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
    );
    good.into_iter().filter_map(Result::ok).collect()
}

/// A plan drawn from a seed: sizes, rates, and up to f nodes that crash once or twice.
fn drawn(seed: u64) -> (u16, String) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut below = |bound: u32| rng.next_u32() % bound;
    let nodes = 4 + u16::try_from(below(7)).expect("small");
    let rate = |percent: u32| f64::from(percent) / 100.0;
    let mut faults = fault("loss", "", &format!("loss = {{ links = \"all\", rate = {} }}", rate(below(11))))
        + &fault("duplicate", "", &format!("duplicate = {{ links = \"all\", rate = {} }}", rate(below(16))))
        + &fault(
            "reorder",
            "",
            &format!("reorder = {{ links = \"all\", rate = {}, delay_ms_max = {} }}", rate(below(31)), 1 + below(300)),
        );
    let labels = ["dkg/dealing", "dkg/ack", "presign", "ecdsa", "frost", "channel/ack"];
    let mut victims: Vec<u16> = (1..=nodes).collect();
    for _ in 0..below(u32::from((nodes - 1) / 3) + 1).max(1) {
        let victim = victims.swap_remove(below(victims.len() as u32) as usize);
        for _ in 0..=below(2) {
            let (label, occurrence) = (labels[below(6) as usize], 1 + below(12));
            let restart = 1 + below(4000);
            let name = format!("crash-{victim}-{label}-{occurrence}-{restart}").replace('/', "-");
            let when = format!("label = \"{label}\", occurrence = {occurrence}");
            faults += &fault(&name, &when, &format!("crash = {{ node = {victim}, restart_after_ms = {restart} }}"));
        }
    }
    (nodes, faults)
}

/// Runs the plan that is drawn from a seed.
fn random(folder: &Path, seed: u64) -> Result<Value, String> {
    let (nodes, faults) = drawn(seed);
    passes(&extended(folder, &format!("random-{seed}"), "signing.toml", &faults), seed, nodes, &faults)
}

#[test]
fn everything_completes_under_random_crashes_of_up_to_f_nodes() {
    let folder = scratch("any-crash-random");
    let seeds: Vec<u64> = (1..=30).collect();
    let reports = all_pass(each(&seeds, |seed| random(&folder, *seed)));
    let crashes = |report: &Value| {
        let fired = report["faults"]["fired"].as_array().unwrap();
        fired.iter().filter(|id| id.as_str().unwrap().starts_with("work/crash")).count()
    };
    let crashed = reports.iter().filter(|report| crashes(report) > 0).count();
    assert!(crashed > 18, "nodes crashed in {crashed} runs");
    let sizes: std::collections::BTreeSet<u64> = reports.iter().filter_map(|report| report["nodes"].as_u64()).collect();
    assert!(sizes.len() >= 6, "{sizes:?}");
}

/// How many messages of each kind node 2 sends in a calm run, from the act's begin on.
fn sent_by_node_2(folder: &Path, seed: u64) -> BTreeMap<String, u32> {
    let (file, out) = (extended(folder, "calm", "signing.toml", ""), folder.join("calm"));
    run(&file, seed, &["--out", out.to_str().unwrap()]).exits(0);
    let mut counts = BTreeMap::new();
    let records = trace(&out, "signing", seed);
    let act = records.iter().skip_while(|record| record["text"] != "act work begins");
    for record in act.take_while(|record| record["text"] != "act work ends") {
        if record["kind"] == "send" && record["actor"]["node"] == 2 && record["peer"]["node"].is_u64() {
            let label = record["label"].as_str().unwrap();
            let kind = label.rsplit_once('@').and_then(|(label, _)| label.rsplit_once('/')).unwrap().0;
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Crashes node 2 at every message that it sends in a calm run, one run each.
fn crashes_at_every_message(name: &str, seed: u64, restart: &str) {
    let folder = scratch(name);
    let counts = sent_by_node_2(&folder, seed);
    for protocol in ["dkg/dealing", "dkg/ack", "presign/", "ecdsa/", "frost/"] {
        assert!(counts.keys().any(|kind| kind.starts_with(protocol)), "{protocol} in {counts:?}");
    }
    let kinds = counts.iter().filter(|(kind, _)| !kind.starts_with("channel/"));
    let cases: Vec<(&String, u32)> = kinds.flat_map(|(kind, count)| (1..=*count).map(move |i| (kind, i))).collect();
    assert!(cases.len() > 20, "{cases:?}");
    let results = each(&cases, |(kind, occurrence)| {
        let when = format!("label = \"{kind}\", node = 2, occurrence = {occurrence}");
        let crash = fault("crash", &when, &format!("crash = {{ node = 2{restart} }}"));
        let name = format!("{}-{occurrence}", kind.replace('/', "-"));
        passes(&extended(&folder, &name, "signing.toml", &crash), seed, 4, &crash)
    });
    for (report, case) in all_pass(results).iter().zip(&cases) {
        assert_eq!(report["faults"]["fired"], serde_json::json!(["work/crash"]), "{case:?}");
    }
}

#[test]
fn a_crash_with_a_restart_at_any_message_of_one_node_does_no_harm() {
    crashes_at_every_message("any-crash-restart", 21, ", restart_after_ms = 700");
}

#[test]
fn a_crash_with_an_instant_restart_at_any_message_of_one_node_does_no_harm() {
    crashes_at_every_message("any-crash-instant", 22, ", restart_after_ms = 1");
}

#[test]
fn a_crash_for_good_at_any_message_of_one_node_does_no_harm() {
    crashes_at_every_message("any-crash-for-good", 23, "");
}

/// Under this seed a holder crashes after its share has reached one of the others: that one has the signature, and
/// the holders that lack the share must hear of it in time.
#[test]
fn a_crash_between_two_copies_of_a_share_leaves_no_holder_behind() {
    all_pass(vec![random(&scratch("any-crash-straggler"), 79)]);
}
