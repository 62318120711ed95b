//! Tests of tables and JSON.

use insta::assert_snapshot;
use lit_node::id::NodeId;
use lit_node::signing::Scheme;

use super::*;
use crate::fault::{Crash, DiskLoss, Fault};
use crate::outcome::*;
use crate::plan::{FaultEvent, FaultId, FaultPlan, Trigger};
use crate::trace::{Retention, Trace};

fn request(id: &str, act: &str, kind: &'static str, started_ms: u64, finished_ms: u64) -> RequestReport {
    RequestReport {
        id: id.into(),
        act: act.into(),
        kind,
        client: "alice".into(),
        outcome: StepOutcome::Ok,
        expected: true,
        started_ms,
        finished_ms,
        latency_ms: finished_ms - started_ms,
        ..RequestReport::default()
    }
}

/// A report that fills every field.
pub(crate) fn sample() -> RunReport {
    let signature = SignatureReport {
        name: "sig".into(),
        scheme: Scheme::EcdsaK256,
        message: [1; 32],
        signature: vec![2; 65],
        r: [3; 32],
        s: [4; 32],
        v: 27,
        public_key: vec![5; 65],
        eth_address: [6; 20],
    };
    let refused = RequestReport {
        outcome: StepOutcome::Failed("NotAuthorized".into()),
        error: Some("NotAuthorized: the action\u{1b}[31m is not permitted".into()),
        ..request("refused", "calm", "execute", 3100, 3260)
    };
    let signed = RequestReport {
        public_key: Some(vec![5; 65]),
        eth_address: Some([6; 20]),
        response: Some("{\"price\":3141}".into()),
        logs: Some("a\nb".into()),
        signatures: vec![signature],
        ..request("sign", "faulty", "execute", 4000, 71_005)
    };
    let late = RequestReport {
        outcome: StepOutcome::Unfinished,
        expected: false,
        ..request("late", "faulty", "keygen", 71_005, 300_000)
    };
    RunReport {
        scenario: "sample".into(),
        seed: 7,
        verdict: Verdict::Liveness,
        expected: false,
        missed: None,
        digest: [0xab; 32],
        virtual_ms: 300_000,
        events: 1_234_567,
        messages: 9_876,
        bytes: 543,
        rounds: 21,
        nodes: 4,
        threshold: 3,
        preprocessing: "dealer",
        bugs: Default::default(),
        milestones: vec![
            Milestone { at_ms: 0, text: "the chain starts".into() },
            Milestone { at_ms: 3_200, text: "a key is routed".into() },
        ],
        requests: vec![request("keygen", "calm", "keygen", 0, 3100), refused, signed, late],
        culprits: vec![Culprit {
            node: NodeId(2),
            named_by: vec![NodeId(1), NodeId(3)],
            clients: vec!["alice".into()],
            evidence: "wrong share".into(),
            at_ms: 5000,
        }],
        suspects: vec![Suspect { node: NodeId(4), suspected_by: vec![NodeId(1)] }],
        violations: vec![Violation {
            oracle: "liveness".into(),
            at_ms: 300_000,
            nodes: vec![NodeId(3)],
            detail: "`late` did not complete".into(),
        }],
        exercised: [("liveness", 4), ("no-forgery", 0)].into(),
        faults: Faults {
            declared: vec!["faulty/a".into(), "faulty/b".into()],
            fired: vec!["faulty/a".into()],
            liars: vec![NodeId(2)],
        },
        marks: [("faulty/a".to_owned(), 3)].into(),
        profile: Some([("scalar_mul".to_owned(), 12_000)].into()),
        trace: Trace::new(Retention::Nothing),
    }
}

fn plan() -> FaultPlan {
    let crash = |id: &str, when| FaultEvent {
        id: FaultId(id.into()),
        act: "faulty".into(),
        during: Some("sign".into()),
        when,
        for_ms: None,
        what: Fault::Crash(Crash {
            node: NodeId(2),
            restart_after_ms: Some(1500),
            disk: DiskLoss::Unsynced,
            at_write: None,
            at_sync: None,
        }),
    };
    let label = crate::scenario::LabelPattern { protocol: "dkg".into(), kind: Some("ack".into()) };
    let sent = Trigger::Sent { label, node: Some(NodeId(2)), occurrence: 1 };
    FaultPlan { events: vec![crash("faulty/a", sent), crash("faulty/b", Trigger::At { ms: 5 })] }
}

#[test]
fn the_table_shows_steps_faults_and_verdict_and_no_control_characters() {
    let table = table(&sample(), &plan(), Style { color: false, verbose: true });
    assert!(!table.contains('\u{1b}'));
    assert_snapshot!(table);
}

#[test]
fn colour_is_added_only_on_demand() {
    assert!(table(&sample(), &plan(), Style { color: true, verbose: false }).contains("\u{1b}["));
}

#[test]
fn json_has_exactly_the_documented_fields_in_order() {
    let value: serde_json::Value = serde_json::from_str(&json(&sample())).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(", ");
    assert_eq!(
        keys(&value),
        "scenario, seed, verdict, expected, digest, virtual_ms, events, messages, bytes, rounds, nodes, threshold, \
         preprocessing, bugs, requests, culprits, suspects, blame, violations, exercised, faults, marks, profile"
    );
    let signed = &value["requests"][2];
    assert_eq!(
        keys(signed),
        "id, kind, client, outcome, error, latency_ms, public_key, eth_address, response, logs, signatures"
    );
    let signature = &signed["signatures"][0];
    assert_eq!(keys(signature), "name, scheme, message, signature, signature_raw, public_key, eth_address");
    assert_eq!(keys(&signature["signature_raw"]), "r, s, v");
    assert_eq!(keys(&value["culprits"][0]), "node, named_by, named_by_clients, evidence, at_ms");
    assert_eq!(keys(&value["violations"][0]), "oracle, at_ms, nodes, detail");
    assert_eq!(keys(&value["faults"]), "declared, fired");
    assert_eq!(value["exercised"], serde_json::json!({"liveness": 4, "no-forgery": 0}));
    assert_eq!(value["digest"], format!("0x{}", "ab".repeat(32)));
    assert_eq!(value["requests"][1]["outcome"], "NotAuthorized");
    assert_eq!(value["requests"][1]["http_status"], 403, "as the real network's nodes would have answered");
}

#[test]
fn json_has_no_profile_unless_asked_for() {
    let report = RunReport { profile: None, ..sample() };
    let value: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
    assert!(value.get("profile").is_none());
}
