//! A user's passkey: an authenticator with one credential, and the browser that asks it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lit_node::auth::method::Identity;
use lit_node::auth::webauthn::{ASSERTION_TYPE, Assertion, PublicKey, flags};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest as _, Sha256};

/// An authenticator that holds one credential for one relying party, and counts its signatures.
#[derive(Clone, Debug)]
pub struct Passkey {
    key: SigningKey,
    credential_id: [u8; 32],
    rp_id: String,
    counter: u32,
}

impl Passkey {
    /// The passkey that derives from a seed, made for the relying party of this domain.
    pub fn new(seed: &[u8; 32], rp_id: &str) -> Self {
        let purpose = |what: &str| format!("passkey {what} for {rp_id}");
        Self {
            key: super::p256_key(seed, &purpose("key")),
            credential_id: super::derive(seed, &purpose("id"), 0),
            rp_id: rp_id.to_owned(),
            counter: 0,
        }
    }

    /// The credential's id.
    pub fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// The credential's public key, as it is registered.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::new(*self.key.verifying_key())
    }

    /// Whom the passkey proves its user to be.
    pub fn identity(&self) -> Identity {
        Identity::Passkey { credential_id: self.credential_id.to_vec(), rp_id: self.rp_id.clone() }
    }

    /// Answers a challenge on the page of this origin, with the user there and known.
    pub fn assert(&mut self, challenge: &[u8; 32], origin: &str) -> Assertion {
        self.counter += 1;
        let set = flags::USER_PRESENT | flags::USER_VERIFIED;
        self.sign(self.authenticator_data(set, self.counter), client_data(challenge, origin))
    }

    /// What the authenticator says that it saw (WebAuthn Level 2, section 6.1).
    pub fn authenticator_data(&self, set: u8, counter: u32) -> Vec<u8> {
        [Sha256::digest(&self.rp_id).as_slice(), &[set], &counter.to_be_bytes()].concat()
    }

    /// Signs anything, as an authenticator in wrong hands does.
    pub fn sign(&self, authenticator_data: Vec<u8>, client_data: Vec<u8>) -> Assertion {
        let signed = [authenticator_data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        Assertion {
            credential_id: self.credential_id.to_vec(),
            authenticator_data,
            client_data,
            signature: signature.to_der().as_bytes().to_vec(),
        }
    }
}

/// What the browser says that it saw (WebAuthn Level 2, section 5.8.1).
pub fn client_data(challenge: &[u8; 32], origin: &str) -> Vec<u8> {
    let challenge = URL_SAFE_NO_PAD.encode(challenge);
    let seen = serde_json::json!({
        "type": ASSERTION_TYPE, "challenge": challenge, "origin": origin, "crossOrigin": false,
    });
    seen.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::auth::webauthn::{Asserted, Credential, Policy, WebAuthnError, verify};
    use lit_node::meter::Meter;

    const ORIGIN: &str = "https://app.example.org";
    const CHALLENGE: [u8; 32] = [9; 32];

    fn passkey() -> Passkey {
        Passkey::new(&[1; 32], "example.org")
    }

    fn check(assertion: &Assertion, last_counter: u32) -> Result<Asserted, WebAuthnError> {
        let registered = passkey();
        let credential =
            Credential { id: registered.credential_id().to_vec(), key: registered.public_key(), last_counter };
        let policy = Policy { rp_id: "example.org".into(), origins: vec![ORIGIN.into()], user_verification: true };
        verify(assertion, &credential, &CHALLENGE, &policy, &mut Meter::default())
    }

    #[test]
    fn a_node_accepts_a_passkeys_answers_once_each() {
        let mut passkey = passkey();
        let (first, second) = (passkey.assert(&CHALLENGE, ORIGIN), passkey.assert(&CHALLENGE, ORIGIN));
        assert_eq!(check(&first, 0), Ok(Asserted { counter: 1, user_verified: true }));
        assert_eq!(check(&second, 1), Ok(Asserted { counter: 2, user_verified: true }));
        assert_eq!(check(&first, 1), Err(WebAuthnError::Counter { found: 1, last: 1 }));
        let seen = String::from_utf8(first.client_data).expect("text");
        let start = r#"{"type":"webauthn.get","challenge":""#;
        assert!(
            seen.starts_with(start) && seen.ends_with(r#"","origin":"https://app.example.org","crossOrigin":false}"#)
        );
    }

    #[test]
    fn a_passkey_that_was_made_for_somebody_else_proves_nothing_here() {
        let mut theirs = Passkey::new(&[1; 32], "evil.example");
        assert_ne!(theirs.credential_id(), passkey().credential_id());
        assert_ne!(theirs.public_key(), passkey().public_key());
        let posing =
            Assertion { credential_id: passkey().credential_id().to_vec(), ..theirs.assert(&CHALLENGE, ORIGIN) };
        assert!(matches!(check(&posing, 0), Err(WebAuthnError::OtherRelyingParty { .. })));
        let stranger = Passkey::new(&[2; 32], "example.org");
        let forged = stranger.sign(stranger.authenticator_data(0x05, 1), client_data(&CHALLENGE, ORIGIN));
        let posing = Assertion { credential_id: passkey().credential_id().to_vec(), ..forged };
        assert_eq!(check(&posing, 0), Err(WebAuthnError::WrongSignature));
    }

    #[test]
    fn a_passkey_is_a_function_of_its_seed() {
        let (mut one, mut other) = (passkey(), passkey());
        assert_eq!(one.assert(&CHALLENGE, ORIGIN), other.assert(&CHALLENGE, ORIGIN));
        assert_eq!(one.identity().auth_method(), other.identity().auth_method());
        assert_ne!(one.identity().auth_method(), Passkey::new(&[2; 32], "example.org").identity().auth_method());
    }
}
