//! Which messages a fault means: a protocol, or one kind of its messages.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Matches the labels of messages. Files and plans have it as text: `dkg/ack`, or `dkg` for every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelPattern {
    /// The protocol.
    pub protocol: String,
    /// The kind; every kind if none.
    pub kind: Option<String>,
}

impl LabelPattern {
    /// Whether a message of this protocol and kind is meant.
    pub fn matches(&self, protocol: &str, kind: &str) -> bool {
        self.protocol == protocol && self.kind.as_deref().is_none_or(|wanted| wanted == kind)
    }

    /// Reads `protocol/kind` or `protocol`; none if the text has another form.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (protocol, kind) = text.split_once('/').map_or((text, None), |(protocol, kind)| (protocol, Some(kind)));
        if protocol.is_empty() || kind.is_some_and(|kind| kind.is_empty() || kind.contains('/')) {
            return None;
        }
        Some(Self { protocol: protocol.to_owned(), kind: kind.map(str::to_owned) })
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
        let text = Cow::<'de, str>::deserialize(d)?;
        let refusal = "this is no label, expected `protocol/kind` or `protocol`, e.g. `dkg/ack`";
        Self::read(&text).ok_or_else(|| de::Error::custom(refusal))
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
            "examples": ["dkg", "dkg/ack"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back_as_themselves_and_match_their_own_messages() {
        let pattern = LabelPattern::read("dkg/ack").unwrap();
        assert_eq!(pattern.to_string(), "dkg/ack");
        assert!(
            pattern.matches("dkg", "ack") && !pattern.matches("dkg", "dealing") && !pattern.matches("frost", "ack")
        );
        let pattern = LabelPattern::read("dkg").unwrap();
        assert!(pattern.matches("dkg", "dealing") && pattern.kind.is_none());
        for bad in ["", "/ack", "dkg/", "dkg/ack/1"] {
            assert_eq!(LabelPattern::read(bad), None, "{bad:?}");
        }
    }
}
