//! A client that decrypts, with answers of any kind: it ends, with the right plaintext or none.

use k256::elliptic_curve::PrimeField;
use k256::{ProjectivePoint, Scalar};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use super::Choices;
use super::committee::{LIAR, THRESHOLD, identity, ids, roster, shares};
use crate::api::{Credential, Decrypt, Decryption, Response};
use crate::auth::conditions::Conditions;
use crate::bls::{Purpose, SealedShare, ShareStatement, encrypt, sign_share};
use crate::client::{DecryptOp, Network, Operation, Patience, Trusted};
use crate::curve::Bls12381;
use crate::id::{Epoch, Generation, NodeId};
use crate::io::Time;
use crate::meter::Meter;
use crate::wire::{Signed, encode};

const PLAINTEXT: &[u8] = b"attack at dawn";
/// After so many events without a word from anybody it must have ended.
const STEPS_MAX: usize = 200;

/// A decryption under way, and every node's honest answer to it.
fn begun() -> (DecryptOp, BTreeMap<NodeId, Vec<u8>>) {
    let (shares, mut meter) = (shares::<Bls12381>(), Meter::default());
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let public = &shares[&LIAR].public;
    let conditions = Conditions::caller([1; 20]);
    let digest = conditions.digest();
    let ciphertext = encrypt(&public.point, digest, PLAINTEXT, &mut rng, &mut meter).expect("it is short");
    let secret = Scalar::from_u128(77);
    let reply_key = ProjectivePoint::GENERATOR * secret;
    let (key, plaintext) = (public.id(), ciphertext.header.plaintext);
    let request = Decrypt {
        nonce: [1; 16],
        key,
        conditions,
        plaintext,
        reply_key,
        credential: Credential::Nobody,
        epoch: Epoch(1),
    };
    let id = request.id();
    let mut answer = |node: NodeId| {
        let identity_bytes = ciphertext.header.identity();
        let share = sign_share(&shares[&node], Purpose::Identity, identity_bytes.as_bytes(), &mut meter);
        let share = share.expect("not the identity");
        let body = ShareStatement { request: id, key, epoch: Epoch(1), conditions: digest, plaintext, share };
        let statement = Signed::new(body, node, &identity(node), &mut meter);
        let share = SealedShare::seal(&statement, &reply_key, &mut rng, &mut meter);
        let result = Ok(Box::new(Decryption { share, public: public.clone() }));
        encode(&Response::Decrypt { request: id, result })
    };
    let answers = ids().map(|node| (node, answer(node))).collect();
    let trusted = Trusted { roster: roster(), key: public.point, key_data: public.data_digest() };
    let network = Network { nodes: ids().collect(), threshold: THRESHOLD.into(), generation: Generation(0) };
    (DecryptOp::new(&request, ciphertext, secret, trusted, network, Patience::default()), answers)
}

/// The liar answers as choices say, the others honestly, in any order.
pub(super) fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let (mut operation, answers) = begun();
    let (mut now, mut fx) = (Time(1_000_000_000), Vec::new());
    operation.start(now, &mut fx);
    let mut left = STEPS_MAX;
    while left > 0 && operation.outcome().is_none() {
        left -= usize::from(choices.is_empty());
        let node = if choices.is_empty() { NodeId(1) } else { NodeId(1 + choices.below(4) as u16) };
        match if choices.is_empty() { 7 } else { choices.below(8) } {
            0..=2 => {
                let mut bytes = answers[&NodeId(1 + choices.below(4) as u16)].clone();
                choices.spoil(&mut bytes);
                operation.on_response(LIAR, &bytes, now, &mut fx);
            }
            3 => operation.on_response(LIAR, &choices.bytes(), now, &mut fx),
            4 => operation.on_disconnect(node, now, &mut fx),
            5 | 6 => operation.on_response(node, &answers[&node], now, &mut fx),
            _ => {
                let Some(next) = operation.deadline() else { break };
                now = now.max(next);
                operation.tick(now, &mut fx);
            }
        }
    }
    assert!(operation.culprits().all(|node| node == LIAR), "an honest node is named");
    match operation.outcome() {
        Some(Ok(plaintext)) => assert_eq!(plaintext.0.as_slice(), PLAINTEXT, "another plaintext"),
        Some(Err(_)) => {}
        None => panic!("the client waits for ever"),
    }
}
