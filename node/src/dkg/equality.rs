//! Proofs that two points have the same discrete logarithm over two bases (Chaum, Pedersen 1992), made non-interactive
//! by Fiat and Shamir's transform, with everything that the proof is about in the challenge.

use k256::Scalar;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::point::WirePoint;
use crate::curve::{self, point_bytes, scalar_bytes, scalar_reduce, times_generator};
use crate::memo::Memo;
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// A proof that its maker knows one logarithm behind two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EqualityProof {
    /// The hash of the nonce's points and everything else, c.
    #[serde(with = "curve::scalar")]
    pub challenge: Scalar,
    /// r + c * secret.
    #[serde(with = "curve::scalar")]
    pub response: Scalar,
}

/// What a proof is about: `key` over the generator and `image` over `base` have the same logarithm.
pub(super) struct EqualityClaim<'a> {
    /// Separates kinds of proofs.
    pub domain: &'static str,
    /// The secret times the generator.
    pub key: &'a WirePoint,
    /// The second base.
    pub base: &'a WirePoint,
    /// The secret times the second base.
    pub image: &'a WirePoint,
    /// What the proof is bound to.
    pub facts: &'a [&'a [u8]],
}

impl EqualityClaim<'_> {
    /// Hashes `first` with everything that the claim is about.
    fn hash(&self, first: [&[u8]; 3], meter: &mut Meter) -> [u8; 32] {
        let mut parts: Vec<&[u8]> = first.to_vec();
        parts.extend([self.key.bytes(), self.base.bytes(), self.image.bytes()]);
        parts.extend(self.facts);
        meter.add(Op::HashByte, parts.iter().map(|part| part.len() as u64 + 8).sum());
        hash_parts(self.domain, &parts)
    }

    /// The challenge for the nonce's points over both bases.
    fn challenge(&self, nonces: [[u8; 33]; 2], meter: &mut Meter) -> Scalar {
        scalar_reduce(&self.hash([b"challenge", &nonces[0], &nonces[1]], meter))
    }

    /// Proves the claim. The nonce is a hash of the secret and of the whole claim, as in RFC 6979: the same claim
    /// always gets the same proof, whatever a restarted prover remembers, and no nonce serves two claims.
    pub(super) fn prove(&self, secret: &Scalar, meter: &mut Meter) -> EqualityProof {
        let known = Zeroizing::new(scalar_bytes(secret));
        let seed = Zeroizing::new(self.hash([b"nonce", &*known, b""], meter));
        let r = Zeroizing::new(scalar_reduce(&seed));
        meter.add(Op::ScalarMul, 2);
        let nonces = [times_generator(&r), *self.base.point() * *r].map(|point| point_bytes(&point));
        let challenge = self.challenge(nonces, meter);
        EqualityProof { challenge, response: *r + challenge * secret }
    }

    /// Checks that the challenge is that of z G - c K and z B - c I. The work is charged whether or not the memo knows
    /// the answer.
    pub(super) fn holds(&self, proof: &EqualityProof, memo: &Memo, meter: &mut Meter) -> bool {
        let (challenge, response) = (scalar_bytes(&proof.challenge), scalar_bytes(&proof.response));
        // Charged for the challenge, whose hash is of the same length up to two bytes; the name serves the memo alone.
        let name = self.hash([b"claim", &challenge, &response], meter);
        meter.add(Op::ScalarMul, 4);
        meter.add(Op::PointAdd, 2);
        memo.check("dkg/equality", &[&name], || {
            let over_generator = times_generator(&proof.response) - *self.key.point() * proof.challenge;
            let over_base = *self.base.point() * proof.response - *self.image.point() * proof.challenge;
            let nonces = [over_generator, over_base].map(|point| point_bytes(&point));
            self.challenge(nonces, &mut Meter::default()) == proof.challenge
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ProjectivePoint;
    use k256::elliptic_curve::Field;
    use rand_core::SeedableRng;

    #[test]
    fn a_proof_holds_for_equal_logarithms_and_for_no_other_claim() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([2; 32]);
        let (memo, mut meter) = (Memo::shared(), Meter::default());
        let secret = Scalar::random(&mut rng);
        let base = ProjectivePoint::GENERATOR * Scalar::random(&mut rng);
        let [key, base, image] = [ProjectivePoint::GENERATOR * secret, base, base * secret].map(WirePoint::from);
        let other = WirePoint::from(*image.point() + ProjectivePoint::GENERATOR);
        let claim = EqualityClaim { domain: "test/a", key: &key, base: &base, image: &image, facts: &[b"fact"] };
        let proof = claim.prove(&secret, &mut meter);
        assert_eq!(claim.prove(&secret, &mut meter), proof, "a claim has one proof");
        assert!(claim.holds(&proof, &memo, &mut meter));
        assert!(claim.holds(&proof, &memo, &mut meter), "and again from the memo");
        for wrong in [
            EqualityClaim { domain: "test/b", ..claim },
            EqualityClaim { facts: &[b"other"], ..claim },
            EqualityClaim { facts: &[b"fa", b"ct"], ..claim },
            EqualityClaim { key: &other, ..claim },
            EqualityClaim { base: &other, ..claim },
            EqualityClaim { image: &other, ..claim },
        ] {
            assert!(!wrong.holds(&proof, &memo, &mut meter));
            let unequal = wrong.prove(&secret, &mut meter);
            assert_ne!(unequal.challenge, proof.challenge);
        }
        let unequal = EqualityClaim { image: &other, ..claim };
        let lie = unequal.prove(&secret, &mut meter);
        assert!(!unequal.holds(&lie, &memo, &mut meter), "there is no proof of a falsehood");
        for forged in [
            EqualityProof { challenge: Scalar::ZERO, response: Scalar::ZERO },
            EqualityProof { challenge: proof.challenge, response: proof.response + Scalar::ONE },
            EqualityProof { challenge: proof.challenge + Scalar::ONE, response: proof.response },
        ] {
            assert!(!claim.holds(&forged, &memo, &mut meter));
        }
    }

    #[test]
    fn checking_costs_the_same_with_and_without_the_memo() {
        let point = WirePoint::from(ProjectivePoint::GENERATOR);
        let claim = EqualityClaim { domain: "test", key: &point, base: &point, image: &point, facts: &[] };
        let proof = claim.prove(&Scalar::ONE, &mut Meter::default());
        let memo = Memo::shared();
        let cost = |memo: &Memo| {
            let mut meter = Meter::default();
            assert!(claim.holds(&proof, memo, &mut meter));
            meter
        };
        assert_eq!([cost(&memo), cost(&memo)], [cost(&Memo::off()), cost(&Memo::off())]);
        assert_eq!(cost(&memo).count(Op::ScalarMul), 4);
    }
}
