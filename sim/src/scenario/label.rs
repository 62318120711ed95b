//! Which messages a fault means: a protocol, or one kind of its messages.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

use super::check_fault::LABELS;

/// Matches the labels of messages. Files and plans have it as text: `dkg/ack`, or `dkg` for every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelPattern {
    /// The protocol.
    pub protocol: String,
    /// The kind; every kind if none.
    pub kind: Option<String>,
}

/// Why a text matches no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum BadLabel {
    /// Not of the form `protocol` or `protocol/kind`.
    #[error("this is no label, expected `protocol/kind` or `protocol`, e.g. `dkg/ack`")]
    Form,
    /// No protocol has such messages.
    #[error("unknown label, expected {}", known_labels())]
    Unknown,
}

fn known_labels() -> String {
    let labels: Vec<String> = LabelPattern::known().map(|label| format!("`{label}`")).collect();
    format!("one of {}", labels.join(", "))
}

impl LabelPattern {
    /// Whether a message of this protocol and kind is meant.
    pub fn matches(&self, protocol: &str, kind: &str) -> bool {
        self.protocol == protocol && self.kind.as_deref().is_none_or(|wanted| wanted == kind)
    }

    /// Reads `protocol/kind` or `protocol`.
    pub(super) fn read(text: &str) -> Result<Self, BadLabel> {
        let (protocol, kind) = text.split_once('/').map_or((text, None), |(protocol, kind)| (protocol, Some(kind)));
        if protocol.is_empty() || kind.is_some_and(|kind| kind.is_empty() || kind.contains('/')) {
            return Err(BadLabel::Form);
        }
        if !LABELS.iter().any(|(p, kinds)| *p == protocol && kind.is_none_or(|kind| kinds.contains(&kind))) {
            return Err(BadLabel::Unknown);
        }
        Ok(Self { protocol: protocol.to_owned(), kind: kind.map(str::to_owned) })
    }

    /// Every label that there is, as `protocol/kind`.
    pub(super) fn known() -> impl Iterator<Item = String> {
        LABELS.iter().flat_map(|(protocol, kinds)| kinds.iter().map(move |kind| format!("{protocol}/{kind}")))
    }
}

impl fmt::Display for LabelPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{}/{kind}", self.protocol),
            None => f.write_str(&self.protocol),
        }
    }
}

impl Serialize for LabelPattern {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LabelPattern {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::read(&Cow::<'de, str>::deserialize(d)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for LabelPattern {
    fn schema_name() -> Cow<'static, str> {
        "Label".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Messages of a protocol (`dkg`), or of one kind of it (`dkg/ack`).",
            "type": "string",
            "examples": Self::known().collect::<Vec<_>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_label_reads_back_as_itself_and_matches_its_own_messages() {
        for label in LabelPattern::known() {
            let pattern = LabelPattern::read(&label).unwrap();
            assert_eq!(pattern.to_string(), label);
            assert!(pattern.matches(&pattern.protocol, pattern.kind.as_deref().unwrap()));
            assert!(!pattern.matches(&pattern.protocol, "other"));
        }
        assert_eq!(LabelPattern::read("dkg").unwrap().kind, None);
        for bad in ["", "/ack", "dkg/", "dkg/ack/1"] {
            assert_eq!(LabelPattern::read(bad), Err(BadLabel::Form), "{bad:?}");
        }
        assert_eq!(LabelPattern::read("dkg/akc"), Err(BadLabel::Unknown));
    }
}
