//! Encodings: a bounded, canonical codec, domain-separated hashing, and signed statements.
//!
//! Everything that a peer sends is decoded here. Decoding checks the size first, refuses trailing bytes, and
//! refuses any encoding that is not the one our encoder makes, so that a digest names one meaning.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use k256::elliptic_curve::ops::{Invert, LinearCombinationExt, Reduce};
use k256::elliptic_curve::point::AffineCoordinates;
use k256::{AffinePoint, ProjectivePoint, Scalar, U256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sha3::{Digest as _, Keccak256};
use thiserror::Error;

use crate::id::{Digest, NodeId};
use crate::meter::{Meter, Op};

/// The largest message that a node accepts from a peer, in bytes.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// Why bytes were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The input is longer than its bound.
    #[error("{len} bytes exceed the bound of {max}")]
    TooLong {
        /// Length of the input, bytes.
        len: usize,
        /// The bound, bytes.
        max: usize,
    },
    /// The input is no encoding of the expected type.
    #[error("malformed: {0}")]
    Malformed(#[from] postcard::Error),
    /// The input decodes, but our encoder would have written other bytes.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Encodes a value.
///
/// # Panics
/// Never for the types of this crate: postcard fails only on sequences of unknown length, which none has.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("our types have known lengths")
}

/// Decodes a value of at most `max` bytes.
///
/// # Errors
/// If the input is too long, malformed, has trailing bytes or is not canonical.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::TooLong { len: bytes.len(), max });
    }
    let value: T = postcard::from_bytes(bytes)?;
    if encode(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// SHA-256 over a domain and length-prefixed parts.
pub fn hash_parts(domain: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(domain.as_bytes()).chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A statement that its maker signs, because it may serve as evidence or be passed on.
pub trait Signable: Serialize {
    /// Separates this statement's signatures from those of every other kind.
    const DOMAIN: &'static str;

    /// The 32 bytes that are signed. Statements that a contract checks override this with what Solidity can hash.
    fn signing_digest(&self) -> [u8; 32] {
        let mut hash = Keccak256::new();
        hash.update(Keccak256::digest(Self::DOMAIN));
        hash.update(encode(self));
        hash.finalize().into()
    }

    /// The digest by which other statements name this one.
    fn digest(&self) -> Digest {
        Digest(self.signing_digest())
    }
}

/// A recoverable secp256k1 ECDSA signature (low s).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SignatureBytes {
    /// x coordinate of the nonce point, reduced.
    pub r: [u8; 32],
    /// The signature scalar, in the lower half.
    pub s: [u8; 32],
    /// Recovery id, 0 or 1.
    pub v: u8,
}

impl SignatureBytes {
    /// Signs a 32-byte digest (RFC 6979 nonce).
    ///
    /// # Panics
    /// Never: signing a 32-byte prehash with a valid key does not fail.
    pub fn sign(digest: &[u8; 32], key: &SigningKey, meter: &mut Meter) -> Self {
        meter.add(Op::SignatureMade, 1);
        let (signature, recovery) = key.sign_prehash_recoverable(digest).expect("the prehash has 32 bytes");
        let (r, s) = signature.split_bytes();
        Self { r: r.into(), s: s.into(), v: recovery.to_byte() }
    }

    /// Checks the signature against a key. Of the forms that a signature has, one is right: high s is refused, and so
    /// is another recovery id than the nonce's. A contract that recovers the signer would refuse that one; whoever
    /// believed it could then be made to post or to pass on what nobody else believes.
    pub fn verify(&self, digest: &[u8; 32], key: &VerifyingKey, meter: &mut Meter) -> bool {
        meter.add(Op::SignatureChecked, 1);
        self.nonce_point(digest, key).is_some_and(|point| {
            let is_odd = bool::from(point.y_is_odd());
            // The two recovery ids that are left say that x is not reduced.
            (point.x().as_slice(), u8::from(is_odd)) == (self.r.as_slice(), self.v)
        })
    }

    /// The nonce's point, if this is a signature of `key` in its one form (SEC 1, section 4.1.4). Libraries check a
    /// signature without its recovery id, or recover a key and check that: twice the work where the key is known.
    fn nonce_point(&self, digest: &[u8; 32], key: &VerifyingKey) -> Option<AffinePoint> {
        let signature = Signature::from_scalars(self.r, self.s).ok()?;
        if signature.normalize_s().is_some() {
            return None;
        }
        let (r, s) = signature.split_scalars();
        let inverse = *s.invert_vartime();
        let z = <Scalar as Reduce<U256>>::reduce_bytes(digest.into());
        let terms = [(ProjectivePoint::GENERATOR, z * inverse), (key.as_affine().into(), *r * inverse)];
        Some(ProjectivePoint::lincomb_ext(&terms).to_affine())
    }

    /// Recovers the signing key; high-s forms are refused.
    pub fn recover(&self, digest: &[u8; 32], meter: &mut Meter) -> Option<VerifyingKey> {
        meter.add(Op::SignatureChecked, 1);
        let signature = Signature::from_scalars(self.r, self.s).ok()?;
        if self.v > 1 {
            return None;
        }
        VerifyingKey::recover_from_prehash(digest, &signature, RecoveryId::from_byte(self.v)?).ok()
    }
}

/// A statement with its maker's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// What is stated.
    pub body: T,
    /// Who states it.
    pub signer: NodeId,
    /// The signature over [`Signable::signing_digest`].
    pub signature: SignatureBytes,
}

impl<T: Signable> Signed<T> {
    /// Signs `body` as `signer`.
    pub fn new(body: T, signer: NodeId, key: &SigningKey, meter: &mut Meter) -> Self {
        let signature = SignatureBytes::sign(&body.signing_digest(), key, meter);
        Self { body, signer, signature }
    }

    /// Whether the signature is that of `key`, which must be the signer's key from the roster.
    pub fn verify(&self, key: &VerifyingKey, meter: &mut Meter) -> bool {
        self.signature.verify(&self.body.signing_digest(), key, meter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Claim(u32, String);

    impl Signable for Claim {
        const DOMAIN: &'static str = "test/claim";
    }

    #[test]
    fn a_value_round_trips_and_every_other_encoding_is_refused() {
        let bytes = encode(&Claim(300, "x".into()));
        assert_eq!(decode::<Claim>(&bytes, 100), Ok(Claim(300, "x".into())));
        assert_eq!(decode::<Claim>(&bytes, 2), Err(DecodeError::TooLong { len: bytes.len(), max: 2 }));
        assert!(matches!(decode::<Claim>(&bytes[..2], 100), Err(DecodeError::Malformed(_))));
        assert_eq!(decode::<Claim>(&[bytes.clone(), vec![0]].concat(), 100), Err(DecodeError::NotCanonical));
        // 0x80 0x00 is an overlong varint zero.
        assert!(decode::<Claim>(&[0x80, 0x00, 0x00], 100).is_err());
    }

    #[test]
    fn a_signature_binds_body_and_signer() {
        let mut meter = Meter::default();
        let key = SigningKey::from_slice(&[3; 32]).expect("a valid scalar");
        let other = SigningKey::from_slice(&[4; 32]).expect("a valid scalar");
        let signed = Signed::new(Claim(1, "a".into()), NodeId(1), &key, &mut meter);
        assert!(signed.verify(key.verifying_key(), &mut meter));
        assert!(!signed.verify(other.verifying_key(), &mut meter));
        let forged = Signed { body: Claim(2, "a".into()), ..signed };
        assert!(!forged.verify(key.verifying_key(), &mut meter));
    }

    proptest! {
        #[test]
        fn a_signature_is_right_exactly_if_its_key_is_recovered_from_it(
            key: [u8; 32],
            digest: [u8; 32],
            flip in 0..650_usize,
        ) {
            let Ok(key) = SigningKey::from_slice(&key) else { return Ok(()) };
            let mut meter = Meter::default();
            let mut signature = SignatureBytes::sign(&digest, &key, &mut meter);
            prop_assert!(signature.verify(&digest, key.verifying_key(), &mut meter));
            // Bits of r, of s, of v; beyond, those of the digest.
            let (at, bit) = (flip / 8, 1 << (flip % 8));
            let mut said = digest;
            match at {
                0..32 => signature.r[at] ^= bit,
                32..64 => signature.s[at - 32] ^= bit,
                64 => signature.v ^= bit,
                _ => said[at % 32] ^= bit,
            }
            let recovered = signature.recover(&said, &mut meter) == Some(*key.verifying_key());
            prop_assert_eq!(signature.verify(&said, key.verifying_key(), &mut meter), recovered);
        }
    }

    #[test]
    fn a_signature_has_one_form() {
        let mut meter = Meter::default();
        let key = SigningKey::from_slice(&[3; 32]).expect("a valid scalar");
        let signature = SignatureBytes::sign(&[7; 32], &key, &mut meter);
        assert!(signature.verify(&[7; 32], key.verifying_key(), &mut meter));
        for v in (0..=u8::MAX).filter(|v| *v != signature.v) {
            assert!(!SignatureBytes { v, ..signature }.verify(&[7; 32], key.verifying_key(), &mut meter), "{v}");
        }
        let s = crate::curve::scalar_from_bytes(&signature.s).expect("a scalar");
        for v in [signature.v, 1 - signature.v] {
            let high = SignatureBytes { s: crate::curve::scalar_bytes(&-s), v, ..signature };
            assert!(!high.verify(&[7; 32], key.verifying_key(), &mut meter), "{v}");
        }
    }
}
