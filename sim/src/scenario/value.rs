//! Scalars of scenario files that are more than a number or a string, each with its own reader.

use lit_node::api::ErrorCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;

/// How many shares make a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Threshold {
    /// ceil(2n/3): at least two thirds.
    #[default]
    Ceil,
    /// floor(2n/3): what the real network's code does; two of four nodes sign.
    Floor,
    /// This many.
    Exactly(u16),
}

impl Threshold {
    /// The threshold of a network of `nodes`.
    pub fn of(self, nodes: u16) -> u16 {
        let twice = u32::from(nodes) * 2;
        let value = match self {
            Self::Ceil => twice.div_ceil(3),
            Self::Floor => twice / 3,
            Self::Exactly(value) => u32::from(value),
        };
        u16::try_from(value).expect("two thirds of a u16 fit a u16")
    }
}

/// A probability in parts per million: exact, comparable, the same on every host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// Parts per million, at most 1,000,000.
    pub ppm: u32,
}

impl Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(f64::from(self.ppm) / 1e6)
    }
}

/// An amount of wei.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Wei(pub u128);

/// A node, or one that the seed draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeChoice {
    /// The node of this number.
    Node(u16),
    /// One that the planner draws from the seed.
    Any,
}

impl fmt::Display for NodeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(number) => write!(f, "node {number}"),
            Self::Any => f.write_str("any node"),
        }
    }
}

/// How a step must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Expectation {
    /// It completes.
    #[default]
    Ok,
    /// The chain refuses the transaction or reverts it.
    Reverted,
    /// The shares that a client was given make a key that does not open the ciphertext.
    NotDecrypted,
    /// The chain's record does not show that one action, and nothing else, made a signature.
    NotProved,
    /// Every honest node that answers refuses with exactly this code, and so does the client.
    Refused(ErrorCode),
}

impl Expectation {
    /// Every name that a scenario may use.
    pub const NAMES: [&str; 22] = [
        "ok",
        "Reverted",
        "NotDecrypted",
        "NotProved",
        "MalformedRequest",
        "InvalidAuthSig",
        "InvalidAuthMethod",
        "NotAuthorized",
        "AuthSigScopeTooLimited",
        "UnknownKey",
        "InvalidIPFSID",
        "IpfsUnavailable",
        "WrongEpoch",
        "JsError",
        "JsTimeout",
        "JsMemoryLimit",
        "LimitExceeded",
        "NotEnoughShares",
        "RpcError",
        "RateLimitExceeded",
        "RequestTimeout",
        "NetworkReset",
    ];

    /// The name, as in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Reverted => "Reverted",
            Self::NotDecrypted => "NotDecrypted",
            Self::NotProved => "NotProved",
            Self::Refused(code) => code.name(),
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ok" => Self::Ok,
            "Reverted" => Self::Reverted,
            "NotDecrypted" => Self::NotDecrypted,
            "NotProved" => Self::NotProved,
            other => Self::Refused(ErrorCode::from_name(other)?),
        })
    }
}

/// The longest duration that a scenario may name, milliseconds: an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// Reads a number of at most `MAX`.
pub(super) fn at_most<'de, D: Deserializer<'de>, const MAX: u64>(d: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(d)?;
    let refusal = || de::Error::custom(format_args!("{number} is too much, expected at most {MAX}"));
    (number <= MAX).then_some(number).ok_or_else(refusal)
}

/// Reads a number from `MIN`, which is not 0, to `MAX`.
pub(super) fn between<'de, D, const MIN: u64, const MAX: u64>(d: D) -> Result<NonZeroU64, D::Error>
where
    D: Deserializer<'de>,
{
    let number = NonZeroU64::deserialize(d)?;
    let refusal = || de::Error::custom(format_args!("{number} is out of range, expected {MIN} to {MAX}"));
    (MIN..=MAX).contains(&number.get()).then_some(number).ok_or_else(refusal)
}

/// A table, or an array of such tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A name, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMore(pub Vec<String>);

/// Implements `Deserialize` by a visitor with the given methods, and `JsonSchema` by a literal.
macro_rules! scalar {
    ($name:ident, $expecting:literal, $schema:tt, { $($method:item)* }) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Reader;
                impl<'de> Visitor<'de> for Reader {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    $($method)*
                }
                d.deserialize_any(Reader)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

scalar!(Threshold, "\"ceil\", \"floor\" or a whole number", {
    "description": "How many shares make a key: ceil(2n/3), floor(2n/3) or a number.",
    "anyOf": [{ "enum": ["ceil", "floor"] }, { "type": "integer", "minimum": 1, "maximum": 65535 }]
}, {
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Threshold, E> {
        match text {
            "ceil" => Ok(Threshold::Ceil),
            "floor" => Ok(Threshold::Floor),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Threshold, E> {
        u16::try_from(number).map(Threshold::Exactly).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }
});

scalar!(Rate, "a probability from 0 to 1", {
    "description": "A probability.",
    "type": "number", "minimum": 0, "maximum": 1
}, {
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Rate, E> {
        match number {
            0 => Ok(Rate { ppm: 0 }),
            1 => Ok(Rate { ppm: 1_000_000 }),
            other => Err(E::invalid_value(de::Unexpected::Signed(other), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Rate, E> {
        if !(0.0..=1.0).contains(&number) {
            return Err(E::invalid_value(de::Unexpected::Float(number), &self));
        }
        // Rounded to parts per million; the range check above makes the cast exact.
        Ok(Rate { ppm: libm::round(number * 1e6) as u32 })
    }
});

scalar!(Wei, "an amount of wei: a whole number, or a string of decimal digits", {
    "description": "An amount of wei; a string where it exceeds 2^63.",
    "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]+$" }]
}, {
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Wei, E> {
        u128::try_from(number).map(Wei).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Wei, E> {
        Ok(Wei(number.into()))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Wei, E> {
        Ok(Wei(number))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Wei, E> {
        u128::try_from(number).map(Wei).map_err(|_| E::invalid_value(de::Unexpected::Other("a negative number"), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Wei, E> {
        text.parse().map(Wei).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
});

scalar!(NodeChoice, "a node number or \"any\"", {
    "description": "A node number, or any: one that the seed draws.",
    "anyOf": [{ "const": "any" }, { "type": "integer", "minimum": 1, "maximum": 65535 }]
}, {
    fn visit_str<E: de::Error>(self, text: &str) -> Result<NodeChoice, E> {
        match text {
            "any" => Ok(NodeChoice::Any),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<NodeChoice, E> {
        u16::try_from(number).map(NodeChoice::Node).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }
});

scalar!(OneOrMore, "a name or an array of names", {
    "description": "A name, or several.",
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
}, {
    fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<OneOrMore, A::Error> {
        let mut list = Vec::new();
        while let Some(name) = names.next_element()? {
            list.push(name);
        }
        Ok(OneOrMore(list))
    }
});

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = Cow::<'de, str>::deserialize(d)?;
        Self::from_name(&name).ok_or_else(|| de::Error::unknown_variant(&name, &Self::NAMES))
    }
}

impl JsonSchema for Expectation {
    fn schema_name() -> Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "How the step must end: ok, or with this error.", "enum": Self::NAMES })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or an array of tables")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(OneOrMany(vec![T::deserialize(MapAccessDeserializer::new(map))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(OneOrMany(list))
            }
        }
        d.deserialize_any(Reader(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [item, { "type": "array", "items": item }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_round_as_their_rule_says() {
        assert_eq!([4, 6, 7, 10].map(|n| Threshold::Ceil.of(n)), [3, 4, 5, 7]);
        assert_eq!([4, 6, 7, 10].map(|n| Threshold::Floor.of(n)), [2, 4, 4, 6]);
        assert_eq!(Threshold::Exactly(2).of(9), 2);
    }

    #[test]
    fn every_expectation_name_reads_back_as_itself() {
        for name in Expectation::NAMES {
            assert_eq!(Expectation::from_name(name).map(Expectation::name), Some(name));
        }
    }
}
