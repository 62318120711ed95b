//! Handing a key over while f of the old holders and f of the new ones lie at once, each in its own way.

use super::random_liars::{dealers_lie, recipients_lie, run_with};
use super::*;
use proptest::prelude::{ProptestConfig, proptest};
use std::collections::BTreeSet;

/// So many of these, at random.
fn drawn(from: &[NodeId], count: usize, rng: &mut ChaCha20Rng) -> BTreeSet<NodeId> {
    let mut drawn = BTreeSet::new();
    while drawn.len() < count {
        drawn.insert(from[rng.next_u64() as usize % from.len()]);
    }
    drawn
}

/// 4 hand over to 7, or 7 to 10, or 4 to 4; some are in both sets.
fn handed_over<P: KeyCurve>(size: usize, seed: u64) {
    let (old, new) = [(1..=4, 3..=9), (1..=7, 4..=13), (1..=4, 2..=5)][size].clone();
    let k = |set: &std::ops::RangeInclusive<u16>| (2 * set.clone().count() as u16).div_ceil(3);
    let old = Old::<P>::generated(Committee::numbered(1, old.clone(), k(&old)));
    let (point, epoch) = (old.from.public.point, Epoch(2));
    let mut net = Net::of(Committee::numbered(epoch.0, new.clone(), k(&new)), Some(old));
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let recipients: Vec<NodeId> = new.map(NodeId).collect();
    let from = net.old.as_ref().expect("a resharing");
    let dealers: Vec<NodeId> = from.committee.roster.ids().collect();
    let lying_dealers = drawn(&dealers, from.committee.roster.faulty_max(), &mut rng);
    // A liar of both sets counts in both.
    let in_both = lying_dealers.iter().filter(|id| recipients.contains(id)).count();
    let arrivals: Vec<NodeId> = recipients.iter().copied().filter(|id| !dealers.contains(id)).collect();
    let room = net.committee.roster.faulty_max().saturating_sub(in_both);
    let lying_recipients = drawn(&arrivals, room, &mut rng);
    let is_honest = |id: &NodeId| !lying_dealers.contains(id) && !lying_recipients.contains(id);
    let honest: Vec<NodeId> = recipients.into_iter().filter(is_honest).collect();
    let mut lies = BTreeMap::new();
    for id in &lying_dealers {
        lies.insert(*id, dealers_lie(&net, *id, &honest, &mut rng));
    }
    for id in &lying_recipients {
        lies.insert(*id, recipients_lie(&dealers, &mut rng));
    }
    run_with(&mut net, lies, &honest, &mut rng);
    let shares = net.agreed_shares(&honest);
    assert_eq!((shares[0].public.point, shares[0].public.epoch), (point, epoch), "the key is the same");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_f_liars_in_both_sets_the_key_is_handed_over_and_exactly_those_whose_lies_can_be_proved_are_named(
        size in 0..3_usize, seed: u64,
    ) {
        handed_over::<ProjectivePoint>(size, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn so_is_the_networks_key(size in 0..3_usize, seed: u64) {
        handed_over::<Bls12381>(size, seed);
    }
}
