//! Bad input from users, programs and peers: each is refused with an error that says what is wrong, and the nodes
//! live on.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use common::{each, extended, fault, litsim, run, scenario, scratch};
use serde_json::Value;

fn request<'r>(report: &'r Value, id: &str) -> &'r Value {
    let found = report["requests"].as_array().expect("requests").iter().find(|request| request["id"] == id);
    found.unwrap_or_else(|| panic!("no request {id} in {report}"))
}

/// How many frames nodes dropped because they were no frames or did not authenticate.
fn frames_refused(report: &Value) -> u64 {
    let reasons = [
        "frame too long",
        "malformed frame",
        "unauthentic frame",
        "unknown channel",
        "unauthentic handshake",
        "misaddressed hello",
        "unexpected welcome",
    ];
    reasons.iter().filter_map(|reason| report["marks"][format!("dropped: {reason}")].as_u64()).sum()
}

#[test]
fn a_typo_in_a_scenario_is_shown_at_its_place_with_what_was_expected() {
    let folder = scratch("bad-input-typo");
    let text = std::fs::read_to_string(scenario("greeting.toml")).unwrap();
    let cases = [
        ("nodes = 4", "nodes = 4\ntreshold = \"ceil\"", 7, 1, "treshold", "did you mean `threshold`?"),
        ("do.handshake", "do.handshak", 17, 4, "handshak", "did you mean `handshake`?"),
        ("user = \"alice\"", "user = \"alicia\"", 16, 8, "unknown user `alicia`", "one of `alice`"),
        ("nodes = 4", "nodes = \"four\"", 6, 9, "string \"four\"", "expected a whole number from 0 to 65535"),
        ("nodes = 4", "nodes = ", 6, 9, "", "expected"),
    ];
    for (was, is, line, column, says, expected) in cases {
        let file = folder.join("typo.toml").display().to_string();
        assert!(text.contains(was));
        std::fs::write(&file, text.replacen(was, is, 1)).unwrap();
        let ended = run(&file, 1, &[]).exits(3);
        for part in [format!("{file}:{line}:{column}"), says.to_owned(), expected.to_owned()] {
            assert!(ended.err.contains(&part), "{part:?} expected for {is:?} in:\n{}", ended.err);
        }
        assert!(ended.out.is_empty());
    }
}

#[test]
fn a_scenario_that_is_no_text_or_not_there_is_refused() {
    let folder = scratch("bad-input-file");
    let file = folder.join("binary.toml").display().to_string();
    std::fs::write(&file, [b"schema = 1\n".as_slice(), &[0xff, 0xfe, 0]].concat()).unwrap();
    let ended = run(&file, 1, &[]).exits(3);
    assert!(ended.err.contains("no UTF-8") && ended.err.contains(&format!("{file}:2:1")), "{}", ended.err);

    let missing = extended(&folder, "missing", "signing.toml", "").replace("missing.toml", "copy.toml");
    std::fs::write(&missing, std::fs::read_to_string(scenario("signing.toml")).unwrap().replace("sign.js", "gone.js"))
        .unwrap();
    let ended = run(&missing, 1, &[]).exits(3);
    assert!(
        ended.err.contains("cannot read action `actions/gone.js`") && ended.err.contains("copy.toml:30:49"),
        "{}",
        ended.err
    );
}

#[test]
fn requests_that_cannot_succeed_say_why_and_a_good_one_succeeds_afterwards() {
    let report = run(&scenario("requests.toml"), 1, &[]).exits(0).json();
    let syntax = request(&report, "syntax-error");
    assert_eq!(syntax["outcome"], "JsError");
    let error = syntax["error"].as_str().unwrap();
    assert!(error.contains("line 3") && error.contains("col"), "line and column: {error}");
    assert!(request(&report, "throws")["error"].as_str().unwrap().contains("TypeError"));
    assert_eq!(request(&report, "good-request-afterwards")["signatures"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["violations"], serde_json::json!([]));
    assert_eq!(report["marks"]["refused.JsMemoryLimit"], 8, "two requests at four nodes");
}

#[test]
fn an_action_that_never_ends_is_stopped_and_the_nodes_run_the_next_one() {
    let report = run(&scenario("endless.toml"), 1, &[]).exits(0).json();
    assert_eq!(report["marks"]["refused.JsTimeout"], 4, "two requests at two nodes");
    assert_eq!(request(&report, "good-request-afterwards")["response"], "alive");
}

#[test]
fn a_megabyte_of_garbage_from_a_peer_is_dropped() {
    let folder = scratch("bad-input-garbage");
    let quiet = run(&scenario("signing.toml"), 3, &[]).exits(0).json();
    assert_eq!(frames_refused(&quiet), 0, "{}", quiet["marks"]);
    for (bytes, reason) in
        [(1_000_000, "frame too long"), (5_000, "malformed frame"), (1, "malformed frame"), (0, "malformed frame")]
    {
        let garbage = format!("garbage = {{ from = 1, to = 2, bytes = {bytes} }}");
        let file = extended(&folder, "garbage", "signing.toml", &fault("garbage", "at_ms = 500", &garbage));
        let report = run(&file, 3, &[]).exits(0).json();
        assert_eq!(report["marks"]["fault work/garbage"], 1);
        assert_eq!(frames_refused(&report), 1, "{bytes} bytes: {}", report["marks"]);
        assert!(bytes < 10_000 || report["marks"][format!("dropped: {reason}")] == 1, "{}", report["marks"]);
        assert_eq!(report["culprits"], serde_json::json!([]), "garbage on a link is proof against nobody");
    }
}

/// Kinds of messages that a run with a restart sends.
const LABELS: [&str; 15] = [
    "dkg/dealing",
    "dkg/ack",
    "presign/start",
    "presign/share",
    "ecdsa/announce",
    "ecdsa/propose",
    "ecdsa/share",
    "ecdsa/finished",
    "frost/announce",
    "frost/propose",
    "frost/share",
    "frost/finished",
    "channel/hello",
    "channel/welcome",
    "channel/ack",
];

#[test]
fn messages_that_are_cut_off_or_changed_are_dropped_and_sent_again() {
    let folder = scratch("bad-input-spoilt");
    let spoilers = [
        "truncate = { bytes = 0 }",
        "truncate = { bytes = 1 }",
        "truncate = { bytes = 40 }",
        "flip = { byte = 0 }",
        "flip = { byte = 12 }",
        "flip = { byte = 70 }",
    ];
    let cases: Vec<(&str, &str)> = LABELS.iter().flat_map(|label| spoilers.map(|spoiler| (*label, spoiler))).collect();
    each(&cases, |(label, spoiler)| {
        let crash = "crash = { node = 2, restart_after_ms = 400 }\nduring = \"mint\"";
        let faults = fault("crash", "at_ms = 0", crash) + &fault("spoil", &format!("label = \"{label}\""), spoiler);
        let name: String = format!("{label}-{spoiler}").chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let report = run(&extended(&folder, &name, "signing.toml", &faults), 11, &[]);
        assert_eq!(report.code, 0, "{label}, {spoiler}: {}\n{}", report.out, report.err);
        let report = report.json();
        assert_eq!(report["marks"]["fault work/spoil"], 1, "{label}, {spoiler}");
        assert!(frames_refused(&report) >= 1, "{label}, {spoiler}: {}", report["marks"]);
        assert_eq!(report["culprits"], serde_json::json!([]), "{label}, {spoiler}");
    });
}

#[test]
fn a_fault_that_spoils_a_message_must_say_which() {
    let folder = scratch("bad-input-spoil-when");
    let file = extended(&folder, "when", "signing.toml", &fault("spoil", "", "flip = { byte = 1 }"));
    let ended = run(&file, 1, &[]).exits(3);
    assert!(
        ended.err.contains("changes the message that triggers it") && ended.err.contains("`when`"),
        "{}",
        ended.err
    );
}

#[test]
fn folders_that_are_no_runs_are_refused_by_diff() {
    let folder = scratch("bad-input-diff");
    let ended = litsim(&["diff", folder.to_str().unwrap(), folder.to_str().unwrap()]).exits(2);
    assert!(ended.err.contains("cannot read") && ended.err.contains("checkpoints.jsonl"), "{}", ended.err);
}
