//! What was said is not forgotten.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::dkg::Entry;
use lit_node::id::{Digest, NodeId, SessionId};

use super::{Event, Facts, Oracle, Tally, Violation};
use crate::heap::Nanos;

/// The names of the records of key generations that a disk holds durably: what a power cut now would leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept(pub BTreeSet<Vec<u8>>);

impl Kept {
    /// Whether the disk says that its node acknowledged a dealer's dealing.
    fn acknowledges(&self, session: SessionId, dealer: NodeId) -> bool {
        let entry: Entry = Entry::Acked { dealer, digest: Digest::default() };
        self.0.contains(&[&session.0[..], &entry.key()].concat())
    }
}

/// Compares the acknowledgements that have left each node with what its disk would hold after a power cut: at every
/// crash, and once more at the end of the run. A disk that was rolled back has lost more than its node can help, and what
/// was said in a former network is to be forgotten.
#[derive(Default)]
pub struct Durability {
    said: BTreeMap<NodeId, BTreeSet<(SessionId, NodeId)>>,
    forgotten: Vec<(Nanos, NodeId, SessionId, NodeId)>,
    judged: Tally,
}

impl Oracle for Durability {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Acknowledged { node, session, dealer } => {
                self.said.entry(node).or_default().insert((session, dealer));
            }
            Event::PowerCut { node, kept, rolled_back } => {
                let said = self.said.entry(node).or_default();
                self.judged.add(node, said.len() as u64);
                for &(session, dealer) in said.iter().filter(|(session, dealer)| !kept.acknowledges(*session, *dealer))
                {
                    self.forgotten.push((at, node, session, dealer));
                }
                if rolled_back {
                    said.clear();
                }
            }
            Event::Reset => self.said.clear(),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        self.judged.honest(facts)
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut seen = BTreeSet::new();
        let honest = self.forgotten.iter().filter(|(_, node, ..)| !facts.corrupted.contains(node));
        honest
            .filter(|(_, node, session, dealer)| seen.insert((*node, *session, *dealer)))
            .map(|(at, node, session, dealer)| Violation {
                oracle: "durability",
                at: *at,
                nodes: vec![*node],
                detail: format!(
                    "{node} has acknowledged the dealing of {dealer} in key generation {}, and its disk does not say so",
                    session.short()
                ),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    const NODE: NodeId = NodeId(1);
    const SESSION: SessionId = SessionId([7; 32]);

    fn kept(dealers: &[u16]) -> Kept {
        let place = |dealer: &u16| {
            let entry: Entry = Entry::Acked { dealer: NodeId(*dealer), digest: Digest([9; 32]) };
            [&SESSION.0[..], &entry.key()].concat()
        };
        Kept(dealers.iter().map(place).collect())
    }

    fn judged(cuts: &[(&[u16], bool)]) -> usize {
        let mut oracle = Durability::default();
        for dealer in [2, 3] {
            oracle.observe(1, Event::Acknowledged { node: NODE, session: SESSION, dealer: NodeId(dealer) });
        }
        for (dealers, rolled_back) in cuts {
            oracle.observe(2, Event::PowerCut { node: NODE, kept: &kept(dealers), rolled_back: *rolled_back });
        }
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn every_acknowledgement_that_left_must_be_on_the_disk_at_every_power_cut() {
        assert_eq!(judged(&[(&[2, 3], false)]), 0);
        assert_eq!(judged(&[(&[2], false)]), 1);
        assert_eq!(judged(&[(&[], false), (&[], false)]), 2, "each is reported once");
    }

    #[test]
    fn a_disk_that_was_rolled_back_is_not_blamed_on_its_node() {
        assert_eq!(judged(&[(&[2, 3], true), (&[], false)]), 0);
        assert_eq!(judged(&[(&[2], true), (&[], false)]), 1);
    }

    #[test]
    fn what_was_said_in_a_network_that_was_begun_anew_may_be_forgotten() {
        let mut oracle = Durability::default();
        oracle.observe(1, Event::Acknowledged { node: NODE, session: SESSION, dealer: NodeId(2) });
        oracle.observe(2, Event::Reset);
        oracle.observe(3, Event::PowerCut { node: NODE, kept: &kept(&[]), rolled_back: false });
        assert_eq!(oracle.judge(&facts(&witness())).len(), 0);
        oracle.observe(4, Event::Acknowledged { node: NODE, session: SESSION, dealer: NodeId(2) });
        oracle.observe(5, Event::PowerCut { node: NODE, kept: &kept(&[]), rolled_back: false });
        assert_eq!(oracle.judge(&facts(&witness())).len(), 1);
    }
}
