//! What is wrong with a scenario, where, and what was expected instead.

use std::fmt;

use super::source::{Place, Source, Span};

/// One fault in a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What was expected in its place.
    pub expected: Option<String>,
    /// What may have been meant.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A fault at `span`.
    pub fn new(source: &Source, span: &Span, message: impl Into<String>) -> Self {
        Self { place: source.locate(span), message: message.into(), expected: None, help: None }
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Suggests the candidate that is closest to what was `written`, if one is close.
    #[must_use]
    pub fn suggest<'c>(mut self, written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Self {
        self.help = closest(written, candidates).map(|name| format!("did you mean `{name}`?"));
        self
    }

    /// Translates an error of the TOML parser or of deserialisation.
    pub(super) fn from_toml(source: &Source, error: &toml::de::Error) -> Self {
        let (message, expected) = split_message(error.message());
        let help = misspelt(message).and_then(|name| {
            closest(name, quoted(expected.unwrap_or_default()).filter(|c| *c != name))
                .map(|name| format!("did you mean `{name}`?"))
        });
        let place = source.locate(&error.span().unwrap_or(0..0));
        let missing = message.starts_with("missing field").then(|| "it in this table".to_owned());
        Self { place, message: plain(message), expected: expected.map(plain).or(missing), help }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { origin, line, column, text, width } = &self.place;
        let margin = " ".repeat(line.to_string().len());
        let indent: String = text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{margin}--> {origin}:{line}:{column}")?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {text}")?;
        write!(f, "{margin} | {indent}{}", "^".repeat(*width))?;
        if let Some(expected) = &self.expected {
            write!(f, " expected {expected}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}

/// All faults that one pass found, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                write!(f, "\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

/// serde and the parser write "what, expected what": the caret line has room for the second half.
fn split_message(message: &str) -> (&str, Option<&str>) {
    message.split_once(", expected ").map_or((message, None), |(what, expected)| (what, Some(expected)))
}

/// The name that an "unknown field" or "unknown variant" message complains about.
fn misspelt(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix("unknown variant `"))?;
    rest.strip_suffix('`')
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Replaces Rust's names of types by words.
fn plain(message: &str) -> String {
    match message {
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
        "a nonzero u16" | "a nonzero u32" | "a nonzero u64" => "a whole number, 1 or more".into(),
        "f64" => "a number".into(),
        "bool" | "a boolean" => "true or false".into(),
        "a sequence" => "an array".into(),
        "a map" => "a table".into(),
        "wanted string or table" => "wrong type: a string or a table is needed".into(),
        "wanted exactly 1 element, found 0 elements" => {
            "an empty table says nothing: it needs exactly one member".into()
        }
        "wanted exactly 1 element, more than 1 element" => "more than one member: exactly one is needed".into(),
        other if other.starts_with("struct ") => "a table".into(),
        other => other.replace("sequence", "array").replace("unknown variant", "unknown name"),
    }
}

/// The candidate with the least edit distance from `written`, if that is at most a third of its length.
pub(crate) fn closest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A name of thousands of characters is no typo, and the distance is quadratic.
    if written.len() > 64 {
        return None;
    }
    let limit = (written.chars().count() / 3).max(1);
    let ranked = candidates.into_iter().map(|name| (distance(written, name), name));
    ranked.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

/// Damerau-Levenshtein distance in its optimal string alignment form: insert, delete, replace, swap neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_neighbour_and_nonsense_finds_nothing() {
        let names = ["nodes", "threshold", "delta_ms"];
        assert_eq!(closest("ndoes", names), Some("nodes"));
        assert_eq!(closest("treshold", names), Some("threshold"));
        assert_eq!(closest("banana", names), None);
    }
}
