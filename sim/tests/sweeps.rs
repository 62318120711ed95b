//! Sweeps through the real program: the same results however they are come by, and clear errors where there are none.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Ended, litsim, scenario, scratch};

/// A scenario of which a run takes milliseconds, and which fails under some seeds: the message of node 1's first
/// handshake is lost, or not.
fn chancy(folder: &Path) -> String {
    let text = std::fs::read_to_string(scenario("greeting.toml")).unwrap();
    let fault = common::fault("unlucky", "at_ms = 0", "loss = { links = \"all\", rate = 0.01 }");
    let file = folder.join("chancy.toml");
    std::fs::write(&file, format!("{text}\n{fault}")).unwrap();
    file.display().to_string()
}

fn sweep(file: &str, seeds: &str, out: &Path, more: &[&str]) -> Ended {
    litsim(&[&["sweep", file, "--seeds", seeds, "--out", out.to_str().unwrap(), "-q"], more].concat())
}

fn results(out: &Path) -> String {
    std::fs::read_to_string(out.join("results.jsonl")).unwrap()
}

#[test]
fn one_worker_two_workers_and_four_shards_write_the_same_bytes() {
    let root = scratch("sweep-same");
    let file = chancy(&root);
    let code = sweep(&file, "1..40", &root.join("j1"), &["-j1"]).code;
    let expected = results(&root.join("j1"));
    assert_eq!(expected.lines().count(), 40);
    assert!(code == 5 && expected.contains("never fired"), "some seeds lose nothing: {expected}");
    sweep(&file, "1..40", &root.join("j2"), &["-j2"]).exits(5);
    assert_eq!(results(&root.join("j2")), expected);
    for by in ["slice", "hash"] {
        let shards = root.join(by);
        for m in 1..=4 {
            sweep(&file, "1..40", &shards, &["--partition", &format!("{by}:{m}/4"), "-j2"]);
        }
        let merged = root.join(format!("{by}-merged"));
        litsim(&["merge", shards.to_str().unwrap(), "--out", merged.to_str().unwrap(), "-q"]).exits(5);
        assert_eq!(results(&merged), expected, "{by}");
        let missing = shards.join("results-3-of-4.jsonl");
        std::fs::remove_file(missing).unwrap();
        let ended = litsim(&["merge", shards.to_str().unwrap(), "-q"]).exits(2);
        assert!(ended.err.contains("results-3-of-4.jsonl"), "{}", ended.err);
    }
    // What a line says of a failure is what its capsule shows.
    let line = expected.lines().find(|line| line.contains("never fired")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let capsule = root.join("j1").join(line["capsule"].as_str().unwrap());
    let replayed = litsim(&["replay", capsule.to_str().unwrap(), "--strict"]).exits(5);
    assert!(replayed.out.contains(line["digest"].as_str().unwrap()), "{}", replayed.out);
}

#[test]
fn a_sweep_that_is_killed_goes_on_to_the_same_results() {
    let root = scratch("sweep-killed");
    let file = scenario("greeting.toml");
    sweep(&file, "1..60", &root.join("whole"), &[]).exits(0);
    let out = root.join("killed");
    let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
    command.args(["sweep", &file, "--seeds", "1..60", "-q", "--out", out.to_str().unwrap()]);
    let mut killed = command.stdin(Stdio::null()).spawn().unwrap();
    let lines = || std::fs::read_to_string(out.join("results.jsonl")).map_or(0, |text| text.lines().count());
    while lines() < 10 {
        std::thread::sleep(Duration::from_millis(2));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let done = lines();
    assert!((10..60).contains(&done), "{done} of 60 were done");
    let ended = litsim(&["sweep", &file, "--seeds", "1..60", "--out", out.to_str().unwrap()]).exits(0);
    assert!(ended.out.contains("of them are done already"), "{}", ended.out);
    assert_eq!(results(&out), results(&root.join("whole")));
    // A third time there is nothing to do.
    let ended = litsim(&["sweep", &file, "--seeds", "1..60", "--out", out.to_str().unwrap()]).exits(0);
    assert!(ended.out.contains("60 of them are done already") && ended.out.contains("60 pass"), "{}", ended.out);
}

#[test]
fn a_sweep_ends_after_so_many_failures_and_goes_on_when_more_are_allowed() {
    let root = scratch("sweep-max-fail");
    let file = chancy(&root);
    let out = root.join("out");
    sweep(&file, "1..40", &out, &["--max-fail", "2", "-j2"]).exits(5);
    let text = results(&out);
    let failed = |text: &str| text.lines().filter(|line| !line.contains("\"exit\":0")).count();
    assert_eq!(failed(&text), 2);
    assert!(!text.lines().last().unwrap().contains("\"exit\":0"), "the last one is the second failure");
    sweep(&file, "1..40", &out, &[]).exits(5);
    assert!(results(&out).starts_with(&text) && results(&out).lines().count() == 40);
}

#[test]
fn of_each_small_sweep_at_least_one_run_is_made_twice_and_shards_join_all_the_same() {
    let root = scratch("sweep-twice");
    let file = scenario("greeting.toml");
    let mut by_chance = 0;
    for last in 1..=4 {
        let out = root.join(last.to_string());
        let arguments = ["sweep", &file, "--seeds", &format!("1..{last}"), "--out", out.to_str().unwrap()];
        let ended = litsim(&arguments).exits(0);
        by_chance = results(&out).lines().filter(|line| line.contains("\"again\":true")).count();
        let twice = by_chance.max(1);
        assert!(ended.out.contains(&format!(", {twice} made twice")), "{twice} of {last}: {}", ended.out);
    }
    let shards = root.join("shards");
    for m in 1..=2 {
        sweep(&file, "1..4", &shards, &["--partition", &format!("slice:{m}/2")]).exits(0);
    }
    let merged = root.join("merged");
    litsim(&["merge", shards.to_str().unwrap(), "--out", merged.to_str().unwrap(), "-q"]).exits(0);
    assert_eq!(results(&merged), results(&root.join("4")));
    assert!(by_chance < 4, "not all of them");
}

#[test]
fn the_environment_of_an_array_task_names_the_part() {
    let root = scratch("sweep-array");
    let run = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
        let (file, out) = (scenario("greeting.toml"), root.display().to_string());
        command.args(["sweep", &file, "--seeds", "1..6", "--out", &out]).envs(variables.iter().copied());
        command.stdin(Stdio::null()).output().unwrap()
    };
    let slurm = [("SLURM_ARRAY_TASK_ID", "12"), ("SLURM_ARRAY_TASK_COUNT", "3"), ("SLURM_ARRAY_TASK_MIN", "10")];
    assert_eq!(run(&slurm).status.code(), Some(0));
    let text = std::fs::read_to_string(root.join("results-3-of-3.jsonl")).unwrap();
    let seeds: Vec<u64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seed"].as_u64().unwrap())
        .collect();
    assert_eq!(seeds, [3, 6]);
    let pod = run(&[("JOB_COMPLETION_INDEX", "0")]);
    assert_eq!(pod.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&pod.stderr).contains("LITSIM_SHARDS"));
    assert_eq!(run(&[("JOB_COMPLETION_INDEX", "0"), ("LITSIM_SHARDS", "3")]).status.code(), Some(0));
    assert!(root.join("results-1-of-3.jsonl").is_file());
}

/// Whether a folder has hidden files, or such as were to be renamed.
fn leftovers(folder: &Path) -> bool {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().any(|name| name.starts_with('.') || name.contains(".new-"))
}

/// What the program complains of, ending with the code for that, if the disk is full: a limit on the size of files ends
/// a write in its midst, too.
fn on_a_full_disk(arguments: &str) -> String {
    let mut shell = Command::new("sh");
    let limited = format!("trap '' XFSZ; ulimit -f 8; exec \"$0\" {arguments}");
    let full = shell.args(["-c", &limited, env!("CARGO_BIN_EXE_litsim")]).stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&full.stderr).into_owned();
    assert_eq!(full.status.code(), Some(2), "{error}");
    error
}

#[test]
fn what_cannot_be_written_is_told_and_a_full_disk_is_gone_on_from() {
    let root = scratch("sweep-full");
    let file = scenario("greeting.toml");
    let blocked = root.join("file");
    std::fs::write(&blocked, "").unwrap();
    let ended = sweep(&file, "1..3", &blocked.join("below"), &[]).exits(2);
    assert!(ended.err.starts_with("error: cannot make the folder"), "{}", ended.err);
    let out = root.join("out");
    let error = on_a_full_disk(&format!("sweep {file} --seeds 1..20 -q --out {}", out.display()));
    assert!(error.contains("error: cannot write") && error.contains("results.jsonl"), "{error}");
    let error = on_a_full_disk(&format!("run {file} -q --out {}", root.join("run").display()));
    assert!(error.contains("error: cannot write to") && error.contains("run"), "{error}");
    assert!(!results(&out).ends_with('\n'), "the last line is torn");
    sweep(&file, "1..20", &out, &[]).exits(0);
    assert!(!leftovers(&out), "nothing is left of the look whether the folder can be written to");
    sweep(&file, "1..20", &root.join("whole"), &[]).exits(0);
    assert_eq!(results(&out), results(&root.join("whole")));
}

#[test]
fn nothing_to_sweep_over_and_what_is_no_scenario_have_codes_of_their_own() {
    let root = scratch("sweep-nothing");
    let out = root.join("out");
    assert!(sweep("no/such", "1..3", &out, &[]).exits(4).err.contains("selects no scenario"));
    assert!(sweep(&scenario("greeting.toml"), "3..1", &out, &[]).exits(2).err.contains("no seed in it"));
    assert!(
        sweep(&scenario("greeting.toml"), "1..3", &out, &["--partition", "slice:5/4"]).exits(2).err.contains("M/N")
    );
    assert!(
        sweep(&scenario("greeting.toml"), "1..3", &out, &["--set", "network.nodes=1"])
            .exits(3)
            .err
            .contains("2 to 256")
    );
    assert!(!out.exists(), "nothing was begun");
    sweep(&scenario("greeting.toml"), "1..2", &out, &[]).exits(0);
    assert!(sweep(&scenario("greeting.toml"), "1..3", &out, &[]).exits(2).err.contains("another sweep (other seeds)"));
}

#[test]
fn lines_on_standard_output_are_those_of_the_file_and_latest_leads_to_it() {
    let root = scratch("sweep-json");
    let out: PathBuf = root.join("out");
    let file = scenario("greeting.toml");
    let ended = litsim(&["sweep", &file, "--seeds", "4..6", "--out", out.to_str().unwrap(), "--json"]).exits(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), (results(&out).as_str(), ""));
    assert!(!ended.out.contains("wall_us"));
    assert_eq!(std::fs::read_to_string(out.join("latest")).unwrap(), results(&out));
    let timings = std::fs::read_to_string(out.join("timings.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(timings.lines().next().unwrap()).unwrap();
    assert!(timings.lines().count() == 3 && first["cpu_us"].as_u64().unwrap() > 0, "{timings}");
    // A line is what `run` prints, with more in front.
    let run = litsim(&["run", &file, "--seed", "5", "--json"]).exits(0).out;
    assert!(ended.out.lines().nth(1).unwrap().ends_with(run.trim().strip_prefix('{').unwrap()));
}
