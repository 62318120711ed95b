//! Whole runs: with everybody honest, with silence, crashes, loss and lies.

use k256::Scalar;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use proptest::prelude::*;
use std::collections::BTreeSet;

use super::net::{DIGEST, Net, SCHEMES};
use crate::id::{Digest, NodeId, RequestId};
use crate::key::eth_address;
use crate::signing::{CombinedSignature, Effect, Message, Scheme, combine_client};

#[test]
fn all_nodes_finish_and_the_client_combines_for_four_seven_and_ten_members() {
    for members in [4, 7, 10] {
        for scheme in SCHEMES {
            let mut net = Net::new(members, u64::from(members));
            net.authorise_all(scheme);
            net.run();
            net.assert_done(&net.ids());
            net.assert_nonces_unique();
            assert!(net.culprits().is_empty());
            let combined = combine_client(&net.parts(&net.ids()), net.roster.threshold()).unwrap();
            assert_eq!((combined.public_key, combined.digest), (net.public().point, DIGEST));
            assert_eq!(combined.signature, net.done(NodeId(1)).unwrap().1);
        }
    }
}

#[test]
fn an_ecdsa_signature_of_the_network_recovers_to_the_keys_address() {
    let mut net = Net::new(7, 1);
    net.authorise_all(Scheme::EcdsaK256);
    net.run();
    let (_, signature) = net.done(NodeId(3)).unwrap();
    let bytes = signature.bytes();
    let parsed = Signature::from_slice(&bytes[..64]).unwrap();
    let id = RecoveryId::from_byte(bytes[64]).unwrap();
    let key = VerifyingKey::recover_from_prehash(&DIGEST.0, &parsed, id).unwrap();
    assert_eq!(eth_address(&(*key.as_affine()).into()), net.public().eth_address());
}

#[test]
fn a_schnorr_signature_of_the_network_verifies_by_frost() {
    let mut net = Net::new(7, 1);
    net.authorise_all(Scheme::SchnorrK256Sha256);
    net.run();
    let (_, signature) = net.done(NodeId(3)).unwrap();
    assert!(matches!(signature, CombinedSignature::Schnorr { .. }));
    let parsed = frost_secp256k1::Signature::deserialize(&signature.bytes()).unwrap();
    frost_secp256k1::VerifyingKey::new(net.public().point).verify(&DIGEST.0, &parsed).unwrap();
}

#[test]
fn presignatures_made_ahead_are_used_and_made_again() {
    let mut net = Net::with(4, 3, |params| params.pool_per_set = 2);
    for id in net.ids() {
        let key = net.peers[&id].key.clone();
        net.on(id, |signers, env, fx| signers.on_key(&key, env, fx));
    }
    net.run();
    let starts = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = starts.clone();
    net.tamper = Box::new(move |_, _, message| {
        if matches!(message, Message::PresignStart(_)) {
            counted.set(counted.get() + 1);
        }
        vec![message]
    });
    for id in net.ids() {
        net.authorise(id, Scheme::EcdsaK256, DIGEST);
    }
    while net.ids().iter().any(|id| net.done(*id).is_none()) {
        assert!(net.step());
    }
    // The one that was used is replaced, with two messages; none had to be made on demand.
    net.run();
    net.assert_nonces_unique();
    assert_eq!(starts.get(), 2);
}

#[test]
fn many_requests_at_once_never_share_a_presignature() {
    for pooled in [0, 1, 3] {
        let mut net = Net::with(4, 9, |params| params.pool_per_set = pooled);
        for request in 0..12 {
            for id in net.ids() {
                net.authorise_request(id, RequestId([request; 32]), Scheme::EcdsaK256, DIGEST);
            }
        }
        net.run();
        assert!(net.culprits().is_empty());
        net.assert_nonces_unique();
        for peer in net.peers.values() {
            let done = peer.effects.iter().filter(|effect| matches!(effect, Effect::Done { .. }));
            assert_eq!(done.count(), 12);
        }
    }
}

#[test]
fn with_f_nodes_silent_everybody_else_finishes() {
    for members in [4, 7, 10] {
        for scheme in SCHEMES {
            for first in 1..=members {
                let mut net = Net::new(members, u64::from(first));
                let f = net.roster.faulty_max() as u16;
                net.down = (0..f).map(|i| NodeId((first + i - 1) % members + 1)).collect();
                let live: Vec<NodeId> = net.ids().into_iter().filter(|id| !net.down.contains(id)).collect();
                for id in &live {
                    net.authorise(*id, scheme, DIGEST);
                }
                net.run();
                net.assert_done(&live);
            }
        }
    }
}

#[test]
fn nodes_that_announce_but_never_answer_do_not_stop_the_others() {
    for scheme in SCHEMES {
        let mut net = Net::new(7, 5);
        net.tamper = Box::new(|from, _, message| {
            let mute = from.0 <= 2 && !matches!(message, Message::Announce(_));
            if mute { vec![] } else { vec![message] }
        });
        net.authorise_all(scheme);
        net.run();
        net.assert_done(&[3, 4, 5, 6, 7].map(NodeId));
        assert!(net.culprits().is_empty(), "silence is no proof");
    }
}

#[test]
fn digests_split_below_the_threshold_fail_with_how_many_agreed() {
    for scheme in SCHEMES {
        let mut net = Net::new(4, 2);
        for id in net.ids() {
            net.authorise(id, scheme, if id.0 <= 2 { DIGEST } else { Digest([1; 32]) });
        }
        net.run();
        for peer in net.peers.values() {
            assert!(matches!(peer.effects[..], [Effect::Failed { agreed: 2, needed: 3, .. }]));
        }
    }
}

#[test]
fn a_minority_with_another_digest_does_not_stop_the_majority() {
    for scheme in SCHEMES {
        let mut net = Net::new(7, 2);
        for id in net.ids() {
            net.authorise(id, scheme, if id.0 <= 2 { Digest([1; 32]) } else { DIGEST });
        }
        net.run();
        net.assert_done(&[3, 4, 5, 6, 7].map(NodeId));
        for odd in [1, 2] {
            assert!(net.done(NodeId(odd)).is_none());
        }
    }
}

/// Makes node 2 lie in every message that `lie` changes.
fn with_liar(scheme: Scheme, lie: fn(&mut Message)) -> Net {
    let mut net = Net::new(4, 11);
    net.tamper = Box::new(move |from, _, mut message| {
        if from == NodeId(2) {
            lie(&mut message);
        }
        vec![message]
    });
    // Late authorisation of node 4 makes sure that the liar is among the first holders.
    for id in [1, 2, 3].map(NodeId) {
        net.authorise(id, scheme, DIGEST);
    }
    for _ in 0..60 {
        net.step();
    }
    net.authorise(NodeId(4), scheme, DIGEST);
    net.run();
    net.assert_nonces_unique();
    net
}

#[test]
fn whoever_opens_wrong_presign_values_is_named_and_the_others_finish() {
    let net = with_liar(Scheme::EcdsaK256, |message| {
        if let Message::PresignShare(share) = message {
            share.opening.u += Scalar::ONE;
        }
    });
    assert_eq!(net.culprits(), BTreeSet::from([(NodeId(2), "presign")]));
    net.assert_done(&[1, 3, 4].map(NodeId));
}

#[test]
fn whoever_sends_a_wrong_share_is_named_and_the_others_finish() {
    for scheme in SCHEMES {
        let net = with_liar(scheme, |message| {
            if let Message::Share(share) = message {
                share.share.0 += Scalar::ONE;
            }
        });
        assert_eq!(net.culprits(), BTreeSet::from([(NodeId(2), "share")]));
        net.assert_done(&[1, 3, 4].map(NodeId));
    }
}

#[test]
fn a_restart_at_any_step_neither_repeats_a_nonce_nor_stops_the_others() {
    for scheme in SCHEMES {
        for step in 0..60 {
            let mut net = Net::new(4, 21);
            net.authorise_all(scheme);
            for _ in 0..step {
                net.step();
            }
            let victim = NodeId(step % 4 + 1);
            net.restart(victim);
            net.authorise(victim, scheme, DIGEST);
            net.run();
            net.assert_done(&net.ids());
            net.assert_nonces_unique();
        }
    }
}

#[test]
fn a_node_that_authorises_after_the_others_have_finished_gets_the_signature() {
    for scheme in SCHEMES {
        let mut net = Net::new(4, 6);
        for id in [1, 2, 3].map(NodeId) {
            net.authorise(id, scheme, DIGEST);
        }
        net.run();
        net.assert_done(&[1, 2, 3].map(NodeId));
        net.authorise(NodeId(4), scheme, DIGEST);
        net.run();
        net.assert_done(&net.ids());
        assert_eq!(net.done(NodeId(4)).unwrap().0[0].share, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_loss_and_restarts_every_live_authorised_node_finishes(
        members in 4u16..=10,
        seed: u64,
        scheme in 0usize..3,
        loss in 0u32..8,
        haste in 0u32..5,
        crash_at in 0usize..200,
        again: bool,
        pooled in 0usize..2,
    ) {
        let scheme = SCHEMES[scheme];
        let mut net = Net::with(members, seed, |params| params.pool_per_set = pooled);
        let f = net.roster.faulty_max() as u16;
        let victims: Vec<NodeId> = (0..f).map(|i| NodeId((seed as u16 % members + i) % members + 1)).collect();
        net.loss = loss;
        net.haste = haste;
        net.authorise_all(scheme);
        for _ in 0..crash_at {
            net.step();
        }
        let finished: Vec<NodeId> = victims.iter().copied().filter(|v| net.done(*v).is_some()).collect();
        for victim in &victims {
            net.restart(*victim);
            if again {
                net.authorise(*victim, scheme, DIGEST);
            }
        }
        // The network becomes reliable after a while.
        for _ in 0..500 {
            net.step();
        }
        net.loss = 0;
        net.haste = 0;
        net.run();
        let live: Vec<NodeId> =
            net.ids().into_iter().filter(|id| again || !victims.contains(id) || finished.contains(id)).collect();
        net.assert_done(&live);
        net.assert_nonces_unique();
        prop_assert!(net.culprits().is_empty());
    }

    #[test]
    fn a_client_that_hears_from_all_nodes_always_finds_one_complete_proposal(
        members in 4u16..=7, seed: u64, scheme in 0usize..3, loss in 0u32..20, haste in 0u32..30,
    ) {
        // Time that does not wait for messages must not use up all attempts.
        let mut net = Net::with(members, seed, |params| (params.attempts_max, params.deadline_ms) = (1_000, u64::MAX));
        net.loss = loss;
        net.haste = haste;
        net.authorise_all(SCHEMES[scheme]);
        for _ in 0..300 {
            net.step();
        }
        net.loss = 0;
        net.haste = 0;
        net.run();
        net.assert_done(&net.ids());
        net.assert_nonces_unique();
        prop_assert!(net.culprits().is_empty());
        prop_assert!(combine_client(&net.parts(&net.ids()), net.roster.threshold()).is_ok());
    }
}
