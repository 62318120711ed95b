//! Where a value stands: the scenario file and the `--set` edits as one address space of byte offsets.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::ops::{Deref, Range};

/// Byte offsets into a [`Source`].
pub type Span = Range<usize>;

/// A deserialised value and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(d)?;
        Ok(Self { span: spanned.span(), value: spanned.into_inner() })
    }
}

impl<T: Serialize> Serialize for Placed<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(s)
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// One text of a source.
#[derive(Clone, Debug)]
struct Piece {
    origin: String,
    base: usize,
    padded: String,
}

/// A line of a source, for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File name, or `--set`.
    pub origin: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of the line.
    pub text: String,
    /// How many characters of the line are meant, at least 1.
    pub width: usize,
}

/// A scenario's texts. The first is the file; each `--set` follows, at offsets after the previous text.
#[derive(Clone, Debug)]
pub struct Source {
    pieces: Vec<Piece>,
}

impl Source {
    /// A source with just the file.
    pub fn new(origin: &str, text: &str) -> Self {
        Self { pieces: vec![Piece { origin: origin.into(), base: 0, padded: text.into() }] }
    }

    /// Appends a text. It is padded with newlines up to its offset, so that a parser reports offsets of the whole.
    pub fn append(&mut self, origin: &str, text: &str) {
        let base = self.pieces.last().map_or(0, |last| last.padded.len() + 1);
        self.pieces.push(Piece { origin: origin.into(), base, padded: "\n".repeat(base) + text });
    }

    /// Each text with its padding: parsing it yields spans of this source.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|piece| piece.padded.as_str())
    }

    /// Finds the line of a span.
    pub fn locate(&self, span: &Span) -> Place {
        let piece = self.pieces.iter().rev().find(|piece| piece.base <= span.start).unwrap_or(&self.pieces[0]);
        let text = &piece.padded[piece.base..];
        let start = floor_boundary(text, span.start.saturating_sub(piece.base));
        let end = floor_boundary(text, span.end.saturating_sub(piece.base)).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        Place {
            origin: piece.origin.clone(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end.min(line_end)].chars().count().max(1),
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_beyond_the_file_belong_to_the_edits() {
        let mut source = Source::new("a.toml", "x = 1\nßy = 2");
        source.append("--set", "z = 3");
        source.append("--set", "w = 4");
        let place = source.locate(&(8..9));
        assert_eq!((place.line, place.column, place.text.as_str()), (2, 2, "ßy = 2"));
        let base = source.pieces[2].base;
        let place = source.locate(&(base + 4..base + 5));
        assert_eq!((place.origin.as_str(), place.line, place.column, place.text.as_str()), ("--set", 1, 5, "w = 4"));
    }
}
