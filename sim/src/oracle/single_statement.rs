//! No node signs two different statements for one place.

use super::{Facts, Oracle, Violation};

/// Two different signed statements for the same slot of a session are proof of misbehaviour; an honest node must never
/// make them, however often it is restarted and whatever its disk has lost.
#[derive(Default)]
pub struct SingleStatement;

impl Oracle for SingleStatement {
    fn name(&self) -> &'static str {
        "single-statement"
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.honest(facts.witness.signed.keys().map(|(node, _)| *node))
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let doubles = facts
            .witness
            .signed
            .iter()
            .filter(|((node, _), digests)| digests.len() > 1 && !facts.corrupted.contains(node));
        doubles
            .map(|((node, place), digests)| Violation {
                oracle: "single-statement",
                at: facts.at,
                nodes: vec![*node],
                detail: format!("{node} signed {} different statements for {place:?}", digests.len()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use crate::witness::Place;
    use lit_node::id::{NodeId, SessionId};

    #[test]
    fn a_second_different_statement_for_a_place_is_seen_and_the_same_one_again_is_not() {
        let mut witness = witness();
        let place = |dealer| (NodeId(1), Place::Ack(SessionId([1; 32]), NodeId(dealer)));
        witness.signed.entry(place(2)).or_default().extend([[1; 32], [1; 32]]);
        witness.signed.entry(place(3)).or_default().insert([2; 32]);
        assert!(SingleStatement.judge(&facts(&witness)).is_empty());
        witness.signed.entry(place(3)).or_default().insert([3; 32]);
        assert_eq!(SingleStatement.judge(&facts(&witness)).len(), 1);
    }
}
