//! The ratios that are promised, and whether a table keeps them.

use std::fmt;

use crate::table::Row;
use crate::{beaver, dkg};

/// A ratio that a row of the table must have at least.
#[derive(Clone, Copy)]
struct Promise {
    protocol: &'static str,
    n: u16,
    ratio: f64,
}

const PROMISES: [Promise; 2] = [
    Promise { protocol: beaver::PROTOCOL, n: 7, ratio: 10.0 },
    Promise { protocol: dkg::PROTOCOL, n: 100, ratio: 10.0 },
];

/// A promise, and what was measured instead; nothing if no row is about it.
pub struct Broken(Promise, Option<f64>);

/// The promises that these rows, all of one run, do not keep. What was not measured is not kept.
pub fn broken(rows: &[Row]) -> Vec<Broken> {
    let ratio = |promise: &Promise| {
        rows.iter().find(|row| (row.protocol, row.n) == (promise.protocol, promise.n)).and_then(Row::ratio)
    };
    let measured = PROMISES.into_iter().map(|promise| Broken(promise, ratio(&promise)));
    measured.filter(|Broken(promise, ratio)| ratio.is_none_or(|ratio| ratio < promise.ratio)).collect()
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Promise { protocol, n, ratio }, measured) = self;
        write!(f, "{protocol}, n = {n}: {ratio}x promised, ")?;
        match measured {
            Some(measured) => write!(f, "{measured:.1}x measured"),
            None => write!(f, "not measured"),
        }
    }
}
