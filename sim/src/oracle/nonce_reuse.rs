//! No nonce and no presignature serves two proposals.

use std::collections::BTreeMap;

use lit_node::id::{Digest, NodeId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// Two signature shares with one nonce on different messages reveal the key share: each nonce of each node may be
/// bound to one proposal only.
#[derive(Default)]
pub struct NonceUniqueness {
    uses: BTreeMap<(NodeId, Digest), Digest>,
    /// The nonce points of accepted signatures (r, or R), and the digests that they sign.
    points: BTreeMap<Vec<u8>, Digest>,
    violations: Vec<Violation>,
}

impl Oracle for NonceUniqueness {
    fn name(&self) -> &'static str {
        "nonce-uniqueness"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, Note::NonceUsed { nonce, proposal }) => {
                let first = *self.uses.entry((node, *nonce)).or_insert(*proposal);
                if first != *proposal {
                    let detail = format!("nonce {nonce} used for proposal {first} and again for {proposal}");
                    self.violations.push(Violation { oracle: self.name(), at, nodes: vec![node], detail });
                }
            }
            // Whatever nodes say of their nonces: two signatures with one point give the key away.
            Event::Accepted(accepted) => {
                let point = accepted.signature.iter().take(32).copied().collect();
                let first = *self.points.entry(point).or_insert(accepted.digest);
                if first != accepted.digest {
                    let detail = format!("signatures of {first} and {} have one nonce point", accepted.digest);
                    self.violations.push(Violation { oracle: self.name(), at, nodes: vec![], detail });
                }
            }
            _ => {}
        }
    }

    fn occasions(&self, _: &Facts<'_>) -> u64 {
        (self.uses.len() + self.points.len()) as u64
    }

    fn judge(&mut self, _: &Facts<'_>) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Accepted;
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::id::{KeyId, RequestId};
    use lit_node::signing::Scheme;

    fn judged(uses: &[(u16, u8, u8)]) -> usize {
        let mut oracle = NonceUniqueness::default();
        for (node, nonce, proposal) in uses {
            let note = Note::NonceUsed { nonce: Digest([*nonce; 32]), proposal: Digest([*proposal; 32]) };
            oracle.observe(1, Event::Noted(NodeId(*node), &note));
        }
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn two_accepted_signatures_with_one_nonce_point_are_a_violation() {
        let accepted = |first: u8, digest: u8| Accepted {
            request: RequestId([1; 32]),
            sig_name: "sig".into(),
            scheme: Scheme::EcdsaK256,
            key: KeyId([2; 32]),
            public_key: vec![],
            digest: Digest([digest; 32]),
            signature: vec![first; 65],
        };
        let judged = |pair: [Accepted; 2]| {
            let mut oracle = NonceUniqueness::default();
            pair.iter().for_each(|accepted| oracle.observe(1, Event::Accepted(accepted)));
            oracle.judge(&facts(&witness())).len()
        };
        assert_eq!(judged([accepted(1, 1), accepted(2, 2)]), 0);
        assert_eq!(judged([accepted(1, 1), accepted(1, 2)]), 1);
    }

    #[test]
    fn a_nonce_may_serve_one_proposal_and_no_other() {
        assert_eq!(judged(&[(1, 1, 1), (1, 1, 1), (1, 2, 2), (2, 1, 2)]), 0);
        assert_eq!(judged(&[(1, 1, 1), (1, 2, 2), (1, 1, 2)]), 1);
    }
}
