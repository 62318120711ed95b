//! Our protocols beside those of public crates: what one party computes, for the same participants and threshold, in one
//! run on one machine.
//!
//! `cargo bench -p litsim-benches --bench compare` prints one table. Everything that a party receives is checked; nothing
//! is shared between parties. With numbers as arguments, only these n are measured.
//!
//! * DKG: frost-secp256k1's `part1` to `part3`. Ours encrypts and decrypts shares and proves the encryption's key. The second
//!   row has decoding in both, and in ours what frost leaves to its user: signatures, acknowledgements, a certificate.
//! * FROST: frost-secp256k1's `commit`, `sign` and `aggregate`.
//! * Triples, presigning, ECDSA: the cait-sith crate, with k parties of which all k are needed. Ours signs every statement.

mod beaver;
mod clock;
mod dkg;
mod ecdsa;
mod frost;
mod keys;
mod network_key;
#[path = "../common/presigning.rs"]
mod presigning;
mod table;

use std::io::{self, Write};

use clock::Clock;
use table::Row;

/// Numbers of nodes; the threshold is ceil(2n/3).
const SIZES: [u16; 5] = [4, 7, 10, 30, 100];

/// Measures one protocol among so many nodes with such a threshold.
type Measure = fn(&Clock, u16, u16) -> Vec<Row>;

const PROTOCOLS: [Measure; 5] = [dkg::rows, frost::rows, beaver::rows, ecdsa::rows, network_key::rows];

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_test = words.iter().any(|word| word == "--test");
    let asked: Vec<u16> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = match (is_test, asked.is_empty()) {
        (true, _) => &SIZES[..1],
        (false, true) => &SIZES[..],
        (false, false) => &asked[..],
    };
    let clock = Clock::new(is_test);
    let mut out = io::stdout().lock();
    writeln!(out, "{}", table::head())?;
    for &n in sizes {
        let k = (2 * n).div_ceil(3);
        for rows in PROTOCOLS {
            for row in rows(&clock, n, k) {
                writeln!(out, "{row}")?;
                out.flush()?;
            }
        }
    }
    Ok(())
}
