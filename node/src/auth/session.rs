//! Session signatures: a short-lived key signs for its user, one signature for each node.
//!
//! The session's key (Ed25519) signs a JSON text that names one node, a time and what the session wants to use. The text
//! carries *capabilities*: EIP-4361 texts signed by wallets or by PKPs, for the URI of this session's key, each with a
//! ReCap that says what its signer hands on. What a session may do, and for whom, is what it asks for *and* one of them
//! covers.

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::recap::{Ability, Recap, RecapError, Resource, ResourceKind};
use super::siwe::{self, AuthError, cut, date, rfc3339};
use crate::api::{AuthSig, ErrorCode, Failure};
use crate::bugs::{self, Bug};
use crate::chain::addresses::parse_address;
use crate::io::Time;
use crate::meter::{Meter, Op};

/// The longest signed text that is looked at, bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// How many capabilities one session may bring: each costs the node a signature check.
pub const CAPABILITIES_MAX: usize = 8;
/// How many resources one session may ask for.
pub const REQUESTS_MAX: usize = 64;
/// How clients say that a session's key has signed.
pub const DERIVED_VIA: &str = "litSessionSignViaNacl";
/// The signature algorithm's name.
pub const ALGORITHM: &str = "ed25519";

/// A session's signature for one node, as clients send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSig {
    /// The 64 bytes of an Ed25519 signature (RFC 8032) over the text, in lower-case hex without `0x`.
    pub sig: String,
    /// [`DERIVED_VIA`].
    pub derived_via: String,
    /// The JSON text that is signed.
    pub signed_message: String,
    /// The 32 bytes of the session's public key, in lower-case hex without `0x`.
    pub address: String,
    /// [`ALGORITHM`].
    pub algo: String,
}

/// What a node demands of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How far clients' clocks may be off this node's, either way, milliseconds: for the session and its capabilities.
    pub grace_ms: u64,
    /// The domains that may ask for capabilities; `None` accepts any.
    pub domains: Option<Vec<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { grace_ms: 60_000, domains: None }
    }
}

/// Why a session was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The text is too long.
    #[error("the session's text has {0} bytes: at most {TEXT_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// The signature was made in another way.
    #[error("sessions derived via {0:?} are not supported: expected {DERIVED_VIA:?}")]
    UnsupportedDerivation(String),
    /// The signature is of another algorithm.
    #[error("session signatures of algorithm {0:?} are not supported: expected {ALGORITHM:?}")]
    UnsupportedAlgorithm(String),
    /// The key beside the text is none.
    #[error("{0:?} is no session key: expected a point of Ed25519, 64 lower-case hex digits")]
    MalformedKey(String),
    /// The signature is not of its form.
    #[error("the session's signature is not 128 lower-case hex digits")]
    MalformedSignature,
    /// The signature is not that of the key over the text.
    #[error("the signature is not that of session key {key} over this text")]
    WrongSignature {
        /// The key, hex.
        key: String,
    },
    /// The text is no such JSON.
    #[error("the session's text is not the JSON of a session: {0}")]
    Json(String),
    /// The text is for another session's key than the one beside it.
    #[error("the session is said to be of key {claimed}, but its text is for {signed:?}")]
    OtherKey {
        /// Beside the text.
        claimed: String,
        /// In the text.
        signed: String,
    },
    /// The text is for another node.
    #[error("signed for the node at {found:?}: this one is at {expected:?}")]
    OtherNode {
        /// In the text.
        found: String,
        /// This node's address.
        expected: String,
    },
    /// A time in the text is none.
    #[error("{field}: expected a time as RFC 3339 has it, got {found:?}")]
    MalformedTime {
        /// The member.
        field: &'static str,
        /// What it holds.
        found: String,
    },
    /// The session was issued ahead of the node's clock by more than the grace.
    #[error("issued at {issued_at}, more than {grace_ms} ms ahead of the node's clock, which shows {now}")]
    IssuedInFuture {
        /// When, by the text.
        issued_at: String,
        /// The node's time, RFC 3339.
        now: String,
        /// [`Policy::grace_ms`].
        grace_ms: u64,
    },
    /// The session has expired, and the grace is over.
    #[error("the session expired at {expiration}, more than {grace_ms} ms ago: the node's clock shows {now}")]
    Expired {
        /// When, by the text.
        expiration: String,
        /// The node's time, RFC 3339.
        now: String,
        /// [`Policy::grace_ms`].
        grace_ms: u64,
    },
    /// The session brings too many capabilities.
    #[error("{0} capabilities: at most {CAPABILITIES_MAX} are accepted")]
    TooManyCapabilities(usize),
    /// The session asks for too much.
    #[error("{0} resources asked for: at most {REQUESTS_MAX} are accepted")]
    TooManyRequests(usize),
    /// A capability does not verify, has expired or is not for this session.
    #[error("capability {index}: {error}")]
    Capability {
        /// Its place, from 0.
        index: usize,
        /// What is wrong.
        error: AuthError,
    },
    /// A capability does not say what it hands on.
    #[error("capability {index}: {error}")]
    Recap {
        /// Its place, from 0.
        index: usize,
        /// What is wrong.
        error: RecapError,
    },
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self { code: ErrorCode::InvalidAuthSig, message: error.to_string(), logs: String::new() }
    }
}

/// Why a session may not do something.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotDelegated {
    /// It did not ask for it.
    #[error("the session does not ask for {ability} over {resource}")]
    NotRequested {
        /// What it would be done to.
        resource: Resource,
        /// What would be done.
        ability: Ability,
    },
    /// It asked for it, and no capability covers it.
    #[error("no capability of the session hands on {ability} over {resource}")]
    NotCovered {
        /// What it would be done to.
        resource: Resource,
        /// What would be done.
        ability: Ability,
    },
}

impl From<NotDelegated> for Failure {
    fn from(refusal: NotDelegated) -> Self {
        Self { code: ErrorCode::AuthSigScopeTooLimited, message: refusal.to_string(), logs: String::new() }
    }
}

/// Something that a session asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What it would be done to.
    pub resource: Resource,
    /// What would be done.
    pub ability: Ability,
}

/// What one signer hands on to the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Who signed: the address of a wallet or of a PKP.
    pub signer: [u8; 20],
    /// What is handed on.
    pub recap: Recap,
}

/// A session that has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's public key.
    pub key: [u8; 32],
    /// What the session asks for, as far as it means something here.
    pub wishes: Vec<Wish>,
    /// What it was handed.
    pub capabilities: Vec<Capability>,
}

impl Session {
    /// All who hand this on to the session, in the order of its capabilities; nobody if it does not ask for it.
    pub fn delegators(&self, resource: &Resource, ability: Ability) -> impl Iterator<Item = [u8; 20]> {
        let asked = self.asks_for(resource, ability);
        let covering = self.capabilities.iter().filter(move |held| asked && held.recap.covers(resource, ability));
        covering.map(|held| held.signer)
    }

    /// On whose behalf the session may do this: the first of [`Session::delegators`].
    ///
    /// # Errors
    /// If it may not.
    pub fn may(&self, resource: &Resource, ability: Ability) -> Result<[u8; 20], NotDelegated> {
        if !self.asks_for(resource, ability) {
            return Err(NotDelegated::NotRequested { resource: resource.clone(), ability });
        }
        let first = self.delegators(resource, ability).next();
        first.ok_or_else(|| NotDelegated::NotCovered { resource: resource.clone(), ability })
    }

    /// Whether it asks for exactly this, and not for all of the kind: then its signature was made for that.
    pub fn names(&self, resource: &Resource, ability: Ability) -> bool {
        self.wishes.iter().any(|wish| wish.ability == ability && wish.resource == *resource)
    }

    fn asks_for(&self, resource: &Resource, ability: Ability) -> bool {
        self.wishes.iter().any(|wish| wish.ability == ability && wish.resource.covers(resource))
    }
}

/// The signed JSON, its members in the order in which clients write them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Signed {
    pub session_key: String,
    pub resource_ability_requests: Vec<SignedWish>,
    pub capabilities: Vec<SignedCapability>,
    pub issued_at: String,
    pub expiration: String,
    pub node_address: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedWish {
    pub resource: SignedResource,
    pub ability: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SignedResource {
    pub resource: String,
    pub resource_prefix: String,
}

/// An [`AuthSig`] as JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SignedCapability {
    pub sig: String,
    pub derived_via: String,
    pub signed_message: String,
    pub address: String,
}

/// What sessions call an ability, and which one it is. Two names are one ability: the resource makes the difference.
const WISHES: [(&str, Ability); 4] = [
    ("pkp-signing", Ability::Signing),
    ("access-control-condition-signing", Ability::Signing),
    ("access-control-condition-decryption", Ability::Decryption),
    ("lit-action-execution", Ability::Execution),
];

impl SignedWish {
    pub fn of(wish: &Wish) -> Self {
        let name = match (wish.ability, wish.resource.kind()) {
            (Ability::Signing, ResourceKind::Conditions) => WISHES[1].0,
            (Ability::Signing, _) => WISHES[0].0,
            (Ability::Decryption, _) => WISHES[2].0,
            (Ability::Execution, _) => WISHES[3].0,
        };
        let resource = SignedResource {
            resource: wish.resource.id().to_owned(),
            resource_prefix: wish.resource.kind().prefix().to_owned(),
        };
        Self { resource, ability: name.to_owned() }
    }

    /// What is asked for; `None` if it means nothing here.
    fn wish(&self) -> Option<Wish> {
        let kind = ResourceKind::from_prefix(&self.resource.resource_prefix)?;
        let (_, ability) = WISHES.into_iter().find(|(name, _)| *name == self.ability)?;
        Some(Wish { resource: Resource::new(kind, self.resource.resource.clone()).ok()?, ability })
    }
}

/// What the URI of a session's key begins with.
const URI_PREFIX: &str = "lit:session:";

/// The URI that a capability for a session's key is signed for.
pub fn uri(key: &[u8; 32]) -> String {
    format!("{URI_PREFIX}{}", hex::encode(key))
}

/// The session's key that a URI names.
pub(super) fn key_of(uri: &str) -> Option<[u8; 32]> {
    lower_hex(uri.strip_prefix(URI_PREFIX)?)
}

/// Whom the first capability of a session says to be of, without a look at whether it is so.
pub fn claimed(session: &SessionSig) -> Option<[u8; 20]> {
    let text = Some(&session.signed_message).filter(|text| text.len() <= TEXT_BYTES_MAX)?;
    let signed: Signed = serde_json::from_str(text).ok()?;
    parse_address(&signed.capabilities.first()?.address)
}

/// Verifies a session's signature at the node's time `now`, and every capability that it brings.
///
/// # Errors
/// If the session or a capability is malformed, not signed by whom it names, out of its time, or not for this node.
pub fn verify(
    session: &SessionSig,
    now: Time,
    node_address: &str,
    policy: &Policy,
    meter: &mut Meter,
) -> Result<Session, SessionError> {
    let key = check_signature(session, meter)?;
    let signed: Signed =
        serde_json::from_str(&session.signed_message).map_err(|error| SessionError::Json(error.to_string()))?;
    if signed.session_key != session.address {
        return Err(SessionError::OtherKey { claimed: session.address.clone(), signed: cut(&signed.session_key) });
    }
    if signed.node_address != node_address && !bugs::planted(Bug::SessionNodeUnchecked) {
        return Err(SessionError::OtherNode { found: cut(&signed.node_address), expected: node_address.to_owned() });
    }
    check_time(&signed, now, policy)?;
    if signed.capabilities.len() > CAPABILITIES_MAX {
        return Err(SessionError::TooManyCapabilities(signed.capabilities.len()));
    }
    if signed.resource_ability_requests.len() > REQUESTS_MAX {
        return Err(SessionError::TooManyRequests(signed.resource_ability_requests.len()));
    }
    let wishes = signed.resource_ability_requests.iter().filter_map(SignedWish::wish).collect();
    let handed = siwe::Policy {
        domains: policy.domains.clone(),
        uris: Some(vec![uri(&key)]),
        future_grace_ms: policy.grace_ms,
        validity_grace_ms: policy.grace_ms,
        expiration_required: true,
        pkp_accepted: true,
    };
    let capabilities = signed.capabilities.into_iter().enumerate();
    let capabilities = capabilities.map(|(index, auth)| capability(index, auth, now, &handed, meter));
    Ok(Session { key, wishes, capabilities: capabilities.collect::<Result<_, _>>()? })
}

/// The session's key, if it signed the text.
fn check_signature(session: &SessionSig, meter: &mut Meter) -> Result<[u8; 32], SessionError> {
    let text = session.signed_message.as_bytes();
    if text.len() > TEXT_BYTES_MAX {
        return Err(SessionError::TooLong(text.len()));
    }
    if session.derived_via != DERIVED_VIA {
        return Err(SessionError::UnsupportedDerivation(cut(&session.derived_via)));
    }
    if session.algo != ALGORITHM {
        return Err(SessionError::UnsupportedAlgorithm(cut(&session.algo)));
    }
    let malformed = || SessionError::MalformedKey(cut(&session.address));
    let bytes: [u8; 32] = lower_hex(&session.address).ok_or_else(malformed)?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| malformed())?;
    let signature = Signature::from_bytes(&lower_hex(&session.sig).ok_or(SessionError::MalformedSignature)?);
    meter.add(Op::HashByte, text.len() as u64);
    meter.add(Op::SignatureChecked, 1);
    // Strictly: no key of small order, for which one signature is good for many texts.
    match key.verify_strict(text, &signature) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(SessionError::WrongSignature { key: session.address.clone() }),
    }
}

fn check_time(signed: &Signed, now: Time, policy: &Policy) -> Result<(), SessionError> {
    let grace_ms = policy.grace_ms;
    let issued_at = instant("issuedAt", &signed.issued_at)?;
    let expiration = instant("expiration", &signed.expiration)?;
    if issued_at > date(now.plus_millis(grace_ms)) {
        let issued_at = signed.issued_at.clone();
        return Err(SessionError::IssuedInFuture { issued_at, now: rfc3339(now), grace_ms });
    }
    if expiration < date(now.minus_millis(grace_ms)) && !bugs::planted(Bug::SessionExpiryUnchecked) {
        let expiration = signed.expiration.clone();
        return Err(SessionError::Expired { expiration, now: rfc3339(now), grace_ms });
    }
    Ok(())
}

fn instant(field: &'static str, text: &str) -> Result<OffsetDateTime, SessionError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| SessionError::MalformedTime { field, found: cut(text) })
}

fn capability(
    index: usize,
    auth: SignedCapability,
    now: Time,
    policy: &siwe::Policy,
    meter: &mut Meter,
) -> Result<Capability, SessionError> {
    let auth = AuthSig {
        sig: auth.sig,
        derived_via: auth.derived_via,
        signed_message: auth.signed_message,
        address: auth.address,
    };
    let message =
        siwe::verified(&auth, now, policy, meter).map_err(|error| SessionError::Capability { index, error })?;
    let recap = Recap::of_resources(message.resources.iter().map(|resource| resource.as_str()))
        .and_then(|recap| recap.check_statement(message.statement.as_deref()).map(|()| recap))
        .map_err(|error| SessionError::Recap { index, error })?;
    Ok(Capability { signer: message.address, recap })
}

/// The bytes of hex in its one form: lower case, no prefix.
fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests;
