//! How an execution ends, and what to tell the user if it ends badly.

use k256::ProjectivePoint;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

use super::ResponseFault;
use crate::api::{ErrorCode, Failure};
use crate::id::{Digest, NodeId};
use crate::signing::Scheme;

/// How an execution ends.
pub type ExecuteOutcome<S> = Result<Success<S>, ExecuteError>;

/// A threshold of nodes agreed, and every signature is complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Success<S> {
    /// The response that the strategy chose.
    pub response: String,
    /// What the action printed, at the first of `agreeing`. Unlike the response, nobody vouches for it.
    pub logs: String,
    /// The signatures, by the names that the action gave them.
    pub signatures: BTreeMap<String, VerifiedSignature<S>>,
    /// The nodes that gave this response and named these signatures.
    pub agreeing: BTreeSet<NodeId>,
}

/// A signature that the client verified itself.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedSignature<S> {
    /// The scheme.
    pub scheme: Scheme,
    /// The key, one of those that the caller read from the chain.
    pub public_key: ProjectivePoint,
    /// What is signed.
    pub digest: Digest,
    /// The signature.
    pub signature: S,
}

/// What became of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeReport {
    /// It ran the action to its end.
    Executed,
    /// It refused or failed.
    Failed(Failure),
    /// It sent what no honest node sends.
    Faulty(ResponseFault),
    /// It did not answer.
    Silent,
}

/// Why an execution ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// So many nodes failed with the same code that too few are left.
    Refused,
    /// So many nodes failed, each in its way, that too few are left.
    MixedFailures,
    /// All answered, and no threshold of answers agrees.
    Disagreement,
    /// A threshold agreed, but its shares made no valid signature in time.
    Uncombined,
    /// Too few nodes answered in time.
    Deadline,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "too many nodes refused",
            Self::MixedFailures => "too many nodes failed",
            Self::Disagreement => "the nodes' answers differ",
            Self::Uncombined => "the nodes agreed, but their shares make no valid signature",
            Self::Deadline => "too few nodes answered in time",
        })
    }
}

/// An execution without a result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ExecuteError {
    /// The kind of failure.
    pub code: ErrorCode,
    /// Why the client gave up.
    pub cause: Cause,
    /// How many nodes had to agree.
    pub threshold: usize,
    /// What became of every node.
    pub nodes: BTreeMap<NodeId, NodeReport>,
}

impl ExecuteError {
    /// The message of the first node that failed with `code`.
    pub fn message(&self) -> Option<&str> {
        self.nodes.values().find_map(|report| match report {
            NodeReport::Failed(failure) if failure.code == self.code => Some(failure.message.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for ExecuteError {
    /// The code, the cause, and the nodes grouped by what became of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({} of {} must agree)", self.code, self.cause, self.threshold, self.nodes.len())?;
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (node, report) in &self.nodes {
            let text = match report {
                NodeReport::Executed => "executed".to_string(),
                NodeReport::Failed(failure) => failure.to_string(),
                NodeReport::Faulty(fault) => fault.to_string(),
                NodeReport::Silent => "silent".to_string(),
            };
            groups.entry(text).or_default().push(node.0.to_string());
        }
        for (text, nodes) in groups {
            write!(f, "; nodes {}: {text}", nodes.join(", "))?;
        }
        Ok(())
    }
}
