//! What documents say of tests, scenarios, steps and planted bugs is true: whatever they name exists.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lit_node::api::ErrorCode;
use lit_node::bugs::Bug;
use litsim::scenario;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All Rust files below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The names of all tests of both crates.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in ["node/src", "sim/src", "sim/tests"] {
        sources(&root().join(folder), &mut files);
    }
    files.iter().flat_map(|file| tests_of(&fs::read_to_string(file).unwrap())).collect()
}

/// The functions that stand below `#[test]`, in a macro for properties or not.
fn tests_of(source: &str) -> Vec<String> {
    let mut lines = source.lines().map(str::trim);
    let mut names = Vec::new();
    while let Some(line) = lines.next() {
        if line != "#[test]" {
            continue;
        }
        let named = lines.by_ref().take(4).find_map(|line| line.strip_prefix("fn "));
        names.extend(named.and_then(|rest| rest.split('(').next()).map(str::to_owned));
    }
    names
}

/// The cells of all rows of all tables, without heads.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_head = lines.peek().is_some_and(|next| next.starts_with("|--"));
        if line.starts_with("| ") && !is_head {
            let inner = line.strip_prefix("| ").and_then(|line| line.strip_suffix('|')).unwrap_or(line);
            rows.push(inner.split('|').map(str::trim).collect());
        }
    }
    rows
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Links: what they say, and where they lead.
fn links(cell: &str) -> Vec<(&str, &str)> {
    let parts = cell.split('[').skip(1);
    parts
        .filter_map(|part| part.split_once("]("))
        .filter_map(|(says, rest)| Some((says, rest.split(')').next()?)))
        .collect()
}

/// What is wrong with the tests that a text names: snake case with two underscores at least.
fn missing_tests(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let is_test = |name: &&str| {
        name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let unknown = quoted(text).into_iter().filter(is_test).filter(|name| !known.contains(*name));
    unknown.map(|name| format!("no test is named {name}")).collect()
}

/// What is wrong with the links of a text to scenarios: each says a scenario's name or the id of one of its steps.
fn missing_scenarios(text: &str, document: &str) -> Vec<String> {
    let folder = root().join(document).parent().unwrap().to_owned();
    let to_scenarios = links(text).into_iter().filter(|(_, to)| to.ends_with(".toml"));
    let wrong = to_scenarios.filter_map(|(says, to)| match scenario::load(&folder.join(to), &[]) {
        Err(error) => Some(format!("{to}: {error}")),
        Ok(found) => {
            let mut ids = found.acts.iter().flat_map(|act| act.steps.iter()).map(|step| step.id.as_str());
            let known = found.name == says || ids.any(|id| id == says);
            (!known).then(|| format!("{to} is not named {says} and has no such step"))
        }
    });
    wrong.collect()
}

#[test]
fn the_document_of_weaknesses_names_tests_scenarios_and_bugs_that_exist() {
    const DOCUMENT: &str = "node/docs/weaknesses.md";
    let (text, known) = (read(DOCUMENT), tests());
    let rows = rows(&text);
    assert_eq!(rows.len(), 11);
    for (number, row) in (1..).zip(&rows) {
        let [place, _, _, named, scenarios, bugs] = row[..] else { panic!("{row:?}") };
        assert_eq!(place, format!("{number}"));
        assert!(!quoted(named).is_empty() && !links(scenarios).is_empty() && !quoted(bugs).is_empty(), "{row:?}");
        assert_eq!(missing_tests(named, &known), Vec::<String>::new(), "{number}");
        assert_eq!(missing_scenarios(scenarios, DOCUMENT), Vec::<String>::new(), "{number}");
        for bug in quoted(bugs) {
            assert!(Bug::from_name(bug).is_some(), "{number}: no bug is named {bug}");
            assert!(root().join(format!("scenarios/bugs/{bug}.toml")).is_file(), "{bug} has no scenario");
        }
    }
}

#[test]
fn the_document_of_errors_has_every_code_with_the_real_networks_error_and_status() {
    let text = read("node/docs/errors.md");
    let told: Vec<Vec<String>> = rows(&text)
        .iter()
        .map(|row| vec![row[0].replace('`', ""), row[2].replace('`', ""), row[3].to_owned()])
        .collect();
    let true_of = |code: ErrorCode| {
        let real = code.real().map_or("none", |(name, _)| name);
        let status = code.http_status().map_or(String::new(), |status| status.to_string());
        vec![code.name().to_owned(), real.to_owned(), status]
    };
    assert_eq!(told, ErrorCode::ALL.map(true_of).to_vec());
}

/// The ways to show who asks, and the refusals, of which each has a cell.
#[test]
fn the_matrix_of_logins_has_a_test_or_a_reason_in_every_cell() {
    const DOCUMENT: &str = "sim/docs/logins.md";
    let (text, known) = (read(DOCUMENT), tests());
    let (_, matrix) = text.split_once("## Who is refused, and what shows it").expect("the section is there");
    let matrix = matrix.split("\n## ").next().unwrap();
    assert_eq!(missing_tests(matrix, &known), Vec::<String>::new());
    assert_eq!(missing_scenarios(matrix, DOCUMENT), Vec::<String>::new());
    let rows = rows(matrix);
    assert_eq!(rows.len(), 9, "ways to show who asks");
    for row in &rows {
        assert_eq!(row.len(), 9, "{}", row[0]);
        for cell in &row[1..] {
            let names_something = !links(cell).is_empty() || !quoted(cell).is_empty();
            assert!(names_something || cell.starts_with("none:"), "{}: {cell:?} names no test and no reason", row[0]);
        }
    }
}

#[test]
fn a_document_that_names_what_does_not_exist_is_noticed() {
    let known = BTreeSet::from(["a_test_that_exists".to_owned()]);
    assert!(missing_tests("`a_test_that_exists`, `Type::function`, `one_word`", &known).is_empty());
    assert_eq!(missing_tests("`a_test_that_does_not`", &known).len(), 1);
    let to = "../../scenarios/lifecycle/permissions.toml";
    assert!(missing_scenarios(&format!("[permissions]({to}), [carol-no-more]({to})"), "node/docs/x.md").is_empty());
    assert_eq!(missing_scenarios(&format!("[no-such-step]({to})"), "node/docs/x.md").len(), 1);
    assert_eq!(missing_scenarios("[x](../../scenarios/none.toml)", "node/docs/x.md").len(), 1);
    assert_eq!(tests_of("#[test]\nfn one() {}\nfn two() {}\n#[test]\n#[ignore]\nfn three(x: u8) {}"), ["one", "three"]);
    assert_eq!(rows("| a | b |\n|---|---|\n| 1 | |\ntext\n| 2 | x |"), [["1", ""], ["2", "x"]]);
}
