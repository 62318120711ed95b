//! Bit matrices of the oblivious-transfer extension: columns expanded from keys, hashed by a universal hash, and turned
//! into rows.

use polyval::universal_hash::{KeyInit, UniversalHash};
use polyval::{Block, Key, Polyval};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

use super::slot::KAPPA;

/// A column's bits, least significant first.
pub(super) type Column = Vec<u8>;

/// Expands a key to a column of `bits` bits.
pub(super) fn expand(key: &[u8; 32], bits: usize) -> Column {
    let mut column = vec![0; bits / 8];
    ChaCha20Rng::from_seed(*key).fill_bytes(&mut column);
    column
}

/// Adds `other` to `column`.
pub(super) fn add(column: &mut [u8], other: &[u8]) {
    column.iter_mut().zip(other).for_each(|(bit, other)| *bit ^= other);
}

/// Adds `other` to `column` if `choice` is 1, without a branch on it.
pub(super) fn add_if(column: &mut [u8], other: &[u8], choice: u8) {
    let mask = choice.wrapping_neg();
    column.iter_mut().zip(other).for_each(|(bit, other)| *bit ^= other & mask);
}

/// The bit at `at`.
pub(super) fn bit(column: &[u8], at: usize) -> u8 {
    column[at / 8] >> (at % 8) & 1
}

/// A hash of columns that is linear over GF(2): the polynomial with the column's 128-bit blocks as coefficients and no
/// constant term, at a point of GF(2^128). Two different columns of L blocks agree for at most L of 2^128 points.
pub(super) struct LinearHash(Polyval);

impl LinearHash {
    /// The hash at a point.
    pub(super) fn new(point: &[u8; 16]) -> Self {
        Self(Polyval::new(&Key::from(*point)))
    }

    /// Hashes a column, whose length is a multiple of 128 bits.
    pub(super) fn of(&self, column: &[u8]) -> u128 {
        let blocks: Vec<Block> = column.chunks_exact(16).map(Block::clone_from_slice).collect();
        let mut hash = self.0.clone();
        hash.update(&blocks);
        u128::from_le_bytes(hash.finalize().into())
    }
}

/// Turns 128 columns of `bits` bits, a multiple of 64, into as many rows of 128 bits.
pub(super) fn rows(columns: &[Column], bits: usize) -> Vec<u128> {
    debug_assert_eq!(columns.len(), KAPPA);
    let mut rows = vec![0u128; bits];
    for (at, block) in rows.chunks_exact_mut(64).enumerate() {
        for (half, columns) in columns.chunks_exact(64).enumerate() {
            let mut square = [0u64; 64];
            for (word, column) in square.iter_mut().zip(columns) {
                let bytes = column[8 * at..8 * at + 8].try_into().expect("eight bytes");
                *word = u64::from_le_bytes(bytes);
            }
            transpose(&mut square);
            for (row, word) in block.iter_mut().zip(square) {
                *row |= u128::from(word) << (64 * half);
            }
        }
    }
    rows
}

/// Transposes a square of bits by halves (Warren, Hacker's Delight, section 7-3).
fn transpose(square: &mut [u64; 64]) {
    let (mut width, mut mask) = (32, 0x0000_0000_ffff_ffffu64);
    while width != 0 {
        let mut at = 0;
        while at < 64 {
            let swap = ((square[at] >> width) ^ square[at + width]) & mask;
            square[at] ^= swap << width;
            square[at + width] ^= swap;
            at = (at + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(bits: usize) -> Vec<Column> {
        (0..KAPPA as u8).map(|i| expand(&[i; 32], bits)).collect()
    }

    #[test]
    fn rows_have_the_bits_of_the_columns() {
        let columns = columns(256);
        for (at, row) in rows(&columns, 256).into_iter().enumerate() {
            for (i, column) in columns.iter().enumerate() {
                assert_eq!((row >> i & 1) as u8, bit(column, at));
            }
        }
    }

    #[test]
    fn the_hash_is_linear_and_depends_on_every_block() {
        let hash = LinearHash::new(&[9; 16]);
        let columns = columns(384);
        let (a, b) = (&columns[0], &columns[1]);
        let mut sum = a.clone();
        add(&mut sum, b);
        assert_eq!(hash.of(&sum), hash.of(a) ^ hash.of(b));
        assert_eq!(hash.of(&[0; 48]), 0);
        for at in 0..384 {
            let mut flipped = a.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_ne!(hash.of(&flipped), hash.of(a));
        }
        assert_ne!(LinearHash::new(&[8; 16]).of(a), hash.of(a));
    }

    #[test]
    fn a_column_is_added_only_if_chosen() {
        let columns = columns(128);
        let mut sum = columns[0].clone();
        add_if(&mut sum, &columns[1], 0);
        assert_eq!(sum, columns[0]);
        add_if(&mut sum, &columns[1], 1);
        add(&mut sum, &columns[1]);
        assert_eq!(sum, columns[0]);
    }
}
