//! A run that takes its process with it is a result, and ends nothing else.
//!
//! This program is its own litsim: with `LITSIM_DEADLY` in the environment it is the command line over an engine that
//! panics under seed 2, aborts under seed 5, overflows its stack under seed 8, ends its process under seed 11, is
//! killed each time under seed 13, and comes to something else in each process under seed 99; without, it is the test.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it does")]

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use litsim::outcome::{Engine, RunOptions, RunReport};
use litsim::plan::FaultPlan;
use litsim::scenario::Scenario;
use litsim::world::Simulator;

struct Deadly;

impl Engine for Deadly {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        match options.seed {
            2 => panic!("two is too much"),
            5 => std::process::abort(),
            8 => assert!(deep(0) > 0),
            11 => std::process::exit(3),
            13 => assert!(killed(), "this process outlives a kill"),
            99 => return unlike(Simulator.run(scenario, plan, options)),
            _ => {}
        }
        Simulator.run(scenario, plan, options)
    }
}

/// Deeper than any stack.
fn deep(level: u64) -> u64 {
    let room = std::hint::black_box([level; 64]);
    if level == u64::MAX { 0 } else { deep(level + 1) + room[7] }
}

/// Kills this process, as somebody who wants its memory does. Comes back only if that is impossible.
fn killed() -> bool {
    let status = Command::new("sh").args(["-c", &format!("kill -9 {}", std::process::id())]).status();
    std::thread::sleep(std::time::Duration::from_secs(10));
    status.is_err()
}

/// A report that is another one in each process.
fn unlike(report: RunReport) -> RunReport {
    RunReport { events: u64::from(std::process::id()), ..report }
}

const GREETING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/greeting.toml");

/// Runs this program as a command line: how it ended, and what it printed.
fn run(arguments: &[&str]) -> (ExitStatus, String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args(arguments).env(DEADLY, "1").stdin(Stdio::null()).output().unwrap();
    (output.status, String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The variable that makes this program a command line.
const DEADLY: &str = "LITSIM_DEADLY";

fn main() -> ExitCode {
    if std::env::var_os(DEADLY).is_some() {
        return litsim::cli::main(&Deadly);
    }
    a_sweep_outlives_the_runs_that_kill_their_process();
    println!("a sweep outlives the runs that kill their process ... ok");
    the_one_run_of_a_sweep_is_made_twice_and_a_difference_is_seen();
    println!("the one run of a sweep is made twice, and a difference is seen ... ok");
    ExitCode::SUCCESS
}

fn a_sweep_outlives_the_runs_that_kill_their_process() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dying-runs");
    let _ = std::fs::remove_dir_all(&out);
    let (status, text, _) =
        run(&["sweep", GREETING, "--seeds", "1..14", "-j2", "--json", "--out", out.to_str().unwrap()]);
    assert_eq!(status.code(), Some(40), "{text}");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 14);
    for line in &lines {
        let seed = line["seed"].as_u64().unwrap();
        let dies = [2, 5, 8, 11, 13].contains(&seed);
        assert_eq!((&line["exit"], line["verdict"] == "panic"), (&if dies { 40 } else { 0 }.into(), dies), "{line}");
        let detail = &line["violations"][0]["detail"];
        match seed {
            2 => assert_eq!(detail, "two is too much"),
            5 => assert_eq!(detail, "the process of the run was ended by signal 6 (SIGABRT)"),
            8 => assert!(detail.as_str().unwrap().contains("was ended by signal"), "{detail}"),
            11 => assert_eq!(detail, "the process of the run ended with exit code 3"),
            13 => assert_eq!(detail, "the process of the run was ended by signal 9 (SIGKILL)"),
            _ => assert!(detail.is_null()),
        }
    }
    // The capsule does it again.
    let capsule = out.join(lines[4]["capsule"].as_str().unwrap());
    assert_eq!(run(&["replay", capsule.to_str().unwrap()]).0.code(), None);
}

fn the_one_run_of_a_sweep_is_made_twice_and_a_difference_is_seen() {
    for (seeds, code) in [("1..1", 0), ("99..99", 30)] {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dying-runs-{code}"));
        let _ = std::fs::remove_dir_all(&out);
        // Started again when all is done, it looks again.
        for _ in 0..2 {
            let (status, text, errors) = run(&["sweep", GREETING, "--seeds", seeds, "--out", out.to_str().unwrap()]);
            assert_eq!(status.code(), Some(code), "{text}{errors}");
            assert!(text.contains("1 made twice"), "{text}");
            assert_eq!(errors.contains("came out differently the second time") || text.contains("nondet"), code == 30);
        }
    }
}
