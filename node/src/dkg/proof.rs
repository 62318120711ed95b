//! Schnorr proofs of knowledge of a discrete logarithm, made non-interactive by Fiat and Shamir's transform, with
//! everything that the proof is about in the challenge (Bernhard, Pereira, Warinschi 2012: the "strong" form).

use group::ff::Field;
use k256::ProjectivePoint;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};

use super::point::WirePoint;
use crate::curve::{self, Curve, Hidden, ScalarField};
use crate::memo::Memo;
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// A proof that its maker knows the discrete logarithm of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Proof<P: Curve = ProjectivePoint> {
    /// The nonce's point, R.
    pub nonce: WirePoint<P>,
    /// r + c * secret.
    #[serde(with = "curve::scalar")]
    pub response: P::Scalar,
}

/// What a proof is about: a domain, the point, and every other fact that it is bound to.
pub(super) struct Claim<'a, P: Curve = ProjectivePoint> {
    /// Separates kinds of proofs.
    pub domain: &'static str,
    /// The point whose logarithm is known.
    pub point: &'a WirePoint<P>,
    /// What the proof is bound to.
    pub facts: &'a [&'a [u8]],
}

impl<P: Curve> Claim<'_, P> {
    fn challenge(&self, nonce: &WirePoint<P>, meter: &mut Meter) -> P::Scalar {
        let mut parts: Vec<&[u8]> = vec![self.point.bytes(), nonce.bytes()];
        parts.extend(self.facts);
        meter.add(Op::HashByte, parts.iter().map(|part| part.len() as u64 + 8).sum());
        P::Scalar::from_hash(&hash_parts(self.domain, &parts))
    }

    /// Proves knowledge of `secret`, the logarithm of the claim's point.
    pub(super) fn prove(
        &self,
        secret: &P::Scalar,
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Proof<P> {
        let r = Hidden::new(P::Scalar::random(rng));
        let nonce = WirePoint::from(P::generate(&r));
        meter.add(P::MUL, 1);
        let response = *r + self.challenge(&nonce, meter) * secret;
        Proof { nonce, response }
    }

    /// Checks z G == R + c A. The work is charged whether or not the memo knows the answer.
    pub(super) fn holds(&self, proof: &Proof<P>, memo: &Memo, meter: &mut Meter) -> bool {
        let challenge = self.challenge(&proof.nonce, meter);
        meter.add(P::MUL, 2);
        meter.add(P::ADD, 1);
        let inputs: [&[u8]; 5] = [
            P::NAME.as_bytes(),
            &challenge.to_wire(),
            self.point.bytes(),
            proof.nonce.bytes(),
            &proof.response.to_wire(),
        ];
        memo.check("dkg/schnorr", &inputs, || {
            P::generate(&proof.response) == *proof.nonce.point() + *self.point.point() * challenge
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::Scalar;
    use rand_core::SeedableRng;

    #[test]
    fn a_proof_holds_for_its_claim_and_for_no_other_point_fact_or_domain() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
        let (memo, mut meter) = (Memo::shared(), Meter::default());
        let secret = Scalar::random(&mut rng);
        let point = WirePoint::from(ProjectivePoint::GENERATOR * secret);
        let other = WirePoint::from(ProjectivePoint::GENERATOR * (secret + Scalar::ONE));
        let claim = Claim { domain: "test/a", point: &point, facts: &[b"fact"] };
        let proof = claim.prove(&secret, &mut rng, &mut meter);
        assert!(claim.holds(&proof, &memo, &mut meter));
        assert!(claim.holds(&proof, &memo, &mut meter), "and again from the memo");
        for wrong in [
            Claim { domain: "test/b", ..claim },
            Claim { facts: &[b"other"], ..claim },
            Claim { facts: &[b"fa", b"ct"], ..claim },
            Claim { point: &other, ..claim },
        ] {
            assert!(!wrong.holds(&proof, &memo, &mut meter));
        }
        assert_eq!(meter.count(Op::ScalarMul), 1 + 2 * 6);
    }
}
