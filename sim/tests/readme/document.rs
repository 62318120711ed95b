//! A Markdown file as text and fenced blocks.

use std::fmt;

/// A part of a file, lines without their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Lines outside of fences.
    Text(Vec<String>),
    /// A block between fences.
    Block {
        /// What is said beside the fence: a language.
        info: String,
        /// The lines between.
        lines: Vec<String>,
    },
}

/// A file.
pub struct Document(pub Vec<Part>);

const FENCE: &str = "```";

impl Document {
    /// Reads a file, all of whose fences begin their lines.
    pub fn parse(text: &str) -> Self {
        let (mut parts, mut lines, mut block) = (Vec::new(), Vec::new(), None);
        for line in text.lines() {
            let Some(rest) = line.strip_prefix(FENCE) else {
                lines.push(line.to_owned());
                continue;
            };
            let lines = std::mem::take(&mut lines);
            match block.take() {
                None => {
                    parts.push(Part::Text(lines));
                    block = Some(rest.to_owned());
                }
                Some(info) => {
                    assert!(rest.is_empty(), "a fence ends the block: {line}");
                    parts.push(Part::Block { info, lines });
                }
            }
        }
        assert!(block.is_none(), "the last fence is missing");
        parts.push(Part::Text(lines));
        Self(parts)
    }

    /// The first line of each part in which another version of the file differs.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (here, there) in self.0.iter().zip(&other.0) {
            let (here, there) = (here.to_string(), there.to_string());
            let end = "(the end)";
            let (mut here, mut there) = (here.lines(), there.lines());
            loop {
                match (here.next(), there.next()) {
                    (None, None) => break,
                    (left, right) if left == right => {}
                    (left, right) => {
                        found.push(format!("- {}\n+ {}", left.unwrap_or(end), right.unwrap_or(end)));
                        break;
                    }
                }
            }
        }
        found
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (info, lines) = match self {
            Self::Text(lines) => (None, lines),
            Self::Block { info, lines } => (Some(info), lines),
        };
        if let Some(info) = info {
            writeln!(f, "{FENCE}{info}")?;
        }
        lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        if info.is_some() {
            writeln!(f, "{FENCE}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| part.fmt(f))
    }
}

#[test]
fn a_document_reads_back_as_it_was_written_and_shows_where_it_differs() {
    let text = "# A\n\n```\n$ b\nc\n```\nd\n\n```json\n{}\n```\n";
    let document = Document::parse(text);
    assert_eq!(document.to_string(), text);
    assert_eq!(document.0.len(), 5);
    assert!(document.differences(&Document::parse(text)).is_empty());
    let other = Document::parse(&text.replace("c\n", "c\nx\n").replace("{}", "[]"));
    assert_eq!(document.differences(&other), ["- ```\n+ x", "- {}\n+ []"]);
}
