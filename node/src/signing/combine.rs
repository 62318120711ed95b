//! From shares to a verified signature, for holders and for clients.

use frost_core::Ciphersuite;
use frost_secp256k1::Secp256K1Sha256;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::scalar::IsHigh;
use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

use super::{ClientShare, Scheme};
use crate::bugs::{self, Bug};
use crate::curve;
use crate::id::{Digest, NodeId};

/// Why shares make no signature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CombineError {
    /// No proposal has the shares of all its holders.
    #[error("no proposal has all its shares: the fullest has {have} of {need}")]
    Incomplete {
        /// Shares of the proposal that has most.
        have: usize,
        /// How many make a signature.
        need: usize,
    },
    /// The holders are not an ascending list of at least one node without repetition.
    #[error("the list of holders is malformed")]
    MalformedHolders,
    /// A value that a signature may not have: zero r or s, or an x coordinate beyond the group order.
    #[error("the shares combine to a degenerate signature")]
    Degenerate,
    /// The result does not verify: at least one share is wrong.
    #[error("the combined signature does not verify")]
    Invalid,
}

/// A complete signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CombinedSignature {
    /// ECDSA, low s.
    Ecdsa {
        /// x coordinate of the nonce point, big-endian.
        r: [u8; 32],
        /// The signature scalar, in the lower half, big-endian.
        s: [u8; 32],
        /// Recovery id, 0 or 1.
        v: u8,
    },
    /// Schnorr, RFC 9591.
    Schnorr {
        /// The nonce point R.
        #[serde(with = "curve::point")]
        r: ProjectivePoint,
        /// The response z.
        #[serde(with = "curve::scalar")]
        z: Scalar,
    },
    /// Schnorr, BIP-340.
    Bip340 {
        /// x coordinate of the nonce point, big-endian.
        r: [u8; 32],
        /// The response, big-endian.
        s: [u8; 32],
    },
}

impl CombinedSignature {
    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Ecdsa { .. } => Scheme::EcdsaK256,
            Self::Schnorr { .. } => Scheme::SchnorrK256Sha256,
            Self::Bip340 { .. } => Scheme::SchnorrK256Bip340,
        }
    }

    /// Whether this is a signature of `digest` by `public_key`. ECDSA: low s, and recovers to the key; Schnorr:
    /// z G = R + c PK with the challenge of RFC 9591 section 4.6 over the 32 bytes of the digest. BIP-340: under the key's
    /// x coordinate, the digest being the message.
    pub fn verify(&self, public_key: &ProjectivePoint, digest: &Digest) -> bool {
        match self {
            Self::Ecdsa { r, s, v } => recover(r, s, *v, digest).is_some_and(|key| key == *public_key),
            Self::Schnorr { r, z } => {
                curve::times_generator(z) == *r + *public_key * schnorr_challenge(r, public_key, digest)
            }
            Self::Bip340 { r, s } => is_bip340(r, s, public_key, digest),
        }
    }

    /// 65 bytes: r, s and the recovery id (0 or 1) for ECDSA; R compressed and z for Schnorr; r, s and a zero for BIP-340,
    /// whose signatures are the first 64.
    pub fn bytes(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        match self {
            Self::Ecdsa { r, s, v } => {
                bytes[..32].copy_from_slice(r);
                bytes[32..64].copy_from_slice(s);
                bytes[64] = *v;
            }
            Self::Schnorr { r, z } => {
                bytes[..33].copy_from_slice(&curve::point_bytes(r));
                bytes[33..].copy_from_slice(&curve::scalar_bytes(z));
            }
            Self::Bip340 { r, s } => {
                bytes[..32].copy_from_slice(r);
                bytes[32..64].copy_from_slice(s);
            }
        }
        bytes
    }

    /// Whether the signature was made with this nonce point. ECDSA and BIP-340 show its x
    /// coordinate only.
    pub fn has_nonce(&self, nonce: &ProjectivePoint) -> bool {
        match self {
            Self::Ecdsa { r, .. } => curve::scalar_bytes(&ecdsa_r(nonce)) == *r,
            Self::Schnorr { r, .. } => r == nonce,
            Self::Bip340 { r, .. } => curve::point_bytes(nonce)[1..] == *r,
        }
    }
}

/// The r of an ECDSA signature with this nonce point.
pub(super) fn ecdsa_r(nonce: &ProjectivePoint) -> Scalar {
    curve::scalar_reduce(&nonce.to_affine().x().into())
}

/// The challenge c = H2(R || PK || msg), RFC 9591 section 4.6.
pub(super) fn schnorr_challenge(nonce: &ProjectivePoint, public_key: &ProjectivePoint, digest: &Digest) -> Scalar {
    let preimage = [&curve::point_bytes(nonce)[..], &curve::point_bytes(public_key)[..], &digest.0[..]].concat();
    Secp256K1Sha256::H2(&preimage)
}

/// Checks a signature of BIP-340 by k256's verifier, which does not know of FROST.
fn is_bip340(r: &[u8; 32], s: &[u8; 32], public_key: &ProjectivePoint, digest: &Digest) -> bool {
    let key = k256::schnorr::VerifyingKey::from_bytes(&curve::point_bytes(public_key)[1..]);
    let signature = k256::schnorr::Signature::try_from(&[*r, *s].concat()[..]);
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify_raw(&digest.0, &signature).is_ok())
}

fn recover(r: &[u8; 32], s: &[u8; 32], v: u8, digest: &Digest) -> Option<ProjectivePoint> {
    let signature = Signature::from_scalars(*r, *s).ok()?;
    if v > 1 || signature.normalize_s().is_some() {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(&digest.0, &signature, RecoveryId::from_byte(v)?).ok()?;
    Some(ProjectivePoint::from(*key.as_affine()))
}

/// Combines the shares of all `holders` and verifies the result.
///
/// # Errors
/// If a share is missing, the holders are malformed, or the result is no signature of `digest` by `public_key`.
pub fn combine(
    scheme: Scheme,
    public_key: &ProjectivePoint,
    digest: &Digest,
    nonce: &ProjectivePoint,
    holders: &[NodeId],
    shares: &BTreeMap<NodeId, Scalar>,
) -> Result<CombinedSignature, CombineError> {
    let signature = assemble(scheme, nonce, holders, shares)?;
    if bugs::planted(Bug::UnverifiedCombination) || signature.verify(public_key, digest) {
        Ok(signature)
    } else {
        Err(CombineError::Invalid)
    }
}

/// Combines the shares of all `holders`, for callers that verify the result themselves.
///
/// # Errors
/// If a share is missing, the holders are malformed, or the result cannot be a signature of anything.
pub fn assemble(
    scheme: Scheme,
    nonce: &ProjectivePoint,
    holders: &[NodeId],
    shares: &BTreeMap<NodeId, Scalar>,
) -> Result<CombinedSignature, CombineError> {
    if holders.is_empty() || holders[0].0 == 0 || !holders.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(CombineError::MalformedHolders);
    }
    let points: Vec<(NodeId, Scalar)> = holders.iter().filter_map(|h| shares.get(h).map(|s| (*h, *s))).collect();
    if points.len() != holders.len() {
        return Err(CombineError::Incomplete { have: points.len(), need: holders.len() });
    }
    Ok(match scheme {
        Scheme::EcdsaK256 => ecdsa(nonce, curve::interpolate(&points))?,
        Scheme::SchnorrK256Sha256 => {
            CombinedSignature::Schnorr { r: *nonce, z: points.iter().map(|(_, share)| share).sum() }
        }
        Scheme::SchnorrK256Bip340 => {
            let s: Scalar = points.iter().map(|(_, share)| share).sum();
            let r = curve::point_bytes(nonce)[1..].try_into().expect("33 - 1 = 32");
            CombinedSignature::Bip340 { r, s: curve::scalar_bytes(&s) }
        }
    })
}

/// Low-s form and recovery id, SEC 1 section 4.1.3.
fn ecdsa(nonce: &ProjectivePoint, s: Scalar) -> Result<CombinedSignature, CombineError> {
    let affine = nonce.to_affine();
    let r = ecdsa_r(nonce);
    let x: [u8; 32] = affine.x().into();
    // A reduced x would need a recovery id of 2 or 3, which Ethereum does not have.
    if r == Scalar::ZERO || s == Scalar::ZERO || curve::scalar_bytes(&r) != x {
        return Err(CombineError::Degenerate);
    }
    let high = bool::from(s.is_high());
    let odd = bool::from(affine.y_is_odd()) != high;
    let s = if high { -s } else { s };
    Ok(CombinedSignature::Ecdsa { r: x, s: curve::scalar_bytes(&s), v: u8::from(odd) })
}

/// A signature as a client has put it together, with what the nodes say it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientSignature {
    /// The key.
    pub public_key: ProjectivePoint,
    /// What is signed.
    pub digest: Digest,
    /// The signature, verified against both.
    pub signature: CombinedSignature,
}

/// Combines what nodes returned: groups parts that agree in everything but the share, takes a group that has the
/// shares of all its holders, and verifies the result.
///
/// `threshold` is the network's: parts of fewer holders are ignored, so that a few nodes cannot pass off a
/// signature of their own key.
///
/// # Errors
/// If no group is complete, or those that are do not verify.
pub fn combine_client(parts: &[(NodeId, ClientShare)], threshold: usize) -> Result<ClientSignature, CombineError> {
    let mut groups: Vec<(&ClientShare, BTreeMap<NodeId, Scalar>)> = Vec::new();
    for (node, part) in parts.iter().filter(|(_, part)| part.holders.len() >= threshold) {
        let Some(share) = part.share.filter(|_| part.holders.contains(node)) else { continue };
        match groups.iter_mut().find(|(first, _)| agree(first, part)) {
            Some((_, shares)) => {
                shares.entry(*node).or_insert(share.0);
            }
            None => groups.push((part, BTreeMap::from([(*node, share.0)]))),
        }
    }
    let mut error = CombineError::Incomplete { have: 0, need: threshold };
    for (part, shares) in groups {
        match combine(part.scheme, &part.public_key, &part.digest, &part.nonce, &part.holders, &shares) {
            Ok(signature) => {
                return Ok(ClientSignature { public_key: part.public_key, digest: part.digest, signature });
            }
            Err(other) => error = worse(error, other),
        }
    }
    Err(error)
}

fn agree(a: &ClientShare, b: &ClientShare) -> bool {
    (a.scheme, a.public_key, a.digest, a.proposal, &a.holders, a.nonce)
        == (b.scheme, b.public_key, b.digest, b.proposal, &b.holders, b.nonce)
}

/// The error that says most: a complete group that fails before the fullest incomplete one.
fn worse(a: CombineError, b: CombineError) -> CombineError {
    match (&a, &b) {
        (CombineError::Incomplete { have: x, .. }, CombineError::Incomplete { have: y, .. }) if y <= x => a,
        (CombineError::Incomplete { .. }, _) => b,
        _ => a,
    }
}
