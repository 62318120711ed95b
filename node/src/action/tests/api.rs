//! The host API: calls that leave, answers that come back, and misuse.

use super::*;
use crate::action::{AuthMethodContext, SignPurpose, Signature};
use crate::api::{ErrorCode, Failure};
use crate::io::{HttpError, HttpRequest};
use crate::signing::Scheme;

pub(super) fn start(code: &str) -> (Execution, Progress, Meter) {
    let mut meter = Meter::default();
    let (execution, progress) = Execution::start(spec(code), &mut meter);
    (execution, progress, meter)
}

pub(super) fn only_call(progress: Progress) -> (HostCallId, HostCall) {
    match progress {
        Progress::Pending(mut calls) if calls.len() == 1 => calls.remove(0),
        other => panic!("expected one call, got {other:?}"),
    }
}

pub(super) fn result(progress: Progress) -> Result<ActionResult, ActionError> {
    match progress {
        Progress::Finished(result) => result,
        other => panic!("expected the end, got {other:?}"),
    }
}

fn conditional_signing() -> String {
    format!(
        "const go = async () => {{
           const response = await fetch('https://api.example/price?x=1', {{
             method: 'post', headers: {{ 'X-Key': 'k' }}, body: JSON.stringify({{ q: 1 }}) }});
           const price = (await response.json()).price;
           if (price < 100) {{
             const done = await LitActions.signEcdsa({{
               toSign: new Uint8Array(32).fill(price), publicKey: '{KEY}', sigName: 'sig1' }});
             Lit.Actions.setResponse({{ response: done + ':' + price + ':' + response.status }});
           }} else Lit.Actions.setResponse({{ response: 'too dear' }});
         }};
         go();"
    )
}

#[test]
fn an_action_fetches_decides_and_signs() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(&conditional_signing());
        let (id, call) = only_call(progress);
        let expected = HttpRequest {
            method: "POST".into(),
            url: "https://api.example/price?x=1".into(),
            headers: vec![("x-key".into(), "k".into()), ("content-type".into(), "text/plain;charset=UTF-8".into())],
            body: br#"{"q":1}"#.to_vec(),
        };
        assert_eq!(call, HostCall::Fetch(expected));
        assert_eq!(execution.deadline(), Some(START.plus_millis(30_000)));
        let body = HttpResponse { status: 200, headers: vec![], body: br#"{"price":42}"#.to_vec() };
        let progress = execution.resume(START.plus_millis(80), id, HostAnswer::Fetch(Ok(body)), &mut meter);
        let (id, call) = only_call(progress);
        let public_key = hex::decode(&KEY[2..]).unwrap();
        let (scheme, purpose, sig_name) = (Scheme::EcdsaK256, SignPurpose::Anything, "sig1".to_owned());
        let signature = Signature::ToClient;
        assert_eq!(call, HostCall::Sign { scheme, purpose, to_sign: [42; 32], public_key, sig_name, signature });
        let progress = execution.resume(START.plus_millis(90), id, HostAnswer::Signed(Ok(())), &mut meter);
        assert_eq!(result(progress).map(|result| result.response), Ok("success:42:200".into()));
        assert!(execution.is_finished());
    });
}

#[test]
fn a_share_is_ordered_and_the_last_response_that_is_set_counts() {
    on_big_stack(|| {
        let code = format!(
            "Lit.Actions.setResponse({{ response: 'none yet' }});
             Lit.Actions.signEcdsa({{ toSign: new Uint8Array(32).fill(7), publicKey: '{KEY}', sigName: 'sig' }})
               .then(response => Lit.Actions.setResponse({{ response }}))"
        );
        let (mut execution, progress, mut meter) = start(&code);
        let (id, call) = only_call(progress);
        let public_key = hex::decode(&KEY[2..]).unwrap();
        let (scheme, purpose, sig_name) = (Scheme::EcdsaK256, SignPurpose::Anything, "sig".to_owned());
        let signature = Signature::ToClient;
        assert_eq!(call, HostCall::Sign { scheme, purpose, to_sign: [7; 32], public_key, sig_name, signature });
        let end = execution.resume(START, id, HostAnswer::Signed(Ok(())), &mut meter);
        assert_eq!(result(end).map(|result| result.response), Ok("success".into()));
    });
}

#[test]
fn the_other_branch_does_not_sign() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(&conditional_signing());
        let (id, _) = only_call(progress);
        let body = HttpResponse { status: 200, headers: vec![], body: br#"{"price":100}"#.to_vec() };
        let progress = execution.resume(START, id, HostAnswer::Fetch(Ok(body)), &mut meter);
        assert_eq!(result(progress).map(|result| result.response), Ok("too dear".into()));
    });
}

#[test]
fn a_refusal_rejects_with_code_and_message_and_keeps_its_code_when_uncaught() {
    on_big_stack(|| {
        let sign = format!("LitActions.signEcdsa({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 's' }})");
        let failure = Failure { code: ErrorCode::NotAuthorized, message: "no permission".into(), logs: String::new() };
        let refused = HostAnswer::Signed(Err(failure.clone()));
        let (mut execution, progress, mut meter) = start(&format!("(async () => {{ await {sign} }})()"));
        let end = execution.resume(START, only_call(progress).0, refused.clone(), &mut meter);
        let error = result(end).unwrap_err();
        assert_eq!(error, ActionError::Refused(failure));
        assert_eq!(error.code(), ErrorCode::NotAuthorized);
        assert_eq!(error.into_failure("printed".into()).logs, "printed");
        let (mut execution, progress, mut meter) = start(&format!("{sign}.catch(e => console.log(e.message))"));
        let end = execution.resume(START, only_call(progress).0, refused, &mut meter);
        assert_eq!(result(end).unwrap().logs, "NotAuthorized: no permission\n");
    });
}

#[test]
fn calls_that_nobody_awaits_still_finish_before_the_action_ends() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start("fetch('http://a.example'); fetch('http://b.example')");
        let Progress::Pending(calls) = progress else { panic!("two calls are open") };
        assert_eq!(calls.len(), 2);
        let broken = || HostAnswer::Fetch(Ok(HttpResponse::default()));
        assert_eq!(execution.resume(START, calls[1].0, broken(), &mut meter), Progress::Pending(vec![]));
        // Answering twice, or a call that never was, changes nothing.
        assert_eq!(execution.resume(START, calls[1].0, broken(), &mut meter), Progress::Pending(vec![]));
        assert_eq!(execution.resume(START, HostCallId(99), broken(), &mut meter), Progress::Pending(vec![]));
        assert!(result(execution.resume(START, calls[0].0, broken(), &mut meter)).is_ok());
    });
}

#[test]
fn a_failed_fetch_is_a_type_error() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start("fetch('http://a.example')");
        let answer = HostAnswer::Fetch(Err(HttpError::Timeout));
        let end = execution.resume(START, only_call(progress).0, answer, &mut meter);
        assert_eq!(result(end), Err(ActionError::Threw("TypeError: fetch failed: timed out".into())));
    });
}

#[test]
fn personal_messages_are_hashed_as_eip_191_says() {
    on_big_stack(|| {
        let code =
            format!("LitActions.ethPersonalSignMessageEcdsa({{ message: 'hello', publicKey: '{KEY}', sigName: 's' }})");
        let (_, call) = only_call(start(&code).1);
        let HostCall::Sign { to_sign, purpose, .. } = call else { panic!("a signature was asked for") };
        // ethers.utils.hashMessage("hello")
        let known = "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750";
        assert_eq!((hex::encode(to_sign).as_str(), purpose), (known, SignPurpose::PersonalMessage));
    });
}

#[test]
fn schemes_and_forms_of_bytes_are_understood() {
    on_big_stack(|| {
        let compressed = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        for to_sign in [
            "new Uint8Array(32)",
            "new Uint8ClampedArray(32)",
            "Buffer.alloc(32)",
            "new Array(32).fill(0)",
            "'0x' + '00'.repeat(32)",
            "new ArrayBuffer(32)",
        ] {
            let code = format!(
                "Lit.Actions.sign({{ toSign: {to_sign}, publicKey: '{compressed}', sigName: 'n', \
                 signingScheme: 'SchnorrK256Sha256' }})"
            );
            let (_, call) = only_call(start(&code).1);
            let HostCall::Sign { scheme, to_sign, public_key, .. } = call else { panic!("a signature was asked for") };
            assert_eq!((scheme, to_sign), (Scheme::SchnorrK256Sha256, [0; 32]));
            assert_eq!(hex::encode(public_key), KEY[2..]);
        }
    });
}

#[test]
fn schemes_have_the_real_networks_names_and_those_without_keys_here_say_so() {
    for function in ["sign", "signAndCombine"] {
        let with = |scheme: &str| {
            format!(
                "Lit.Actions.{function}({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 'n', \
                 signingScheme: '{scheme}' }})"
            )
        };
        for (name, expected) in [
            ("EcdsaK256Sha256", Scheme::EcdsaK256),
            ("SchnorrK256Sha256", Scheme::SchnorrK256Sha256),
            ("SchnorrK256Taproot", Scheme::SchnorrK256Bip340),
            ("SchnorrK256Bip340", Scheme::SchnorrK256Bip340),
        ] {
            let (_, call) = on_big_stack(|| only_call(start(&with(name)).1));
            assert!(matches!(call, HostCall::Sign { scheme, .. } if scheme == expected), "{name}: {call:?}");
        }
        for name in [
            "Bls12381",
            "Bls12381G1ProofOfPossession",
            "EcdsaP256Sha256",
            "EcdsaP384Sha384",
            "SchnorrEd25519Sha512",
            "SchnorrEd448Shake256",
            "SchnorrP256Sha256",
            "SchnorrP384Sha384",
            "SchnorrRedDecaf377Blake2b512",
            "SchnorrRedJubjubBlake2b512",
            "SchnorrRedPallasBlake2b512",
            "SchnorrRistretto25519Sha512",
            "SchnorrkelSubstrate",
        ] {
            assert_eq!(error_of(&with(name)), ActionError::NotSupported(format!("signingScheme {name}")));
        }
    }
}

#[test]
fn misuse_names_function_field_and_expectation() {
    let cases = [
        ("Lit.Actions.signEcdsa()", "TypeError: Lit.Actions.signEcdsa: expected one object argument"),
        (
            "Lit.Actions.signEcdsa({})",
            "TypeError: Lit.Actions.signEcdsa: toSign: expected bytes (Uint8Array, array of bytes or hex string), \
             got nothing",
        ),
        (
            "Lit.Actions.signEcdsa({ toSign: new Uint8Array(31) })",
            "TypeError: Lit.Actions.signEcdsa: toSign: expected 32 bytes, got 31 bytes",
        ),
        (
            "Lit.Actions.signEcdsa({ toSign: new Uint8Array(32), publicKey: new Uint8Array(65) })",
            "TypeError: Lit.Actions.signEcdsa: publicKey: expected a secp256k1 public key of 65 or 33 bytes, \
             got 65 bytes that are none",
        ),
        (
            "Lit.Actions.setResponse({ response: 1 })",
            "TypeError: Lit.Actions.setResponse: response: expected a string, got number",
        ),
        (
            "Lit.Actions.sign({ signingScheme: 'X' })",
            "TypeError: Lit.Actions.sign: signingScheme: expected \"EcdsaK256Sha256\", \"SchnorrK256Sha256\" or \
             \"SchnorrK256Taproot\", \
             got \"X\"",
        ),
        ("fetch('file:///etc/passwd')", "TypeError: fetch: url: expected an absolute http or https URL"),
        ("fetch('http://user@host/')", "TypeError: fetch: url: expected an absolute http or https URL"),
    ];
    for (code, expected) in cases {
        assert_eq!(threw(code), expected, "{code}");
    }
}

#[test]
fn functions_that_are_not_offered_say_so() {
    for name in [
        "Decrypt",
        "Encrypt",
        "claimKey",
        "getActionPublicKey",
        "getLitActionPrivateKey",
        "getLitActionPublicKey",
        "getLitActionWalletAddress",
        "getPrivateKey",
        "signAsAction",
        "signEip191AndCombine",
        "verifyActionSignature",
    ] {
        let error = error_of(&format!("Lit.Actions.{name}({{}})"));
        assert_eq!(error, ActionError::NotSupported(name.into()));
        let caught = format!("Lit.Actions.{name}({{}}).catch(e => console.log(e.message))");
        assert_eq!(logs_of(&caught), format!("NotSupported: {name}\n"));
    }
}

#[test]
fn lit_auth_shows_the_request() {
    let auth = AuthContext {
        action_ipfs_ids: vec!["QmA".into()],
        action_ipfs_id_stack: vec!["QmA".into()],
        auth_sig_address: Some("0xabc".into()),
        auth_method_contexts: vec![AuthMethodContext { user_id: "u".into(), app_id: "a".into(), auth_method_type: 1 }],
        resources: vec![],
        custom_auth_resource: None,
    };
    let (_, logs, _) =
        ending_of(ActionSpec { auth, ..spec("console.log(JSON.stringify(Lit.Auth), LitAuth === Lit.Auth)") });
    assert_eq!(
        logs,
        "{\"actionIpfsIds\":[\"QmA\"],\"actionIpfsIdStack\":[\"QmA\"],\"authSigAddress\":\"0xabc\",\
         \"authMethodContexts\":[{\"userId\":\"u\",\"appId\":\"a\",\"authMethodType\":1}],\
         \"resources\":[],\"customAuthResource\":null} true\n"
    );
}

#[test]
fn keys_and_bytes_are_converted() {
    // keccak256 of the generator's uncompressed encoding.
    let key = hex::decode(&KEY[2..]).unwrap();
    let id = crate::key::uncompressed(&k256::ProjectivePoint::GENERATOR);
    assert_eq!(key, id);
    let expected = hex::encode(<sha3::Keccak256 as sha3::Digest>::digest(id));
    assert_eq!(
        logs_of(&format!("console.log(LitActions.pubkeyToTokenId({{ publicKey: '{KEY}' }}))")),
        format!("0x{expected}\n")
    );
    for (encoding, text) in [
        ("utf8", "hé"),
        ("utf-8", "hé"),
        ("latin1", "h\u{c3}\u{a9}"),
        ("ascii", "h\u{c3}\u{a9}"),
        ("binary", "h\u{c3}\u{a9}"),
        ("hex", "68c3a9"),
        ("base16", "68c3a9"),
        ("base16upper", "68C3A9"),
        ("base2", "011010001100001110101001"),
        ("base10", "6865833"),
        ("base64", "aMOp"),
        ("base64url", "aMOp"),
        ("base64pad", "aMOp"),
    ] {
        let code = format!(
            "const b = Lit.Actions.uint8arrayFromString({text:?}, '{encoding}');
             console.log(b.join(), Lit.Actions.uint8arrayToString(b, '{encoding}') === {text:?})"
        );
        assert_eq!(logs_of(&code), "104,195,169 true\n", "{encoding}");
    }
    assert_eq!(logs_of("console.log(Lit.Actions.uint8arrayToString(Lit.Actions.uint8arrayFromString('hé')))"), "hé\n");
}

/// Bases against published examples: of RFC 4648 (section 10), of the draft on base58, and of multibase's own table.
#[test]
fn bytes_are_written_in_the_bases_that_the_package_names() {
    for (encoding, bytes, text) in [
        ("base32", "fooba", "mzxw6ytb"),
        ("base32upper", "foob", "MZXW6YQ"),
        ("base32pad", "foob", "mzxw6yq="),
        ("base32hex", "foobar", "cpnmuoj1e8"),
        ("base64", "foob", "Zm9vYg"),
        ("base64pad", "foob", "Zm9vYg=="),
        ("base64url", "<<???>>", "PDw_Pz8-Pg"),
        ("base64urlpad", "<<???>>", "PDw_Pz8-Pg=="),
        ("base58btc", "Hello World!", "2NEpo7TZRRrLZSi2U"),
        ("base58btc", "yes mani !", "7paNL19xttacUY"),
        ("base58flickr", "yes mani !", "7Pznk19XTTzBtx"),
        ("base36", "yes mani !", "2lcpzo5yikidynfl"),
        ("base32z", "yes mani !", "xf1zgedpcfzg1ebb"),
        ("base10", "yes mani !", "573277761329450583662625"),
        ("base256emoji", "yes mani !", "🏃✋🌈😅🌷🤤😻🌟😅👏"),
    ] {
        let code = format!(
            "const text = Lit.Actions.uint8arrayToString(Lit.Actions.uint8arrayFromString({bytes:?}), '{encoding}');
             console.log(text);
             console.log(Lit.Actions.uint8arrayToString(Lit.Actions.uint8arrayFromString(text, '{encoding}')))"
        );
        assert_eq!(logs_of(&code), format!("{text}\n{bytes}\n"), "{encoding}");
    }
    // Padding is not looked at.
    let code = "console.log(Lit.Actions.uint8arrayToString(Lit.Actions.uint8arrayFromString('Zm9vYg==', 'base64')))";
    assert_eq!(logs_of(code), "foob\n");
}
