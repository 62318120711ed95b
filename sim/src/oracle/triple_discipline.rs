//! No triple is used before all have sealed it, opened after that, or used twice; and no extension goes unchecked.

use lit_node::id::NodeId;

use super::{Facts, Oracle, Violation};

/// A triple is a one-time pad for a share of a key: whoever sees its seed, or two presignatures of it, sees the share.
/// Judged by what nodes said, not by what they think of it.
#[derive(Default)]
pub struct TripleDiscipline;

impl Oracle for TripleDiscipline {
    fn name(&self) -> &'static str {
        "triple-discipline"
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let judged = facts.witness.triples.judged.iter().filter(|(node, _)| !facts.corrupted.contains(node));
        judged.map(|(_, times)| times).sum()
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let triples = &facts.witness.triples;
        let unsealed = triples.unsealed.iter().map(|(node, presignature)| {
            (*node, format!("presignature {presignature} uses triples that not all of their holders had sealed"))
        });
        let opened =
            triples.opened.iter().map(|(node, batch)| (*node, format!("opened batch {batch}, which it had sealed")));
        let reused = triples.reused.iter().map(|(node, presignature)| {
            (*node, format!("presignature {presignature} uses a triple of another presignature"))
        });
        let unchecked = triples
            .unchecked
            .iter()
            .map(|(node, liar)| (*node, format!("answered an inconsistent extension of {liar}")));
        let all = unsealed.chain(opened).chain(reused).chain(unchecked);
        let honest = |node: &NodeId| !facts.corrupted.contains(node);
        all.filter(|(node, _)| honest(node))
            .map(|(node, what)| Violation {
                oracle: "triple-discipline",
                at: facts.at,
                nodes: vec![node],
                detail: format!("{node}: {what}"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use crate::witness::Witness;
    use lit_node::id::{Digest, SessionId};

    #[test]
    fn each_kind_of_misuse_by_an_honest_node_is_seen_and_a_liars_is_its_own_affair() {
        assert!(TripleDiscipline.judge(&facts(&witness())).is_empty());
        let misuses: [fn(&mut Witness); 4] = [
            |witness| _ = witness.triples.unsealed.insert((NodeId(1), Digest([1; 32]))),
            |witness| _ = witness.triples.opened.insert((NodeId(1), SessionId([1; 32]))),
            |witness| _ = witness.triples.reused.insert((NodeId(1), Digest([1; 32]))),
            |witness| _ = witness.triples.unchecked.insert((NodeId(1), NodeId(2))),
        ];
        for misuse in misuses {
            let mut witness = witness();
            misuse(&mut witness);
            assert_eq!(TripleDiscipline.judge(&facts(&witness)).len(), 1);
            assert!(TripleDiscipline.judge(&Facts { corrupted: &[NodeId(1)], ..facts(&witness) }).is_empty());
        }
    }
}
