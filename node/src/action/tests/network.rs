//! Functions that involve other actions, other nodes or other chains.

use super::api::{only_call, result, start};
use super::*;
use crate::action::{HostAnswer, SignPurpose, Signature};
use crate::api::{ErrorCode, Failure};
use crate::signing::{CombinedSignature, Scheme};
use std::borrow::Cow;

fn no(code: ErrorCode) -> Failure {
    Failure { code, message: "no".into(), logs: String::new() }
}

/// Starts a script, answers its only call, and returns what it then printed.
fn answered(code: &str, answer: HostAnswer) -> String {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(code);
        let (id, _) = only_call(progress);
        result(execution.resume(START, id, answer, &mut meter)).unwrap().logs
    })
}

fn call_of(code: &str) -> HostCall {
    on_big_stack(|| only_call(start(code).1).1)
}

#[test]
fn another_action_is_called_with_its_parameters_and_what_is_left_to_use_up() {
    let code = "console.log('parent'); for (let i = 0; i < 1000; i++);
                Lit.Actions.call({ ipfsId: 'Qm1', params: { b: [1, 'x'], a: null } }).then(r => console.log('got', r))";
    let HostCall::Call { ipfs_id, params, budget } = call_of(code) else { panic!("a call") };
    assert_eq!((ipfs_id.as_str(), params.as_str()), ("Qm1", r#"{"b":[1,"x"],"a":null}"#));
    let limits = small_limits();
    assert!(budget.fuel < limits.fuel - 1_000 && budget.fuel > 0, "{}", budget.fuel);
    assert_eq!(budget.log_bytes, limits.log_bytes - "parent\n".len() as u64);
    assert_eq!((budget.response_bytes, budget.depth), (limits.response_bytes, limits.depth));
    let usage = Usage { logs: "child\n".into(), ..Usage::default() };
    let called = HostAnswer::Called { result: Ok("a response".into()), usage };
    assert_eq!(answered(code, called), "parent\nchild\ngot a response\n");
    let without = call_of("Lit.Actions.call({ ipfsId: 'Qm1' })");
    assert!(matches!(without, HostCall::Call { params, .. } if params == "{}"));
}

#[test]
fn what_a_called_action_used_counts_as_its_callers_own() {
    let code = "Lit.Actions.call({ ipfsId: 'Qm1' }).then(() => { for (let i = 0; i < 100; i++); })";
    let limits = small_limits();
    let ended_with = |usage: Usage| {
        on_big_stack(|| {
            let (mut execution, progress, mut meter) = start(code);
            let called = HostAnswer::Called { result: Ok(String::new()), usage };
            result(execution.resume(START, only_call(progress).0, called, &mut meter)).map(drop)
        })
    };
    assert_eq!(ended_with(Usage::default()), Ok(()));
    assert_eq!(ended_with(Usage { fuel: limits.fuel, ..Usage::default() }), Err(ActionError::OutOfFuel));
    let memory_bytes = limits.memory_bytes + 1;
    assert_eq!(ended_with(Usage { memory_bytes, ..Usage::default() }), Err(ActionError::Memory));
    let too_many = |what, max| Err(ActionError::LimitExceeded { what: Cow::Borrowed(what), max });
    assert_eq!(ended_with(Usage { jobs: limits.jobs, ..Usage::default() }), too_many("jobs", limits.jobs));
    let logs = "x".repeat(limits.log_bytes as usize + 1);
    assert_eq!(ended_with(Usage { logs, ..Usage::default() }), too_many("bytes of logs", limits.log_bytes));
}

#[test]
fn a_called_action_that_fails_rejects_with_its_code() {
    let failed = HostAnswer::Called { result: Err(no(ErrorCode::InvalidIpfsId)), usage: Usage::default() };
    let code = "Lit.Actions.call({ ipfsId: 'Qm1' }).catch(e => console.log(e.message))";
    assert_eq!(answered(code, failed), "InvalidIPFSID: no\n");
}

#[test]
fn values_are_given_and_collected() {
    let code = "Lit.Actions.broadcastAndCollect({ name: 'n', value: 'mine' }).then(v => console.log(v.length, v[1]))";
    assert_eq!(call_of(code), HostCall::Collect { name: "n".into(), value: "mine".into() });
    assert_eq!(answered(code, HostAnswer::Listed(Ok(vec!["a".into(), "b".into()]))), "2 b\n");
    for (value, text) in [("21.5", "21.5"), ("-0", "0"), ("true", "true"), ("''", "")] {
        let code = format!("Lit.Actions.broadcastAndCollect({{ name: 'temperature', value: {value} }})");
        assert_eq!(call_of(&code), HostCall::Collect { name: "temperature".into(), value: text.into() });
    }
}

/// Prints whether a function that counts itself in `ran` has run, and what came of it.
const SHOWN: &str = ".then(r => console.log('ran', ran, JSON.stringify(r)), e => console.log('ran', ran, e.message));";

/// A script that has something run once, and prints what comes of it.
fn once(body: &str) -> String {
    let options = "{ waitForResponse: true, name: 'n' }";
    format!("let ran = 0; Lit.Actions.runOnce({options}, async () => {{ ran++; {body} }}){SHOWN}")
}

#[test]
fn who_leads_runs_the_function_and_reports_what_it_returned() {
    on_big_stack(|| {
        for (body, reported, printed) in [
            ("return 'x';", "x", "ran 1 \"x\"\n"),
            ("return 7;", "7", "ran 1 \"7\"\n"),
            ("return [1, 'b'];", "1,b", "ran 1 \"1,b\"\n"),
            ("return null;", "", "ran 1 \"\"\n"),
            ("", "", "ran 1 \"\"\n"),
            ("throw new TypeError('y');", "[ERROR]", "Error running function: TypeError: y\nran 1 \"[ERROR]\"\n"),
            (
                "return { toString() { throw new Error('z') } };",
                "",
                "Error converting response to string: Error: z\nran 1 \"\"\n",
            ),
        ] {
            let options = "{ waitForResponse: true, name: 'n' }";
            let code = format!("let ran = 0; Lit.Actions.runOnce({options}, async () => {{ ran++; {body} }}){SHOWN}");
            let (mut execution, progress, mut meter) = start(&code);
            let (id, call) = only_call(progress);
            assert_eq!(call, HostCall::Once { name: "n".into(), waits: true });
            let (_, done) = only_call(execution.resume(START, id, HostAnswer::Lead, &mut meter));
            let told: Result<String, String> = Ok(reported.to_owned());
            assert_eq!(done, HostCall::OnceDone { once: id, result: told.clone() });
            let again = execution.resume(START, id, HostAnswer::Lead, &mut meter);
            assert_eq!(again, Progress::Pending(vec![]), "it runs once");
            let end = execution.resume(START, id, HostAnswer::Told(told), &mut meter);
            assert_eq!(result(end).unwrap().logs, printed);
        }
    });
}

#[test]
fn a_function_that_fails_where_the_log_is_full_is_reported_all_the_same() {
    on_big_stack(|| {
        let full = "console.log('x'.repeat(102395));";
        let (mut execution, progress, mut meter) = start(&format!("{full} {}", once("throw new Error('y');")));
        let (id, _) = only_call(progress);
        let (_, done) = only_call(execution.resume(START, id, HostAnswer::Lead, &mut meter));
        assert_eq!(done, HostCall::OnceDone { once: id, result: Ok("[ERROR]".into()) });
    });
}

#[test]
fn who_does_not_lead_runs_nothing_and_is_told() {
    let told = HostAnswer::Told(Ok("theirs".into()));
    assert_eq!(answered(&once("return 'mine';"), told), "ran 0 \"theirs\"\n");
    let lost = HostAnswer::Told(Err("too long".into()));
    let printed = "ran 0 runOnce failed at the node that ran it: too long\n";
    assert_eq!(answered(&once("return 'mine';"), lost), printed);
}

#[test]
fn run_once_has_a_name_of_its_own_where_the_action_gives_none() {
    for options in
        ["{ waitForResponse: true }", "{ waitForResponse: true, name: '' }", "{ waitForResponse: true, name: null }"]
    {
        let call = call_of(&format!("Lit.Actions.runOnce({options}, async () => 1)"));
        assert_eq!(call, HostCall::Once { name: "default_bc_id".into(), waits: true }, "{options}");
    }
}

#[test]
fn who_neither_leads_nor_waits_gets_nothing_and_who_leads_gets_its_own() {
    let code =
        "Lit.Actions.runOnce({ waitForResponse: false, name: 'n' }, async () => 'mine').then(r => console.log(r))";
    assert_eq!(call_of(code), HostCall::Once { name: "n".into(), waits: false });
    assert_eq!(answered(code, HostAnswer::Told(Ok(String::new()))), "undefined\n");
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(code);
        let (id, _) = only_call(progress);
        let (_, done) = only_call(execution.resume(START, id, HostAnswer::Lead, &mut meter));
        assert_eq!(done, HostCall::OnceDone { once: id, result: Ok("mine".into()) });
        let end = execution.resume(START, id, HostAnswer::Told(Ok("mine".into())), &mut meter);
        assert_eq!(result(end).unwrap().logs, "mine\n");
    });
}

#[test]
fn a_function_that_fetches_runs_once_too() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(&once("return (await fetch('http://a.example')).status;"));
        let (once, _) = only_call(progress);
        let (fetch, _) = only_call(execution.resume(START, once, HostAnswer::Lead, &mut meter));
        let response = HttpResponse { status: 201, ..HttpResponse::default() };
        let (_, done) = only_call(execution.resume(START, fetch, HostAnswer::Fetch(Ok(response)), &mut meter));
        assert_eq!(done, HostCall::OnceDone { once, result: Ok("201".into()) });
    });
}

#[test]
fn a_function_without_end_ends_the_action() {
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(&once("for(;;);"));
        let end = execution.resume(START, only_call(progress).0, HostAnswer::Lead, &mut meter);
        assert_eq!(result(end), Err(ActionError::OutOfFuel));
    });
}

#[test]
fn what_nodes_do_together_is_limited_in_number_and_size() {
    let many = "(async () => { for (let i = 0; i < 31; i++) await Lit.Actions.FUNCTION })()";
    for function in ["broadcastAndCollect({ name: 'n', value: 'v' })", "runOnce({ name: 'n' }, async () => 'x')"] {
        let error = error_of(&many.replace("FUNCTION", function));
        assert_eq!(error, ActionError::LimitExceeded { what: Cow::Borrowed("broadcasts"), max: 30 });
    }
    let long = "Lit.Actions.broadcastAndCollect({ name: 'n', value: 'v'.repeat(200000) })";
    assert_eq!(error_of(long), ActionError::LimitExceeded { what: Cow::Borrowed("bytes of value"), max: 100 << 10 });
    on_big_stack(|| {
        let (mut execution, progress, mut meter) = start(&once("return 'v'.repeat(200000);"));
        let (_, done) = only_call(execution.resume(START, only_call(progress).0, HostAnswer::Lead, &mut meter));
        let HostCall::OnceDone { result: Err(error), .. } = done else { panic!("{done:?}") };
        assert_eq!(error, "what runOnce's function returned is too long: at most 102400 bytes");
    });
}

#[test]
fn calls_of_actions_and_questions_for_endpoints_are_limited_in_number() {
    let many = |times: u32, function: &str| {
        format!("(async () => {{ for (let i = 0; i < {times}; i++) await Lit.Actions.{function} }})()")
    };
    let error = error_of(&many(51, "call({ ipfsId: 'Qm' })"));
    assert_eq!(error, ActionError::LimitExceeded { what: Cow::Borrowed("calls of actions"), max: 50 });
    let error = error_of(&many(31, "getRpcUrl({ chain: 'c' })"));
    assert_eq!(error, ActionError::LimitExceeded { what: Cow::Borrowed("contract calls"), max: 30 });
}

#[test]
fn a_signature_for_the_action_comes_back_as_text_that_libraries_join() {
    let code = format!(
        "Lit.Actions.signAndCombineEcdsa({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 's' }})
           .then(console.log)"
    );
    let HostCall::Sign { scheme, purpose, signature, .. } = call_of(&code) else { panic!("a signature") };
    assert_eq!((scheme, purpose, signature), (Scheme::EcdsaK256, SignPurpose::Anything, Signature::ToAction));
    let combined = CombinedSignature::Ecdsa { r: [0xab; 32], s: [0x01; 32], v: 1 };
    let expected = format!("{{\"r\":\"03{}\",\"s\":\"{}\",\"v\":1}}\n", "ab".repeat(32), "01".repeat(32));
    assert_eq!(answered(&code, HostAnswer::Combined(Ok(combined))), expected);
    let schnorr = code.replace("signAndCombineEcdsa({", "signAndCombine({ signingScheme: 'SchnorrK256Bip340',");
    let HostCall::Sign { scheme, signature, .. } = call_of(&schnorr) else { panic!("a signature") };
    assert_eq!((scheme, signature), (Scheme::SchnorrK256Bip340, Signature::ToAction));
    let combined = CombinedSignature::Bip340 { r: [0xab; 32], s: [0x01; 32] };
    let expected = format!("{{\"r\":\"{}\",\"s\":\"{}\"}}\n", "ab".repeat(32), "01".repeat(32));
    assert_eq!(answered(&schnorr, HostAnswer::Combined(Ok(combined))), expected);
    let (r, z) = (k256::ProjectivePoint::GENERATOR, k256::Scalar::ONE);
    let expected = format!("{{\"r\":\"02{}\",\"s\":\"{}01\"}}\n", &KEY[4..68], "00".repeat(31));
    assert_eq!(answered(&schnorr, HostAnswer::Combined(Ok(CombinedSignature::Schnorr { r, z }))), expected);
}

#[test]
fn chains_are_asked_by_name() {
    let address = "0x".to_owned() + &"01".repeat(20);
    let nonce = format!("Lit.Actions.getLatestNonce({{ chain: 'c', address: '{address}' }}).then(console.log)");
    assert_eq!(call_of(&nonce), HostCall::LatestNonce { chain: "c".into(), address: [1; 20] });
    assert_eq!(answered(&nonce, HostAnswer::Text(Ok("0x2".into()))), "0x2\n");
    let url = "Lit.Actions.getRpcUrl({ chain: 'c' }).then(console.log)";
    assert_eq!(call_of(url), HostCall::RpcUrl { chain: "c".into() });
    let refused = HostAnswer::Text(Err(no(ErrorCode::RpcError)));
    assert_eq!(
        answered("Lit.Actions.getRpcUrl({ chain: 'c' }).catch(e => console.log(e.message))", refused),
        "RpcError: no\n"
    );
}

#[test]
fn a_contract_is_called_with_the_recipient_and_data_of_a_transaction_of_any_kind() {
    use crate::chain::transaction::{Fees, TransactionRequest};
    let request = TransactionRequest {
        chain_id: 1,
        nonce: 0,
        to: Some([2; 20]),
        value: alloy_primitives::U256::ZERO,
        data: vec![1, 2, 3],
        gas_limit: 21_000,
        fees: Fees::default(),
    };
    let unsigned = hex::encode(request.unsigned_bytes());
    let key = k256::ecdsa::SigningKey::from_slice(&[1; 32]).unwrap();
    let signed = hex::encode(request.sign(&key, &mut Meter::default()).raw);
    // rlp([nonce 9, price, gas, to 0x35..35, value, data 0x, 1, 0, 0]): the example of EIP-155.
    let legacy = "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080";
    for (transaction, to, data) in
        [(unsigned.as_str(), [2; 20], vec![1, 2, 3]), (&signed, [2; 20], vec![1, 2, 3]), (legacy, [0x35; 20], vec![])]
    {
        let code = format!("Lit.Actions.callContract({{ chain: 'c', txn: '0x{transaction}' }})");
        assert_eq!(call_of(&code), HostCall::CallContract { chain: "c".into(), to, data });
    }
    let code =
        format!("Lit.Actions.callContract({{ chain: 'c', txn: '0x{legacy}' }}).then(r => console.log(typeof r, r))");
    let returned = format!("0x{:064x}", 42);
    assert_eq!(answered(&code, HostAnswer::Text(Ok(returned.clone()))), format!("string {returned}\n"));
    let refused = HostAnswer::Text(Err(no(ErrorCode::RpcError)));
    let caught = code.replace(".then(r => console.log(typeof r, r))", ".catch(e => console.log(e.message))");
    assert_eq!(answered(&caught, refused), "RpcError: no\n");
}
