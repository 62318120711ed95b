//! Tests of whole executions: scripts in, calls and results out.

mod api;
mod bounds;
mod census;
mod determinism;
mod docs;
mod edges;
mod ethers;
mod fetch;
mod hostile;
mod hostile_surface;
mod lit_docs;
mod lit_limits;
mod misuse;
mod modules;
mod network;
mod permissions;
mod secrets;
mod surface;
mod web;

use super::{
    ActionError, ActionResult, ActionSpec, AuthContext, Execution, HostAnswer, HostCall, HostCallId, Limits, Progress,
    Usage,
};
use crate::io::{HttpResponse, Time};
use crate::meter::Meter;

/// The node's clock at the start of every test: 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000_000_000);
/// The public key of the scalar 1, uncompressed.
const KEY: &str = "0x0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                   483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

fn small_limits() -> Limits {
    Limits { fuel: 2_000_000, ..Limits::default() }
}

fn spec(code: &str) -> ActionSpec {
    ActionSpec {
        code: code.to_owned(),
        js_params: String::new(),
        auth: AuthContext::default(),
        limits: small_limits(),
        seed: [7; 32],
        started: START,
    }
}

/// Runs on a stack as big as the simulator's.
fn on_big_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, body).expect("a thread");
        thread.join().expect("no panic")
    })
}

/// How a run ended, and the fuel that it used.
type Ending = (Result<ActionResult, ActionError>, String, u64);

/// Runs a script to its end; answers signing calls with success and fetches with `body`, one millisecond each.
fn run_to_end(spec: ActionSpec, body: &str) -> Ending {
    let mut meter = Meter::default();
    let (mut execution, mut progress) = Execution::start(spec, &mut meter);
    let mut open: Vec<(HostCallId, HostCall)> = Vec::new();
    let mut now = START;
    loop {
        match progress {
            Progress::Finished(result) => {
                assert_eq!(execution.deadline(), None, "a finished action has no deadline");
                return (result, execution.logs(), meter.count(crate::meter::Op::JsFuel));
            }
            Progress::Pending(calls) => open.extend(calls),
        }
        if open.is_empty() {
            now = now.max(execution.deadline().expect("a pending action has a deadline"));
            progress = execution.tick(now, &mut meter);
        } else {
            let (id, call) = open.remove(0);
            now = now.plus_millis(1);
            progress = execution.resume(now, id, answer(&call, body), &mut meter);
        }
    }
}

fn answer(call: &HostCall, body: &str) -> HostAnswer {
    match call {
        HostCall::Fetch(_) => HostAnswer::Fetch(Ok(HttpResponse {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.as_bytes().to_vec(),
        })),
        HostCall::Sign { .. } => HostAnswer::Signed(Ok(())),
        HostCall::IsPermittedAction { .. }
        | HostCall::IsPermittedAddress { .. }
        | HostCall::IsPermittedAuthMethod { .. } => HostAnswer::Permitted(Ok(true)),
        HostCall::GetPermittedActions { .. } | HostCall::GetPermittedAddresses { .. } | HostCall::Collect { .. } => {
            HostAnswer::Listed(Ok(vec!["Qm1".into()]))
        }
        HostCall::GetPermittedAuthMethods { .. } => HostAnswer::Methods(Ok(vec![])),
        HostCall::GetPermittedAuthMethodScopes { .. } => HostAnswer::Scopes(Ok(vec![])),
        HostCall::LatestNonce { .. } | HostCall::CallContract { .. } | HostCall::RpcUrl { .. } => {
            HostAnswer::Text(Ok("0x1".into()))
        }
        HostCall::CheckConditions { .. } => HostAnswer::Permitted(Ok(true)),
        HostCall::Encrypt { plaintext, .. } => HostAnswer::Encrypted(Ok((plaintext.clone(), [7; 32]))),
        HostCall::Decrypt { ciphertext, .. } => HostAnswer::Text(Ok(String::from_utf8_lossy(ciphertext).into())),
        HostCall::Call { .. } => HostAnswer::Called { result: Ok("response".into()), usage: Usage::default() },
        HostCall::Once { .. } => HostAnswer::Told(Ok("told".into())),
        HostCall::OnceDone { .. } => unreachable!("no test leads"),
    }
}

/// Runs a script twice on fresh threads and insists on equal endings.
fn ending_of(spec: ActionSpec) -> Ending {
    let run = || {
        let spec = spec.clone();
        on_big_stack(move || run_to_end(spec, r#"{"b":1,"a":2}"#))
    };
    let first = run();
    assert_eq!(first, run(), "the same script ended differently");
    first
}

fn error_of(code: &str) -> ActionError {
    ending_of(spec(code)).0.expect_err("the script fails")
}

fn logs_of(code: &str) -> String {
    let (result, logs, _) = ending_of(spec(code));
    result.unwrap_or_else(|error| panic!("{error} after {logs}"));
    logs
}

fn threw(code: &str) -> String {
    match error_of(code) {
        ActionError::Threw(text) => text,
        other => panic!("expected an exception, got {other:?}"),
    }
}
