//! No key is routed without the votes of a threshold of different validators.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::chain::ChainEvent;
use lit_node::id::{Digest, KeyId, NodeId};

use super::{Facts, Oracle, Violation};

/// A key that the chain routes, and who had voted for just that by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// The key.
    pub key: KeyId,
    /// How often the network had been begun anew before.
    pub resets: usize,
    /// The addresses that had voted for the key with the same data, each once.
    pub voters: BTreeSet<[u8; 20]>,
}

impl Routing {
    /// Every routing in the home chain's events after so many resets of the network, which come in the chain's order. The number of votes that the contract
    /// has counted is not looked at.
    pub fn all(resets: usize, events: &[ChainEvent]) -> Vec<Self> {
        let mut voters: BTreeMap<(KeyId, Digest), BTreeSet<[u8; 20]>> = BTreeMap::new();
        let mut routings = Vec::new();
        for event in events {
            match event {
                ChainEvent::RoutingVote { key, validator, key_data, .. } => {
                    voters.entry((*key, *key_data)).or_default().insert(*validator);
                }
                ChainEvent::KeyRouted { key, key_data, .. } | ChainEvent::NetworkKeyRouted { key, key_data, .. } => {
                    let voters = voters.get(&(*key, *key_data)).cloned().unwrap_or_default();
                    routings.push(Self { key: *key, resets, voters });
                }
                _ => {}
            }
        }
        routings
    }
}

/// Counts, for each key that the chain routes, the validators that had voted for it.
#[derive(Default)]
pub struct RoutingSoundness;

impl RoutingSoundness {
    /// The name in reports.
    pub const NAME: &'static str = "routing-soundness";
}

impl Oracle for RoutingSoundness {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.routings.len() as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let validators = |routing: &Routing| -> Vec<NodeId> {
            let roster = facts.chain_after(routing.resets).roster();
            routing.voters.iter().filter_map(|one| roster.by_address(one)).collect()
        };
        let votes = |routing: &Routing| validators(routing).len();
        let short = facts.routings.iter().filter(|routing| votes(routing) < facts.threshold);
        short
            .map(|routing| Violation {
                oracle: Self::NAME,
                at: facts.at,
                nodes: validators(routing),
                detail: format!(
                    "the chain routes key {} by the votes of {} validators, {} are needed",
                    routing.key.short(),
                    votes(routing),
                    facts.threshold
                ),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;

    const KEY: KeyId = KeyId([8; 32]);
    const DATA: Digest = Digest([1; 32]);
    /// The one validator of the roster that oracles' tests have.
    const VALIDATOR: [u8; 20] = [1; 20];

    fn vote(validator: [u8; 20], key_data: Digest) -> ChainEvent {
        ChainEvent::RoutingVote { key: KEY, validator, key_data, votes: 9 }
    }

    fn routed(key_data: Digest) -> ChainEvent {
        ChainEvent::KeyRouted { key: KEY, public_key: [4; 65], key_data }
    }

    fn judged(threshold: usize, events: &[ChainEvent]) -> usize {
        let (witness, routings) = (witness(), Routing::all(0, events));
        RoutingSoundness.judge(&Facts { threshold, routings, ..facts(&witness) }).len()
    }

    #[test]
    fn a_key_is_routed_by_a_threshold_of_validators_that_voted_for_it_before() {
        assert_eq!(judged(1, &[vote(VALIDATOR, DATA), routed(DATA)]), 0);
        assert_eq!(judged(1, &[routed(DATA), vote(VALIDATOR, DATA)]), 1, "a vote that comes later");
        assert_eq!(judged(1, &[vote(VALIDATOR, Digest([2; 32])), routed(DATA)]), 1, "a vote for other data");
        assert_eq!(judged(1, &[vote([7; 20], DATA), routed(DATA)]), 1, "a vote of nobody's");
        assert_eq!(judged(1, &[]), 0);
    }

    #[test]
    fn repeated_votes_of_one_validator_are_one_whatever_the_contract_counted() {
        let repeated = [vote(VALIDATOR, DATA), vote(VALIDATOR, DATA), vote(VALIDATOR, DATA), routed(DATA)];
        assert_eq!(judged(2, &repeated), 1);
        assert_eq!(Routing::all(0, &repeated)[0].voters.len(), 1);
    }
}
