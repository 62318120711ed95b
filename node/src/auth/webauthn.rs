//! Passkeys: assertions of authenticators (W3C Web Authentication Level 2, section 7.2).
//!
//! An authenticator signs what the browser saw (the challenge and the page's origin) and what it saw itself (for whom it
//! holds the key, whether a person was there, how often it has signed). The challenge is what the assertion is bound to:
//! one that answers another challenge was made for something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::EncodedPoint;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::siwe::cut;
use crate::api::{ErrorCode, Failure};
use crate::bugs::{self, Bug};
use crate::meter::{Meter, Op};

/// The longest client data that is looked at, bytes.
pub const CLIENT_DATA_BYTES_MAX: usize = 4 * 1024;
/// The size of authenticator data without extensions, bytes: the hash of the relying party's id, flags, a counter.
pub const AUTHENTICATOR_DATA_BYTES: usize = 37;
/// What the client data of an assertion says that it is.
pub const ASSERTION_TYPE: &str = "webauthn.get";

/// The flags in authenticator data (Level 2, section 6.1).
pub mod flags {
    /// A person was there.
    pub const USER_PRESENT: u8 = 0x01;
    /// The authenticator knows that it was the right one.
    pub const USER_VERIFIED: u8 = 0x04;
    /// A new credential follows: not in an assertion.
    pub const ATTESTED: u8 = 0x40;
    /// Extensions follow: none are asked for.
    pub const EXTENDED: u8 = 0x80;
}

/// An authenticator's answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// Which credential signed.
    pub credential_id: Vec<u8>,
    /// What the authenticator saw.
    pub authenticator_data: Vec<u8>,
    /// What the browser saw, as JSON.
    pub client_data: Vec<u8>,
    /// ASN.1 DER of an ECDSA signature over the authenticator data and the client data's SHA-256.
    pub signature: Vec<u8>,
}

/// The public key of a credential, on P-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// What comes before the coordinates in the one form that CTAP2's canonical CBOR gives a COSE key of kind EC2, for
    /// ES256, on P-256: a map of five, `1: 2, 3: -7, -1: 1`; between them, `-2:` and `-3:` with 32 bytes each.
    const COSE: [&[u8]; 2] = [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], &[0x22, 0x58, 0x20]];

    /// A key.
    pub fn new(key: VerifyingKey) -> Self {
        Self(key)
    }

    /// Reads a COSE key (RFC 9052 section 7, RFC 9053 sections 2.1 and 7.1): 77 bytes.
    ///
    /// # Errors
    /// If the bytes are none of P-256 for ES256, in canonical form.
    pub fn from_cose(bytes: &[u8]) -> Result<Self, WebAuthnError> {
        let coordinates = bytes.strip_prefix(Self::COSE[0]).and_then(|rest| rest.split_at_checked(32));
        let coordinates = coordinates.and_then(|(x, rest)| {
            let y: [u8; 32] = rest.strip_prefix(Self::COSE[1])?.try_into().ok()?;
            Some((<[u8; 32]>::try_from(x).ok()?, y))
        });
        let (x, y) = coordinates.ok_or(WebAuthnError::Key)?;
        let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
        VerifyingKey::from_encoded_point(&point).map(Self).map_err(|_| WebAuthnError::Key)
    }

    /// The COSE key.
    pub fn to_cose(self) -> Vec<u8> {
        let point = self.0.to_encoded_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        [Self::COSE[0], x, Self::COSE[1], y].concat()
    }
}

/// A credential as it was registered, and what is known of its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: Vec<u8>,
    /// Its public key.
    pub key: PublicKey,
    /// The counter of the last assertion that was seen; 0 before the first.
    pub last_counter: u32,
}

/// What a node demands of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For whom the credential was made: a domain.
    pub rp_id: String,
    /// The pages on which it may be used, e.g. `https://example.org`.
    pub origins: Vec<String>,
    /// Whether the authenticator has to know who the person is.
    pub user_verification: bool,
}

/// What a good assertion says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// The authenticator's counter, the next [`Credential::last_counter`].
    pub counter: u32,
    /// Whether the authenticator knows who the person was.
    pub user_verified: bool,
}

/// Why an assertion was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WebAuthnError {
    /// The public key is not of the one form that is accepted.
    #[error("expected the COSE key of a point of P-256 for ES256, in canonical form")]
    Key,
    /// Another credential signed.
    #[error("signed with credential {found}: expected {expected}")]
    OtherCredential {
        /// In the assertion, base64url.
        found: String,
        /// The registered one, base64url.
        expected: String,
    },
    /// The client data is too long.
    #[error("client data of {0} bytes: at most {CLIENT_DATA_BYTES_MAX} are accepted")]
    ClientDataTooLong(usize),
    /// The client data is no such JSON.
    #[error("malformed client data: {0}")]
    ClientData(String),
    /// The client data is that of another ceremony.
    #[error("client data of type {0:?}: expected {ASSERTION_TYPE:?}")]
    OtherType(String),
    /// The assertion answers another challenge.
    #[error("the assertion answers challenge {found:?}: expected {expected:?}")]
    OtherChallenge {
        /// In the client data.
        found: String,
        /// What was to be answered, base64url.
        expected: String,
    },
    /// The assertion was made on another page.
    #[error("asserted on {found:?}: expected one of {expected:?}")]
    OtherOrigin {
        /// In the client data.
        found: String,
        /// [`Policy::origins`].
        expected: Vec<String>,
    },
    /// The page was inside one of another origin.
    #[error("asserted on a page inside one of another origin")]
    CrossOrigin,
    /// The authenticator data is not of its form.
    #[error("authenticator data of {0} bytes: expected {AUTHENTICATOR_DATA_BYTES}, without extensions")]
    AuthenticatorData(usize),
    /// The authenticator data announces what it must not have.
    #[error("authenticator data with flags {0:#04x}: expected neither a credential nor extensions")]
    UnexpectedData(u8),
    /// The credential is somebody else's.
    #[error("the credential is not of relying party {expected:?}")]
    OtherRelyingParty {
        /// [`Policy::rp_id`].
        expected: String,
    },
    /// Nobody was there.
    #[error("the authenticator saw no person")]
    UserAbsent,
    /// The authenticator did not check who was there.
    #[error("the authenticator did not verify the person")]
    UserUnverified,
    /// The counter did not grow: the credential was copied, or the assertion was seen before.
    #[error("the authenticator's counter is {found}, and was {last} before")]
    Counter {
        /// In the authenticator data.
        found: u32,
        /// [`Credential::last_counter`].
        last: u32,
    },
    /// The signature is not of its form.
    #[error("the signature is no ASN.1 DER of an ECDSA signature over P-256")]
    MalformedSignature,
    /// The signature is not that of the credential.
    #[error("the signature is not that of the credential over this data")]
    WrongSignature,
}

impl From<WebAuthnError> for Failure {
    fn from(error: WebAuthnError) -> Self {
        Self { code: ErrorCode::InvalidAuthMethod, message: error.to_string(), logs: String::new() }
    }
}

/// What the browser saw (Level 2, section 5.8.1). Clients may add members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
}

/// Verifies a credential's answer to a challenge.
///
/// # Errors
/// If the assertion is malformed, not signed by the credential, for another challenge, page or relying party, or seen
/// before.
pub fn verify(
    assertion: &Assertion,
    credential: &Credential,
    challenge: &[u8; 32],
    policy: &Policy,
    meter: &mut Meter,
) -> Result<Asserted, WebAuthnError> {
    if assertion.credential_id != credential.id {
        let text = |id: &[u8]| cut(&URL_SAFE_NO_PAD.encode(id));
        let (found, expected) = (text(&assertion.credential_id), text(&credential.id));
        return Err(WebAuthnError::OtherCredential { found, expected });
    }
    check_client_data(&assertion.client_data, challenge, policy)?;
    let asserted = check_authenticator_data(&assertion.authenticator_data, credential.last_counter, policy)?;
    check_signature(assertion, credential.key, meter)?;
    Ok(asserted)
}

fn check_client_data(json: &[u8], challenge: &[u8; 32], policy: &Policy) -> Result<(), WebAuthnError> {
    if json.len() > CLIENT_DATA_BYTES_MAX {
        return Err(WebAuthnError::ClientDataTooLong(json.len()));
    }
    let seen: ClientData =
        serde_json::from_slice(json).map_err(|error| WebAuthnError::ClientData(error.to_string()))?;
    if seen.r#type != ASSERTION_TYPE {
        return Err(WebAuthnError::OtherType(cut(&seen.r#type)));
    }
    let expected = URL_SAFE_NO_PAD.encode(challenge);
    if seen.challenge != expected && !bugs::planted(Bug::ChallengeUnbound) {
        return Err(WebAuthnError::OtherChallenge { found: cut(&seen.challenge), expected });
    }
    if !policy.origins.contains(&seen.origin) {
        return Err(WebAuthnError::OtherOrigin { found: cut(&seen.origin), expected: policy.origins.clone() });
    }
    if seen.cross_origin == Some(true) { Err(WebAuthnError::CrossOrigin) } else { Ok(()) }
}

fn check_authenticator_data(data: &[u8], last: u32, policy: &Policy) -> Result<Asserted, WebAuthnError> {
    let data: [u8; AUTHENTICATOR_DATA_BYTES] =
        data.try_into().map_err(|_| WebAuthnError::AuthenticatorData(data.len()))?;
    let [ref rp_id_hash @ .., set, c0, c1, c2, c3] = data;
    if rp_id_hash != Sha256::digest(&policy.rp_id).as_slice() {
        return Err(WebAuthnError::OtherRelyingParty { expected: policy.rp_id.clone() });
    }
    if set & (flags::ATTESTED | flags::EXTENDED) != 0 {
        return Err(WebAuthnError::UnexpectedData(set));
    }
    if set & flags::USER_PRESENT == 0 {
        return Err(WebAuthnError::UserAbsent);
    }
    let user_verified = set & flags::USER_VERIFIED != 0;
    if policy.user_verification && !user_verified {
        return Err(WebAuthnError::UserUnverified);
    }
    let counter = u32::from_be_bytes([c0, c1, c2, c3]);
    // Many authenticators do not count: theirs stays 0.
    if (counter != 0 || last != 0) && counter <= last {
        return Err(WebAuthnError::Counter { found: counter, last });
    }
    Ok(Asserted { counter, user_verified })
}

fn check_signature(assertion: &Assertion, key: PublicKey, meter: &mut Meter) -> Result<(), WebAuthnError> {
    let signature = Signature::from_der(&assertion.signature).map_err(|_| WebAuthnError::MalformedSignature)?;
    let signed = [assertion.authenticator_data.as_slice(), &Sha256::digest(&assertion.client_data)].concat();
    meter.add(Op::HashByte, (assertion.client_data.len() + signed.len()) as u64);
    meter.add(Op::SignatureChecked, 1);
    key.0.verify_prehash(&Sha256::digest(&signed), &signature).map_err(|_| WebAuthnError::WrongSignature)
}

#[cfg(test)]
mod tests;
