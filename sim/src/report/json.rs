//! One JSON object a run. Keys, digests and signatures are 0x-hex; verifiers accept each signature as printed.

use lit_node::api::ErrorCode;
use lit_node::bugs::Bug;
use lit_node::id::NodeId;
use lit_node::signing::Scheme;
use serde::Serialize;
use std::collections::BTreeMap;

use crate::outcome::{Blame, Culprit, RequestReport, RunReport, SignatureReport, StepOutcome, Suspect, Violation};

#[derive(Serialize)]
struct Run<'r> {
    scenario: &'r str,
    seed: u64,
    verdict: &'static str,
    expected: bool,
    digest: String,
    virtual_ms: u64,
    events: u64,
    messages: u64,
    bytes: u64,
    rounds: u64,
    nodes: u16,
    threshold: u16,
    preprocessing: &'static str,
    bugs: Vec<&'static str>,
    requests: Vec<Request<'r>>,
    culprits: Vec<CulpritLine<'r>>,
    suspects: Vec<SuspectLine>,
    blame: BlameLine,
    violations: Vec<ViolationLine<'r>>,
    exercised: &'r BTreeMap<&'static str, u64>,
    faults: FaultLists<'r>,
    marks: &'r BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'r BTreeMap<String, u64>>,
}

#[derive(Serialize)]
struct Request<'r> {
    id: &'r str,
    kind: &'static str,
    client: &'r str,
    outcome: &'r str,
    error: Option<&'r str>,
    /// What the real network's nodes would have answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    latency_ms: u64,
    public_key: Option<String>,
    eth_address: Option<String>,
    response: Option<&'r str>,
    logs: Option<&'r str>,
    signatures: Vec<Signature<'r>>,
}

#[derive(Serialize)]
struct Signature<'r> {
    name: &'r str,
    scheme: &'static str,
    message: String,
    signature: String,
    signature_raw: Raw,
    public_key: String,
    eth_address: String,
}

#[derive(Serialize)]
struct Raw {
    r: String,
    s: String,
    v: u8,
}

#[derive(Serialize)]
struct CulpritLine<'r> {
    node: u16,
    named_by: Vec<u16>,
    named_by_clients: &'r [String],
    evidence: &'r str,
    at_ms: u64,
}

#[derive(Serialize)]
struct SuspectLine {
    node: u16,
    suspected_by: Vec<u16>,
}

#[derive(Serialize)]
struct BlameLine {
    liars_named: Vec<u16>,
    liars_unnamed: Vec<u16>,
    honest_named: Vec<u16>,
    honest_unnamed: u16,
}

#[derive(Serialize)]
struct ViolationLine<'r> {
    oracle: &'r str,
    at_ms: u64,
    nodes: Vec<u16>,
    detail: &'r str,
}

#[derive(Serialize)]
struct FaultLists<'r> {
    declared: &'r [String],
    fired: &'r [String],
}

/// A run as one JSON object.
///
/// # Panics
/// Never: the object has string keys and finite numbers only.
pub fn json(report: &RunReport) -> String {
    let run = Run {
        scenario: &report.scenario,
        seed: report.seed,
        verdict: report.verdict.name(),
        expected: report.expected,
        digest: hex(&report.digest),
        virtual_ms: report.virtual_ms,
        events: report.events,
        messages: report.messages,
        bytes: report.bytes,
        rounds: report.rounds,
        nodes: report.nodes,
        threshold: report.threshold,
        preprocessing: report.preprocessing,
        bugs: report.bugs.iter().map(Bug::name).collect(),
        requests: report.requests.iter().map(request).collect(),
        culprits: report.culprits.iter().map(culprit).collect(),
        suspects: report.suspects.iter().map(suspect).collect(),
        blame: blame(report),
        violations: report.violations.iter().map(violation).collect(),
        exercised: &report.exercised,
        faults: FaultLists { declared: &report.faults.declared, fired: &report.faults.fired },
        marks: &report.marks,
        profile: report.profile.as_ref(),
    };
    serde_json::to_string(&run).expect("string keys and finite numbers")
}

fn request(request: &RequestReport) -> Request<'_> {
    Request {
        id: &request.id,
        kind: request.kind,
        client: &request.client,
        outcome: request.outcome.name(),
        error: request.error.as_deref(),
        http_status: http_status(&request.outcome),
        latency_ms: request.latency_ms,
        public_key: request.public_key.as_deref().map(hex),
        eth_address: request.eth_address.map(|address| hex(&address)),
        response: request.response.as_deref(),
        logs: request.logs.as_deref(),
        signatures: request.signatures.iter().map(signature).collect(),
    }
}

fn http_status(outcome: &StepOutcome) -> Option<u16> {
    match outcome {
        StepOutcome::Failed(code) => ErrorCode::from_name(code)?.http_status(),
        StepOutcome::Ok | StepOutcome::Unfinished => None,
    }
}

fn signature(signature: &SignatureReport) -> Signature<'_> {
    Signature {
        name: &signature.name,
        scheme: scheme_name(signature.scheme),
        message: hex(&signature.message),
        signature: hex(&signature.signature),
        signature_raw: Raw { r: hex(&signature.r), s: hex(&signature.s), v: signature.v },
        public_key: hex(&signature.public_key),
        eth_address: hex(&signature.eth_address),
    }
}

fn culprit(culprit: &Culprit) -> CulpritLine<'_> {
    CulpritLine {
        node: culprit.node.0,
        named_by: culprit.named_by.iter().map(|node| node.0).collect(),
        named_by_clients: &culprit.clients,
        evidence: &culprit.evidence,
        at_ms: culprit.at_ms,
    }
}

fn blame(report: &RunReport) -> BlameLine {
    let numbers = |nodes: Vec<NodeId>| nodes.iter().map(|node| node.0).collect();
    let Blame { liars_named, liars_unnamed, honest_named, honest_unnamed } = report.blame();
    BlameLine {
        liars_named: numbers(liars_named),
        liars_unnamed: numbers(liars_unnamed),
        honest_named: numbers(honest_named),
        honest_unnamed,
    }
}

fn suspect(suspect: &Suspect) -> SuspectLine {
    SuspectLine { node: suspect.node.0, suspected_by: suspect.suspected_by.iter().map(|node| node.0).collect() }
}

fn violation(violation: &Violation) -> ViolationLine<'_> {
    ViolationLine {
        oracle: &violation.oracle,
        at_ms: violation.at_ms,
        nodes: violation.nodes.iter().map(|node| node.0).collect(),
        detail: &violation.detail,
    }
}

/// The scheme's name, as actions write it.
pub(super) fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::EcdsaK256 => "EcdsaK256",
        Scheme::SchnorrK256Sha256 => "SchnorrK256Sha256",
        Scheme::SchnorrK256Bip340 => "SchnorrK256Bip340",
    }
}

/// 0x-hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
