//! Signatures as reports print them, checked by means that share no code with the nodes or the client.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{each, quickstart, run, scratch, trace};
use frost_secp256k1 as frost;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::ff::PrimeField;
use k256::elliptic_curve::group::GroupEncoding;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::{AffinePoint, CompressedPoint, ProjectivePoint, PublicKey, Scalar};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sha3::Keccak256;

/// Decodes 0x-hex of a report.
fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().and_then(|text| text.strip_prefix("0x")).expect("0x-hex")).expect("0x-hex")
}

/// The 20 bytes of an uncompressed key's Ethereum address.
fn address(public_key: &[u8]) -> Vec<u8> {
    assert_eq!((public_key.len(), public_key[0]), (65, 4), "uncompressed");
    Keccak256::digest(&public_key[1..])[12..].to_vec()
}

/// Whether r, s, v is a signature by this key, from which the key can be recovered too, with the lower s.
fn ecdsa_holds(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(parsed) = Signature::from_slice(&signature[..64]) else { return false };
    let Some(id) = signature[64].checked_sub(27).and_then(RecoveryId::from_byte) else { return false };
    let key = VerifyingKey::from_sec1_bytes(public_key).expect("a key");
    let recovered = VerifyingKey::recover_from_prehash(message, &parsed, id);
    key.verify_prehash(message, &parsed).is_ok()
        && recovered.is_ok_and(|recovered| recovered == key)
        && parsed.normalize_s().is_none()
}

/// `expand_message_xmd` of RFC 9380 with SHA-256, for 48 bytes.
fn expand_message_xmd_48(message: &[u8], dst: &[u8]) -> [u8; 48] {
    let dst_prime = [dst, &[u8::try_from(dst.len()).expect("short")]].concat();
    let b0 =
        Sha256::new().chain_update([0; 64]).chain_update(message).chain_update([0, 48, 0]).chain_update(&dst_prime);
    let b0 = b0.finalize();
    let b1 = Sha256::new().chain_update(b0).chain_update([1]).chain_update(&dst_prime).finalize();
    let mixed: Vec<u8> = b0.iter().zip(b1).map(|(a, b)| a ^ b).collect();
    let b2 = Sha256::new().chain_update(mixed).chain_update([2]).chain_update(&dst_prime).finalize();
    [b1.as_slice(), &b2[..16]].concat().try_into().expect("48 bytes")
}

/// A 48-byte big-endian number modulo the group's order.
fn reduced(number: [u8; 48]) -> Scalar {
    let part = |bytes: &[u8]| {
        let mut padded = [0; 32];
        padded[32 - bytes.len()..].copy_from_slice(bytes);
        Option::<Scalar>::from(Scalar::from_repr(padded.into())).expect("at most 25 bytes")
    };
    let two_to_192 = part(&[&[1][..], &[0; 24]].concat());
    part(&number[..24]) * two_to_192 + part(&number[24..])
}

/// Verification of FROST(secp256k1, SHA-256), RFC 9591: z * B = R + c * PK with c = H2(R || PK || message).
fn schnorr_holds(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = PublicKey::from_sec1_bytes(public_key).expect("a key");
    let nonce: CompressedPoint = *CompressedPoint::from_slice(&signature[..33]);
    let Some(nonce_point) = Option::<AffinePoint>::from(AffinePoint::from_bytes(&nonce)) else { return false };
    let z: [u8; 32] = signature[33..].try_into().expect("65 bytes");
    let Some(z) = Option::<Scalar>::from(Scalar::from_repr(z.into())) else { return false };
    let input = [&signature[..33], key.to_encoded_point(true).as_bytes(), message].concat();
    let challenge = reduced(expand_message_xmd_48(&input, b"FROST-secp256k1-SHA256-v1chal"));
    ProjectivePoint::GENERATOR * z == ProjectivePoint::from(nonce_point) + key.to_projective() * challenge
}

/// Verification by the reference implementation of the RFC's authors.
fn reference_holds(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = PublicKey::from_sec1_bytes(public_key).expect("a key").to_encoded_point(true);
    let key = frost::VerifyingKey::deserialize(key.as_bytes()).expect("a key");
    frost::Signature::deserialize(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// Checks by all means that are there for the scheme; they must agree.
fn holds(scheme: &str, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    assert_eq!(signature.len(), 65);
    match scheme {
        "EcdsaK256" => ecdsa_holds(public_key, message, signature),
        "SchnorrK256Sha256" => {
            let held = schnorr_holds(public_key, message, signature);
            assert_eq!(held, reference_holds(public_key, message, signature), "two verifiers differ");
            held
        }
        other => panic!("unknown scheme {other}"),
    }
}

/// Digests of the texts that the quickstart's steps have signed, by step.
fn signed_texts() -> BTreeMap<String, Vec<u8>> {
    let file: toml::Table = toml::from_str(&std::fs::read_to_string(quickstart()).expect("it is there")).expect("TOML");
    let acts = file["act"].as_array().expect("acts").iter();
    let steps = acts.flat_map(|act| act["step"].as_array().expect("steps"));
    let texts = steps.filter_map(|step| {
        let to_sign = step["do"].get("execute")?.get("params")?.get("toSign")?.as_str()?;
        let text = to_sign.strip_prefix("${keccak256:")?.strip_suffix('}')?;
        Some((step["id"].as_str()?.to_owned(), Keccak256::digest(text).to_vec()))
    });
    texts.collect()
}

/// Every signature of a quickstart run, with its step.
fn signatures(seed: u64) -> Vec<(String, Value)> {
    let report = run(&quickstart(), seed, &[]).exits(0).json();
    let mut list = Vec::new();
    for request in report["requests"].as_array().expect("requests") {
        for signature in request["signatures"].as_array().expect("signatures") {
            list.push((request["id"].as_str().expect("an id").to_owned(), signature.clone()));
        }
    }
    list
}

#[test]
fn every_signature_of_the_quickstart_holds_and_none_holds_when_a_bit_is_flipped() {
    let texts = signed_texts();
    let runs = each(&[1, 2, 3], |seed| signatures(*seed));
    for list in &runs {
        let of_scheme = |scheme: &str| list.iter().filter(|(_, signature)| signature["scheme"] == scheme).count();
        assert_eq!((of_scheme("EcdsaK256"), of_scheme("SchnorrK256Sha256")), (3, 3));
        for (step, signature) in list {
            let scheme = signature["scheme"].as_str().unwrap();
            let (key, message, rsv) =
                (bytes(&signature["public_key"]), bytes(&signature["message"]), bytes(&signature["signature"]));
            assert!(holds(scheme, &key, &message, &rsv), "{step}: {signature}");
            assert_eq!(address(&key), bytes(&signature["eth_address"]), "{step}");
            if step != "pkp-pays-bob" {
                assert_eq!(Some(&message), texts.get(step), "{step} signs the scenario's text");
            }
            for bit in [0, 7, 100, 255] {
                let mut other = message.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!holds(scheme, &key, &other, &rsv), "{step}: bit {bit} of the message");
            }
            for bit in 0..65 * 8 {
                let mut other = rsv.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!holds(scheme, &key, &message, &other), "{step}: bit {bit} of the signature");
            }
        }
    }
    let mut keys: Vec<&Value> = runs.iter().flatten().map(|(_, signature)| &signature["public_key"]).collect();
    keys.sort_by_key(|key| key.to_string());
    keys.dedup();
    assert_eq!(keys.len(), 6, "two keys a run, different for every seed");
}

#[test]
fn the_parts_of_a_signature_are_those_of_its_65_bytes() {
    for (step, signature) in signatures(4) {
        let (raw, whole) = (&signature["signature_raw"], bytes(&signature["signature"]));
        let v = u8::try_from(raw["v"].as_u64().unwrap()).unwrap();
        let joined = match signature["scheme"].as_str() {
            Some("EcdsaK256") => [bytes(&raw["r"]), bytes(&raw["s"]), vec![v]].concat(),
            _ => [vec![v], bytes(&raw["r"]), bytes(&raw["s"])].concat(),
        };
        assert_eq!(joined, whole, "{step}");
    }
}

#[test]
fn the_transaction_of_the_pkp_is_signed_by_the_address_that_was_minted() {
    let report = run(&quickstart(), 1, &[]).exits(0).json();
    let requests = report["requests"].as_array().unwrap();
    let request = |id: &str| requests.iter().find(|request| request["id"] == id).unwrap();
    let (mint, pays) = (request("mint"), request("pkp-pays-bob"));
    assert_eq!(mint["eth_address"], pays["signatures"][0]["eth_address"]);
    assert_eq!(mint["public_key"], pays["signatures"][0]["public_key"]);
    assert_eq!(address(&bytes(&mint["public_key"])), bytes(&mint["eth_address"]));
}

/// RFC 9591, appendix E.5: FROST(secp256k1, SHA-256).
#[test]
fn the_verifier_of_this_file_accepts_the_vector_of_rfc_9591() {
    let key = hex::decode("02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f").unwrap();
    let signature = "024c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6\
                     a46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02";
    let signature = hex::decode(signature).unwrap();
    assert!(schnorr_holds(&key, b"test", &signature));
    assert!(!schnorr_holds(&key, b"text", &signature));
}

/// Who issued a share of what, in a run of two-quorums.
fn issued(threshold: &str) -> BTreeMap<String, BTreeSet<u64>> {
    let out = scratch(&format!("two-quorums-{threshold}"));
    let set = format!("network.threshold={threshold}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/byzantine/two-quorums.toml");
    let code = if threshold == "floor" { 0 } else { 10 };
    run(file, 2, &["--set", &set, "--out", out.to_str().unwrap()]).exits(code);
    let mut issued: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for record in trace(&out, "two-quorums", 2) {
        if let Some(note) = record["text"].as_str().and_then(|text| text.strip_prefix("ShareIssued ")) {
            issued.entry(note.to_owned()).or_default().insert(record["actor"]["node"].as_u64().unwrap());
        }
    }
    issued
}

#[test]
fn under_floor_two_disjoint_quorums_sign_two_prices_for_one_request_and_under_ceil_none_signs_any() {
    let halves: Vec<BTreeSet<u64>> = issued("floor").into_values().collect();
    assert_eq!(halves.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&[1, 2].into(), &[3, 4].into()]));
    assert_eq!(halves.len(), 2, "of one request, signature and key, but for the digest");
    assert!(issued("ceil").is_empty());
}

/// The signature of the request of two-quorums while two nodes are down: public key, digest, signature.
fn signed_without(dead: [u16; 2]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/byzantine/two-quorums.toml");
    let mut text = std::fs::read_to_string(shipped).unwrap();
    for node in dead {
        let what = format!("what.crash = {{ node = {node}, restart_after_ms = 20000 }}");
        text += &format!("\n[[act.fault]]\nname = 'down-{node}'\nduring = 'price'\n{what}\n");
    }
    let folder = scratch(&format!("half-without-{}-{}", dead[0], dead[1]));
    let file = folder.join("half.toml");
    std::fs::write(&file, text).unwrap();
    let ended = run(file.to_str().unwrap(), 2, &["--set", "limits.beyond_f=true"]).exits(0).json();
    let request =
        ended["requests"].as_array().unwrap().iter().find(|request| request["id"] == "price").unwrap().clone();
    let signature = &request["signatures"][0];
    (bytes(&signature["public_key"]), bytes(&signature["message"]), bytes(&signature["signature"]))
}

#[test]
fn under_floor_each_half_alone_completes_the_same_request_by_the_same_key_with_another_message() {
    let (key, cheap, by_first) = signed_without([3, 4]);
    let (same_key, dear, by_second) = signed_without([1, 2]);
    assert_eq!(key, same_key);
    assert_ne!(cheap, dear);
    assert!(ecdsa_holds(&key, &cheap, &by_first) && ecdsa_holds(&key, &dear, &by_second));
    assert!(!ecdsa_holds(&key, &dear, &by_first), "one is not the other");
}
