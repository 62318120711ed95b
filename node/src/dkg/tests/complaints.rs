//! What a complaint is ruled to be.

use super::*;
use crate::wire::DecodeError;
use proptest::prelude::{ProptestConfig, any, prop, proptest};

const DEALER: NodeId = NodeId(2);
const VICTIM: NodeId = NodeId(3);

/// A committee, and a dealing that gives the victim a wrong share.
fn case() -> (Committee, Signed<Dealing>) {
    let committee = Committee::new(4);
    let dealing = committee.bad_dealing(session_of(0), DEALER, 1, &[VICTIM]);
    let signed = committee.sign(dealing, DEALER);
    (committee, signed)
}

fn complaint(committee: &Committee, dealing: &Dealing, accuser: NodeId) -> Complaint {
    let (context, roster) = (committee.context(dealing.session), &committee.roster);
    complain(&context, roster, dealing, accuser, committee.decryption(accuser), &mut Meter::default())
        .expect("a member")
}

fn rule(
    committee: &Committee,
    dealing: &Signed<Dealing>,
    accuser: NodeId,
    complaint: &Complaint,
) -> Result<Ruling, Unjudgeable> {
    rule_in(committee, session_of(0), dealing, accuser, &encode(complaint))
}

fn rule_in(
    committee: &Committee,
    session: SessionId,
    dealing: &Signed<Dealing>,
    accuser: NodeId,
    complaint: &[u8],
) -> Result<Ruling, Unjudgeable> {
    let (context, memo) = (committee.context(session), Memo::off());
    judge(&context, &committee.roster, dealing, accuser, complaint, &memo, &mut Meter::default())
}

#[test]
fn a_complaint_about_a_wrong_or_garbled_share_is_justified() {
    let (committee, signed) = case();
    let made = complaint(&committee, &signed.body, VICTIM);
    let ruling = rule(&committee, &signed, VICTIM, &made);
    assert_eq!(ruling, Ok(Ruling::Justified(Fault::Share(BadShare::Mismatch))));
    assert_eq!(ruling.map(|r| r.culprit(DEALER, VICTIM)), Ok((DEALER, "gave a bad share")));
    let mut garbled = committee.dealing(session_of(0), DEALER, 1);
    garbled.ciphertexts[2].tag[0] ^= 1;
    let garbled = committee.sign(garbled, DEALER);
    let made = complaint(&committee, &garbled.body, VICTIM);
    let ruling = rule(&committee, &garbled, VICTIM, &made);
    assert_eq!(ruling, Ok(Ruling::Justified(Fault::Share(BadShare::Undecryptable))));
}

#[test]
fn a_complaint_about_a_right_share_convicts_its_maker_whatever_others_got() {
    let (committee, signed) = case();
    for accuser in [1, 2, 4].map(NodeId) {
        let made = complaint(&committee, &signed.body, accuser);
        let ruling = rule(&committee, &signed, accuser, &made);
        assert_eq!(ruling, Ok(Ruling::Unfounded(Falsehood::RightShare)));
        assert_eq!(ruling.map(|r| r.culprit(DEALER, accuser)), Ok((accuser, "made a false complaint")));
    }
}

#[test]
fn a_complaint_whose_proof_is_of_something_else_convicts_its_maker() {
    let (committee, signed) = case();
    let made = complaint(&committee, &signed.body, VICTIM);
    let unproven = |signed: &Signed<Dealing>, accuser, complaint: &Complaint| {
        assert_eq!(rule(&committee, signed, accuser, complaint), Ok(Ruling::Unfounded(Falsehood::Proof)));
    };
    let shared = WirePoint::from(*made.shared.point() + ProjectivePoint::GENERATOR);
    unproven(&signed, VICTIM, &Complaint { shared, ..made });
    let mut proof = made.proof;
    proof.response += Scalar::ONE;
    unproven(&signed, VICTIM, &Complaint { proof, ..made });
    // The victim's complaint in another member's name, about another dealing of the dealer, and about another dealer.
    unproven(&signed, NodeId(1), &made);
    let second = committee.sign(committee.bad_dealing(session_of(0), DEALER, 2, &[VICTIM]), DEALER);
    unproven(&second, VICTIM, &made);
    let other = committee.sign(committee.bad_dealing(session_of(0), NodeId(1), 1, &[VICTIM]), NodeId(1));
    unproven(&other, VICTIM, &made);
    // In another session, about a dealing with the same randomness.
    let moved = committee.sign(committee.bad_dealing(session_of(1), DEALER, 1, &[VICTIM]), DEALER);
    assert_eq!(moved.body.ephemeral, signed.body.ephemeral);
    let ruling = rule_in(&committee, session_of(1), &moved, VICTIM, &encode(&made));
    assert_eq!(ruling, Ok(Ruling::Unfounded(Falsehood::Proof)));
}

#[test]
fn what_is_no_complaint_no_dealing_or_no_members_is_not_ruled_on() {
    let (committee, signed) = case();
    let made = encode(&complaint(&committee, &signed.body, VICTIM));
    assert_eq!(made.len(), 97);
    let rule = |session, dealing: &_, accuser, bytes: &[u8]| rule_in(&committee, session, dealing, accuser, bytes);
    let long = [made.clone(), vec![0]].concat();
    assert_eq!(rule(session_of(0), &signed, VICTIM, &long), Err(DecodeError::NotCanonical.into()));
    assert!(matches!(rule(session_of(0), &signed, VICTIM, &made[..96]), Err(Unjudgeable::Malformed(_))));
    assert!(matches!(rule(session_of(0), &signed, VICTIM, &[]), Err(Unjudgeable::Malformed(_))));
    assert!(matches!(rule(session_of(0), &signed, VICTIM, &[0; 129]), Err(Unjudgeable::Malformed(_))));
    assert_eq!(rule(session_of(0), &signed, NodeId(9), &made), Err(Unjudgeable::NotAMember(NodeId(9))));
    assert_eq!(rule(session_of(1), &signed, VICTIM, &made), Err(Unjudgeable::Foreign(Flaw::OtherSession)));
    let forged = Signed { signer: DEALER, ..committee.sign(signed.body.clone(), NodeId(1)) };
    assert_eq!(rule(session_of(0), &forged, VICTIM, &made), Err(Unjudgeable::Unsigned));
    let stolen = committee.sign(signed.body.clone(), NodeId(1));
    assert_eq!(rule(session_of(0), &stolen, VICTIM, &made), Err(Unjudgeable::Unsigned));
}

#[test]
fn an_invalid_dealing_that_its_dealer_signed_convicts_the_dealer() {
    let (committee, signed) = case();
    let made = complaint(&committee, &signed.body, VICTIM);
    let mut body = signed.body;
    body.proof.response += Scalar::ONE;
    let ruling = rule(&committee, &committee.sign(body, DEALER), VICTIM, &made);
    assert_eq!(ruling, Ok(Ruling::Justified(Fault::Public(Flaw::Proof))));
}

/// Why a dealer must prove that the ephemeral point is its own: a complaint under a point that is an honest dealer's,
/// shifted by a known number, would open the honest dealer's share.
#[test]
fn a_complaint_under_a_shifted_ephemeral_point_would_open_an_honest_dealers_share_and_is_never_made() {
    let committee = Committee::new(4);
    let (session, evil) = (session_of(0), NodeId(4));
    let honest = committee.dealing(session, DEALER, 1);
    let x = Scalar::from(7_u64);
    let mut shifted = committee.bad_dealing(session, evil, 2, &[VICTIM]);
    shifted.ephemeral = WirePoint::from(*honest.ephemeral.point() + ProjectivePoint::GENERATOR * x);
    shifted.ephemeral_proof = honest.ephemeral_proof;
    let leak = complaint(&committee, &shifted, VICTIM);
    let key = committee.roster.get(VICTIM).expect("a member").encryption_key;
    let opened =
        honest.open_with(&committee.context(session), VICTIM, &(*leak.shared.point() - key * x), &mut Meter::default());
    assert!(opened.is_ok(), "the attack that the proof prevents");

    let mut copied = committee.bad_dealing(session, evil, 2, &[VICTIM]);
    (copied.ephemeral, copied.ephemeral_proof) = (honest.ephemeral, honest.ephemeral_proof);
    for dealing in [shifted, copied] {
        let mut world = World::new(4);
        world.nodes.get_mut(&evil).expect("a member").is_puppet = true;
        world.open_all();
        for id in [1, 2, 3].map(NodeId) {
            world.hand(evil, id, Message::Dealing(Box::new(dealing.clone())));
        }
        // Even if it were certified.
        world.certify(evil, dealing.digest());
        world.run(1);
        assert_eq!(world.disputes, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn judging_garbage_and_mutations_never_panics(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        dealing_flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        garbage in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        accuser in 0..6_u16,
        session in 0..2_u32,
        resign: bool,
    ) {
        let (committee, signed) = case();
        let flip = |bytes: &mut [u8], flips: &[(prop::sample::Index, u8)]| {
            for (index, xor) in flips {
                bytes[index.index(bytes.len())] ^= xor;
            }
        };
        let mut bytes = encode(&complaint(&committee, &signed.body, VICTIM));
        flip(&mut bytes, &flips);
        let bytes = garbage.unwrap_or(bytes);
        let mut dealing = encode(&signed);
        flip(&mut dealing, &dealing_flips);
        if let Ok(mut dealing) = decode::<Signed<Dealing>>(&dealing, FRAME_BYTES_MAX) {
            if resign {
                dealing = committee.sign(dealing.body, DEALER);
            }
            let ruling = rule_in(&committee, session_of(session), &dealing, NodeId(accuser), &bytes);
            let is_untouched = dealing == signed && accuser == VICTIM.0 && session == 0;
            if is_untouched && bytes == encode(&complaint(&committee, &signed.body, VICTIM)) {
                assert_eq!(ruling, Ok(Ruling::Justified(Fault::Share(BadShare::Mismatch))));
            }
        }
    }
}
