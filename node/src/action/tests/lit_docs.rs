//! The table of `Lit.Actions` in the documents has a row for every function, and each test that it credits is there and
//! touches the function.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const TABLE: &str = include_str!("../../../docs/lit-api.md");

/// A row of the table: the function, and the cells for success, misuse and over the limit.
type Row = (&'static str, [&'static str; 3]);

/// What stands in back quotes.
fn quoted(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn rows() -> Vec<Row> {
    let (table, _) = TABLE.split_once("\n## ").expect("what differs, and more, comes after the table");
    let lines = table.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [function, _, success, misuse, over] = cells[..] else { panic!("five columns: {line}") };
            let [function] = quoted(function)[..] else { panic!("one function to a row: {line}") };
            (function, [success, misuse, over])
        })
        .collect()
}

/// The functions that there are, and whether they are offered.
fn functions() -> BTreeMap<String, bool> {
    let printed = logs_of(
        "(async () => {
           for (const name of Object.keys(Lit.Actions)) {
             let said = '';
             try { await Lit.Actions[name](undefined) } catch (e) { said = e.message }
             console.log(name, said !== `NotSupported: ${name}`);
           }
         })()",
    );
    let lines = printed.lines().map(|line| line.split_once(' ').expect("a name and whether it is offered"));
    lines.map(|(name, offered)| (name.to_owned(), offered == "true")).collect()
}

/// The code of each test of actions, by name, without comments. Tests of one name count as one.
fn tests() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/action/tests");
    let files = std::fs::read_dir(folder).expect("the tests").map(|entry| entry.expect("an entry").path());
    let mut tests = BTreeMap::<String, String>::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a test");
        for (name, body) in tests_in(&text) {
            *tests.entry(name).or_default() += &body;
        }
    }
    tests
}

/// The tests of a file, as rustfmt leaves them: an attribute, the signature, and a body up to a brace at the margin.
fn tests_in(file: &str) -> Vec<(String, String)> {
    let after_attribute = file.split("\n#[test]\nfn ").skip(1);
    after_attribute
        .filter_map(|text| {
            let (name, rest) = text.split_once("()")?;
            let (body, _) = rest.split_once("\n}\n")?;
            let code = body.lines().filter(|line| !line.trim_start().starts_with("//"));
            Some((name.to_owned(), code.collect::<Vec<_>>().join("\n")))
        })
        .collect()
}

/// Whether code has the name of a function, and not only as a part of another name.
fn mentions(code: &str, function: &str) -> bool {
    let is_inside_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(function).any(|(place, _)| {
        let (before, after) = (&code[..place], &code[place + function.len()..]);
        !before.ends_with(is_inside_a_name) && !after.starts_with(is_inside_a_name)
    })
}

/// What is wrong with a row of a function.
fn wrong(row: &Row, offered: bool, tests: &BTreeMap<String, String>) -> Vec<String> {
    let (function, cells) = row;
    let mut wrong = Vec::new();
    for cell in cells {
        let named = quoted(cell);
        if named.is_empty() && (offered || !cell.starts_with("none: ")) {
            wrong.push(format!("{function}: {cell:?} names no test"));
        }
        for test in named {
            match tests.get(test) {
                None => wrong.push(format!("{function}: {test} is no test")),
                Some(code) if !mentions(code, function) => wrong.push(format!("{test} does not mention {function}")),
                Some(_) => {}
            }
        }
    }
    wrong
}

#[test]
fn the_table_has_a_row_for_each_function_of_lit_actions_and_no_other() {
    let rows = rows();
    let named: BTreeSet<&str> = rows.iter().map(|(function, _)| *function).collect();
    assert_eq!(named.len(), rows.len(), "a function has two rows");
    let functions = functions();
    assert_eq!(named, functions.keys().map(String::as_str).collect());
    assert!(functions.values().filter(|offered| **offered).count() > 25);
}

#[test]
fn each_test_that_the_table_credits_for_a_function_is_there_and_mentions_it() {
    let (functions, tests) = (functions(), tests());
    let wrong: Vec<String> = rows().iter().flat_map(|row| wrong(row, functions[row.0], &tests)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_row_without_a_test_of_its_function_is_wrong() {
    let file = "\n#[test]\nfn signs() {\n    // call({})\n    signEcdsa({});\n}\n\nfn helper() {\n    call({});\n}\n";
    let tests: BTreeMap<String, String> = tests_in(file).into_iter().collect();
    assert_eq!(tests.keys().collect::<Vec<_>>(), ["signs"]);
    let said = |function, cells, offered| wrong(&(function, cells), offered, &tests);
    assert!(said("signEcdsa", ["`signs`"; 3], true).is_empty());
    assert_eq!(said("sign", ["`signs`"; 3], true).len(), 3, "part of another name");
    assert_eq!(said("call", ["`signs`"; 3], true).len(), 3, "in a comment, or outside");
    assert_eq!(said("signEcdsa", ["`signs`", "`helper`", "`gone`"], true).len(), 2, "no tests");
    assert_eq!(said("signEcdsa", ["`signs`", "`signs`", "none: it is small"], true).len(), 1, "offered");
    assert!(said("signEcdsa", ["`signs`", "none: it is refused", "none: it is refused"], false).is_empty());
    assert_eq!(said("signEcdsa", ["`signs`", "", ""], false).len(), 2, "no reason");
}
