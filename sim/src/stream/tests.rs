//! What the service answers, request by request.

use super::testing::{ask, body, commit, create, genesis, key, owner, sign};
use super::*;
use lit_node::io::HttpRequest;
use proptest::prelude::*;

fn service() -> Service {
    Service::new("posts")
}

/// Appends what is in a body to the only stream.
fn append(service: &mut Service, stream: &str, body: &Value) -> (u16, Value) {
    ask(service, "POST", &format!("/streams/{stream}/commits"), &body.to_string())
}

#[test]
fn a_stream_shows_its_owner_its_tip_its_log_and_the_state_that_its_patches_make() {
    let mut service = service();
    let (status, made) = ask(&mut service, "POST", "/streams", &genesis(r#"{"likes":{},"title":"a"}"#, 1));
    let stream = made["id"].as_str().unwrap().to_owned();
    assert_eq!((status, &made["tip"]), (201, &made["id"]));
    let first = commit(&mut service, &stream, &stream, r#"{"likes":{"bob":true,"eve":true}}"#);
    let second = commit(&mut service, &stream, &first, r#"{"likes":{"eve":null},"title":"b"}"#);
    let (status, shown) = ask(&mut service, "GET", &format!("/streams/{stream}"), "");
    assert_eq!(status, 200);
    assert_eq!(shown["state"], json!({ "likes": { "bob": true }, "title": "b" }));
    assert_eq!((shown["id"].as_str(), shown["tip"].as_str()), (Some(stream.as_str()), Some(second.as_str())));
    assert_eq!(shown["owner"], key(&owner(1)));
    let ids: Vec<_> = shown["log"].as_array().unwrap().iter().map(|commit| commit["id"].as_str().unwrap()).collect();
    let prevs: Vec<_> = shown["log"].as_array().unwrap().iter().map(|commit| commit["prev"].as_str()).collect();
    assert_eq!(ids, [stream.as_str(), &first, &second]);
    assert_eq!(prevs, [None, Some(stream.as_str()), Some(first.as_str())]);
    assert_eq!(service.take_appended().len(), 3);
}

#[test]
fn names_are_the_cids_of_canonical_texts() {
    let mut service = service();
    let stream = create(&mut service);
    let signed = format!(r#"{{"data":{{}},"owner":"{}"}}"#, key(&owner(1)));
    assert_eq!(cid::matches(signed.as_bytes(), &stream), Ok(()));
    let sent = body(&stream, &stream, r#"{"z":1,"a":{"c":[true,{"f":1,"e":2}],"b":"\u0001"}}"#);
    let id = append(&mut service, &stream, &sent).1["id"].as_str().unwrap().to_owned();
    let signature = sent["signature"].as_str().unwrap();
    let data = r#"{"a":{"b":"\u0001","c":[true,{"e":2,"f":1}]},"z":1}"#;
    let text = format!(r#"{{"data":{data},"prev":"{stream}","signature":"{signature}","stream":"{stream}"}}"#);
    assert_eq!(cid::matches(text.as_bytes(), &id), Ok(()));
}

#[test]
fn what_was_accepted_is_answered_again_as_the_first_time_and_is_there_once() {
    let mut service = service();
    let (once, again) = [(); 2].map(|()| ask(&mut service, "POST", "/streams", &genesis("{}", 1))).into();
    assert_eq!(once, again);
    let stream = create(&mut service);
    let sent = body(&stream, &stream, r#"{"a":1}"#);
    let first = append(&mut service, &stream, &sent);
    let tip = commit(&mut service, &stream, first.1["id"].as_str().unwrap(), r#"{"a":2}"#);
    assert_eq!(append(&mut service, &stream, &sent), first, "although it is not the tip any more");
    let shown = ask(&mut service, "GET", &format!("/streams/{stream}"), "").1;
    assert_eq!((shown["log"].as_array().unwrap().len(), shown["tip"].as_str()), (3, Some(tip.as_str())));
    assert_eq!(service.take_appended().len(), 3);
}

#[test]
fn of_two_commits_after_the_same_one_the_second_is_told_the_tip() {
    let mut service = service();
    let stream = create(&mut service);
    let tip = commit(&mut service, &stream, &stream, r#"{"a":1}"#);
    let (status, answer) = append(&mut service, &stream, &body(&stream, &stream, r#"{"a":2}"#));
    assert_eq!((status, answer["tip"].as_str()), (409, Some(tip.as_str())));
    assert_eq!(answer["error"], format!("prev: the tip is {tip}"));
}

#[test]
fn only_the_owners_signature_over_exactly_this_is_taken() {
    let mut service = service();
    let stream = create(&mut service);
    let right = body(&stream, &stream, r#"{"a":1}"#);
    let other = ask(&mut service, "POST", "/streams", &genesis("{}", 2)).1["id"].as_str().unwrap().to_owned();
    let text = format!(r#"{{"data":{{"a":1}},"prev":"{stream}","stream":"{stream}"}}"#);
    let by_another = json!({ "prev": stream, "data": { "a": 1 }, "signature": sign(&owner(2), &text) });
    let altered = json!({ "prev": stream, "data": { "a": 2 }, "signature": right["signature"] });
    for (stream, wrong) in [(&stream, &by_another), (&stream, &altered), (&other, &right)] {
        let (status, answer) = append(&mut service, stream, wrong);
        assert_eq!(status, 403, "{answer}");
        assert!(answer["error"].as_str().unwrap().starts_with("signature: not by the stream's owner"), "{answer}");
    }
    let stolen = genesis("{}", 2).replace(&key(&owner(2)), &key(&owner(1)));
    assert_eq!(ask(&mut service, "POST", "/streams", &stolen).0, 403, "a genesis in another's name");
    assert_eq!(append(&mut service, &stream, &right).0, 201);
}

/// A signature with s on the other side: it verifies as well as the first, and must not make a second name.
fn flipped(signature: &str) -> String {
    let bytes = hex::decode(&signature[2..]).unwrap();
    let low = k256::ecdsa::Signature::from_slice(&bytes[..64]).unwrap();
    let high = k256::ecdsa::Signature::from_scalars(low.r(), -*low.s()).unwrap();
    format!("0x{}{:02x}", hex::encode(high.to_bytes()), 55 - bytes[64])
}

#[test]
fn a_signature_has_one_form() {
    let mut service = service();
    let stream = create(&mut service);
    let right = body(&stream, &stream, r#"{"a":1}"#);
    let signature = right["signature"].as_str().unwrap();
    let other_v = if signature.ends_with("1b") { "1c" } else { "1b" };
    let upper = signature.to_uppercase().replace("0X", "0x");
    let forms = [
        flipped(signature),
        upper,
        signature[2..].to_owned(),
        signature[..130].to_owned(),
        format!("{}00", &signature[..130]),
    ];
    for form in forms {
        let wrong = json!({ "prev": stream, "data": { "a": 1 }, "signature": form });
        let (status, answer) = append(&mut service, &stream, &wrong);
        assert_eq!(status, 400, "{form}");
        assert!(answer["error"].as_str().unwrap().starts_with("signature: expected"), "{answer}");
    }
    let wrong = json!({ "prev": stream, "data": { "a": 1 }, "signature": format!("{}{other_v}", &signature[..130]) });
    assert_eq!(append(&mut service, &stream, &wrong).0, 403);
}

#[test]
fn what_is_wrong_with_a_request_is_said_with_the_fields_name() {
    let mut service = service();
    let stream = create(&mut service);
    let right = body(&stream, &stream, r#"{"a":1}"#);
    let with = |field: &str, value: Value| {
        let mut body = right.clone();
        body[field] = value;
        body
    };
    let cases = [
        (json!([]), 400, "body: expected an object"),
        (with("prev", json!(7)), 400, "prev: expected a text"),
        (with("data", json!([])), 400, "data: expected an object"),
        (with("data", json!({ "a": [1.5] })), 400, "data: expected integers"),
        (with("data", json!({ "a": 9_007_199_254_740_992_i64 })), 400, "data: expected integers"),
        (with("signature", json!(null)), 400, "signature: expected"),
        (with("extra", json!(1)), 400, "extra: expected no such field"),
        (with("data", json!({ "a": "x".repeat(BODY_BYTES_MAX) })), 413, "the body has more than"),
    ];
    for (body, status, text) in cases {
        let (got, answer) = append(&mut service, &stream, &body);
        let error = answer["error"].as_str().unwrap();
        assert!(got == status && error.starts_with(text), "{status} {text}: {got} {error}");
    }
    assert_eq!(ask(&mut service, "POST", "/streams", "{").0, 400);
    let compressed = format!("0x{}", hex::encode(owner(1).verifying_key().to_encoded_point(true).as_bytes()));
    let (status, answer) =
        ask(&mut service, "POST", "/streams", &genesis("{}", 1).replace(&key(&owner(1)), &compressed));
    assert!(status == 400 && answer["error"].as_str().unwrap().starts_with("owner: expected"), "{answer}");
    assert_eq!(append(&mut service, "nothing", &right).0, 404);
    assert_eq!(service.take_appended().len(), 1, "nothing of this was accepted");
}

#[test]
fn paths_and_methods_that_mean_nothing_are_refused() {
    let mut service = service();
    let stream = create(&mut service);
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/streamsx", 404),
        ("GET", "/streams/", 404),
        ("GET", "/streams/nothing", 404),
        ("GET", "/streams?colour=red", 400),
        ("DELETE", "/streams", 405),
        ("POST", &format!("/streams/{stream}"), 405),
        ("GET", &format!("/streams/{stream}/commits"), 405),
        ("POST", &format!("/streams/{stream}/commits/x"), 404),
    ] {
        assert_eq!(ask(&mut service, method, path, "").0, status, "{method} {path}");
    }
}

#[test]
fn streams_are_listed_by_owner_in_the_order_in_which_they_were_made() {
    let mut service = service();
    let mut make = |data: &str, number| {
        ask(&mut service, "POST", "/streams", &genesis(data, number)).1["id"].as_str().unwrap().to_owned()
    };
    let (b, a, other) = (make(r#"{"n":"b"}"#, 1), make(r#"{"n":"a"}"#, 1), make("{}", 2));
    let tip = commit(&mut service, &b, &b, r#"{"x":1}"#);
    let listed = ask(&mut service, "GET", &format!("/streams?owner={}", key(&owner(1))), "").1;
    assert_eq!(listed, json!({ "streams": [{ "id": b, "tip": tip }, { "id": a, "tip": a }] }));
    let all = ask(&mut service, "GET", "/streams", "").1;
    assert_eq!(all["streams"].as_array().unwrap().len(), 3);
    assert_eq!(all["streams"][2]["id"], other);
    assert_eq!(ask(&mut service, "GET", "/streams?owner=0x04", "").1, json!({ "streams": [] }));
}

#[test]
fn a_patch_replaces_and_removes_members_as_rfc_7396_says() {
    // The examples of its appendix A whose original is an object, or missing.
    for (original, patch, result) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        ("null", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ] {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(document::patched(read(original), &read(patch)), read(result), "{original} {patch}");
    }
}

proptest! {
    #[test]
    fn no_request_makes_the_service_panic(method in "GET|POST|PUT", path in "/?[a-z/?=&#%]{0,40}", body: Vec<u8>) {
        let mut service = service();
        let stream = create(&mut service);
        for path in [path.clone(), format!("/streams{path}"), format!("/streams/{stream}{path}")] {
            let url = format!("https://posts.stream.test{path}");
            let request = HttpRequest { method: method.clone(), url, headers: Vec::new(), body: body.clone() };
            prop_assert!((200..500).contains(&service.respond(&request).status));
        }
    }

    #[test]
    fn no_body_of_the_right_shape_makes_the_service_panic(a in ".{0,40}", b in ".{0,40}", c in "(0x)?[0-9a-f]{0,132}") {
        let mut service = service();
        let stream = create(&mut service);
        let body = json!({ "prev": a, "data": { (b.clone()): a }, "signature": c }).to_string();
        let appended = ask(&mut service, "POST", &format!("/streams/{stream}/commits"), &body).0;
        let body = json!({ "owner": b, "data": { "a": c }, "signature": c }).to_string();
        let made = ask(&mut service, "POST", "/streams", &body).0;
        prop_assert!((400..500).contains(&appended) && (400..500).contains(&made), "{} {}", appended, made);
    }
}
