//! A scenario with everything that it is made of: the text, its edits, and the files that it names. Whoever holds the
//! bundle needs nothing else to check the scenario again.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::model::Scenario;
use super::{LoadError, check, raw, source, tree};

/// Where the files are that a scenario names.
#[derive(Clone, Copy, Debug)]
pub enum Files<'f> {
    /// In this folder.
    Folder(&'f Path),
    /// Here, by the names that the scenario uses.
    Given(&'f BTreeMap<String, String>),
}

impl Files<'_> {
    pub(super) fn read(self, name: &str) -> io::Result<String> {
        match self {
            Self::Folder(folder) => std::fs::read_to_string(folder.join(name)),
            Self::Given(files) => files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }
}

/// The words of a scenario that depend on what is simulated. An engine gives its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// The kinds of messages that nodes send each other, by protocol.
    pub labels: &'static [(&'static str, &'static [&'static str])],
    /// The names of the faults that the engine adds (`what.custom`).
    pub custom: Vec<&'static str>,
}

impl Vocabulary {
    /// The words of the threshold-key network.
    pub const LIT: Self = Self {
        labels: &[
            ("channel", &["hello", "welcome", "ack"]),
            ("dkg", &["dealing", "ack", "fetch", "fetched"]),
            (
                "triples",
                &[
                    "commit",
                    "polynomials",
                    "shares",
                    "setup",
                    "choices",
                    "extension",
                    "corrections",
                    "answers",
                    "products",
                    "sums",
                    "last_shares",
                    "seal",
                    "seals",
                    "abort",
                    "relayed",
                    "opening",
                    "testimony",
                ],
            ),
            ("presign", &["start", "share", "opened"]),
            ("ecdsa", &["announce", "propose", "share", "finished", "answered"]),
            ("frost", &["announce", "propose", "share", "finished", "answered"]),
            ("lead", &["ask", "grant", "release", "outcome"]),
            ("client", &["response"]),
        ],
        custom: Vec::new(),
    };

    /// Whether there are messages of this protocol and, if given, kind.
    pub(super) fn knows(&self, protocol: &str, kind: Option<&str>) -> bool {
        self.labels.iter().any(|(p, kinds)| *p == protocol && kind.is_none_or(|kind| kinds.contains(&kind)))
    }

    /// Every `protocol/kind`.
    pub(super) fn labels(&self) -> Vec<String> {
        self.labels.iter().flat_map(|(p, kinds)| kinds.iter().map(move |kind| format!("{p}/{kind}"))).collect()
    }
}

/// A scenario's sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The file's name, for messages.
    pub origin: String,
    /// The file's text.
    pub text: String,
    /// Edits (`path=value`), in order.
    pub edits: Vec<String>,
    /// The texts of the files that it names, by name.
    pub files: BTreeMap<String, String>,
}

impl Bundle {
    /// Reads a scenario file and all that it names, and checks it.
    ///
    /// # Errors
    /// If the file cannot be read, or is no valid scenario.
    pub fn read(path: &Path, edits: &[String], vocabulary: Vocabulary) -> Result<(Scenario, Self), LoadError> {
        let bytes = std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let origin = path.display().to_string();
        let (scenario, files) = parse(&origin, &bytes, edits, Files::Folder(folder), vocabulary)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok((scenario, Self { origin, text, edits: edits.to_vec(), files }))
    }

    /// Checks the scenario.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn scenario(&self, vocabulary: Vocabulary) -> Result<Scenario, Diagnostics> {
        let files = Files::Given(&self.files);
        Ok(parse(&self.origin, self.text.as_bytes(), &self.edits, files, vocabulary)?.0)
    }

    /// The scenario as a table, with its edits applied.
    ///
    /// # Errors
    /// If the text or an edit is not TOML.
    pub fn table(&self) -> Result<toml::Table, Diagnostics> {
        let mut source = source::Source::new(&self.origin, &self.text);
        tree::append_edits(&mut source, &self.edits);
        let tree = tree::parse(&source)?;
        toml::Table::deserialize(toml::Deserializer::from(tree))
            .map_err(|error| Diagnostic::from_toml(&source, &error).into())
    }
}

/// A checked scenario, and the texts of the files that it names.
pub(super) type Parsed = (Scenario, BTreeMap<String, String>);

/// Checks the bytes of a scenario file.
pub(super) fn parse(
    origin: &str,
    bytes: &[u8],
    edits: &[String],
    files: Files<'_>,
    vocabulary: Vocabulary,
) -> Result<Parsed, Diagnostics> {
    let text = String::from_utf8_lossy(bytes);
    let mut source = source::Source::new(origin, &text);
    if let Err(error) = std::str::from_utf8(bytes) {
        let at = error.valid_up_to();
        let diagnostic = Diagnostic::new(&source, &(at..at + 1), "this is no UTF-8 text");
        return Err(Diagnostics(vec![diagnostic.expected("TOML, which is UTF-8")]));
    }
    tree::append_edits(&mut source, edits);
    let tree = tree::parse(&source)?;
    let file = raw::File::deserialize(toml::Deserializer::from(tree))
        .map_err(|error| Diagnostics(vec![Diagnostic::from_toml(&source, &error)]))?;
    check::check(&source, files, vocabulary, file)
}
