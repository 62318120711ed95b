//! A run is a function of scenario, seed and build: whatever process it runs in, and whether nodes share results.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use common::{each, extended, fault, litsim, quickstart, run, scratch, trace};
use serde_json::Value;

/// The whole life of a key under loss and two crashes.
fn stormy(folder: &Path) -> String {
    let faults = fault("loss", "", "loss = { links = \"all\", rate = 0.05 }")
        + &fault(
            "crash-in-dkg",
            "label = \"dkg/ack\"",
            "crash = { node = 2, restart_after_ms = 700 }\nduring = \"keygen\"",
        )
        + &fault(
            "crash-in-ecdsa",
            "label = \"ecdsa\"",
            "crash = { node = 3, restart_after_ms = 700 }\nduring = \"ecdsa\"",
        );
    // Under loss node 3 may hear of the request only when the others have answered it.
    let expect = "[expect]\nmarks = [\"work/loss\", \"work/crash-in-dkg\"]\n";
    extended(folder, "stormy", "signing.toml", &(faults + expect))
}

/// Runs a seed in three processes, one of them without sharing, and returns the digest.
fn digest_of(file: &str, seed: u64) -> String {
    let twice = run(file, seed, &["--twice"]).exits(0).json();
    let alone = run(file, seed, &["--no-memo"]).exits(0).json();
    assert_eq!(twice, alone, "seed {seed}: with and without shared results");
    twice["digest"].as_str().unwrap().to_owned()
}

fn digests_agree_for_each_seed_and_differ_between_seeds(file: &str, seeds: &[u64]) {
    let digests = each(seeds, |seed| digest_of(file, *seed));
    assert_eq!(digests.iter().collect::<BTreeSet<_>>().len(), seeds.len(), "pairwise different: {digests:?}");
}

#[test]
fn a_stormy_run_is_a_function_of_its_seed() {
    let seeds: Vec<u64> = (100..120).collect();
    digests_agree_for_each_seed_and_differ_between_seeds(&stormy(&scratch("determinism-stormy")), &seeds);
}

#[test]
fn the_quickstart_is_a_function_of_its_seed() {
    digests_agree_for_each_seed_and_differ_between_seeds(&quickstart(), &[1, 2, u64::MAX]);
}

/// Runs with a trace, in a folder of its own, and returns the folder of runs and the digest.
fn recorded(folder: &Path, part: &str, faults: &str) -> (PathBuf, Value) {
    let (file, out) = (extended(folder, part, "signing.toml", faults), folder.join(part));
    let report = run(&file, 5, &["--out", out.to_str().unwrap()]).exits(0).json();
    (out, report["digest"].clone())
}

/// The first message of a kind that leaves after the act has begun: its position among the records.
fn first_sent(records: &[Value], label: &str) -> usize {
    let begin = records.iter().position(|record| record["text"] == "act work begins").unwrap();
    let sent = |record: &Value| record["kind"] == "send" && record["label"].as_str().unwrap().starts_with(label);
    begin + records[begin..].iter().position(sent).unwrap()
}

#[test]
fn a_flipped_bit_changes_the_digest_and_the_diff_points_at_that_message() {
    let folder = scratch("determinism-flip");
    let (calm, calm_digest) = recorded(&folder, "calm", "");
    let records = trace(&calm, "signing", 5);
    for label in ["dkg/dealing", "presign/share", "ecdsa/announce", "frost/share"] {
        let flip = fault("flip", &format!("label = \"{label}\""), "flip = { byte = 60 }");
        let (flipped, digest) = recorded(&folder, &label.replace('/', "-"), &flip);
        assert_ne!(digest, calm_digest);

        let [left, right] = [calm.join("signing-seed5"), flipped.join("signing-seed5")];
        let [left, right] = [left.to_str().unwrap(), right.to_str().unwrap()];
        let diff = litsim(&["diff", left, right, "--json"]).exits(30).json();
        let index = first_sent(&records, label);
        assert_eq!(diff["index"], index, "{diff}");
        assert_eq!(diff["left"], records[index]);
        let mut other = diff["right"].clone();
        assert_ne!(other["payload"]["hash"], records[index]["payload"]["hash"]);
        other["payload"]["hash"] = records[index]["payload"]["hash"].clone();
        assert_eq!(other, records[index], "all but the bytes is the same");

        let text = litsim(&["diff", left, right]).exits(30).out;
        assert!(text.starts_with(&format!("first difference at record {index}\n")), "{text}");
        let sides = text.lines().filter(|line| line.trim_start().starts_with(['<', '>'])).collect::<Vec<_>>();
        assert!(
            sides.len() == 2 && sides.iter().all(|side| side.contains("Send node ") && side.contains(label)),
            "{text}"
        );
        litsim(&["diff", left, left]).exits(0);
    }
}

#[test]
fn two_recordings_of_one_run_are_equal_to_the_last_byte() {
    let folder = scratch("determinism-folders");
    let file = stormy(&folder);
    let out = ["one", "two"].map(|part| folder.join(part));
    for out in &out {
        run(&file, 9, &["--out", out.to_str().unwrap()]).exits(0);
    }
    let [one, two] = out.map(|out| out.join("signing-seed9"));
    litsim(&["diff", one.to_str().unwrap(), two.to_str().unwrap()]).exits(0);
    for name in ["report.json", "plan.json", "trace.jsonl", "checkpoints.jsonl"] {
        let [a, b] = [&one, &two].map(|folder| std::fs::read(folder.join(name)).unwrap());
        assert!(!a.is_empty() && a == b, "{name}");
    }
}
