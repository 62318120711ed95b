//! What happens on the links between nodes.

use lit_node::id::NodeId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::scenario::Rate;

/// Which links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links<N = NodeId> {
    /// Every link, those of clients included.
    All,
    /// These directions, as (from, to).
    Pairs(Vec<(N, N)>),
    /// From any of the first nodes to any of the second; from or to every node where a list is empty.
    Between(Ends<N>),
}

/// Two ends of links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Ends")]
pub struct Ends<N = NodeId> {
    /// The senders; every node if not given.
    #[serde(default)]
    pub from: Vec<N>,
    /// The receivers; every node if not given.
    #[serde(default)]
    pub to: Vec<N>,
}

impl<N> Links<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Links<M> {
        match self {
            Self::All => Links::All,
            Self::Pairs(pairs) => Links::Pairs(pairs.iter().map(|(from, to)| (name(from), name(to))).collect()),
            Self::Between(Ends { from, to }) => {
                let from = from.iter().map(&mut *name).collect();
                Links::Between(Ends { from, to: to.iter().map(name).collect() })
            }
        }
    }
}

impl Links {
    /// Whether the direction from one node to another is among them.
    pub fn cover(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            Self::All => true,
            Self::Pairs(pairs) => pairs.contains(&(from, to)),
            Self::Between(ends) => {
                let meant = |list: &[NodeId], node| list.is_empty() || list.contains(&node);
                meant(&ends.from, from) && meant(&ends.to, to)
            }
        }
    }
}

/// Strikes some messages of some links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Strike")]
pub struct Strike<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// How likely each message is struck.
    pub rate: Rate,
}

impl<N> Strike<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Strike<M> {
        Strike { links: self.links.map(name), rate: self.rate }
    }
}

/// Holds back some messages of some links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Reorder")]
pub struct Reorder<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
    /// How likely each message is held back.
    pub rate: Rate,
    /// The most that a message is held back, milliseconds.
    pub delay_ms_max: u64,
}

impl<N> Reorder<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Reorder<M> {
        Reorder { links: self.links.map(name), rate: self.rate, delay_ms_max: self.delay_ms_max }
    }
}

/// Cuts links: nothing passes, and what is in flight on them is lost. With pairs or `{ from, to }` one direction alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "N: Deserialize<'de>"))]
#[schemars(rename = "Cut")]
pub struct Cut<N = NodeId> {
    /// Which links.
    pub links: Links<N>,
}

impl<N> Cut<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Cut<M> {
        Cut { links: self.links.map(name) }
    }
}

/// Splits the network; what is in flight between the sets is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Partition")]
pub struct Partition<N = NodeId> {
    /// The sets, disjoint; a node in none of them reaches everybody.
    pub sets: Vec<Vec<N>>,
    /// Only what an earlier set sends to a later one is lost; the other way everything arrives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_way: bool,
}

impl<N> Partition<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Partition<M> {
        let sets = self.sets.iter().map(|set| set.iter().map(&mut *name).collect()).collect();
        Partition { sets, one_way: self.one_way }
    }
}

impl Partition {
    /// Whether nothing passes from one node to another.
    pub fn separates(&self, from: NodeId, to: NodeId) -> bool {
        let set_of = |node| self.sets.iter().position(|set| set.contains(&node));
        match (set_of(from), set_of(to)) {
            (Some(a), Some(b)) => {
                if self.one_way {
                    a < b
                } else {
                    a != b
                }
            }
            _ => false,
        }
    }
}

impl<N: Serialize> Serialize for Links<N> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => s.serialize_str("all"),
            Self::Between(ends) => ends.serialize(s),
            Self::Pairs(pairs) => {
                let mut seq = s.serialize_seq(Some(pairs.len()))?;
                pairs.iter().try_for_each(|pair| seq.serialize_element(pair))?;
                seq.end()
            }
        }
    }
}

impl<'de, N: Deserialize<'de>> Deserialize<'de> for Links<N> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader<N>(PhantomData<N>);
        impl<'de, N: Deserialize<'de>> Visitor<'de> for Reader<N> {
            type Value = Links<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", an array of pairs [from, to], or { from = [...], to = [...] }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Links<N>, E> {
                match text {
                    "all" => Ok(Links::All),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Links<N>, A::Error> {
                let mut list = Vec::new();
                while let Some(pair) = pairs.next_element::<(N, N)>()? {
                    list.push(pair);
                }
                Ok(Links::Pairs(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Links<N>, A::Error> {
                Ok(Links::Between(Ends::deserialize(MapAccessDeserializer::new(map))?))
            }
        }
        d.deserialize_any(Reader(PhantomData))
    }
}

impl<N: JsonSchema> JsonSchema for Links<N> {
    fn schema_name() -> Cow<'static, str> {
        "Links".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (node, ends) = (generator.subschema_for::<N>(), generator.subschema_for::<Ends<N>>());
        json_schema!({
            "description": "Which links: all, ordered pairs [from, to], or every link from some nodes to some nodes.",
            "anyOf": [
                { "const": "all" },
                { "type": "array", "items": { "type": "array", "items": node, "minItems": 2, "maxItems": 2 } },
                ends
            ]
        })
    }
}
