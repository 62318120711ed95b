//! Writes a scenario's tree as a file that people like to read: sections in the order of the manual, acts with their
//! steps and faults as tables, everything below on one line.

use toml::{Table, Value};

/// The order of what is known; the rest follows by name.
const HEAD: [&str; 4] = ["schema", "name", "description", "tags"];
const SECTIONS: [&str; 11] =
    ["network", "nodes", "timeouts", "chain", "ipfs", "http", "stream", "identity", "users", "keys", "limits"];
const TAIL: [&str; 2] = ["act", "expect"];
const MEMBERS: [&str; 11] =
    ["nodes", "threshold", "name", "id", "user", "during", "when", "for_ms", "do", "what", "expect"];

/// The text of a scenario. Reading it gives the same tree.
pub fn write(scenario: &Table) -> String {
    let mut out = String::new();
    let is_section = |value: &Value| is_tables(value) || value.is_table();
    for (key, value) in ordered(scenario, &HEAD).filter(|(_, value)| !is_section(value)) {
        line(&mut out, &quoted(key), value);
    }
    let known: Vec<&str> = SECTIONS.to_vec();
    let mut sections: Vec<_> = ordered(scenario, &known).filter(|(_, value)| is_section(value)).collect();
    sections.sort_by_key(|(key, _)| TAIL.iter().position(|tail| tail == key).map_or(0, |at| at + 1));
    for (key, value) in sections {
        section(&mut out, &quoted(key), value);
    }
    out
}

/// The members of a table, known names first.
fn ordered<'t>(table: &'t Table, first: &'t [&str]) -> impl Iterator<Item = (&'t str, &'t Value)> {
    let mut members: Vec<_> = table.iter().map(|(key, value)| (key.as_str(), value)).collect();
    members.sort_by_key(|(key, _)| first.iter().position(|known| known == key).unwrap_or(first.len()));
    members.into_iter()
}

fn section(out: &mut String, path: &str, value: &Value) {
    match value {
        Value::Table(table) => {
            *out += &format!("\n[{path}]\n");
            members(out, path, table);
        }
        Value::Array(tables) => {
            for table in tables.iter().filter_map(Value::as_table) {
                *out += &format!("\n[[{path}]]\n");
                members(out, path, table);
            }
        }
        _ => {}
    }
}

/// What is in a table: values on lines of their own, arrays of tables as sections below.
fn members(out: &mut String, path: &str, table: &Table) {
    for (key, value) in ordered(table, &MEMBERS).filter(|(_, value)| !is_tables(value)) {
        match value {
            // `do.execute = { ... }`: the kind is what one looks for.
            Value::Table(inner) if inner.len() == 1 => {
                for (kind, value) in inner {
                    line(out, &format!("{}.{}", quoted(key), quoted(kind)), value);
                }
            }
            value => line(out, &quoted(key), value),
        }
    }
    for (key, value) in ordered(table, &["step", "fault"]).filter(|(_, value)| is_tables(value)) {
        section(out, &format!("{path}.{}", quoted(key)), value);
    }
}

fn line(out: &mut String, key: &str, value: &Value) {
    *out += &format!("{key} = {}\n", inline(value));
}

fn is_tables(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_table))
}

/// A key, in quotes where it must be.
fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { inline(&Value::String(key.to_owned())) }
}

/// A value on one line, but for texts of several lines.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains('\n') && is_literal(text) => format!("\'\'\'\n{text}\'\'\'"),
        Value::String(text) => basic(text),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let members = ordered(table, &MEMBERS).map(|(key, value)| format!("{} = {}", quoted(key), inline(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        // Numbers, truth values and dates are written by the library.
        other => other.to_string(),
    }
}

/// Whether a text may stand as it is between three apostrophes.
fn is_literal(text: &str) -> bool {
    !text.contains("\'\'\'")
        && !text.ends_with('\'')
        && !text.contains('\r')
        && text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t')
}

/// A string with escapes (TOML 1.0, "basic strings").
fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            c if c.is_control() => out += &format!("\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        let key = "[a-z\"\\. é-]{0,4}";
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            (-1e9..1e9).prop_map(Value::Float),
            any::<bool>().prop_map(Value::Boolean),
            "(?s)[a-z'\"\\\\\n\r\t\u{1}é]{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 40, 4, move |inner| {
            let table = prop::collection::btree_map(key, inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::Array),
                table.prop_map(|members| Value::Table(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_tree(
            members in prop::collection::btree_map("[a-z]{1,6}|act|network|step", value(), 0..6),
        ) {
            let table: Table = members.into_iter().collect();
            let text = write(&table);
            let read: Table = toml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
            prop_assert_eq!(read, table, "{}", text);
        }
    }

    #[test]
    fn every_shipped_scenario_survives() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["../scenarios/quickstart.toml", "tests/scenarios/requests.toml", "tests/scenarios/endless.toml"] {
            let path = folder.join(name);
            let (scenario, bundle) = super::super::Bundle::read(&path, &[], super::super::Vocabulary::LIT).unwrap();
            let text = write(&bundle.table().unwrap());
            let again = super::super::Bundle { text, ..bundle };
            assert_eq!(again.scenario(super::super::Vocabulary::LIT).unwrap(), scenario, "{name}");
        }
    }
}
