//! Shares of signatures under the network's key: making, checking and combining them.
//!
//! A share is right if e(X_i, H) = e(G, S_i), X_i being the holder's public share. Many are checked at once by a random
//! combination (Bellare, Garay, Rabin 1998), with coefficients that a hash of all shares fixes; only when that fails
//! is each looked at. Whoever combines without checking lets one liar spoil every signature.

use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar};
use group::Group;
use group::ff::Field;
use group::prime::PrimeCurveAffine;
use pairing::{MillerLoopResult, MultiMillerLoop};
use std::collections::BTreeMap;

use super::identity::Purpose;
use super::point::SignaturePoint;
use crate::bugs::{self, Bug};
use crate::curve::{Bls12381, Curve, ScalarField, lagrange_at_zero};
use crate::id::NodeId;
use crate::key::{KeyShare, PublicKey};
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// This holder's share of the signature over `message`. `None` if it were the identity, which takes a share of zero.
pub fn sign_share(
    share: &KeyShare<Bls12381>,
    purpose: Purpose,
    message: &[u8],
    meter: &mut Meter,
) -> Option<SignaturePoint> {
    meter.add(Op::G2Mul, 1);
    SignaturePoint::new(purpose.point(message, meter) * share.secret)
}

/// Whether `signature` is that over `message` under `key`, which is a public key or a holder's public share.
pub fn is_signature(
    key: &Bls12381,
    purpose: Purpose,
    message: &[u8],
    signature: &SignaturePoint,
    meter: &mut Meter,
) -> bool {
    let point = G2Affine::from(purpose.point(message, meter));
    is_pair(key, &point, signature.affine(), meter)
}

/// Whether e(key, point) = e(generator, signature).
pub(super) fn is_pair(key: &Bls12381, point: &G2Affine, signature: &G2Affine, meter: &mut Meter) -> bool {
    meter.add(Op::Pairing, 2);
    let (key, generator) = (G1Affine::from(key), -G1Affine::generator());
    let terms = [(&key, &(*point).into()), (&generator, &(*signature).into())];
    bool::from(blstrs::Bls12::multi_miller_loop(&terms).final_exponentiation().is_identity())
}

/// Shares by whether they are right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Those of which any threshold make the signature.
    pub right: BTreeMap<NodeId, SignaturePoint>,
    /// Those that are not their holder's.
    pub wrong: BTreeMap<NodeId, SignaturePoint>,
}

/// Checks shares against their holders' public shares; those of nodes that hold none are wrong.
pub fn sort_shares(
    public: &PublicKey<Bls12381>,
    purpose: Purpose,
    message: &[u8],
    shares: &BTreeMap<NodeId, SignaturePoint>,
    meter: &mut Meter,
) -> Sorted {
    let (held, strange): (BTreeMap<_, _>, BTreeMap<_, _>) =
        shares.iter().map(|(id, share)| (*id, *share)).partition(|(id, _)| public.members.contains(id));
    let point = G2Affine::from(purpose.point(message, meter));
    let keys: BTreeMap<NodeId, Bls12381> = held.keys().map(|id| (*id, public.share_of(*id))).collect();
    meter.add(Op::G1Add, 16 * (held.len() * public.commitments.len()) as u64);
    if held.is_empty() || batch_holds(&held, &keys, &point, meter) {
        return Sorted { right: held, wrong: strange };
    }
    let mut sorted = Sorted { right: BTreeMap::new(), wrong: strange };
    for (id, share) in held {
        let is_right = !bugs::planted(Bug::BatchBlamed) && is_pair(&keys[&id], &point, share.affine(), meter);
        if is_right { &mut sorted.right } else { &mut sorted.wrong }.insert(id, share);
    }
    sorted
}

/// Whether a random combination of all shares is right. One wrong share passes with probability 2^-128.
fn batch_holds(
    shares: &BTreeMap<NodeId, SignaturePoint>,
    keys: &BTreeMap<NodeId, Bls12381>,
    point: &G2Affine,
    meter: &mut Meter,
) -> bool {
    let all: Vec<u8> =
        shares.iter().flat_map(|(id, share)| [&id.0.to_be_bytes()[..], &share.encode()].concat()).collect();
    let keyed: Vec<u8> = keys.values().flat_map(|key| key.encode()).collect();
    let seed = hash_parts("bls/batch", &[&point.to_compressed(), &all, &keyed]);
    meter.add(Op::HashByte, (all.len() + keyed.len() + 96) as u64);
    let (mut key_sum, mut share_sum) = (G1Projective::identity(), G2Projective::identity());
    for (id, share) in shares {
        let mut coefficient = [0; 32];
        coefficient[16..].copy_from_slice(&hash_parts("bls/batch/term", &[&seed, &id.0.to_be_bytes()])[..16]);
        let random = Scalar::from_hash(&coefficient);
        let coefficient = if bugs::planted(Bug::BatchUnweighted) { Scalar::ONE } else { random };
        key_sum += keys[id] * coefficient;
        share_sum += share.affine() * coefficient;
    }
    meter.add(Op::G1Mul, shares.len() as u64);
    meter.add(Op::G2Mul, shares.len() as u64);
    is_pair(&key_sum, point, &share_sum.into(), meter)
}

/// Interpolates the first `threshold` shares to the signature; `None` if there are fewer. They must have been sorted:
/// nothing here notices a wrong one.
pub fn combine(
    threshold: usize,
    shares: &BTreeMap<NodeId, SignaturePoint>,
    meter: &mut Meter,
) -> Option<SignaturePoint> {
    let chosen: Vec<(NodeId, SignaturePoint)> =
        shares.iter().map(|(id, share)| (*id, *share)).take(threshold).collect();
    if chosen.len() < threshold {
        return None;
    }
    let members: Vec<NodeId> = chosen.iter().map(|(id, _)| *id).collect();
    meter.add(Op::G2Mul, chosen.len() as u64);
    let term = |(id, share): &(NodeId, SignaturePoint)| share.affine() * lagrange_at_zero::<Scalar>(&members, *id);
    SignaturePoint::new(chosen.iter().map(term).sum())
}
