//! How often something must happen, as scenario files write it: a number, or bounds.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// How often something must happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// At least.
    pub min: u64,
    /// At most.
    pub max: u64,
}

impl Count {
    /// Whether it happened that often.
    pub fn holds(self, times: u64) -> bool {
        (self.min..=self.max).contains(&times)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (min, max) if min == max => write!(f, "{min}"),
            (0, max) => write!(f, "at most {max}"),
            (min, u64::MAX) => write!(f, "at least {min}"),
            (min, max) => write!(f, "{min} to {max}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    #[serde(default)]
    min: u64,
    max: Option<u64>,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or { min, max }")
            }

            fn visit_u64<E: de::Error>(self, times: u64) -> Result<Count, E> {
                Ok(Count { min: times, max: times })
            }

            fn visit_i64<E: de::Error>(self, times: i64) -> Result<Count, E> {
                let times = u64::try_from(times).map_err(|_| E::invalid_value(de::Unexpected::Signed(times), &self))?;
                self.visit_u64(times)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Count, A::Error> {
                let Bounds { min, max } = Bounds::deserialize(MapAccessDeserializer::new(map))?;
                let count = Count { min, max: max.unwrap_or(u64::MAX) };
                match count.min <= count.max {
                    true => Ok(count),
                    false => Err(de::Error::custom("`min` is more than `max`")),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How often: a number, or bounds.",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                {
                    "type": "object",
                    "properties": {
                        "min": { "type": "integer", "minimum": 0 },
                        "max": { "type": "integer", "minimum": 0 },
                    },
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Count, String> {
        #[derive(Deserialize)]
        struct Holder {
            n: Count,
        }
        toml::from_str::<Holder>(&format!("n = {text}"))
            .map(|holder| holder.n)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_number_is_exact_and_bounds_may_be_open() {
        let shown = |text: &str| {
            read(text).map(|count| (count.to_string(), (0..4).map(|n| count.holds(n)).collect::<Vec<_>>()))
        };
        assert_eq!(shown("2"), Ok(("2".into(), vec![false, false, true, false])));
        assert_eq!(shown("{ max = 1 }"), Ok(("at most 1".into(), vec![true, true, false, false])));
        assert_eq!(shown("{ min = 2 }"), Ok(("at least 2".into(), vec![false, false, true, true])));
        assert_eq!(shown("{ min = 1, max = 2 }"), Ok(("1 to 2".into(), vec![false, true, true, false])));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(read("{ min = 2, max = 1 }"), Err("`min` is more than `max`".into()));
        assert!(read("-1").unwrap_err().contains("a number, or { min, max }"));
        assert!(read("'x'").unwrap_err().contains("a number, or { min, max }"));
        assert!(read("{ most = 1 }").unwrap_err().contains("unknown field"));
    }
}
