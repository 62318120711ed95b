//! Makes authentication signatures, as a wallet does for its user; or the text of one, for whoever else signs it.

use ::siwe::{Message, eip55};
use k256::ecdsa::{RecoveryId, Signature, SigningKey};
use thiserror::Error;

use super::siwe::{DERIVED_VIA, date};
use crate::api::AuthSig;
use crate::io::Time;
use crate::key;

/// The fields of an EIP-4361 text, but for the address, which is the wallet's, and the version, which is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiweFields {
    /// The authority that asks for the signature, e.g. `localhost:3000`.
    pub domain: String,
    /// What the signature is for.
    pub uri: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// At least eight characters.
    pub nonce: String,
    /// When the text was made.
    pub issued_at: Time,
    /// Until when the signature is good.
    pub expiration: Option<Time>,
    /// From when the signature is good.
    pub not_before: Option<Time>,
    /// What the user is told, one line.
    pub statement: Option<String>,
    /// URIs of resources that the signer wants to use.
    pub resources: Vec<String>,
}

/// Why a text cannot be made from fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignInError {
    /// The domain is no RFC 3986 authority.
    #[error("the domain is no authority as RFC 3986 has it")]
    Domain,
    /// The URI or a resource is no RFC 3986 URI.
    #[error("the URI or a resource is no URI as RFC 3986 has it")]
    Uri,
    /// The fields make a text that reads back otherwise: a short nonce, a line break, an empty statement.
    #[error("the fields make no EIP-4361 text: the nonce has less than 8 characters, or a field has a line break")]
    NoText,
}

/// A text to sign in with, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInText {
    address: [u8; 20],
    text: String,
    digest: [u8; 32],
}

impl SignInText {
    /// The EIP-4361 text with which whoever has this address signs in.
    ///
    /// # Errors
    /// If the fields make no such text.
    pub fn new(address: [u8; 20], fields: &SiweFields) -> Result<Self, SignInError> {
        let resources: Result<Vec<_>, _> = fields.resources.iter().map(|r| r.parse()).collect();
        let message = Message {
            domain: fields.domain.parse().map_err(|_| SignInError::Domain)?,
            address,
            statement: fields.statement.clone(),
            uri: fields.uri.parse().map_err(|_| SignInError::Uri)?,
            version: ::siwe::Version::V1,
            chain_id: fields.chain_id,
            nonce: fields.nonce.clone(),
            issued_at: date(fields.issued_at).into(),
            expiration_time: fields.expiration.map(|t| date(t).into()),
            not_before: fields.not_before.map(|t| date(t).into()),
            request_id: None,
            resources: resources.map_err(|_| SignInError::Uri)?,
        };
        let text = message.to_string();
        if !text.parse::<Message>().is_ok_and(|parsed| parsed == message) {
            return Err(SignInError::NoText);
        }
        let digest = message.eip191_hash().map_err(|_| SignInError::NoText)?;
        Ok(Self { address, text, digest })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What an ECDSA key signs: the EIP-191 hash of the text.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The text with its signature, made in the way that `derived_via` says.
    pub fn signed(self, signature: &Signature, recovery: RecoveryId, derived_via: &str) -> AuthSig {
        AuthSig {
            sig: format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte()),
            derived_via: derived_via.to_owned(),
            signed_message: self.text,
            address: eip55(&self.address),
        }
    }
}

/// Signs in with a wallet's key, as a wallet does.
///
/// # Errors
/// If the fields make no EIP-4361 text.
pub fn sign_in(wallet: &SigningKey, fields: &SiweFields) -> Result<AuthSig, SignInError> {
    let text = SignInText::new(key::eth_address(&wallet.verifying_key().as_affine().into()), fields)?;
    let (signature, recovery) = wallet.sign_prehash_recoverable(&text.digest).map_err(|_| SignInError::NoText)?;
    Ok(text.signed(&signature, recovery, DERIVED_VIA))
}

#[cfg(test)]
pub(crate) mod testing {
    //! A wallet, and fields for it to sign.

    use super::*;

    /// 2023-11-14T22:13:20Z.
    pub(crate) const NOW: Time = Time(1_700_000_000_000_000_000);

    pub(crate) fn wallet() -> SigningKey {
        SigningKey::from_slice(&[0x11; 32]).expect("a valid scalar")
    }

    pub(crate) fn address() -> [u8; 20] {
        key::eth_address(&wallet().verifying_key().as_affine().into())
    }

    pub(crate) fn fields() -> SiweFields {
        SiweFields {
            domain: "localhost:3000".into(),
            uri: "https://localhost:3000/login".into(),
            chain_id: 1,
            nonce: "abcdefgh1".into(),
            issued_at: NOW,
            expiration: Some(NOW.plus_millis(3_600_000)),
            statement: Some("Let me in.".into()),
            resources: vec!["urn:recap:eyJhdHQiOnt9fQ".into()],
            ..SiweFields::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{fields, wallet};
    use super::*;

    #[test]
    fn fields_that_would_read_back_otherwise_are_not_signed() {
        let refused = |fields: SiweFields| sign_in(&wallet(), &fields).expect_err("refused");
        assert_eq!(refused(SiweFields { domain: "a b".into(), ..fields() }), SignInError::Domain);
        assert_eq!(refused(SiweFields { uri: "no uri".into(), ..fields() }), SignInError::Uri);
        assert_eq!(refused(SiweFields { nonce: "short".into(), ..fields() }), SignInError::NoText);
        let injected = "x\n\nURI: https://evil.example\nVersion: 1\nChain ID: 1\nNonce: 12345678";
        assert_eq!(refused(SiweFields { statement: Some(injected.into()), ..fields() }), SignInError::NoText);
    }
}
