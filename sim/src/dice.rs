//! Throws of a seeded generator, for scenarios that are drawn.

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

/// The dice.
pub(crate) struct Dice(ChaCha20Rng);

impl Dice {
    /// Dice whose throws derive from a seed, and from what they are thrown for.
    pub fn new(purpose: &str, seed: u64) -> Self {
        Self(ChaCha20Rng::from_seed(blake3::derive_key(purpose, &seed.to_le_bytes())))
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
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
        self.0.next_u64()
    }
}
