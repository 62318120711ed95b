//! Whose word counts when somebody says to be a user of theirs: identity providers, what a node demands of what they say,
//! and why a proof of who asks is refused.
//!
//! A provider can pose as each of its own users, and as nobody else's: its tokens count under its own keys or from its own
//! endpoint only, and its users are named apart from those of others on chain.

use thiserror::Error;

use super::jwks::JwksError;
use super::jwt::{JwtError, JwtPolicy};
use super::method::{Method, UserNameError};
use super::oauth::{self, OauthError};
use super::webauthn::{self, WebAuthnError};
use crate::api::{ErrorCode, Failure, PROOFS_MAX};
use crate::io::{HttpError, HttpRequest};

/// The longest access token that is passed on, bytes.
pub const ACCESS_TOKEN_BYTES_MAX: usize = 2 * 1024;

/// Whose word counts. By default nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    /// Google, for ID tokens.
    pub google_id: Option<IdTokens>,
    /// Apple.
    pub apple: Option<IdTokens>,
    /// Discord.
    pub discord: Option<AccessTokens>,
    /// Google, for access tokens.
    pub google: Option<AccessTokens>,
    /// Users' own authenticators.
    pub passkeys: Option<webauthn::Policy>,
    /// How long a request may wait for providers, milliseconds.
    pub patience_ms: u64,
    /// How old keys may be that a provider has published, milliseconds: so long a key counts that it has taken back.
    pub keys_age_ms_max: u64,
}

impl Default for Providers {
    fn default() -> Self {
        Self {
            google_id: None,
            apple: None,
            discord: None,
            google: None,
            passkeys: None,
            patience_ms: 10_000,
            keys_age_ms_max: 600_000,
        }
    }
}

/// A provider that signs ID tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokens {
    /// Its name in tokens.
    pub issuer: String,
    /// Our applications there.
    pub audiences: Vec<String>,
    /// Where it publishes its keys.
    pub keys_url: String,
    /// How far its clock may be off this node's, either way, milliseconds.
    pub grace_ms: u64,
}

impl IdTokens {
    /// What a token has to be like that is bound to `nonce`.
    pub fn policy(&self, nonce: &str) -> JwtPolicy {
        JwtPolicy {
            issuer: self.issuer.clone(),
            audiences: self.audiences.clone(),
            grace_ms: self.grace_ms,
            nonce: Some(nonce.to_owned()),
        }
    }

    /// Asks for the provider's keys.
    pub fn ask_keys(&self) -> HttpRequest {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        HttpRequest { method: "GET".to_owned(), url: self.keys_url.clone(), headers, body: Vec::new() }
    }
}

/// A provider that is asked about access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokens {
    /// Where it is asked.
    pub endpoint: String,
    /// What its answers must say.
    pub policy: oauth::Policy,
}

impl AccessTokens {
    /// Asks whose a token is (RFC 6750, section 2.1).
    ///
    /// # Errors
    /// If the token is none that could stand in a header.
    pub fn ask(&self, token: &str) -> Result<HttpRequest, ProofError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || token.len() > ACCESS_TOKEN_BYTES_MAX || !token.bytes().all(allowed) {
            return Err(ProofError::NoToken(token.len()));
        }
        let headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {token}")),
        ];
        Ok(HttpRequest { method: "GET".to_owned(), url: self.endpoint.clone(), headers, body: Vec::new() })
    }
}

/// Why a proof of who asks is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// There are too many.
    #[error("{0} proofs: at most {PROOFS_MAX} are accepted")]
    TooMany(usize),
    /// Nothing of this kind counts at this node.
    #[error("proofs of type {} do not count here", .0.number())]
    NotAccepted(Method),
    /// An ID token does not verify.
    #[error(transparent)]
    IdToken(#[from] JwtError),
    /// An access token does not count, by what the provider says of it.
    #[error(transparent)]
    AccessToken(#[from] OauthError),
    /// A passkey's answer does not verify.
    #[error(transparent)]
    Passkey(#[from] WebAuthnError),
    /// The user cannot be named.
    #[error(transparent)]
    User(#[from] UserNameError),
    /// What should be an access token is none.
    #[error("{0} bytes that are no access token: expected 1 to {ACCESS_TOKEN_BYTES_MAX} of those that RFC 6750 allows")]
    NoToken(usize),
    /// What a provider publishes are no keys.
    #[error("the provider's keys: {0}")]
    Keys(#[from] JwksError),
    /// The provider did not answer with a success. It answers so about a token that it does not know.
    #[error("the provider answers with status {0}")]
    Status(u16),
    /// The provider could not be asked.
    #[error("the provider could not be asked: {0}")]
    NoAnswer(HttpError),
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Self {
        Self { code: ErrorCode::InvalidAuthMethod, message: error.to_string(), logs: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn discord() -> AccessTokens {
        let policy = oauth::Policy { apps: vec!["ours".into()], grace_ms: 0 };
        AccessTokens { endpoint: "https://discord.example/me".into(), policy }
    }

    #[test]
    fn an_access_token_goes_into_the_header_that_is_made_for_it() {
        let request = discord().ask("abc.DEF-1_2~3+4/5==").expect("a token");
        assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "https://discord.example/me"));
        let bearer = ("authorization".to_owned(), "Bearer abc.DEF-1_2~3+4/5==".to_owned());
        assert!(request.headers.contains(&bearer) && request.body.is_empty());
    }

    #[test]
    fn what_could_end_a_header_is_no_token() {
        for text in ["", "a b", "a\r\nx: y", "é", "a\0"] {
            assert_eq!(discord().ask(text), Err(ProofError::NoToken(text.len())));
        }
        let longest = "a".repeat(ACCESS_TOKEN_BYTES_MAX);
        assert!(discord().ask(&longest).is_ok());
        assert!(discord().ask(&format!("{longest}a")).is_err());
    }

    #[test]
    fn a_failure_has_a_code_of_its_own_and_says_what_was_wrong() {
        let failure = Failure::from(ProofError::NotAccepted(Method::Apple));
        assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
        assert_eq!(failure.message, "proofs of type 8 do not count here");
        let failure = Failure::from(ProofError::from(JwtError::NoKeyId));
        assert_eq!(failure.message, JwtError::NoKeyId.to_string());
    }

    proptest! {
        #[test]
        fn no_token_brings_a_header_of_its_own(text in "(?s).{0,60}") {
            if let Ok(request) = discord().ask(&text) {
                prop_assert!(request.headers.iter().all(|(_, value)| !value.contains(['\r', '\n'])));
            }
        }
    }
}
