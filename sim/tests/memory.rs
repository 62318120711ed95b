//! What many executions leave behind: next to nothing, so that a run's memory does not grow with their number.
//!
//! The two tests here are for `.ci/full`, which runs them with `--ignored`: the first starts this program again for the second,
//! so that each number of executions has a process, and a peak, of its own.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says what it has measured")]

mod common;

use std::path::Path;
use std::process::Command;

use common::simulate;
use litsim::plan::FaultPlan;
use litsim::scenario;

/// The variable that says how many executions a process is to measure.
const TIMES: &str = "LITSIM_EXECUTIONS";
/// What precedes the peak in what a process prints.
const PEAK: &str = "peak of resident memory, kB: ";

/// The most memory that this process has held, kB: the kernel's own count (proc(5), `VmHWM`).
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// The peak of a process that runs so many small actions, one after the other, at each of four nodes.
fn peak_after(times: u32) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "many_small_actions_run_in_this_process"]);
    let output = command.env(TIMES, times.to_string()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let peak = printed.lines().find_map(|line| Some(line.split_once(PEAK)?.1)).unwrap();
    peak.trim().parse().unwrap()
}

#[test]
#[ignore = "minutes without optimisation: .ci/full runs it"]
fn many_small_actions_run_in_this_process() {
    // Alone there is nothing to measure.
    let Ok(times) = std::env::var(TIMES) else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/limits/many-actions.toml");
    let edits = [
        format!("act.0.step.0.times={times}"),
        "expect.messages_max=1000000".to_owned(),
        "expect.virtual_ms_max=3600000".to_owned(),
    ];
    let scenario = scenario::load(&file, &edits).unwrap();
    let report = simulate(&scenario, &FaultPlan::new(&scenario, 1).unwrap(), 1);
    assert!(report.expected, "{:?}", report.violations);
    assert_eq!(report.requests.len().to_string(), times);
    println!("\n{PEAK}{}", peak_kb());
}

#[test]
#[ignore = "minutes without optimisation: .ci/full runs it"]
fn two_thousand_executions_take_at_most_a_tenth_more_memory_than_two_hundred() {
    let (few, many) = (peak_after(200), peak_after(2_000));
    println!("{few} kB after 200 executions, {many} kB after 2,000");
    assert!(few > 1_000, "{few} kB is no process of this kind");
    assert!(many * 10 <= few * 11, "{few} kB after 200 executions, {many} kB after 2,000");
}
