//! What liars make of their shares of decryption keys.

use super::*;
use blstrs::{G2Affine, G2Projective};
use group::Group;
use lit_node::api::{Decryption, Response};
use lit_node::bls::{SealedShare, ShareStatement, SignaturePoint};
use lit_node::curve::{Bls12381, Curve as _};
use lit_node::key::PublicKey;

const REQUEST: RequestId = RequestId([8; 32]);

fn times(factor: u64) -> SignaturePoint {
    let point = G2Projective::generator() * blstrs::Scalar::from(factor);
    SignaturePoint::decode(&G2Affine::from(point).to_compressed()).unwrap()
}

fn statement(share: SignaturePoint) -> ShareStatement {
    let (conditions, plaintext) = (Digest([1; 32]), Digest([2; 32]));
    ShareStatement { request: REQUEST, key: KeyId([3; 32]), epoch: Epoch(1), conditions, plaintext, share }
}

fn sealed(byte: u8) -> SealedShare {
    SealedShare { ephemeral: ProjectivePoint::GENERATOR, body: vec![byte; 20] }
}

/// A node's answer to a client.
fn response(request: RequestId, share: SealedShare) -> Vec<u8> {
    let point = Bls12381::generate(&blstrs::Scalar::from(5));
    let public = PublicKey { epoch: Epoch(1), threshold: 1, point, commitments: vec![point], members: vec![ME] };
    encode(&Response::Decrypt { request, result: Ok(Box::new(Decryption { share, public })) })
}

/// Whether a node answers otherwise than an honest one.
pub(super) fn is_changed(liar: &mut Liar) -> bool {
    let share = liar.conduct.share_decryption(statement(times(7)));
    let answer = liar.conduct.answer_decryption(REQUEST, sealed(1));
    share != statement(times(7)) || answer != sealed(1)
}

#[test]
fn wrong_shares_are_off_by_what_the_scenario_says_and_all_else_is_as_it_was() {
    let mut liar = Liar::on("wrong_decryption_share = { node = 2 }");
    assert_eq!(liar.conduct.share_decryption(statement(times(7))), statement(times(8)));
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), sealed(1));
    assert!(liar.acted());
    let mut liar = Liar::on("wrong_decryption_share = { node = 2, off_by = -3 }");
    assert_eq!(liar.conduct.share_decryption(statement(times(7))), statement(times(4)));
    let mut liar = Liar::on("wrong_decryption_share = { node = 2, off_by = -7 }");
    assert_eq!(liar.conduct.share_decryption(statement(times(7))), statement(times(7)), "the identity is no share");
    assert!(!liar.acted());
}

#[test]
fn a_sealed_share_is_shifted_or_copied_from_another_nodes_answer() {
    let mut liar = Liar::on("unreadable_share = { node = 2 }");
    let shifted = SealedShare { ephemeral: ProjectivePoint::GENERATOR.double(), ..sealed(1) };
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), shifted);
    assert!(liar.acted());
    let mut liar = Liar::on("unreadable_share = { node = 2, copy = true }");
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), shifted, "nothing was overheard yet");
    liar.board.overhear(ME, &response(REQUEST, sealed(2)));
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), shifted, "its own answer is no other's");
    liar.board.overhear(NodeId(3), &response(RequestId([9; 32]), sealed(3)));
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), sealed(3));
    liar.board.overhear(NodeId(1), &response(REQUEST, sealed(4)));
    liar.board.overhear(NodeId(4), &response(RequestId([9; 32]), sealed(5)));
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), sealed(4), "of this request");
    for _ in 0..64 {
        liar.board.overhear(NodeId(3), &response(RequestId([9; 32]), sealed(6)));
    }
    assert_eq!(liar.conduct.answer_decryption(REQUEST, sealed(1)), sealed(6), "no memory is endless");
}
