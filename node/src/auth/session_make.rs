//! Makes sessions, as a client does for its user.

use ed25519_dalek::{Signer, SigningKey};
use std::fmt;

use super::SiweFields;
use super::recap::Recap;
use super::session::{self, ALGORITHM, DERIVED_VIA, SessionSig, Signed, SignedCapability, SignedWish, Wish};
use super::siwe::rfc3339;
use crate::api::AuthSig;
use crate::io::Time;

/// What a session asks all nodes for; a signature adds to it the node that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the session wants to use.
    pub wishes: Vec<Wish>,
    /// What it was handed by wallets and PKPs.
    pub capabilities: Vec<AuthSig>,
    /// When the session begins.
    pub issued_at: Time,
    /// When it ends.
    pub expiration: Time,
}

/// A session's secret key. Printing it shows the public half only; dropping it wipes the key.
#[derive(Clone)]
pub struct SessionKey(SigningKey);

impl SessionKey {
    /// The key of these 32 secret bytes, which should be fresh (RFC 8032, section 5.1.5).
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// What somebody signs to hand on to this session what `recap` lists: the fields given, with the session's URI, the
    /// ReCap as the last resource, and what it says at the end of the statement.
    #[must_use]
    pub fn delegation(&self, recap: &Recap, fields: SiweFields) -> SiweFields {
        let mut resources = fields.resources;
        resources.push(recap.uri());
        let statement = Some(recap.statement_after(fields.statement.as_deref()));
        SiweFields { uri: session::uri(&self.public()), statement, resources, ..fields }
    }

    /// The session's signature for one node.
    pub fn sign(&self, terms: &Terms, node_address: &str) -> SessionSig {
        let address = hex::encode(self.public());
        let signed = Signed {
            session_key: address.clone(),
            resource_ability_requests: terms.wishes.iter().map(SignedWish::of).collect(),
            capabilities: terms.capabilities.iter().map(written).collect(),
            issued_at: rfc3339(terms.issued_at),
            expiration: rfc3339(terms.expiration),
            node_address: node_address.to_owned(),
        };
        let signed_message = serde_json::to_string(&signed).expect("texts and lists have a JSON form");
        self.sign_text(signed_message)
    }

    /// The session's signature over any text.
    pub fn sign_text(&self, signed_message: String) -> SessionSig {
        SessionSig {
            sig: hex::encode(self.0.sign(signed_message.as_bytes()).to_bytes()),
            derived_via: DERIVED_VIA.to_owned(),
            signed_message,
            address: hex::encode(self.public()),
            algo: ALGORITHM.to_owned(),
        }
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", hex::encode(self.public()))
    }
}

fn written(auth: &AuthSig) -> SignedCapability {
    let AuthSig { sig, derived_via, signed_message, address } = auth.clone();
    SignedCapability { sig, derived_via, signed_message, address }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_signs_as_rfc_8032_has_it() {
        // RFC 8032, section 7.1, tests 1 and 2.
        for (secret, public, text, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "r",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let key = SessionKey::new(&hex::decode(secret).expect("hex").try_into().expect("32 bytes"));
            let made = key.sign_text(text.to_owned());
            assert_eq!((made.address.as_str(), made.sig.as_str()), (public, signature));
            assert_eq!(format!("{key:?}"), format!("SessionKey({public})"));
        }
    }
}
