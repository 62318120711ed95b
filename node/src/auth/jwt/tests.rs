//! Tokens that are right, and every way of being wrong.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::jwks::testing::{A2_N, A2_TOKEN};
use super::super::sign_in::testing::NOW;
use super::*;
use crate::meter::Op;

const NOW_S: u64 = NOW.0 / 1_000_000_000;
const GRACE_S: u64 = 60;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a valid scalar")
}

fn published(id: &str, key: &SigningKey) -> Value {
    let point = key.verifying_key().to_encoded_point(false);
    let text = |half: Option<&[u8]>| URL_SAFE_NO_PAD.encode(half.expect("not the identity"));
    let (x, y) = (text(point.x().map(|x| x.as_slice())), text(point.y().map(|y| y.as_slice())));
    json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y })
}

fn keys() -> Jwks {
    let rsa = json!({ "kty": "RSA", "kid": "rsa", "n": A2_N, "e": "AQAB" });
    let set = json!({ "keys": [published("one", &key(1)), published("two", &key(2)), rsa] });
    Jwks::parse(set.to_string().as_bytes()).expect("well formed")
}

fn policy() -> JwtPolicy {
    JwtPolicy {
        issuer: "https://id.example".into(),
        audiences: vec!["our-app".into(), "our-other-app".into()],
        grace_ms: GRACE_S * 1000,
        nonce: Some("bound".into()),
    }
}

fn head() -> Value {
    json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "our-app", "sub": "alice", "nonce": "bound", "email": "alice@id.example",
        "iat": NOW_S, "exp": NOW_S + 3600,
    })
}

fn with(mut object: Value, member: &str, value: impl Into<Value>) -> Value {
    object[member] = value.into();
    object
}

fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().expect("an object").remove(member);
    object
}

/// A token with these texts as header and claims.
fn of_texts(header: &str, claims: &str, key: &SigningKey) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn token(header: &Value, claims: &Value) -> String {
    of_texts(&header.to_string(), &claims.to_string(), &key(1))
}

fn good() -> String {
    token(&head(), &claims())
}

fn check_at(token: &str, now: Time) -> Result<Claims, JwtError> {
    verify(token, &keys(), &policy(), now, &mut Meter::default())
}

fn check(token: &str) -> Result<Claims, JwtError> {
    check_at(token, NOW)
}

fn checked(claims: &Value) -> Result<Claims, JwtError> {
    check(&token(&head(), claims))
}

#[test]
fn a_providers_token_is_accepted_and_says_who_the_user_is() {
    let mut meter = Meter::default();
    let verified = verify(&good(), &keys(), &policy(), NOW, &mut meter);
    let expected = Claims {
        iss: "https://id.example".into(),
        aud: "our-app".into(),
        sub: "alice".into(),
        iat: NOW_S,
        exp: NOW_S + 3600,
        nonce: Some("bound".into()),
    };
    assert_eq!(verified, Ok(expected));
    assert_eq!(meter.count(Op::SignatureChecked), 1);
    let listed = checked(&with(claims(), "aud", json!(["our-other-app"])));
    assert_eq!(listed.map(|claims| claims.aud), Ok("our-other-app".into()));
    let untyped = check(&token(&without(head(), "typ"), &claims()));
    assert!(untyped.is_ok() && check(&token(&with(head(), "typ", "jwt"), &claims())).is_ok());
}

#[test]
fn the_header_tells_which_key_to_get() {
    assert_eq!(header(&good()), Ok(Header { algorithm: Algorithm::Es256, key_id: "one".into() }));
    assert_eq!(header(&token(&without(head(), "kid"), &claims())), Err(JwtError::NoKeyId));
    assert_eq!(header(A2_TOKEN), Err(JwtError::NoKeyId));
    let unsigned = good().rsplit_once('.').map(|(signed, _)| format!("{signed}.")).expect("a token");
    assert!(header(&unsigned).is_ok(), "it does not look further");
}

#[test]
fn a_token_by_an_unknown_key_is_refused() {
    let refused = check(&token(&with(head(), "kid", "three"), &claims()));
    let known = vec!["one".into(), "rsa".into(), "two".into()];
    assert_eq!(refused, Err(JwtError::UnknownKey { id: "three".into(), known }));
}

#[test]
fn a_token_by_another_key_is_refused_even_if_it_brings_that_key_along() {
    let wrong = Err(JwtError::WrongSignature { id: "one".into() });
    assert_eq!(check(&of_texts(&head().to_string(), &claims().to_string(), &key(2))), wrong);
    assert_eq!(check(&of_texts(&head().to_string(), &claims().to_string(), &key(3))), wrong);
    let helpful = with(head(), "jwk", published("one", &key(3)));
    assert_eq!(check(&of_texts(&helpful.to_string(), &claims().to_string(), &key(3))), wrong);
    let helpful = with(head(), "jku", "https://evil.example/keys");
    assert_eq!(check(&of_texts(&helpful.to_string(), &claims().to_string(), &key(3))), wrong);
}

#[test]
fn other_algorithms_are_refused_whatever_the_key() {
    for algorithm in ["none", "None", "HS256", "RS512", "PS256", "ES384", "EdDSA", "es256", ""] {
        let refused = check(&token(&with(head(), "alg", algorithm), &claims()));
        assert_eq!(refused, Err(JwtError::AlgorithmNotAllowed(algorithm.into())));
        assert!(header(&token(&with(head(), "alg", algorithm), &claims())).is_err());
    }
    let confused = check(&token(&with(head(), "alg", "RS256"), &claims()));
    assert_eq!(confused, Err(JwtError::OtherAlgorithm { header: Algorithm::Rs256, key: Algorithm::Es256 }));
    let confused = check(&token(&with(head(), "kid", "rsa"), &claims()));
    assert_eq!(confused, Err(JwtError::OtherAlgorithm { header: Algorithm::Es256, key: Algorithm::Rs256 }));
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    let refused = checked(&with(claims(), "iss", "https://id.example/"));
    let wrong = JwtError::WrongIssuer { found: "https://id.example/".into(), expected: "https://id.example".into() };
    assert_eq!(refused, Err(wrong));
}

#[test]
fn a_token_for_another_application_or_for_several_is_refused() {
    for (aud, found) in [
        (json!("their-app"), vec!["their-app"]),
        (json!(["their-app"]), vec!["their-app"]),
        (json!(["our-app", "their-app"]), vec!["our-app", "their-app"]),
        (json!(["our-app", "our-other-app"]), vec!["our-app", "our-other-app"]),
        (json!([]), vec![]),
    ] {
        let found = found.into_iter().map(str::to_owned).collect();
        let wrong = JwtError::WrongAudience { found, expected: policy().audiences };
        assert_eq!(checked(&with(claims(), "aud", aud)), Err(wrong));
    }
}

#[test]
fn a_token_expires_when_its_time_and_the_grace_are_over() {
    let end = NOW.plus_millis((3600 + GRACE_S) * 1000);
    assert!(check_at(&good(), Time(end.0 - 1)).is_ok());
    assert!(matches!(check_at(&good(), end), Err(JwtError::Expired { .. })));
    let strict = JwtPolicy { grace_ms: 0, ..policy() };
    let strictly = |now| verify(&good(), &keys(), &strict, now, &mut Meter::default());
    let end = NOW.plus_millis(3_600_000);
    assert!(strictly(Time(end.0 - 1)).is_ok());
    let (expiration, now) = ("2023-11-14T23:13:20Z".to_owned(), "2023-11-14T23:13:20Z".to_owned());
    assert_eq!(strictly(end), Err(JwtError::Expired { expiration, now }));
}

#[test]
fn a_token_is_not_good_before_its_time_or_before_it_was_issued() {
    let later = token(&head(), &with(claims(), "nbf", NOW_S + GRACE_S));
    assert!(check(&later).is_ok());
    assert!(matches!(check_at(&later, Time(NOW.0 - 1)), Err(JwtError::NotYetValid { .. })));
    let ahead = token(&head(), &with(claims(), "iat", NOW_S + GRACE_S));
    assert!(check(&ahead).is_ok());
    assert!(matches!(check_at(&ahead, Time(NOW.0 - 1)), Err(JwtError::IssuedInFuture { .. })));
}

#[test]
fn a_token_that_is_bound_to_something_else_is_a_replay() {
    let refused = checked(&with(claims(), "nonce", "another session"));
    assert_eq!(refused, Err(JwtError::WrongNonce { found: "another session".into(), expected: "bound".into() }));
    let unbound = checked(&without(claims(), "nonce"));
    assert_eq!(unbound, Err(JwtError::NoNonce { expected: "bound".into() }));
    let lax = JwtPolicy { nonce: None, ..policy() };
    assert!(verify(&good(), &keys(), &lax, NOW, &mut Meter::default()).is_ok());
}

#[test]
fn malformed_tokens_are_refused_with_the_part_that_is() {
    let part = |token: &str| match check(token) {
        Err(JwtError::Malformed { part, .. }) => part,
        other => panic!("accepted, or refused otherwise: {other:?}"),
    };
    let whole = good();
    let parts: Vec<&str> = whole.split('.').collect();
    let &[head_text, claims_text, signature] = parts.as_slice() else { panic!("three parts") };
    for text in ["", ".", whole.as_str().rsplit_once('.').expect("a token").0, &format!("{whole}.")] {
        assert_eq!(part(text), Part::Token, "{text}");
    }
    assert_eq!(part(&format!("{head_text}=.{claims_text}.{signature}")), Part::Header);
    assert_eq!(part(&format!(".{claims_text}.{signature}")), Part::Header);
    assert_eq!(part(&format!("{head_text}.{claims_text}.{signature}==")), Part::Signature);
    assert_eq!(part(&format!("{head_text}.{claims_text}.+{}", &signature[1..])), Part::Signature);
    let empty = format!("{head_text}.{claims_text}.");
    assert_eq!(check(&empty), Err(JwtError::WrongSignature { id: "one".into() }));
    for text in ["", "[]", "{", r#"{"kid":"one"}"#, r#"{"alg":"ES256","alg":"ES256","kid":"one"}"#, r#"{"alg":7}"#] {
        assert_eq!(part(&of_texts(text, &claims().to_string(), &key(1))), Part::Header, "{text}");
    }
    let critical = with(head(), "crit", json!(["exp"]));
    assert_eq!(part(&token(&critical, &claims())), Part::Header);
    for text in ["", "[]", "{", "{}", r#"{"iss":"a","iss":"https://id.example"}"#] {
        assert_eq!(part(&of_texts(&head().to_string(), text, &key(1))), Part::Claims, "{text}");
    }
}

#[test]
fn claims_that_are_missing_twice_there_or_of_another_kind_are_refused() {
    let malformed =
        |result: Result<Claims, JwtError>| matches!(result, Err(JwtError::Malformed { part: Part::Claims, .. }));
    for member in ["iss", "aud", "sub", "exp", "iat"] {
        assert!(malformed(checked(&without(claims(), member))), "{member}");
        assert!(malformed(checked(&with(claims(), member, json!({})))), "{member}");
        let value = claims()[member].to_string();
        let twice = claims().to_string().replacen('{', &format!("{{\"{member}\":{value},"), 1);
        assert!(malformed(check(&of_texts(&head().to_string(), &twice, &key(1)))), "{member}");
    }
    for number in [json!(-1), json!(1.5), json!("1700003600"), json!(1e30)] {
        assert!(malformed(checked(&with(claims(), "exp", number.clone()))), "{number}");
    }
    assert!(malformed(checked(&with(claims(), "sub", ""))));
    assert!(checked(&with(claims(), "sub", "x".repeat(SUBJECT_BYTES_MAX))).is_ok());
    assert!(malformed(checked(&with(claims(), "sub", "x".repeat(SUBJECT_BYTES_MAX + 1)))));
    // In seconds, the end of 64 bits is beyond the end of our time, which is that of 64 bits in nanoseconds.
    for beyond in [u64::MAX, u64::MAX / 1_000_000_000 + 1] {
        assert!(checked(&with(claims(), "exp", beyond)).is_ok());
    }
    assert!(matches!(checked(&with(claims(), "iat", u64::MAX)), Err(JwtError::IssuedInFuture { .. })));
}

#[test]
fn another_kind_of_token_by_the_same_provider_is_refused() {
    let access = check(&token(&with(head(), "typ", "at+jwt"), &claims()));
    assert_eq!(access, Err(JwtError::OtherType("at+jwt".into())));
}

#[test]
fn an_oversized_token_is_refused_unread() {
    let long = "a".repeat(TOKEN_BYTES_MAX + 1);
    assert_eq!(check(&long), Err(JwtError::TooLong(TOKEN_BYTES_MAX + 1)));
    assert_eq!(header(&long), Err(JwtError::TooLong(TOKEN_BYTES_MAX + 1)));
}

#[test]
fn a_failure_says_what_was_expected() {
    let failure = Failure::from(checked(&with(claims(), "aud", "their-app")).expect_err("refused"));
    assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
    let expected = r#"issued for ["their-app"]: expected exactly one of ["our-app", "our-other-app"]"#;
    assert_eq!(failure.message, expected);
}

#[cfg(feature = "planted-bugs")]
#[test]
fn the_planted_bug_accepts_a_token_for_another_application_and_nothing_more() {
    use crate::bugs::{BugSet, plant};
    let _planted = plant(BugSet::NONE.with(Bug::AudienceUnchecked));
    let theirs = with(claims(), "aud", "their-app");
    assert_eq!(checked(&theirs).map(|claims| claims.aud), Ok("our-app".into()), "as if it were for us");
    assert!(checked(&with(theirs, "iss", "other")).is_err());
}

#[cfg(feature = "planted-bugs")]
#[test]
fn the_planted_bug_accepts_a_token_for_another_request_and_none_that_is_bound_to_nothing() {
    use crate::bugs::{BugSet, plant};
    let _planted = plant(BugSet::NONE.with(Bug::NonceUnbound));
    assert!(checked(&with(claims(), "nonce", "other")).is_ok());
    assert!(matches!(checked(&without(claims(), "nonce")), Err(JwtError::NoNonce { .. })));
}

proptest! {
    #[test]
    fn no_text_makes_the_check_panic(text in ".{0,200}", bytes: Vec<u8>, json in r#"[{}\[\]",:a-c/ ]{0,60}"#, at: u64) {
        prop_assert!(check_at(&text, Time(at)).is_err() && header(&text).is_err());
        let _ = check_at(&of_texts(&json, &json, &key(1)), Time(at));
        prop_assert!(check_at(&of_texts(&head().to_string(), &json, &key(1)), Time(at)).is_err());
        let signature = URL_SAFE_NO_PAD.encode(bytes);
        let (signed, _) = A2_TOKEN.rsplit_once('.').expect("a token");
        let spoilt = format!("{signed}.{signature}");
        prop_assert!(check_at(&spoilt, Time(at)).is_err());
    }

    #[test]
    fn no_byte_of_a_token_can_change(at: usize, bit in 0u8..7) {
        let mut bytes = good().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert!(check(&String::from_utf8(bytes).expect("ASCII")).is_err());
    }
}
