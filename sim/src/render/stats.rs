//! The little statistics that plots need.

/// The quantile of the standard normal distribution for intervals of 95%.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's score interval for a share of `hits` in `tries`, 95%. It is within 0 and 1 also for few tries and for shares
/// of 0 and 1, where the usual interval is not. (E. B. Wilson, 1927)
pub fn wilson(hits: u64, tries: u64) -> (f64, f64) {
    if tries == 0 {
        return (0.0, 1.0);
    }
    let (n, p, z2) = (tries as f64, hits as f64 / tries as f64, Z * Z);
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The least value that at least the share `q` of the sorted values does not exceed; 0 of none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Steps of the empirical distribution: each value with the share of values that do not exceed it.
pub fn distribution(sorted: &[f64]) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (place, value) in sorted.iter().enumerate() {
        let share = (place + 1) as f64 / sorted.len() as f64;
        match steps.last_mut() {
            Some(last) if last.0 == *value => last.1 = share,
            _ => steps.push((*value, share)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_literature() {
        // Newcombe 1998, table I, method 3.
        for ((hits, tries), (low, high)) in [
            ((81, 263), (0.2553, 0.3662)),
            ((15, 148), (0.0624, 0.1605)),
            ((0, 20), (0.0, 0.1611)),
            ((1, 29), (0.0061, 0.1718)),
        ] {
            let (l, h) = wilson(hits, tries);
            assert!((l - low).abs() < 1e-4 && (h - high).abs() < 1e-4, "{hits}/{tries}: {l} {h}");
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert!(wilson(10, 10).1 <= 1.0);
    }

    #[test]
    fn quantiles_and_distributions_are_of_the_values_themselves() {
        let values = [1.0, 2.0, 2.0, 10.0];
        assert_eq!((quantile(&values, 0.5), quantile(&values, 0.95), quantile(&[], 0.5)), (2.0, 10.0, 0.0));
        assert_eq!(distribution(&values), [(1.0, 0.25), (2.0, 0.75), (10.0, 1.0)]);
    }
}
