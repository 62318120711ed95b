//! When to send again what is not acknowledged: as soon as the link's own pace says that the answer is late (RFC 6298).

use crate::io::Time;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Delays that double from try to try, up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The delay after the first try, as long as nothing is known of the link, milliseconds.
    pub first_ms: u64,
    /// The shortest delay after the first try, milliseconds.
    pub min_ms: u64,
    /// The longest delay, milliseconds.
    pub max_ms: u64,
}

impl Backoff {
    /// When to try again after `tries` tries, the last of them now.
    pub fn next(self, now: Time, tries: u32) -> Time {
        let factor = 1u64 << tries.saturating_sub(1).min(32);
        now.plus_millis(self.first_ms.saturating_mul(factor).min(self.max_ms))
    }
}

/// How long acknowledgements take on one link: mean and deviation, smoothed, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace(Option<(u64, u64)>);

impl Pace {
    /// What was sent once was acknowledged after so long. What was sent again says nothing: it is not known which copy
    /// was answered (Karn and Partridge, SIGCOMM 1987).
    pub fn observe(&mut self, sent: Time, acknowledged: Time) {
        let took = acknowledged.0.saturating_sub(sent.0);
        self.0 = Some(match self.0 {
            None => (took, took / 2),
            Some((mean, deviation)) => {
                (mean - mean / 8 + took / 8, deviation - deviation / 4 + mean.abs_diff(took) / 4)
            }
        });
    }

    /// The delays that suit the link.
    pub fn suit(self, backoff: Backoff) -> Backoff {
        let Some((mean, deviation)) = self.0 else { return backoff };
        let late_ms = mean.saturating_add(deviation.saturating_mul(4)) / NANOS_PER_MILLI;
        Backoff { first_ms: late_ms.max(backoff.min_ms).max(1), ..backoff }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first_ms: 300, min_ms: 50, max_ms: 2_000 };

    fn first_ms(pace: Pace) -> u64 {
        pace.suit(BACKOFF).first_ms
    }

    fn paced(took_ms: impl IntoIterator<Item = u64>) -> Pace {
        let mut pace = Pace::default();
        took_ms.into_iter().for_each(|took| pace.observe(Time(7), Time(7).plus_millis(took)));
        pace
    }

    #[test]
    fn the_first_delay_is_the_given_one_until_an_acknowledgement_has_come() {
        assert_eq!(first_ms(Pace::default()), 300);
        assert_eq!(first_ms(paced([40])), 40 + 4 * 20);
    }

    #[test]
    fn a_steady_link_is_given_little_more_than_its_round_trip_but_never_less_than_the_least() {
        assert!((100..110).contains(&first_ms(paced([100; 60]))), "{}", first_ms(paced([100; 60])));
        assert_eq!(first_ms(paced([3; 60])), 50);
        assert_eq!(paced([0; 60]).suit(Backoff { min_ms: 0, ..BACKOFF }).first_ms, 1, "never at once");
    }

    #[test]
    fn a_link_that_slows_down_or_varies_is_given_more_at_once() {
        let steady = first_ms(paced([100; 60]));
        assert!(first_ms(paced([100; 60].into_iter().chain([500]))) >= steady + 400);
        assert!(first_ms(paced([50, 150].repeat(30))) > 200);
    }

    #[test]
    fn delays_double_from_try_to_try_up_to_the_bound() {
        let delays = (1..=5).map(|tries| paced([100]).suit(BACKOFF).next(Time(0), tries).as_millis());
        assert_eq!(delays.collect::<Vec<_>>(), [300, 600, 1_200, 2_000, 2_000]);
    }

    #[test]
    fn no_time_is_too_long() {
        let mut pace = Pace::default();
        [Time(u64::MAX), Time(0), Time(u64::MAX)].into_iter().for_each(|end| pace.observe(Time(0), end));
        assert_eq!(pace.suit(BACKOFF).next(Time(0), 40), Time(0).plus_millis(2_000));
    }
}
