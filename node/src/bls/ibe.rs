//! Identity-based encryption of a short key: Boneh and Franklin's `FullIdent` (2001, section 4.2), which Fujisaki and
//! Okamoto's transform makes secure against chosen ciphertexts.
//!
//! With keys in G1 and identities in G2, and with the hash functions of drand's time-lock encryption (Gailly, Melissaris,
//! Romailler 2023/189), so that implementations of others can be compared with this one. The randomness is a hash of
//! the message, and decryption computes it again: a capsule that was changed in any bit is refused, so asking for its
//! decryption reveals nothing.

use blst::blst_fp12;
use blstrs::{G1Affine, G2Affine, Scalar};
use group::ff::Field;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::point::SignaturePoint;
use crate::curve::{self, Bls12381, Curve, Hidden, ScalarField};
use crate::meter::{Meter, Op};

/// Bytes of what is encrypted, and of the randomness behind it.
const BLOCK: usize = 16;

/// An encrypted key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capsule {
    /// r G.
    #[serde(with = "curve::point")]
    pub u: Bls12381,
    /// The randomness, under a hash of the pairing.
    pub v: [u8; BLOCK],
    /// The key, under a hash of the randomness.
    pub w: [u8; BLOCK],
}

/// Why a capsule does not open: it is of another identity or key, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the capsule does not open with this decryption key")]
pub struct DecapsulateError;

impl Capsule {
    /// Encrypts `key` to the identity whose point is given.
    pub fn seal(
        public: &Bls12381,
        identity: &G2Affine,
        key: &[u8; BLOCK],
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Self {
        let mut sigma = Zeroizing::new([0; BLOCK]);
        rng.fill_bytes(&mut *sigma);
        let r = randomness(&sigma, key);
        meter.add(Op::G1Mul, 2);
        meter.add(Op::Pairing, 1);
        // e(X, Q)^r = e(r X, Q).
        let shared = pairing(&G1Affine::from(*public * *r), identity);
        let (mask, key_mask) = (mask_of(&shared), key_mask(&sigma));
        Self { u: Bls12381::generate(&r), v: xor(&sigma, &mask), w: xor(key, &key_mask) }
    }

    /// Decrypts with the identity's decryption key.
    ///
    /// # Errors
    /// If the capsule was made for another identity or key, or was changed.
    pub fn open(
        &self,
        decryption: &SignaturePoint,
        meter: &mut Meter,
    ) -> Result<Zeroizing<[u8; BLOCK]>, DecapsulateError> {
        meter.add(Op::Pairing, 1);
        meter.add(Op::G1Mul, 1);
        let shared = pairing(&G1Affine::from(self.u), decryption.affine());
        let sigma = Zeroizing::new(xor(&self.v, &mask_of(&shared)));
        let key = Zeroizing::new(xor(&self.w, &key_mask(&sigma)));
        if Bls12381::generate(&randomness(&sigma, &key)) == self.u { Ok(key) } else { Err(DecapsulateError) }
    }
}

/// The pairing as bytes, highest coefficient first, as drand's implementations write it.
fn pairing(p: &G1Affine, q: &G2Affine) -> Zeroizing<Vec<u8>> {
    let bytes = blst_fp12::miller_loop(q.as_ref(), p.as_ref()).final_exp().to_bendian();
    let order = (0..2).rev().flat_map(|j| (0..3).rev().flat_map(move |i| (0..2).rev().map(move |c| 4 * i + 2 * j + c)));
    Zeroizing::new(order.flat_map(|at: usize| bytes[48 * at..48 * (at + 1)].to_vec()).collect())
}

fn mask_of(shared: &[u8]) -> [u8; BLOCK] {
    head(Sha256::new().chain_update(b"IBE-H2").chain_update(shared).finalize().into())
}

fn key_mask(sigma: &[u8; BLOCK]) -> [u8; BLOCK] {
    head(Sha256::new().chain_update(b"IBE-H4").chain_update(sigma).finalize().into())
}

/// r = H3(sigma, key): hashes again until the number, cut to 255 bits, is below the group order.
fn randomness(sigma: &[u8; BLOCK], key: &[u8; BLOCK]) -> Hidden<Scalar> {
    let seed: [u8; 32] = Sha256::new().chain_update(b"IBE-H3").chain_update(sigma).chain_update(key).finalize().into();
    let candidate = |i: u16| {
        let mut hash: [u8; 32] = Sha256::new().chain_update(i.to_le_bytes()).chain_update(seed).finalize().into();
        hash[0] >>= 1;
        Scalar::from_wire(&hash)
    };
    // Each try fails with probability 0.1.
    Hidden::new((1..u16::MAX).find_map(candidate).unwrap_or(Scalar::ONE))
}

fn head(hash: [u8; 32]) -> [u8; BLOCK] {
    hash[..BLOCK].try_into().expect("16 of 32")
}

fn xor(a: &[u8; BLOCK], b: &[u8; BLOCK]) -> [u8; BLOCK] {
    std::array::from_fn(|at| a[at] ^ b[at])
}
