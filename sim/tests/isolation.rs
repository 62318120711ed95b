//! Actions in processes of their own: hostile ones end there, and all others go on as they would in the simulation's.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use common::{Ended, litsim, scratch};
use litsim::hunt;
use std::path::{Path, PathBuf};

/// Scripts that bring the engine down or never come back, each by a way of its own.
const DEADLY: [(&str, &str); 8] = [
    ("doubling", "let s = 'x'; for (;;) s += s;"),
    ("piling", "const a = []; for (;;) a[a.length] = { a: [1, 2, 3, 4, 5, 6, 7, 8] };"),
    ("squaring", "let b = 3n; for (;;) b *= b;"),
    ("shifting", "const b = 1n << 1000000n; for (;;) (b << 900000000n) > b;"),
    ("backtracking", "/(a+)+$/.test('a'.repeat(60) + 'b');"),
    ("prototypes", "let o = {}; for (;;) o = { __proto__: o }; o.x;"),
    ("lookup", "let o = {}; for (let i = 0; i < 300000; i++) o = { __proto__: o }; o.x;"),
    ("closures", "let f = () => 0; for (;;) { const g = f; f = () => g; }"),
];

fn scenario(folder: &Path, name: &str, code: &str, expect: &str, isolation: &str) -> String {
    let text = format!(
        r#"
schema = 1
name = "{name}"
[network]
nodes = 2
[actions]
isolation = "{isolation}"
cpu_s_max = 1
address_space_mib_max = 768
fuel_max = 50000000
[users]
alice = {{ wallet = true }}
[[act]]
name = "all"
[[act.step]]
id = "hostile"
user = "alice"
{expect}
[act.step.do.execute]
code = '''{code}'''
[[act.step]]
id = "next"
user = "alice"
[act.step.do.execute]
code = 'Lit.Actions.setResponse({{ response: "still here" }});'
expect_response = "still here"
"#
    );
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn run(file: &str) -> Ended {
    litsim(&["run", file, "--json"])
}

#[test]
fn scripts_that_bring_the_engine_down_end_alone_and_the_next_request_is_served() {
    let folder = scratch("isolation-deadly");
    let mut killed = 0;
    for (name, code) in DEADLY {
        let file = scenario(&folder, name, code, "expect = 'ActionKilled'", "process");
        let ended = run(&file);
        let report = ended.json();
        let first = &report["requests"][0];
        // Some of them the engine's own counts stop on this machine's engine first: that is as good.
        let outcome = first["outcome"].as_str().unwrap();
        assert!(["ActionKilled", "JsMemoryLimit", "JsTimeout", "LimitExceeded"].contains(&outcome), "{name}: {first}");
        if outcome == "ActionKilled" {
            killed += 1;
            assert_ends_with_its_time(first, name);
        }
        assert_eq!(report["requests"][1]["outcome"], "ok", "{name}");
        assert_eq!(report["requests"][1]["response"], "still here", "{name}");
        // Two of them once more: one that runs out of memory and one that runs out of time.
        if ["doubling", "backtracking"].contains(&name) {
            assert_eq!(report["digest"], run(&file).json()["digest"], "{name}");
        }
    }
    assert!(killed >= 5, "only {killed} of these need a process of their own");
}

/// However soon its worker died, and of what: of memory, of processor time, of its stack.
#[track_caller]
fn assert_ends_with_its_time(request: &serde_json::Value, name: &str) {
    let latency = request["latency_ms"].as_u64().unwrap();
    assert!((30_000..31_000).contains(&latency), "{name}: {latency} ms");
}

/// The shipped scenarios of actions, those that bring the engine down left out: they run in processes of their own only.
fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = ["actions", "hostile"].map(|name| std::fs::read_dir(folder.join(name)).unwrap());
    let files = files.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    found.sort();
    let (alone, both): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|path| std::fs::read_to_string(path).unwrap().contains("isolation = \"process\""));
    let alone: Vec<_> = alone.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(alone, ["aborts.toml"], "both can run all others");
    assert!(both.len() >= 17, "{both:?}");
    both.into_iter().chain([folder.join("quickstart.toml")]).collect()
}

#[test]
fn what_runs_in_both_gives_the_same_trace_in_both() {
    let runs: Vec<(PathBuf, &str)> =
        shipped().into_iter().flat_map(|file| [(file.clone(), "in-process"), (file, "process")]).collect();
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let digests = hunt::each(&runs, jobs, |(file, isolation)| {
        let edit = format!("actions.isolation={isolation}");
        let file = file.to_str().unwrap();
        litsim(&["run", file, "--json", "--seed", "1", "--set", &edit]).exits(0).json()["digest"].clone()
    });
    for (run, pair) in runs.chunks(2).zip(digests.chunks(2)) {
        assert!(pair[0].is_string());
        assert_eq!(pair[0], pair[1], "{}", run[0].0.display());
    }
}

#[test]
fn an_action_that_is_killed_ends_at_its_virtual_time_limit_whatever_it_took() {
    let folder = scratch("isolation-time");
    let file = scenario(&folder, "late", DEADLY[4].1, "expect = 'ActionKilled'", "process");
    let report = run(&file).exits(0).json();
    assert_ends_with_its_time(&report["requests"][0], "late");
}
