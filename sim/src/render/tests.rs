//! Tests of reports, on folders that are made for them.

use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::trace::{Actor, Kind, Payload, Record};

/// Text that would do harm in a page that does not take care.
const EVIL: &str = "</script><script>alert(1)</script>\"'&<!-- ]]>";

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("litsim-render-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn facts() -> Facts {
    Facts {
        version: "0.1.0".into(),
        build: "0.1.0+0123456789abcdef".into(),
        commit: "c0ffee".into(),
        toolchain: "rustc 1.95.0".into(),
        program: "litsim".into(),
        oracles: vec!["no-forgery".into(), "liveness".into()],
        costs: vec![("scalar_mul".into(), 45_000_000)],
        describe: None,
    }
}

/// A line of results; `more` replaces members.
fn line(index: u64, more: Value) -> String {
    let mut line = json!({
        "index": index, "exit": 0, "file": "scenarios/demo.toml", "axes": {"network.link.loss": 0.1}, "again": index == 0,
        "failures": [], "capsule": null, "scenario": "demo", "seed": index + 1, "verdict": "pass", "expected": true,
        "digest": "0xabcd", "virtual_ms": 1500, "events": 100, "messages": 20, "bytes": 4000, "rounds": 3, "nodes": 4,
        "threshold": 3, "preprocessing": "protocol", "bugs": [],
        "requests": [{"id": "sign", "kind": "execute", "client": "alice", "outcome": "ok", "latency_ms": 100 + index,
            "signatures": [{"name": "sig", "scheme": "EcdsaK256"}]}],
        "culprits": [], "suspects": [], "blame": {"liars_named": [2], "liars_unnamed": [], "honest_named": [],
            "honest_unnamed": 3},
        "violations": [], "faults": {"declared": ["act/loss", "act/crash"], "fired": ["act/loss"]},
        "marks": {"key.ready": 4, "run.once": 0},
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        line[name] = value;
    }
    line.to_string()
}

/// Five runs, of which one is unsafe, one panics and one is refused; with times of some.
fn sweep(name: &str) -> PathBuf {
    let folder = folder(name);
    let forged = json!({
        "exit": 20, "verdict": "safety", "expected": false, "capsule": "failures/1-demo-seed2.json",
        "failures": [{"oracle": "no-forgery", "kind": EVIL}],
        "violations": [{"oracle": "no-forgery", "at_ms": 1200, "nodes": [1], "detail": EVIL}],
        "culprits": [{"node": 2, "named_by": [1, 3], "named_by_clients": [], "evidence": "two statements", "at_ms": 5}],
    });
    let lines = [
        line(0, json!({})),
        line(1, forged),
        line(2, json!({"axes": {"network.link.loss": 0.2}, "nodes": 7})),
        line(3, json!({"exit": 40, "verdict": "panic", "expected": false,
            "failures": [{"oracle": "no-honest-panic", "kind": "node # panicked"}]})),
        json!({"index": 4, "exit": 3, "file": "scenarios/demo.toml", "axes": {"network.link.loss": 0.1}, "again": false,
            "failures": [], "capsule": null, "scenario": "demo", "seed": 5, "error": "too many faulty"})
        .to_string(),
    ];
    fs::write(folder.join("results.jsonl"), lines.join("\n") + "\n").unwrap();
    let times = [(0, 250_000), (1, 500_000)].map(|(index, wall_us)| {
        json!({"index": index, "scenario": "demo", "seed": index + 1, "wall_us": wall_us, "cpu_us": wall_us / 2})
            .to_string()
    });
    fs::write(folder.join("timings.jsonl"), times.join("\n") + "\n").unwrap();
    fs::create_dir(folder.join("failures")).unwrap();
    let plan = json!({"events": [{"id": "act/loss", "what": {"loss": EVIL}, "when": {"at": {"ms": 0}}, "for_ms": 5}]});
    let capsule = json!({"plan": plan}).to_string();
    fs::write(folder.join("failures/1-demo-seed2.json"), capsule).unwrap();
    folder
}

/// The data of a folder, under a name that is the same in every process.
fn named(folder: &std::path::Path) -> Data {
    let mut data = Data::read(folder).unwrap();
    data.folder = PathBuf::from("out/night");
    data
}

fn record(time_ns: u64, kind: Kind, actor: Actor, peer: Option<Actor>, label: &str, text: &str) -> Record {
    let payload = matches!(kind, Kind::Send | Kind::Deliver).then(|| Payload { hash: [7; 32], len: 81 });
    Record { time_ns, kind, actor, peer, label: label.into(), payload, text: text.into() }
}

/// A fault and a restart, after which a step completes.
fn trace() -> Vec<Record> {
    let (one, two) = (Actor::Node(1), Actor::Node(2));
    vec![
        record(0, Kind::Step, Actor::World, None, "", "act a begins"),
        record(0, Kind::Fault, Actor::World, None, "", "a/cut begins: cut"),
        record(1_000_000, Kind::Send, one, Some(two), "dkg/deal/0@3f143a3c", ""),
        record(2_000_000, Kind::Deliver, two, Some(one), "dkg/deal/0@3f143a3c", ""),
        record(3_000_000, Kind::Fault, Actor::World, None, "", "a/cut ends"),
        record(4_000_000, Kind::Boot, two, None, "", "starts, boot 1"),
        record(9_000_000, Kind::Step, Actor::World, None, "", "step s ends: ok"),
        record(9_500_000, Kind::Note, one, None, "", EVIL),
    ]
}

fn run_folder(name: &str, records: &[Record]) -> PathBuf {
    let folder = folder(name);
    let run = folder.join("demo-seed1");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("report.json"), line(0, json!({"index": null, "exit": null})) + "\n").unwrap();
    let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    fs::write(run.join("trace.jsonl"), lines.join("\n") + "\n").unwrap();
    folder
}

#[test]
fn junit_counts_failures_and_errors_apart() {
    let text = junit(&named(&sweep("junit")), &facts());
    insta::assert_snapshot!(text);
}

#[test]
fn markdown_fits_the_comment_of_a_pull_request() {
    let text = markdown(&named(&sweep("markdown")), &facts());
    assert!(!text.contains("<script"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_page_says_what_failed_and_how_to_make_it_again() {
    let page = html(&named(&sweep("page")), &facts()).unwrap();
    for part in [
        "litsim replay out/night/failures/1-demo-seed2.json",
        "litsim run scenarios/demo.toml --set network.link.loss=0.1 --seed 4",
        "node 2 by nodes 1, 3: two statements",
        "<code>act/crash</code> of demo, in 4 runs",
        "Never hit: <code>run.once</code>",
        "Success by network.link.loss",
        "Latency of requests",
        "Messages per signature by n",
        "too many faulty",
        "45 µs",
    ] {
        assert!(page.contains(part), "{part:?} is missing");
    }
}

#[test]
fn nothing_that_a_run_says_gets_out_of_its_place_in_a_page() {
    let folder = run_folder("evil", &trace());
    let evil = line(
        0,
        json!({"scenario": EVIL, "expected": false, "verdict": EVIL, "digest": EVIL,
        "violations": [{"oracle": EVIL, "detail": EVIL}], "marks": {EVIL: 0}, "preprocessing": EVIL,
        "faults": {"declared": [EVIL], "fired": []}, "axes": {EVIL: EVIL}, "index": null, "exit": null}),
    );
    fs::write(folder.join("demo-seed1/report.json"), evil).unwrap();
    for page in [html(&named(&folder), &facts()).unwrap(), html(&named(&sweep("evil-sweep")), &facts()).unwrap()] {
        assert!(!page.contains("<script>alert"), "a script has come in");
        assert!(!page.contains("alert(1)</script"), "an element was ended");
        let (opened, closed) = (page.matches("<script").count(), page.matches("</script>").count());
        assert_eq!(opened, closed);
    }
    let (xml, text) = (junit(&named(&folder), &facts()), markdown(&named(&folder), &facts()));
    assert!(!xml.contains("<script"), "{xml}");
    // What is fenced is shown as it is; nothing ends a fence early.
    assert!(text.split("```").step_by(2).all(|outside| !outside.contains("<script")), "{text}");
}

#[test]
fn a_page_asks_no_network() {
    let page = html(&named(&run_folder("offline", &trace())), &facts()).unwrap();
    for word in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(word), "{word} is in the page");
    }
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    let folder = run_folder("same", &trace());
    assert_eq!(html(&named(&folder), &facts()).unwrap(), html(&named(&folder), &facts()).unwrap());
}

#[test]
fn a_trace_is_in_the_page_with_all_its_columns() {
    let page = html(&named(&run_folder("columns", &trace())), &facts()).unwrap();
    let (_, rest) = page.split_once("id=\"trace-0\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let columns: Value = serde_json::from_str(json).unwrap();
    assert_eq!(columns["records"], 8);
    assert_eq!(columns["lanes"], json!(["world", "node 1", "node 2"]));
    assert!(columns["strings"].as_array().unwrap().contains(&EVIL.into()), "texts are as they were");
    // One message, the records of whose sending and arrival are the third and the fourth, and that was not lost.
    assert_eq!(columns["hops"], "AgAAAAMAAAAAAAAA");
}

#[test]
fn recoveries_end_with_the_next_step_that_ends_well() {
    let found: Vec<(String, f64)> = recovery::recoveries(&trace()).into_iter().map(|r| (r.what, r.ms)).collect();
    assert_eq!(found, [("a/cut".to_owned(), 6.0), ("restart".to_owned(), 5.0)]);
}

#[test]
fn arrivals_are_of_the_message_with_their_bytes() {
    let (one, two) = (Actor::Node(1), Actor::Node(2));
    let bytes = |mut record: Record, byte: u8| {
        record.payload = Some(Payload { hash: [byte; 32], len: 1 });
        record
    };
    let send = |time, byte| bytes(record(time, Kind::Send, one, Some(two), "a/b", ""), byte);
    let deliver = |time, byte| bytes(record(time, Kind::Deliver, two, Some(one), "a/b", ""), byte);
    let lost = |time| record(time, Kind::Drop, one, Some(two), "a/b", "loss");
    // 0 and 1 cross; 1 is copied; 4 is lost when it leaves; 7 is spoilt on the way.
    let records = [
        send(0, 10),
        send(1, 11),
        deliver(5, 11),
        deliver(6, 10),
        send(7, 12),
        lost(7),
        deliver(8, 11),
        send(9, 13),
        deliver(10, 99),
    ];
    let ends: Vec<_> = hops(&records).into_iter().map(|hop| (hop.send, hop.end, hop.is_lost)).collect();
    let expected = [
        (Some(0), Some(3), false),
        (Some(1), Some(2), false),
        (Some(4), Some(5), true),
        (Some(1), Some(6), false),
        (Some(7), Some(8), false),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn folders_without_results_are_refused_in_words() {
    let empty = folder("empty");
    assert!(matches!(Data::read(&empty), Err(ReadError::Nothing(_))));
    assert!(matches!(Data::read(&empty.join("missing")), Err(ReadError::Nothing(_))));
    assert!(matches!(records(&empty), Err(ReadError::NoTrace(_))));
    fs::write(empty.join("results-1-of-4.jsonl"), "").unwrap();
    let refused = Data::read(&empty).unwrap_err().to_string();
    assert!(refused.contains("litsim merge"), "{refused}");
    fs::write(empty.join("results.jsonl"), line(0, json!({})) + "\n{\"seed\": -1}\n").unwrap();
    let refused = Data::read(&empty).unwrap_err().to_string();
    assert!(refused.contains("results.jsonl:2: "), "{refused}");
}

#[test]
fn seeds_are_shown_as_ranges() {
    assert_eq!(sums::ranges([5, 1, 2, 3, 9, 2]), "1-3, 5, 9");
    assert_eq!(sums::ranges([u64::MAX]), u64::MAX.to_string());
}

#[test]
fn a_page_says_how_often_each_oracle_was_exercised_and_which_never_was() {
    let folder = folder("exercised");
    let exercised = |index, forgery: u64, more: Value| {
        let mut members = json!({"exercised": {"no-forgery": forgery, "liveness": 2, "run-once": 0, "durability": 0}});
        members.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        line(index, members)
    };
    let lines = [
        exercised(0, 1200, json!({})),
        exercised(1, 34, json!({"violations": [{"oracle": "liveness", "detail": "late"}]})),
        exercised(2, 0, json!({"scenario": "idle", "exercised": {"no-forgery": 0, "run-once": 0, "durability": 1}})),
        line(3, json!({"scenario": "of another build"})),
    ];
    fs::write(folder.join("results.jsonl"), lines.join("\n") + "\n").unwrap();
    let data = named(&folder);
    let page = html(&data, &facts()).unwrap();
    for part in [
        "<td class=\"c ok\" title=\"no-forgery: ok, 1,234 times\">1.2k</td>",
        "<td class=\"c hit\" title=\"liveness: violated in 1 of 2 runs; it had something to judge 4 times\">1</td>",
        "<td class=\"c never\" title=\"no-forgery: never exercised\">&empty;</td>",
        "<td class=\"c\" title=\"no-forgery: no violation; the results do not say how often it judged\">&middot;</td>",
        "Never exercised in any run: <code>run-once</code></p>",
    ] {
        assert!(page.contains(part), "{part:?} is missing in {}", page.split("id=\"use\"").next().unwrap());
    }
    let text = markdown(&data, &facts());
    assert!(text.contains("## Oracles that never had anything to judge\n\nrun-once\n"), "{text}");
    let silent = markdown(&named(&sweep("silent")), &facts());
    assert!(!silent.contains("never had"), "results that say nothing are not said to be idle: {silent}");
}

#[test]
fn the_environment_names_build_commit_and_scenarios_of_sweeps_and_of_single_runs() {
    let of = |commit: &str, seeds: [u64; 2]| {
        let case = json!({"file": "demo.toml", "scenario": "demo", "edits": ["network.nodes=7"], "digest": "0xd1ce",
            "preprocessing": "protocol", "seeds": seeds});
        json!({"build": "0.1.0+feed", "commit": commit, "runs": 2, "cases": [case]}).to_string()
    };
    let swept = sweep("environment");
    fs::write(swept.join("sweep.json"), of("abc123", [1, 5])).unwrap();
    let single = run_folder("environment-runs", &trace());
    for (name, seed) in [("demo-seed1", 1), ("demo-seed7", 7)] {
        fs::create_dir_all(single.join(name)).unwrap();
        fs::write(single.join(name).join("report.json"), line(seed, json!({"index": null, "exit": null}))).unwrap();
        fs::write(single.join(name).join("run.json"), of("abc123", [seed, seed])).unwrap();
    }
    for (folder, seeds) in [(&swept, "1-5"), (&single, "1, 7")] {
        let page = html(&named(folder), &facts()).unwrap();
        let row = format!("<td class=\"name\">network.nodes=7</td><td>{seeds}</td><td>protocol</td>");
        for part in [
            "<dt>results of build</dt><dd>0.1.0+feed</dd>",
            "<dt>results of commit</dt><dd>abc123</dd>",
            "<dt>report of commit</dt><dd>c0ffee</dd>",
            "0xd1ce",
            &row,
        ] {
            assert!(page.contains(part), "{part:?} is missing");
        }
    }
    let page = html(&named(&sweep("nameless")), &facts()).unwrap();
    assert!(page.contains("<dt>results of commit</dt><dd>not said by these results</dd>"));
}
