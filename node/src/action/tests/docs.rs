//! `docs/actions.md` says what is true: no function and no limit is missing in its tables, each test that they name exists,
//! and what it says the engine lacks, the engine lacks.

use super::*;
use std::collections::BTreeSet;

const DOCS: &str = include_str!("../../../docs/actions.md");

/// Globals of the language itself, and those that have a table of their own.
const LANGUAGE: &str = "AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError \
    Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Iterator JSON Map Math NaN Number \
    Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array \
    Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape \
    eval globalThis isFinite isNaN parseFloat parseInt undefined unescape Lit LitActions LitAuth";

/// Prints the name of every function and accessor of the web surface.
const WALK: &str = r"
    const members = (path, object) => {
      for (const key of Reflect.ownKeys(object)) {
        if (typeof key === 'symbol' || ['length', 'name', 'prototype', 'constructor'].includes(key)) continue;
        const { value, get } = Reflect.getOwnPropertyDescriptor(object, key);
        if (get !== undefined || typeof value === 'function') console.log(path + key);
        if (typeof value === 'object' && value !== null) members(`${path}${key}.`, value);
      }
    };
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      if (language.includes(name)) continue;
      const value = globalThis[name];
      if (typeof value === 'function' || name === 'ethers') console.log(name);
      if (name === 'ethers') continue;
      members(name + '.', value);
      if (value.prototype) members(name + '.prototype.', value.prototype);
    }";

/// The rows of the tables under a heading, as cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = DOCS.split_once(heading).expect("the heading is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn surface() -> BTreeSet<String> {
    let names: Vec<&str> = LANGUAGE.split_whitespace().collect();
    let params = serde_json::json!({ "language": names });
    let limits = Limits { log_bytes: 1 << 20, ..Limits::default() };
    let (result, logs, _) = ending_of(ActionSpec { limits, js_params: params.to_string(), ..spec(WALK) });
    assert_eq!(result.map(drop), Ok(()), "{logs}");
    logs.lines().filter(|name| *name != "language").map(str::to_owned).collect()
}

/// Whether a name of the table, which may end in `*`, means a function.
fn means(name: &str, function: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => function.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase())),
        None => name == function,
    }
}

#[test]
fn the_table_of_the_surface_names_every_function_and_no_other() {
    let surface = surface();
    assert!(surface.len() > 150, "{surface:?}");
    let rows = rows("\n## The web surface\n");
    let names: Vec<&str> = rows.iter().flat_map(|row| quoted(row[0])).collect();
    let missing: Vec<_> = surface.iter().filter(|function| !names.iter().any(|name| means(name, function))).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    let gone: Vec<_> = names.iter().filter(|name| !surface.iter().any(|function| means(name, function))).collect();
    assert!(gone.is_empty(), "not there: {gone:?}");
}

/// The sources of all tests that the tables may name.
fn sources() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/action/tests");
    let files = std::fs::read_dir(folder).expect("the tests").map(|entry| entry.expect("an entry").path());
    let tests: String = files.map(|file| std::fs::read_to_string(file).expect("a test")).collect();
    tests + include_str!("../../node/serve.rs")
}

#[track_caller]
fn assert_is_test(name: &str, sources: &str) {
    let place = sources.find(&format!("fn {name}()"));
    let place = place.unwrap_or_else(|| panic!("{name} does not exist"));
    assert!(sources[..place].trim_end().ends_with("#[test]"), "{name} is no test");
}

#[test]
fn each_test_that_the_tables_name_exists() {
    let sources = sources();
    for row in rows("\n## The web surface\n") {
        assert_eq!(row.len(), 4, "{row:?}");
        for cell in &row[1..] {
            let named = quoted(cell);
            assert!(!named.is_empty() || cell.starts_with("none: "), "{row:?}: {cell:?} names no test and no reason");
            named.into_iter().for_each(|test| assert_is_test(test, &sources));
        }
    }
}

/// What the error of a limit says under the default limits.
fn said(edge: edges::Edge, default: u64) -> String {
    match edge.error {
        ActionError::LimitExceeded { what, .. } => ActionError::LimitExceeded { what, max: default }.to_string(),
        error => error.to_string(),
    }
}

#[test]
fn the_table_of_limits_names_each_with_its_value_its_error_and_tests_that_there_are() {
    let serde_json::Value::Object(limits) = serde_json::to_value(Limits::default()).expect("numbers") else {
        panic!("limits have names")
    };
    let (sources, rows) = (sources(), rows("\n## Limits\n"));
    let named: BTreeSet<&str> = rows.iter().map(|row| quoted(row[0])[0]).collect();
    assert_eq!(named, limits.keys().map(String::as_str).collect());
    for row in rows {
        let (name, value) = (quoted(row[0])[0], quoted(row[1])[0]);
        assert_eq!(value, limits[name].to_string(), "{name}");
        let edge = edges::edges().into_iter().find(|edge| edge.limit == name);
        // Nodes count actions inside each other: the error is theirs, and so is the test.
        assert_eq!(edge.is_none(), name == "depth", "{name} has an edge");
        if let Some(edge) = edge {
            assert_eq!(quoted(row[2])[0], said(edge, limits[name].as_u64().expect("a number")), "{name}");
        }
        assert!(!quoted(row[3]).is_empty(), "{name} has no test");
        quoted(row[3]).into_iter().for_each(|test| assert_is_test(test, &sources));
    }
}

/// What an expression of the script gives: its value or its error as text, or what ended the action.
fn given(expression: &str) -> String {
    let limits = Limits { fuel: 300_000_000, ..Limits::default() };
    let code = format!(
        "let given; try {{ given = String(({expression})) }} catch (error) {{ given = String(error) }} console.log(given)"
    );
    match run_to_end(ActionSpec { limits, ..spec(&code) }, "") {
        (Ok(_), logs, _) => logs.trim_end().to_owned(),
        (Err(error), ..) => error.to_string(),
    }
}

#[test]
fn what_the_docs_say_is_lacking_gives_the_very_value_or_error_that_they_say() {
    let rows = rows("\n## What this JavaScript lacks\n");
    assert!(rows.len() > 40);
    on_big_stack(|| {
        for row in rows {
            let expression = quoted(row[0])[0].replace("\\|", "|");
            let said = quoted(row[1])[0];
            assert_ne!(said, "true", "{expression} is lacking");
            assert_eq!(given(&expression), said, "{expression}");
        }
    });
}
