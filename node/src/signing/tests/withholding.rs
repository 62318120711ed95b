//! Holders that say things to some and not to others, and leaders that pass on what nobody said.

use k256::Scalar;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;

use super::net::{DIGEST, Net, SCHEMES};
use crate::id::NodeId;
use crate::note::Note;
use crate::signing::{Message, Scheme};

/// The first `f` of all nodes, from a random one on.
fn liars(net: &Net, seed: u64) -> BTreeSet<NodeId> {
    let (n, f) = (net.ids().len() as u64, net.roster.faulty_max() as u64);
    (0..f).map(|i| NodeId(((seed + i) % n) as u16 + 1)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn holders_that_leave_out_whom_they_like_stop_nobody_and_bring_nobody_under_suspicion(
        size in 0usize..3, seed: u64, scheme in 0usize..3, persistent: bool, spoken in 1u32..100,
    ) {
        // Each attempt of a liar passes, and the first one of an honest coordinator is enough.
        let mut net = Net::with([4, 7, 10][size], seed, |params| params.attempts_max = 5);
        let liars = liars(&net, seed);
        let (all, mut rng) = (net.ids(), ChaCha20Rng::seed_from_u64(seed));
        let mut throw = move || rng.next_u32() % 100 < spoken;
        let hears: BTreeSet<(NodeId, NodeId)> =
            all.iter().flat_map(|from| all.iter().map(|to| (*from, *to))).filter(|_| throw()).collect();
        let lying = liars.clone();
        net.tamper = Box::new(move |from, to, message| {
            let is_said = if persistent { hears.contains(&(from, to)) } else { throw() };
            if is_said || !lying.contains(&from) { vec![message] } else { vec![] }
        });
        net.authorise_all(SCHEMES[scheme]);
        net.run();
        let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| !liars.contains(id)).collect();
        net.assert_done(&honest);
        net.assert_nonces_unique();
        prop_assert!(net.culprits().is_empty(), "silence is no proof");
        for id in honest {
            prop_assert!(net.suspected(id).is_subset(&liars), "{id} suspects {:?}", net.suspected(id));
        }
    }
}

#[test]
fn one_honest_coordinator_is_enough_when_a_holder_agrees_and_never_answers() {
    for scheme in SCHEMES {
        for kind in ["presign", "share"] {
            for seed in 0..12 {
                let mut net = Net::with(4, seed, |params| params.attempts_max = 1);
                let liar = NodeId(seed as u16 % 4 + 1);
                net.tamper = Box::new(move |from, _, message| {
                    let is_kept = match message {
                        Message::PresignShare(_) => kind == "presign",
                        Message::Share(_) | Message::Finished(_) => kind == "share",
                        _ => false,
                    };
                    if from != liar || !is_kept { vec![message] } else { vec![] }
                });
                let coordinator = coordinator(&mut net, scheme);
                if coordinator == liar {
                    continue;
                }
                net.run();
                let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| *id != liar).collect();
                net.assert_done(&honest);
                net.assert_nonces_unique();
            }
        }
    }
}

/// How often honest nodes have begun to suspect one of these.
fn suspicions(net: &Net, honest: &[NodeId], liars: &BTreeSet<NodeId>) -> usize {
    let is_it = |note: &&Note| matches!(note, Note::Suspected { node } if liars.contains(node));
    honest.iter().map(|id| net.peers[id].notes.iter().filter(is_it).count()).sum()
}

#[test]
fn f_holders_that_agree_never_answer_and_are_restarted_as_soon_as_somebody_suspects_them_stop_nobody() {
    // Among the next neighbours of every node there is one of them.
    for (members, liars) in [(7, &[2, 5][..]), (10, &[2, 5, 8])] {
        let liars: BTreeSet<NodeId> = liars.iter().copied().map(NodeId).collect();
        for (scheme, seed) in SCHEMES.into_iter().flat_map(|scheme| [1, 2].map(|seed| (scheme, seed))) {
            let mut net = Net::new(members, seed);
            let lying = liars.clone();
            net.tamper = Box::new(move |from, _, message| {
                let is_answer = matches!(message, Message::PresignShare(_) | Message::Share(_) | Message::Finished(_));
                if is_answer && lying.contains(&from) { vec![] } else { vec![message] }
            });
            net.authorise_all(scheme);
            let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| !liars.contains(id)).collect();
            let (mut known, mut restarts) = (0, 0);
            while net.step() {
                let now = suspicions(&net, &honest, &liars);
                if now > known {
                    (known, restarts) = (now, restarts + 1);
                    for liar in &liars {
                        net.restart(*liar);
                        net.authorise(*liar, scheme, DIGEST);
                    }
                }
                assert!(restarts < 1_000, "it goes on for ever");
            }
            net.assert_done(&honest);
            assert!(net.culprits().is_empty() && restarts > 0, "{restarts} restarts");
        }
    }
}

/// Authorises at all nodes; who coordinates the first attempt.
fn coordinator(net: &mut Net, scheme: Scheme) -> NodeId {
    net.authorise_all(scheme);
    net.peers[&NodeId(1)].signers.progress()[0].coordinator
}

#[test]
fn a_leader_that_passes_on_what_no_holder_opened_is_named_by_all_who_see_it() {
    let mut net = Net::new(4, 3);
    net.authorise_all(Scheme::EcdsaK256);
    let leader = net.peers[&NodeId(1)].signers.progress()[0].coordinator;
    net.tamper = Box::new(move |from, _, mut message| {
        if let Message::PresignOpened(opened) = &mut message
            && from == leader
        {
            let other = opened.openings.iter_mut().find(|opening| opening.signer != leader);
            other.expect("there are other holders").body.opening.u += Scalar::ONE;
        }
        vec![message]
    });
    net.run();
    assert_eq!(net.culprits(), BTreeSet::from([(leader, "forged opening")]));
    let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| *id != leader).collect();
    net.assert_done(&honest);
    let named = honest.iter().filter(|id| net.dropped(**id, "forged opened values")).count();
    assert!(named >= 2, "the leader and two others hold a presignature");
}

#[test]
fn opened_values_of_too_few_of_strangers_or_of_another_presignature_are_dropped() {
    type Change = fn(&mut crate::signing::PresignOpened);
    let changes: [Change; 4] = [
        |opened| _ = opened.openings.pop(),
        |opened| opened.openings.reverse(),
        |opened| opened.openings[0].signer = NodeId(77),
        |opened| opened.openings[1].body.presignature = DIGEST,
    ];
    for change in changes {
        let mut net = Net::new(4, 3);
        net.authorise_all(Scheme::EcdsaK256);
        let leader = net.peers[&NodeId(1)].signers.progress()[0].coordinator;
        net.tamper = Box::new(move |from, _, mut message| {
            if let Message::PresignOpened(opened) = &mut message
                && from == leader
            {
                change(opened);
            }
            vec![message]
        });
        net.run();
        assert!(net.culprits().is_empty());
        let honest: Vec<NodeId> = net.ids().into_iter().filter(|id| *id != leader).collect();
        net.assert_done(&honest);
        assert!(honest.iter().any(|id| net.dropped(*id, "opened values of other than all holders")));
    }
}
