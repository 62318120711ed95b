//! Users show who they are without a wallet: by passkeys, and by what identity providers give them; and what is true of it.

use lit_node::api;
use lit_node::auth::method::Identity;
use lit_node::chain::Grant;
use lit_node::chain::lists::PermittedMethod;
use lit_node::io::Time;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::script::Book;
use super::step::Desk;
use crate::identity::service::{self, APP, GRACE_MS, ORIGIN, RP_ID};
use crate::identity::{Login, Passkey, Ticket};
use crate::oracle::Proven;
use crate::scenario::{Bound, Proof};

/// How long tokens are good for, milliseconds.
const LASTS_MS: u64 = 3_600_000;

/// A user's passkey as it is at first.
fn new_passkey(book: &Book, user: &str) -> Passkey {
    Passkey::new(&book.keys.bytes(&format!("user {user}"), "passkey"), RP_ID)
}

/// Who a user is by a login, to our application.
fn identity(book: &Book, user: &str, login: Login) -> Identity {
    service::identity(login, user, APP).unwrap_or_else(|| new_passkey(book, user).identity())
}

/// What the chain is told of a user's login.
pub(super) fn grant(book: &Book, user: &str, login: Login, scopes: &[u64]) -> Grant {
    let name = identity(book, user, login).auth_method();
    let user_pubkey = match login {
        Login::Passkey => new_passkey(book, user).public_key().to_cose(),
        _ => Vec::new(),
    };
    let method = PermittedMethod { auth_method_type: name.kind, id: name.id, user_pubkey };
    Grant { method, scopes: scopes.to_vec() }
}

/// What a step shows of who asks, for a request with this binding, and what is true of it.
pub(super) fn prove(desk: &mut Desk<'_>, proof: &Proof, step: &str, binding: [u8; 32]) -> (api::Proof, Proven) {
    if let Some((shown, truth)) = proof.replay_of.as_ref().and_then(|earlier| desk.book.shown.get(earlier)).cloned() {
        // Access tokens are bound to nothing.
        let for_this = truth.for_this && matches!(proof.login, Login::Discord | Login::GoogleOauth);
        return (shown, Proven { for_this, ..truth });
    }
    let made_at = match u64::try_from(proof.age_ms) {
        Ok(age_ms) => desk.now.minus_millis(age_ms),
        Err(_) => desk.now.plus_millis(proof.age_ms.unsigned_abs()),
    };
    let bound_to = match proof.bound {
        None => Some(binding),
        Some(Bound::Other) => Some(desk.book.keys.bytes(step, "another request")),
        Some(Bound::Nothing) => None,
    };
    let shown = match proof.login {
        Login::Passkey => assertion(desk, proof, bound_to.unwrap_or(binding)),
        Login::Google => api::Proof::GoogleIdToken(id_token(desk, proof, bound_to, made_at)),
        Login::Apple => api::Proof::AppleIdToken(id_token(desk, proof, bound_to, made_at)),
        Login::Discord => api::Proof::DiscordToken(access_token(desk, proof, step, made_at)),
        Login::GoogleOauth => api::Proof::GoogleToken(access_token(desk, proof, step, made_at)),
    };
    let truth = Proven {
        method: identity(desk.book, &proof.user, proof.login).auth_method(),
        // A provider may pose as its own users.
        genuine: proof.by.is_none() && proof.issuer.is_none_or(|issuer| issuer == proof.login),
        for_us: proof.audience.is_none(),
        for_this: proof.bound.is_none(),
        expires: (proof.login != Login::Passkey).then(|| made_at.plus_millis(LASTS_MS + GRACE_MS)),
    };
    desk.book.shown.insert(step.to_owned(), (shown.clone(), truth.clone()));
    (shown, truth)
}

/// The answer of a user's passkey, or of another user's in its place.
fn assertion(desk: &mut Desk<'_>, proof: &Proof, challenge: [u8; 32]) -> api::Proof {
    let signer = proof.by.as_ref().unwrap_or(&proof.user);
    let new = new_passkey(desk.book, signer);
    let passkey = desk.book.passkeys.entry(signer.clone()).or_insert(new);
    let mut assertion = passkey.assert(&challenge, proof.audience.as_deref().unwrap_or(ORIGIN));
    assertion.credential_id = new_passkey(desk.book, &proof.user).credential_id().to_vec();
    api::Proof::Passkey(assertion)
}

fn id_token(desk: &Desk<'_>, proof: &Proof, bound_to: Option<[u8; 32]>, issued_at: Time) -> String {
    let ticket = Ticket {
        user: proof.by.as_ref().unwrap_or(&proof.user).clone(),
        app: proof.audience.clone().unwrap_or_else(|| APP.to_owned()),
        nonce: bound_to.map(hex::encode),
        issued_at,
        expiration: issued_at.plus_millis(LASTS_MS),
    };
    let issuer = proof.issuer.unwrap_or(proof.login);
    let token =
        desk.logins.id_token(proof.login, issuer, &ticket).expect("the scenario's check saw to it that they sign");
    if proof.by.is_some() { renamed(&token, &proof.user) } else { token }
}

/// A token that was signed for somebody else, with another user's name in it.
fn renamed(token: &str, user: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { return token.to_owned() };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok().and_then(|json| serde_json::from_slice(&json).ok());
    let Some(serde_json::Value::Object(mut claims)) = claims else { return token.to_owned() };
    claims.insert("sub".to_owned(), user.into());
    let claims = URL_SAFE_NO_PAD.encode(serde_json::Value::Object(claims).to_string());
    format!("{header}.{claims}.{signature}")
}

fn access_token(desk: &mut Desk<'_>, proof: &Proof, step: &str, made_at: Time) -> String {
    if proof.by.is_some() {
        return hex::encode(desk.book.keys.bytes(step, "a token that nobody has given"));
    }
    let app = proof.audience.as_deref().unwrap_or(APP);
    desk.logins.access_token(proof.login, &proof.user, app, made_at.plus_millis(LASTS_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_token_says_another_name_under_the_same_signature() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!("{}.{}.c2ln", part("{}"), part(r#"{"iss":"i","sub":"alice"}"#));
        let expected = format!("{}.{}.c2ln", part("{}"), part(r#"{"iss":"i","sub":"bob"}"#));
        assert_eq!(renamed(&token, "bob"), expected);
        assert_eq!(renamed("no token", "bob"), "no token");
    }
}
