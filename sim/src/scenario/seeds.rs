//! Ranges of seeds.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use thiserror::Error;

/// Seeds from the first to the last, both included. There is at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// A text that is no range of seeds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadSeeds {
    /// It is not of the right form.
    #[error("expected seeds as FIRST..LAST, both included, such as 1..1000; not {0:?}")]
    Form(String),
    /// There are none in it.
    #[error("{0} has no seed in it: the last one is before the first")]
    Empty(String),
}

impl Seeds {
    /// How many there are.
    pub fn count(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// All of them, ascending.
    pub fn each(self) -> RangeInclusive<u64> {
        self.first..=self.last
    }
}

impl FromStr for Seeds {
    type Err = BadSeeds;

    fn from_str(text: &str) -> Result<Self, BadSeeds> {
        let form = || BadSeeds::Form(text.to_owned());
        let number = |part: &str| part.trim().parse::<u64>().map_err(|_| form());
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (number(first)?, number(last.strip_prefix('=').unwrap_or(last))?);
        if last < first {
            return Err(BadSeeds::Empty(text.to_owned()));
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_included() {
        let seeds: Seeds = "1..1000".parse().unwrap();
        assert_eq!((seeds.count(), seeds.each().next_back()), (1000, Some(1000)));
        assert_eq!("5".parse(), Ok(Seeds { first: 5, last: 5 }));
        assert_eq!("0..=2".parse(), Ok(Seeds { first: 0, last: 2 }));
        assert_eq!(seeds.to_string(), "1..1000");
        assert_eq!(Seeds { first: 0, last: u64::MAX }.count(), u64::MAX);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for nonsense in ["", "..", "1..", "a..b", "-1..3", "1...3"] {
            assert!(matches!(nonsense.parse::<Seeds>(), Err(BadSeeds::Form(_))), "{nonsense}");
        }
        assert_eq!("3..2".parse::<Seeds>(), Err(BadSeeds::Empty("3..2".into())));
    }
}
