//! What a client encrypts, without asking anybody: a header that everybody can read, and the plaintext under a fresh
//! key that is encrypted to an identity.

use blstrs::G2Affine;
use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::ibe::{Capsule, DecapsulateError};
use super::identity::{Identity, Purpose};
use super::point::SignaturePoint;
use super::threshold::is_signature;
use crate::curve::Bls12381;
use crate::id::{Digest, KeyId};
use crate::meter::{Meter, Op};
use crate::wire::encode;

/// The longest plaintext, bytes.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024;

/// What everybody may know of a ciphertext. All of it is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The network's key.
    pub key: KeyId,
    /// SHA-256 of the conditions' canonical JSON.
    pub conditions: Digest,
    /// SHA-256 of the plaintext. It is public: a plaintext that can be guessed can be confirmed.
    pub plaintext: Digest,
}

impl Header {
    /// To whom the ciphertext is encrypted.
    pub fn identity(&self) -> Identity {
        Identity::new(&self.conditions, &self.plaintext)
    }
}

/// A ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encrypted {
    /// What everybody may know.
    pub header: Header,
    /// The key of the body.
    pub capsule: Capsule,
    /// The encrypted plaintext and its tag.
    pub body: Vec<u8>,
}

/// Why a ciphertext does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The decryption key is not that of the ciphertext's identity.
    #[error("not the decryption key of this identity")]
    WrongKey,
    /// The capsule was changed, or made for another identity or key.
    #[error(transparent)]
    Capsule(#[from] DecapsulateError),
    /// The header or the body was changed.
    #[error("the header or the body was changed")]
    Body,
    /// The plaintext is not the one that the header promises.
    #[error("another plaintext than the header promises")]
    Plaintext,
    /// The plaintext is too long.
    #[error("{0} bytes are more than a plaintext may have")]
    TooLong(usize),
}

/// Encrypts to whoever meets the conditions of this hash.
///
/// # Errors
/// If the plaintext is too long.
pub fn encrypt(
    public: &Bls12381,
    conditions: Digest,
    plaintext: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
    meter: &mut Meter,
) -> Result<Encrypted, OpenError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(OpenError::TooLong(plaintext.len()));
    }
    let header = Header { key: crate::key::id_of(public), conditions, plaintext: hash(plaintext) };
    let identity = header.identity();
    let point = G2Affine::from(Purpose::Identity.point(identity.as_bytes(), meter));
    let mut key = Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut *key);
    let capsule = Capsule::seal(public, &point, &key, rng, meter);
    let mut body = plaintext.to_vec();
    let tag = cipher(&key, meter)
        .encrypt_in_place_detached(&Nonce::default(), &associated(&header, &capsule), &mut body)
        .expect("a bounded plaintext is within the cipher's bound");
    meter.add(Op::AeadByte, body.len() as u64);
    body.extend(tag);
    Ok(Encrypted { header, capsule, body })
}

impl Encrypted {
    /// Decrypts with the decryption key of the header's identity, which is checked against the network's key first.
    ///
    /// # Errors
    /// If the key is another one's, or anything of the ciphertext was changed.
    pub fn open(
        &self,
        public: &Bls12381,
        decryption: &SignaturePoint,
        meter: &mut Meter,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let identity = self.header.identity();
        if !is_signature(public, Purpose::Identity, identity.as_bytes(), decryption, meter) {
            return Err(OpenError::WrongKey);
        }
        let key = self.capsule.open(decryption, meter)?;
        let split = self.body.len().checked_sub(16).ok_or(OpenError::Body)?;
        let (body, tag) = self.body.split_at(split);
        let mut plaintext = Zeroizing::new(body.to_vec());
        meter.add(Op::AeadByte, body.len() as u64);
        cipher(&key, meter)
            .decrypt_in_place_detached(
                &Nonce::default(),
                &associated(&self.header, &self.capsule),
                &mut plaintext,
                tag.into(),
            )
            .map_err(|_| OpenError::Body)?;
        if hash(&plaintext) == self.header.plaintext { Ok(plaintext) } else { Err(OpenError::Plaintext) }
    }
}

/// Each key seals one message, so the nonce is fixed.
fn cipher(key: &[u8; 16], meter: &mut Meter) -> ChaCha20Poly1305 {
    let mut wide = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(b"bls/payload"), key)
        .expand(b"chacha20poly1305", &mut *wide)
        .expect("one block of output is within HKDF's bound");
    meter.add(Op::HashByte, 16 + 16 + 32);
    ChaCha20Poly1305::new((&*wide).into())
}

/// The identity, the header and the capsule.
fn associated(header: &Header, capsule: &Capsule) -> Vec<u8> {
    [header.identity().as_bytes(), &encode(header), &encode(capsule)].concat()
}

fn hash(plaintext: &[u8]) -> Digest {
    Digest(Sha256::digest(plaintext).into())
}
