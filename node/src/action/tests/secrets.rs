//! Functions that encrypt, decrypt, and look at access conditions.

use super::api::{only_call, result, start};
use super::*;
use crate::action::Reader;
use crate::api::{AuthSig, ErrorCode, Failure};
use crate::auth::conditions::Conditions;
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

/// Prints what comes of a promise.
const SHOWN: &str = ".then(e => console.log(JSON.stringify(e)), e => console.log(e.message))";

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
    let plaintext = "new TextEncoder().encode('secret')";
    let code = format!("Lit.Actions.encrypt({{ accessControlConditions: {MINE}, to_encrypt: {plaintext} }}){SHOWN}");
    assert_eq!(call_of(&code), HostCall::Encrypt { conditions: alice(), plaintext: b"secret".to_vec() });
    let expected = format!("{{\"ciphertext\":\"AAECAw==\",\"dataToEncryptHash\":\"{}\"}}\n", "07".repeat(32));
    assert_eq!(printed(&code, HostAnswer::Encrypted(Ok((vec![0, 1, 2, 3], [7; 32])))), expected);
}

#[test]
fn a_text_is_encrypted_as_what_it_says_and_never_taken_for_hex() {
    for (plaintext, bytes) in [
        ("'cafe'", &b"cafe"[..]),
        ("'0xcafe'", b"0xcafe"),
        ("'grüße'", "grüße".as_bytes()),
        ("''", b""),
        ("Buffer.from('cafe', 'hex')", b"\xca\xfe"),
        ("new Uint8ClampedArray([0xca, 0xfe])", b"\xca\xfe"),
        ("[0xca, 0xfe]", b"\xca\xfe"),
    ] {
        let code = format!("Lit.Actions.encrypt({{ accessControlConditions: {MINE}, to_encrypt: {plaintext} }})");
        assert_eq!(call_of(&code), HostCall::Encrypt { conditions: alice(), plaintext: bytes.to_vec() }, "{plaintext}");
    }
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

/// Key, initialisation vector, ciphertext and plaintext of NIST SP 800-38A, F.2.6 (CBC-AES256.Decrypt), and the block of
/// padding that follows the ciphertext, made with OpenSSL: the standard's plaintext fills its blocks.
const CBC: [&str; 5] = [
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "000102030405060708090a0b0c0d0e0f",
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d\
     39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
     30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    "3f461796d6b0d6b2e0c2a72b4d80e644",
];

/// What `aesDecrypt` makes of a ciphertext under the key of [`CBC`], its initialisation vector first.
fn aes_opened(ciphertext: &str) -> String {
    logs_of(&format!(
        "Lit.Actions.aesDecrypt({{ symmetricKey: Lit.Actions.uint8arrayFromString('{}', 'base16'),
            ciphertext: '{ciphertext}' }}).then(console.log, e => console.log(e.message))",
        CBC[0]
    ))
}

#[test]
fn aes_cbc_is_decrypted_to_hex_as_on_the_real_network() {
    let [_, vector, ciphertext, plaintext, padding] = CBC;
    assert_eq!(aes_opened(&format!("{vector}{ciphertext}{padding}")), format!("{plaintext}\n"));
    let refused = "Lit.Actions.aesDecrypt: the ciphertext does not open with this key\n";
    for wrong in [
        format!("{vector}{ciphertext}"),
        format!("{vector}{ciphertext}{}", "00".repeat(16)),
        format!("{vector}{ciphertext}{}", &padding[2..]),
        vector.to_owned(),
    ] {
        assert_eq!(aes_opened(&wrong), refused, "{wrong}");
    }
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
            "Lit.Actions.encrypt: to_encrypt: expected a text or bytes (Uint8Array or array of bytes), got nothing",
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
            "Lit.Actions.aesDecrypt({ symmetricKey: '00'.repeat(16), ciphertext: '00'.repeat(32) })".to_owned(),
            "Lit.Actions.aesDecrypt: symmetricKey: expected 32 bytes, got 16 bytes",
        ),
        (
            "Lit.Actions.aesDecrypt({ symmetricKey: '00'.repeat(32), ciphertext: '00'.repeat(15) })".to_owned(),
            "Lit.Actions.aesDecrypt: ciphertext: expected 16 bytes of initialisation vector and what is encrypted, \
             got 15 bytes",
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
        "Lit.Actions.aesDecrypt({ symmetricKey: '00'.repeat(32), ciphertext: '00'.repeat(1 << 20) }).catch(() => 0)";
    let many = format!("(async () => {{ for (;;) await {aes} }})()");
    assert!(matches!(error_of(&many), ActionError::OutOfFuel | ActionError::Memory));
}
