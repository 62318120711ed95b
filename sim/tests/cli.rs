//! What the real program says: its help, its lists, a run that passes and runs that do not, and what it does where its
//! output has no room. Exit codes are part of the snapshots.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{litsim, scenario, scratch};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Both streams and the exit code of the program, started in a folder. Hashes, keys and addresses depend on the build,
/// or on what protocols hash, and are left out.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
    let ended = command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let [out, err] = [ended.stdout, ended.stderr].map(|text| without_hashes(&String::from_utf8(text).unwrap()));
    format!("{out}--- standard error\n{err}--- exit code {}\n", ended.status.code().unwrap())
}

/// A text with `#` for every word of eight or more hexadecimal digits, of which one is a digit.
fn without_hashes(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut rest = text;
    let mut clean = String::new();
    while let Some(start) = rest.find(is_word) {
        clean += &rest[..start];
        rest = &rest[start..];
        let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let is_hash = digits.len() >= 8
            && digits.chars().all(|c| c.is_ascii_hexdigit())
            && digits.chars().any(|c| c.is_ascii_digit());
        clean += if is_hash { "#" } else { word };
        rest = after;
    }
    clean + rest
}

#[test]
fn hashes_are_left_out_and_nothing_else() {
    assert_eq!(without_hashes("0x0aB93cDeF1 a 0123abcd, facade defaced1 1,234 ok"), "# a #, facade # 1,234 ok");
    assert_eq!(without_hashes("defacedbeef 1234567 é0x12345678"), "defacedbeef 1234567 é#");
}

#[test]
fn the_short_and_the_long_help_list_all_verbs() {
    insta::assert_snapshot!("help", said(&root(), &["-h"]));
    insta::assert_snapshot!("long_help", said(&root(), &["--help"]));
}

#[test]
fn a_list_has_names_tags_and_what_scenarios_show() {
    insta::assert_snapshot!("list", said(&root(), &["list", "scenarios/quickstart.toml", "scenarios/regressions"]));
    let json = said(&root(), &["list", "scenarios/quickstart.toml", "scenarios/regressions", "--json"]);
    insta::assert_snapshot!("list_json", json);
    insta::assert_snapshot!("list_nothing", said(&root(), &["list", "scenarios/nowhere"]));
}

#[test]
fn a_run_that_passes_prints_its_steps_and_verdict() {
    let folder = root().join("sim/tests/scenarios");
    insta::assert_snapshot!("run_pass", said(&folder, &["run", "greeting.toml"]));
    insta::assert_snapshot!("run_pass_json", said(&folder, &["run", "greeting.toml", "--json"]));
}

#[test]
fn a_run_that_misses_an_expectation_prints_what_and_how_to_see_it_again() {
    let folder = root().join("sim/tests/scenarios");
    insta::assert_snapshot!("run_expectation", said(&folder, &["run", "unmet.toml"]));
}

#[test]
fn a_run_that_violates_safety_prints_what_and_how_to_see_it_again() {
    let file = "scenarios/regressions/forgotten-acknowledgement.toml";
    let planted = ["run", file, "--set", "bugs.plant=[\"missing-sync\"]"];
    insta::assert_snapshot!("run_safety", said(&root(), &planted));
}

#[test]
fn a_scenario_that_is_not_valid_is_shown_at_its_place() {
    let folder = scratch("cli-bad");
    let text = std::fs::read_to_string(scenario("greeting.toml")).unwrap();
    std::fs::write(folder.join("bad.toml"), text.replace("nodes = 4", "nodes = 4\ntreshold = \"ceil\"")).unwrap();
    insta::assert_snapshot!("run_bad_scenario", said(&folder, &["run", "bad.toml"]));
    insta::assert_snapshot!("run_bad_usage", said(&folder, &["run", "bad.toml", "--sede", "1"]));
}

#[test]
fn completions_know_every_verb() {
    let help = litsim(&["-h"]).exits(0).out;
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let verbs: Vec<&str> = names.filter_map(|line| line.split(' ').next()).collect();
    assert!(verbs.contains(&"new") && verbs.contains(&"run"), "{verbs:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = litsim(&["completions", shell]).exits(0).out;
        for verb in &verbs {
            assert!(script.contains(verb), "{verb} is missing for {shell}");
        }
    }
}

#[test]
fn what_is_explained_is_json_if_asked_for() {
    let one = litsim(&["explain", "durability", "--json"]).exits(0).json();
    assert_eq!((&one["kind"], &one["name"]), (&"oracle".into(), &"durability".into()));
    assert!(one["text"].as_str().unwrap().contains("acknowledgement"), "{one}");
    let all = litsim(&["explain", "--json"]).exits(0).out;
    let all: Vec<serde_json::Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(all.len() > 100 && all.contains(&one), "{} entries", all.len());
    let (line, text) = (litsim(&["schema", "--json"]).exits(0), litsim(&["schema"]).exits(0));
    assert!(line.out.lines().count() == 1 && line.json() == text.json(), "{}", line.out);
}

#[test]
fn options_that_mean_nothing_to_a_verb_are_refused() {
    let folder = scratch("cli-options");
    let pools = folder.join("pools").display().to_string();
    let verbs: [&[&str]; 8] = [
        &["list", "scenarios"],
        &["bugs", "missing-sync"],
        &["diff", "one", "other"],
        &["shrink", "capsule.json"],
        &["pool", &pools, "--holders", "3"],
        &["explain", "crash"],
        &["schema"],
        &["completions", "bash"],
    ];
    for verb in verbs {
        let out = folder.join("out");
        let ended = litsim(&[verb, &["--out", out.to_str().unwrap()]].concat()).exits(2);
        assert!(ended.err.contains("--out means nothing") && ended.out.is_empty(), "{verb:?}: {}", ended.err);
        assert!(!out.exists());
    }
    for verb in [&["completions", "bash"][..], &["bugs", "--print-generic", "1"]] {
        let ended = litsim(&[verb, &["--json"]].concat()).exits(2);
        assert!(ended.err.contains("--json cannot be") && ended.out.is_empty(), "{verb:?}: {}", ended.err);
    }
    let (greeting, out) = (scenario("greeting.toml"), folder.join("run").display().to_string());
    litsim(&["run", &greeting, "--out", &out, "-q"]).exits(0);
    let run = format!("{out}/greeting-seed1");
    let ended = litsim(&["export", &run, "--format", "shiviz", "--json"]).exits(2);
    assert!(ended.err.contains("cannot be --json") && ended.out.is_empty(), "{}", ended.err);
    litsim(&["export", &run, "--format", "chrome", "--json"]).exits(0).json();
}

/// Runs with a standard output that has no room, and returns the exit code and what was complained about.
#[cfg(target_os = "linux")]
fn into_a_full_disk(arguments: &[&str]) -> (Option<i32>, String) {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
    let ended = command.args(arguments).stdin(Stdio::null()).stdout(full).output().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_has_no_room_is_an_error() {
    let file = scenario("greeting.toml");
    let out = scratch("cli-full");
    let folder = out.display().to_string();
    let commands: [&[&str]; 7] = [
        &["run", &file],
        &["run", &file, "--json"],
        &["list", &file],
        &["sweep", &file, "--seeds", "1..3", "--out", &folder, "--json"],
        &["schema"],
        &["completions", "bash"],
        &["--help"],
    ];
    for command in commands {
        let (code, complaint) = into_a_full_disk(command);
        assert_eq!(code, Some(2), "{command:?}: {complaint}");
        assert!(complaint.contains("error: cannot write the output: No space left"), "{command:?}: {complaint}");
    }
    let results = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
    assert_eq!(results.lines().count(), 3, "where there is room all is written");
    let (code, complaint) = into_a_full_disk(&["run", &scenario("unmet.toml")]);
    assert_eq!(code, Some(5), "what a run came to is worse: {complaint}");
    assert!(complaint.contains("reproduce: ") && complaint.contains("cannot write the output"), "{complaint}");
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_gone_away_is_no_error() {
    // By then nobody reads: `true` ends at once.
    let script = "( sleep 0.3; \"$0\" schema; echo \"code $?\" >&2 ) | true";
    let mut shell = Command::new("sh");
    let ended = shell.args(["-c", script, env!("CARGO_BIN_EXE_litsim")]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "code 0\n");
}
