//! Every decoder of bytes that come from outside: what decodes has one form, and whatever can be asked of it has an answer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

use super::Choices;
use super::samples::STATEMENTS;
use crate::api::{Request, Response};
use crate::auth::{jwks, jwt, oauth, recap, siwe, webauthn};
use crate::bls::{Encrypted, SealedShare, ShareStatement};
use crate::curve::Bls12381;
use crate::dkg::{Complaint, Dealing, Record};
use crate::evidence::Evidence;
use crate::io::Time;
use crate::key::KeyShare;
use crate::statement::Statement;
use crate::wire::{FRAME_BYTES_MAX, Signed, decode, encode};
use crate::{chain, cid, signing, triples};

fn canonical<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) -> Option<T> {
    let value = decode::<T>(bytes, FRAME_BYTES_MAX).ok()?;
    assert_eq!(encode(&value), bytes, "what decodes is in the one form that it has");
    assert!(!format!("{value:?}").is_empty(), "it can be shown");
    Some(value)
}

fn statement(bytes: &[u8]) {
    if let Some(statement) = canonical::<Statement>(bytes) {
        let _ = (statement.label().to_string(), statement.signing_digest(), statement.is_dealing());
    }
}

fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = (siwe::parse_address(&text), chain::addresses::parse_address(&text));
    if let Ok(parsed) = cid::parse(&text) {
        let _ = (cid::permission_bytes(&parsed), cid::matches(bytes, &text));
    }
    if let Some(parsed) = cid::from_permission_bytes(bytes) {
        assert_eq!(cid::permission_bytes(&parsed), bytes, "a CID has one binary form");
    }
    credentials(bytes, &text);
}

/// What users and identity providers show.
fn credentials(bytes: &[u8], text: &str) {
    if let Ok(recap) = recap::Recap::parse(text) {
        assert_eq!(recap.uri(), text, "a ReCap has one form");
    }
    if let Ok(key) = webauthn::PublicKey::from_cose(bytes) {
        assert_eq!(key.to_cose(), bytes, "a passkey's public key has one form");
    }
    let ours = oauth::Policy { apps: vec![String::new()], grace_ms: 0 };
    let _ = (oauth::discord(bytes, &ours, Time(0)), oauth::google(bytes, &ours, Time(0)));
    let _ = (jwks::Jwks::parse(bytes), jwt::header(text));
}

/// By the first choice, one decoder and a spoilt statement or the bytes themselves.
pub(super) fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    match choices.below(16) {
        0..=4 => {
            let mut bytes = STATEMENTS[choices.below(STATEMENTS.len())].clone();
            choices.spoil(&mut bytes);
            statement(&bytes);
        }
        5 => statement(choices.rest()),
        6 => drop(canonical::<Request>(choices.rest())),
        7 => drop(canonical::<Response>(choices.rest())),
        8 => drop(canonical::<Evidence>(choices.rest())),
        9 => drop((canonical::<Complaint>(choices.rest()), canonical::<Signed<Dealing<Bls12381>>>(data))),
        10 => drop(canonical::<Record>(choices.rest())),
        11 => drop((canonical::<KeyShare>(choices.rest()), canonical::<KeyShare<Bls12381>>(data))),
        12 => drop((canonical::<SealedShare>(choices.rest()), canonical::<Signed<ShareStatement>>(data))),
        13 => drop(canonical::<Encrypted>(choices.rest())),
        14 => drop((canonical::<triples::Message>(choices.rest()), canonical::<signing::Message>(data))),
        _ => text(choices.rest()),
    }
}
