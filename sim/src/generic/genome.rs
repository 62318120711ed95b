//! What a drawn scenario is drawn from: a seed, and where other seeds take over. Another seed from some throw on keeps
//! what was drawn before it, and gives a scenario that might have been drawn in the first place.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How often seeds may change.
const CUTS_MAX: usize = 8;

/// The seeds of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Genome {
    /// The seed at first.
    pub seed: u64,
    /// From which throw on which seed counts, ascending.
    pub cuts: Vec<(u32, u64)>,
}

/// A text that is no genome.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no genome; expected SEED THROW:SEED ..., such as 12 40:7")]
pub struct BadGenome(String);

impl Genome {
    /// One seed for all.
    pub fn new(seed: u64) -> Self {
        Self { seed, cuts: Vec::new() }
    }

    /// The same up to a throw, and another seed from there on.
    #[must_use]
    pub fn cut(&self, at: u32, seed: u64) -> Self {
        let mut cuts: Vec<(u32, u64)> = self.cuts.iter().copied().filter(|(before, _)| *before < at).collect();
        // Of many, the oldest are let be: what is drawn first is what everything else rests on.
        cuts.truncate(CUTS_MAX - 1);
        cuts.push((at, seed));
        Self { seed: self.seed, cuts }
    }
}

impl fmt::Display for Genome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seed)?;
        self.cuts.iter().try_for_each(|(at, seed)| write!(f, " {at}:{seed}"))
    }
}

impl FromStr for Genome {
    type Err = BadGenome;

    fn from_str(text: &str) -> Result<Self, BadGenome> {
        let parse = || {
            let mut words = text.split_whitespace();
            let seed = words.next()?.parse().ok()?;
            let cut =
                |word: &str| word.split_once(':').and_then(|(at, seed)| Some((at.parse().ok()?, seed.parse().ok()?)));
            Some(Self { seed, cuts: words.map(cut).collect::<Option<Vec<_>>>()? })
        };
        parse().ok_or_else(|| BadGenome(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_genome_reads_back_as_it_was_written() {
        for text in ["12", "12 40:7", "0 1:18446744073709551615 9:3"] {
            assert_eq!(text.parse::<Genome>().unwrap().to_string(), text);
        }
        for nonsense in ["", "x", "1 2", "1 2:", "1 :2"] {
            assert!(nonsense.parse::<Genome>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_cut_replaces_those_behind_it_and_there_are_never_too_many() {
        let genome = Genome::new(1).cut(10, 2).cut(20, 3);
        assert_eq!(genome.cut(15, 4).to_string(), "1 10:2 15:4");
        let many = (0..100).fold(Genome::new(1), |genome, at| genome.cut(at, at.into()));
        assert_eq!((many.cuts.len(), many.cuts.last()), (CUTS_MAX, Some(&(99, 99))));
    }
}
