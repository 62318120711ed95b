//! Owners of streams, for unit tests.

use k256::ecdsa::SigningKey;
use lit_node::io::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};

use super::Service;

/// The owner of number so many.
pub(crate) fn owner(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).expect("a scalar")
}

/// An owner's key, as bodies have it.
pub(crate) fn key(owner: &SigningKey) -> String {
    format!("0x{}", hex::encode(owner.verifying_key().to_encoded_point(false).as_bytes()))
}

/// An owner's signature over a text.
pub(crate) fn sign(owner: &SigningKey, text: &str) -> String {
    let (signature, recovery) = owner.sign_prehash_recoverable(&Keccak256::digest(text)).expect("a signature");
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte())
}

/// The body of a genesis with canonical data, by an owner.
pub(crate) fn genesis(data: &str, number: u8) -> String {
    let owner = owner(number);
    let signature = sign(&owner, &format!(r#"{{"data":{data},"owner":"{}"}}"#, key(&owner)));
    format!(r#"{{"owner":"{}","data":{data},"signature":"{signature}"}}"#, key(&owner))
}

/// The body of a commit by the first owner.
pub(crate) fn body(stream: &str, prev: &str, data: &str) -> Value {
    let data: Value = serde_json::from_str(data).expect("JSON");
    let signed = super::canonical(&json!({ "data": data, "prev": prev, "stream": stream }));
    json!({ "prev": prev, "data": data, "signature": sign(&owner(1), &signed) })
}

/// Asks a service.
pub(crate) fn ask(service: &mut Service, method: &str, path: &str, body: &str) -> (u16, Value) {
    let url = format!("https://posts.stream.test{path}");
    let request = HttpRequest { method: method.into(), url, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let HttpResponse { status, body, .. } = service.respond(&request);
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// Makes the first owner's stream; its name.
pub(crate) fn create(service: &mut Service) -> String {
    let (status, answer) = ask(service, "POST", "/streams", &genesis("{}", 1));
    assert_eq!(status, 201, "{answer}");
    answer["id"].as_str().expect("a name").to_owned()
}

/// Appends; the commit's name.
pub(crate) fn commit(service: &mut Service, stream: &str, prev: &str, data: &str) -> String {
    let body = body(stream, prev, data).to_string();
    let (status, answer) = ask(service, "POST", &format!("/streams/{stream}/commits"), &body);
    assert_eq!(status, 201, "{answer}");
    answer["id"].as_str().expect("a name").to_owned()
}
