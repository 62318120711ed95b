//! Shares: which are right, who is told apart from whom, and what a threshold of them makes.

use super::*;
use crate::blame::{self, BlameError, ChainView, Culprit, Offence};
use crate::chain::ChainEvent;
use crate::evidence::Evidence;
use crate::roster::{Member, Roster};
use crate::testing::{BOARD, is_rigid};
use crate::wire::{Signed, decode, encode};
use group::prime::PrimeCurveAffine;
use k256::Scalar;
use proptest::prelude::{ProptestConfig, any, prop, proptest};

const MESSAGE: &[u8] = b"a message";

#[test]
fn any_threshold_of_shares_makes_the_one_signature_and_fewer_make_none() {
    let holders = holders(7, 5);
    let shares = signed(&holders, Purpose::Message, MESSAGE);
    let key = holders[0].public.point;
    let mut meter = Meter::default();
    let whole = combine(5, &shares, &mut meter).expect("five");
    assert!(is_signature(&key, Purpose::Message, MESSAGE, &whole, &mut meter));
    let last: BTreeMap<_, _> = shares.clone().into_iter().skip(2).collect();
    assert_eq!(combine(5, &last, &mut meter), Some(whole));
    let four: BTreeMap<_, _> = shares.into_iter().take(4).collect();
    assert_eq!(combine(5, &four, &mut meter), None);
    let guess = combine(4, &four, &mut meter).expect("a point");
    assert!(!is_signature(&key, Purpose::Message, MESSAGE, &guess, &mut meter));
    assert!(!is_signature(&key, Purpose::Message, b"another message", &whole, &mut meter));
    assert!(!is_signature(&key, Purpose::Identity, MESSAGE, &whole, &mut meter));
}

#[test]
fn wrong_copied_and_strange_shares_are_told_apart_and_the_others_combine() {
    let holders = holders(10, 7);
    let (public, mut meter) = (&holders[0].public, Meter::default());
    let mut shares = signed(&holders, Purpose::Message, MESSAGE);
    assert!(sort_shares(public, Purpose::Message, MESSAGE, &shares, &mut meter).wrong.is_empty());
    let wrong = signed(&holders[2..3], Purpose::Message, b"another message")[&NodeId(3)];
    let copied = shares[&NodeId(1)];
    shares.insert(NodeId(3), wrong);
    shares.insert(NodeId(5), copied);
    shares.insert(NodeId(11), copied);
    let sorted = sort_shares(public, Purpose::Message, MESSAGE, &shares, &mut meter);
    assert_eq!(sorted.wrong, BTreeMap::from([(NodeId(3), wrong), (NodeId(5), copied), (NodeId(11), copied)]));
    let whole = combine(7, &sorted.right, &mut meter).expect("eight are right");
    assert!(is_signature(&public.point, Purpose::Message, MESSAGE, &whole, &mut meter));
    let spoilt = combine(7, &shares, &mut meter).expect("a point");
    assert!(!is_signature(&public.point, Purpose::Message, MESSAGE, &spoilt, &mut meter), "unsorted shares spoil it");
}

/// +d and -d cancel in a plain sum, not under the batch's coefficients.
#[test]
fn two_lies_that_cancel_in_a_sum_are_both_found() {
    let holders = holders(4, 3);
    let mut shares = signed(&holders, Purpose::Message, MESSAGE);
    let shift = |share: &SignaturePoint, by: G2Projective| SignaturePoint::new(by + share.affine()).expect("a point");
    let generator = G2Projective::from(G2Affine::generator());
    let (first, second) = (shift(&shares[&NodeId(1)], generator), shift(&shares[&NodeId(2)], -generator));
    shares.insert(NodeId(1), first);
    shares.insert(NodeId(2), second);
    let sorted = sort_shares(&holders[0].public, Purpose::Message, MESSAGE, &shares, &mut Meter::default());
    assert_eq!(sorted.wrong.into_keys().collect::<Vec<_>>(), [NodeId(1), NodeId(2)]);
}

#[test]
fn the_identity_points_off_the_curve_and_in_other_subgroups_do_not_decode() {
    let mut identity = [0; 96];
    identity[0] = 0xc0;
    assert!(bool::from(G2Affine::from_compressed(&identity).is_some()), "a valid encoding of the identity");
    assert_eq!(SignaturePoint::decode(&identity), None);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut outside = 0;
    while outside < 3 {
        let mut bytes = [0; 96];
        rand_core::RngCore::fill_bytes(&mut rng, &mut bytes);
        bytes[0] = bytes[0] & 0x1f | 0x80;
        bytes[48] &= 0x1f;
        assert_eq!(SignaturePoint::decode(&bytes), None);
        outside += usize::from(bool::from(G2Affine::from_compressed_unchecked(&bytes).is_some()));
    }
    let good = signed(&holders(1, 1), Purpose::Message, MESSAGE)[&NodeId(1)];
    assert_eq!(decode::<SignaturePoint>(&encode(&good), 96), Ok(good));
    assert_eq!(encode(&good).len(), 96);
}

/// A roster of n, the nodes' signing keys, and the asker's secret.
fn network(n: u16) -> (Roster, Vec<SigningKey>, Scalar) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let keys: Vec<_> = (0..n).map(|_| SigningKey::random(&mut rng)).collect();
    let member = |key: &SigningKey| Member {
        address: [1; 20],
        identity: *key.verifying_key(),
        channel_key: [1; 32],
        encryption_key: k256::ProjectivePoint::GENERATOR,
    };
    let roster = Roster::new(Epoch(1), 3, keys.iter().map(member).collect()).expect("it fits");
    (roster, keys, k256::elliptic_curve::Field::random(&mut rng))
}

fn statement(holder: &KeyShare<Bls12381>, key: &SigningKey, plaintext: &Digest) -> Signed<ShareStatement> {
    let conditions = Digest([1; 32]);
    let identity = Identity::new(&conditions, plaintext);
    let share = sign_share(holder, Purpose::Identity, identity.as_bytes(), &mut Meter::default()).expect("a point");
    let (request, plaintext) = (RequestId([9; 32]), Digest([2; 32]));
    let (of, epoch) = (holder.public.id(), holder.public.epoch);
    let body = ShareStatement { request, key: of, epoch, conditions, plaintext, share };
    Signed::new(body, holder.holder, key, &mut Meter::default())
}

#[test]
fn only_the_asker_reads_a_share_and_only_as_its_holders_for_its_request() {
    let (roster, keys, secret) = network(4);
    let holders = holders(4, 3);
    let (mut rng, mut meter) = (ChaCha20Rng::seed_from_u64(4), Meter::default());
    let made = statement(&holders[1], &keys[1], &Digest([2; 32]));
    let asker = k256::ProjectivePoint::GENERATOR * secret;
    let sealed = SealedShare::seal(&made, &asker, &mut rng, &mut meter);
    let (node, request) = (NodeId(2), RequestId([9; 32]));
    assert_eq!(sealed.open(&secret, node, request, &roster, &mut meter), Ok(made.clone()));
    let closed = Err(UnsealError::Closed);
    assert_eq!(sealed.open(&(secret + Scalar::ONE), node, request, &roster, &mut meter), closed);
    assert_eq!(sealed.open(&secret, NodeId(3), request, &roster, &mut meter), closed, "another sender");
    assert_eq!(sealed.open(&secret, node, RequestId([8; 32]), &roster, &mut meter), closed, "another request");
    let forged = Signed { signer: node, ..statement(&holders[1], &keys[0], &Digest([2; 32])) };
    let sealed = SealedShare::seal(&forged, &asker, &mut rng, &mut meter);
    assert_eq!(sealed.open(&secret, node, request, &roster, &mut meter), Err(UnsealError::Signature));
}

#[test]
fn a_signed_wrong_share_convicts_its_signer_and_nothing_else_does() {
    let (roster, keys, _) = network(4);
    let holders = holders(4, 3);
    let public = &holders[0].public;
    let evidence = |key: &PublicKey<Bls12381>, made: &Signed<ShareStatement>| {
        Evidence::Decryption(Box::new(ShareEvidence { key: key.clone(), share: made.clone() })).bytes()
    };
    let public_key = public.point.encode();
    let routed = ChainEvent::NetworkKeyRouted { key: public.id(), public_key, key_data: public.data_digest() };
    let chain = ChainView::new(roster.clone(), BOARD, [routed]);
    let convicts = |made: &Signed<ShareStatement>| blame::verify(&evidence(public, made), &chain).is_ok();
    assert!(!convicts(&statement(&holders[1], &keys[1], &Digest([2; 32]))), "a right share");
    let wrong = statement(&holders[1], &keys[1], &Digest([3; 32]));
    assert!(convicts(&wrong), "a share of another identity");
    assert!(!convicts(&Signed { signer: NodeId(3), ..wrong.clone() }), "not signed by node 3");
    let mut other = wrong.clone();
    other.body.share = statement(&holders[2], &keys[1], &Digest([2; 32])).body.share;
    assert!(!convicts(&other), "changed after it was signed");
    let copied = Signed::new(other.body, NodeId(2), &keys[1], &mut Meter::default());
    assert!(convicts(&copied), "another holder's share");
    let mut before = wrong.body;
    before.epoch = Epoch(public.epoch.0 + 1);
    let before = Signed::new(before, NodeId(2), &keys[1], &mut Meter::default());
    let unrelated = Err(BlameError::Unrelated("a share of another epoch"));
    assert_eq!(blame::verify(&evidence(public, &before), &chain), unrelated, "it may be right there");
    let culprit = Culprit { node: NodeId(2), offence: Offence::WrongDecryptionShare };
    assert_eq!(blame::verify(&evidence(public, &wrong), &chain), Ok(culprit));
    let own = PublicKey { commitments: vec![public.commitments[0]; 3], ..public.clone() };
    let right = statement(&holders[1], &keys[1], &Digest([2; 32]));
    assert_eq!(blame::verify(&evidence(&own, &right), &chain), Err(BlameError::UnknownKey), "keys of its own");
    let unrouted = ChainView::new(roster.clone(), BOARD, []);
    assert_eq!(blame::verify(&evidence(public, &wrong), &unrouted), Err(BlameError::UnknownKey));
    is_rigid(&Evidence::Decryption(Box::new(ShareEvidence { key: public.clone(), share: wrong })), &chain);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_and_mutated_answers_are_refused_without_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
        garbage in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (roster, keys, secret) = network(4);
        let asker = k256::ProjectivePoint::GENERATOR * secret;
        let made = statement(&holders(4, 3)[0], &keys[0], &Digest([2; 32]));
        let (mut rng, mut meter) = (ChaCha20Rng::seed_from_u64(4), Meter::default());
        let mut bytes = encode(&SealedShare::seal(&made, &asker, &mut rng, &mut meter));
        let whole = bytes.clone();
        for (index, xor) in flips {
            let at = index.index(bytes.len());
            bytes[at] ^= xor;
        }
        for bytes in [bytes, garbage] {
            if let Ok(sealed) = decode::<SealedShare>(&bytes, 1024) {
                let opened = sealed.open(&secret, NodeId(1), RequestId([9; 32]), &roster, &mut meter);
                assert!(opened.is_err() || bytes == whole);
            }
        }
    }
}
