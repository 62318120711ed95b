//! Checks what steps show of who asks: users must have what they sign in with.

use super::auth::{Auth, Certify, Delegator, Proof, Session};
use super::check::Checker;
use super::check_act::Names;
use super::raw_act::{self as raw, Bound};
use super::source::Placed;
use crate::identity::Login;

/// What shows who asks: an AuthSig or a session.
pub(super) fn auth(
    c: &mut Checker<'_>,
    names: &Names,
    wallet: Option<Placed<String>>,
    session: Option<Placed<raw::Session>>,
) -> Option<Auth> {
    match (wallet, session) {
        (Some(user), None) => Some(Auth::Wallet { user: c.wallet(&user), claims: None, age_ms: 0 }),
        (None, Some(session)) => self::session(c, names, session).map(Auth::Session),
        (Some(user), Some(_)) => {
            c.refuse(&user.span, "a session asks already", "either `auth` or `session`");
            None
        }
        (None, None) => None,
    }
}

fn session(c: &mut Checker<'_>, names: &Names, raw: Placed<raw::Session>) -> Option<Session> {
    let Placed { value: raw, span } = raw;
    let by = match (raw.user, raw.of) {
        (Some(user), None) => Delegator::Wallet(c.wallet(&user)),
        (None, Some(kept)) => {
            if raw.pkps.is_some() || raw.actions.is_some() || raw.secrets.is_some() {
                let message = format!("the session `{}` has been handed all that its PKP may", kept.value);
                c.refuse(&kept.span, message, "`pkps`, `actions` and `secrets` with a wallet's session");
            }
            Delegator::Kept(names.session(c, &kept))
        }
        (Some(user), Some(_)) => {
            c.refuse(&user.span, "a session has one who hands on to it what it may", "either `user` or `of`");
            return None;
        }
        (None, None) => {
            c.refuse(&span, "nobody hands on to this session what it may", "`user` with a wallet, or `of`");
            return None;
        }
    };
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    Some(Session {
        by,
        pkps: raw.pkps.map(|pkps| pkps.iter().map(|pkp| names.pkp(c, pkp)).collect()),
        actions: raw.actions.map(|files| files.iter().map(|file| c.action(file)).collect()),
        secrets: raw.secrets.map(|secrets| secrets.iter().map(|secret| names.secret(c, secret)).collect()),
        age_ms: signed(raw.age_ms).saturating_sub(signed(raw.ahead_ms)),
        lasts_ms: raw.lasts_ms,
        for_node: raw.for_node.map(|node| c.node(node.value, &node.span)),
    })
}

/// What a login shows.
pub(super) fn proof(c: &mut Checker<'_>, names: &Names, raw: raw::Proof) -> Proof {
    let (login, span) = (raw.method.value, raw.method.span.clone());
    let (is_passkey, is_id_token) = (login == Login::Passkey, login.is_id_token());
    c.login(&raw.user, &raw.method);
    if is_passkey && raw.age_ms.value > 0 {
        c.refuse(&raw.age_ms.span, "a passkey's answer does not say when it was made", "`age_ms` with a token");
    }
    if !is_id_token && raw.ahead_ms.value > 0 {
        c.refuse(&raw.ahead_ms.span, "only ID tokens say when they were made", "`ahead_ms` with `google` or `apple`");
    }
    let bound = raw.nonce.map(|bound| {
        if !is_passkey && !is_id_token {
            c.refuse(&bound.span, "an access token is bound to nothing", "`nonce` with another method");
        }
        if is_passkey && bound.value == Bound::Nothing {
            c.refuse(&bound.span, "a passkey always answers something", "`nonce = \"other\"`");
        }
        bound.value
    });
    let issuer = raw.issuer.map(|issuer| {
        if !is_id_token || !issuer.value.is_id_token() {
            c.refuse(&issuer.span, "these do not sign ID tokens", "`google` or `apple`, as `method` and as `issuer`");
        }
        issuer.value
    });
    let by = raw.by.map(|by| match is_passkey {
        true => {
            c.login(&by, &Placed { value: Login::Passkey, span: span.clone() });
            by.value
        }
        false => c.user(&by),
    });
    let replay_of = raw.replay_of.map(|step| {
        if !names.proved.contains(&step.value) {
            c.unknown("step with a proof", &step, names.proved.iter().map(String::as_str));
        }
        step.value
    });
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    Proof {
        user: raw.user.value,
        login,
        audience: raw.audience,
        age_ms: signed(raw.age_ms.value).saturating_sub(signed(raw.ahead_ms.value)),
        bound,
        by,
        issuer,
        replay_of,
    }
}

/// A session's key that a PKP is to certify; it has a name from now on if that is to succeed.
pub(super) fn certify(c: &mut Checker<'_>, names: &mut Names, raw: raw::SessionKey, succeeds: bool) -> Certify {
    let auth = auth(c, names, raw.auth, raw.session_asks);
    let proof = raw.proof.map(|proof| self::proof(c, names, proof));
    names.keep_session(c, &raw.session, succeeds);
    Certify {
        pkp: names.pkp(c, &raw.pkp),
        session: raw.session.value,
        lasts_ms: raw.lasts_ms,
        names: raw.names.map(|user| c.wallet(&user)),
        auth,
        proof,
    }
}
