//! What a run means to whoever started it: the exit code, the report, and the line that reproduces a failure.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use common::{Ended, extended, fault, litsim, quickstart, run, scenario, scratch, shell};

/// Runs with `--json`, and checks that the one line to reproduce a failure fails in the same way.
#[track_caller]
fn fails(file: &str, more: &[&str], code: i32) -> Ended {
    let first = run(file, 7, more).exits(code);
    let [line] = first.reproduce()[..] else { panic!("one reproduce line expected in {}", first.err) };
    let second = shell(line).exits(code);
    assert_eq!(second.json(), first.json(), "the run that {line:?} makes");
    assert_eq!(second.reproduce(), [line]);
    first
}

/// Two of four nodes are gone before a signature is asked for.
fn beyond_f(folder: &str) -> String {
    let crash = |node: u16| {
        let what = format!("crash = {{ node = {node} }}\nduring = \"ecdsa\"");
        fault(&format!("node-{node}-dies"), "at_ms = 0", &what)
    };
    extended(&scratch(folder), "beyond-f", "signing.toml", &(crash(3) + &crash(4)))
}

fn leak(folder: &str) -> String {
    extended(&scratch(folder), "leak", "signing.toml", &fault("leak", "at_ms = 0", "leak = { node = 2 }"))
}

#[test]
fn the_quickstart_passes() {
    let ended = run(&quickstart(), 1, &[]).exits(0);
    let report = ended.json();
    assert_eq!((&report["verdict"], &report["expected"]), (&"pass".into(), &true.into()));
    assert_eq!(report["faults"]["declared"].as_array().map(Vec::len), Some(6));
    let exercised = report["exercised"].as_object().unwrap();
    assert_eq!(exercised.len(), litsim::oracle::all().len(), "every oracle says how often it had something to judge");
    for oracle in ["key-agreement", "no-forgery", "permission-soundness", "secrecy", "durability", "liveness"] {
        assert!(exercised[oracle].as_u64().unwrap() > 3, "{oracle}: {exercised:?}");
    }
    assert_eq!(exercised["stream-integrity"], 0, "nobody appends to a stream here");
    assert_eq!(ended.reproduce(), [""; 0]);
}

#[test]
fn a_step_that_ends_otherwise_than_expected_is_a_missed_expectation() {
    let report = fails(&scenario("unmet.toml"), &[], 5).json();
    assert_eq!(report["verdict"], "expectation");
    let error = report["requests"][0]["error"].as_str().unwrap();
    assert!(error.contains("RequestTimeout was expected"), "{error}");
}

#[test]
fn a_fault_that_never_begins_is_a_missed_expectation() {
    let never = fault("never", "label = \"frost/share\"", "crash = { node = 2, restart_after_ms = 10 }");
    let file = extended(&scratch("never"), "never", "greeting.toml", &never);
    assert_eq!(fails(&file, &[], 5).json()["verdict"], "expectation");
    run(&file, 7, &["--set", "expect.marks=[]"]).exits(0);
}

#[test]
fn a_budget_that_is_exceeded_is_a_missed_expectation() {
    assert_eq!(
        fails(&scenario("greeting.toml"), &["--set", "expect.messages_max=1"], 5).json()["verdict"],
        "expectation"
    );
}

#[test]
fn an_unexpected_pass_is_a_missed_expectation() {
    for verdict in ["expect.verdict=safety", "expect.verdict=liveness"] {
        let report = fails(&scenario("greeting.toml"), &["--set", verdict], 5).json();
        assert_eq!((&report["verdict"], &report["expected"]), (&"pass".into(), &false.into()));
    }
}

#[test]
fn a_signature_that_too_many_crashes_prevent_is_a_liveness_failure() {
    let file = beyond_f("beyond-f");
    let report = fails(&file, &["--set", "limits.beyond_f=true"], 10).json();
    assert_eq!(report["verdict"], "liveness");
    assert_eq!(report["violations"][0]["oracle"], "liveness");
    let detail = report["violations"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("ecdsa"), "names the step: {detail}");
    run(&file, 7, &["--set", "limits.beyond_f=true", "--set", "expect.verdict=liveness"]).exits(0);
}

#[test]
fn more_crashes_than_the_network_tolerates_are_refused_unless_allowed() {
    let ended = run(&beyond_f("beyond-f-refused"), 7, &[]).exits(3);
    for part in ["node 3", "node 4", "1 of 4", "beyond_f = true"] {
        assert!(ended.err.contains(part), "{part:?} expected in {}", ended.err);
    }
}

#[test]
fn a_leaked_key_share_is_a_safety_failure_that_names_whose_and_what() {
    let report = fails(&leak("leak"), &[], 20).json();
    assert_eq!(report["verdict"], "safety");
    let violations = report["violations"].as_array().unwrap();
    assert!(!violations.is_empty());
    for violation in violations {
        assert_eq!((&violation["oracle"], &violation["nodes"]), (&"secrecy".into(), &serde_json::json!([2])));
        let detail = violation["detail"].as_str().unwrap();
        assert!(detail.contains("node 2") && detail.contains("KeyShare"), "{detail}");
    }
}

#[test]
fn a_leak_that_the_scenario_expects_passes() {
    let ended = run(&leak("leak-expected"), 7, &["--set", "expect.verdict=safety"]).exits(0);
    assert_eq!((&ended.json()["verdict"], &ended.json()["expected"]), (&"safety".into(), &true.into()));
    assert_eq!(ended.reproduce(), [""; 0]);
}

#[test]
fn a_scenario_that_is_not_valid_has_a_code_of_its_own() {
    let ended = run(&scenario("greeting.toml"), 1, &["--set", "network.nodes=1"]).exits(3);
    assert!(ended.err.contains("--set:1:") && ended.err.contains("2 to 256 nodes"), "{}", ended.err);
    assert_eq!(ended.out, "");
}

#[test]
fn selecting_nothing_has_a_code_of_its_own() {
    let ended = litsim(&["run", "no/such/file.toml"]).exits(4);
    assert!(ended.err.contains("no/such/file.toml selects no scenario"), "{}", ended.err);
}

#[test]
fn what_cannot_be_written_has_a_code_of_its_own() {
    let root = scratch("unwritable");
    let blocked = root.join("file");
    std::fs::write(&blocked, "").unwrap();
    let below = blocked.join("below").display().to_string();
    let greeting = scenario("greeting.toml");
    let good = root.join("good").display().to_string();
    litsim(&["run", &greeting, "--out", &good, "--capsule", &format!("{good}/c.json"), "-q"]).exits(0);
    let (run, capsule) = (format!("{good}/greeting-seed1"), format!("{good}/c.json"));
    for (arguments, says) in [
        (&["run", &greeting, "--out", &below][..], "error: cannot write to"),
        (&["run", &greeting, "--capsule", &below], "file/below"),
        (&["replay", &capsule, "--out", &below], "error: cannot write to"),
        (&["report", &run, "--out", &below], "error: cannot write"),
        (&["sweep", &greeting, "--seeds", "1..2", "--out", &below], "error: cannot make the folder"),
        (&["fuzz", "--budget", "1h", "--out", &below], "error: cannot make the folder"),
        (&["fuzz", "--budget", "1h", "--corpus", &below, "--out", &good], "error: "),
    ] {
        let ended = litsim(arguments).exits(2);
        assert!(ended.err.contains(says) && ended.err.contains("below"), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn wrong_usage_has_a_code_of_its_own() {
    for arguments in [&["run"][..], &["walk"], &["run", "a.toml", "--seed", "minus one"], &["diff", "one"]] {
        let ended = litsim(arguments).exits(2);
        assert!(ended.err.contains("error:") && ended.out.is_empty(), "{ended:?}");
    }
}

#[test]
fn the_worst_of_several_runs_counts() {
    let (good, unmet, leak) = (scenario("greeting.toml"), scenario("unmet.toml"), leak("several"));
    let ended = litsim(&["run", &unmet, &leak, &good, "--json", "--seed", "7"]).exits(20);
    let verdicts: Vec<serde_json::Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["expectation", "safety", "pass"]);
    assert_eq!(ended.reproduce().len(), 2, "one for each that failed");
}

#[test]
fn a_planted_bug_that_its_oracle_does_not_see_is_a_missed_expectation() {
    let folder = scratch("bug-unseen");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/bugs");
    let text = std::fs::read_to_string(format!("{shipped}/missing-sync.toml")).unwrap();
    assert!(text.contains("do.keygen = { key = \"first\" }"));
    std::fs::write(
        folder.join("missing-sync.toml"),
        text.replace("do.keygen = { key = \"first\" }", "do.handshake = {}"),
    )
    .unwrap();
    let bugs = |folder: &str, more: &[&str]| {
        let few = ["bugs", "missing-sync", "--seeds", "2", "--generic-seeds", "0", "--scenarios", folder];
        litsim(&[&few, more].concat())
    };
    bugs(shipped, &[]).exits(0);
    let unseen = bugs(&folder.display().to_string(), &[]).exits(5);
    assert!(unseen.out.contains("MISSED: durability saw nothing"), "{}", unseen.out);
    let few = bugs(shipped, &["--generic-min", "1"]).exits(5);
    assert!(few.err.contains("at least 1 were expected"), "{}", few.err);
    bugs("no/such/folder", &[]).exits(3);
}
