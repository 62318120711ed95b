//! The page about regression suites: what it tells to run can be run, as it stands there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::scratch;
use crate::{copy, root};

/// The page.
pub fn page() -> PathBuf {
    root().join("sim/docs/regression-suite.md")
}

/// What stands for all scenarios: a large one, too, and what it needs. All of them take minutes.
const SOME: [&str; 6] =
    ["budgets.json", "quickstart.toml", "actions", "limits/quickstart-pooled.toml", "pools", "regressions"];

/// The commands of the page that run all scenarios once, from the program's name on.
fn commands(page: &str) -> Vec<&str> {
    let starts = page.match_indices("litsim run scenarios ").map(|(at, _)| &page[at..]);
    starts.map(|rest| rest.split(['`', '\n']).next().unwrap_or_default().trim_end()).collect()
}

/// A folder with some of the scenarios.
fn folder(name: &str) -> PathBuf {
    let here = scratch(name);
    for part in SOME {
        let (from, to) = (root().join("scenarios").join(part), here.join("scenarios").join(part));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&from, &to).unwrap();
        }
    }
    // Actions are read by the scenarios beside them; other scenarios of theirs are not among these.
    for entry in std::fs::read_dir(here.join("scenarios/actions")).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "toml") {
            std::fs::remove_file(entry).unwrap();
        }
    }
    here
}

fn run(command: &str, here: &Path) -> (Option<i32>, String) {
    let script = format!("litsim() {{ \"$LITSIM\" \"$@\"; }}\nexec 2>&1\n{command}");
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).env("LITSIM", env!("CARGO_BIN_EXE_litsim"));
    let ended = shell.current_dir(here).stdin(Stdio::null()).output().unwrap();
    (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

#[test]
fn the_commands_that_the_page_on_regression_suites_gives_for_every_change_pass() {
    let page = std::fs::read_to_string(page()).unwrap();
    let commands = commands(&page);
    let checking = commands.iter().filter(|command| command.contains("--check")).count();
    assert!(checking >= 2, "in the table and for GitHub: {commands:?}");
    for (number, command) in commands.into_iter().enumerate() {
        let here = folder(&format!("suite-{number}"));
        let (code, said) = run(command, &here);
        assert_eq!(code, Some(0), "{command}: {said}");
        // A scenario that nobody has recorded is told, with the line that records it.
        if command.contains("--check") {
            std::fs::remove_dir_all(here.join("scenarios/limits")).unwrap();
            let budgets = here.join("scenarios/budgets.json");
            let text = std::fs::read_to_string(&budgets).unwrap();
            std::fs::write(&budgets, text.replace("\"second-dealing\"", "\"another\"")).unwrap();
            let (code, said) = run(command, &here);
            assert_eq!(code, Some(5), "{command}: {said}");
            let advice = "add one: cargo litsim run scenarios/regressions/second-dealing.toml --record";
            assert!(said.contains(advice), "{said}");
        }
    }
}
