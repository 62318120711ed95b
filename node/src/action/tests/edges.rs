//! Each limit is met exactly, which is allowed, and passed by one, which has an error of its own.

use super::*;
use std::borrow::Cow;

/// A limit at its edge.
pub(super) struct Edge {
    /// The field of [`Limits`].
    pub(super) limit: &'static str,
    /// What uses up all of it, and may.
    at: ActionSpec,
    /// What uses one more.
    over: ActionSpec,
    /// What the latter ends with.
    pub(super) error: ActionError,
}

/// What an action uses up that calls nobody.
fn used(code: &str) -> Usage {
    on_big_stack(|| {
        let (execution, progress) = Execution::start(spec(code), &mut Meter::default());
        assert!(matches!(progress, Progress::Finished(Ok(_))), "{code}: {progress:?}");
        execution.usage()
    })
}

fn too_much(what: &'static str, max: u64) -> ActionError {
    ActionError::LimitExceeded { what: Cow::Borrowed(what), max }
}

/// The same script under the limits that it meets, and under those that it passes.
fn measured(limit: &'static str, code: &str, at: Limits, over: Limits, error: ActionError) -> Edge {
    Edge { limit, at: ActionSpec { limits: at, ..spec(code) }, over: ActionSpec { limits: over, ..spec(code) }, error }
}

/// Two scripts under the default limit: `NUMBER` is as much as it allows, and one more.
fn counted(limit: &'static str, code: &str, max: u64, error: ActionError) -> Edge {
    let script = |number: u64| spec(&code.replace("NUMBER", &number.to_string()));
    Edge { limit, at: script(max), over: script(max + 1), error }
}

/// So many calls of a function of the host, one after the other.
fn calls(limit: &'static str, function: &str, what: &'static str, max: u64) -> Edge {
    let code = format!("(async () => {{ for (let i = 0; i < NUMBER; i++) await {function} }})()");
    counted(limit, &code, max, too_much(what, max))
}

/// Every limit but that on actions inside each other, which nodes keep.
pub(super) fn edges() -> Vec<Edge> {
    let (small, default) = (small_limits(), Limits::default());
    let (spin, queue, make) = (
        "for (let i = 0; i < 1000; i++);",
        "for (let i = 0; i < 10; i++) queueMicrotask(() => 0)",
        "const a = 'x'.repeat(1000)",
    );
    // Who has used up the last unit is over, so that one has to be left.
    let fuel = used(spin).fuel + 1;
    let (jobs, memory_bytes) = (used(queue).jobs, used(make).memory_bytes);
    let sign = format!("Lit.Actions.signEcdsa({{ toSign: new Uint8Array(32), publicKey: '{KEY}', sigName: 's' }})");
    // What every fetch is answered with in these tests.
    let fetch_bytes = r#"{"b":1,"a":2}"#.len() as u64;
    let (fuel_of, jobs_of) = (|fuel| Limits { fuel, ..small }, |jobs| Limits { jobs, ..small });
    let (memory_of, body_of) =
        (|memory_bytes| Limits { memory_bytes, ..small }, |fetch_bytes| Limits { fetch_bytes, ..small });
    let code_of = |code_bytes| Limits { code_bytes, ..small };
    vec![
        measured("fuel", spin, fuel_of(fuel), fuel_of(fuel - 1), ActionError::OutOfFuel),
        counted("time_ms", "setTimeout(() => 0, NUMBER - 1)", default.time_ms, ActionError::OutOfTime),
        measured("memory_bytes", make, memory_of(memory_bytes), memory_of(memory_bytes - 1), ActionError::Memory),
        measured("code_bytes", "1234", code_of(4), code_of(3), too_much("bytes of code", 3)),
        counted(
            "response_bytes",
            "Lit.Actions.setResponse({ response: 'x'.repeat(NUMBER) })",
            default.response_bytes,
            too_much("bytes of response", default.response_bytes),
        ),
        // With the end of the line.
        counted(
            "log_bytes",
            "console.log('x'.repeat(NUMBER - 1))",
            default.log_bytes,
            too_much("bytes of logs", default.log_bytes),
        ),
        measured(
            "fetch_bytes",
            "fetch('https://a.example/')",
            body_of(fetch_bytes),
            body_of(fetch_bytes - 1),
            too_much("bytes of a fetched body", fetch_bytes - 1),
        ),
        calls("fetches", "fetch('https://a.example/')", "fetch calls", default.fetches),
        calls("signs", &sign, "signing requests", default.signs),
        calls("contract_calls", "Lit.Actions.getRpcUrl({ chain: 'c' })", "contract calls", default.contract_calls),
        calls(
            "broadcasts",
            "Lit.Actions.broadcastAndCollect({ name: 'n', value: 'v' })",
            "broadcasts",
            default.broadcasts,
        ),
        calls("calls", "Lit.Actions.call({ ipfsId: 'Qm' })", "calls of actions", default.calls),
        measured("jobs", queue, jobs_of(jobs), jobs_of(jobs - 1), too_much("jobs", jobs - 1)),
        counted(
            "timers",
            "for (let i = 0; i < NUMBER; i++) setTimeout(() => 0, 1)",
            default.timers,
            too_much("timers", default.timers),
        ),
        // The script itself is one of the calls.
        counted(
            "recursion",
            "function f(left) { if (left > 1) f(left - 1) } f(NUMBER - 1)",
            default.recursion as u64,
            ActionError::Stack,
        ),
    ]
}

#[test]
fn each_limit_is_met_exactly_and_passed_by_one() {
    for Edge { limit, at, over, error } in edges() {
        assert_eq!(ending_of(at).0.map(drop), Ok(()), "{limit} is met");
        assert_eq!(ending_of(over).0.map(drop), Err(error), "{limit} is passed");
    }
}
