//! The file: a line about the pool, then one line a triple, the coefficients of a, b and c in hexadecimal.

use std::fmt;

use k256::Scalar;
use lit_node::curve::{self, Polynomial};
use thiserror::Error;

use super::{Pool, Secrets, multiplies};

/// What the first line begins with.
const FORMAT: &str = "litsim-triples-1";
/// Bytes of a scalar.
const SCALAR: usize = 32;

/// Why a text is no pool.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct PoolError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: Flaw,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// The first line.
    #[error("expected `{FORMAT} holders=K triples=N seed=S blake3=0x...`")]
    Head,
    /// A pool for nobody.
    #[error("triples are for at least 2 holders")]
    Holders,
    /// A triple's length.
    #[error("expected {0} hexadecimal digits")]
    Digits(usize),
    /// No scalar.
    #[error("a coefficient is not below the order of the group")]
    Scalar,
    /// No triple.
    #[error("c is not the product of a and b")]
    Product,
    /// Too few or too many lines.
    #[error("the first line promises {promised} triples, there are {found}")]
    Count {
        /// By the first line.
        promised: usize,
        /// Lines that there are.
        found: usize,
    },
    /// Something was changed.
    #[error("the triples are not those that the first line's hash is of")]
    Digest,
}

/// What the first line says.
struct Head {
    holders: u16,
    triples: usize,
    seed: u64,
    digest: String,
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = hex::encode(self.digest().0);
        writeln!(f, "{FORMAT} holders={} triples={} seed={} blake3=0x{digest}", self.holders, self.len(), self.seed)?;
        for triple in &self.triples {
            for coefficient in triple.iter().flat_map(Polynomial::coefficients) {
                f.write_str(&hex::encode(curve::scalar_bytes(coefficient)))?;
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Pool {
    type Err = PoolError;

    fn from_str(text: &str) -> Result<Self, PoolError> {
        let refuse = |line| move |what| PoolError { line, what };
        let mut lines = text.lines();
        let head = lines.next().and_then(head).ok_or(Flaw::Head).map_err(refuse(1))?;
        if head.holders < 2 {
            return Err(refuse(1)(Flaw::Holders));
        }
        let triple = |(index, line)| triple(line, head.holders.into()).map_err(refuse(index));
        let triples = (2..).zip(lines).map(triple).collect::<Result<Vec<Secrets>, _>>()?;
        let pool = Self { holders: head.holders, seed: head.seed, triples };
        if pool.len() != head.triples {
            return Err(refuse(1)(Flaw::Count { promised: head.triples, found: pool.len() }));
        }
        if hex::encode(pool.digest().0) != head.digest {
            return Err(refuse(1)(Flaw::Digest));
        }
        Ok(pool)
    }
}

fn head(line: &str) -> Option<Head> {
    let mut words = line.strip_prefix(FORMAT)?.strip_prefix(' ')?.split(' ');
    let mut field = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let holders = field("holders")?.parse().ok()?;
    let triples = field("triples")?.parse().ok()?;
    let seed = field("seed")?.parse().ok()?;
    let digest = field("blake3")?.strip_prefix("0x")?.to_owned();
    words.next().is_none().then_some(Head { holders, triples, seed, digest })
}

fn triple(line: &str, holders: usize) -> Result<Secrets, Flaw> {
    let digits = 3 * holders * SCALAR * 2;
    let bytes = hex::decode(line).ok().filter(|bytes| bytes.len() * 2 == digits).ok_or(Flaw::Digits(digits))?;
    let (scalars, _) = bytes.as_chunks::<SCALAR>();
    let scalars: Option<Vec<Scalar>> = scalars.iter().map(curve::scalar_from_bytes).collect();
    let scalars = scalars.ok_or(Flaw::Scalar)?;
    let polynomial = |which: usize| Polynomial::from_coefficients(scalars[which * holders..][..holders].to_vec());
    let triple = [0, 1, 2].map(polynomial);
    if multiplies(&triple) { Ok(triple) } else { Err(Flaw::Product) }
}
