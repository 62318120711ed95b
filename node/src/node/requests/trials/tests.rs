//! Requests whose conditions are about what an action returns.

use super::super::super::question::Question;
use super::super::super::testing::{NOW, core};
use super::*;
use crate::api::{
    ActionSource, Credential, Decrypt, Execute, Executed, REQUEST_BYTES_MAX, RESPONSE_BYTES_MAX, Request, Response,
    Task,
};
use crate::auth::conditions::Conditions;
use crate::cid;
use crate::id::{CallId, ConnId, Digest, Epoch, KeyId};
use crate::io::{IpfsError, Output};
use crate::wire::{decode, encode};
use k256::ProjectivePoint;

const FUEL: u64 = 2_000_000;

struct Scene {
    core: Core,
    requests: Requests,
    out: Outputs,
    now: Time,
}

impl Scene {
    fn new(running_max: usize) -> Self {
        let mut core = core();
        core.config.limits.fuel = FUEL;
        Self { core, requests: Requests::new(running_max), out: Outputs::default(), now: NOW }
    }

    fn ask(&mut self, conn: u64, request: &Request) {
        let bytes = encode(request);
        assert!(bytes.len() <= REQUEST_BYTES_MAX);
        self.requests.on_request(ConnId(conn), &bytes, 1, self.now, &mut self.core, &mut self.out);
    }

    /// The CIDs that the gateway was asked for since the last call.
    fn fetched(&mut self) -> Vec<(CallId, String)> {
        let is_fetch = |output: &mut Output| matches!(output, Output::IpfsGet { .. });
        let asked: Vec<Output> = self.out.list.extract_if(.., is_fetch).collect();
        let fetch = |output| match output {
            Output::IpfsGet { call, cid } => (call, cid),
            other => panic!("{other:?}"),
        };
        asked.into_iter().map(fetch).collect()
    }

    fn serve(&mut self, call: CallId, reply: Result<Vec<u8>, IpfsError>) {
        let Some(Question::Code { request, frame }) = self.core.answered(call) else { panic!("no code was asked for") };
        self.requests.on_code(request, frame, reply, self.now, &mut self.core, &mut self.out);
    }

    /// Lets time pass until somebody is answered.
    fn answer(&mut self) -> Response {
        loop {
            let is_reply = |output: &mut Output| matches!(output, Output::Reply { .. });
            if let Some(Output::Reply { bytes, .. }) = self.out.list.extract_if(.., is_reply).next() {
                return decode(&bytes, RESPONSE_BYTES_MAX).expect("a response");
            }
            self.now = self.requests.deadline().expect("something is awaited");
            self.core.clock = self.now;
            self.requests.tick(self.now, &mut self.core, &mut self.out);
        }
    }
}

/// The condition that `go("40", "two")` of some code returns `yes`.
fn text(code: &str) -> String {
    let cid = cid::cid_v0(code.as_bytes());
    format!(
        r#"[{{"conditionType":"evmBasic","contractAddress":"ipfs://{cid}","standardContractType":"LitAction",
        "chain":"ethereum","method":"go","parameters":["40","two"],"returnValueTest":{{"comparator":"=","value":"yes"}}}}]"#
    )
}

/// A request for a decryption; who is let in is refused for the key, which nobody has.
fn decryption(conditions: &str, nonce: u8) -> Request {
    Request::Decrypt(Box::new(Decrypt {
        nonce: [nonce; 16],
        key: KeyId([1; 32]),
        conditions: Conditions::parse(conditions).expect("conditions"),
        plaintext: Digest([2; 32]),
        reply_key: ProjectivePoint::GENERATOR,
        credential: Credential::Nobody,
        epoch: Epoch(1),
    }))
}

fn failure_of(response: Response) -> Failure {
    match response {
        Response::Decrypt { result: Err(failure), .. } | Response::Execute { result: Err(failure), .. } => failure,
        other => panic!("{other:?}"),
    }
}

/// What a decryption is refused with when its condition is about this code, which the gateway serves.
fn refusal(code: &str) -> Failure {
    let mut scene = Scene::new(8);
    scene.ask(1, &decryption(&text(code), 1));
    let fetched = scene.fetched();
    assert_eq!(fetched.len(), 1);
    assert_eq!(fetched[0].1, cid::cid_v0(code.as_bytes()).to_string());
    scene.serve(fetched[0].0, Ok(code.as_bytes().to_vec()));
    failure_of(scene.answer())
}

#[test]
fn a_condition_is_met_by_what_its_action_returns_or_responds() {
    let returns = "async function go(a, b) { return a === '40' && b === 'two' ? 'yes' : 'no'; }";
    let responds = "function go(a) { Lit.Actions.setResponse({ response: 'yes' }); }";
    let met = [returns, responds, "const go = () => 'yes'; // and no end of the line"];
    assert_eq!(met.map(|code| refusal(code).code), [ErrorCode::UnknownKey; 3], "let in, though nobody has the key");
    let unmet = ["function go() { return 'no'; }", "function go() { return ['yes']; }", "function go() {}"];
    for code in unmet {
        let refusal = refusal(code);
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            (ErrorCode::NotAuthorized, "condition 0 is not met"),
            "{code}"
        );
    }
}

#[test]
fn an_action_that_fails_lets_nobody_in_and_says_why() {
    for (code, expected) in [
        ("function go() { throw new Error('not today'); }", ErrorCode::JsError),
        ("async function go() { throw new Error('not today'); }", ErrorCode::JsError),
        ("function come() { return 'yes'; }", ErrorCode::JsError),
        ("function go() {", ErrorCode::JsError),
        ("function go() { for (;;) {} }", ErrorCode::JsTimeout),
        ("function go() { return new Promise(() => {}); }", ErrorCode::JsError),
    ] {
        let refusal = refusal(code);
        assert_eq!(refusal.code, expected, "{code}: {refusal}");
        assert!(refusal.message.starts_with("condition 0 "), "{refusal}");
    }
}

#[test]
fn an_action_that_cannot_be_had_lets_nobody_in() {
    let code = "function go() { return 'yes'; }";
    for (reply, expected) in [
        (Ok(b"function go() { return 'no'; }".to_vec()), ErrorCode::InvalidIpfsId),
        (Err(IpfsError::Unreachable), ErrorCode::IpfsUnavailable),
    ] {
        let mut scene = Scene::new(8);
        scene.ask(1, &decryption(&text(code), 1));
        let call = scene.fetched()[0].0;
        scene.serve(call, reply);
        assert_eq!(failure_of(scene.answer()).code, expected);
    }
}

#[test]
fn an_action_that_runs_for_a_condition_reads_and_does_nothing_else() {
    let conditions = text("function go() { return 'yes'; }");
    let key = format!("0x{}", hex::encode([2; 33]));
    let deeds = [
        format!("Lit.Actions.signEcdsa({{ toSign: new Uint8Array(32), publicKey: '{key}', sigName: 'sig' }})"),
        format!("Lit.Actions.call({{ ipfsId: '{}', params: {{}} }})", cid::cid_v0(b"child")),
        format!("Lit.Actions.checkConditions({{ conditions: {conditions}, authSig: null, chain: 'ethereum' }})"),
        "Lit.Actions.runOnce({ waitForResponse: true, name: 'once' }, async () => 'yes')".to_owned(),
        "Lit.Actions.broadcastAndCollect({ name: 'all', value: 'yes' })".to_owned(),
    ];
    for deed in deeds {
        let refusal = refusal(&format!("async function go() {{ await {deed}; return 'yes'; }}"));
        assert_eq!(refusal.code, ErrorCode::LimitExceeded, "{deed}: {refusal}");
        assert!(refusal.message.contains("in an action that runs for a condition"), "{refusal}");
    }
}

#[test]
fn conditions_take_places_of_their_asker_and_are_refused_when_there_are_none() {
    let mut scene = Scene::new(8);
    let codes: Vec<String> = (0..3).map(|at| format!("const at = {at}; function go() {{ return 'yes'; }}")).collect();
    for (code, conn) in codes.iter().zip(1..) {
        scene.ask(conn, &decryption(&text(code), 1));
    }
    assert_eq!(scene.fetched().len(), 2, "a quarter of eight places for one caller");
    assert_eq!(failure_of(scene.answer()).code, ErrorCode::RateLimitExceeded);
}

#[test]
fn an_action_hears_what_a_condition_about_another_action_comes_to() {
    let judge = "function go(a) { return a === '40' ? 'yes' : 'no'; }";
    let code = format!(
        "(async () => {{ const asked = {{ conditions: {}, authSig: null, chain: 'ethereum' }};\n\
         const met = await Lit.Actions.checkConditions(asked);\n\
         Lit.Actions.setResponse({{ response: String(met) }}); }})();",
        text(judge)
    );
    let mut scene = Scene::new(8);
    let task = Task::Action { source: ActionSource::Inline(code), js_params: "{}".into() };
    let (credential, proofs) = (Credential::Nobody, Vec::new());
    scene.ask(1, &Request::Execute(Box::new(Execute { nonce: [1; 16], task, credential, proofs, epoch: Epoch(1) })));
    let mut fetched = scene.fetched();
    while fetched.is_empty() {
        scene.now = scene.requests.deadline().expect("the action runs");
        scene.requests.tick(scene.now, &mut scene.core, &mut scene.out);
        fetched = scene.fetched();
    }
    assert_eq!(fetched[0].1, cid::cid_v0(judge.as_bytes()).to_string());
    scene.serve(fetched[0].0, Ok(judge.as_bytes().to_vec()));
    let Response::Execute { result: Ok(Executed { response, .. }), .. } = scene.answer() else { panic!("no response") };
    assert_eq!(response, "true");
}

#[test]
fn what_runs_for_the_conditions_of_a_request_that_is_over_is_forgotten() {
    let mut scene = Scene::new(8);
    let judge = "function go() { return 'yes'; }";
    let code = format!(
        "Lit.Actions.checkConditions({{ conditions: {}, authSig: null, chain: 'ethereum' }}); throw new Error('over');",
        text(judge)
    );
    let task = Task::Action { source: ActionSource::Inline(code), js_params: "{}".into() };
    let (credential, proofs) = (Credential::Nobody, Vec::new());
    scene.ask(1, &Request::Execute(Box::new(Execute { nonce: [1; 16], task, credential, proofs, epoch: Epoch(1) })));
    assert_eq!(failure_of(scene.answer()).code, ErrorCode::JsError);
    assert!(scene.requests.trials.is_empty() && scene.requests.running.is_empty());
}
