//! Judges a finished step by what the scenario expects of it, and fills its report.

use std::collections::BTreeMap;

use lit_node::api::ErrorCode;
use lit_node::client::VerifiedSignature;
use lit_node::id::NodeId;
use lit_node::key;
use lit_node::signing::{CombinedSignature, Scheme};

use super::step::Found;
use crate::outcome::{RequestReport, SignatureReport, StepOutcome};
use crate::scenario::{Auth, Deed, Expectation, Step};

/// What Ethereum's verifiers want added to a recovery id (yellow paper, appendix F).
const ETHEREUM_V: u8 = 27;

/// A step that did not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    /// The error code's name, `Reverted`, or another short name.
    pub code: String,
    /// What was wrong.
    pub text: String,
    /// What the first node that refused with this code said.
    pub refusal: Option<String>,
}

/// A signature as reports print it: every field as an independent verifier takes it.
pub(super) fn signature_report(name: &str, verified: &VerifiedSignature<CombinedSignature>) -> SignatureReport {
    let mut bytes = verified.signature.bytes();
    let (r, s, v) = match &verified.signature {
        CombinedSignature::Ecdsa { .. } => {
            bytes[64] += ETHEREUM_V;
            (&bytes[..32], &bytes[32..64], bytes[64])
        }
        // R is compressed: its first byte tells the parity of y.
        CombinedSignature::Schnorr { .. } => (&bytes[1..33], &bytes[33..65], bytes[0]),
        CombinedSignature::Bip340 { .. } => (&bytes[..32], &bytes[32..64], 0),
    };
    let length = if verified.scheme == Scheme::SchnorrK256Bip340 { 64 } else { 65 };
    SignatureReport {
        name: name.to_owned(),
        scheme: verified.scheme,
        message: verified.digest.0,
        signature: bytes[..length].to_vec(),
        r: r.try_into().expect("32 bytes"),
        s: s.try_into().expect("32 bytes"),
        v,
        public_key: key::uncompressed(&verified.public_key).to_vec(),
        eth_address: key::eth_address(&verified.public_key),
    }
}

/// The report of a step; unfinished if there is no result.
pub(super) fn step_report(
    step: &Step,
    act: String,
    result: Option<Result<(), Failed>>,
    found: Found,
    endings: &BTreeMap<NodeId, &'static str>,
    started_ms: u64,
    finished_ms: u64,
) -> RequestReport {
    let complaint = complaint(step, result.as_ref(), &found, endings);
    let (outcome, error) = match result {
        None => (StepOutcome::Unfinished, None),
        Some(Ok(())) => (StepOutcome::Ok, None),
        Some(Err(failed)) => {
            let text = refused_by(&failed, endings).unwrap_or(failed.text);
            (StepOutcome::Failed(failed.code), Some(text))
        }
    };
    let expected = complaint.is_none();
    let error = match complaint {
        Some(complaint) if outcome == StepOutcome::Ok => Some(complaint),
        Some(complaint) => Some(error.map_or(complaint.clone(), |error| format!("{error} [{complaint}]"))),
        None => error,
    };
    let point = found.pkp.as_ref().map(|pkp| pkp.point);
    RequestReport {
        id: step.id.clone(),
        act,
        kind: step.deed.kind(),
        client: step.user.clone(),
        outcome,
        expected,
        error,
        latency_ms: finished_ms - started_ms,
        started_ms,
        finished_ms,
        public_key: point.map(|point| key::uncompressed(&point).to_vec()),
        eth_address: point.map(|point| key::eth_address(&point)),
        response: found.response,
        logs: found.logs,
        signatures: found.signatures,
    }
}

/// Names all nodes that refused alike. The client gave up when too few were left; the others have spoken since.
fn refused_by(failed: &Failed, endings: &BTreeMap<NodeId, &'static str>) -> Option<String> {
    let refusal = failed.refusal.as_ref()?;
    let alike = endings.iter().filter(|(_, code)| **code == failed.code);
    let nodes: Vec<String> = alike.map(|(node, _)| node.0.to_string()).collect();
    (!nodes.is_empty()).then(|| format!("nodes {}: {refusal}", nodes.join(", ")))
}

/// What differs from what the scenario expects, if anything.
fn complaint(
    step: &Step,
    result: Option<&Result<(), Failed>>,
    found: &Found,
    endings: &BTreeMap<NodeId, &'static str>,
) -> Option<String> {
    let wanted = step.expect.name();
    match (step.expect, result) {
        (_, None) => Some("it did not end".to_owned()),
        (Expectation::Ok, Some(Ok(()))) => wrong_yield(step, found),
        (Expectation::Ok, Some(Err(_))) => Some("it should have completed".to_owned()),
        (_, Some(Ok(()))) => Some(format!("it completed, but {wanted} was expected")),
        (_, Some(Err(failed))) if failed.code != wanted => Some(format!("{wanted} was expected")),
        // The client's own conclusions; what single nodes said on the way may differ.
        (Expectation::Refused(ErrorCode::RequestTimeout | ErrorCode::NotEnoughShares), Some(Err(failed))) => {
            wrong_text(step, failed)
        }
        (Expectation::Refused(code), Some(Err(failed))) => {
            let others = endings.iter().filter(|(_, refused)| **refused != code.name());
            let other = others.into_iter().find(|(node, refused)| **refused != "ok" || !shows_to(step, **node));
            other
                .map(|(node, refused)| format!("{node} answered {refused}, every node should say {wanted}"))
                .or_else(|| wrong_text(step, failed))
        }
        (_, Some(Err(failed))) => wrong_text(step, failed),
    }
}

/// Whether a step shows a signature that was made for this node alone, so that it may answer what all others refuse.
fn shows_to(step: &Step, node: NodeId) -> bool {
    let auth = match &*step.deed {
        Deed::Decrypt { auth, .. } => auth,
        _ => return false,
    };
    matches!(auth, Some(Auth::Session(session)) if session.for_node == Some(node))
}

fn wrong_text(step: &Step, failed: &Failed) -> Option<String> {
    let wanted = step.expect_message.as_ref()?;
    (!failed.text.contains(wanted)).then(|| format!("the error should say {wanted:?}"))
}

fn wrong_yield(step: &Step, found: &Found) -> Option<String> {
    let Deed::Execute(deed) = &*step.deed else { return None };
    let names: Vec<&String> = found.signatures.iter().map(|signature| &signature.name).collect();
    if let Some(wanted) = &deed.expect_signatures
        && !wanted.iter().eq(names.iter().copied())
    {
        return Some(format!("signatures {wanted:?} were expected, there are {names:?}"));
    }
    let wanted = deed.expect_response.as_ref()?;
    let got = found.response.as_deref().unwrap_or_default();
    (got != wanted).then(|| format!("response {wanted:?} was expected, it is {got:?}"))
}
