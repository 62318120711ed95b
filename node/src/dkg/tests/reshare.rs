//! Handing a key over to another set: over both curves, with liars in each step and crashes at any point.

use super::liars::Liar;
use super::*;
use proptest::prelude::{ProptestConfig, proptest};
use std::collections::BTreeSet;

/// Runs a check over secp256k1 and over BLS12-381.
macro_rules! over_both_curves {
    ($check:ident) => {{
        $check::<ProjectivePoint>();
        $check::<Bls12381>();
    }};
}

fn nodes(ids: impl IntoIterator<Item = u16>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
}

/// The holders of a fresh key.
fn holders<P: KeyCurve>(committee: Committee) -> Old<P> {
    let threshold = committee.roster.threshold() as u16;
    let polynomial = SecretPolynomial::<P>::random(threshold, &mut ChaCha20Rng::seed_from_u64(8));
    let commitments = polynomial.commit();
    let members: Vec<NodeId> = committee.roster.ids().collect();
    let epoch = committee.roster.epoch();
    let public = PublicKey { epoch, threshold, point: commitments[0], commitments, members };
    let share = |id| KeyShare { public: public.clone(), holder: id, secret: polynomial.evaluate(id) };
    let shares = committee.roster.ids().map(|id| (id, share(id))).collect();
    let from = Rc::new(Handover { roster: committee.roster.clone(), public });
    Old { committee, from, shares }
}

/// Nodes 1 to 4 (k = 3) hand over to nodes 3 to 9 (k = 5): nodes 3 and 4 are in both sets.
fn net<P: KeyCurve>() -> Net<P> {
    Net::of(Committee::numbered(2, 3..=9, 5), Some(holders(Committee::numbered(1, 1..=4, 3))))
}

fn context<P: KeyCurve>(net: &Net<P>) -> Context<P> {
    let from = Rc::clone(&net.old.as_ref().expect("a resharing").from);
    Context::handover(net.params.session, &net.committee.roster, from, &mut Meter::default())
}

/// A dealing of `dealer` as it should be, but of its share plus `shift`, and with wrong shares for `victims`.
fn dealing<P: KeyCurve>(net: &Net<P>, dealer: NodeId, shift: P::Scalar, seed: u64, victims: &[NodeId]) -> Dealing<P> {
    let secret = net.old.as_ref().expect("a resharing").shares[&dealer].secret + shift;
    net.committee.spoilt(&context(net), dealer, Some(secret), seed, victims)
}

/// Checks that `ids` hold shares of the old key.
#[track_caller]
fn handed_over<P: KeyCurve>(net: &Net<P>, ids: &[NodeId]) {
    let shares = net.agreed_shares(ids);
    let old = net.old.as_ref().expect("a resharing");
    assert_eq!(shares[0].public.point, old.from.public.point, "the key is the same");
    assert_eq!(shares[0].public.epoch, net.committee.roster.epoch());
    assert_eq!(shares[0].public.commitments.len(), net.committee.roster.threshold());
    let mut mixed: Vec<_> = shares[1..].iter().map(|share| (share.holder, share.secret)).collect();
    mixed.truncate(net.committee.roster.threshold() - 1);
    mixed.extend(old.shares.iter().find(|(id, _)| !ids.contains(id)).map(|(id, share)| (*id, share.secret)));
    assert_ne!(P::generate(&interpolate(&mixed)), old.from.public.point, "old and new shares do not add up");
}

#[track_caller]
fn all_name<P: KeyCurve>(net: &Net<P>, ids: &[NodeId], expected: &[(NodeId, &str)]) {
    for id in ids {
        assert_eq!(net.named(*id), expected, "by {id}");
    }
}

fn undisturbed<P: KeyCurve>() {
    let mut net = net::<P>();
    net.open_all();
    net.run(1);
    handed_over(&net, &nodes(3..=9));
    assert!(nodes([1, 2]).iter().all(|id| net.nodes[id].end.is_none()), "who leaves gets no share");
    all_name(&net, &nodes(1..=9), &[]);
}

#[test]
fn an_old_set_hands_its_key_over_to_a_new_one_and_the_public_key_stays() {
    over_both_curves!(undisturbed);
}

fn chained<P: KeyCurve>() {
    let mut made = Net::<P>::of(Committee::numbered(1, 1..=4, 3), None);
    made.open_all();
    made.run(1);
    let shares = made.agreed_shares(&nodes(1..=4));
    let key = shares[0].public.point;
    let mut holding = (made.committee, shares);
    // To a larger set, to a smaller and disjoint one, and to the same one again.
    for (epoch, numbers, threshold) in [(2, 2..=8, 5), (3, 11..=14, 3), (4, 11..=14, 3)] {
        let (committee, shares) = holding;
        let from = Rc::new(Handover { roster: committee.roster.clone(), public: shares[0].public.clone() });
        let old = Old { committee, from, shares: shares.into_iter().map(|share| (share.holder, share)).collect() };
        let mut net = Net::of(Committee::numbered(epoch, numbers.clone(), threshold), Some(old));
        net.open_all();
        net.run(epoch.into());
        let shares = net.agreed_shares(&nodes(numbers));
        assert_eq!(shares[0].public.point, key);
        holding = (net.committee, shares);
    }
}

#[test]
fn a_generated_key_is_handed_over_again_and_again() {
    over_both_curves!(chained);
}

fn silent<P: KeyCurve>() {
    let mut net = net::<P>();
    for id in nodes([1, 8, 9]) {
        net.nodes.get_mut(&id).expect("a node").is_puppet = true;
    }
    net.open_all();
    net.run(2);
    handed_over(&net, &nodes(3..=7));
    all_name(&net, &nodes(3..=7), &[]);
}

#[test]
fn f_old_holders_and_f_new_members_that_stay_silent_stop_nothing_and_are_not_named() {
    over_both_curves!(silent);
}

fn other_secret<P: KeyCurve>() {
    let mut net = net::<P>();
    let liar = NodeId(2);
    let wrong = dealing(&net, liar, P::Scalar::ONE, 1, &[]);
    assert_eq!(wrong.verify_public(&context(&net), &Memo::off(), &mut Meter::default()), Err(Flaw::OtherShare));
    net.lie(liar, Liar { dealing: Some(wrong), ..Liar::default() });
    net.open_all();
    net.run(3);
    handed_over(&net, &nodes(3..=9));
    assert!(net.board.iter().all(|(dealer, _)| *dealer != liar), "nobody acknowledges it");
    all_name(&net, &nodes(3..=9), &[(liar, "gave an invalid dealing")]);
}

#[test]
fn a_holder_that_deals_another_secret_than_its_share_is_left_out_and_named() {
    over_both_curves!(other_secret);
}

/// +d and -d would cancel in a sum; here both are seen to be no shares of the key.
fn cancelling<P: KeyCurve>() {
    let mut net = Net::<P>::of(Committee::numbered(2, 3..=9, 5), Some(holders(Committee::numbered(1, 1..=7, 5))));
    for (liar, shift) in [(NodeId(1), P::Scalar::ONE), (NodeId(2), -P::Scalar::ONE)] {
        let wrong = dealing(&net, liar, shift, 1, &[]);
        net.lie(liar, Liar { dealing: Some(wrong), ..Liar::default() });
    }
    net.open_all();
    net.run(4);
    handed_over(&net, &nodes(3..=9));
    for id in nodes(3..=9) {
        let named: BTreeSet<NodeId> = net.named(id).into_iter().map(|(node, _)| node).collect();
        assert_eq!(named, BTreeSet::from([NodeId(1), NodeId(2)]));
    }
}

#[test]
fn two_dealers_whose_lies_cancel_are_both_left_out() {
    over_both_curves!(cancelling);
}

fn bad_share<P: KeyCurve>() {
    let mut net = net::<P>();
    net.lie_by_dealing(NodeId(1), &nodes([5, 6]));
    net.open_all();
    net.run(5);
    handed_over(&net, &nodes(3..=9));
    assert!(net.board.iter().any(|(dealer, _)| *dealer == NodeId(1)), "n - f members certified it");
    all_name(&net, &nodes(3..=9), &[(NodeId(1), "gave a bad share")]);
}

#[test]
fn an_old_holder_that_gives_bad_shares_is_left_out_and_named_and_its_victims_get_shares() {
    over_both_curves!(bad_share);
}

fn equivocation<P: KeyCurve>() {
    let mut net = net::<P>();
    let (liar, fooled) = (NodeId(1), BTreeSet::from([NodeId(7)]));
    let second = Some((fooled, dealing(&net, liar, P::Scalar::ZERO, 7, &[])));
    let first = Some(dealing(&net, liar, P::Scalar::ZERO, 6, &[]));
    net.lie(liar, Liar { dealing: first, second, ..Liar::default() });
    net.open_all();
    net.run(6);
    handed_over(&net, &nodes(3..=9));
    let named: Vec<_> = nodes(3..=9).into_iter().flat_map(|id| net.named(id)).collect();
    assert!(!named.is_empty(), "somebody has seen both");
    assert!(named.iter().all(|name| *name == (liar, "gave two different dealings")), "{named:?}");
}

#[test]
fn an_old_holder_that_deals_twice_keeps_nobody_from_a_share_and_nobody_else_is_named() {
    over_both_curves!(equivocation);
}

fn false_complaint<P: KeyCurve>() {
    let mut net = net::<P>();
    let liar = NodeId(8);
    net.lie(liar, Liar { accuses: BTreeSet::from([NodeId(1), NodeId(2)]), ..Liar::default() });
    net.open_all();
    net.run(7);
    handed_over(&net, &nodes(3..=9));
    all_name(&net, &nodes(3..=7), &[(liar, "made a false complaint")]);
}

#[test]
fn a_new_member_that_accuses_old_holders_falsely_is_named_and_disqualifies_nobody() {
    over_both_curves!(false_complaint);
}

fn restarted<P: KeyCurve>() {
    let mut net = net::<P>();
    for id in nodes([1, 2]) {
        net.nodes.get_mut(&id).expect("a node").is_puppet = true;
    }
    net.open_all();
    net.run(8);
    for id in nodes(3..=9) {
        assert_eq!(net.nodes[&id].end, Some(End::Restart), "{id}");
    }
    // The next attempt has another session; a dealing of this one does not pass in it.
    let stale = net.dealt[&NodeId(3)].clone();
    let old = net.old.take();
    let mut next = Net::of(net.committee, old);
    next.params = Params { session: BOARD.session(Epoch(2), 0, 1), attempt: 1, ..next.params };
    let moved = Dealing { session: next.params.session, ..stale };
    assert_eq!(moved.verify_public(&context(&next), &Memo::off(), &mut Meter::default()), Err(Flaw::Proof));
    next.open_all();
    next.run(9);
    handed_over(&next, &nodes(3..=9));
}

#[test]
fn too_few_dealers_restart_and_the_next_attempt_takes_nothing_from_the_failed_one() {
    over_both_curves!(restarted);
}

#[test]
fn a_dealing_for_a_new_key_is_none_for_an_old_one_and_strangers_cannot_deal() {
    let net = net::<ProjectivePoint>();
    let check = |dealing: &Dealing| dealing.verify_public(&context(&net), &Memo::off(), &mut Meter::default());
    let secret = net.old.as_ref().expect("a resharing").shares[&NodeId(3)].secret;
    let fresh = net.committee.context(net.params.session);
    let moved = net.committee.spoilt(&fresh, NodeId(3), Some(secret), 1, &[]);
    assert_eq!(check(&moved), Err(Flaw::Proof), "another context");
    let stranger = net.committee.spoilt(&context(&net), NodeId(5), Some(secret), 1, &[]);
    assert_eq!(check(&stranger), Err(Flaw::NotAMember), "node 5 holds no old share");
}

/// Crashes nodes at random between the steps of one attempt; whether the key was handed over in it.
fn with_crashes<P: KeyCurve>(seed: u64) -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut net = net::<P>();
    net.open_all();
    let ids = net.ids();
    let mut crashes = 6;
    for _ in 0..3000 {
        let dice = rng.next_u64();
        let id = ids[(dice >> 8) as usize % ids.len()];
        let is_up = net.nodes[&id].session.is_some();
        match dice % 100 {
            0..3 if is_up && crashes > 0 => {
                crashes -= 1;
                net.crash(id);
            }
            3..20 if !is_up => net.open(id),
            20..40 => drop(net.read_board(id)),
            40..90 if !net.mail.is_empty() => {
                let index = (dice >> 16) as usize % net.mail.len();
                net.deliver(index);
            }
            _ => drop(net.mail.is_empty() && net.pass_time()),
        }
    }
    for id in ids {
        if net.nodes[&id].session.is_none() {
            net.open(id);
        }
    }
    net.wait(&mut rng);
    net.run(seed);
    let members = nodes(3..=9);
    if members.iter().all(|id| net.nodes[id].end == Some(End::Restart)) {
        return false;
    }
    handed_over(&net, &members);
    true
}

#[test]
fn most_attempts_with_crashes_hand_the_key_over_all_the_same() {
    let handed = (0..4).filter(|seed| with_crashes::<ProjectivePoint>(*seed)).count();
    let network = (0..2).filter(|seed| with_crashes::<Bls12381>(*seed)).count();
    assert!(handed >= 2 && network >= 1, "{handed} of 4, {network} of 2");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nodes_that_crash_at_any_point_sign_nothing_twice_and_all_come_to_one_end(seed: u64) {
        with_crashes::<ProjectivePoint>(seed);
    }
}
