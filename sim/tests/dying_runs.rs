//! A run that takes its process with it is a result, and ends nothing else.
//!
//! This program is its own litsim: with `LITSIM_DEADLY` in the environment it is the command line over an engine that
//! aborts under seed 5, overflows its stack under seed 8 and ends its process under seed 11; without, it is the test.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it does")]

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use litsim::outcome::{Engine, RunOptions, RunReport};
use litsim::plan::FaultPlan;
use litsim::scenario::Scenario;
use litsim::world::Simulator;

struct Deadly;

impl Engine for Deadly {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        match options.seed {
            5 => std::process::abort(),
            8 => assert!(deep(0) > 0),
            11 => std::process::exit(3),
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

/// The variable that makes this program a command line.
const DEADLY: &str = "LITSIM_DEADLY";

fn main() -> ExitCode {
    if std::env::var_os(DEADLY).is_some() {
        return litsim::cli::main(&Deadly);
    }
    a_sweep_outlives_the_runs_that_kill_their_process();
    println!("a sweep outlives the runs that kill their process ... ok");
    ExitCode::SUCCESS
}

fn a_sweep_outlives_the_runs_that_kill_their_process() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dying-runs");
    let _ = std::fs::remove_dir_all(&out);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/greeting.toml");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let output = command.args(arguments).env(DEADLY, "1").stdin(Stdio::null()).output().unwrap();
        (output.status, String::from_utf8(output.stdout).unwrap())
    };
    let (status, text) = run(&["sweep", file, "--seeds", "1..14", "-j2", "--json", "--out", out.to_str().unwrap()]);
    assert_eq!(status.code(), Some(40), "{text}");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 14);
    for line in &lines {
        let seed = line["seed"].as_u64().unwrap();
        let dies = [5, 8, 11].contains(&seed);
        assert_eq!((&line["exit"], line["verdict"] == "panic"), (&if dies { 40 } else { 0 }.into(), dies), "{line}");
        let detail = &line["violations"][0]["detail"];
        match seed {
            5 => assert_eq!(detail, "the process of the run was ended by signal 6 (SIGABRT)"),
            8 => assert!(detail.as_str().unwrap().contains("was ended by signal"), "{detail}"),
            11 => assert_eq!(detail, "the process of the run ended with exit code 3"),
            _ => assert!(detail.is_null()),
        }
    }
    // The capsule does it again.
    let capsule = out.join(lines[4]["capsule"].as_str().unwrap());
    assert_eq!(run(&["replay", capsule.to_str().unwrap()]).0.code(), None);
}
