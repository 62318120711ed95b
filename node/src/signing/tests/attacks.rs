//! What a Byzantine coordinator, holder or node on the wire may try.

use k256::Scalar;
use proptest::prelude::*;
use rand_core::RngCore;
use std::collections::BTreeMap;

use super::net::{DIGEST, Net, Parcel, SCHEMES, identity};
use crate::id::{Boot, Digest, NodeId};
use crate::meter::Meter;
use crate::note::Note;
use crate::signing::{
    Announce, CombineError, Effect, Fresh, Message, Propose, Scheme, Share, ShareScalar, combine_client,
};
use crate::wire::{FRAME_BYTES_MAX, Signed, decode};

/// A network in which the honest coordinator's first proposals are caught before they arrive.
pub(super) fn with_caught_proposal(scheme: Scheme) -> (Net, NodeId, Propose) {
    let mut net = Net::new(4, 1);
    net.authorise_all(scheme);
    loop {
        assert!(net.step());
        let of = |parcel: &Parcel| match parcel {
            Parcel::Message { from, bytes, .. } => match decode::<Message>(bytes, FRAME_BYTES_MAX) {
                Ok(Message::Propose(propose)) => Some((*from, propose)),
                _ => None,
            },
            _ => None,
        };
        if let Some((from, propose)) = net.under_way.iter().find_map(|(_, parcel)| of(parcel)) {
            // Presigning ends everywhere before any proposal is judged.
            let is_proposal = |parcel: &Parcel| of(parcel).is_some();
            let (held, rest) = std::mem::take(&mut net.under_way).into_iter().partition(|(_, p)| is_proposal(p));
            net.under_way = rest;
            while !net.under_way.is_empty() {
                net.step();
            }
            net.under_way = held;
            return (net, from, propose);
        }
    }
}

fn issued(net: &Net, id: NodeId) -> usize {
    net.peers[&id].notes.iter().filter(|note| matches!(note, Note::ShareIssued { .. })).count()
}

/// A holder other than the coordinator.
pub(super) fn other_holder(coordinator: NodeId, propose: &Propose) -> NodeId {
    propose.announcements.iter().map(|a| a.signer).find(|h| *h != coordinator).unwrap()
}

/// Delivers `propose` from `from` to a holder that has seen none.
pub(super) fn judge(net: &mut Net, from: NodeId, to: NodeId, propose: &Propose) {
    net.under_way.clear();
    net.post(from, to, &Message::Propose(propose.clone()));
    net.step();
}

#[test]
fn a_proposal_is_answered_once_even_if_it_comes_again() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        for _ in 0..3 {
            judge(&mut net, coordinator, holder, &propose);
        }
        assert_eq!(issued(&net, holder), 1);
        assert!(net.culprits().is_empty(), "the same proposal again is no contradiction");
        net.assert_nonces_unique();
    }
}

#[test]
fn a_restarted_coordinator_takes_up_nothing_that_was_announced_to_its_earlier_run() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        judge(&mut net, coordinator, holder, &propose);
        net.restart(coordinator);
        net.authorise(coordinator, scheme, DIGEST);
        // What a channel had not seen acknowledged it delivers to the new run. With the nonces of a proposal that was
        // answered, an honest coordinator would prove itself a liar.
        for announce in propose.announcements.iter().filter(|a| ![coordinator, holder].contains(&a.signer)) {
            net.post(announce.signer, coordinator, &Message::Announce(announce.body.clone()));
        }
        net.run();
        assert!(net.dropped(coordinator, "an announcement for another boot of the coordinator"));
        assert!(net.culprits().is_empty(), "{:?}", net.culprits());
        net.assert_done(&net.ids());
        net.assert_nonces_unique();
    }
}

#[test]
fn a_holder_that_offers_nonces_again_that_were_proposed_makes_no_liar_of_its_coordinator() {
    for scheme in [Scheme::SchnorrK256Sha256, Scheme::SchnorrK256Bip340] {
        let mut net = Net::with(4, 1, |params| params.attempts_max = 1);
        net.authorise_all(scheme);
        let coordinator = net.peers[&NodeId(1)].signers.progress()[0].coordinator;
        let mut others = net.ids().into_iter().filter(|id| *id != coordinator);
        let (liar, absent) = (others.next().unwrap(), others.next().unwrap());
        net.down.insert(absent);
        net.under_way.retain(|(_, parcel)| !matches!(parcel, Parcel::Message { from, .. } if *from == absent));
        let proposals = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = proposals.clone();
        net.tamper = Box::new(move |from, to, message| {
            if let Message::Propose(propose) = &message
                && to == liar
            {
                seen.borrow_mut().push(propose.clone());
            }
            if from == liar { vec![] } else { vec![message] }
        });
        while proposals.borrow().is_empty() {
            assert!(net.step());
        }
        let used = proposals.borrow()[0].announcements.iter().find(|a| a.signer == liar).unwrap().body.clone();
        let Fresh::Nonces(mut nonces) = used.fresh.clone() else { panic!("nonces") };
        nonces.hiding += k256::ProjectivePoint::GENERATOR;
        let other =
            Announce { turn: used.turn + 1, serial: used.serial + 1, fresh: Fresh::Nonces(nonces), ..used.clone() };
        for body in [&other, &used] {
            net.post(liar, coordinator, &Message::Announce(body.clone()));
            while !net.under_way.is_empty() {
                net.step();
            }
        }
        net.run();
        let all = proposals.borrow();
        assert!(all.len() > 1, "the coordinator tries again");
        assert!(!all.iter().any(|one| all.iter().any(|two| one.contradicts(two))));
        assert!(net.culprits().is_empty(), "{:?}", net.culprits());
        net.assert_nonces_unique();
    }
}

/// The coordinator announces anew and proposes the same nonces of the others with it.
pub(super) fn contradiction(propose: &Propose, coordinator: NodeId) -> Propose {
    let mut second = propose.clone();
    let own = second.announcements.iter_mut().find(|a| a.signer == coordinator).unwrap();
    let mut body = own.body.clone();
    body.fresh = match body.fresh {
        Fresh::Bytes(_) => Fresh::Bytes([1; 32]),
        Fresh::Nonces(mut nonces) => {
            nonces.hiding += k256::ProjectivePoint::GENERATOR;
            Fresh::Nonces(nonces)
        }
    };
    *own = Signed::new(body, coordinator, &identity(coordinator), &mut Meter::default());
    second
}

#[test]
fn holders_that_were_given_contradicting_proposals_show_them_to_each_other_and_convict() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let second = contradiction(&propose, coordinator);
        let others: Vec<NodeId> =
            propose.announcements.iter().map(|a| a.signer).filter(|h| *h != coordinator).collect();
        net.under_way.clear();
        net.post(coordinator, others[0], &Message::Propose(propose.clone()));
        net.post(coordinator, others[1], &Message::Propose(second));
        net.run();
        for holder in others {
            let names = |effect: &Effect| matches!(effect, Effect::Culprit { node, .. } if *node == coordinator);
            assert_eq!(net.peers[&holder].effects.iter().filter(|effect| names(effect)).count(), 1, "{holder}");
            assert!(net.done(holder).is_some(), "{holder} signs in another attempt");
        }
        net.assert_nonces_unique();
    }
}

#[test]
fn evidence_that_the_coordinator_did_not_sign_convicts_nobody() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        judge(&mut net, coordinator, holder, &propose);
        let framing = net.ids().into_iter().find(|id| *id != coordinator && *id != holder).unwrap();
        let second = contradiction(&propose, coordinator);
        let forged = Signed::new(second, coordinator, &identity(framing), &mut Meter::default());
        net.under_way.clear();
        net.post(framing, holder, &Message::Answered(Box::new(forged)));
        net.step();
        assert!(net.dropped(holder, "a forged proposal as evidence") && net.culprits().is_empty());
    }
}

#[test]
fn of_two_proposals_for_one_nonce_the_second_is_refused_and_convicts() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        judge(&mut net, coordinator, holder, &propose);
        let second = contradiction(&propose, coordinator);
        judge(&mut net, coordinator, holder, &second);
        assert_eq!(issued(&net, holder), 1);
        assert!(net.culprits().contains(&(coordinator, "two proposals")));
    }
}

#[test]
fn a_proposal_with_a_forged_announcement_is_refused_and_convicts() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        let mut forged = propose.clone();
        let third = forged.announcements.iter_mut().find(|a| a.signer != coordinator && a.signer != holder).unwrap();
        third.signature.s[5] ^= 1;
        judge(&mut net, coordinator, holder, &forged);
        assert_eq!(issued(&net, holder), 0);
        assert!(net.culprits().contains(&(coordinator, "forged")));
        // The nonce is not lost: the right proposal is still answered.
        judge(&mut net, coordinator, holder, &propose);
        assert_eq!(issued(&net, holder), 1);
    }
}

#[test]
fn a_proposal_by_another_than_the_coordinator_is_refused() {
    for scheme in SCHEMES {
        let (mut net, coordinator, propose) = with_caught_proposal(scheme);
        let holder = other_holder(coordinator, &propose);
        let stranger = net.ids().into_iter().find(|id| *id != coordinator && *id != holder).unwrap();
        judge(&mut net, stranger, holder, &propose);
        assert_eq!(issued(&net, holder), 0);
        assert!(net.dropped(holder, "a proposal by another than the coordinator"));
        assert!(net.culprits().is_empty());
    }
}

#[test]
fn a_presignature_is_proposed_by_its_leader_only() {
    // Node 1's presignature, in an attempt whose coordinator is somebody else among its holders.
    let (mut net, coordinator, propose) = with_caught_proposal(Scheme::EcdsaK256);
    let holder = other_holder(coordinator, &propose);
    // Time passes without any message arriving, until the holder announces for an attempt that another coordinates.
    let mut announced = BTreeMap::new();
    net.under_way.clear();
    while !announced.contains_key(&holder) {
        announced.clear();
        net.now = net.ids().iter().filter_map(|id| net.peers[id].signers.deadline()).max().unwrap();
        for id in net.ids() {
            net.on(id, |signers, env, fx| signers.tick(env, fx));
        }
        for (to, parcel) in std::mem::take(&mut net.under_way) {
            let Parcel::Message { from, bytes, .. } = parcel else { continue };
            if let Ok(Message::Announce(body)) = decode::<Message>(&bytes, FRAME_BYTES_MAX) {
                announced.insert(from, (to, body));
            }
        }
    }
    let attempt = announced[&holder].1.attempt;
    assert_ne!(announced[&holder].0, coordinator);
    let next = announced[&holder].0;
    let holders: Vec<NodeId> = propose.announcements.iter().map(|a| a.signer).collect();
    let fresh = Fresh::Bytes([9; 32]);
    let session = propose.session;
    let body = |node: &NodeId| {
        let own = Announce {
            session,
            attempt,
            coordinator_boot: Boot(0),
            turn: 0,
            boot: Boot(0),
            serial: 0,
            digest: DIGEST,
            fresh: fresh.clone(),
        };
        announced.get(node).map_or(own, |(_, body)| body.clone())
    };
    let signed = |node: &NodeId| Signed::new(body(node), *node, &identity(*node), &mut Meter::default());
    let stolen = Propose { attempt, announcements: holders.iter().map(signed).collect(), ..propose.clone() };
    judge(&mut net, next, holder, &stolen);
    assert_eq!(issued(&net, holder), 0);
    assert!(net.dropped(holder, "a proposal by another than the presignature's leader"));
}

#[test]
fn a_proposal_that_differs_in_anything_from_what_the_holder_announced_is_refused() {
    for scheme in SCHEMES {
        let changes: [fn(&mut Propose, NodeId); 5] = [
            |p, _| {
                p.announcements.pop();
            },
            |p, _| p.announcements.reverse(),
            |p, me| p.announcements.iter_mut().filter(|a| a.signer != me).for_each(|a| a.body.digest = Digest([1; 32])),
            |p, me| p.announcements.iter_mut().filter(|a| a.signer == me).for_each(|a| a.body.digest = Digest([1; 32])),
            |p, _| p.presignature = p.presignature.is_none().then_some(Digest([1; 32])),
        ];
        for change in changes {
            let (mut net, coordinator, mut propose) = with_caught_proposal(scheme);
            let holder = other_holder(coordinator, &propose);
            change(&mut propose, holder);
            judge(&mut net, coordinator, holder, &propose);
            assert_eq!(issued(&net, holder), 0);
            net.run();
            assert!(net.culprits().is_empty(), "{:?}", net.culprits());
        }
    }
}

#[test]
fn a_start_with_consumed_triples_or_by_another_than_its_leader_is_refused() {
    let mut net = Net::new(4, 1);
    let starts = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let seen = starts.clone();
    net.tamper = Box::new(move |_, to, message| {
        if let Message::PresignStart(start) = &message {
            seen.borrow_mut().push((to, start.clone()));
        }
        vec![message]
    });
    net.authorise_all(Scheme::EcdsaK256);
    net.run();
    let (holder, start) = starts.borrow()[0].clone();
    let mut again = start.clone();
    (again.nonce, again.product) = (start.product, start.nonce);
    net.post(start.leader, holder, &Message::PresignStart(start.clone()));
    net.post(start.leader, holder, &Message::PresignStart(again));
    let other = net.ids().into_iter().find(|id| *id != start.leader && *id != holder).unwrap();
    net.post(other, holder, &Message::PresignStart(start));
    let before = net.peers[&holder].notes.len();
    net.run();
    let reasons: Vec<&str> = net.peers[&holder].notes[before..]
        .iter()
        .filter_map(|note| if let Note::Dropped { reason, .. } = note { Some(*reason) } else { None })
        .collect();
    let consumed = "a triple that is consumed or was never dealt";
    assert_eq!(reasons.iter().filter(|r| **r == consumed).count(), 2);
    assert!(reasons.contains(&"a malformed start of a presignature"));
    assert!(net.culprits().is_empty());
}

#[test]
fn a_signature_of_another_digest_does_not_finish_a_session() {
    let mut other = Net::new(4, 1);
    other.authorise_all(Scheme::SchnorrK256Sha256);
    let caught = std::rc::Rc::new(std::cell::RefCell::new(None));
    let seen = caught.clone();
    other.tamper = Box::new(move |_, _, message| {
        if let Message::Finished(finished) = &message {
            *seen.borrow_mut() = Some(finished.clone());
        }
        vec![message]
    });
    other.run();
    let finished = caught.borrow().clone().unwrap();
    let mut net = Net::new(4, 1);
    net.authorise(NodeId(1), Scheme::SchnorrK256Sha256, Digest([1; 32]));
    net.post(NodeId(2), NodeId(1), &Message::Finished(finished.clone()));
    net.step();
    net.step();
    assert!(net.done(NodeId(1)).is_none());
    assert!(net.dropped(NodeId(1), "no signature of this session"));
    assert!(net.culprits().is_empty());
}

#[test]
fn shares_for_unknown_proposals_are_kept_within_bounds() {
    let mut net = Net::new(4, 1);
    let session = net.authorise(NodeId(1), Scheme::EcdsaK256, DIGEST);
    for proposal in 0..20 {
        let (scheme, share) = (Scheme::EcdsaK256, ShareScalar(Scalar::ONE));
        let share = Share { session, attempt: 0, scheme, proposal: Digest([proposal; 32]), share };
        net.post(NodeId(2), NodeId(1), &Message::Share(share));
    }
    for _ in 0..25 {
        net.step();
    }
    assert!(net.dropped(NodeId(1), "too many shares for unknown proposals"));
    assert!(net.culprits().is_empty());
}

#[test]
fn a_client_refuses_mixed_proposals_wrong_shares_and_sets_below_the_threshold() {
    for scheme in SCHEMES {
        let signed = |seed| {
            let mut net = Net::new(4, seed);
            net.authorise_all(scheme);
            net.run();
            net
        };
        let (first, second) = (signed(1), signed(2));
        let threshold = first.roster.threshold();
        let parts = first.parts(&first.ids());
        assert!(combine_client(&parts, threshold).is_ok());
        // One holder's part of another proposal.
        let mut mixed = parts.clone();
        let at = mixed.iter().position(|(_, part)| part.share.is_some()).unwrap();
        mixed[at].1.proposal = Digest([9; 32]);
        let short = CombineError::Incomplete { have: threshold - 1, need: threshold };
        assert_eq!(combine_client(&mixed, threshold), Err(short));
        let mut wrong = parts.clone();
        wrong[at].1.share = wrong[at].1.share.map(|share| ShareScalar(share.0 + Scalar::ONE));
        assert_eq!(combine_client(&wrong, threshold), Err(CombineError::Invalid));
        // Somebody else's share under a holder's name counts for nothing, nor does a set that is too small.
        let outsider: Vec<_> = parts.iter().map(|(_, part)| (NodeId(99), part.clone())).collect();
        assert!(combine_client(&outsider, threshold).is_err());
        assert!(combine_client(&parts, threshold + 1).is_err());
        // Both sets of parts together are no obstacle.
        let both = [parts, second.parts(&second.ids())].concat();
        assert!(combine_client(&both, threshold).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn mutated_bytes_never_panic_and_never_make_a_wrong_signature(seed: u64, scheme in 0usize..3, often in 1u32..30) {
        let mut net = Net::with(4, seed, |params| params.attempts_max = 6);
        net.authorise_all(SCHEMES[scheme]);
        for _ in 0..400 {
            let at = net.rng.next_u32();
            let pick = net.under_way.len().checked_sub(1).map(|last| at as usize % (last + 1));
            if let (true, Some(pick)) = (net.rng.next_u32() % 100 < often, pick) {
                let flip = net.rng.next_u32() as usize;
                if let (to, Parcel::Message { from, bytes, .. }) = &mut net.under_way[pick] {
                    let position = flip / 8 % bytes.len();
                    bytes[position] ^= 1 << (flip % 8);
                    // The sender signs what it says, so that the bytes are judged and not just the signature.
                    let (to, from) = (*to, *from);
                    if let Ok(message) = decode::<Message>(&bytes.clone(), FRAME_BYTES_MAX) {
                        net.under_way.swap_remove(pick);
                        net.post(from, to, &message);
                    }
                }
            }
            net.step();
        }
        net.run();
        for (id, peer) in &net.peers {
            for effect in &peer.effects {
                if let Effect::Done { signature, .. } = effect {
                    prop_assert!(signature.verify(&net.public().point, &DIGEST), "{id}");
                }
            }
        }
        net.assert_nonces_unique();
    }
}
