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
    violations: Vec<Violation>,
}

impl Oracle for NonceUniqueness {
    fn name(&self) -> &'static str {
        "nonce-uniqueness"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        let Event::Noted(node, Note::NonceUsed { nonce, proposal }) = event else { return };
        let first = *self.uses.entry((node, *nonce)).or_insert(*proposal);
        if first != *proposal {
            let detail = format!("nonce {nonce} used for proposal {first} and again for {proposal}");
            self.violations.push(Violation { oracle: self.name(), at, nodes: vec![node], detail });
        }
    }

    fn judge(&mut self, _: &Facts<'_>) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    fn judged(uses: &[(u16, u8, u8)]) -> usize {
        let mut oracle = NonceUniqueness::default();
        for (node, nonce, proposal) in uses {
            let note = Note::NonceUsed { nonce: Digest([*nonce; 32]), proposal: Digest([*proposal; 32]) };
            oracle.observe(1, Event::Noted(NodeId(*node), &note));
        }
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn a_nonce_may_serve_one_proposal_and_no_other() {
        assert_eq!(judged(&[(1, 1, 1), (1, 1, 1), (1, 2, 2), (2, 1, 2)]), 0);
        assert_eq!(judged(&[(1, 1, 1), (1, 2, 2), (1, 1, 2)]), 1);
    }
}
