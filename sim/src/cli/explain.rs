//! `litsim explain`: what a word of scenario files or reports means. The texts are those of the schema, so they cannot
//! drift from what the reader accepts.

use clap::Args;
use lit_node::bugs::Bug;
use serde_json::Value;
use std::collections::BTreeMap;

use super::{Common, Exit, Shell};
use crate::oracle::EXPLAINED;
use crate::scenario::{self, closest};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A section, step, fault, verdict, oracle, bug or notion; all names if not given
    name: Option<String>,
}

/// Words of reports that are not in the schema.
const VERDICTS: [(&str, &str); 6] = [
    ("verdict pass", "Every step ended as it expects, and nothing was violated."),
    ("verdict expectation", "A step ended otherwise than it expects, a fault never fired, or a bound was exceeded."),
    ("verdict liveness", "Something that must complete did not."),
    ("verdict safety", "A safety property was violated."),
    ("verdict nondeterminism", "Two runs of the same scenario and seed differed."),
    ("verdict panic", "The simulator or a node panicked."),
];

/// What the program writes and how failures are compared.
const NOTIONS: [(&str, &str); 5] = [
    (
        "notion capsule",
        "One JSON file with all that a run needs to happen again on another machine: scenario with edits and action \
         files, seed, plan, and what it came to (verdict, failures, digest).\n`run --out` writes one for each run that \
         is not as expected or shows a violation, `run --capsule FILE` for any; `replay` runs it, `shrink` makes it \
         small.",
    ),
    (
        "notion plan",
        "The faults of a run, one by one: which, when, at which nodes. The seed and the scenario make it; a capsule \
         keeps it.",
    ),
    (
        "notion failure",
        "What went wrong, as an oracle and a kind: the oracle's words without numbers and hashes, with a list of alike \
         things as one. Two runs fail in the same way if the verdict and a failure are the same.",
    ),
    (
        "notion build",
        "The program's version and a hash of its sources and of its dependencies' versions. Runs of one build agree to \
         the last byte; those of two need not.",
    ),
    (
        "notion digest",
        "BLAKE3 over every record of a run's trace. The same scenario, seed and build give the same digest.",
    ),
];

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let entries = entries();
    let Some(name) = &arguments.name else {
        for (title, text) in &entries {
            let line = format!("{title:<28} {}", text.lines().next().unwrap_or_default());
            shell.print(&if common.json { object(title, text) } else { line });
        }
        return Exit::OK;
    };
    let word = |title: &str| title.split_once(' ').map_or(title.to_owned(), |(_, word)| word.to_owned());
    let found: Vec<_> = entries.iter().filter(|(title, _)| *title == name || word(title) == *name).collect();
    if found.is_empty() {
        let words: Vec<String> = entries.keys().map(|title| word(title)).collect();
        let help = closest(name, words.iter().map(String::as_str)).map(|near| format!("; did you mean `{near}`?"));
        let help = help.unwrap_or_else(|| "; `explain` alone lists what there is".to_owned());
        shell.complain(&format!("error: there is nothing named `{name}`{help}"));
        return Exit::NOTHING_SELECTED;
    }
    for (title, text) in found {
        let lines = format!("{title}\n  {}", text.replace('\n', "\n  "));
        shell.print(&if common.json { object(title, text) } else { lines });
    }
    Exit::OK
}

/// An entry as an object: what kind of word it is, the word, and what it means.
fn object(title: &str, text: &str) -> String {
    let (kind, name) = title.split_once(' ').unwrap_or(("", title));
    serde_json::json!({ "kind": kind, "name": name, "text": text }).to_string()
}

/// Everything that can be explained, by its kind and name.
fn entries() -> BTreeMap<String, String> {
    let schema = scenario::schema();
    let mut list: BTreeMap<String, String> = VERDICTS.map(|(title, text)| (title.to_owned(), text.to_owned())).into();
    list.extend(Bug::ALL.iter().map(|bug| (format!("bug {bug}"), bug.description().trim().to_owned())));
    list.extend(NOTIONS.map(|(title, text)| (title.to_owned(), text.to_owned())));
    list.extend(EXPLAINED.iter().map(|(name, text)| (format!("oracle {name}"), (*text).to_owned())));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        list.insert(format!("section {name}"), explanation(&schema, property));
    }
    for (kind, definition) in [("step", "Deed"), ("fault", "FaultKind")] {
        for variant in schema["$defs"][definition]["oneOf"].as_array().into_iter().flatten() {
            for (name, property) in variant["properties"].as_object().into_iter().flatten() {
                let fields = fields(target(&schema, property));
                list.insert(format!("{kind} {name}"), format!("{}{fields}", description(variant)));
            }
        }
    }
    list
}

fn explanation(schema: &Value, property: &Value) -> String {
    format!("{}{}", description(property), fields(target(schema, property)))
}

fn description(value: &Value) -> String {
    value["description"].as_str().unwrap_or_default().to_owned()
}

/// The definition that a property refers to, itself, through an array or through an alternative.
fn target<'s>(schema: &'s Value, property: &'s Value) -> &'s Value {
    let reference = [property, &property["items"], &property["anyOf"][0], &property["allOf"][0]]
        .into_iter()
        .find_map(|value| value["$ref"].as_str());
    match reference.and_then(|path| path.strip_prefix("#/$defs/")) {
        Some(name) => &schema["$defs"][name],
        None => property,
    }
}

fn fields(definition: &Value) -> String {
    let Some(properties) = definition["properties"].as_object() else { return String::new() };
    let width = properties.keys().map(String::len).max().unwrap_or(0);
    let required = |name: &str| definition["required"].as_array().is_some_and(|list| list.iter().any(|n| n == name));
    let mut out = String::new();
    for (name, property) in properties {
        let mark = if required(name) { "*" } else { " " };
        out += &format!("\n{mark} {name:<width$}  {}", description(property).replace('\n', " "));
    }
    out
}
