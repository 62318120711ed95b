//! Throws of a seeded generator, for scenarios that are drawn.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use crate::generic::Genome;

/// The dice.
pub(crate) struct Dice {
    rng: ChaCha20Rng,
    thrown: u32,
    /// What the dice are thrown for, and at which throws which seeds take over.
    then: Option<(String, Vec<(u32, u64)>)>,
}

impl Dice {
    /// Dice whose throws derive from a seed, and from what they are thrown for.
    pub fn new(purpose: &str, seed: u64) -> Self {
        Self { rng: stream(purpose, seed), thrown: 0, then: None }
    }

    /// Dice that begin with one seed and go on with others.
    pub fn of(purpose: &str, genome: &Genome) -> Self {
        let mut then: Vec<(u32, u64)> = genome.cuts.iter().rev().copied().collect();
        then.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Self { then: Some((purpose.to_owned(), then)), ..Self::new(purpose, genome.seed) }
    }

    /// How often they have been thrown.
    pub fn thrown(&self) -> u32 {
        self.thrown
    }

    fn rng(&mut self) -> &mut ChaCha20Rng {
        if let Some((purpose, then)) = &mut self.then
            && then.last().is_some_and(|(at, _)| *at <= self.thrown)
            && let Some((_, seed)) = then.pop()
        {
            self.rng = stream(purpose, seed);
        }
        self.thrown += 1;
        &mut self.rng
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.rng().next_u32() % bound
    }

    /// True once in so many throws.
    pub fn once_in(&mut self, throws: u32) -> bool {
        self.below(throws) == 0
    }

    /// A member of a list that is not empty.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len() as u32) as usize]
    }

    /// A seed for something that throws dice of its own.
    pub fn seed(&mut self) -> u64 {
        self.rng().next_u64()
    }
}

fn stream(purpose: &str, seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(blake3::derive_key(purpose, &seed.to_le_bytes()))
}
