//! The guides to shipped actions say what is true: they leave out no file, and what they quote is what runs print.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::litsim;
use litsim::hunt;

/// What stands for anything in a quoted line.
const ANYTHING: &str = "...";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name)
}

fn guide(name: &str) -> String {
    fs::read_to_string(folder(name).join("README.md")).unwrap()
}

/// The names of the files of a folder that end so, in order.
fn files(name: &str, ends: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = entries.filter(|file| ends.iter().any(|end| file.ends_with(end))).collect();
    found.sort();
    found
}

#[test]
fn every_scenario_and_every_script_is_in_the_guide_of_its_folder() {
    for name in ["actions", "hostile"] {
        let (guide, files) = (guide(name), files(name, &[".toml", ".js"]));
        assert!(files.len() > 30, "{files:?}");
        let left_out: Vec<_> = files.iter().filter(|file| !guide.contains(&format!("[{file}]({file})"))).collect();
        assert!(left_out.is_empty(), "scenarios/{name}/README.md leaves out {left_out:?}");
    }
}

/// The row of a hostile script in the guide, from the step that runs it.
fn row(step: &toml::Table) -> Option<String> {
    let text = |name: &str| step.get(name).and_then(toml::Value::as_str);
    let action = step.get("do")?.get("execute")?.get("action")?.as_str().filter(|action| *action != "honest.js")?;
    let message = text("expect_message").map(|message| format!("`{}`", message.replace('|', "\\|")));
    let outcome = text("expect").unwrap_or("ok");
    Some(format!("| [{action}]({action}) | `{outcome}` | {} |", message.unwrap_or_default()))
}

#[test]
fn the_guide_to_hostile_scripts_has_the_error_that_each_scenario_demands() {
    let guide = guide("hostile");
    let mut rows = Vec::new();
    for file in files("hostile", &[".toml"]) {
        let text = fs::read_to_string(folder("hostile").join(&file)).unwrap();
        let scenario: toml::Table = text.parse().unwrap();
        for act in scenario["act"].as_array().unwrap() {
            rows.extend(act["step"].as_array().unwrap().iter().filter_map(|step| row(step.as_table().unwrap())));
        }
    }
    let listed: Vec<&str> = guide.lines().filter(|line| line.starts_with("| [")).collect();
    let wrong: Vec<_> = rows.iter().filter(|row| !listed.contains(&row.as_str())).collect();
    assert!(wrong.is_empty(), "other rows are needed: {wrong:#?}");
    assert!(rows.len() > 150 && listed.len() == rows.len(), "{} rows for {} steps", listed.len(), rows.len());
}

/// What the guide quotes, by the command that precedes it.
fn quotations(guide: &str) -> BTreeMap<String, Vec<String>> {
    let mut quoted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut command, mut quotes) = (String::new(), false);
    for line in guide.lines() {
        match line {
            "```text" => quotes = true,
            "```" => quotes = false,
            _ if quotes => quoted.entry(command.clone()).or_default().push(words(line)),
            _ => {
                if let Some(file) = line.strip_prefix("cargo litsim run scenarios/") {
                    file.clone_into(&mut command);
                }
            }
        }
    }
    quoted
}

/// A line with one space between its words.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a printed line is what a quotation says.
fn says(printed: &str, quotation: &str) -> bool {
    let mut rest = printed;
    quotation.split(ANYTHING).enumerate().all(|(place, part)| {
        let found = rest.find(part.trim()).filter(|at| place > 0 || *at == 0);
        found.is_some_and(|at| {
            rest = &rest[at + part.trim().len()..];
            true
        })
    })
}

#[test]
fn what_the_guide_to_the_stories_quotes_is_what_their_runs_print() {
    let quoted: Vec<(String, Vec<String>)> = quotations(&guide("actions")).into_iter().collect();
    let stories: Vec<String> = files("actions", &[".toml"]).iter().map(|file| format!("actions/{file}")).collect();
    assert_eq!(quoted.iter().map(|(file, _)| file).collect::<Vec<_>>(), stories.iter().collect::<Vec<_>>());
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let printed = hunt::each(&stories, jobs, |file| {
        let ended = litsim(&["run", folder(file).to_str().unwrap()]).exits(0);
        ended.out.lines().map(words).collect::<Vec<String>>()
    });
    for ((file, quotations), lines) in quoted.iter().zip(&printed) {
        assert!(quotations.len() >= 2, "{file}");
        for quotation in quotations {
            assert!(lines.iter().any(|line| says(line, quotation)), "{file} does not print {quotation:?}:\n{lines:#?}");
        }
    }
}

#[test]
fn a_quotation_is_a_beginning_and_parts_in_order() {
    assert!(says("+ a execute bob 1 s .. 2 s ok", "+ a execute bob ... ok"));
    assert!(!says("+ a execute bob 1 s .. 2 s JsError", "+ a execute bob ... ok"));
    assert!(!says("- a execute bob 1 s .. 2 s ok", "+ a execute bob ... ok"));
    assert!(says("culprit node 2, named by 4", "culprit node 2"));
}
