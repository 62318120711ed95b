//! One-round ECDSA signing with a presignature.
//!
//! The nonce point is rerandomised by a hash of everything that is fixed only after the request, including fresh
//! bytes of every holder (Groth-Shoup 2021/1330: without it, presignatures are unsafe together with key tweaks).

use k256::{ProjectivePoint, Scalar};
use std::collections::BTreeMap;

use super::presign::Presignature;
pub use super::presign::Terms;
use crate::bugs::{self, Bug};
use crate::curve;
use crate::id::{Digest, NodeId};
use crate::key::PublicKey;
use crate::meter::{Meter, Op};
use crate::signing::PresignatureProof;
use crate::signing::combine::ecdsa_r;
use crate::wire::hash_parts;

/// The public side of one signing run.
#[derive(Debug)]
pub struct Run {
    terms: Terms,
    nonce: ProjectivePoint,
    pub(super) k_factor: Scalar,
    pub(super) sigma_factor: Scalar,
}

impl Run {
    /// The public side of signing `digest` with the key plus `tweak` (zero for the key itself). `fresh` are the fresh
    /// values of exactly the presignature's holders. `None` if r is zero.
    pub fn new(
        terms: Terms,
        key: &PublicKey,
        digest: &Digest,
        tweak: &Scalar,
        fresh: &BTreeMap<NodeId, [u8; 32]>,
        meter: &mut Meter,
    ) -> Option<Self> {
        let delta = rerandomisation(&terms, key, digest, tweak, fresh);
        meter.add(Op::ScalarMul, 2);
        let nonce = terms.r * delta;
        let r = ecdsa_r(&nonce);
        if r == Scalar::ZERO {
            return None;
        }
        let inverse = Option::<Scalar>::from(delta.invert()).expect("delta is not zero");
        let k_factor = (curve::scalar_reduce(&digest.0) + r * tweak) * inverse;
        Some(Self { terms, nonce, k_factor, sigma_factor: r * inverse })
    }

    /// Signs as [`Run::new`] says. The presignature is gone afterwards, whatever the outcome. Gives the run and this
    /// holder's share s_i = delta^-1 ((m + r e) k_i + r sigma_i); `None` if r is zero.
    pub fn sign(
        presignature: Presignature,
        key: &PublicKey,
        digest: &Digest,
        tweak: &Scalar,
        fresh: &BTreeMap<NodeId, [u8; 32]>,
        meter: &mut Meter,
    ) -> Option<(Self, Scalar)> {
        let run = Self::new(presignature.public.clone(), key, digest, tweak, fresh, meter)?;
        let share = run.k_factor * presignature.k + run.sigma_factor * presignature.sigma;
        Some((run, share))
    }

    /// What shows others, beside the proposal, what a holder's share should have been; `None` with dealt triples.
    pub fn proof_against(&self, holder: NodeId, meter: &mut Meter) -> Option<PresignatureProof> {
        let origin = self.terms.origin.as_ref()?;
        let sealed = origin.sealed.by(holder, meter)?;
        Some(PresignatureProof { start: self.terms.start.clone(), openings: origin.openings.clone(), sealed })
    }

    /// The rerandomised nonce point R'.
    pub fn nonce(&self) -> ProjectivePoint {
        self.nonce
    }

    /// Whether a holder's share is right: s_i G = delta^-1 ((m + r e) K_i + r Sigma_i).
    pub fn is_right(&self, key: &PublicKey, holder: NodeId, share: &Scalar, meter: &mut Meter) -> bool {
        meter.add(Op::ScalarMul, 5);
        let sigma = self.terms.sigma_of(holder, key.share_of(holder));
        curve::times_generator(share) == self.terms.k_of(holder) * self.k_factor + sigma * self.sigma_factor
    }

    /// All holders whose share is wrong.
    pub fn cheaters(&self, key: &PublicKey, shares: &BTreeMap<NodeId, Scalar>, meter: &mut Meter) -> Vec<NodeId> {
        shares.iter().filter(|(holder, s)| !self.is_right(key, **holder, s, meter)).map(|(holder, _)| *holder).collect()
    }
}

/// delta = H(R, tweaked key, m, tweak, holders, all fresh values); never zero.
fn rerandomisation(
    terms: &Terms,
    key: &PublicKey,
    digest: &Digest,
    tweak: &Scalar,
    fresh: &BTreeMap<NodeId, [u8; 32]>,
) -> Scalar {
    if bugs::planted(Bug::DeltaMissing) {
        return Scalar::ONE;
    }
    let tweaked = key.point + curve::times_generator(tweak);
    let holders: Vec<u8> = fresh.keys().flat_map(|holder| holder.0.to_be_bytes()).collect();
    let values: Vec<u8> = fresh.values().flatten().copied().collect();
    let (r, tweaked, tweak) = (curve::point_bytes(&terms.r), curve::point_bytes(&tweaked), curve::scalar_bytes(tweak));
    (0u8..)
        .map(|counter| {
            let parts: [&[u8]; 7] = [&r, &tweaked, &digest.0, &tweak, &holders, &values, &[counter]];
            curve::scalar_reduce(&hash_parts("signing/ecdsa/rerandomisation", &parts))
        })
        .find(|delta| *delta != Scalar::ZERO)
        .expect("a hash is zero with probability 2^-256")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::ecdsa::Presign;
    use crate::signing::tests::keys;
    use crate::signing::{CombineError, CombinedSignature, PresignStart, Scheme, combine};
    use crate::triples::deal;
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::rc::Rc;

    const DIGEST: Digest = Digest([0x5a; 32]);

    fn presignatures(members: u16) -> (PublicKey, BTreeMap<NodeId, Presignature>) {
        let shares = keys::deal(members, 1);
        let public = shares[&NodeId(1)].public.clone();
        let holders = public.members[..usize::from(public.threshold)].to_vec();
        let dealt = deal(holders[0], &holders, 1, 2, &mut ChaCha20Rng::from_seed([8; 32]));
        let (key, epoch, leader) = (public.id(), public.epoch, holders[0]);
        let start =
            PresignStart { key, epoch, leader, holders: holders.clone(), batch: 1, sealed: None, nonce: 0, product: 1 };
        let begun = dealt.into_iter().map(|(holder, part)| {
            let key = Rc::new(shares[&holder].clone());
            Presign::begin(start.clone(), key, part.triples[0].clone(), part.triples[1].clone())
        });
        let (mut runs, openings): (Vec<_>, Vec<_>) = begun.unzip();
        for run in &mut runs {
            for (holder, opening) in holders.iter().zip(&openings) {
                run.accept(*holder, *opening);
            }
        }
        let finished = runs.into_iter().map(|run| run.finish(&mut Meter::default()).unwrap());
        (public, holders.into_iter().zip(finished).collect())
    }

    fn sign(members: u16, tweak: Scalar, salt: u8) -> (PublicKey, Run, BTreeMap<NodeId, Scalar>) {
        sign_digest(members, DIGEST, tweak, salt)
    }

    fn sign_digest(
        members: u16,
        digest: Digest,
        tweak: Scalar,
        salt: u8,
    ) -> (PublicKey, Run, BTreeMap<NodeId, Scalar>) {
        let (public, presignatures) = presignatures(members);
        let fresh = presignatures.keys().map(|h| (*h, [h.0 as u8 ^ salt; 32])).collect();
        let mut shares = BTreeMap::new();
        let mut last = None;
        for (holder, presignature) in presignatures {
            let (run, share) =
                Run::sign(presignature, &public, &digest, &tweak, &fresh, &mut Meter::default()).unwrap();
            shares.insert(holder, share);
            last = Some(run);
        }
        (public, last.unwrap(), shares)
    }

    fn combined(
        point: &ProjectivePoint,
        run: &Run,
        shares: &BTreeMap<NodeId, Scalar>,
    ) -> Result<CombinedSignature, CombineError> {
        let holders: Vec<NodeId> = shares.keys().copied().collect();
        combine(Scheme::EcdsaK256, point, &DIGEST, &run.nonce(), &holders, shares)
    }

    #[test]
    fn a_signature_recovers_to_the_keys_address_by_k256() {
        for (members, salt) in [(4, 1), (7, 2), (10, 3), (10, 4), (10, 5)] {
            let (public, run, shares) = sign(members, Scalar::ZERO, salt);
            let signature = combined(&public.point, &run, &shares).unwrap();
            assert!(signature.has_nonce(&run.nonce()) && signature.verify(&public.point, &DIGEST));
            let bytes = signature.bytes();
            let parsed = Signature::from_slice(&bytes[..64]).unwrap();
            assert!(parsed.normalize_s().is_none(), "low s");
            let id = RecoveryId::from_byte(bytes[64]).unwrap();
            let recovered = VerifyingKey::recover_from_prehash(&DIGEST.0, &parsed, id).unwrap();
            assert_eq!(crate::key::eth_address(&(*recovered.as_affine()).into()), public.eth_address());
        }
    }

    #[test]
    fn a_tweaked_signature_is_one_of_the_tweaked_key_only() {
        let tweak = Scalar::from(77u64);
        let (public, run, shares) = sign(7, tweak, 1);
        let tweaked = public.point + ProjectivePoint::GENERATOR * tweak;
        assert!(combined(&tweaked, &run, &shares).is_ok());
        assert_eq!(combined(&public.point, &run, &shares), Err(CombineError::Invalid));
    }

    #[test]
    fn a_wrong_share_spoils_the_signature_and_is_found_by_anyone() {
        let (public, run, mut shares) = sign(10, Scalar::ZERO, 1);
        let mut meter = Meter::default();
        assert!(run.cheaters(&public, &shares, &mut meter).is_empty());
        *shares.get_mut(&NodeId(3)).unwrap() += Scalar::ONE;
        *shares.get_mut(&NodeId(6)).unwrap() = Scalar::ZERO;
        assert_eq!(combined(&public.point, &run, &shares), Err(CombineError::Invalid));
        assert_eq!(run.cheaters(&public, &shares, &mut meter), [NodeId(3), NodeId(6)]);
    }

    #[test]
    fn another_digest_another_tweak_and_other_fresh_values_each_give_another_nonce_point() {
        let nonce = |digest, tweak, salt| sign_digest(4, Digest([digest; 32]), Scalar::from(tweak), salt).1.nonce();
        let first = nonce(1, 0_u64, 1);
        assert_eq!(nonce(1, 0, 1), first, "the same presignature");
        for other in [nonce(2, 0, 1), nonce(1, 1, 1), nonce(1, 0, 2)] {
            assert_ne!(other, first);
        }
    }
}
