//! Beaver triples: shares of a, b and ab among exactly k holders, with public commitments to the sharings.

use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroize;

use super::sealed::Sealed;
use crate::curve::{self, Polynomial};
use crate::id::NodeId;

/// Feldman commitments to the three sharing polynomials of a triple; k coefficients each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TripleCommitments {
    /// Of a.
    pub a: Vec<ProjectivePoint>,
    /// Of b.
    pub b: Vec<ProjectivePoint>,
    /// Of c = ab.
    pub c: Vec<ProjectivePoint>,
}

/// One holder's part of a triple. Printing it shows nothing secret; dropping it wipes the shares.
#[derive(Clone, PartialEq, Eq)]
pub struct TripleShare {
    /// Share of a.
    pub a: Scalar,
    /// Share of b.
    pub b: Scalar,
    /// Share of c = ab.
    pub c: Scalar,
    /// What everybody knows of the triple.
    pub commitments: Arc<TripleCommitments>,
}

impl fmt::Debug for TripleShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TripleShare(<redacted>)")
    }
}

impl Drop for TripleShare {
    fn drop(&mut self) {
        self.a.zeroize();
        self.b.zeroize();
        self.c.zeroize();
    }
}

/// One holder's part of a batch of triples: made with the other holders, or by a trusted dealer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DealtTriples {
    /// Who asked for the batch and alone assigns its triples.
    pub leader: NodeId,
    /// The holders, ascending: exactly as many as a key's threshold.
    pub holders: Vec<NodeId>,
    /// The batch's number, never given twice to one leader.
    pub batch: u64,
    /// The triples, in the same order at every holder.
    pub triples: Vec<TripleShare>,
    /// What the holders have sealed, if they made the triples themselves.
    pub sealed: Option<Arc<Sealed>>,
}

impl DealtTriples {
    /// Whether every triple has the commitments of a sharing of this degree.
    pub(crate) fn is_well_formed(&self) -> bool {
        let k = self.holders.len();
        let fits =
            |t: &TripleShare| [&t.commitments.a, &t.commitments.b, &t.commitments.c].iter().all(|c| c.len() == k);
        self.triples.iter().all(fits)
    }
}

/// Deals `count` triples among `holders`, of whom all are needed: what a trusted dealer does.
pub fn deal(
    leader: NodeId,
    holders: &[NodeId],
    batch: u64,
    count: usize,
    rng: &mut (impl RngCore + CryptoRng),
) -> BTreeMap<NodeId, DealtTriples> {
    let empty = |_| {
        let triples = Vec::with_capacity(count);
        DealtTriples { leader, holders: holders.to_vec(), batch, triples, sealed: None }
    };
    let mut dealt: BTreeMap<NodeId, DealtTriples> = holders.iter().map(|h| (*h, empty(h))).collect();
    for _ in 0..count {
        let (a, b, c) = polynomials(holders.len(), rng);
        let commitments = Arc::new(TripleCommitments { a: a.commit(), b: b.commit(), c: c.commit() });
        for (holder, part) in &mut dealt {
            part.triples.push(TripleShare {
                a: a.evaluate(*holder),
                b: b.evaluate(*holder),
                c: c.evaluate(*holder),
                commitments: Arc::clone(&commitments),
            });
        }
    }
    dealt
}

/// Random polynomials whose constant terms are a, b and ab.
fn polynomials(threshold: usize, rng: &mut (impl RngCore + CryptoRng)) -> (Polynomial, Polynomial, Polynomial) {
    let k = u16::try_from(threshold).expect("a validator set has fewer than 65536 members");
    let (a, b, random) = (Polynomial::random(k, rng), Polynomial::random(k, rng), Polynomial::random(k, rng));
    let mut coefficients = random.coefficients().to_vec();
    if let Some(constant) = coefficients.first_mut() {
        *constant = a.coefficients()[0] * b.coefficients()[0];
    }
    (a, b, Polynomial::from_coefficients(coefficients))
}

/// The public counterpart of a holder's share.
pub fn point_of(commitments: &[ProjectivePoint], holder: NodeId) -> ProjectivePoint {
    curve::evaluate_commitments(commitments, holder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn dealt_shares_multiply_match_their_commitments_and_print_no_secret() {
        let holders = [2, 3, 7].map(NodeId);
        let dealt = deal(NodeId(3), &holders, 4, 2, &mut ChaCha20Rng::from_seed([3; 32]));
        let open = |pick: fn(&TripleShare) -> Scalar, at: usize| {
            curve::interpolate(&dealt.iter().map(|(h, d)| (*h, pick(&d.triples[at]))).collect::<Vec<_>>())
        };
        for at in 0..2 {
            assert_eq!(open(|t| t.a, at) * open(|t| t.b, at), open(|t| t.c, at));
        }
        assert_ne!(open(|t| t.a, 0), open(|t| t.a, 1));
        for (holder, part) in &dealt {
            assert!(part.is_well_formed() && part.leader == NodeId(3) && part.batch == 4);
            let triple = &part.triples[1];
            assert_eq!(ProjectivePoint::GENERATOR * triple.c, point_of(&triple.commitments.c, *holder));
            let secret = hex::encode(curve::scalar_bytes(&triple.a));
            assert!(!format!("{part:?}").to_lowercase().contains(&secret[..16]));
        }
    }
}
