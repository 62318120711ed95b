//! The way that the README takes a newcomer, from the clone to a planted bug that is found, shrunk and replayed, and
//! the scenario that `new` writes for the next step.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{litsim, scratch};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The commands of the README's section, as they are printed there.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## The first five commands\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("another section after it");
    section.lines().filter_map(|line| line.strip_prefix("$ ")).map(ToOwned::to_owned).collect()
}

#[test]
fn five_commands_lead_from_the_clone_to_a_bug_that_is_found_shrunk_and_replayed() {
    let commands = commands();
    let [clone, enter, run, shrink, replay] = &commands[..] else { panic!("five commands: {commands:#?}") };
    assert!(clone.starts_with("git clone ") && clone.ends_with(" litsim") && enter == "cd litsim");
    let here = scratch("first-time");
    // What a clone has that these commands read.
    let bugs = here.join("scenarios/bugs");
    std::fs::create_dir_all(&bugs).unwrap();
    std::fs::copy(root().join("scenarios/bugs/missing-sync.toml"), bugs.join("missing-sync.toml")).unwrap();
    let said = [run, shrink, replay].map(|command| {
        let arguments = command.strip_prefix("cargo litsim ").expect("a command of this program");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("\"$LITSIM\" {arguments}")).env("LITSIM", env!("CARGO_BIN_EXE_litsim"));
        let ended = shell.current_dir(&here).stdin(Stdio::null()).output().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command}: {out}{}", String::from_utf8_lossy(&ended.stderr));
        out
    });
    assert!(said[0].contains("violation") && said[0].contains("durability"), "found: {}", said[0]);
    assert!(said[1].starts_with("durability: ") && said[1].contains(" events, "), "shrunk: {}", said[1]);
    assert!(said[2].contains("this is the run of the capsule") && said[2].contains("durability"), "{}", said[2]);
}

#[test]
fn what_new_writes_runs_as_it_is_and_is_not_written_over() {
    let here = scratch("new");
    let out = here.display().to_string();
    let said = litsim(&["new", "first-try", "--out", &out]).exits(0).out;
    let (scenario, action) = (here.join("first-try.toml"), here.join("first-try.js"));
    assert!(said.contains(&scenario.display().to_string()) && said.contains("run it:"), "{said}");
    let file = scenario.display().to_string();
    let report = litsim(&["run", &file, "--json"]).exits(0).json();
    assert_eq!((&report["scenario"], &report["verdict"]), (&"first-try".into(), &"pass".into()));
    assert_eq!(report["faults"]["fired"], serde_json::json!(["main/restart"]));
    litsim(&["sweep", &file, "--seeds", "1..2", "--out", here.join("sweep").to_str().unwrap(), "-q"]).exits(0);
    let before = std::fs::read_to_string(&scenario).unwrap();
    assert!(!before.contains("starter"), "it goes by its own name everywhere");
    for gone in [&action, &scenario] {
        let ended = litsim(&["new", "first-try", "--out", &out]).exits(2);
        assert!(ended.err.contains("is there already"), "{}", ended.err);
        assert_eq!(std::fs::read_to_string(&scenario).unwrap(), before);
        std::fs::remove_file(gone).unwrap();
    }
    let made = litsim(&["new", "first-try", "--out", &out, "--json"]).exits(0).json();
    assert_eq!(made["action"].as_str(), action.to_str());
    assert_eq!(std::fs::read_to_string(&scenario).unwrap(), before);
    let blocked = litsim(&["new", "second", "--out", &file]).exits(2);
    assert!(blocked.err.contains("cannot write") && blocked.err.contains("second.toml"), "{}", blocked.err);
    assert!(litsim(&["new", "../up"]).exits(2).err.contains("expected letters"));
}
