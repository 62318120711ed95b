//! Fuzzing through the real program: nothing is found where nothing is wrong, and each planted bug once, made small.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::path::Path;

use common::{Ended, litsim, scratch};
use serde_json::Value;

fn fuzz(out: &Path, runs: &str, more: &[&str]) -> Ended {
    let out = out.display().to_string();
    litsim(&[&["fuzz", "--budget", "10m", "--runs", runs, "--out", &out, "--json"], more].concat())
}

fn lines(ended: &Ended) -> Vec<Value> {
    ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong_and_what_is_tried_does_not_depend_on_the_workers() {
    let root = scratch("fuzz-clean");
    let corpus = |name: &str| root.join(name).display().to_string();
    let one = fuzz(&root, "12", &["-j1", "--corpus", &corpus("one")]).exits(0);
    let two = fuzz(&root, "12", &["-j2", "--corpus", &corpus("two")]).exits(0);
    assert_eq!(one.out, two.out);
    let [sum] = &lines(&one)[..] else { panic!("nothing but the sum in {}", one.out) };
    assert_eq!((&sum["runs"], &sum["refused"], &sum["found"]), (&12.into(), &0.into(), &0.into()));
    assert!(sum["corpus"].as_u64().unwrap() >= 2 && sum["reached"].as_u64().unwrap() > 20, "{sum}");
    // What was kept is a scenario like any other, and is where the next session begins.
    let kept = std::fs::read_dir(root.join("one")).unwrap().next().unwrap().unwrap().path();
    litsim(&["run", kept.to_str().unwrap(), "-q"]);
    let again = lines(&fuzz(&root, sum["corpus"].to_string().as_str(), &["--corpus", &corpus("one")]));
    assert_eq!(again[0]["reached"], sum["reached"], "the corpus reaches what was reached");
}

/// Finds a planted bug, once, within so many runs; what is left of it shows it, and nothing without it.
fn finds(bug: &str, (runs, seed): (&str, &str), oracle: &str) {
    let root = scratch(&format!("fuzz-{bug}"));
    let ended = fuzz(&root, runs, &["--bugs", bug, "--shrink", "60", "--seed", seed]);
    let all = lines(&ended);
    let [found, sum] = &all[..] else { panic!("{bug}: one finding expected: {}", ended.out) };
    assert_eq!((&sum["found"], &found["failure"]["oracle"]), (&1.into(), &oracle.into()), "{found}");
    let (small, seed) = (found["small"].as_str().unwrap(), found["size"]["seed"].to_string());
    let was = std::fs::read_to_string(found["capsule"].as_str().unwrap()).unwrap();
    let was: Value = serde_json::from_str(&was).unwrap();
    let before = was["plan"]["events"].as_array().unwrap().len() as u64;
    assert!(found["size"]["faults"].as_u64().unwrap() <= before.min(3), "{found}");
    let shows = |more: &[&str]| litsim(&[&["run", small, "--seed", &seed, "--json"], more].concat()).json();
    let seen = shows(&[]);
    assert!(seen["violations"].as_array().unwrap().iter().any(|v| v["oracle"] == oracle), "{seen}");
    assert_eq!(seen["expected"], true, "as a regression it expects what it shows");
    assert_eq!(shows(&["--set", "bugs.plant=[]"])["violations"], serde_json::json!([]));
    litsim(&["replay", &small.replace(".toml", ".capsule.json"), "--strict"]).exits(0);
}

#[test]
fn a_forgery_is_found_once_and_made_small() {
    // Where somebody complains falsely it shows in a second way: evidence is judged by the threshold on chain.
    finds("floor-quorum", ("8", "3"), "no-forgery");
}

#[test]
fn a_lost_record_is_found_once_and_made_small() {
    finds("missing-sync", ("8", "1"), "durability");
}

#[test]
fn a_secret_in_a_message_is_found_once_and_made_small() {
    finds("share-in-announcement", ("8", "1"), "secrecy");
}

#[test]
fn a_triple_that_serves_twice_is_found_once_and_made_small() {
    // What it tells shows, and so does that it is used again: in one run, so that it is one finding.
    finds("triple-twice", ("6", "1"), "secrecy");
}

#[test]
fn random_numbers_that_nodes_share_are_found_once_and_made_small() {
    // What is left is a step that fails, and a regression all the same: it names the oracle.
    finds("random-alike", ("3", "1"), "action-surroundings");
}

#[test]
fn a_certificate_that_is_too_short_is_found_once_and_made_small() {
    finds("certificate-one-short", ("3", "1"), "liveness");
}

/// Bugs that show seldom, or in workloads that are drawn seldom; with those above these are more than ten.
#[test]
#[ignore = "more runs than every change should wait for"]
fn five_more_bugs_are_each_found_once_and_made_small() {
    finds("caller-by-word", ("12", "1"), "authentic-caller");
    finds("expiry-unchecked", ("12", "1"), "authentic-caller");
    finds("unsealed-triples", ("12", "1"), "triple-discipline");
    finds("permission-cached", ("16", "1"), "permission-soundness");
    finds("garbage-ends-session", ("16", "1"), "liveness");
}

#[test]
fn when_the_time_is_over_nothing_new_begins() {
    let root = scratch("fuzz-time");
    let budget = |time: &str| {
        let out = root.join(time).display().to_string();
        lines(&litsim(&["fuzz", "--budget", time, "-j1", "--out", &out, "--json"]).exits(0))[0]["runs"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(budget("0s"), 0);
    // Many more are drawn ahead than one worker can make in this time.
    let runs = budget("1s");
    assert!((1..litsim::crew::WINDOW as u64).contains(&runs), "{runs} runs in a second");
}

#[test]
fn wrong_usage_has_codes_of_its_own() {
    let root = scratch("fuzz-usage");
    assert!(litsim(&["fuzz", "--budget", "soon"]).exits(2).err.contains("such as 90s, 10m or 2h"));
    assert!(litsim(&["fuzz", "--bugs", "floor-quorrum"]).exits(4).err.contains("did you mean `floor-quorum`?"));
    std::fs::write(root.join("bad.toml"), "# drawn from 1 under seed x\n").unwrap();
    let ended = litsim(&["fuzz", "--corpus", root.to_str().unwrap()]).exits(2);
    assert!(ended.err.contains("bad.toml:1: the seed"), "{}", ended.err);
}
