//! The table of `Lit.Actions` in the documents names every function, and tests that there are.

use super::*;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../../docs/lit-api.md");
/// Where the tests are that the table names.
const TESTS: [&str; 4] =
    [include_str!("api.rs"), include_str!("hostile.rs"), include_str!("network.rs"), include_str!("secrets.rs")];

/// What stands in back quotes in a column of the table, from 1.
fn named(column: usize) -> BTreeSet<&'static str> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(column));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_table_names_each_function_of_lit_actions_and_nothing_else() {
    let printed = logs_of("console.log(Object.keys(Lit.Actions).join(' '))");
    let functions: BTreeSet<&str> = printed.split_whitespace().collect();
    assert_eq!(named(1), functions);
}

#[test]
fn each_test_that_the_table_names_is_there_and_each_function_has_one() {
    let tests: BTreeSet<&str> = [3, 4, 5].into_iter().flat_map(named).collect();
    let missing: Vec<_> =
        tests.iter().filter(|test| !TESTS.iter().any(|file| file.contains(&format!("fn {test}()")))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let rows = TABLE.lines().filter(|line| line.starts_with("| `"));
    let untested: Vec<&str> = rows.filter(|row| row.split('|').nth(3).is_none_or(|cell| !cell.contains('`'))).collect();
    assert!(untested.is_empty(), "{untested:?}");
}
