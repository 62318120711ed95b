//! Base oblivious transfers: 128 random ones from one point of the sender and one of the receiver each.
//!
//! The random form of Chou and Orlandi's "simplest OT" (2015/267), batched with a reused first message as McQuoid,
//! Rosulek and Roy analyse it (2021/682): each key is a hash of the session, the index and all points it comes from.
//! The sender also proves knowledge of its exponent. Whoever extends the transfers is the *receiver* here.

use k256::elliptic_curve::Field;
use k256::elliptic_curve::subtle::{Choice, ConditionallySelectable};
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::codec::{Malformed, POINT, Reader, point_bytes};
use super::proof::{Context, knowledge_holds, prove_knowledge};
use super::slot::KAPPA;
use super::tools::Tools;
use crate::curve::times_generator;
use crate::meter::Op;

/// Keys of the transfers that one side knows.
pub(super) type Keys = Zeroizing<Vec<[u8; 32]>>;

/// The sender between its two messages.
pub(super) struct Sender {
    y: Zeroizing<Scalar>,
    point: ProjectivePoint,
    encoded: [u8; POINT],
}

/// The pair that transfers are for, hashed with the session.
pub(super) type PairId = [u8; 32];

fn context(pair: &PairId) -> Context<'_> {
    Context { domain: "triples/setup", facts: *pair }
}

impl Sender {
    /// Draws an exponent; the body of the setup is its point with a proof.
    pub(super) fn setup(pair: &PairId, rng: &mut (impl RngCore + CryptoRng), tools: &mut Tools) -> (Self, Vec<u8>) {
        let y = Zeroizing::new(Scalar::random(&mut *rng));
        let point = times_generator(&y);
        tools.meter.add(Op::ScalarMul, 1);
        let mut body = point_bytes(&[point], tools.meter);
        let encoded = body.as_slice().try_into().expect("one point");
        let proof = prove_knowledge(context(pair), &body, &[*y], rng, tools);
        body.extend_from_slice(&proof);
        (Self { y, point, encoded }, body)
    }

    /// Both keys of every transfer: H(y X_i) and H(y (X_i - Y)).
    pub(super) fn keys(self, pair: &PairId, choices: &[u8], tools: &mut Tools) -> Result<[Keys; 2], Malformed> {
        let mut reader = Reader::new(choices);
        let points = reader.points(KAPPA)?;
        reader.end()?;
        tools.meter.add(Op::ScalarMul, KAPPA as u64 + 1);
        let square = self.point * *self.y;
        let zeros: Vec<ProjectivePoint> = points.iter().map(|point| *point * *self.y).collect();
        let ones: Vec<ProjectivePoint> = zeros.iter().map(|point| point - &square).collect();
        let hash = |shared: &[ProjectivePoint], tools: &mut Tools| {
            let shared = Zeroizing::new(point_bytes(shared, tools.meter));
            hash_keys(pair, choices, &self.encoded, &shared, tools)
        };
        Ok([hash(&zeros, tools), hash(&ones, tools)])
    }
}

/// What the receiver has chosen and got.
pub(super) struct Chosen {
    /// The choices: bit i for transfer i.
    pub(super) choices: Zeroizing<u128>,
    /// The chosen keys.
    pub(super) keys: Keys,
    /// The points of the choices, for the sender.
    pub(super) body: Vec<u8>,
}

/// Chooses at random: X_i = x_i G, plus Y where the choice is 1; the key is H(x_i Y). `None` if the setup is wrong.
pub(super) fn choose(
    pair: &PairId,
    setup: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
    tools: &mut Tools,
) -> Option<Chosen> {
    let mut reader = Reader::new(setup);
    let (point, proof) = (reader.point().ok()?, reader.array::<64>().ok()?);
    reader.end().ok()?;
    let encoded: [u8; POINT] = setup[..POINT].try_into().ok()?;
    if !knowledge_holds(context(pair), &encoded, &[point], &proof, tools) {
        return None;
    }
    let mut bits = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *bits);
    let choices = Zeroizing::new(u128::from_le_bytes(*bits));
    tools.meter.add(Op::ScalarMul, 2 * KAPPA as u64);
    let (mut points, mut shared) = (Vec::with_capacity(KAPPA), Vec::with_capacity(KAPPA));
    for i in 0..KAPPA {
        let x = Zeroizing::new(Scalar::random(&mut *rng));
        let base = times_generator(&x);
        let choice = Choice::from((*choices >> i & 1) as u8);
        points.push(ProjectivePoint::conditional_select(&base, &(base + point), choice));
        shared.push(point * *x);
    }
    let body = point_bytes(&points, tools.meter);
    let shared = Zeroizing::new(point_bytes(&shared, tools.meter));
    let keys = hash_keys(pair, &body, &encoded, &shared, tools);
    Some(Chosen { choices, keys, body })
}

/// Key i is a hash of the pair, i, X_i, Y and the shared point.
fn hash_keys(pair: &PairId, choices: &[u8], setup: &[u8; POINT], shared: &[u8], tools: &mut Tools) -> Keys {
    tools.meter.add(Op::HashByte, 256 * KAPPA as u64);
    let points = choices.chunks_exact(POINT).zip(shared.chunks_exact(POINT));
    let key = |(i, (choice, shared)): (u32, (&[u8], &[u8]))| {
        let mut hash = Sha256::new_with_prefix(b"triples/base");
        hash.update(pair);
        hash.update(i.to_be_bytes());
        hash.update(choice);
        hash.update(setup);
        hash.update(shared);
        hash.finalize().into()
    };
    Zeroizing::new((0..).zip(points).map(key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memo::Memo;
    use crate::meter::Meter;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn the_receiver_gets_the_key_that_it_chose_and_no_other() {
        let (mut meter, memo) = (Meter::default(), Memo::off());
        let mut tools = Tools { meter: &mut meter, memo: &memo };
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let (sender, setup) = Sender::setup(&[1; 32], &mut rng, &mut tools);
        assert!(choose(&[2; 32], &setup, &mut rng, &mut tools).is_none(), "the proof is of one pair");
        let chosen = choose(&[1; 32], &setup, &mut rng, &mut tools).unwrap();
        let keys = sender.keys(&[1; 32], &chosen.body, &mut tools).unwrap();
        for (i, own) in chosen.keys.iter().enumerate() {
            let choice = (*chosen.choices >> i & 1) as usize;
            assert_eq!(keys[choice][i], *own);
            assert_ne!(keys[1 - choice][i], *own);
        }
    }
}
