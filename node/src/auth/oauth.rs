//! Access tokens: what the endpoints of Discord and Google answer about one, and whom it makes of its bearer.
//!
//! An access token is opaque, so each node asks the service that issued it. It is good for whoever holds it, and bound to
//! nothing: that the answer names one of our applications is all that keeps others, to whom the user has signed in, from
//! using theirs here. Sources: Discord's "Get Current Authorization Information"
//! (`GET /api/oauth2/@me`) and Google's `GET /oauth2/v3/tokeninfo`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::method::{Account, Provider, UserNameError};
use super::siwe::{cut, date, rfc3339};
use crate::api::{ErrorCode, Failure};
use crate::io::Time;

/// The longest answer that is looked at, bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What a node demands of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Our applications at the service.
    pub apps: Vec<String>,
    /// How far the service's clock may be off this node's, milliseconds.
    pub grace_ms: u64,
}

/// Why an access token was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OauthError {
    /// The answer is too long.
    #[error("an answer of {0} bytes: at most {ANSWER_BYTES_MAX} are accepted")]
    TooLong(usize),
    /// The answer is not what the endpoint says of a token that it knows.
    #[error("not an answer about a token: {0}")]
    Malformed(String),
    /// The token does not let its bearer know who the user is.
    #[error("the answer names no user: the token was issued without the scope for it")]
    NoUser,
    /// The token was issued for another application.
    #[error("issued for application {found:?}: expected one of {expected:?}")]
    OtherApplication {
        /// In the answer.
        found: String,
        /// [`Policy::apps`].
        expected: Vec<String>,
    },
    /// The token has expired, and the grace is over.
    #[error("expired at {expiration}; the node's clock shows {now}")]
    Expired {
        /// When.
        expiration: String,
        /// The node's time, RFC 3339.
        now: String,
    },
    /// The user's name cannot stand for a user.
    #[error(transparent)]
    User(#[from] UserNameError),
}

impl From<OauthError> for Failure {
    fn from(error: OauthError) -> Self {
        Self { code: ErrorCode::InvalidAuthMethod, message: error.to_string(), logs: String::new() }
    }
}

/// Discord's answer. The user is there if the token has the scope `identify`.
#[derive(Deserialize)]
struct DiscordAnswer {
    application: Named,
    expires: String,
    user: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// Google's answer; its numbers are texts. The user is there if the token has the scope `openid` or `profile`.
#[derive(Deserialize)]
struct GoogleAnswer {
    aud: String,
    sub: Option<String>,
    exp: String,
}

/// Whose an access token is, by what Discord answered about it.
///
/// # Errors
/// If the answer is none, or the token is not for us, names no user or has expired.
pub fn discord(answer: &[u8], policy: &Policy, now: Time) -> Result<Account, OauthError> {
    let answer: DiscordAnswer = read(answer)?;
    let expires = OffsetDateTime::parse(&answer.expires, &Rfc3339);
    let expires = expires.map_err(|error| OauthError::Malformed(format!("expires: {error}")))?;
    let account = (answer.user.map(|user| user.id), answer.application.id);
    judge(Provider::Discord, account, (expires, &answer.expires), policy, now)
}

/// Whose an access token is, by what Google answered about it.
///
/// # Errors
/// If the answer is none, or the token is not for us, names no user or has expired.
pub fn google(answer: &[u8], policy: &Policy, now: Time) -> Result<Account, OauthError> {
    let answer: GoogleAnswer = read(answer)?;
    let digits = answer.exp.bytes().all(|b| b.is_ascii_digit()).then_some(&answer.exp);
    let expires = digits.and_then(|digits| OffsetDateTime::from_unix_timestamp(digits.parse().ok()?).ok());
    let expires = expires.ok_or_else(|| OauthError::Malformed(format!("exp: {:?}", cut(&answer.exp))))?;
    judge(Provider::Google, (answer.sub, answer.aud), (expires, &answer.exp), policy, now)
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, OauthError> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(OauthError::TooLong(answer.len()));
    }
    serde_json::from_slice(answer).map_err(|error| OauthError::Malformed(error.to_string()))
}

fn judge(
    provider: Provider,
    (user, app): (Option<String>, String),
    (expires, shown): (OffsetDateTime, &str),
    policy: &Policy,
    now: Time,
) -> Result<Account, OauthError> {
    if !policy.apps.contains(&app) {
        return Err(OauthError::OtherApplication { found: cut(&app), expected: policy.apps.clone() });
    }
    if expires <= date(now.minus_millis(policy.grace_ms)) {
        return Err(OauthError::Expired { expiration: cut(shown), now: rfc3339(now) });
    }
    Ok(Account::new(provider, &user.ok_or(OauthError::NoUser)?, &app)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::sign_in::testing::NOW;
    use proptest::prelude::*;

    const NOW_S: u64 = NOW.0 / 1_000_000_000;

    fn policy() -> Policy {
        Policy { apps: vec!["159799960412356608".into(), "our-app".into()], grace_ms: 60_000 }
    }

    /// As Discord's documentation shows it, shortened, but for the time.
    const DISCORD: &str = r#"{"application":{"id":"159799960412356608","name":"AIRHORN SOLUTIONS","bot_public":true},"scopes":["guilds.join","identify"],"expires":"2023-11-14T23:13:20.000000+00:00","user":{"id":"268473310986240001","username":"discord","global_name":null}}"#;

    fn google_answer() -> String {
        let expires = NOW_S + 3600;
        format!(
            r#"{{"azp":"our-app","aud":"our-app","sub":"1148143","scope":"openid","exp":"{expires}","expires_in":"3600"}}"#
        )
    }

    fn of_discord(answer: &str, now: Time) -> Result<Account, OauthError> {
        discord(answer.as_bytes(), &policy(), now)
    }

    fn of_google(answer: &str, now: Time) -> Result<Account, OauthError> {
        google(answer.as_bytes(), &policy(), now)
    }

    #[test]
    fn a_token_for_our_application_tells_who_its_user_is() {
        let account = of_discord(DISCORD, NOW).expect("accepted");
        assert_eq!((account.user(), account.app()), ("268473310986240001", "159799960412356608"));
        assert_eq!(account.provider(), Provider::Discord);
        let account = of_google(&google_answer(), NOW).expect("accepted");
        assert_eq!((account.user(), account.app()), ("1148143", "our-app"));
        assert_eq!(account.provider(), Provider::Google);
    }

    #[test]
    fn a_token_for_another_application_is_refused() {
        let wrong = |found: &str| Err(OauthError::OtherApplication { found: found.into(), expected: policy().apps });
        assert_eq!(of_discord(&DISCORD.replace("159799960412356608", "15979"), NOW), wrong("15979"));
        let theirs = google_answer().replace(r#""aud":"our-app""#, r#""aud":"their-app""#);
        assert_eq!(of_google(&theirs, NOW), wrong("their-app"));
    }

    #[test]
    fn a_token_expires_when_its_time_and_the_grace_are_over() {
        let end = NOW.plus_millis(3_660_000);
        let before = Time(end.0 - 1);
        assert!(of_discord(DISCORD, before).is_ok() && of_google(&google_answer(), before).is_ok());
        assert!(matches!(of_discord(DISCORD, end), Err(OauthError::Expired { .. })));
        assert!(matches!(of_google(&google_answer(), end), Err(OauthError::Expired { .. })));
    }

    #[test]
    fn a_token_that_does_not_tell_its_user_is_refused() {
        let (hidden, _) = DISCORD.split_once(r#","user""#).expect("a user");
        assert_eq!(of_discord(&format!("{hidden}}}"), NOW), Err(OauthError::NoUser));
        assert_eq!(of_google(&google_answer().replace("\"sub\"", "\"nobody\""), NOW), Err(OauthError::NoUser));
        let colon = of_google(&google_answer().replace("1148143", "1:1"), NOW);
        assert_eq!(colon, Err(OauthError::User(UserNameError("1:1".into()))));
    }

    #[test]
    fn what_is_no_answer_about_a_token_is_refused() {
        let malformed = |result: Result<Account, OauthError>| matches!(result, Err(OauthError::Malformed(_)));
        let unauthorised = r#"{"message":"401: Unauthorized","code":0}"#;
        for text in ["", "[]", "{}", unauthorised, r#"{"error":"invalid_token"}"#] {
            assert!(malformed(of_discord(text, NOW)) && malformed(of_google(text, NOW)), "{text}");
        }
        for time in ["", "tomorrow", "2023-11-14", "1700003600"] {
            let spoilt = DISCORD.replace("2023-11-14T23:13:20.000000+00:00", time);
            assert!(malformed(of_discord(&spoilt, NOW)), "{time}");
        }
        let expires = format!("\"{}\"", NOW_S + 3600);
        for time in ["\"\"", "\"-1\"", "\"+1700003600\"", "\"1.7e9\"", "1700003600", "\"99999999999999999999\""] {
            assert!(malformed(of_google(&google_answer().replace(&expires, time), NOW)), "{time}");
        }
        let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
        assert!(malformed(of_discord(&twice(DISCORD, r#""application":{"id":"1"}"#), NOW)));
        assert!(malformed(of_discord(&twice(DISCORD, r#""user":{"id":"1"}"#), NOW)));
        assert!(malformed(of_google(&twice(&google_answer(), r#""aud":"x""#), NOW)));
        let long = " ".repeat(ANSWER_BYTES_MAX + 1);
        assert_eq!(of_discord(&long, NOW), Err(OauthError::TooLong(long.len())));
        assert_eq!(of_google(&long, NOW), Err(OauthError::TooLong(long.len())));
    }

    #[test]
    fn a_failure_says_what_was_expected() {
        let failure = Failure::from(of_discord(&DISCORD.replace("159799960412356608", "1"), NOW).expect_err("refused"));
        assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
        assert_eq!(failure.message, r#"issued for application "1": expected one of ["159799960412356608", "our-app"]"#);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(bytes: Vec<u8>, json in r#"[{}\[\]",:a-c/ ]{0,60}"#, time in ".{0,30}", at: u64) {
            for answer in [bytes.as_slice(), json.as_bytes()] {
                prop_assert!(discord(answer, &policy(), Time(at)).is_err());
                prop_assert!(google(answer, &policy(), Time(at)).is_err());
            }
            let expires = (NOW_S + 3600).to_string();
            let _ = of_google(&google_answer().replace(&expires, &time.replace(['"', '\\'], "")), Time(at));
            let _ = of_discord(&DISCORD.replace("2023-11-14T23:13:20.000000+00:00", &time), Time(at));
        }
    }
}
