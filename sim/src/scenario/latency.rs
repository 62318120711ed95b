//! How long something takes, as scenarios say it: a constant, a distribution, or a sample that was measured.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use super::value::HOUR_MS;

/// How long something takes. Exact numbers, so that a plan that was written and read again is the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "RawLatency", into = "RawLatency")]
pub enum Latency {
    /// Always the same.
    Constant {
        /// Milliseconds.
        ms: u64,
    },
    /// Any value of a range, equally likely.
    Uniform {
        /// Least, milliseconds.
        ms_min: u64,
        /// Most, milliseconds.
        ms_max: u64,
    },
    /// The logarithm is normally distributed.
    LogNormal {
        /// Half of the values are below this, microseconds.
        median_us: u64,
        /// Standard deviation of the logarithm, parts per million.
        sigma_ppm: u32,
    },
    /// As a sample is distributed.
    Empirical {
        /// The sample, microseconds; ascending and not empty.
        sorted_us: Vec<u64>,
    },
}

impl Default for Latency {
    fn default() -> Self {
        Self::Uniform { ms_min: 5, ms_max: 15 }
    }
}

impl JsonSchema for Latency {
    fn schema_name() -> Cow<'static, str> {
        "Latency".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        RawLatency::json_schema(generator)
    }
}

/// How long something takes.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
enum RawLatency {
    /// Always the same, milliseconds.
    #[serde(rename = "constant_ms")]
    Constant(u64),
    /// Any value of a range [least, most], milliseconds.
    #[serde(rename = "uniform_ms")]
    Uniform((u64, u64)),
    /// The logarithm is normally distributed.
    #[serde(rename = "log_normal_ms")]
    LogNormal(LogNormal),
    /// As a measured sample is distributed: milliseconds, ascending. Between two neighbours any value is equally likely.
    #[serde(rename = "empirical_ms")]
    Empirical(Vec<f64>),
}

/// A log-normal distribution.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogNormal {
    /// Half of the values are below this, milliseconds.
    median: f64,
    /// Standard deviation of the logarithm.
    sigma: f64,
}

impl TryFrom<RawLatency> for Latency {
    type Error = &'static str;

    fn try_from(raw: RawLatency) -> Result<Self, Self::Error> {
        match raw {
            RawLatency::Constant(ms) | RawLatency::Uniform((_, ms)) if ms > HOUR_MS => {
                Err("nothing takes longer than an hour, expected at most 3600000")
            }
            RawLatency::Constant(ms) => Ok(Self::Constant { ms }),
            RawLatency::Uniform((ms_min, ms_max)) if ms_min <= ms_max => Ok(Self::Uniform { ms_min, ms_max }),
            RawLatency::Uniform(_) => Err("the range runs backwards, expected [least, most]"),
            RawLatency::LogNormal(LogNormal { median, sigma }) => {
                let refusal = "no such distribution, expected a median above 0 and a sigma from 0 to 5";
                let median_us = micros(median).filter(|micros| *micros > 0).ok_or(refusal)?;
                let sigma_ppm = (0.0..=5.0).contains(&sigma).then(|| libm::round(sigma * 1e6) as u32).ok_or(refusal)?;
                Ok(Self::LogNormal { median_us, sigma_ppm })
            }
            RawLatency::Empirical(sample) => {
                let sorted_us = sample.into_iter().map(micros).collect::<Option<Vec<u64>>>();
                let sorted_us = sorted_us.filter(|sample| !sample.is_empty() && sample.is_sorted());
                let refusal = "this is no sample, expected one or more ascending numbers of milliseconds";
                Ok(Self::Empirical { sorted_us: sorted_us.ok_or(refusal)? })
            }
        }
    }
}

impl From<Latency> for RawLatency {
    fn from(latency: Latency) -> Self {
        let millis = |micros: u64| micros as f64 / 1e3;
        match latency {
            Latency::Constant { ms } => Self::Constant(ms),
            Latency::Uniform { ms_min, ms_max } => Self::Uniform((ms_min, ms_max)),
            Latency::LogNormal { median_us, sigma_ppm } => {
                Self::LogNormal(LogNormal { median: millis(median_us), sigma: f64::from(sigma_ppm) / 1e6 })
            }
            Latency::Empirical { sorted_us } => Self::Empirical(sorted_us.into_iter().map(millis).collect()),
        }
    }
}

/// Whole microseconds of a number of milliseconds, if there is such a latency.
fn micros(millis: f64) -> Option<u64> {
    (0.0..=HOUR_MS as f64).contains(&millis).then(|| libm::round(millis * 1e3) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Latency, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_sample_is_read_to_the_microsecond_and_must_ascend() {
        let sorted_us = vec![1_000, 2_500, 2_500, 40_001];
        assert_eq!(read(r#"{"empirical_ms": [1, 2.5, 2.5, 40.001]}"#), Ok(Latency::Empirical { sorted_us }));
        for bad in ["[]", "[3, 1]", "[-1, 2]", "[1e300]"] {
            let error = read(&format!("{{\"empirical_ms\": {bad}}}")).expect_err(bad);
            assert!(error.contains("this is no sample"), "{error}");
        }
        assert!(read(r#"{"constant_ms": 3600001}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_latency_that_was_written_reads_back_as_it_was(
            mut sorted_us in proptest::collection::vec(0..HOUR_MS * 1000, 1..20),
            sigma_ppm in 0..5_000_000u32,
        ) {
            sorted_us.sort_unstable();
            let log_normal = Latency::LogNormal { median_us: sorted_us[0] + 1, sigma_ppm };
            for latency in [log_normal, Latency::Empirical { sorted_us }] {
                let text = serde_json::to_string(&latency).unwrap();
                prop_assert_eq!(read(&text), Ok(latency));
            }
        }
    }
}
