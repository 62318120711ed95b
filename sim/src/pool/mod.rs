//! Triples in files: made once by the nodes' own protocol, to be used by many runs whose subject is something else.
//!
//! A run that asks for a pool (`preprocessing = "pool"`) says so in its report. Whoever reads a pool knows all secrets in
//! it, so nothing that was signed with it is worth anything outside a simulation.

mod file;
mod make;
mod supply;

pub use file::PoolError;
pub use make::{Batch, MakeError, make};
pub use supply::Supply;

use k256::Scalar;
use lit_node::curve::Polynomial;
use lit_node::id::Digest;

/// The secret polynomials of one triple: of a, b and c, with a(0) b(0) = c(0).
pub(crate) type Secrets = [Polynomial; 3];

/// Triples for so many holders, whoever they are: polynomials can be evaluated at any node's number.
#[derive(Clone)]
pub struct Pool {
    holders: u16,
    seed: u64,
    triples: Vec<Secrets>,
}

impl Pool {
    /// Where the pool for so many holders is in a folder of them.
    pub fn path(folder: &str, holders: u16) -> String {
        format!("{folder}/{holders}.triples")
    }

    /// How many holders share each triple, all of whom are needed.
    pub fn holders(&self) -> u16 {
        self.holders
    }

    /// How many triples there are.
    pub fn len(&self) -> usize {
        self.triples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.triples.is_empty()
    }

    /// BLAKE3 of all triples, and of how they were made.
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key("litsim triples in files, 1");
        hasher.update(&self.holders.to_be_bytes()).update(&self.seed.to_be_bytes());
        for coefficient in self.triples.iter().flatten().flat_map(Polynomial::coefficients) {
            hasher.update(&coefficient.to_bytes());
        }
        Digest(hasher.finalize().into())
    }
}

impl PartialEq for Pool {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} triples for {} holders, {:?})", self.len(), self.holders, self.digest())
    }
}

/// Whether the constant terms multiply, and no coefficient that must not be is zero.
fn multiplies([a, b, c]: &Secrets) -> bool {
    let constant = |polynomial: &Polynomial| polynomial.coefficients()[0];
    let (a, b, c) = (constant(a), constant(b), constant(c));
    a != Scalar::ZERO && b != Scalar::ZERO && a * b == c
}

#[cfg(test)]
mod tests;
