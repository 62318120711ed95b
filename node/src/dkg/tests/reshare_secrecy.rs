//! What a coalition learns that has some nodes of the old set, some of the new one, and a record of every letter.
//!
//! All that is dealt is linear in the old polynomial's coefficients and in the fresh coefficients of each dealer.

use super::*;
use crate::testing::span::{Form, Span, powers};
use std::collections::BTreeSet;

const OLD: std::ops::RangeInclusive<u16> = 1..=4;
const NEW: std::ops::RangeInclusive<u16> = 3..=9;
const K_OLD: u16 = 3;
const K_NEW: u16 = 5;

/// F(j), as a form in F's coefficients and every dealer's fresh ones.
fn old_share(j: u16) -> Form {
    let mut form = powers(j, K_OLD);
    form.resize(usize::from(K_OLD + OLD.count() as u16 * (K_NEW - 1)), Scalar::ZERO);
    form
}

/// g_j(i) = F(j) + b_1 i + b_2 i^2 + ...
fn dealt(j: u16, i: u16) -> Form {
    let mut form = old_share(j);
    let start = usize::from(K_OLD + (j - 1) * (K_NEW - 1));
    form[start..start + usize::from(K_NEW - 1)].copy_from_slice(&powers(i, K_NEW)[1..]);
    form
}

/// A handover that everybody watched: the old shares, and every letter.
fn recorded() -> (World, BTreeMap<NodeId, KeyShare>) {
    let mut made = World::of(Committee::numbered(1, OLD, K_OLD), None);
    made.open_all();
    made.run(1);
    let shares: BTreeMap<_, _> = OLD.map(NodeId).map(|id| (id, made.key_share(id).clone())).collect();
    let public = shares[&NodeId(1)].public.clone();
    let from = Rc::new(Handover { roster: made.committee.roster.clone(), public });
    let old = Old { committee: made.committee, from, shares: shares.clone() };
    let mut net = World::of(Committee::numbered(2, NEW, K_NEW), Some(old));
    net.open_all();
    net.run(2);
    (net, shares)
}

/// What the nodes of the coalition can open of everything that was sent: tries each of their keys on each ciphertext.
fn opened(net: &World, old: &[u16], new: &[u16]) -> BTreeMap<(u16, u16), Scalar> {
    let from = Rc::clone(&net.old.as_ref().expect("a resharing").from);
    let context = Context::handover(net.params.session, &net.committee.roster, from, &mut Meter::default());
    let old_keys = old.iter().map(|id| net.old.as_ref().expect("a resharing").committee.decryption(NodeId(*id)));
    let keys: Vec<_> = old_keys.chain(new.iter().map(|id| net.committee.decryption(NodeId(*id)))).collect();
    let mut opened = BTreeMap::new();
    let sent = net.wire.iter().filter_map(|message| match message {
        Message::Dealing(dealing) => Some((dealing.digest(), &**dealing)),
        Message::Fetched(signed) => Some((signed.body.digest(), &signed.body)),
        Message::Ack(_) | Message::Fetch { .. } => None,
    });
    let dealings: BTreeMap<_, &Dealing> = sent.collect();
    for dealing in dealings.values() {
        for (recipient, key) in NEW.flat_map(|i| keys.iter().map(move |key| (i, key))) {
            if let Ok(share) = dealing.open_share(&context, NodeId(recipient), key, &mut Meter::default()) {
                opened.insert((dealing.dealer.0, recipient), *share);
            }
        }
    }
    opened
}

/// Everything that the coalition knows.
fn known(old: &[u16], opened: &BTreeMap<(u16, u16), Scalar>) -> Span {
    let mut forms: Vec<Form> = old.iter().map(|j| old_share(*j)).collect();
    // A corrupted dealer knows its whole polynomial.
    forms.extend(old.iter().flat_map(|j| (1..K_NEW).map(|i| dealt(*j, i))));
    forms.extend(opened.keys().map(|(j, i)| dealt(*j, *i)));
    Span::of(forms)
}

#[test]
fn f_nodes_of_the_old_set_and_f_of_the_new_one_with_the_whole_record_learn_nothing_of_the_key() {
    let (net, shares) = recorded();
    let secret = old_share(0);
    // The sets of f, then of one fewer than the threshold, in both epochs at once; a node of both sets is corrupted in
    // the new epoch only, when its old share is gone.
    for (old, new) in [(&[1][..], &[4, 5][..]), (&[1, 2], &[3, 4, 5, 6]), (&[], &[6, 7, 8, 9]), (&[2, 4], &[])] {
        let opened = opened(&net, old, new);
        let readable: BTreeSet<u16> = opened.keys().map(|(_, recipient)| *recipient).collect();
        assert_eq!(readable, new.iter().copied().collect(), "each key opens its owner's shares and no others");
        assert!(!known(old, &opened).determines(&secret), "{old:?} and {new:?}");
        // The attempt itself: the shares that they have do not interpolate to the key.
        let held: Vec<_> = old.iter().map(|id| (NodeId(*id), shares[&NodeId(*id)].secret)).collect();
        assert_ne!(ProjectivePoint::GENERATOR * interpolate(&held), shares[&NodeId(1)].public.point);
    }
}

#[test]
fn a_threshold_of_either_set_determines_the_key() {
    let (net, shares) = recorded();
    let (secret, key) = (old_share(0), shares[&NodeId(1)].public.point);
    assert!(known(&[1, 2, 3], &BTreeMap::new()).determines(&secret));
    let opened = opened(&net, &[], &[3, 5, 6, 8, 9]);
    assert!(known(&[], &opened).determines(&secret));
    let dealers = nodes_of_qual(&net);
    let weights = dealers.iter().map(|j| (*j, curve::lagrange_at_zero::<Scalar>(&dealers, *j)));
    let weights: Vec<(NodeId, Scalar)> = weights.collect();
    let new_share = |i: u16| -> Scalar { weights.iter().map(|(j, weight)| *weight * opened[&(j.0, i)]).sum() };
    let new_shares: Vec<_> = [3, 5, 6, 8, 9].map(|i| (NodeId(i), new_share(i))).to_vec();
    assert_eq!(ProjectivePoint::GENERATOR * interpolate(&new_shares), key, "what they dealt adds up to the key");
}

/// The first k certified dealers.
fn nodes_of_qual(net: &World) -> Vec<NodeId> {
    net.board.iter().map(|(dealer, _)| *dealer).take(K_OLD.into()).collect()
}
