//! How long messages take.

use std::sync::Arc;

use super::fate::unit_interval;
use crate::heap::{MILLI, Nanos};
use crate::scenario;

/// How long a message takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// Always the same, milliseconds.
    Constant(f64),
    /// Evenly between two bounds, milliseconds.
    Uniform(f64, f64),
    /// Log-normal: median in milliseconds, and the standard deviation of the logarithm.
    LogNormal(f64, f64),
    /// As this sample is distributed: milliseconds, ascending.
    Empirical(Arc<[f64]>),
}

impl Latency {
    /// The latency for a uniform hash. Transcendental functions come from `libm`, so hosts agree to the last bit.
    pub(super) fn draw(&self, hash: u64) -> Nanos {
        let unit = unit_interval(hash);
        nanos(match self {
            Self::Constant(millis) => *millis,
            Self::Uniform(low, high) => low + (high - low) * unit,
            Self::LogNormal(median, sigma) => {
                // Box-Muller on the two halves of the hash.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit_interval(hash << 32)));
                let angle = libm::cos(core::f64::consts::TAU * unit_interval(hash >> 32 << 32));
                median * libm::exp(sigma * radius * angle)
            }
            Self::Empirical(sample) => quantile(sample, unit),
        })
    }

    /// The least latency that there is.
    pub(super) fn least(&self) -> Nanos {
        nanos(match self {
            Self::Constant(millis) | Self::Uniform(millis, _) => *millis,
            Self::LogNormal(..) => 0.0,
            Self::Empirical(sample) => sample.first().copied().unwrap_or(0.0),
        })
    }
}

fn nanos(millis: f64) -> Nanos {
    (millis.max(0.0) * MILLI as f64) as Nanos
}

/// The inverse of a sample's distribution function, linear between neighbours; 0 for no sample.
fn quantile(sample: &[f64], unit: f64) -> f64 {
    let position = unit * sample.len().saturating_sub(1) as f64;
    let below = libm::floor(position);
    let at = |index: usize| sample.get(index).or(sample.last()).copied().unwrap_or(0.0);
    let (low, high) = (at(below as usize), at(below as usize + 1));
    low + (high - low) * (position - below)
}

impl From<&scenario::Latency> for Latency {
    fn from(latency: &scenario::Latency) -> Self {
        let millis = |micros: u64| micros as f64 / 1e3;
        match latency {
            scenario::Latency::Constant { ms } => Self::Constant(*ms as f64),
            scenario::Latency::Uniform { ms_min, ms_max } => Self::Uniform(*ms_min as f64, *ms_max as f64),
            scenario::Latency::LogNormal { median_us, sigma_ppm } => {
                Self::LogNormal(millis(*median_us), f64::from(*sigma_ppm) / 1e6)
            }
            scenario::Latency::Empirical { sorted_us } => {
                Self::Empirical(sorted_us.iter().map(|micros| millis(*micros)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Draws at evenly spread hashes, ascending by hash.
    fn draws(latency: &Latency, count: u64) -> Vec<f64> {
        let step = u64::MAX / count;
        (0..count).map(|i| latency.draw(i * step) as f64 / MILLI as f64).collect()
    }

    #[test]
    fn a_sample_gives_its_own_quantiles_and_nothing_outside_it() {
        let latency = Latency::Empirical([1.0, 2.0, 10.0, 100.0].into());
        let drawn = draws(&latency, 3001);
        assert!(drawn.is_sorted());
        assert_eq!((drawn[0], latency.least()), (1.0, MILLI));
        for (index, expected) in [(500, 1.5), (1000, 2.0), (1500, 6.0), (2000, 10.0), (2500, 55.0)] {
            assert!((drawn[index] - expected).abs() < 0.1, "{index}: {} instead of {expected}", drawn[index]);
        }
        assert!((99.0..=100.0).contains(&drawn[3000]));
    }

    #[test]
    fn a_sample_of_one_is_a_constant() {
        assert!(draws(&Latency::Empirical([7.5].into()), 100).iter().all(|millis| *millis == 7.5));
    }

    proptest! {
        #[test]
        fn nothing_is_below_the_least_latency(hash: u64, low in 0..1000u32, more in 0..1000u32) {
            let (low, high) = (f64::from(low), f64::from(low + more));
            let sample = [low, (low + high) / 2.0, high];
            for latency in [
                Latency::Constant(low),
                Latency::Uniform(low, high),
                Latency::LogNormal(high + 1.0, 0.7),
                Latency::Empirical(sample.into()),
            ] {
                prop_assert!(latency.draw(hash) >= latency.least(), "{:?}", latency);
            }
        }
    }
}
