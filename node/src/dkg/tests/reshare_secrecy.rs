//! What a coalition learns that has some nodes of the old set, some of the new one, a record of every letter, and the
//! board with its complaints.
//!
//! All that is dealt is linear in the old polynomial's coefficients and in the fresh coefficients of each dealer.

use super::liars::{FALSE_COMPLAINT, Liar};
use super::*;
use crate::testing::span::{Form, Span, powers};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Who hands over to whom, and the thresholds.
#[derive(Clone)]
struct Sets {
    old: RangeInclusive<u16>,
    k_old: u16,
    new: RangeInclusive<u16>,
    k_new: u16,
}

fn four_to_seven() -> Sets {
    Sets { old: 1..=4, k_old: 3, new: 3..=9, k_new: 5 }
}

fn seven_to_ten() -> Sets {
    Sets { old: 1..=7, k_old: 5, new: 4..=13, k_new: 7 }
}

impl Sets {
    /// F(j), as a form in F's coefficients and every dealer's fresh ones.
    fn old_share(&self, j: u16) -> Form {
        let mut form = powers(j, self.k_old);
        let fresh = self.old.clone().count() * usize::from(self.k_new - 1);
        form.resize(usize::from(self.k_old) + fresh, Scalar::ZERO);
        form
    }

    /// g_j(i) = F(j) + b_1 i + b_2 i^2 + ...
    fn dealt(&self, j: u16, i: u16) -> Form {
        let mut form = self.old_share(j);
        let start = usize::from(self.k_old + (j - 1) * (self.k_new - 1));
        form[start..start + usize::from(self.k_new - 1)].copy_from_slice(&powers(i, self.k_new)[1..]);
        form
    }

    /// Everything that the coalition knows.
    fn known(&self, old: &[u16], opened: &BTreeMap<(u16, u16), Scalar>) -> Span {
        let mut forms: Vec<Form> = old.iter().map(|j| self.old_share(*j)).collect();
        // A corrupted dealer knows its whole polynomial.
        forms.extend(old.iter().flat_map(|j| (1..self.k_new).map(|i| self.dealt(*j, i))));
        forms.extend(opened.keys().map(|(j, i)| self.dealt(*j, *i)));
        Span::of(forms)
    }

    /// A handover that everybody watched, with the complaint of `accuser` about the dealing of `accused`, if there is one.
    fn recorded(&self, complaint: Option<(u16, u16)>) -> World {
        let old = Old::generated(Committee::numbered(1, self.old.clone(), self.k_old));
        let mut net = World::of(Committee::numbered(2, self.new.clone(), self.k_new), Some(old));
        if let Some((accuser, accused)) = complaint {
            let accuses = BTreeSet::from([NodeId(accused)]);
            net.lie(NodeId(accuser), Liar { accuses, ..Liar::default() });
        }
        net.open_all();
        net.run(2);
        let bystander = self.new.clone().map(NodeId).find(|id| complaint.is_none_or(|(accuser, _)| id.0 != accuser));
        let named = net.named(bystander.expect("others")).len();
        assert_eq!((net.disputes.len(), named), (complaint.iter().count(), complaint.iter().count()));
        net
    }

    /// What the nodes of the coalition can open of everything that was sent: tries each of their keys, and each complaint
    /// on the board, on each ciphertext.
    fn opened(&self, net: &World, old: &[u16], new: &[u16]) -> BTreeMap<(u16, u16), Scalar> {
        let from = net.old.as_ref().expect("a resharing");
        let public = Rc::clone(&from.from);
        let context = Context::handover(net.params.session, &net.committee.roster, public, &mut Meter::default());
        let old_keys = old.iter().map(|id| from.committee.decryption(NodeId(*id)));
        let keys: Vec<_> = old_keys.chain(new.iter().map(|id| net.committee.decryption(NodeId(*id)))).collect();
        let complaints = net.disputes.iter().map(|(.., complaint)| decode::<Complaint>(complaint, COMPLAINT_BYTES_MAX));
        let complaints: Vec<Complaint> = complaints.map(|complaint| complaint.expect("a complaint")).collect();
        let sent = net.wire.iter().filter_map(|message| match message {
            Message::Dealing(dealing) => Some((dealing.digest(), &**dealing)),
            Message::Fetched(signed) => Some((signed.body.digest(), &signed.body)),
            Message::Ack(_) | Message::Fetch { .. } => None,
        });
        let (dealings, mut opened): (BTreeMap<_, &Dealing>, _) = (sent.collect(), BTreeMap::new());
        for dealing in dealings.values() {
            for recipient in self.new.clone() {
                let (id, meter) = (NodeId(recipient), &mut Meter::default());
                let by_key = keys.iter().find_map(|key| dealing.open_share(&context, id, key, meter).ok());
                let mut shown = complaints.iter().map(|complaint| complaint.shared.point());
                let share = by_key.or_else(|| {
                    shown.find_map(|point| dealing.open_with(&context, id, point, &mut Meter::default()).ok())
                });
                share.map(|share| opened.insert((dealing.dealer.0, recipient), *share));
            }
        }
        opened
    }

    /// Whether the coalition knows the key. Keys open what they should, and nothing else.
    fn is_key_known(&self, net: &World, old: &[u16], new: &[u16]) -> bool {
        let opened = self.opened(net, old, new);
        let shown = net.disputes.iter().map(|(dealer, _, accuser, _)| (dealer.0, accuser.0));
        let owned = self.old.clone().flat_map(|dealer| new.iter().map(move |recipient| (dealer, *recipient)));
        let readable: BTreeSet<(u16, u16)> = opened.keys().copied().collect();
        assert_eq!(readable, owned.chain(shown).collect(), "each key opens its owner's shares, each complaint one");
        self.known(old, &opened).determines(&self.old_share(0))
    }
}

#[test]
fn f_nodes_of_the_old_set_and_f_of_the_new_one_with_the_whole_record_learn_nothing_of_the_key() {
    let sets = four_to_seven();
    let net = sets.recorded(None);
    // The sets of f, then of one fewer than the threshold, in both epochs at once; a node of both sets is corrupted in
    // the new epoch only, when its old share is gone.
    for (old, new) in [(&[1][..], &[4, 5][..]), (&[1, 2], &[3, 4, 5, 6]), (&[], &[6, 7, 8, 9]), (&[2, 4], &[])] {
        assert!(!sets.is_key_known(&net, old, new), "{old:?} and {new:?}");
        // The attempt itself: the shares that they have do not interpolate to the key.
        let from = net.old.as_ref().expect("a resharing");
        let held: Vec<_> = old.iter().map(|id| (NodeId(*id), from.shares[&NodeId(*id)].secret)).collect();
        assert_ne!(ProjectivePoint::GENERATOR * interpolate(&held), from.from.public.point);
    }
}

#[test]
fn so_it_is_when_seven_hand_over_to_ten() {
    let sets = seven_to_ten();
    let net = sets.recorded(None);
    let most_of_both: (&[u16], &[u16]) = (&[1, 3, 6, 7], &[5, 8, 9, 10, 11, 12]);
    for (old, new) in [(&[1, 2][..], &[4, 8, 13][..]), (&[4, 7], &[5, 6, 10]), most_of_both] {
        assert!(!sets.is_key_known(&net, old, new), "{old:?} and {new:?}");
    }
    assert!(sets.is_key_known(&net, &[1, 2, 3, 4, 5], &[]) && sets.is_key_known(&net, &[], &[4, 5, 6, 7, 8, 9, 10]));
}

#[test]
fn a_false_complaint_opens_one_share_which_tells_f_of_both_sets_nothing_of_the_key_whoever_made_it() {
    for (sets, old, new) in [(four_to_seven(), [1, 2], [4, 5, 6]), (seven_to_ten(), [1, 2], [8, 9, 10])] {
        let (f_old, f_new) = (usize::from(sets.k_old - 1) / 2, usize::from(sets.k_new - 1) / 2);
        // One of the coalition, who tells everybody; and a node outside it, who adds what it should have kept.
        for accuser in [new[0], *sets.new.end()] {
            let net = sets.recorded(Some((accuser, 3)));
            assert!(net.named(NodeId(7)).contains(&(NodeId(accuser), FALSE_COMPLAINT)));
            assert!(!sets.is_key_known(&net, &old[..f_old], &new[..f_new]), "{accuser}");
        }
    }
    // With as many as may not be, one share more is one too many: of dealer 3 they then know all.
    let sets = four_to_seven();
    let net = sets.recorded(Some((9, 3)));
    assert!(sets.is_key_known(&net, &[1, 2], &[4, 5, 6, 7]) && !sets.is_key_known(&net, &[1], &[4, 5, 6, 7]));
    assert!(!sets.is_key_known(&sets.recorded(None), &[1, 2], &[4, 5, 6, 7]));
}

#[test]
fn a_threshold_of_either_set_determines_the_key() {
    let sets = four_to_seven();
    let net = sets.recorded(None);
    let (secret, key) = (sets.old_share(0), net.old.as_ref().expect("a resharing").from.public.point);
    assert!(sets.known(&[1, 2, 3], &BTreeMap::new()).determines(&secret));
    let opened = sets.opened(&net, &[], &[3, 5, 6, 8, 9]);
    assert!(sets.known(&[], &opened).determines(&secret));
    // Of the first k certified dealers.
    let dealers: Vec<NodeId> = net.board.iter().map(|(dealer, _)| *dealer).take(sets.k_old.into()).collect();
    let weights = dealers.iter().map(|j| (*j, curve::lagrange_at_zero::<Scalar>(&dealers, *j)));
    let weights: Vec<(NodeId, Scalar)> = weights.collect();
    let new_share = |i: u16| -> Scalar { weights.iter().map(|(j, weight)| *weight * opened[&(j.0, i)]).sum() };
    let new_shares: Vec<_> = [3, 5, 6, 8, 9].map(|i| (NodeId(i), new_share(i))).to_vec();
    assert_eq!(ProjectivePoint::GENERATOR * interpolate(&new_shares), key, "what they dealt adds up to the key");
}
