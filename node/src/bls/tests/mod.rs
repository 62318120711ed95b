//! Tests of the network's key: what decrypts, what does not, and who is found to have lied.

mod arkworks;
mod encryption;
mod shares;
mod vectors;

use blstrs::{G2Affine, G2Projective};
use k256::ecdsa::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

use super::*;
use crate::curve::{Bls12381, Curve, SecretPolynomial};
use crate::id::{Digest, Epoch, NodeId, RequestId};
use crate::key::{KeyShare, PublicKey};
use crate::meter::Meter;

/// A key among n holders, any k of which determine it.
fn holders(n: u16, k: u16) -> Vec<KeyShare<Bls12381>> {
    let polynomial = SecretPolynomial::<Bls12381>::random(k, &mut ChaCha20Rng::seed_from_u64(7));
    let commitments = polynomial.commit();
    let members = (1..=n).map(NodeId).collect();
    let public = PublicKey { epoch: Epoch(1), threshold: k, point: commitments[0], commitments, members };
    let share = |id| KeyShare { public: public.clone(), holder: NodeId(id), secret: polynomial.evaluate(NodeId(id)) };
    (1..=n).map(share).collect()
}

/// Everybody's share of a signature.
fn signed(holders: &[KeyShare<Bls12381>], purpose: Purpose, message: &[u8]) -> BTreeMap<NodeId, SignaturePoint> {
    let share = |holder: &KeyShare<Bls12381>| {
        let share = sign_share(holder, purpose, message, &mut Meter::default()).expect("not the identity");
        (holder.holder, share)
    };
    holders.iter().map(share).collect()
}
