//! The TOML tree of a scenario, edited by `--set path=value` before anything checks it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::source::{Source, Span};

/// The name under which `--set` texts appear in messages.
const ORIGIN: &str = "--set";

/// Appends each edit to the source as a line of TOML: `network.threshold=floor` becomes `network.threshold='floor'`.
pub(super) fn append_edits(source: &mut Source, edits: &[String]) {
    for edit in edits {
        source.append(ORIGIN, &as_toml(edit));
    }
}

/// An edit whose value is no TOML value stands for a string, so that a shell needs no second pair of quotes.
fn as_toml(edit: &str) -> String {
    match edit.split_once('=') {
        Some((path, value)) if DeValue::parse(value.trim()).is_err() && !value.contains(['\'', '\n']) => {
            format!("{path}='{value}'")
        }
        _ => edit.to_owned(),
    }
}

/// Parses the file and applies the edits, in order.
pub(super) fn parse(source: &Source) -> Result<Spanned<DeTable<'_>>, Diagnostics> {
    let refuse = |error: toml::de::Error| Diagnostics::from(Diagnostic::from_toml(source, &error));
    let mut texts = source.texts();
    let mut root = DeTable::parse(texts.next().unwrap_or_default()).map_err(refuse)?;
    for text in texts {
        let edit = DeTable::parse(text).map_err(refuse)?;
        let span = text.len() - text.trim_start().len()..text.len();
        let depth = depth_of(text).filter(|_| edit.get_ref().len() == 1).ok_or_else(|| {
            let diagnostic = Diagnostic::new(source, &span, "this edit is not one assignment");
            Diagnostics::from(diagnostic.expected("path=value, e.g. network.nodes=13"))
        })?;
        apply(root.get_mut(), edit.into_inner(), depth, source, &span)?;
    }
    Ok(root)
}

/// How many keys the path of an assignment has.
fn depth_of(text: &str) -> Option<usize> {
    let (path, _) = text.trim_start().split_once('=').filter(|(path, _)| !path.contains('\n'))?;
    let probe = format!("{path}=0");
    let mut value = DeValue::Table(DeTable::parse(&probe).ok()?.into_inner());
    let mut depth = 0;
    while let DeValue::Table(table) = value {
        value = table.into_iter().next()?.1.into_inner();
        depth += 1;
    }
    Some(depth)
}

/// Puts the one value of `edit`, `depth` keys down, in place of what the tree has there.
fn apply<'i>(
    tree: &mut DeTable<'i>,
    edit: DeTable<'i>,
    depth: usize,
    source: &Source,
    span: &Span,
) -> Result<(), Diagnostics> {
    let Some((key, value)) = edit.into_iter().next() else {
        return Err(Diagnostic::new(source, span, "this edit is empty").expected("path=value").into());
    };
    let name = key.get_ref().clone();
    if depth <= 1 || !tree.contains_key(name.as_ref()) {
        tree.remove(name.as_ref());
        tree.insert(key, value);
        return Ok(());
    }
    match tree.get_mut(name.as_ref()) {
        Some(inner) => into(inner.get_mut(), &name, &key.span(), value, depth - 1, source, span),
        None => Ok(()),
    }
}

/// Puts the one value of `edit`, `depth` keys down, in place of what the value `name` has there.
fn into<'i>(
    inner: &mut DeValue<'i>,
    name: &str,
    place: &Span,
    edit: Spanned<DeValue<'i>>,
    depth: usize,
    source: &Source,
    span: &Span,
) -> Result<(), Diagnostics> {
    let DeValue::Table(rest) = edit.into_inner() else { return Ok(()) };
    match inner {
        DeValue::Table(table) => apply(table, rest, depth, source, span),
        DeValue::Array(array) => {
            let (length, key_span) = (array.len(), rest.keys().next().map_or(span.clone(), Spanned::span));
            let member = rest.into_iter().next().and_then(|(index, value)| {
                let position: usize = index.get_ref().parse().ok()?;
                Some((index, array.get_mut(position)?, value))
            });
            let Some((index, slot, value)) = member else {
                return Err(Diagnostic::new(source, &key_span, format!("`{name}` has no such member"))
                    .expected(format!("an index below {length}"))
                    .into());
            };
            if depth <= 1 {
                *slot = value;
                return Ok(());
            }
            into(slot.get_mut(), &format!("{name}.{}", index.get_ref()), &index.span(), value, depth - 1, source, span)
        }
        other => Err(Diagnostic::new(source, place, format!("`{name}` is {}", kind(other)))
            .expected("a table or an array")
            .into()),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(file: &str, edits: &[&str]) -> Result<String, String> {
        let mut source = Source::new("f.toml", file);
        append_edits(&mut source, &edits.iter().map(ToString::to_string).collect::<Vec<_>>());
        let tree = parse(&source).map_err(|d| d.to_string())?;
        let table = <toml::Table as serde::Deserialize>::deserialize(toml::Deserializer::from(tree));
        Ok(table.map_err(|e| e.to_string())?.to_string())
    }

    #[test]
    fn an_edit_replaces_a_value_and_leaves_its_neighbours() {
        let file =
            "[network]\nnodes = 4\nlatency = { uniform_ms = [1, 2] }\n[[act]]\nname = 'a'\n[[act]]\nname = 'b'\n";
        let text = edited(
            file,
            &["network.nodes=13", "network.threshold=floor", "act.1.name=c", "network.latency={constant_ms=5}"],
        );
        let text = text.unwrap();
        for part in ["nodes = 13", "threshold = \"floor\"", "name = \"a\"", "name = \"c\"", "constant_ms = 5"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("uniform_ms") && !text.contains("name = \"b\""));
    }

    #[test]
    fn an_edit_reaches_into_arrays_of_arrays() {
        let text = edited("sets = [[1, 2], [3, 4]]", &["sets.0.1=9", "sets.1=[7]"]).unwrap();
        assert!(text.contains("[[1, 9], [7]]"), "{text}");
        let error = edited("sets = [[1, 2], [3, 4]]", &["sets.0.0.0=9"]).unwrap_err();
        assert!(error.contains("`sets.0.0` is a number"), "{error}");
    }

    #[test]
    fn an_edit_through_a_scalar_or_past_an_array_names_the_place() {
        let error = edited("name = 'x'", &["name.first=1"]).unwrap_err();
        assert!(error.contains("--set:1:1") && error.contains("`name` is a string"), "{error}");
        let error = edited("[[act]]\nname='a'", &["act.7.name=q"]).unwrap_err();
        assert!(error.contains("--set:1:5") && error.contains("an index below 1"), "{error}");
        for nonsense in ["nonsense", "", "a=1\nb=2", "[a]\nb=1\nc=2"] {
            let error = edited("", &[nonsense]).unwrap_err();
            assert!(error.contains("--set:1:"), "{error}");
        }
    }
}
