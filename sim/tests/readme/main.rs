//! The manual is true: every command of `README.md` is run, and prints what is shown; its files, its verbs and its exit
//! codes are those of the program; the commands of `sim/docs/regression-suite.md` work as they stand there.
//!
//! `LITSIM_README=write` puts into `README.md` what the program prints now.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

#[path = "../common/mod.rs"]
mod common;
mod document;
mod suite;
mod terminal;

use std::path::{Path, PathBuf};

use common::{litsim, scratch};
use document::{Document, Part};
use litsim::cli::Exit;
use terminal::{Terminal, commands};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> Document {
    Document::parse(&std::fs::read_to_string(root().join("README.md")).unwrap())
}

/// Copies a folder with all below.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What the manual would show if it were written now, from a folder with what a clone has.
fn renewed(document: &Document) -> Document {
    let here = scratch("readme");
    copy(&root().join("scenarios"), &here.join("scenarios"));
    let mut terminal = Terminal::new(here);
    let mut text = String::new();
    let renew = |part: &Part| {
        let part = part.clone();
        let Part::Block { info, lines } = part else {
            text = part.to_string();
            return part;
        };
        let lines = match info.as_str() {
            "" => terminal.session(&lines),
            "json" => terminal.json(&lines),
            "toml" | "js" => terminal.file(&text, &lines),
            _ => lines,
        };
        Part::Block { info, lines }
    };
    Document(document.0.iter().map(renew).collect())
}

#[test]
fn what_the_readme_shows_is_what_the_program_prints() {
    let shown = readme();
    let printed = renewed(&shown);
    if std::env::var_os("LITSIM_README").is_some_and(|value| value == "write") {
        // Other tests read the file meanwhile.
        let (new, file) = (root().join("README.md.new"), root().join("README.md"));
        std::fs::write(&new, printed.to_string()).unwrap();
        std::fs::rename(&new, &file).unwrap();
        return;
    }
    let differences = shown.differences(&printed);
    assert!(
        differences.is_empty(),
        "README.md differs from what the program prints; LITSIM_README=write mends that:\n{}",
        differences.join("\n")
    );
}

#[test]
fn every_verb_is_listed_in_the_readme_and_shown_with_what_it_prints() {
    let help = litsim(&["-h"]).exits(0).out;
    let (_, list) = help.split_once("\nCommands:\n").expect("a list of verbs");
    let (list, _) = list.split_once("\n\n").expect("something after it");
    let names = list.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let verbs: Vec<&str> = names.filter_map(|line| line.split(' ').next()).filter(|verb| *verb != "help").collect();
    assert!(verbs.len() > 15 && verbs.contains(&"new"), "{verbs:?}");
    let readme = readme();
    let blocks = readme.0.iter().filter_map(|part| match part {
        Part::Block { info, lines } if info.is_empty() => Some(commands(lines)),
        _ => None,
    });
    let shown: Vec<String> =
        blocks.flatten().filter(|(_, output)| !output.is_empty()).map(|(command, _)| format!("{command} ")).collect();
    let text = readme.to_string();
    for verb in verbs {
        assert!(text.contains(&format!("`{verb}`")), "{verb} is not listed");
        let call = format!("cargo litsim {verb} ");
        assert!(shown.iter().any(|command| command.contains(&call)), "{verb} is not shown with what it prints");
    }
}

/// The rows of the first table whose head begins so, without their bars.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let (_, table) = text.split_once(&format!("\n| {head} |")).expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells).collect()
}

#[test]
fn the_exit_codes_of_the_manual_are_those_of_the_program() {
    let rows = table(&readme().to_string(), "exit code");
    let expected = Exit::ALL.map(|(exit, meaning)| vec![exit.code().to_string(), meaning.to_owned()]);
    assert_eq!(rows, expected);
    let suite = std::fs::read_to_string(suite::page()).unwrap();
    let rows = table(&suite, "code");
    let codes: Vec<&str> = rows.iter().flat_map(|row| row[0].split(", ")).collect();
    assert_eq!(codes, Exit::ALL.map(|(exit, _)| exit.code().to_string()));
}
