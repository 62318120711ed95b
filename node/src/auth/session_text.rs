//! The text with which a PKP hands on what it may to a session's key, before the network has signed it.
//!
//! Whoever may have a PKP sign messages gets a session that speaks for the PKP, until its text expires. What a node demands
//! of the text is what nodes will demand of the capability, and that it ends within [`LASTS_MS_MAX`]: a key that was
//! certified once cannot be called back before.

use ::siwe::eip55;
use thiserror::Error;

use super::recap::{Recap, RecapError};
use super::session;
use super::siwe::{self, AuthError, cut, date, rfc3339};
use crate::api::{ErrorCode, Failure};
use crate::id::Digest;
use crate::io::Time;

/// How far in the future a text may expire, milliseconds: 30 days.
pub const LASTS_MS_MAX: u64 = 30 * 24 * 3_600_000;

/// Why a PKP does not sign a text for a session's key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SessionTextError {
    /// It is no EIP-4361 text, of another time, or not for us.
    #[error(transparent)]
    Siwe(#[from] AuthError),
    /// It names another address.
    #[error("the text is for {found}: the address of this key is {expected}")]
    OtherAddress {
        /// In the text.
        found: String,
        /// The PKP's.
        expected: String,
    },
    /// Its URI names no session's key.
    #[error("{0:?} names no session's key: expected lit:session: and 64 lower-case hex digits")]
    NoSession(String),
    /// It would be good for too long.
    #[error("the text expires at {expiration}: at the latest {latest} is accepted")]
    LastsTooLong {
        /// When, by the text.
        expiration: String,
        /// [`LASTS_MS_MAX`] from now, RFC 3339.
        latest: String,
    },
    /// It does not say what it hands on.
    #[error(transparent)]
    Recap(#[from] RecapError),
}

impl From<SessionTextError> for Failure {
    fn from(error: SessionTextError) -> Self {
        Self { code: ErrorCode::InvalidAuthSig, message: error.to_string(), logs: String::new() }
    }
}

/// Checks a text that the PKP with this address is to sign, at the node's time `now`; returns what an ECDSA key signs,
/// its EIP-191 hash.
///
/// # Errors
/// If the text is not canonical EIP-4361, names another address or no session's key, was issued in the future beyond the
/// grace, has expired or lasts too long, or does not say what it hands on.
pub fn check(text: &str, address: [u8; 20], now: Time, policy: &session::Policy) -> Result<Digest, SessionTextError> {
    let policy = siwe::Policy {
        domains: policy.domains.clone(),
        uris: None,
        future_grace_ms: policy.grace_ms,
        validity_grace_ms: policy.grace_ms,
        expiration_required: true,
        pkp_accepted: true,
    };
    let message = siwe::unsigned(text, now, &policy)?;
    if message.address != address {
        return Err(SessionTextError::OtherAddress { found: eip55(&message.address), expected: eip55(&address) });
    }
    if session::key_of(message.uri.as_str()).is_none() {
        return Err(SessionTextError::NoSession(cut(message.uri.as_str())));
    }
    let latest = now.plus_millis(LASTS_MS_MAX);
    if let Some(expiration) = &message.expiration_time
        && *expiration.as_ref() > date(latest)
    {
        return Err(SessionTextError::LastsTooLong { expiration: expiration.to_string(), latest: rfc3339(latest) });
    }
    let recap = Recap::of_resources(message.resources.iter().map(|resource| resource.as_str()))?;
    recap.check_statement(message.statement.as_deref())?;
    Ok(Digest(message.eip191_hash().map_err(|_| AuthError::NotCanonical)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::recap::{Ability, Resource, ResourceKind};
    use crate::auth::session_make::SessionKey;
    use crate::auth::sign_in::testing::{NOW, address, fields};
    use crate::auth::{SignInText, SiweFields};

    const DAY_MS: u64 = 24 * 3_600_000;

    fn plain() -> SiweFields {
        SiweFields { resources: Vec::new(), expiration: Some(NOW.plus_millis(DAY_MS)), ..fields() }
    }

    fn delegation(fields: SiweFields) -> SiweFields {
        let recap = Recap::default().with(&Resource::all(ResourceKind::Pkp), Ability::Signing);
        SessionKey::new(&[5; 32]).delegation(&recap, fields)
    }

    fn text(fields: &SiweFields) -> SignInText {
        SignInText::new(address(), fields).expect("the fields make a text")
    }

    fn checked(fields: &SiweFields) -> Result<Digest, SessionTextError> {
        check(text(fields).text(), address(), NOW, &session::Policy::default())
    }

    #[test]
    fn a_text_that_a_session_will_be_able_to_show_is_signed_as_it_is() {
        let fields = delegation(plain());
        assert_eq!(checked(&fields), Ok(Digest(text(&fields).digest())));
        let long = delegation(SiweFields { expiration: Some(NOW.plus_millis(LASTS_MS_MAX)), ..plain() });
        assert!(checked(&long).is_ok());
    }

    #[test]
    fn a_text_for_another_address_is_not_signed() {
        let fields = delegation(plain());
        let refused = check(text(&fields).text(), [7; 20], NOW, &session::Policy::default());
        assert!(matches!(refused, Err(SessionTextError::OtherAddress { .. })), "{refused:?}");
    }

    #[test]
    fn a_text_for_something_else_than_a_session_is_not_signed() {
        let uris = ["https://evil.example/", "lit:session:00", &format!("lit:session:{}", "AB".repeat(32))];
        for uri in uris {
            let refused = checked(&SiweFields { uri: uri.to_owned(), ..delegation(plain()) });
            assert_eq!(refused, Err(SessionTextError::NoSession(uri.to_owned())));
        }
    }

    #[test]
    fn a_text_ends_within_thirty_days_and_does_not_begin_in_the_future() {
        let ends = |expiration| checked(&delegation(SiweFields { expiration, ..plain() }));
        let late = ends(Some(NOW.plus_millis(LASTS_MS_MAX + 1_000)));
        assert!(matches!(late, Err(SessionTextError::LastsTooLong { .. })), "{late:?}");
        assert_eq!(ends(None), Err(AuthError::NoExpiration.into()));
        let over = ends(Some(NOW.minus_millis(61_000)));
        assert!(matches!(over, Err(SessionTextError::Siwe(AuthError::Expired { .. }))), "{over:?}");
        let issued = |ms| checked(&delegation(SiweFields { issued_at: NOW.plus_millis(ms), ..plain() }));
        assert!(issued(60_000).is_ok());
        assert!(matches!(issued(61_000), Err(SessionTextError::Siwe(AuthError::IssuedInFuture { .. }))));
    }

    #[test]
    fn a_text_says_what_it_hands_on() {
        let silent = SiweFields { uri: delegation(plain()).uri, ..plain() };
        assert_eq!(checked(&silent), Err(RecapError::Missing.into()));
        let other = SiweFields { statement: Some("Nothing of importance.".into()), ..delegation(plain()) };
        assert!(matches!(checked(&other), Err(SessionTextError::Recap(RecapError::Statement { .. }))));
    }

    #[test]
    fn a_text_for_another_domain_or_not_in_its_form_is_not_signed() {
        let policy = session::Policy { domains: Some(vec!["ours.example".into()]), ..session::Policy::default() };
        let fields = delegation(plain());
        let refused = check(text(&fields).text(), address(), NOW, &policy);
        assert!(matches!(refused, Err(SessionTextError::Siwe(AuthError::WrongDomain { .. }))));
        let spoilt = text(&fields).text().replace("Chain ID: 1", "Chain ID: 01");
        let refused = check(&spoilt, address(), NOW, &session::Policy::default());
        assert_eq!(refused, Err(AuthError::NotCanonical.into()));
    }
}
