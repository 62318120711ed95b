//! What a dealing, an acknowledgement and a certificate are accepted for.

use super::*;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};
use sha3::{Digest as _, Keccak256};

const ME: NodeId = NodeId(3);

fn verify(committee: &Committee, session: SessionId, dealing: &Dealing) -> Result<(), Flaw> {
    dealing.verify_public(&committee.context(session), &Memo::off(), &mut Meter::default())
}

#[test]
fn a_right_dealing_gives_every_member_its_share() {
    let committee = Committee::new(4);
    let session = session_of(0);
    let dealing = committee.dealing(session, NodeId(2), 1);
    assert_eq!(verify(&committee, session, &dealing), Ok(()));
    let (context, mut meter) = (committee.context(session), Meter::default());
    for id in committee.roster.ids() {
        assert!(dealing.open_share(&context, id, committee.decryption(id), &mut meter).is_ok());
        let other = committee.decryption(NodeId(id.0 % 4 + 1));
        assert_eq!(dealing.open_share(&context, id, other, &mut meter), Err(BadShare::Undecryptable));
    }
}

#[test]
fn a_dealing_of_another_session_dealer_or_member_set_is_refused() {
    let committee = Committee::new(4);
    let (session, other) = (session_of(0), session_of(1));
    let dealing = committee.dealing(session, NodeId(2), 1);
    assert_eq!(verify(&committee, other, &dealing), Err(Flaw::OtherSession));
    let moved = Dealing { session: other, ..dealing.clone() };
    assert_eq!(verify(&committee, other, &moved), Err(Flaw::Proof));
    let stolen = Dealing { dealer: NodeId(1), ..dealing.clone() };
    assert_eq!(verify(&committee, session, &stolen), Err(Flaw::Proof));
    let stranger = Dealing { dealer: NodeId(9), ..dealing.clone() };
    assert_eq!(verify(&committee, session, &stranger), Err(Flaw::NotAMember));
    // The same size and threshold, one other encryption key.
    let mut members: Vec<Member> = committee.roster.iter().map(|(_, m)| m.clone()).collect();
    members[3].encryption_key += ProjectivePoint::GENERATOR;
    let roster = Roster::new(Epoch(1), 3, members).expect("it fits");
    let context = Context::new(session, &roster, &mut Meter::default());
    assert_eq!(dealing.verify_public(&context, &Memo::off(), &mut Meter::default()), Err(Flaw::Proof));
}

#[test]
fn wrong_sizes_and_proofs_are_refused() {
    let committee = Committee::new(4);
    let session = session_of(0);
    let dealing = committee.dealing(session, NodeId(2), 1);
    let other = committee.dealing(session, NodeId(2), 2);
    let refused = |change: &dyn Fn(&mut Dealing)| {
        let mut bad = dealing.clone();
        change(&mut bad);
        verify(&committee, session, &bad).expect_err("changed")
    };
    assert_eq!(refused(&|d| d.commitments.truncate(2)), Flaw::Commitments { found: 2, expected: 3 });
    assert_eq!(refused(&|d| d.commitments.clear()), Flaw::Commitments { found: 0, expected: 3 });
    assert_eq!(refused(&|d| d.ciphertexts.truncate(3)), Flaw::Ciphertexts { found: 3, expected: 4 });
    assert_eq!(refused(&|d| d.commitments[2] = other.commitments[2]), Flaw::Proof);
    assert_eq!(refused(&|d| d.proof.response += Scalar::ONE), Flaw::Proof);
    assert_eq!(refused(&|d| d.proof = other.proof), Flaw::Proof);
    assert_eq!(refused(&|d| d.ephemeral = other.ephemeral), Flaw::EphemeralProof);
    assert_eq!(refused(&|d| d.ephemeral_proof = other.ephemeral_proof), Flaw::EphemeralProof);
}

#[test]
fn a_copied_ephemeral_point_is_refused_with_its_proof_too() {
    let committee = Committee::new(4);
    let session = session_of(0);
    let honest = committee.dealing(session, NodeId(1), 1);
    let mut thief = committee.dealing(session, NodeId(2), 2);
    (thief.ephemeral, thief.ephemeral_proof) = (honest.ephemeral, honest.ephemeral_proof);
    thief.ciphertexts.clone_from(&honest.ciphertexts);
    assert_eq!(verify(&committee, session, &thief), Err(Flaw::EphemeralProof));
    let opened = thief.open_share(&committee.context(session), ME, committee.decryption(ME), &mut Meter::default());
    assert_eq!(opened, Err(BadShare::Undecryptable), "the key is bound to the dealer");
}

#[test]
fn a_wrong_or_garbled_share_is_seen_by_its_recipient_alone() {
    let committee = Committee::new(4);
    let session = session_of(0);
    let (context, mut meter) = (committee.context(session), Meter::default());
    let wrong = committee.bad_dealing(session, NodeId(2), 1, &[ME]);
    let mut garbled = committee.dealing(session, NodeId(2), 1);
    garbled.ciphertexts[2].body[5] ^= 1;
    let mut swapped = committee.dealing(session, NodeId(2), 1);
    swapped.ciphertexts.swap(2, 3);
    for (dealing, fault, fine) in
        [(wrong, BadShare::Mismatch, 3), (garbled, BadShare::Undecryptable, 3), (swapped, BadShare::Undecryptable, 2)]
    {
        assert_eq!(verify(&committee, session, &dealing), Ok(()));
        assert_eq!(dealing.open_share(&context, ME, committee.decryption(ME), &mut meter), Err(fault));
        let opens = |id| dealing.open_share(&context, id, committee.decryption(id), &mut Meter::default()).is_ok();
        assert_eq!(committee.roster.ids().filter(|id| opens(*id)).count(), fine);
    }
}

#[test]
fn an_ack_is_signed_over_what_a_contract_can_hash() {
    let ack = Ack { session: SessionId([1; 32]), dealer: NodeId(0x0203), digest: Digest([4; 32]) };
    let mut packed = Keccak256::digest("dkg/ack").to_vec();
    packed.extend([1; 32]);
    packed.extend([0; 30]);
    packed.extend([2, 3]);
    packed.extend([4; 32]);
    assert_eq!(ack.signing_digest(), <[u8; 32]>::from(Keccak256::digest(packed)));
}

#[test]
fn a_certificate_takes_distinct_genuine_acks_of_its_dealing() {
    let committee = Committee::new(4);
    let ack = Ack { session: session_of(0), dealer: NodeId(1), digest: Digest([7; 32]) };
    let certificate = |signers: &[u16]| Certificate {
        session: ack.session,
        dealer: ack.dealer,
        digest: ack.digest,
        acks: signers.iter().map(|&id| committee.sign(ack, NodeId(id))).collect(),
    };
    let check = |c: &Certificate| c.verify(&committee.roster, &mut Meter::default());
    assert_eq!(check(&certificate(&[1, 3, 4])), Ok(()));
    assert_eq!(check(&certificate(&[1, 3])), Err(BadCertificate::Size { found: 2, expected: 3 }));
    assert_eq!(check(&certificate(&[1, 3, 3])), Err(BadCertificate::Order(NodeId(3))));
    assert_eq!(check(&certificate(&[3, 1, 4])), Err(BadCertificate::Order(NodeId(1))));
    let mut forged = certificate(&[1, 3, 4]);
    forged.acks[1].signer = NodeId(2);
    assert_eq!(check(&forged), Err(BadCertificate::Signature(NodeId(2))));
    forged.acks[2].signer = NodeId(9);
    forged.acks[1].signer = NodeId(3);
    assert_eq!(check(&forged), Err(BadCertificate::NotAMember(NodeId(9))));
    let mut other = certificate(&[1, 3, 4]);
    other.acks[0] = committee.sign(Ack { digest: Digest([8; 32]), ..ack }, NodeId(1));
    assert_eq!(check(&other), Err(BadCertificate::OtherDealing(NodeId(1))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever bytes arrive: they are refused, or they decode to a message that a session takes without panic.
    #[test]
    fn garbage_and_mutated_bytes_never_panic(
        kind in 0..4_u8,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        garbage in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(decode::<Message>(&garbage, FRAME_BYTES_MAX).is_err() || garbage.len() > 30);
        let mut world = World::new(4);
        let (session, dealer) = (world.params.session, NodeId(2));
        world.open(ME);
        let dealing = world.committee.dealing(session, dealer, 1);
        let digest = dealing.digest();
        let mut bytes = encode(&match kind {
            0 => Message::Dealing(Box::new(dealing)),
            1 => Message::Ack(Ack { session, dealer: ME, digest }),
            2 => Message::Fetch { session, dealer, digest },
            _ => Message::Fetched(Box::new(world.committee.sign(dealing, dealer))),
        });
        for (index, xor) in flips {
            let at = index.index(bytes.len());
            bytes[at] ^= xor;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(message) = decode::<Message>(&bytes, FRAME_BYTES_MAX) {
            let _ = (message.label(), message.signing_digest());
            world.hand(dealer, ME, message.clone());
            world.board.push((dealer, digest));
            world.read_board(ME);
            world.hand(dealer, ME, message);
        }
    }
}
