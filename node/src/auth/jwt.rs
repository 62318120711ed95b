//! ID tokens of identity providers (OpenID Connect Core 1.0, RFC 7519): who a user of another service is.
//!
//! A token is checked under the provider's published keys, by the node's own clock. The header chooses among those keys
//! and nothing else: the algorithm is the key's, and keys that a token brings along are not looked at. A token says who
//! somebody is to whoever holds it; a policy that demands a nonce ties it to one session or request, so that a token
//! that somebody has seen is of no use to them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

use super::jwks::{Algorithm, Jwks};
use super::siwe::{cut, rfc3339};
use crate::api::{ErrorCode, Failure};
use crate::bugs::{self, Bug};
use crate::io::Time;
use crate::meter::Meter;

/// The longest token that is looked at, bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest name of a user, bytes (OpenID Connect Core 1.0, section 2).
pub const SUBJECT_BYTES_MAX: usize = 255;

/// What a node demands of an ID token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtPolicy {
    /// The provider.
    pub issuer: String,
    /// Our applications: what the token may have been issued for.
    pub audiences: Vec<String>,
    /// How far the provider's clock may be off this node's, either way, milliseconds.
    pub grace_ms: u64,
    /// What the token has to be bound to; `None` accepts a token that is bound to nothing, or to something else.
    pub nonce: Option<String>,
}

/// What a token says, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The provider.
    pub iss: String,
    /// The application.
    pub aud: String,
    /// The user's name at the provider, which never changes.
    pub sub: String,
    /// When the token was issued, seconds since the Unix epoch.
    pub iat: u64,
    /// When it expires, seconds since the Unix epoch.
    pub exp: u64,
    /// What it is bound to.
    pub nonce: Option<String>,
}

/// What a token says of its signature, unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// By which of the provider's keys.
    pub key_id: String,
}

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The token as a whole.
    Token,
    /// What comes before the first point.
    Header,
    /// What comes between the points.
    Claims,
    /// What comes after the second point.
    Signature,
}

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// The token is too long.
    #[error("a token of {0} bytes: at most {TOKEN_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// The token is not of its form.
    #[error("malformed token: {part:?}: {reason}")]
    Malformed {
        /// Where.
        part: Part,
        /// What is wrong.
        reason: String,
    },
    /// The token is no ID token.
    #[error("a token of type {0:?}: expected \"JWT\"")]
    OtherType(String),
    /// The token is signed in a way that is not accepted, or not at all.
    #[error("algorithm {0:?} is not accepted: expected RS256 or ES256")]
    AlgorithmNotAllowed(String),
    /// The header names no key.
    #[error("the token's header names no key")]
    NoKeyId,
    /// The provider has no such key.
    #[error("the provider has no key {id:?}: it has {known:?}")]
    UnknownKey {
        /// In the header.
        id: String,
        /// The provider's keys.
        known: Vec<String>,
    },
    /// The header names another algorithm than that of its key.
    #[error("the token's header says {header}, but its key is for {key}")]
    OtherAlgorithm {
        /// In the header.
        header: Algorithm,
        /// The key's.
        key: Algorithm,
    },
    /// The signature is not that of the key over the token.
    #[error("the signature is not that of key {id:?} over this token")]
    WrongSignature {
        /// The key.
        id: String,
    },
    /// Another provider issued the token.
    #[error("issued by {found:?}: expected {expected:?}")]
    WrongIssuer {
        /// In the token.
        found: String,
        /// [`JwtPolicy::issuer`].
        expected: String,
    },
    /// The token was issued for another application, or for several.
    #[error("issued for {found:?}: expected exactly one of {expected:?}")]
    WrongAudience {
        /// In the token.
        found: Vec<String>,
        /// [`JwtPolicy::audiences`].
        expected: Vec<String>,
    },
    /// The token has expired, and the grace is over.
    #[error("expired at {expiration}; the node's clock shows {now}")]
    Expired {
        /// When, RFC 3339.
        expiration: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// The token's time has not come.
    #[error("not valid before {not_before}; the node's clock shows {now}")]
    NotYetValid {
        /// When, RFC 3339.
        not_before: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// The token was issued ahead of the node's clock by more than the grace.
    #[error("issued at {issued_at}, ahead of the node's clock, which shows {now}")]
    IssuedInFuture {
        /// When, RFC 3339.
        issued_at: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// The token is bound to nothing.
    #[error("the token has no nonce: expected {expected:?}")]
    NoNonce {
        /// [`JwtPolicy::nonce`].
        expected: String,
    },
    /// The token is bound to something else.
    #[error("the token's nonce is {found:?}: expected {expected:?}")]
    WrongNonce {
        /// In the token.
        found: String,
        /// [`JwtPolicy::nonce`].
        expected: String,
    },
}

impl From<JwtError> for Failure {
    fn from(error: JwtError) -> Self {
        Self { code: ErrorCode::InvalidAuthMethod, message: error.to_string(), logs: String::new() }
    }
}

/// The header as it is written (RFC 7515 section 4.1). Keys and certificates in it are not looked at.
#[derive(Deserialize)]
struct WrittenHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct WrittenClaims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a token says of its signature, without verifying it: which key has to be had before [`verify`] can be asked.
///
/// # Errors
/// If the header is malformed, or names an algorithm that is not accepted, or no key.
pub fn header(token: &str) -> Result<Header, JwtError> {
    read_header(split(token)?.0)
}

/// Verifies an ID token at the node's time `now`.
///
/// # Errors
/// If the token is malformed, not signed by the provider, not for one of our applications, out of its time, or not bound
/// to what the policy demands.
pub fn verify(token: &str, keys: &Jwks, policy: &JwtPolicy, now: Time, meter: &mut Meter) -> Result<Claims, JwtError> {
    let (header, claims, signature) = split(token)?;
    let Header { algorithm, key_id } = read_header(header)?;
    let unknown = || JwtError::UnknownKey { id: cut(&key_id), known: keys.ids().map(cut).collect() };
    let key = keys.get(&key_id).ok_or_else(unknown)?;
    if key.algorithm() != algorithm {
        return Err(JwtError::OtherAlgorithm { header: algorithm, key: key.algorithm() });
    }
    let signature = decode(Part::Signature, signature)?;
    let signed = &token[..header.len() + 1 + claims.len()];
    if !key.verifies(signed.as_bytes(), &signature, meter) {
        return Err(JwtError::WrongSignature { id: cut(&key_id) });
    }
    let claims: WrittenClaims = json(Part::Claims, claims)?;
    claims.check(policy, now)
}

/// The three parts of a token, and nothing else.
fn split(token: &str) -> Result<(&str, &str, &str), JwtError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwtError::TooLong(token.len()));
    }
    let parts: Vec<&str> = token.split('.').collect();
    match parts.as_slice() {
        &[header, claims, signature] => Ok((header, claims, signature)),
        other => Err(malformed(Part::Token, format!("expected three parts, got {}", other.len()))),
    }
}

fn read_header(text: &str) -> Result<Header, JwtError> {
    let WrittenHeader { alg, kid, typ, crit } = json(Part::Header, text)?;
    let algorithm = Algorithm::from_name(&alg).ok_or_else(|| JwtError::AlgorithmNotAllowed(cut(&alg)))?;
    if crit.is_some() {
        return Err(malformed(Part::Header, "extensions that must be understood are not".to_owned()));
    }
    // Other tokens that a provider signs with the same keys must not pass for ID tokens (RFC 8725 section 3.11).
    if let Some(other) = typ.filter(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(JwtError::OtherType(cut(&other)));
    }
    Ok(Header { algorithm, key_id: kid.ok_or(JwtError::NoKeyId)? })
}

fn json<T: DeserializeOwned>(part: Part, text: &str) -> Result<T, JwtError> {
    serde_json::from_slice(&decode(part, text)?).map_err(|error| malformed(part, error.to_string()))
}

fn decode(part: Part, text: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed(part, "expected base64url without padding".to_owned()))
}

fn malformed(part: Part, reason: String) -> JwtError {
    JwtError::Malformed { part, reason }
}

impl WrittenClaims {
    fn check(self, policy: &JwtPolicy, now: Time) -> Result<Claims, JwtError> {
        if self.iss != policy.issuer {
            return Err(JwtError::WrongIssuer { found: cut(&self.iss), expected: policy.issuer.clone() });
        }
        self.check_time(policy, now)?;
        self.check_nonce(policy)?;
        if self.sub.is_empty() || self.sub.len() > SUBJECT_BYTES_MAX {
            let reason = format!("sub: expected 1 to {SUBJECT_BYTES_MAX} bytes, got {}", self.sub.len());
            return Err(malformed(Part::Claims, reason));
        }
        let aud = self.aud.check(policy)?;
        Ok(Claims { iss: self.iss, aud, sub: self.sub, iat: self.iat, exp: self.exp, nonce: self.nonce })
    }

    fn check_time(&self, policy: &JwtPolicy, now: Time) -> Result<(), JwtError> {
        let (late, early) = (now.minus_millis(policy.grace_ms), now.plus_millis(policy.grace_ms));
        let shown = || rfc3339(now);
        // RFC 7519 section 4.1.4: on its expiration a token is too old already.
        if seconds(self.exp) <= late {
            return Err(JwtError::Expired { expiration: rfc3339(seconds(self.exp)), now: shown() });
        }
        if let Some(not_before) = self.nbf.map(seconds).filter(|not_before| *not_before > early) {
            return Err(JwtError::NotYetValid { not_before: rfc3339(not_before), now: shown() });
        }
        if seconds(self.iat) > early {
            return Err(JwtError::IssuedInFuture { issued_at: rfc3339(seconds(self.iat)), now: shown() });
        }
        Ok(())
    }

    fn check_nonce(&self, policy: &JwtPolicy) -> Result<(), JwtError> {
        match (&policy.nonce, &self.nonce) {
            (None, _) => Ok(()),
            (Some(_), Some(_)) if bugs::planted(Bug::NonceUnbound) => Ok(()),
            (Some(expected), Some(found)) if expected == found => Ok(()),
            (Some(expected), Some(found)) => {
                Err(JwtError::WrongNonce { found: cut(found), expected: expected.clone() })
            }
            (Some(expected), None) => Err(JwtError::NoNonce { expected: expected.clone() }),
        }
    }
}

impl Audience {
    /// The application, which has to be ours. A token for several is trusted by none of them alone.
    fn check(self, policy: &JwtPolicy) -> Result<String, JwtError> {
        let mut found = match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        };
        let is_ours = |one: &String| policy.audiences.contains(one);
        match found.pop() {
            Some(one) if found.is_empty() && is_ours(&one) => Ok(one),
            Some(one) if bugs::planted(Bug::AudienceUnchecked) => Ok(policy.audiences.first().cloned().unwrap_or(one)),
            last => {
                found.extend(last);
                let found = found.iter().take(8).map(|one| cut(one)).collect();
                Err(JwtError::WrongAudience { found, expected: policy.audiences.clone() })
            }
        }
    }
}

/// The instant of a NumericDate; the end of time for one after it.
fn seconds(date: u64) -> Time {
    Time(date.saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests;
