//! Encryption of one share to one recipient: ECIES over secp256k1 with HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! The key is bound to session, dealer, recipient and ephemeral point, so a ciphertext that is copied into any
//! other place does not open. Each key seals one message, so the nonce is fixed.

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use k256::{ProjectivePoint, Scalar};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::point::WirePoint;
use crate::curve::point_bytes;
use crate::id::{NodeId, SessionId};
use crate::meter::{Meter, Op};

/// An encrypted share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ciphertext {
    /// The encrypted big-endian scalar, of whichever curve the key is over.
    pub body: [u8; 32],
    /// The Poly1305 tag.
    pub tag: [u8; 16],
}

/// The place that a ciphertext belongs to.
pub(super) struct Place<'a> {
    pub session: SessionId,
    pub dealer: NodeId,
    pub recipient: NodeId,
    pub ephemeral: &'a WirePoint,
}

impl Place<'_> {
    fn cipher(&self, shared: &ProjectivePoint, meter: &mut Meter) -> ChaCha20Poly1305 {
        let shared = Zeroizing::new(point_bytes(shared));
        let (dealer, recipient) = (self.dealer.0.to_be_bytes(), self.recipient.0.to_be_bytes());
        let info: [&[u8]; 4] = [self.session.as_ref(), &dealer, &recipient, self.ephemeral.bytes()];
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(b"dkg/share"), &*shared)
            .expand_multi_info(&info, &mut *key)
            .expect("one block of output is within HKDF's bound");
        meter.add(Op::HashByte, 33 + 32 + 4 + 33 + 32);
        meter.add(Op::AeadByte, 48);
        ChaCha20Poly1305::new((&*key).into())
    }

    /// Encrypts `share` to the holder of `recipient_key`, with the ephemeral point's logarithm.
    pub(super) fn seal(
        &self,
        ephemeral_secret: &Scalar,
        recipient_key: &ProjectivePoint,
        share: &[u8; 32],
        meter: &mut Meter,
    ) -> Ciphertext {
        meter.add(Op::ScalarMul, 1);
        let cipher = self.cipher(&(*recipient_key * ephemeral_secret), meter);
        let mut body = *share;
        let tag = cipher
            .encrypt_in_place_detached(&Nonce::default(), b"", &mut body)
            .expect("32 bytes are within the cipher's bound");
        Ciphertext { body, tag: tag.into() }
    }

    /// Decrypts with the Diffie-Hellman point, the ephemeral point times the recipient's decryption key; `None` if the
    /// ciphertext is not for this place.
    pub(super) fn open(
        &self,
        shared: &ProjectivePoint,
        ciphertext: &Ciphertext,
        meter: &mut Meter,
    ) -> Option<Zeroizing<[u8; 32]>> {
        let cipher = self.cipher(shared, meter);
        let mut body = Zeroizing::new(ciphertext.body);
        cipher.decrypt_in_place_detached(&Nonce::default(), b"", &mut *body, &ciphertext.tag.into()).ok()?;
        Some(body)
    }
}
