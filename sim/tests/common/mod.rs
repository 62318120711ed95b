//! Runs the real program as its users do, and reads what it prints and writes.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use litsim::outcome::{Engine, RunOptions, RunReport};
use litsim::plan::FaultPlan;
use litsim::scenario::Scenario;
use litsim::trace::Retention;
use litsim::world::Simulator;
use serde_json::Value;

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    fn of(mut command: Command) -> Self {
        let output = command.stdin(Stdio::null()).output().expect("the program starts");
        Self {
            code: output.status.code().expect("the program ends by itself"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The one JSON object that was printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.out.trim()).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code; printed:\n{}\n{}", self.out, self.err);
        self
    }

    /// The lines that tell how to run this again, without the marker.
    pub fn reproduce(&self) -> Vec<&str> {
        self.err.lines().filter_map(|line| line.strip_prefix("reproduce: ")).collect()
    }
}

/// Runs the program.
pub fn litsim(arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_litsim"));
    command.args(arguments);
    Ended::of(command)
}

/// Runs a line that the program printed, through a shell as a user would.
pub fn shell(line: &str) -> Ended {
    let arguments = line.strip_prefix("cargo litsim ").expect("from a build folder the program is cargo's alias");
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("\"$LITSIM\" {arguments} --json")).env("LITSIM", env!("CARGO_BIN_EXE_litsim"));
    Ended::of(command)
}

/// Runs a scenario under a seed with `--json`.
pub fn run(file: &str, seed: u64, more: &[&str]) -> Ended {
    litsim(&[&["run", file, "--json", "--seed", &seed.to_string()], more].concat())
}

/// Runs a scenario with a plan, within this process.
pub fn simulate(scenario: &Scenario, plan: &FaultPlan, seed: u64) -> RunReport {
    Simulator.run(scenario, plan, RunOptions { seed, memo: true, profile: false, trace: Retention::Nothing })
}

/// The scenario that the manual starts with.
pub fn quickstart() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/quickstart.toml").to_owned()
}

/// The folder of these tests' scenarios.
fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// One of these tests' scenarios.
pub fn scenario(name: &str) -> String {
    scenarios().join(name).display().to_string()
}

/// An empty folder of a test's own.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("a scratch folder can be removed");
    }
    std::fs::create_dir_all(folder.join("actions")).expect("a scratch folder can be made");
    for entry in std::fs::read_dir(scenarios().join("actions")).expect("actions").map(|entry| entry.expect("an entry"))
    {
        std::fs::copy(entry.path(), folder.join("actions").join(entry.file_name())).expect("an action can be copied");
    }
    folder
}

/// Writes a scenario into a folder: one of these tests', with more text after its last act.
pub fn extended(folder: &Path, name: &str, base: &str, more: &str) -> String {
    let text = std::fs::read_to_string(scenarios().join(base)).expect("a scenario of these tests");
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, format!("{text}\n{more}")).expect("a scratch folder can be written to");
    file.display().to_string()
}

/// A fault as text to [extend](extended) a scenario with.
pub fn fault(name: &str, when: &str, what: &str) -> String {
    let when = if when.is_empty() { String::new() } else { format!("when = {{ {when} }}\n") };
    format!("[[act.fault]]\nname = \"{name}\"\n{when}what.{what}\n\n")
}

/// The records of a run's folder below `out`.
pub fn trace(out: &Path, scenario: &str, seed: u64) -> Vec<Value> {
    let file = out.join(format!("{scenario}-seed{seed}/trace.jsonl"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect()
}

/// Does the same with every item on all cores; results come in the order of the items.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, results) = (Mutex::new(0), Mutex::new(Vec::new()));
    let worker = || {
        loop {
            let index = {
                let mut next = next.lock().expect("no worker panics here");
                *next += 1;
                *next - 1
            };
            let Some(item) = items.get(index) else { return };
            let result = work(item);
            results.lock().expect("no worker panics here").push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(worker);
        }
    });
    let mut results = results.into_inner().expect("no worker panics here");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
