//! Functions that encrypt, decrypt, and look at access conditions.

use super::api::{only_call, result, start};
use super::*;
use crate::action::Reader;
use crate::api::{AuthSig, ErrorCode, Failure};
use crate::auth::conditions::Conditions;
use aes_gcm::aead::{Aead, KeyInit};
use std::borrow::Cow;

/// Conditions, as actions write them: to be this caller.
const MINE: &str = "[{ contractAddress: '', standardContractType: '', chain: 'ethereum', method: '',
    parameters: [':userAddress'],
    returnValueTest: { comparator: '=', value: '0xabababababababababababababababababababab' } }]";

fn alice() -> Conditions {
    Conditions::caller([0xab; 20])
}

fn call_of(code: &str) -> HostCall {
    on_big_stack(|| only_call(start(code).1).1)
}

fn printed(code: &str, answer: HostAnswer) -> String {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(code);
        let (id, _) = only_call(progress);
        result(execution.resume(START, id, answer, &mut meter)).unwrap().logs
    })
}

fn encrypting(plaintext: &str) -> String {
    format!(
        "Lit.Actions.encrypt({{ accessControlConditions: {MINE}, to_encrypt: {plaintext} }})
            .then(e => console.log(JSON.stringify(e)), e => console.log(e.message))"
    )
}

fn decrypting(function: &str, members: &str) -> String {
    format!(
        "Lit.Actions.{function}({{ accessControlConditions: {MINE}, ciphertext: 'AAECAw==',
            dataToEncryptHash: '{}', chain: 'ethereum', {members} }})
            .then(text => console.log('read', text), e => console.log(e.message))",
        "07".repeat(32)
    )
}

#[test]
fn an_action_encrypts_to_conditions() {
    let code = encrypting("new TextEncoder().encode('secret')");
    assert_eq!(call_of(&code), HostCall::Encrypt { conditions: alice(), plaintext: b"secret".to_vec() });
    let expected = format!("{{\"ciphertext\":\"AAECAw==\",\"dataToEncryptHash\":\"{}\"}}\n", "07".repeat(32));
    assert_eq!(printed(&code, HostAnswer::Encrypted(Ok((vec![0, 1, 2, 3], [7; 32])))), expected);
}

#[test]
fn an_action_decrypts_what_was_encrypted_to_conditions() {
    let signature = "authSig: { sig: '0x1', derivedVia: 'web3', signedMessage: 'm', address: '0x2' }";
    let named =
        AuthSig { sig: "0x1".into(), derived_via: "web3".into(), signed_message: "m".into(), address: "0x2".into() };
    for (function, reader, members, auth_sig) in [
        ("decryptAndCombine", Reader::All, "authSig: null", None),
        ("decryptAndCombine", Reader::All, signature, Some(named.clone())),
        ("decryptToSingleNode", Reader::Leader, "", None),
    ] {
        let code = decrypting(function, members);
        let expected = HostCall::Decrypt {
            conditions: alice(),
            ciphertext: vec![0, 1, 2, 3],
            plaintext: [7; 32],
            auth_sig,
            reader,
        };
        assert_eq!(call_of(&code), expected);
        assert_eq!(printed(&code, HostAnswer::Text(Ok("secret".into()))), "read secret\n");
        let no = Failure { code: ErrorCode::NotAuthorized, message: "no".into(), logs: String::new() };
        assert_eq!(printed(&code, HostAnswer::Text(Err(no))), "NotAuthorized: no\n");
    }
}

#[test]
fn conditions_are_looked_at() {
    let code = format!(
        "Lit.Actions.checkConditions({{ conditions: {MINE}, authSig: null, chain: 'ethereum' }}).then(console.log)"
    );
    assert_eq!(call_of(&code), HostCall::CheckConditions { conditions: alice(), auth_sig: None });
    assert_eq!(printed(&code, HostAnswer::Permitted(Ok(false))), "false\n");
}

#[test]
fn aes_gcm_is_decrypted() {
    for key in [vec![9; 16], vec![9; 32]] {
        let nonce = [5; 12];
        let text = "grüße".as_bytes();
        let sealed = match key.len() {
            16 => aes_gcm::Aes128Gcm::new_from_slice(&key).unwrap().encrypt(&nonce.into(), text),
            _ => aes_gcm::Aes256Gcm::new_from_slice(&key).unwrap().encrypt(&nonce.into(), text),
        };
        let sealed = hex::encode([&nonce[..], &sealed.unwrap()].concat());
        let open = |sealed: &str| {
            logs_of(&format!(
                "Lit.Actions.aesDecrypt({{ symmetricKey: '{}', ciphertext: '{sealed}' }})
                    .then(console.log, e => console.log(e.message))",
                hex::encode(&key)
            ))
        };
        assert_eq!(open(&sealed), "grüße\n");
        let refused = "Lit.Actions.aesDecrypt: the ciphertext does not open to a text with this key\n";
        assert_eq!(open(&format!("{}00", &sealed[..sealed.len() - 2])), refused);
    }
}

/// Test case 14 of the Galois/Counter Mode specification's appendix B (McGrew and Viega): a key, nonce and block of
/// zeros.
#[test]
fn the_gcm_specifications_block_of_zeros_opens() {
    let code = format!(
        "Lit.Actions.aesDecrypt({{ symmetricKey: '{}', ciphertext: '{}{}{}' }})
            .then(text => console.log(text.length, [...text].every(c => c === '\\0')))",
        "00".repeat(32),
        "00".repeat(12),
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    );
    assert_eq!(logs_of(&code), "16 true\n");
}

#[test]
fn misuse_of_encryption_names_function_field_and_expectation() {
    let cases = [
        (
            "Lit.Actions.encrypt({})".to_owned(),
            "Lit.Actions.encrypt: accessControlConditions: expected an array of conditions, got nothing",
        ),
        (
            "Lit.Actions.encrypt({ accessControlConditions: [{ operator: 'and' }] })".to_owned(),
            "Lit.Actions.encrypt: accessControlConditions: expected an array of conditions, \
             got element 0: expected a condition",
        ),
        (
            format!("Lit.Actions.encrypt({{ accessControlConditions: {MINE} }})"),
            "Lit.Actions.encrypt: to_encrypt: expected bytes (Uint8Array, array of bytes or hex string), got nothing",
        ),
        (
            format!("Lit.Actions.decryptAndCombine({{ accessControlConditions: {MINE}, ciphertext: '!' }})"),
            "Lit.Actions.decryptAndCombine: ciphertext: expected what encrypt answered, in base64, \
             got a text that is none",
        ),
        (
            format!(
                "Lit.Actions.decryptToSingleNode({{ accessControlConditions: {MINE}, ciphertext: '', \
                 dataToEncryptHash: '00' }})"
            ),
            "Lit.Actions.decryptToSingleNode: dataToEncryptHash: expected 32 bytes, got 1 bytes",
        ),
        (
            format!("Lit.Actions.checkConditions({{ conditions: {MINE}, authSig: {{ sig: 1 }} }})"),
            "Lit.Actions.checkConditions: authSig.sig: expected a string, got number",
        ),
        (
            format!("Lit.Actions.checkConditions({{ conditions: {MINE}, chain: 1 }})"),
            "Lit.Actions.checkConditions: chain: expected a string, got number",
        ),
        (
            "Lit.Actions.aesDecrypt({ symmetricKey: '00', ciphertext: '00'.repeat(28) })".to_owned(),
            "Lit.Actions.aesDecrypt: symmetricKey: expected 16 or 32 bytes, got 1 bytes",
        ),
        (
            "Lit.Actions.aesDecrypt({ symmetricKey: '00'.repeat(16), ciphertext: '00' })".to_owned(),
            "Lit.Actions.aesDecrypt: ciphertext: expected a nonce of 12 bytes and what is encrypted, got 1 bytes",
        ),
    ];
    for (code, expected) in cases {
        let printed = logs_of(&format!("({code}).catch(e => console.log(`${{e.name}}: ${{e.message}}`))"));
        assert_eq!(printed, format!("TypeError: {expected}\n"), "{code}");
    }
}

#[test]
fn what_is_encrypted_and_decrypted_is_limited_in_number_and_size() {
    let limited = |what, max| ActionError::LimitExceeded { what: Cow::Borrowed(what), max };
    let big = format!(
        "(async () => await Lit.Actions.encrypt({{ accessControlConditions: {MINE}, to_encrypt: new Uint8Array(65537) }}))()"
    );
    assert_eq!(error_of(&big), limited("bytes to encrypt", 65_536));
    let encrypt = format!("Lit.Actions.encrypt({{ accessControlConditions: {MINE}, to_encrypt: '00' }})");
    let decrypt = format!(
        "Lit.Actions.decryptAndCombine({{ accessControlConditions: {MINE}, ciphertext: '', dataToEncryptHash: '{}' }})",
        "00".repeat(32)
    );
    for call in [encrypt, decrypt] {
        let many = format!("(async () => {{ for (let i = 0; i < 31; i++) await {call} }})()");
        assert_eq!(error_of(&many), limited("broadcasts", 30));
    }
    let check = format!("Lit.Actions.checkConditions({{ conditions: {MINE} }})");
    let many = format!("(async () => {{ for (let i = 0; i < 31; i++) await {check} }})()");
    assert_eq!(error_of(&many), limited("contract calls", 30));
    let aes =
        "Lit.Actions.aesDecrypt({ symmetricKey: '00'.repeat(16), ciphertext: '00'.repeat(1 << 20) }).catch(() => 0)";
    let many = format!("(async () => {{ for (;;) await {aes} }})()");
    assert!(matches!(error_of(&many), ActionError::OutOfFuel | ActionError::Memory));
}
