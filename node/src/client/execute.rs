//! Has all nodes run an action, and makes one result of what a threshold of them agree on.
//!
//! Two answers agree if they have the same response and name the same signatures: scheme, key and digest. The
//! signature itself is made of whatever shares fit together, whoever agreed, because it is verified in the end.

use k256::ProjectivePoint;
use std::collections::{BTreeMap, BTreeSet};

use super::courier::Courier;
use super::outcome::{Cause, ExecuteError, ExecuteOutcome, NodeReport, Success, VerifiedSignature};
use super::response::{self, ResponseFault};
use super::shares::{Combine, Shares, Subject};
use super::{Effect, Network, Operation, Patience};
use crate::api::{Credential, ErrorCode, Execute, Executed, Failure, Request};
use crate::auth::session::SessionSig;
use crate::id::{Digest, NodeId, RequestId};
use crate::io::Time;

/// Which response counts, of those whose nodes agree on what was signed.
#[derive(Clone, Copy, Debug, Default)]
pub enum ResponseStrategy {
    /// The one that a threshold of nodes gave.
    #[default]
    MostCommon,
    /// Once a threshold answered, the one that fewest gave; of several, the first in byte order.
    LeastCommon,
    /// Once a threshold answered, what the caller makes of their responses; `None` waits for more answers.
    Custom(fn(&BTreeMap<NodeId, &str>) -> Option<String>),
}

/// What the caller knows beforehand of the signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The keys that may have signed, as the caller read them from the chain; answers with any other are refused.
    pub keys: Vec<ProjectivePoint>,
    /// Signatures that must be there, by name, and the digests that they must be over.
    pub digests: BTreeMap<String, Digest>,
}

/// Nodes that agree on what was signed, with their responses.
type Group<'a> = BTreeMap<NodeId, &'a Executed>;

/// An execution under way.
#[derive(Debug)]
pub struct ExecuteOp<C: Combine> {
    request: RequestId,
    network: Network,
    expected: Expected,
    strategy: ResponseStrategy,
    combine: C,
    courier: Courier,
    answers: BTreeMap<NodeId, Result<Executed, Failure>>,
    faults: BTreeMap<NodeId, ResponseFault>,
    /// What the nodes with a usable answer say was signed.
    subjects: BTreeMap<NodeId, Vec<Subject>>,
    shares: Shares<C::Signature>,
    /// Whether nodes that had agreed were asked again, because shares were missing.
    asked_again: bool,
    outcome: Option<ExecuteOutcome<C::Signature>>,
}

impl<C: Combine> ExecuteOp<C> {
    /// Prepares to have `request` executed.
    pub fn new(
        request: Execute,
        network: Network,
        expected: Expected,
        strategy: ResponseStrategy,
        patience: Patience,
        combine: C,
    ) -> Self {
        let id = request.id();
        let courier = Courier::new(Request::Execute(Box::new(request)).to(network.generation), &network, patience);
        Self::by(courier, id, network, expected, strategy, combine)
    }

    /// As [`ExecuteOp::new`], for a request that shows each node the session's signature for it. A node for which there is
    /// none gets the request as it is.
    pub fn in_session(
        request: &Execute,
        signatures: &BTreeMap<NodeId, SessionSig>,
        network: Network,
        expected: Expected,
        strategy: ResponseStrategy,
        patience: Patience,
        combine: C,
    ) -> Self {
        let letter = |node: NodeId| {
            let credential = match signatures.get(&node) {
                Some(signature) => Credential::Session(Box::new(signature.clone())),
                None => request.credential.clone(),
            };
            Request::Execute(Box::new(Execute { credential, ..request.clone() })).to(network.generation).into()
        };
        let courier = Courier::each(letter, &network, patience);
        Self::by(courier, request.id(), network, expected, strategy, combine)
    }

    fn by(
        courier: Courier,
        id: RequestId,
        network: Network,
        expected: Expected,
        strategy: ResponseStrategy,
        combine: C,
    ) -> Self {
        Self {
            request: id,
            network,
            expected,
            strategy,
            combine,
            courier,
            answers: BTreeMap::new(),
            faults: BTreeMap::new(),
            subjects: BTreeMap::new(),
            shares: Shares::new(),
            asked_again: false,
            outcome: None,
        }
    }

    /// The id of the request, the same at every node.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// What each node answered; the newest answer, but a failure does not replace a result.
    pub fn answers(&self) -> &BTreeMap<NodeId, Result<Executed, Failure>> {
        &self.answers
    }

    /// What became of every node so far.
    pub fn reports(&self) -> BTreeMap<NodeId, NodeReport> {
        let report = |node| match (self.faults.get(node), self.answers.get(node)) {
            (_, Some(Ok(_))) if self.subjects.contains_key(node) => NodeReport::Executed,
            (Some(fault), _) => NodeReport::Faulty(fault.clone()),
            (None, Some(Err(failure))) => NodeReport::Failed(failure.clone()),
            (None, _) => NodeReport::Silent,
        };
        self.network.nodes.iter().map(|node| (*node, report(node))).collect()
    }

    fn take(&mut self, node: NodeId, bytes: &[u8], now: Time) {
        match response::read(bytes, self.request) {
            Ok(Ok(executed)) => self.take_executed(node, executed),
            Ok(Err(failure)) => self.take_failure(node, failure, now),
            Err(fault) => {
                if !self.subjects.contains_key(&node) {
                    self.faults.insert(node, fault);
                }
                self.courier.again(node, now);
            }
        }
    }

    fn take_executed(&mut self, node: NodeId, executed: Executed) {
        match response::subjects(&executed, &self.expected) {
            Ok(subjects) => {
                for part in &executed.signatures {
                    for share in &part.shares {
                        self.shares.add(node, &part.name, share, self.network.threshold, &self.combine);
                    }
                    if let Some(share) = part.shares.first() {
                        let subject = Subject::of(&part.name, share);
                        self.shares.adopt(subject, &share.public_key, &part.combined, &self.combine);
                    }
                }
                self.faults.remove(&node);
                self.subjects.insert(node, subjects);
                self.answers.insert(node, Ok(executed));
            }
            Err(fault) if !self.subjects.contains_key(&node) => {
                self.faults.insert(node, fault);
                self.answers.insert(node, Ok(executed));
            }
            Err(_) => {}
        }
        self.courier.settle(node);
    }

    fn take_failure(&mut self, node: NodeId, failure: Failure, now: Time) {
        let code = failure.code;
        if !self.subjects.contains_key(&node) {
            self.faults.remove(&node);
            self.answers.insert(node, Err(failure));
        }
        if is_passing(code) { self.courier.again(node, now) } else { self.courier.settle(node) }
    }

    /// Ends the operation if its end is clear; asks again where a signature is still missing.
    fn judge(&mut self, now: Time) {
        let mut uncombined = Vec::new();
        let mut success = None;
        for (subjects, group) in self.groups() {
            let Some((response, agreeing)) = self.choose(&group) else { continue };
            match self.signatures(subjects) {
                Some(signatures) => {
                    let first = agreeing.first().and_then(|node| group.get(node));
                    let logs = first.map(|executed| executed.logs.clone()).unwrap_or_default();
                    success = Some(Success { response, logs, signatures, agreeing });
                    break;
                }
                None => uncombined.extend(group.into_keys()),
            }
        }
        if let Some(success) = success {
            self.outcome = Some(Ok(success));
        } else if !uncombined.is_empty() {
            // A holder may be late, or have lied and the nodes are at another proposal by now. If it stays silent, what
            // the others have combined serves as well.
            self.asked_again = true;
            for node in uncombined.into_iter().filter(|node| self.courier.is_settled(*node)).collect::<Vec<_>>() {
                self.courier.again(node, now);
            }
        } else if let Some((code, cause)) = self.hopeless() {
            self.fail(code, cause);
        }
    }

    /// The usable answers, by what they say was signed.
    fn groups(&self) -> BTreeMap<&[Subject], Group<'_>> {
        let mut groups: BTreeMap<&[Subject], Group<'_>> = BTreeMap::new();
        for (&node, subjects) in &self.subjects {
            if let Some(Ok(executed)) = self.answers.get(&node) {
                groups.entry(subjects).or_default().insert(node, executed);
            }
        }
        groups
    }

    /// The response that counts and the nodes that gave it, if enough have answered.
    fn choose(&self, group: &Group<'_>) -> Option<(String, BTreeSet<NodeId>)> {
        if group.len() < self.network.enough_answers() {
            return None;
        }
        let by_response = by_response(group);
        let chosen = match self.strategy {
            ResponseStrategy::MostCommon => {
                by_response.iter().find(|(_, nodes)| nodes.len() >= self.network.threshold)?.0.to_string()
            }
            ResponseStrategy::LeastCommon => by_response.iter().min_by_key(|(_, nodes)| nodes.len())?.0.to_string(),
            ResponseStrategy::Custom(choose) => {
                choose(&group.iter().map(|(node, executed)| (*node, executed.response.as_str())).collect())?
            }
        };
        let agreeing = by_response.get(chosen.as_str()).cloned().unwrap_or_default();
        Some((chosen, agreeing))
    }

    /// All signatures, if all could be made.
    fn signatures(&self, subjects: &[Subject]) -> Option<BTreeMap<String, VerifiedSignature<C::Signature>>> {
        let verified = |subject: &Subject| {
            let made = match self.asked_again {
                true => self.shares.any_signature(subject),
                false => self.shares.signature(subject),
            };
            let signature = made?.clone();
            let public_key = crate::curve::point_from_bytes(&subject.public_key)?;
            let Subject { name, scheme, digest, .. } = subject.clone();
            Some((name, VerifiedSignature { scheme, public_key, digest, signature }))
        };
        subjects.iter().map(verified).collect()
    }

    /// Why no further answer can help, if so.
    fn hopeless(&self) -> Option<(ErrorCode, Cause)> {
        let spare = self.network.spare();
        if let Some(code) = self.common_code(|code| code != ErrorCode::RateLimitExceeded) {
            return Some((code, Cause::Refused));
        }
        let is_lost = |node: &&NodeId| self.courier.is_settled(**node) && !self.subjects.contains_key(node);
        if self.network.nodes.iter().filter(is_lost).count() > spare {
            // Those who have not answered may yet make it clear that the request itself is at fault.
            let failures = self.failures().into_iter().filter(|(code, _)| *code != ErrorCode::RateLimitExceeded);
            let alike = failures.map(|(_, nodes)| nodes).max().unwrap_or(0);
            let is_open = alike > 0 && alike + self.courier.pending() > spare;
            return (!is_open).then_some((ErrorCode::NotEnoughShares, Cause::MixedFailures));
        }
        let largest = self.groups().values().map(|group| self.largest(group)).max().unwrap_or(0);
        let disagree = match self.strategy {
            ResponseStrategy::Custom(_) => self.courier.pending() == 0,
            _ => largest + self.courier.pending() < self.network.threshold,
        };
        disagree.then_some((ErrorCode::NotEnoughShares, Cause::Disagreement))
    }

    /// How many nodes of a group the strategy can count on.
    fn largest(&self, group: &Group<'_>) -> usize {
        match self.strategy {
            ResponseStrategy::MostCommon => by_response(group).values().map(BTreeSet::len).max().unwrap_or(0),
            _ => group.len(),
        }
    }

    /// A code with which so many nodes failed that too few are left.
    fn common_code(&self, counts: impl Fn(ErrorCode) -> bool) -> Option<ErrorCode> {
        let mut failures = self.failures().into_iter();
        failures.find(|(code, nodes)| *nodes > self.network.spare() && counts(*code)).map(|(code, _)| code)
    }

    /// How many nodes have failed with each code.
    fn failures(&self) -> BTreeMap<ErrorCode, usize> {
        let mut by_code: BTreeMap<ErrorCode, usize> = BTreeMap::new();
        for code in self.answers.values().filter_map(|answer| answer.as_ref().err()).map(|failure| failure.code) {
            *by_code.entry(code).or_default() += 1;
        }
        by_code
    }

    fn expire(&mut self) {
        let silent = self.reports().values().filter(|report| **report == NodeReport::Silent).count();
        let agreed = self.groups().values().any(|group| self.choose(group).is_some());
        let (code, cause) = if let Some(code) = self.common_code(|_| true) {
            (code, Cause::Refused)
        } else if agreed {
            (ErrorCode::NotEnoughShares, Cause::Uncombined)
        } else if silent > self.network.spare() {
            (ErrorCode::RequestTimeout, Cause::Deadline)
        } else {
            (ErrorCode::NotEnoughShares, Cause::Deadline)
        };
        self.fail(code, cause);
    }

    fn fail(&mut self, code: ErrorCode, cause: Cause) {
        let (threshold, nodes) = (self.network.threshold, self.reports());
        self.outcome = Some(Err(ExecuteError { code, cause, threshold, nodes }));
    }
}

impl<C: Combine> Operation for ExecuteOp<C> {
    type Outcome = ExecuteOutcome<C::Signature>;

    fn start(&mut self, now: Time, fx: &mut Vec<Effect>) {
        self.courier.start(now, fx);
    }

    fn on_response(&mut self, node: NodeId, bytes: &[u8], now: Time, _: &mut Vec<Effect>) {
        if self.outcome.is_none() && self.courier.answered(node) {
            self.take(node, bytes, now);
            self.judge(now);
        }
    }

    fn on_disconnect(&mut self, node: NodeId, now: Time, _: &mut Vec<Effect>) {
        self.courier.disconnected(node, now);
    }

    fn tick(&mut self, now: Time, fx: &mut Vec<Effect>) {
        if self.outcome.is_some() {
            return;
        }
        if self.courier.is_over(now) { self.expire() } else { self.courier.tick(now, fx) }
    }

    fn deadline(&self) -> Option<Time> {
        self.courier.due().filter(|_| self.outcome.is_none())
    }

    fn outcome(&self) -> Option<&Self::Outcome> {
        self.outcome.as_ref()
    }
}

/// Whether a node that failed so may succeed with the very same request a moment later: it has not begun with it.
fn is_passing(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::RateLimitExceeded | ErrorCode::WrongEpoch)
}

fn by_response<'a>(group: &Group<'a>) -> BTreeMap<&'a str, BTreeSet<NodeId>> {
    let mut by_response: BTreeMap<&str, BTreeSet<NodeId>> = BTreeMap::new();
    for (&node, executed) in group {
        by_response.entry(executed.response.as_str()).or_default().insert(node);
    }
    by_response
}
