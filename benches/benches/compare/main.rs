//! Our protocols beside those of public crates: what one party computes, for the same participants and threshold, in one
//! run on one machine.
//!
//! `cargo bench --workspace --bench compare` prints one table. Everything that a party receives is checked; nothing is
//! shared between parties. With numbers as arguments, only these n are measured. With `--assert` the exit code says
//! whether the ratios that are promised hold in this table; those of another run or machine do not count.
//!
//! * DKG: frost-secp256k1's `part1` to `part3`. Ours encrypts and decrypts shares and proves the encryption's key. The second
//!   row has decoding in both, and in ours what frost leaves to its user: signatures, acknowledgements, a certificate.
//! * FROST: frost-secp256k1's `commit`, `sign` and `aggregate`.
//! * Triples, presigning, ECDSA: the cait-sith crate, with k parties of which all k are needed. Ours signs every statement.

mod beaver;
mod bls;
mod clock;
mod dkg;
mod ecdsa;
mod frost;
#[path = "../common/keys.rs"]
mod keys;
#[path = "../common/network_key.rs"]
mod network_key;
#[path = "../common/presigning.rs"]
mod presigning;
mod promise;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;

use clock::Clock;
use table::Row;

/// Numbers of nodes; the threshold is ceil(2n/3).
const SIZES: [u16; 5] = [4, 7, 10, 30, 100];

/// Measures one protocol among so many nodes with such a threshold.
type Measure = fn(&Clock, u16, u16) -> Vec<Row>;

const PROTOCOLS: [Measure; 5] = [dkg::rows, frost::rows, beaver::rows, ecdsa::rows, bls::rows];

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asked: Vec<u16> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    if has("--test") {
        table(&SIZES[..1], &Clock::new(true))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = table(if asked.is_empty() { &SIZES } else { &asked }, &Clock::new(false))?;
    let broken = if has("--assert") { promise::broken(&rows) } else { Vec::new() };
    for promise in &broken {
        writeln!(io::stderr(), "{promise}")?;
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures everything for these numbers of nodes, and prints each row as it is there.
fn table(sizes: &[u16], clock: &Clock) -> io::Result<Vec<Row>> {
    let (mut out, mut all) = (io::stdout().lock(), Vec::new());
    writeln!(out, "{}", table::head())?;
    for &n in sizes {
        let k = (2 * n).div_ceil(3);
        for rows in PROTOCOLS {
            for row in rows(clock, n, k) {
                writeln!(out, "{row}")?;
                out.flush()?;
                all.push(row);
            }
        }
    }
    Ok(all)
}
