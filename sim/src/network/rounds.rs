//! Rounds: the longest chain of messages of which each was sent after the one before had arrived at its sender. This is
//! what a protocol takes on links of equal delay, whatever the delay is (Lamport's clocks, CACM 21(7), 1978, of which
//! only messages count).

use std::collections::BTreeMap;

use super::Endpoint;

/// The chains of a run's messages, of each step by itself.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    step: u64,
    ends: BTreeMap<Endpoint, u64>,
    longest: u64,
    before: u64,
}

/// A message's place in the longest chain that it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    step: u64,
    depth: u64,
}

impl Rounds {
    /// A step begins: what was said before leads to nothing in it.
    pub fn begin(&mut self) {
        self.step += 1;
        self.before += self.longest;
        self.longest = 0;
        self.ends.clear();
    }

    /// A message leaves.
    pub fn leaves(&self, from: Endpoint) -> Round {
        Round { depth: self.here(from).depth + 1, ..self.here(from) }
    }

    /// What an end says to itself is no message.
    pub fn here(&self, end: Endpoint) -> Round {
        Round { step: self.step, depth: self.ends.get(&end).copied().unwrap_or_default() }
    }

    /// A message arrives.
    pub fn arrives(&mut self, to: Endpoint, round: Round) {
        if round.step == self.step {
            let depth = self.ends.entry(to).or_default();
            *depth = round.depth.max(*depth);
            self.longest = self.longest.max(*depth);
        }
    }

    /// The longest chains of all steps, added up.
    pub fn total(&self) -> u64 {
        self.before + self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::id::NodeId;

    #[test]
    fn only_what_follows_from_a_message_makes_a_chain_longer() {
        let [a, b, c] = [1, 2, 3].map(|id| Endpoint::Node(NodeId(id)));
        let mut rounds = Rounds::default();
        // Everybody to everybody at once: one round.
        let first = [(a, b), (b, c), (c, a)].map(|(from, to)| (to, rounds.leaves(from)));
        first.into_iter().for_each(|(to, round)| rounds.arrives(to, round));
        assert_eq!(rounds.total(), 1);
        let asks = rounds.leaves(a);
        rounds.arrives(b, asks);
        let answers = rounds.leaves(b);
        assert_eq!(rounds.total(), 2);
        rounds.begin();
        // It was sent in the step before.
        rounds.arrives(a, answers);
        assert_eq!(rounds.total(), 2);
        let late = rounds.leaves(a);
        rounds.arrives(b, late);
        rounds.arrives(b, late);
        assert_eq!(rounds.total(), 3);
    }
}
