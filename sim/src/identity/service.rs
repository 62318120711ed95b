//! The identity providers of a run: users sign in to them, and nodes ask them over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET https://google.identity.test/keys`, `GET https://apple.identity.test/keys` | a JWK set |
//! | `GET https://google.identity.test/tokeninfo` | of the bearer's token: `{ aud, sub, exp }` |
//! | `GET https://discord.identity.test/me` | of the bearer's token: `{ application, expires, user }` |
//!
//! A token that an endpoint does not know is answered with 401. One that has expired is answered as before: when it ends is
//! in the answer, and for the nodes to judge.

use std::collections::BTreeMap;

use lit_node::auth::jwks::Algorithm;
use lit_node::auth::method::{Account, Identity};
use lit_node::auth::providers::{AccessTokens, IdTokens, Providers};
use lit_node::auth::{oauth, webauthn};
use lit_node::io::{HttpRequest, HttpResponse, Time};
use serde_json::json;

use super::login::Login;
use super::provider::{IdentityProvider, Ticket};
use crate::http::Target;

/// The application that users sign in to, at every provider.
pub const APP: &str = "litsim-app";
/// For whom passkeys are made.
pub const RP_ID: &str = "litsim.example";
/// The page on which they are used.
pub const ORIGIN: &str = "https://litsim.example";
/// How long providers take to answer, milliseconds.
pub const LATENCY_MS: u64 = 50;
/// How far nodes let providers' clocks be off their own, milliseconds.
pub const GRACE_MS: u64 = 60_000;

const GOOGLE: &str = "https://google.identity.test";
const APPLE: &str = "https://apple.identity.test";
const DISCORD: &str = "https://discord.identity.test";
/// Where providers are, names that no real host has (RFC 6761).
pub const ORIGINS: [&str; 3] = [GOOGLE, APPLE, DISCORD];

/// What nodes are told of providers.
pub fn accepted() -> Providers {
    let id_tokens = |origin: &str| IdTokens {
        issuer: origin.to_owned(),
        audiences: vec![APP.to_owned()],
        keys_url: format!("{origin}/keys"),
        grace_ms: GRACE_MS,
    };
    let policy = oauth::Policy { apps: vec![APP.to_owned()], grace_ms: GRACE_MS };
    let access_tokens = |endpoint: String| AccessTokens { endpoint, policy: policy.clone() };
    let passkeys =
        webauthn::Policy { rp_id: RP_ID.to_owned(), origins: vec![ORIGIN.to_owned()], user_verification: true };
    Providers {
        google_id: Some(id_tokens(GOOGLE)),
        apple: Some(id_tokens(APPLE)),
        discord: Some(access_tokens(format!("{DISCORD}/me"))),
        google: Some(access_tokens(format!("{GOOGLE}/tokeninfo"))),
        passkeys: Some(passkeys),
        ..Providers::default()
    }
}

/// Who a user of a provider is, by signing in to an application; `None` for logins without a provider.
pub fn identity(login: Login, user: &str, app: &str) -> Option<Identity> {
    let account = Account::new(login.provider()?, user, app).expect("names in scenarios have no colon");
    Some(Identity::Account(account))
}

/// What an access token stands for.
#[derive(Clone, Debug)]
struct Granted {
    login: Login,
    user: String,
    app: String,
    expires: Time,
}

/// The providers.
#[derive(Clone, Debug)]
pub struct Services {
    google: IdentityProvider,
    apple: IdentityProvider,
    seed: [u8; 32],
    tokens: BTreeMap<String, Granted>,
}

impl Services {
    /// Providers whose keys and tokens derive from a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            google: IdentityProvider::new(GOOGLE, Algorithm::Rs256, super::derive(&seed, "google", 0)),
            apple: IdentityProvider::new(APPLE, Algorithm::Es256, super::derive(&seed, "apple", 0)),
            seed,
            tokens: BTreeMap::new(),
        }
    }

    /// An ID token that says to be of `login`'s provider, signed by that of `issuer`, which is the same unless it lies.
    /// `None` if one of the two signs none.
    pub fn id_token(&self, login: Login, issuer: Login, ticket: &Ticket) -> Option<String> {
        let (named, signs) = (self.signer(login)?, self.signer(issuer)?);
        if login == issuer {
            return Some(signs.issue(ticket));
        }
        let seconds = |time: Time| time.as_millis() / 1000;
        let claims = json!({
            "iss": named.issuer(),
            "aud": ticket.app,
            "sub": ticket.user,
            "iat": seconds(ticket.issued_at),
            "exp": seconds(ticket.expiration),
            "nonce": ticket.nonce,
        });
        Some(signs.sign(&claims))
    }

    /// Gives a user an access token for an application.
    pub fn access_token(&mut self, login: Login, user: &str, app: &str, expires: Time) -> String {
        let number = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        let token = hex::encode(super::derive(&self.seed, &format!("{login} token of {user} for {app}"), number));
        let granted = Granted { login, user: user.to_owned(), app: app.to_owned(), expires };
        self.tokens.insert(token.clone(), granted);
        token
    }

    /// A provider goes on to its next key. Those of access tokens have none.
    pub fn rotate(&mut self, login: Login) {
        match login {
            Login::Google => self.google.rotate(),
            Login::Apple => self.apple.rotate(),
            Login::Passkey | Login::Discord | Login::GoogleOauth => {}
        }
    }

    /// What a provider answers; `None` if the URL is of none.
    pub fn respond(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let target = Target::parse(&request.url).filter(|target| ORIGINS.contains(&target.origin.as_str()))?;
        let path = target.path_and_query.split('?').next().unwrap_or_default();
        let found = match (target.origin.as_str(), path) {
            _ if request.method != "GET" => Err(405),
            (GOOGLE, "/keys") => Ok(self.google.jwks()),
            (APPLE, "/keys") => Ok(self.apple.jwks()),
            (GOOGLE, "/tokeninfo") => self.token_info(Login::GoogleOauth, request),
            (DISCORD, "/me") => self.token_info(Login::Discord, request),
            _ => Err(404),
        };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Some(match found {
            Ok(body) => HttpResponse { status: 200, headers, body: body.into_bytes() },
            Err(status) => HttpResponse { status, headers, body: b"{}".to_vec() },
        })
    }

    /// What is known of the bearer's token; a status if nothing is.
    fn token_info(&self, login: Login, request: &HttpRequest) -> Result<String, u16> {
        let bearer = request.headers.iter().find(|(name, _)| name == "authorization");
        let token = bearer.and_then(|(_, value)| value.strip_prefix("Bearer ")).ok_or(401u16)?;
        let granted = self.tokens.get(token).filter(|granted| granted.login == login).ok_or(401u16)?;
        let Granted { user, app, expires, .. } = granted;
        let seconds = expires.as_millis() / 1000;
        Ok(match login {
            Login::Discord => {
                json!({ "application": { "id": app }, "expires": rfc3339(seconds), "user": { "id": user } })
            }
            _ => json!({ "aud": app, "sub": user, "exp": seconds.to_string() }),
        }
        .to_string())
    }

    fn signer(&self, login: Login) -> Option<&IdentityProvider> {
        match login {
            Login::Google => Some(&self.google),
            Login::Apple => Some(&self.apple),
            Login::Passkey | Login::Discord | Login::GoogleOauth => None,
        }
    }
}

/// A Unix time in seconds as RFC 3339 writes it (days to a date: Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}+00:00", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::auth::jwks::Jwks;
    use lit_node::auth::jwt::{self, JwtError};
    use lit_node::meter::Meter;

    /// 2023-11-14T22:13:20Z.
    const NOW: Time = Time(1_700_000_000_000_000_000);
    const HOUR_MS: u64 = 3_600_000;

    fn get(url: &str) -> HttpRequest {
        HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() }
    }

    fn ticket(nonce: &str) -> Ticket {
        let (user, app, nonce) = ("carol".into(), APP.into(), Some(nonce.into()));
        Ticket { user, app, nonce, issued_at: NOW, expiration: NOW.plus_millis(HOUR_MS) }
    }

    #[test]
    fn a_node_that_asks_as_it_is_told_to_accepts_the_tokens_of_each_provider() {
        let mut services = Services::new([1; 32]);
        let accepted = accepted();
        for (login, told) in [(Login::Google, &accepted.google_id), (Login::Apple, &accepted.apple)] {
            let told = told.as_ref().expect("accepted");
            let answer = services.respond(&told.ask_keys()).expect("a provider");
            let keys = Jwks::parse(&answer.body).expect("keys");
            let token = services.id_token(login, login, &ticket("n")).expect("signs");
            let claims = jwt::verify(&token, &keys, &told.policy("n"), NOW, &mut Meter::default()).expect("good");
            assert_eq!((claims.sub.as_str(), claims.aud.as_str()), ("carol", APP));
        }
        type Read = fn(&[u8], &oauth::Policy, Time) -> Result<Account, oauth::OauthError>;
        let read: [(Login, &Option<AccessTokens>, Read); 2] = [
            (Login::Discord, &accepted.discord, oauth::discord),
            (Login::GoogleOauth, &accepted.google, oauth::google),
        ];
        for (login, told, read) in read {
            let told = told.as_ref().expect("accepted");
            let token = services.access_token(login, "carol", APP, NOW.plus_millis(HOUR_MS));
            let answer = services.respond(&told.ask(&token).expect("a token")).expect("a provider");
            let account = read(&answer.body, &told.policy, NOW).expect("good");
            assert_eq!(Some(Identity::Account(account)), identity(login, "carol", APP));
            let late = NOW.plus_millis(HOUR_MS + GRACE_MS);
            assert!(matches!(read(&answer.body, &told.policy, late), Err(oauth::OauthError::Expired { .. })));
        }
    }

    #[test]
    fn a_provider_cannot_pose_as_another_one() {
        let services = Services::new([1; 32]);
        for (login, other) in [(Login::Google, Login::Apple), (Login::Apple, Login::Google)] {
            let forged = services.id_token(login, other, &ticket("n")).expect("signs");
            let told = if login == Login::Google { accepted().google_id } else { accepted().apple };
            let told = told.expect("accepted");
            let keys = Jwks::parse(&services.respond(&told.ask_keys()).expect("a provider").body).expect("keys");
            let refused = jwt::verify(&forged, &keys, &told.policy("n"), NOW, &mut Meter::default());
            assert!(matches!(refused, Err(JwtError::UnknownKey { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_token_is_known_where_it_was_given_and_nowhere_else() {
        let mut services = Services::new([1; 32]);
        let token = services.access_token(Login::Discord, "carol", APP, NOW);
        let told = accepted();
        let ask = |told: &Option<AccessTokens>, token: &str| {
            let request = told.as_ref().expect("accepted").ask(token).expect("a token");
            services.respond(&request).expect("a provider").status
        };
        assert_eq!((ask(&told.discord, &token), ask(&told.google, &token)), (200, 401));
        assert_eq!(ask(&told.discord, "made-up"), 401);
        let status = |request: HttpRequest| services.respond(&request).map(|answer| answer.status);
        assert_eq!(status(get(&format!("{DISCORD}/me"))), Some(401));
        assert_eq!(status(get(&format!("{GOOGLE}/nothing"))), Some(404));
        assert_eq!(status(HttpRequest { method: "POST".into(), ..get(&format!("{GOOGLE}/keys")) }), Some(405));
        assert_eq!(status(get("https://prices.example/keys")), None);
    }

    #[test]
    fn two_tokens_are_two_and_a_seed_gives_always_the_same() {
        let tokens = || {
            let mut services = Services::new([1; 32]);
            [0, 1].map(|_| services.access_token(Login::Discord, "carol", APP, NOW))
        };
        assert_eq!(tokens(), tokens());
        let [one, other] = tokens();
        assert_ne!(one, other);
    }

    #[test]
    fn times_are_written_as_rfc_3339_has_it() {
        // Computed with `date -u`.
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(rfc3339(1_700_000_000), "2023-11-14T22:13:20+00:00");
        assert_eq!(rfc3339(1_709_164_799), "2024-02-28T23:59:59+00:00");
        assert_eq!(rfc3339(1_709_164_800), "2024-02-29T00:00:00+00:00");
        assert_eq!(rfc3339(1_767_225_600), "2026-01-01T00:00:00+00:00");
    }
}
