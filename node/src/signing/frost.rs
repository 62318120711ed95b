//! FROST(secp256k1, SHA-256), RFC 9591: one signing run over a fixed list of commitments.
//!
//! Share computation and the search for cheaters are frost-secp256k1's. The group commitment is computed here as
//! well, because every share goes to clients together with the nonce point R before anything is aggregated.

use frost_core::Ciphersuite;
use frost_secp256k1::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare};
use frost_secp256k1::round1::{NonceCommitment, SigningCommitments, SigningNonces};
use frost_secp256k1::round2::SignatureShare;
use frost_secp256k1::{CheaterDetection, Error, Identifier, Secp256K1Sha256, SigningPackage, VerifyingKey};
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use std::collections::BTreeMap;

use super::NonceCommitments;
use crate::curve;
use crate::id::{Digest, NodeId};
use crate::key::{KeyShare, PublicKey};
use crate::meter::{Meter, Op};

/// Draws one-time nonces, RFC 9591 section 5.1. They stay in memory and are taken by value to sign.
pub fn commit(
    key: &KeyShare,
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> (SigningNonces, NonceCommitments) {
    meter.add(Op::ScalarMul, 2);
    let (nonces, commitments) = frost_secp256k1::round1::commit(&SigningShare::new(key.secret), rng);
    let point = |commitment: &NonceCommitment| {
        let bytes = commitment.serialize().ok()?;
        curve::point_from_bytes(bytes.as_slice().try_into().ok()?)
    };
    let of = |commitment| point(commitment).expect("a hash to a scalar is not zero");
    let commitments = NonceCommitments { hiding: of(commitments.hiding()), binding: of(commitments.binding()) };
    (nonces, commitments)
}

/// The public side of one run: who signs what, with which commitments.
#[derive(Debug)]
pub struct Run {
    package: SigningPackage,
    nonce: ProjectivePoint,
}

impl Run {
    /// Fixes the run. `commitments` are those of its holders, as many as the key's threshold.
    ///
    /// # Errors
    /// If a commitment cannot be used, or the group commitment is the identity.
    pub fn new(
        key: &PublicKey,
        digest: &Digest,
        commitments: &BTreeMap<NodeId, NonceCommitments>,
        meter: &mut Meter,
    ) -> Result<Self, Error> {
        let signing = commitments
            .iter()
            .map(|(node, c)| Ok((identifier(*node)?, SigningCommitments::new(point(&c.hiding)?, point(&c.binding)?))))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        meter.add(Op::ScalarMul, commitments.len() as u64);
        let nonce = group_commitment(key, digest, commitments)?;
        if nonce == ProjectivePoint::IDENTITY {
            return Err(Error::IdentityCommitment);
        }
        Ok(Self { package: SigningPackage::new(signing, &digest.0), nonce })
    }

    /// The signature's nonce point R.
    pub fn nonce(&self) -> ProjectivePoint {
        self.nonce
    }

    /// This holder's share, RFC 9591 section 5.2. The nonces are gone afterwards, whatever the outcome.
    ///
    /// # Errors
    /// If the commitments of these nonces are not in the run.
    pub fn sign(&self, nonces: SigningNonces, key: &KeyShare, meter: &mut Meter) -> Result<Scalar, Error> {
        meter.add(Op::ScalarMul, self.package.signing_commitments().len() as u64);
        let package = KeyPackage::new(
            identifier(key.holder)?,
            SigningShare::new(key.secret),
            VerifyingShare::new(key.public.share_of(key.holder)),
            VerifyingKey::new(key.public.point),
            key.public.threshold,
        );
        let share = frost_secp256k1::round2::sign(&self.package, &nonces, &package)?;
        let bytes = share.serialize();
        let scalar = bytes.as_slice().try_into().ok().and_then(curve::scalar_from_bytes);
        scalar.ok_or(Error::InvalidSignature)
    }

    /// Whether a holder's share is right, RFC 9591 section 5.4: z_i G = D_i + rho_i E_i + lambda_i c X_i.
    pub fn is_right(&self, key: &PublicKey, holder: NodeId, share: &Scalar) -> bool {
        let check = || {
            let id = identifier(holder)?;
            let share = SignatureShare::deserialize(&curve::scalar_bytes(share))?;
            let (own, all) = (VerifyingShare::new(key.share_of(holder)), VerifyingKey::new(key.point));
            frost_core::verify_signature_share(id, &own, &share, &self.package, &all)
        };
        check().is_ok()
    }

    /// All holders whose share is wrong, RFC 9591 section 5.4. `shares` are those of all holders.
    pub fn cheaters(&self, key: &PublicKey, shares: &BTreeMap<NodeId, Scalar>, meter: &mut Meter) -> Vec<NodeId> {
        meter.add(Op::ScalarMul, 4 * shares.len() as u64);
        match self.aggregate(key, shares) {
            Err(Error::InvalidSignatureShare { culprits }) => {
                shares.keys().copied().filter(|n| identifier(*n).is_ok_and(|id| culprits.contains(&id))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Aggregates by frost, which names all cheaters if the result does not verify.
    fn aggregate(
        &self,
        key: &PublicKey,
        shares: &BTreeMap<NodeId, Scalar>,
    ) -> Result<frost_secp256k1::Signature, Error> {
        let mut signature_shares = BTreeMap::new();
        let mut verifying_shares = BTreeMap::new();
        for (node, share) in shares {
            let id = identifier(*node)?;
            signature_shares.insert(id, SignatureShare::deserialize(&curve::scalar_bytes(share))?);
            verifying_shares.insert(id, VerifyingShare::new(key.share_of(*node)));
        }
        let public = PublicKeyPackage::new(verifying_shares, VerifyingKey::new(key.point), Some(key.threshold));
        frost_secp256k1::aggregate_custom(&self.package, &signature_shares, &public, CheaterDetection::AllCheaters)
    }
}

fn identifier(node: NodeId) -> Result<Identifier, Error> {
    Identifier::try_from(node.0)
}

fn point(point: &ProjectivePoint) -> Result<NonceCommitment, Error> {
    NonceCommitment::deserialize(&curve::point_bytes(point))
}

/// The sum of D_i + rho_i E_i, RFC 9591 sections 4.4 and 4.5.
fn group_commitment(
    key: &PublicKey,
    digest: &Digest,
    commitments: &BTreeMap<NodeId, NonceCommitments>,
) -> Result<ProjectivePoint, Error> {
    let mut list = Vec::with_capacity(commitments.len() * 98);
    for (node, c) in commitments {
        list.extend_from_slice(&identifier(*node)?.serialize());
        list.extend_from_slice(&curve::point_bytes(&c.hiding));
        list.extend_from_slice(&curve::point_bytes(&c.binding));
    }
    let mut prefix = curve::point_bytes(&key.point).to_vec();
    prefix.extend_from_slice(&Secp256K1Sha256::H4(&digest.0));
    prefix.extend_from_slice(&Secp256K1Sha256::H5(&list));
    let mut sum = ProjectivePoint::IDENTITY;
    for (node, c) in commitments {
        let factor = Secp256K1Sha256::H1(&[&prefix[..], &identifier(*node)?.serialize()].concat());
        sum += c.hiding + c.binding * factor;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::tests::keys;
    use crate::signing::{CombinedSignature, Scheme, combine};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const DIGEST: Digest = Digest([0x5a; 32]);

    /// A run of the first `k` holders, with its shares.
    fn run(members: u16) -> (PublicKey, Run, BTreeMap<NodeId, Scalar>) {
        let mut meter = Meter::default();
        let mut rng = ChaCha20Rng::from_seed([members as u8; 32]);
        let shares = keys::deal(members, 5);
        let public = shares[&NodeId(1)].public.clone();
        let holders: Vec<NodeId> = public.members[..usize::from(public.threshold)].to_vec();
        let committed: BTreeMap<_, _> =
            holders.iter().map(|h| (*h, commit(&shares[h], &mut rng, &mut meter))).collect();
        let commitments = committed.iter().map(|(h, (_, c))| (*h, *c)).collect();
        let run = Run::new(&public, &DIGEST, &commitments, &mut meter).expect("honest commitments");
        let signed = committed
            .into_iter()
            .map(|(h, (nonces, _))| (h, run.sign(nonces, &shares[&h], &mut meter).expect("own commitments")))
            .collect();
        (public, run, signed)
    }

    #[test]
    fn our_group_commitment_and_sum_are_frosts_and_verify_by_both() {
        for members in [4, 7, 10] {
            let (public, run, shares) = run(members);
            let holders: Vec<NodeId> = shares.keys().copied().collect();
            let nonce = run.nonce();
            let ours = combine(Scheme::SchnorrK256Sha256, &public.point, &DIGEST, &nonce, &holders, &shares).unwrap();
            let frosts = run.aggregate(&public, &shares).unwrap();
            assert_eq!(ours.bytes().to_vec(), frosts.serialize().unwrap());
            VerifyingKey::new(public.point).verify(&DIGEST.0, &frosts).unwrap();
            assert!(ours.verify(&public.point, &DIGEST));
            assert!(!ours.verify(&public.point, &Digest([1; 32])));
            let CombinedSignature::Schnorr { r, z } = ours else { panic!("a Schnorr signature") };
            assert!(!CombinedSignature::Schnorr { r, z: z + Scalar::ONE }.verify(&public.point, &DIGEST));
        }
    }

    #[test]
    fn all_cheaters_are_named_and_honest_shares_name_nobody() {
        let (public, run, mut shares) = run(10);
        let mut meter = Meter::default();
        assert!(run.cheaters(&public, &shares, &mut meter).is_empty());
        for liar in [2, 5] {
            *shares.get_mut(&NodeId(liar)).unwrap() += Scalar::ONE;
        }
        assert_eq!(run.cheaters(&public, &shares, &mut meter), [NodeId(2), NodeId(5)]);
    }

    #[test]
    fn nonces_of_another_run_are_refused() {
        let (_, run, _) = run(4);
        let key = keys::deal(4, 5).remove(&NodeId(1)).unwrap();
        let mut meter = Meter::default();
        let (nonces, _) = commit(&key, &mut ChaCha20Rng::from_seed([9; 32]), &mut meter);
        assert!(run.sign(nonces, &key, &mut meter).is_err());
    }
}
