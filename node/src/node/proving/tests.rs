//! Proofs that wait for providers, and what becomes of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;

use super::super::testing::{NOW, core};
use super::*;
use crate::api::Credential;
use crate::auth::webauthn::Assertion;
use crate::id::{CallId, Digest, Epoch};
use crate::signing::Scheme;

const NOW_S: u64 = NOW.0 / 1_000_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).expect("a valid scalar")
}

/// Keys as a provider publishes them, by their ids.
fn published(keys: &[(&str, u8)]) -> Vec<u8> {
    let keys = keys.iter().map(|(id, seed)| {
        let point = key(*seed).verifying_key().to_encoded_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": text(x), "y": text(y) })
    });
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string().into_bytes()
}

fn plain() -> Execute {
    let task = Task::Sign { public_key: vec![2; 33], digest: Digest([3; 32]), scheme: Scheme::EcdsaK256 };
    Execute { nonce: [1; 16], task, credential: Credential::Nobody, proofs: Vec::new(), epoch: Epoch(1) }
}

fn with(proofs: Vec<Proof>) -> Execute {
    Execute { proofs, ..plain() }
}

/// A user's token for [`plain`], under a key of its issuer's.
fn token(issuer: &str, user: &str, (id, seed): (&str, u8)) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let nonce = hex::encode(plain().binding());
    let claims =
        json!({ "iss": issuer, "aud": "ours", "sub": user, "iat": NOW_S, "exp": NOW_S + 3600, "nonce": nonce });
    let signed = format!("{}.{}", part(json!({ "alg": "ES256", "kid": id, "typ": "JWT" })), part(claims));
    let signature: Signature = key(seed).sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn google(user: &str) -> Proof {
    Proof::GoogleIdToken(token("https://google", user, ("one", 1)))
}

fn begin(execute: Execute, now: Time, core: &mut Core) -> (Execution, Vec<(CallId, HttpRequest)>) {
    let mut out = Outputs::default();
    let execution = Execution::begin(execute.id(), execute, now, core, &mut out);
    let asked = out.list.into_iter().filter_map(|output| match output {
        Output::HttpFetch { call, request } => Some((call, request)),
        _ => None,
    });
    (execution, asked.collect())
}

/// Answers a question about a proof.
fn answer(execution: &mut Execution, call: CallId, status: u16, body: &[u8], core: &mut Core) {
    let Some(Question::Identity { proof, .. }) = core.answered(call) else { panic!("no such question") };
    let reply = HttpResponse { status, headers: Vec::new(), body: body.to_vec() };
    execution.on_identity(proof, Ok(reply), NOW, core, &mut Outputs::default());
}

fn refusal(execution: &mut Execution) -> Failure {
    execution.take_result().expect("a result").expect_err("refused")
}

#[test]
fn a_request_for_another_epoch_is_refused_with_both_before_anybody_is_asked() {
    for epoch in [Epoch(0), Epoch(2)] {
        let mut core = core();
        let (mut execution, asked) = begin(Execute { epoch, ..with(vec![google("carol")]) }, NOW, &mut core);
        let failure = refusal(&mut execution);
        assert_eq!((failure.code, asked.len()), (ErrorCode::WrongEpoch, 0));
        let (theirs, ours) = (format!("for epoch {epoch}"), format!("in epoch {}", Epoch(1)));
        assert!(failure.message.contains(&theirs) && failure.message.contains(&ours), "{failure}");
    }
}

#[test]
fn keys_are_asked_for_once_and_the_task_begins_when_all_proofs_hold() {
    let mut core = core();
    let apple = Proof::AppleIdToken(token("https://apple", "carol", ("two", 2)));
    let (mut execution, asked) = begin(with(vec![google("carol"), apple, google("dave")]), NOW, &mut core);
    let urls: Vec<&str> = asked.iter().map(|(_, request)| request.url.as_str()).collect();
    assert_eq!(urls, ["https://google/keys", "https://apple/keys"]);
    answer(&mut execution, asked[0].0, 200, &published(&[("one", 1)]), &mut core);
    assert!(execution.alone.is_none() && execution.proving.is_some(), "Apple has not answered");
    answer(&mut execution, asked[1].0, 200, &published(&[("two", 2)]), &mut core);
    assert!(execution.alone.is_some() && execution.proving.is_none());
    let kinds: Vec<u64> = execution.caller.proved.methods().iter().map(|method| method.kind).collect();
    assert_eq!(kinds, [6, 6, 8]);
    let (execution, asked) = begin(with(vec![google("erin")]), NOW, &mut core);
    assert!(asked.is_empty() && execution.alone.is_some(), "the key is known by now");
}

#[test]
fn a_key_that_the_provider_does_not_have_refuses_the_request() {
    let mut core = core();
    let (mut execution, asked) = begin(with(vec![google("carol")]), NOW, &mut core);
    answer(&mut execution, asked[0].0, 200, &published(&[("other", 1)]), &mut core);
    let failure = refusal(&mut execution);
    assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
    assert_eq!(failure.message, r#"proof 0: the provider has no key "one": it has ["other"]"#);
    assert!(execution.alone.is_none());
}

#[test]
fn keys_that_were_read_long_ago_are_read_again() {
    let mut core = core();
    let (mut execution, asked) = begin(with(vec![google("carol")]), NOW, &mut core);
    answer(&mut execution, asked[0].0, 200, &published(&[("one", 1)]), &mut core);
    let age_max = core.config.providers.keys_age_ms_max;
    let asked_at = |ms: u64, core: &mut Core| begin(with(vec![google("dave")]), NOW.plus_millis(ms), core).1.len();
    assert_eq!((asked_at(age_max - 1, &mut core), asked_at(age_max, &mut core)), (0, 1));
}

#[test]
fn an_access_token_is_whose_its_provider_says() {
    let mut core = core();
    let (mut execution, asked) = begin(with(vec![Proof::GoogleToken("abc".into())]), NOW, &mut core);
    let (call, request) = &asked[0];
    assert_eq!(request.url, "https://google/me");
    assert!(request.headers.contains(&("authorization".to_owned(), "Bearer abc".to_owned())));
    let answered = json!({ "aud": "ours", "sub": "carol", "exp": (NOW_S + 60).to_string() });
    answer(&mut execution, *call, 200, answered.to_string().as_bytes(), &mut core);
    assert!(execution.alone.is_some());
    assert_eq!(execution.caller.proved.contexts()[0].user_id, "carol");
}

#[test]
fn a_token_that_its_provider_does_not_know_refuses_the_request_whatever_else_holds() {
    let mut core = core();
    let proofs = vec![Proof::GoogleToken("abc".into()), Proof::DiscordToken("def".into())];
    let (mut execution, asked) = begin(with(proofs), NOW, &mut core);
    answer(&mut execution, asked[1].0, 401, b"{}", &mut core);
    let failure = refusal(&mut execution);
    assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
    assert_eq!(failure.message, "proof 1: the provider answers with status 401");
    let good = json!({ "aud": "ours", "sub": "carol", "exp": (NOW_S + 60).to_string() });
    answer(&mut execution, asked[0].0, 200, good.to_string().as_bytes(), &mut core);
    assert!(execution.alone.is_none() && execution.take_result().is_none(), "it is over");
}

#[test]
fn a_provider_that_cannot_be_asked_or_does_not_answer_refuses_the_request() {
    let mut core = core();
    let (mut execution, asked) = begin(with(vec![google("carol")]), NOW, &mut core);
    let Some(Question::Identity { proof, .. }) = core.answered(asked[0].0) else { panic!("no such question") };
    execution.on_identity(proof, Err(HttpError::Unreachable), NOW, &mut core, &mut Outputs::default());
    assert_eq!(refusal(&mut execution).message, "proof 0: the provider could not be asked: connection failed");
    let (mut execution, _) = begin(with(vec![google("carol")]), NOW, &mut core);
    let due = NOW.plus_millis(core.config.providers.patience_ms);
    assert_eq!(execution.deadline(), Some(due));
    execution.tick(Time(due.0 - 1), &mut core, &mut Outputs::default());
    assert!(execution.take_result().is_none());
    execution.tick(due, &mut core, &mut Outputs::default());
    assert_eq!(refusal(&mut execution).code, ErrorCode::RequestTimeout);
}

#[test]
fn a_token_for_another_request_is_refused() {
    let mut core = core();
    let other = Execute { nonce: [2; 16], ..with(vec![google("carol")]) };
    let (mut execution, asked) = begin(other, NOW, &mut core);
    answer(&mut execution, asked[0].0, 200, &published(&[("one", 1)]), &mut core);
    assert!(refusal(&mut execution).message.starts_with("proof 0: the token's nonce is"));
}

#[test]
fn there_are_only_so_many_proofs_and_only_of_kinds_that_count() {
    let mut core = core();
    let many = vec![Proof::GoogleToken("abc".into()); PROOFS_MAX + 1];
    let (mut execution, asked) = begin(with(many), NOW, &mut core);
    assert_eq!(refusal(&mut execution).message, "9 proofs: at most 8 are accepted");
    assert!(asked.is_empty());
    core.config.providers = Providers::default();
    for proof in [google("carol"), Proof::DiscordToken("abc".into())] {
        let (mut execution, asked) = begin(with(vec![proof]), NOW, &mut core);
        assert!(asked.is_empty() && refusal(&mut execution).message.ends_with("do not count here"));
    }
}

#[test]
fn a_passkey_waits_for_the_key_that_it_is_to_be_used_for() {
    let mut core = core();
    let answer = Assertion {
        credential_id: vec![1],
        authenticator_data: Vec::new(),
        client_data: Vec::new(),
        signature: Vec::new(),
    };
    let (execution, asked) = begin(with(vec![Proof::Passkey(answer)]), NOW, &mut core);
    assert!(asked.is_empty() && execution.alone.is_some() && execution.caller.proved.has_answers());
}
