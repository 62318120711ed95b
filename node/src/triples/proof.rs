//! Zero-knowledge proofs of the batch, made non-interactive by the strong Fiat-Shamir transform (everything that a proof
//! is about is in its challenge): knowledge of many discrete logarithms at once, and equality of logarithms.

use k256::elliptic_curve::Field;
use k256::elliptic_curve::ops::LinearCombinationExt;
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::codec::{Malformed, Reader, point_bytes, put_scalar};
use super::tools::Tools;
use crate::curve::{scalar_reduce, times_generator};
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// What a proof is bound to: its purpose and a hash of the session and the prover.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) domain: &'a str,
    pub(super) facts: [u8; 32],
}

impl Context<'_> {
    fn challenge(&self, parts: [&[u8]; 3], tools: &mut Tools) -> Scalar {
        tools.meter.add(Op::HashByte, parts.iter().map(|part| part.len() as u64).sum::<u64>() + 64);
        scalar_reduce(&hash_parts(self.domain, &[&self.facts, parts[0], parts[1], parts[2]]))
    }
}

/// Proves knowledge of the logarithms of all of `points` (their encoding) with one nonce: z = r + sum c^i x_i, the
/// batched Schnorr proof of Gennaro, Leigh, Sundaram, Yerazunis (Asiacrypt 2004, section 3). Challenge and response.
pub(super) fn prove_knowledge(
    context: Context<'_>,
    points: &[u8],
    secrets: &[Scalar],
    rng: &mut (impl RngCore + CryptoRng),
    tools: &mut Tools,
) -> [u8; 64] {
    let r = Zeroizing::new(Scalar::random(rng));
    tools.meter.add(Op::ScalarMul, 1);
    let nonce = point_bytes(&[times_generator(&r)], tools.meter);
    let challenge = context.challenge([points, &nonce, b""], tools);
    // Horner: c (x_1 + c (x_2 + ...)).
    let sum = secrets.iter().rev().fold(Scalar::ZERO, |sum, secret| (sum + secret) * challenge);
    join(&challenge, &(*r + sum))
}

/// Checks a proof of [`prove_knowledge`]: the challenge must be that of z G - sum c^i X_i.
pub(super) fn knowledge_holds(
    context: Context<'_>,
    encoded: &[u8],
    points: &[ProjectivePoint],
    proof: &[u8; 64],
    tools: &mut Tools,
) -> bool {
    let Ok((challenge, response)) = split(proof) else { return false };
    // A combination of many points shares its doublings.
    tools.meter.add(Op::ScalarMul, 1 + points.len() as u64 / 2);
    tools.meter.add(Op::HashByte, encoded.len() as u64);
    let name = hash_parts(context.domain, &[&context.facts, encoded, proof]);
    let memo = tools.memo;
    memo.check("triples/knowledge", &[&name], || {
        let mut terms = Vec::with_capacity(points.len() + 1);
        terms.push((ProjectivePoint::GENERATOR, response));
        let mut power = Scalar::ONE;
        for point in points {
            power *= challenge;
            terms.push((*point, -power));
        }
        // Charged above, whether or not the memo knows the answer.
        let mut free = Meter::default();
        let nonce = point_bytes(&[ProjectivePoint::lincomb_ext(&terms[..])], &mut free);
        context.challenge([encoded, &nonce, b""], &mut Tools { meter: &mut free, memo }) == challenge
    })
}

/// What is equal: `keys[t]` over the generator and `images[t]` over `bases[t]` have the same logarithm.
#[derive(Clone, Copy)]
pub(super) struct Equal<'a> {
    pub(super) keys: &'a [ProjectivePoint],
    pub(super) bases: &'a [ProjectivePoint],
    pub(super) images: &'a [ProjectivePoint],
}

impl Equal<'_> {
    fn bytes(&self, tools: &mut Tools) -> Vec<u8> {
        point_bytes(&[self.keys, self.bases, self.images].concat(), tools.meter)
    }
}

/// Proves equality for every t (Chaum, Pedersen 1992), under one challenge: the challenge and a response each.
pub(super) fn prove_equality(
    context: Context<'_>,
    equal: Equal<'_>,
    secrets: &[Scalar],
    rng: &mut (impl RngCore + CryptoRng),
    tools: &mut Tools,
) -> (Scalar, Vec<Scalar>) {
    let nonces: Zeroizing<Vec<Scalar>> = secrets.iter().map(|_| Scalar::random(&mut *rng)).collect::<Vec<_>>().into();
    tools.meter.add(Op::ScalarMul, 2 * nonces.len() as u64);
    let over_generator = nonces.iter().map(times_generator);
    let over_bases = nonces.iter().zip(equal.bases).map(|(r, base)| *base * r);
    let points: Vec<ProjectivePoint> = over_generator.chain(over_bases).collect();
    let (claim, points) = (equal.bytes(tools), point_bytes(&points, tools.meter));
    let challenge = context.challenge([&claim, &points, b""], tools);
    (challenge, nonces.iter().zip(secrets).map(|(r, secret)| *r + challenge * secret).collect())
}

/// Checks a proof of [`prove_equality`]: the challenge must be that of all z G - c K and z B - c I.
pub(super) fn equality_holds(
    context: Context<'_>,
    equal: Equal<'_>,
    challenge: &Scalar,
    responses: &[Scalar],
    tools: &mut Tools,
) -> bool {
    let mut proof = Vec::new();
    responses.iter().chain([challenge]).for_each(|scalar| put_scalar(&mut proof, scalar));
    let claim = equal.bytes(tools);
    tools.meter.add(Op::ScalarMul, 3 * responses.len() as u64);
    let name = hash_parts(context.domain, &[&context.facts, &claim, &proof]);
    let memo = tools.memo;
    memo.check("triples/equality", &[&name], || {
        let nonce = |base: &ProjectivePoint, image: &ProjectivePoint, response: &Scalar| {
            ProjectivePoint::lincomb_ext(&[(*base, *response), (*image, -challenge)])
        };
        let generator = [ProjectivePoint::GENERATOR];
        let over_generator = equal.keys.iter().zip(responses).map(|(key, z)| nonce(&generator[0], key, z));
        let over_bases =
            equal.bases.iter().zip(equal.images).zip(responses).map(|((base, image), z)| nonce(base, image, z));
        let points: Vec<ProjectivePoint> = over_generator.chain(over_bases).collect();
        let mut free = Meter::default();
        let points = point_bytes(&points, &mut free);
        context.challenge([&claim, &points, b""], &mut Tools { meter: &mut free, memo }) == *challenge
    })
}

fn join(challenge: &Scalar, response: &Scalar) -> [u8; 64] {
    let mut bytes = Vec::with_capacity(64);
    put_scalar(&mut bytes, challenge);
    put_scalar(&mut bytes, response);
    bytes.try_into().expect("two scalars have 64 bytes")
}

fn split(proof: &[u8; 64]) -> Result<(Scalar, Scalar), Malformed> {
    let mut reader = Reader::new(proof);
    Ok((reader.scalar()?, reader.scalar()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memo::Memo;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const CONTEXT: Context<'_> = Context { domain: "test", facts: [1; 32] };

    #[test]
    fn knowledge_of_all_logarithms_is_proved_and_bound_to_points_and_context() {
        let (mut meter, memo) = (Meter::default(), Memo::off());
        let mut tools = Tools { meter: &mut meter, memo: &memo };
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let secrets: Vec<Scalar> = (0..5).map(|_| Scalar::random(&mut rng)).collect();
        let mut points: Vec<ProjectivePoint> = secrets.iter().map(times_generator).collect();
        let encoded = point_bytes(&points, tools.meter);
        let proof = prove_knowledge(CONTEXT, &encoded, &secrets, &mut rng, &mut tools);
        assert!(knowledge_holds(CONTEXT, &encoded, &points, &proof, &mut tools));
        let other = Context { facts: [2; 32], ..CONTEXT };
        assert!(!knowledge_holds(other, &encoded, &points, &proof, &mut tools));
        let mut wrong = proof;
        wrong[63] ^= 1;
        assert!(!knowledge_holds(CONTEXT, &encoded, &points, &wrong, &mut tools));
        assert!(!knowledge_holds(CONTEXT, &encoded, &points, &[0xff; 64], &mut tools));
        points[4] += ProjectivePoint::GENERATOR;
        let encoded = point_bytes(&points, tools.meter);
        assert!(!knowledge_holds(CONTEXT, &encoded, &points, &proof, &mut tools));
    }

    #[test]
    fn equality_is_proved_for_each_and_one_wrong_image_breaks_it() {
        let (mut meter, memo) = (Meter::default(), Memo::off());
        let mut tools = Tools { meter: &mut meter, memo: &memo };
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let secrets: Vec<Scalar> = (0..3).map(|_| Scalar::random(&mut rng)).collect();
        let bases: Vec<_> = (0..3).map(|_| times_generator(&Scalar::random(&mut rng))).collect();
        let keys: Vec<_> = secrets.iter().map(times_generator).collect();
        let mut images: Vec<_> = secrets.iter().zip(&bases).map(|(x, base)| *base * x).collect();
        let equal = Equal { keys: &keys, bases: &bases, images: &images };
        let (challenge, responses) = prove_equality(CONTEXT, equal, &secrets, &mut rng, &mut tools);
        assert!(equality_holds(CONTEXT, equal, &challenge, &responses, &mut tools));
        images[2] += ProjectivePoint::GENERATOR;
        let equal = Equal { keys: &keys, bases: &bases, images: &images };
        assert!(!equality_holds(CONTEXT, equal, &challenge, &responses, &mut tools));
    }
}
