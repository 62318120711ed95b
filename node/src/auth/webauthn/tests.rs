//! Assertions that are right, and every way of being wrong.

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const CHALLENGE: [u8; 32] = [7; 32];
const ID: &[u8] = b"a credential";

fn key() -> SigningKey {
    SigningKey::from_slice(&[1; 32]).expect("a valid scalar")
}

fn credential() -> Credential {
    Credential { id: ID.to_vec(), key: PublicKey::new(*key().verifying_key()), last_counter: 4 }
}

fn policy() -> Policy {
    Policy {
        rp_id: "example.org".into(),
        origins: vec!["https://example.org".into(), "https://app.example.org".into()],
        user_verification: true,
    }
}

fn seen() -> Value {
    let challenge = URL_SAFE_NO_PAD.encode(CHALLENGE);
    json!({ "type": "webauthn.get", "challenge": challenge, "origin": "https://example.org", "crossOrigin": false })
}

fn data(rp_id: &str, set: u8, counter: u32) -> Vec<u8> {
    [Sha256::digest(rp_id).as_slice(), &[set], &counter.to_be_bytes()].concat()
}

fn good_data() -> Vec<u8> {
    data("example.org", flags::USER_PRESENT | flags::USER_VERIFIED, 5)
}

fn signed_by(key: &SigningKey, authenticator_data: Vec<u8>, client_data: Vec<u8>) -> Assertion {
    let signed = [authenticator_data.as_slice(), &Sha256::digest(&client_data)].concat();
    let signature: Signature = key.sign(&signed);
    let signature = signature.to_der().as_bytes().to_vec();
    Assertion { credential_id: ID.to_vec(), authenticator_data, client_data, signature }
}

fn signed(authenticator_data: Vec<u8>, client_data: &Value) -> Assertion {
    signed_by(&key(), authenticator_data, client_data.to_string().into_bytes())
}

fn good() -> Assertion {
    signed(good_data(), &seen())
}

fn check(assertion: &Assertion) -> Result<Asserted, WebAuthnError> {
    verify(assertion, &credential(), &CHALLENGE, &policy(), &mut Meter::default())
}

fn checked(member: &str, value: impl Into<Value>) -> Result<Asserted, WebAuthnError> {
    let mut seen = seen();
    seen[member] = value.into();
    check(&signed(good_data(), &seen))
}

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).expect("hex")
}

#[test]
fn a_passkeys_answer_is_accepted() {
    let mut meter = Meter::default();
    let asserted = verify(&good(), &credential(), &CHALLENGE, &policy(), &mut meter);
    assert_eq!(asserted, Ok(Asserted { counter: 5, user_verified: true }));
    assert_eq!(meter.count(Op::SignatureChecked), 1);
    assert!(checked("origin", "https://app.example.org").is_ok());
    assert!(checked("crossOrigin", Value::Null).is_ok(), "older browsers do not say");
    assert!(checked("extra", "clients may add members").is_ok());
}

#[test]
fn the_example_of_the_specification_verifies() {
    // W3C WebAuthn Level 3, section 16.2: ES256 credential with no attestation.
    let key = "a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220";
    let id = bytes("f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4");
    let assertion = Assertion {
        credential_id: id.clone(),
        authenticator_data: bytes("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000"),
        client_data: bytes(
            "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d",
        ),
        signature: bytes(
            "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
        ),
    };
    let key = PublicKey::from_cose(&bytes(key)).expect("a key");
    let credential = Credential { id, key, last_counter: 0 };
    let challenge = bytes("39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408");
    let challenge: [u8; 32] = challenge.try_into().expect("32 bytes");
    let lax = Policy { user_verification: false, ..policy() };
    let asserted = verify(&assertion, &credential, &challenge, &lax, &mut Meter::default());
    assert_eq!(asserted, Ok(Asserted { counter: 0, user_verified: false }));
}

#[test]
fn an_answer_to_another_challenge_is_a_replay() {
    let (found, expected) = (URL_SAFE_NO_PAD.encode([8; 32]), URL_SAFE_NO_PAD.encode(CHALLENGE));
    let refused = checked("challenge", found.clone());
    assert_eq!(refused, Err(WebAuthnError::OtherChallenge { found, expected: expected.clone() }));
    for found in [String::new(), format!("{expected}="), hex::encode(CHALLENGE)] {
        assert!(matches!(checked("challenge", found), Err(WebAuthnError::OtherChallenge { .. })));
    }
}

#[test]
fn an_answer_that_was_given_elsewhere_is_refused() {
    let wrong = |found: &str| Err(WebAuthnError::OtherOrigin { found: found.into(), expected: policy().origins });
    for origin in ["https://example.org.evil.example", "http://example.org", "https://example.org/", ""] {
        assert_eq!(checked("origin", origin), wrong(origin));
    }
    assert_eq!(checked("crossOrigin", true), Err(WebAuthnError::CrossOrigin));
    let other = WebAuthnError::OtherType("webauthn.create".into());
    assert_eq!(checked("type", "webauthn.create"), Err(other));
}

#[test]
fn a_credential_of_another_relying_party_is_refused() {
    let theirs = signed(data("evil.example", 0x05, 5), &seen());
    assert_eq!(check(&theirs), Err(WebAuthnError::OtherRelyingParty { expected: "example.org".into() }));
}

#[test]
fn another_users_credential_is_refused() {
    let stranger = SigningKey::from_slice(&[2; 32]).expect("a valid scalar");
    let forged = signed_by(&stranger, good_data(), seen().to_string().into_bytes());
    assert_eq!(check(&forged), Err(WebAuthnError::WrongSignature));
    let other = Assertion { credential_id: b"another".to_vec(), ..good() };
    let text = |id: &[u8]| URL_SAFE_NO_PAD.encode(id);
    let wrong = WebAuthnError::OtherCredential { found: text(b"another"), expected: text(ID) };
    assert_eq!(check(&other), Err(wrong));
}

#[test]
fn a_person_must_have_been_there_and_be_known_if_the_node_cares() {
    let with = |set| signed(data("example.org", set, 5), &seen());
    assert_eq!(check(&with(flags::USER_VERIFIED)), Err(WebAuthnError::UserAbsent));
    assert_eq!(check(&with(flags::USER_PRESENT)), Err(WebAuthnError::UserUnverified));
    let lax = Policy { user_verification: false, ..policy() };
    let laxly = |set| verify(&with(set), &credential(), &CHALLENGE, &lax, &mut Meter::default());
    assert_eq!(laxly(flags::USER_PRESENT), Ok(Asserted { counter: 5, user_verified: false }));
    assert_eq!(laxly(0), Err(WebAuthnError::UserAbsent));
}

#[test]
fn a_counter_that_does_not_grow_is_refused_and_one_that_is_not_used_is_not() {
    let with = |counter, last_counter| {
        let credential = Credential { last_counter, ..credential() };
        let assertion = signed(data("example.org", 0x05, counter), &seen());
        verify(&assertion, &credential, &CHALLENGE, &policy(), &mut Meter::default()).map(|asserted| asserted.counter)
    };
    assert_eq!(with(5, 4), Ok(5));
    assert_eq!(with(5, 5), Err(WebAuthnError::Counter { found: 5, last: 5 }));
    assert_eq!(with(4, 5), Err(WebAuthnError::Counter { found: 4, last: 5 }));
    assert_eq!(with(0, 5), Err(WebAuthnError::Counter { found: 0, last: 5 }));
    assert_eq!(with(0, 0), Ok(0));
    assert_eq!(with(1, 0), Ok(1));
    assert_eq!(with(u32::MAX, u32::MAX - 1), Ok(u32::MAX));
}

#[test]
fn malformed_assertions_are_refused_with_what_is_wrong() {
    let of_data = |data: Vec<u8>| check(&signed(data, &seen()));
    for data in [vec![], good_data()[..36].to_vec(), [good_data(), vec![0xa0]].concat()] {
        assert_eq!(of_data(data.clone()), Err(WebAuthnError::AuthenticatorData(data.len())));
    }
    for set in [0x05 | flags::EXTENDED, 0x05 | flags::ATTESTED] {
        assert_eq!(of_data(data("example.org", set, 5)), Err(WebAuthnError::UnexpectedData(set)));
    }
    let of_client = |text: &str| check(&signed_by(&key(), good_data(), text.as_bytes().to_vec()));
    let good_text = seen().to_string();
    let twice = good_text.replacen('{', "{\"challenge\":\"AAAA\",", 1);
    let bom = format!("\u{feff}{good_text}");
    for text in ["", "[]", "{}", &twice, &bom, &format!("{good_text}x"), &good_text.replace("false", "\"false\"")] {
        assert!(matches!(of_client(text), Err(WebAuthnError::ClientData(_))), "{text}");
    }
    let long = format!("{good_text}{}", " ".repeat(CLIENT_DATA_BYTES_MAX));
    assert_eq!(of_client(&long), Err(WebAuthnError::ClientDataTooLong(long.len())));
    let fits = format!("{good_text}{}", " ".repeat(CLIENT_DATA_BYTES_MAX - good_text.len()));
    assert!(of_client(&fits).is_ok());
    let raw = Signature::from_der(&good().signature).expect("DER").to_bytes().to_vec();
    for signature in [vec![], raw, [good().signature, vec![0]].concat()] {
        let spoilt = Assertion { signature, ..good() };
        assert_eq!(check(&spoilt), Err(WebAuthnError::MalformedSignature));
    }
}

#[test]
fn a_public_key_has_one_form() {
    let cose = credential().key.to_cose();
    assert_eq!(PublicKey::from_cose(&cose), Ok(credential().key));
    let mut off_curve = cose.clone();
    off_curve[76] ^= 1;
    let (mut rsa, mut edwards, mut other_curve) = (cose.clone(), cose.clone(), cose.clone());
    (rsa[2], edwards[4], other_curve[6]) = (3, 0x27, 2);
    let truncated = cose[..76].to_vec();
    let longer = [cose.as_slice(), &[0]].concat();
    // The same map with its first two members the other way round.
    let reordered = [&[0xa5, 0x03, 0x26, 0x01, 0x02][..], &cose[5..]].concat();
    for bad in [vec![], off_curve, rsa, edwards, other_curve, truncated, longer, reordered] {
        assert_eq!(PublicKey::from_cose(&bad), Err(WebAuthnError::Key), "{}", hex::encode(bad));
    }
}

#[test]
fn a_failure_says_what_was_expected() {
    let failure = Failure::from(check(&signed(data("evil.example", 0x05, 5), &seen())).expect_err("refused"));
    assert_eq!(failure.code, ErrorCode::InvalidAuthMethod);
    assert_eq!(failure.message, "the credential is not of relying party \"example.org\"");
}

#[cfg(feature = "planted-bugs")]
#[test]
fn the_planted_bug_accepts_an_answer_to_another_challenge_and_nothing_more() {
    use crate::bugs::{BugSet, plant};
    let _planted = plant(BugSet::NONE.with(Bug::ChallengeUnbound));
    assert!(checked("challenge", URL_SAFE_NO_PAD.encode([8; 32])).is_ok());
    assert!(checked("origin", "https://evil.example").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_the_check_panic(data: Vec<u8>, client: Vec<u8>, signature: Vec<u8>, key: Vec<u8>) {
        let _ = PublicKey::from_cose(&key);
        let _ = PublicKey::from_cose(&[&credential().key.to_cose()[..10], &key].concat());
        let good = good();
        for assertion in [
            Assertion { authenticator_data: data, ..good.clone() },
            Assertion { client_data: client, ..good.clone() },
            Assertion { signature, ..good },
        ] {
            prop_assert!(check(&assertion).is_err());
        }
    }

    #[test]
    fn no_byte_of_an_assertion_can_change(at: usize, bit in 0u8..8) {
        let mut assertion = good();
        let Assertion { credential_id, authenticator_data, client_data, signature } = &mut assertion;
        let mut parts = [credential_id, authenticator_data, client_data, signature];
        let all = parts.iter().map(|part| part.len()).sum::<usize>();
        let byte = parts.iter_mut().flat_map(|part| part.iter_mut()).nth(at % all).expect("there are so many");
        *byte ^= 1 << bit;
        prop_assert!(check(&assertion).is_err());
    }
}
