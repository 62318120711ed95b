//! Commands as the manual prints them, one after the other in one folder, and what it shows of their output.

use serde::Serialize;
use serde_json::{Serializer, Value, ser::PrettyFormatter};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How long a line of output may be before it is cut.
const WIDTH: usize = 116;

/// Commands that are not run, by what they begin with, and why.
const NOT_RUN: [(&str, &str); 2] =
    [("git clone ", "tests need no network"), ("cd litsim", "the folder is the clone's already")];

/// The request that is left of all in the report that the manual shows.
const REQUEST: &str = "price-passes";

/// What the manual says in place of what it leaves out.
const MORE: &str = "...";

/// A folder in which commands are run.
pub struct Terminal {
    folder: PathBuf,
    /// The exit code of the command before.
    code: i32,
    /// What the last command printed, if it is to be shown in a block of its own.
    json: Option<String>,
}

/// The commands of a block, each with the lines below it. A block that does not begin with a command has none.
pub fn commands(lines: &[String]) -> Vec<(&str, &[String])> {
    let is_command = |line: &String| line.starts_with("$ ");
    if !lines.first().is_some_and(is_command) {
        return Vec::new();
    }
    let runs = lines.chunk_by(|_, next| !is_command(next));
    runs.filter_map(|run| run.split_first()).map(|(command, output)| (&command[2..], output)).collect()
}

impl Terminal {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, code: 0, json: None }
    }

    /// The block as it should be.
    pub fn session(&mut self, lines: &[String]) -> Vec<String> {
        let mut block = Vec::new();
        let commands = commands(lines);
        if commands.is_empty() {
            return lines.to_vec();
        }
        for (command, shown) in commands {
            block.push(format!("$ {command}"));
            if NOT_RUN.iter().any(|(start, _)| command.starts_with(start)) {
                block.extend_from_slice(shown);
                continue;
            }
            let printed = self.run(command);
            // One object a line is no sight: a block of its own shows it on many.
            if command.ends_with(" --json") {
                self.json = Some(printed);
            } else {
                block.extend(shown_of(&printed, shown));
            }
        }
        block
    }

    /// The block with what the last command printed as JSON, much of it left out; any other block as it is.
    pub fn json(&mut self, lines: &[String]) -> Vec<String> {
        self.json.take().map_or_else(|| lines.to_vec(), |printed| shortened(serde_json::from_str(&printed).unwrap()))
    }

    /// The block with the file that the text above names last; as it is if that names none.
    pub fn file(&self, text: &str, lines: &[String]) -> Vec<String> {
        let words = text.split('`').skip(1).step_by(2);
        let Some(file) = words.map(|word| self.folder.join(word)).filter(|file| file.is_file()).last() else {
            return lines.to_vec();
        };
        std::fs::read_to_string(file).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    /// Runs a command as its reader would, with both streams as a terminal mixes them.
    fn run(&mut self, command: &str) -> String {
        let alias = "cargo() { shift; \"$LITSIM\" \"$@\"; }";
        let script = format!("set -o pipefail\n{alias}\nexec 2>&1\n(exit {})\n{command}\n", self.code);
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).env("LITSIM", env!("CARGO_BIN_EXE_litsim"));
        let ended = shell.current_dir(&self.folder).stdin(Stdio::null()).output().expect("bash starts");
        self.code = ended.status.code().expect("the shell ends by itself");
        String::from_utf8(ended.stdout).expect("UTF-8")
    }
}

/// What the manual shows of an output: without lines that come and go with the time, and long lines cut. A line that
/// differs only in what is measured stays as it is shown.
fn shown_of(printed: &str, shown: &[String]) -> Vec<String> {
    let lines = printed.lines().filter(|line| !is_progress(line)).map(cut);
    let settle = |(index, line): (usize, String)| match shown.get(index) {
        Some(before) if masked(before) == masked(&line) => before.clone(),
        _ => line,
    };
    lines.enumerate().map(settle).collect()
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - MORE.len()).chain(MORE.chars()).collect()
}

/// How far `shrink`, `sweep` or `fuzz` has come.
fn is_progress(line: &str) -> bool {
    let is_shrinking = line.starts_with("run ") && line.contains(" events, ") && line.ends_with(" steps");
    is_shrinking || (line.contains(" runs, ") && line.contains(" a second"))
}

/// A line without what depends on the machine: the seconds in JUnit's attributes `time`.
fn masked(line: &str) -> String {
    let mut parts = line.split(" time=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts
        .fold(first, |text, part| text + " time=\"" + part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'))
}

/// A report with little of what there is much of.
fn shortened(mut report: Value) -> Vec<String> {
    let requests = report["requests"].as_array_mut().expect("requests");
    requests.retain(|request| request["id"] == REQUEST);
    requests.push(MORE.into());
    for list in ["declared", "fired"] {
        let faults = report["faults"][list].as_array_mut().expect("faults");
        faults.truncate(1);
        faults.push(MORE.into());
    }
    let marks = report["marks"].as_object_mut().expect("marks");
    let (mut index, first) = (0, 3);
    marks.retain(|_, _| {
        index += 1;
        index <= first
    });
    marks.insert(MORE.to_owned(), Value::Null);
    let mut text = Vec::new();
    report.serialize(&mut Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "))).unwrap();
    let text = String::from_utf8(text).unwrap();
    text.lines()
        .map(|line| line.replace(&format!("\"{MORE}\": null"), MORE).replace(&format!("\"{MORE}\""), MORE))
        .collect()
}

#[test]
fn commands_go_with_what_is_below_them() {
    let lines = ["$ a", "b", "c", "$ d"].map(ToOwned::to_owned);
    assert_eq!(commands(&lines), [("a", &lines[1..3]), ("d", &[])]);
    assert!(commands(&lines[1..]).is_empty());
}

#[test]
fn lines_are_cut_and_only_what_is_measured_may_differ() {
    let shown = ["<a time=\"1.5\" b=\"2\">".to_owned(), "x".repeat(113) + "..."];
    let printed = format!("run 3: 1 events, 2 steps\n<a time=\"22.75\" b=\"2\">\n{}\n", "x".repeat(117));
    assert_eq!(shown_of(&printed, &shown), shown);
    let other = printed.replace("b=\"2\"", "b=\"3\"");
    assert_eq!(shown_of(&other, &shown)[0], "<a time=\"22.75\" b=\"3\">");
    assert!(is_progress("30 of 100 runs, 3.0 a second, 23 s to go, 0 failed") && !is_progress("12 runs (12 pass), 0"));
}

#[test]
fn a_report_is_shortened_where_there_is_much() {
    let report = serde_json::json!({
        "requests": [{ "id": "other" }, { "id": REQUEST, "kind": "execute" }],
        "faults": { "declared": ["a", "b"], "fired": ["b", "a"] },
        "marks": { "a": 1, "b": 2, "c": 3, "d": 4 },
    });
    let text = shortened(report).join("\n");
    assert!(text.contains("\n   \"kind\": \"execute\"\n  },\n  ...\n ],\n"), "{text}");
    assert!(text.contains("\n  \"declared\": [\n   \"a\",\n   ...\n  ],\n"), "{text}");
    assert!(text.ends_with("\n  \"c\": 3,\n  ...\n }\n}") && !text.contains("other"), "{text}");
}
