//! Web servers that answer otherwise than their routes say: to some nodes, or for a while.

use lit_node::id::NodeId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Changes what a web server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Origin")]
pub struct Origin<N = NodeId> {
    /// Which: scheme and host of an `[[http]]` section.
    pub origin: String,
    /// To whom; to every node if not given.
    #[serde(default)]
    pub nodes: Vec<N>,
    /// What it answers, on every path.
    pub answer: OriginAnswer,
}

impl<N> Origin<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Origin<M> {
        let nodes = self.nodes.iter().map(name).collect();
        Origin { origin: self.origin.clone(), nodes, answer: self.answer.clone() }
    }
}

/// What a web server answers instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginAnswer {
    /// Nothing: no connection opens.
    Unreachable,
    /// This.
    Given(GivenAnswer),
}

/// An answer; without `status`, `body` and `json` it is the usual one, only later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "GivenAnswer")]
pub struct GivenAnswer {
    /// The status code; 200 if not given and there is a body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<serde_json::Value>,
    /// How much later than usual it comes, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

impl GivenAnswer {
    /// Whether status and body are the usual ones.
    pub fn is_usual(&self) -> bool {
        self.status.is_none() && self.body.is_none() && self.json.is_none()
    }
}

const UNREACHABLE: &str = "unreachable";

impl Serialize for OriginAnswer {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unreachable => s.serialize_str(UNREACHABLE),
            Self::Given(given) => given.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for OriginAnswer {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = OriginAnswer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"unreachable\", or { status = ..., body = ..., json = ..., delay_ms = ... }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OriginAnswer, E> {
                match text {
                    UNREACHABLE => Ok(OriginAnswer::Unreachable),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OriginAnswer, A::Error> {
                Ok(OriginAnswer::Given(GivenAnswer::deserialize(MapAccessDeserializer::new(map))?))
            }
        }
        d.deserialize_any(Reader)
    }
}

impl JsonSchema for OriginAnswer {
    fn schema_name() -> Cow<'static, str> {
        "OriginAnswer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let given = generator.subschema_for::<GivenAnswer>();
        json_schema!({
            "description": "What a web server answers instead: nothing, or this status and body after that delay.",
            "anyOf": [{ "const": UNREACHABLE }, given]
        })
    }
}
