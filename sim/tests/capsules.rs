//! Capsules and what is done with them, through the real program: a failing run is replayed in another process to the
//! same digest, and shrunk to what it takes.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::{Ended, extended, fault, litsim, scenario, scratch};
use serde_json::Value;

/// A scenario that fails, its edits, and how.
struct Failing {
    file: String,
    set: &'static [&'static str],
    code: i32,
    oracle: &'static str,
}

/// Faults that do no harm: they only have to go.
fn noise() -> String {
    let mut text = String::new();
    text += &fault("slow", "at_ms = 0", "reorder = { links = \"all\", rate = 0.2, delay_ms_max = 30 }");
    text += &fault("twice", "at_ms = 40", "duplicate = { links = [[1, 2], [3, 1]], rate = 0.31 }");
    text += &fault("junk", "label = \"dkg/ack\", node = 3", "garbage = { from = 1, to = 3, bytes = 333 }");
    text += &fault("short", "label = \"dkg/dealing\", node = 1, occurrence = 2", "truncate = { bytes = 17 }");
    text += &fault("bit", "label = \"dkg/ack\", node = 4", "flip = { byte = 4321 }");
    text += &fault("lossy", "at_ms = 10", "loss = { links = { from = [4] }, rate = 0.05 }\nfor_ms = 170");
    text += &fault("split", "at_ms = 300", "partition = { sets = [[1], [3]] }\nfor_ms = 90");
    text += &fault("nap", "label = \"dkg/dealing\", node = 3", "crash = { node = 3, restart_after_ms = 700 }");
    text
}

fn beyond_f(folder: &Path) -> Failing {
    let mut more = noise();
    for node in [2, 4] {
        let _ = write!(
            more,
            "{}",
            fault(
                &format!("node-{node}-dies"),
                "at_ms = 20",
                &format!("crash = {{ node = {node} }}\nduring = \"ecdsa\"")
            )
        );
    }
    let set = &["limits.beyond_f=true"];
    Failing { file: extended(folder, "beyond-f", "signing.toml", &more), set, code: 10, oracle: "liveness" }
}

fn leak(folder: &Path) -> Failing {
    let more = noise() + &fault("tells", "at_ms = 35", "leak = { node = 2 }");
    let file = extended(folder, "leak", "signing.toml", &more);
    Failing { file, set: &["limits.beyond_f=true"], code: 20, oracle: "secrecy" }
}

fn unmet(folder: &Path) -> Failing {
    let text =
        "[[act]]\nname = \"more\"\n\n[[act.step]]\nid = \"hello-again\"\nuser = \"alice\"\ndo.handshake = {}\n\n";
    let noise = fault("slow", "at_ms = 0", "reorder = { links = \"all\", rate = 0.2, delay_ms_max = 30 }");
    let file = extended(folder, "unmet-more", "unmet.toml", &format!("{text}{noise}"));
    Failing { file, set: &[], code: 5, oracle: "expectation" }
}

fn unfired(folder: &Path) -> Failing {
    let never = fault("never", "label = \"frost/share\"", "crash = { node = 2, restart_after_ms = 10 }");
    let slow = fault("slow", "at_ms = 0", "reorder = { links = \"all\", rate = 0.2, delay_ms_max = 30 }");
    let file = extended(folder, "unfired", "greeting.toml", &format!("{slow}{never}"));
    Failing { file, set: &[], code: 5, oracle: "expectation" }
}

impl Failing {
    /// Runs it, and returns its run folder's capsule.
    fn capsule(&self, folder: &Path) -> PathBuf {
        let out = folder.join("out");
        let mut arguments = vec!["run", &self.file, "--seed", "3", "--json", "--out", out.to_str().unwrap()];
        arguments.extend(self.set.iter().flat_map(|set| ["--set", set]));
        let ended = litsim(&arguments).exits(self.code);
        let report = ended.json();
        let name = report["scenario"].as_str().unwrap();
        let capsule = out.join(format!("{name}-seed3/capsule.json"));
        let [line] = ended.reproduce()[..] else { panic!("one reproduce line in {}", ended.err) };
        assert!(line.ends_with(&format!("replay {}", capsule.display())), "{line}");
        assert_eq!(read(&capsule)["outcome"]["digest"], report["digest"]);
        assert_eq!(read(&capsule)["outcome"]["failures"][0]["oracle"], self.oracle);
        // Somewhere else, without the trace: the capsule is all there is.
        let moved = folder.join("moved.json");
        std::fs::copy(capsule, &moved).unwrap();
        moved
    }
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn replay(capsule: &Path, more: &[&str]) -> Ended {
    litsim(&[&["replay", capsule.to_str().unwrap()], more].concat())
}

/// Replays and shrinks a failing run, and checks that what is left fails in the same way, by its file and by its
/// capsule, in other processes.
fn comes_down_to(failing: &Failing, folder: &Path, events_max: u64) -> Value {
    let capsule = failing.capsule(folder);
    std::fs::remove_file(&failing.file).unwrap();
    let same = replay(&capsule, &["--quiet"]).exits(failing.code);
    assert_eq!(same.err, "");
    let before = read(&capsule);
    let shrunk = folder.join("small.toml");
    let ended = litsim(&["shrink", capsule.to_str().unwrap(), "-o", shrunk.to_str().unwrap(), "--json"]).exits(0);
    let result = ended.json();
    let text = std::fs::read_to_string(&shrunk).unwrap();
    let (was, is) = (result["before"]["events"].as_u64().unwrap(), result["after"]["events"].as_u64().unwrap());
    assert_eq!(was, before["plan"]["events"].as_array().unwrap().len() as u64);
    assert!(is <= events_max && (is <= 5 || is * 4 <= was), "{is} of {was} events:\n{text}");
    assert_eq!(result["spent"], false, "{result}");
    assert_eq!(result["failure"], before["outcome"]["failures"][0]);
    let small = folder.join("small.capsule.json");
    assert_eq!(read(&small)["outcome"]["failures"].as_array().unwrap()[0], result["failure"]);
    let seed = result["seed"].to_string();
    let run = litsim(&["run", shrunk.to_str().unwrap(), "--seed", &seed, "--json"]);
    assert_eq!(run.json()["digest"], read(&small)["outcome"]["digest"], "{text}");
    // As a regression it expects its verdict, where a scenario can expect it.
    run.exits(if failing.code == 5 { 5 } else { 0 });
    if failing.code != 5 {
        let mended = litsim(&["run", shrunk.to_str().unwrap(), "--seed", &seed, "--set", "expect.verdict=pass"]);
        mended.exits(failing.code);
    }
    replay(&small, &["--strict"]).exits(if failing.code == 5 { 5 } else { 0 });
    result
}

#[test]
fn a_liveness_failure_comes_down_to_the_crashes_that_make_it() {
    let folder = scratch("capsule-liveness");
    let result = comes_down_to(&beyond_f(&folder), &folder, 2);
    assert_eq!(result["before"]["events"], 10);
}

#[test]
fn a_leak_comes_down_to_the_leak() {
    let folder = scratch("capsule-safety");
    let result = comes_down_to(&leak(&folder), &folder, 1);
    assert_eq!((&result["after"]["events"], &result["after"]["nodes"]), (&1.into(), &4.into()));
    // The same capsule always gives the same result.
    let (first, second) = (folder.join("small.toml"), folder.join("again.toml"));
    let capsule = folder.join("moved.json");
    litsim(&["shrink", capsule.to_str().unwrap(), "-o", second.to_str().unwrap(), "-q"]).exits(0);
    let text = |file: &Path, stem: &str| std::fs::read_to_string(file).unwrap().replace(stem, "STEM");
    assert_eq!(text(&first, "small"), text(&second, "again"));
}

#[test]
fn missed_expectations_come_down_to_what_is_demanded() {
    let folder = scratch("capsule-unmet");
    let result = comes_down_to(&unmet(&folder), &folder, 0);
    assert_eq!((&result["after"]["steps"], &result["after"]["nodes"]), (&1.into(), &2.into()));
    let folder = scratch("capsule-unfired");
    comes_down_to(&unfired(&folder), &folder, 1);
}

#[test]
fn what_is_wrong_with_a_capsule_is_said_with_file_and_field() {
    let folder = scratch("capsule-broken");
    let capsule = unfired(&folder).capsule(&folder);
    let text = std::fs::read_to_string(&capsule).unwrap();
    let refused = |changed: &str, parts: &[&str]| {
        let file = folder.join("broken.json");
        std::fs::write(&file, changed).unwrap();
        let ended = replay(&file, &[]).exits(3);
        for part in [&["broken.json"], parts].concat() {
            assert!(ended.err.contains(part), "{part:?} is missing in {}", ended.err);
        }
    };
    assert!(text.contains("\"delay_ms_max\": 30"), "{text}");
    refused(&text.replace("\"delay_ms_max\": 30", "\"delay_ms_max\": 31"), &["field `plan`", "was changed"]);
    refused(&text.replace("\"seed\": 3", "\"seed\": 4"), &["field `seed`", "was changed"]);
    refused(&text[..text.len() / 2], &["the file ends in its midst"]);
    refused(&text.replace("\"format\": 1", "\"format\": 2"), &["field `format`", "version 2", "reads version 1"]);
    refused(&text.replace("\"memo\": true,", ""), &["field `memo`", "missing"]);
    refused("[]", &["broken.json:1:"]);
    refused("", &["the file ends in its midst"]);
    let gone = replay(&folder.join("nowhere.json"), &[]).exits(3);
    assert!(gone.err.contains("nowhere.json"), "{}", gone.err);
}

/// Changes a capsule and seals it anew, as somebody who knows the format might.
fn forged(capsule: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let mut value = read(capsule);
    change(&mut value);
    let members = value.as_object_mut().unwrap();
    members.remove("seals");
    let seal = |member: &Value| Value::from(format!("0x{}", blake3::hash(member.to_string().as_bytes()).to_hex()));
    let seals: serde_json::Map<_, _> = members.iter().map(|(name, member)| (name.clone(), seal(member))).collect();
    members.insert("seals".into(), Value::Object(seals));
    let file = capsule.with_file_name("forged.json");
    std::fs::write(&file, value.to_string()).unwrap();
    file
}

#[test]
fn a_replay_that_differs_says_where_and_another_build_is_named() {
    let folder = scratch("capsule-differs");
    let failing = unfired(&folder);
    let capsule = failing.capsule(&folder);
    let other_plan = forged(&capsule, |value| {
        value["plan"]["events"][0]["what"]["reorder"]["delay_ms_max"] = 999.into();
    });
    let ended = replay(&other_plan, &[]).exits(30);
    assert!(ended.err.contains("this is not the run of the capsule: the traces differ"), "{}", ended.err);
    // Beside the original's trace the very record is shown.
    let beside = folder.join("out/unfired-seed3/forged.json");
    let name = read(&capsule)["scenario"]["origin"].clone();
    assert_eq!(name, failing.file);
    let beside = if beside.parent().unwrap().is_dir() { beside } else { folder.join("out/greeting-seed3/forged.json") };
    std::fs::copy(&other_plan, &beside).unwrap();
    let ended = replay(&beside, &[]).exits(30);
    assert!(ended.err.contains("first difference at record"), "{}", ended.err);
    let kind = forged(&capsule, |value| value["outcome"]["failures"][0]["kind"] = "something else".into());
    let ended = replay(&kind, &[]).exits(30);
    assert!(ended.err.contains("what went wrong was expectation: something else"), "{}", ended.err);
    let build = forged(&capsule, |value| value["build"] = "0.0.1+0000".into());
    let warned = replay(&build, &[]).exits(failing.code);
    assert!(warned.err.contains("warning: the capsule was written by build 0.0.1+0000"), "{}", warned.err);
    let refused = replay(&build, &["--strict"]).exits(3);
    assert!(refused.err.contains("error: the capsule was written by build 0.0.1+0000"), "{}", refused.err);
}

#[test]
fn a_replay_shows_the_events_and_a_node_up_to_a_point() {
    let folder = scratch("capsule-log");
    let file = folder.join("kept.json");
    let kept = file.to_str().unwrap();
    // Any run can be kept, also one that goes well.
    litsim(&["run", &scenario("signing.toml"), "--seed", "5", "--capsule", kept, "-q"]).exits(0);
    let log = replay(&file, &["--until", "150ms", "--node", "2", "--json"]).exits(0);
    let lines: Vec<Value> = log.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let records: Vec<&Value> = lines.iter().filter(|line| !line["record"].is_null()).collect();
    assert!(records.len() > 20, "{}", records.len());
    for record in records {
        let record = &record["record"];
        assert!(record["time_ns"].as_u64().unwrap() <= 150_000_000, "{record}");
        assert!(record["actor"]["node"] == 2 || record["peer"]["node"] == 2, "{record}");
    }
    assert_eq!(lines.last().unwrap()["equal"], true);
    let count = replay(&file, &["--until", "40"]).exits(0);
    let is_record = |line: &&str| line.split_whitespace().next().is_some_and(|word| word.parse::<u64>().is_ok());
    assert_eq!(count.out.lines().filter(is_record).count(), 40);
    let dump = |until: &str| {
        let ended = replay(&file, &["--dump", "node=3", "--until", until, "--json"]).exits(0);
        let line = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        line.into_iter().find(|line| line["state"].is_object()).unwrap()
    };
    let early = dump("1");
    assert_eq!(early["state"]["stage"], "discovering");
    let late = dump("3s");
    let state = &late["state"]["membership"];
    assert_eq!((&late["node"], &late["up"], &state["me"]), (&3.into(), &true.into(), &3.into()));
    assert!(state["channels"].as_array().unwrap().iter().all(|channel| channel["open"] == true), "{state}");
    let nobody = replay(&file, &["--dump", "node=9"]).exits(2);
    assert!(nobody.err.contains("there is no node 9"), "{}", nobody.err);
    let nothing = litsim(&["shrink", kept]).exits(4);
    assert!(nothing.err.contains("nothing went wrong"), "{}", nothing.err);
}
