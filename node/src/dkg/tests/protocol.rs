//! Undisturbed and late runs, and what the resulting keys are good for.

use super::*;
use crate::conduct::{Decision, Secret, SecretKind};
use crate::meter::Op;
use crate::testing::span::{Span, powers};
use frost_secp256k1 as schnorr;
use frost_secp256k1::keys::dkg as frost_dkg;
use frost_secp256k1::keys::{SigningShare, VerifiableSecretSharingCommitment};
use std::cell::RefCell;
use std::rc::Rc;

#[test]
fn all_nodes_agree_on_a_key_and_hold_shares_of_it() {
    for n in [1, 4, 7] {
        let mut world = World::new(n);
        world.open_all();
        world.run(1);
        let ids = world.ids();
        let shares = world.agreed_shares(&ids);
        assert_eq!(shares[0].public.commitments.len(), world.committee.roster.threshold());
        assert_eq!(shares[0].public.members, ids);
        for id in ids {
            let notes = &world.nodes[&id].notes;
            assert_eq!(notes.len(), 2, "started and ready, nothing dropped: {notes:?}");
            assert!(matches!(&notes[1], Note::KeyReady { key, .. } if *key == shares[0].public.id()));
        }
    }
}

#[test]
fn any_threshold_of_shares_is_the_key_and_fewer_with_all_that_is_public_leave_it_open() {
    for n in [4, 7] {
        let mut world = World::new(n);
        world.open_all();
        world.run(1);
        let shares = world.agreed_shares(&world.ids());
        let public = &shares[0].public;
        let k = world.committee.roster.threshold();
        assert_eq!(public.commitments.len(), k);
        assert_ne!(public.commitments[k - 1], ProjectivePoint::IDENTITY, "of a lower degree fewer shares would do");
        let secret = powers(0, k as u16);
        for chosen in 1..1_u32 << n {
            let coalition: Vec<_> = shares.iter().filter(|share| chosen & (1 << (share.holder.0 - 1)) != 0).collect();
            let held: Vec<_> = coalition.iter().map(|share| (share.holder, share.secret)).collect();
            let is_key = ProjectivePoint::GENERATOR * interpolate(&held) == public.point;
            let known = Span::of(held.iter().map(|(holder, _)| powers(holder.0, k as u16)));
            assert_eq!((is_key, known.determines(&secret)), (held.len() >= k, held.len() >= k), "{chosen:b} of {n}");
        }
    }
}

fn frost_signs(shares: &[KeyShare], message: &[u8]) -> bool {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let packages: BTreeMap<_, _> =
        shares.iter().map(|share| (frost::identifier(share.holder), frost::key_package(share))).collect();
    let (mut nonces, mut commitments) = (BTreeMap::new(), BTreeMap::new());
    for (id, package) in &packages {
        let (nonce, commitment) = schnorr::round1::commit(package.signing_share(), &mut rng);
        nonces.insert(*id, nonce);
        commitments.insert(*id, commitment);
    }
    let signing = schnorr::SigningPackage::new(commitments, message);
    let parts = packages
        .iter()
        .map(|(id, package)| (*id, schnorr::round2::sign(&signing, &nonces[id], package).expect("enough commitments")));
    let public = frost::public_key_package(&shares[0].public);
    schnorr::aggregate(&signing, &parts.collect(), &public)
        .is_ok_and(|signature| public.verifying_key().verify(message, &signature).is_ok())
}

#[test]
fn frost_signs_with_any_threshold_of_shares_and_not_with_a_wrong_one() {
    let mut world = World::new(4);
    world.open_all();
    world.run(2);
    let mut shares = world.agreed_shares(&world.ids());
    assert!(frost_signs(&shares[..3], b"message"));
    assert!(frost_signs(&shares[1..], b"message"));
    shares[0].secret += Scalar::ONE;
    assert!(!frost_signs(&shares[..3], b"message"));
}

/// frost's own last part, fed the same polynomials, from every dealer.
#[test]
fn packages_equal_those_of_frosts_part_three() {
    let committee = Committee::new(7);
    let (session, mut meter) = (session_of(0), Meter::default());
    let (context, roster) = (committee.context(session), &committee.roster);
    let k = roster.threshold() as u16;
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let me = NodeId(5);
    let (mut dealings, mut shares) = (Vec::new(), Vec::new());
    let (mut round1, mut round2, mut own) = (BTreeMap::new(), BTreeMap::new(), None);
    for dealer in roster.ids() {
        let polynomial = curve::Polynomial::random(k, &mut rng);
        let dealing = deal(&context, roster, dealer, &polynomial, &mut rng, &mut meter);
        let share = dealing.open_share(&context, me, committee.decryption(me), &mut meter).expect("right");
        let commitment = VerifiableSecretSharingCommitment::deserialize(dealing.commitments.iter().map(|c| c.bytes()))
            .expect("points");
        let id = frost::identifier(dealer);
        if dealer == me {
            own = Some(frost_dkg::round2::SecretPackage::new(id, commitment, *share, k, 7));
        } else {
            let unused = schnorr::Signature::new(ProjectivePoint::GENERATOR, Scalar::ONE);
            round1.insert(id, frost_dkg::round1::Package::new(commitment, unused));
            round2.insert(id, frost_dkg::round2::Package::new(SigningShare::new(*share)));
        }
        dealings.push(dealing);
        shares.push(*share);
    }
    let parts: Vec<_> = dealings.iter().zip(&shares).collect();
    let ours = finalize(&context, me, &parts, &mut meter).expect("right shares");
    let (key, public) = frost_dkg::part3(&own.expect("dealt"), &round1, &round2).expect("right packages");
    assert_eq!(frost::key_package(&ours), key);
    assert_eq!(frost::public_key_package(&ours.public), public);
}

#[test]
fn a_mismatch_of_the_sums_names_the_bad_dealers() {
    let committee = Committee::new(4);
    let (context, me, mut meter) = (committee.context(session_of(0)), NodeId(2), Meter::default());
    let dealings: Vec<_> = (1..=3).map(|i| committee.dealing(session_of(0), NodeId(i), i.into())).collect();
    let open = |d: &Dealing| *d.open_share(&context, me, committee.decryption(me), &mut Meter::default()).expect("ok");
    let mut shares: Vec<_> = dealings.iter().map(open).collect();
    shares[1] += Scalar::ONE;
    let parts: Vec<_> = dealings.iter().zip(&shares).collect();
    let named = finalize(&context, me, &parts, &mut meter);
    assert_eq!(named, Err(FinalizeError::BadShares(vec![NodeId(2)])));
    assert_eq!(finalize(&context, me, &[], &mut meter), Err(FinalizeError::Degenerate));
}

#[test]
fn a_node_that_saw_only_the_board_recovers_its_share_by_fetching() {
    let mut world = World::new(4);
    let late = NodeId(4);
    for id in [1, 2, 3].map(NodeId) {
        world.open(id);
    }
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    world.settle(&mut rng);
    assert_eq!(world.board.len(), 3);
    (world.is_closed, world.is_settled) = (true, true);
    world.settle(&mut rng);
    // One holder is gone for good; the late node has to ask around.
    world.crash(NodeId(1));
    world.nodes.get_mut(&late).expect("a member").boot = 1;
    world.open(late);
    world.run(4);
    let ids = world.ids();
    world.agreed_shares(&ids);
    assert!(world.nodes[&late].notes.iter().all(|note| !matches!(note, Note::Dropped { .. })));
}

#[test]
fn fewer_certified_dealers_than_the_threshold_restart() {
    let mut world = World::new(4);
    for id in [3, 4].map(NodeId) {
        world.nodes.get_mut(&id).expect("a member").is_puppet = true;
    }
    world.open_all();
    world.run(5);
    assert_eq!(world.nodes[&NodeId(1)].end, Some(End::Restart));
    assert_eq!(world.nodes[&NodeId(2)].end, Some(End::Restart));
}

#[derive(Default)]
struct Stubborn(Rc<RefCell<Vec<SecretKind>>>);

impl Conduct for Stubborn {
    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        let is_ack = matches!(decision, Decision::Acknowledge { .. });
        assert_eq!(honest, is_ack, "all shares are right: to be acknowledged and not complained about");
        honest && !matches!(decision, Decision::Acknowledge { dealer: NodeId(1), .. })
    }

    fn learn(&mut self, secret: Secret<'_>) {
        self.0.borrow_mut().push(secret.kind);
    }
}

#[test]
fn conduct_decides_on_acknowledgements_and_learns_every_secret() {
    let mut world = World::new(4);
    let learnt = Rc::new(RefCell::new(Vec::new()));
    for id in [3, 4].map(NodeId) {
        world.nodes.get_mut(&id).expect("a member").conduct = Box::new(Stubborn(Rc::clone(&learnt)));
    }
    world.open_all();
    world.run(6);
    assert!(world.board.iter().all(|(dealer, _)| *dealer != NodeId(1)), "two of four did not acknowledge");
    world.agreed_shares(&world.ids());
    let count = |kind| learnt.borrow().iter().filter(|k| **k == kind).count();
    assert_eq!(count(SecretKind::Coefficient), 2 * 3);
    assert_eq!(count(SecretKind::DealtShare), 2 * 4);
    assert_eq!(count(SecretKind::KeyShare), 2);
}

#[test]
fn work_is_charged_alike_with_and_without_the_memo() {
    let run = |memo| {
        let mut world = World::new(4);
        world.memo = memo;
        world.open_all();
        world.run(7);
        world.nodes.values().map(|node| node.meter.clone()).collect::<Vec<_>>()
    };
    let meters = run(Memo::shared());
    assert_eq!(meters, run(Memo::off()));
    for op in [Op::ScalarMul, Op::PointAdd, Op::HashByte, Op::AeadByte] {
        assert!(meters.iter().all(|meter| meter.count(op) > 0), "{}", op.name());
    }
    // Deal: 3 commitments, E, 2 proofs, 4 seals. Each of 4 dealings: 2 proofs, one decryption, one share. The sum: 1.
    assert_eq!(meters[0].count(Op::ScalarMul), 3 + 1 + 2 + 4 + 4 * (2 * 2 + 1 + 1) + 1);
}
