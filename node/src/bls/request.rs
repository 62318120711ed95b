//! A decryption share on its way to whoever asked for it: signed by its holder, and readable by the asker alone.
//!
//! The asker names a fresh secp256k1 key with its request. Of a threshold of shares anybody makes the decryption key, so
//! nobody between node and asker may read them; and since client links are not authenticated, the holder's signature is
//! what ties a share to its holder, and what proves a wrong one to others.

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use k256::elliptic_curve::Field;
use k256::{ProjectivePoint, Scalar};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use super::identity::{Identity, Purpose};
use super::point::SignaturePoint;
use super::threshold::is_signature;
use crate::curve::{self, Bls12381, Hidden, point_bytes, times_generator};
use crate::id::{Digest, Epoch, KeyId, NodeId, RequestId};
use crate::key::PublicKey;
use crate::meter::{Meter, Op};
use crate::roster::Roster;
use crate::wire::{DecodeError, Signable, Signed, decode, encode};

/// The longest encoding of a signed share, bytes.
const SHARE_BYTES_MAX: usize = 512;

/// "This is my share of the decryption key of this identity."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareStatement {
    /// The client's request.
    pub request: RequestId,
    /// The network's key.
    pub key: KeyId,
    /// The epoch in which it is shared so: a key outlives its shares.
    pub epoch: Epoch,
    /// SHA-256 of the conditions that the holder found met.
    pub conditions: Digest,
    /// SHA-256 of the plaintext, as the client names it.
    pub plaintext: Digest,
    /// The share.
    pub share: SignaturePoint,
}

impl Signable for ShareStatement {
    const DOMAIN: &'static str = "bls/decryption-share";
}

impl ShareStatement {
    /// Whether the share is `holder`'s under this key.
    pub fn is_right(&self, holder: NodeId, public: &PublicKey<Bls12381>, meter: &mut Meter) -> bool {
        let identity = Identity::new(&self.conditions, &self.plaintext);
        is_signature(&public.share_of(holder), Purpose::Identity, identity.as_bytes(), &self.share, meter)
    }
}

/// A wrong share as its maker signed it, and the public shares by which it is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareEvidence {
    /// The network's key; the chain has its digest.
    pub key: PublicKey<Bls12381>,
    /// The share.
    pub share: Signed<ShareStatement>,
}

/// A signed share, encrypted to the asker (ECIES over secp256k1, as dealt shares are).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedShare {
    /// The ephemeral point of the encryption.
    #[serde(with = "curve::point")]
    pub ephemeral: ProjectivePoint,
    /// The encrypted statement and its tag.
    pub body: Vec<u8>,
}

/// Why a sealed share is of no use.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum UnsealError {
    /// It is not encrypted to this key for this request by this node.
    #[error("the share does not open")]
    Closed,
    /// What is inside is no signed share.
    #[error("no signed share: {0}")]
    Malformed(#[from] DecodeError),
    /// It is not signed by the node that sent it.
    #[error("the share is not signed by its sender")]
    Signature,
    /// It is of another request, key or identity.
    #[error("a share of something else")]
    OtherSubject,
}

impl SealedShare {
    /// Encrypts a signed share to `asker`.
    pub fn seal(
        statement: &Signed<ShareStatement>,
        asker: &ProjectivePoint,
        rng: &mut (impl RngCore + CryptoRng),
        meter: &mut Meter,
    ) -> Self {
        let secret = Hidden::new(Scalar::random(rng));
        meter.add(Op::ScalarMul, 2);
        let ephemeral = times_generator(&secret);
        let cipher = cipher(&(*asker * *secret), &ephemeral, asker, meter);
        let mut body = encode(statement);
        let place = place(statement.body.request, statement.signer);
        let tag = cipher
            .encrypt_in_place_detached(&Nonce::default(), &place, &mut body)
            .expect("a share is within the cipher's bound");
        body.extend(tag);
        Self { ephemeral, body }
    }

    /// Decrypts with the asker's secret, and checks that it is a share of `node` for `request`.
    ///
    /// # Errors
    /// If it is not.
    pub fn open(
        &self,
        secret: &Scalar,
        node: NodeId,
        request: RequestId,
        roster: &Roster,
        meter: &mut Meter,
    ) -> Result<Signed<ShareStatement>, UnsealError> {
        let split = self.body.len().checked_sub(16).ok_or(UnsealError::Closed)?;
        let (body, tag) = self.body.split_at(split);
        meter.add(Op::ScalarMul, 2);
        let cipher = cipher(&(self.ephemeral * secret), &self.ephemeral, &times_generator(secret), meter);
        let mut body = Zeroizing::new(body.to_vec());
        cipher
            .decrypt_in_place_detached(&Nonce::default(), &place(request, node), &mut body, tag.into())
            .map_err(|_| UnsealError::Closed)?;
        let statement: Signed<ShareStatement> = decode(&body, SHARE_BYTES_MAX)?;
        let is_signed = roster.get(node).is_some_and(|member| statement.verify(&member.identity, meter));
        if statement.signer != node || !is_signed {
            return Err(UnsealError::Signature);
        }
        if statement.body.request != request {
            return Err(UnsealError::OtherSubject);
        }
        Ok(statement)
    }
}

fn place(request: RequestId, node: NodeId) -> Vec<u8> {
    [request.as_ref(), &node.0.to_be_bytes()].concat()
}

/// Each ephemeral key seals one message, so the nonce is fixed.
fn cipher(
    shared: &ProjectivePoint,
    ephemeral: &ProjectivePoint,
    asker: &ProjectivePoint,
    meter: &mut Meter,
) -> ChaCha20Poly1305 {
    let shared = Zeroizing::new(point_bytes(shared));
    let info: [&[u8]; 2] = [&point_bytes(ephemeral), &point_bytes(asker)];
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(b"bls/share"), &*shared)
        .expand_multi_info(&info, &mut *key)
        .expect("one block of output is within HKDF's bound");
    meter.add(Op::HashByte, 33 * 3 + 32);
    meter.add(Op::AeadByte, SHARE_BYTES_MAX as u64);
    ChaCha20Poly1305::new((&*key).into())
}
