//! What is promised of large sweeps, measured on the real program: time, memory, and the same bytes however they are
//! come by. Minutes of both processors, and figures of a release build: `.ci/full` runs them with
//! `cargo test --release --test big_sweeps -- --ignored --test-threads=1`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and prints what it measures")]
#![cfg(target_os = "linux")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{litsim, scratch};

/// A thousand runs on two cores take less than this.
const THOUSAND_MOST: Duration = Duration::from_secs(60);
/// After so many runs memory is as large as it gets.
const EARLY: u64 = 500;
/// How many runs memory is watched over; `LITSIM_RUNS` shortens it.
const RUNS: u64 = 10_000;
/// How much larger, in percent, it may be then than after [`EARLY`] runs.
const GROWTH_MOST_PERCENT: u64 = 10;

fn pooled() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/limits/quickstart-pooled.toml").to_owned()
}

fn sweep(seeds: &str, out: &Path, more: &[&str]) -> String {
    litsim(&[&["sweep", &pooled(), "--seeds", seeds, "--out", out.to_str().unwrap(), "-q"], more].concat()).exits(0);
    std::fs::read_to_string(out.join("results.jsonl")).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the promise is one about time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
#[ignore = "minutes of a release build"]
fn a_thousand_seeds_take_a_minute_on_two_cores_and_are_the_same_bytes_on_one_and_from_four_shards() {
    let is_release = !cfg!(debug_assertions);
    assert!(is_release, "these figures are of a release build: cargo test --release");
    let root = scratch("big-sweep");
    let began = now();
    let expected = sweep("1..1000", &root.join("two"), &["-j2"]);
    let took = began.elapsed();
    println!("1,000 seeds with -j2: {:.1} s", took.as_secs_f64());
    assert_eq!(expected.lines().count(), 1000);
    assert!(
        expected.lines().filter(|line| line.contains("\"again\":true")).count() > 20,
        "one of twenty is made twice"
    );
    assert!(sweep("1..1000", &root.join("one"), &["-j1"]) == expected, "-j1 writes other bytes than -j2");
    let shards = root.join("shards");
    for m in 1..=4 {
        sweep("1..1000", &shards, &["-j2", "--partition", &format!("slice:{m}/4")]);
    }
    let merged = root.join("merged");
    litsim(&["merge", shards.to_str().unwrap(), "--out", merged.to_str().unwrap(), "-q"]).exits(0);
    let merged = std::fs::read_to_string(merged.join("results.jsonl")).unwrap();
    assert!(merged == expected, "four merged shards are other bytes than one sweep");
    assert!(took < THOUSAND_MOST, "1,000 seeds took {took:?}");
}

/// The highest figures so far, bytes: those of the sweep's own process, and of any one of its workers.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    own: u64,
    worker: u64,
}

impl Peak {
    /// Looks at a process and its children. Of a process that is gone, what was seen before counts.
    fn look(&mut self, process: u32) {
        self.own = self.own.max(high_water(process).unwrap_or_default());
        for child in children(process) {
            self.worker = self.worker.max(high_water(child).unwrap_or_default());
        }
    }
}

/// The most memory that a process has had at a time, bytes (proc(5), `VmHWM`).
fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let listed: Vec<String> = lists.collect();
    listed.iter().flat_map(|list| list.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
}

/// A sweep that prints its results as they come.
fn begun(runs: u64, out: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
    let (seeds, out): (String, PathBuf) = (format!("1..{runs}"), out.to_owned());
    command.args(["sweep", &pooled(), "--seeds", &seeds, "-j2", "--json", "--out"]).arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
#[ignore = "minutes of a release build"]
fn memory_after_ten_thousand_runs_is_what_it_was_after_five_hundred() {
    let runs = std::env::var("LITSIM_RUNS").ok().map_or(RUNS, |runs| runs.parse().unwrap());
    let mut child = begun(runs, &scratch("big-memory"));
    let (mut peak, mut early, mut seen) = (Peak::default(), Peak::default(), 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        line.unwrap();
        seen += 1;
        peak.look(child.id());
        if seen == EARLY {
            early = peak;
        }
    }
    assert_eq!((child.wait().unwrap().code(), seen), (Some(0), runs));
    println!("peak memory, bytes: {early:?} after {EARLY} runs, {peak:?} after {runs}");
    for (what, before, after) in [("sweep", early.own, peak.own), ("worker", early.worker, peak.worker)] {
        assert!(before > 0, "the {what} was not seen: is /proc there, with the children of tasks?");
        let most = before + before * GROWTH_MOST_PERCENT / 100;
        assert!(after <= most, "the {what} had {before} bytes after {EARLY} runs, and {after} after {runs}");
    }
}
