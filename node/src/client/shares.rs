//! Collects signature shares by what they sign and by proposal, and makes signatures of those that belong together.
//!
//! A share counts for the node that delivered it and only under *all* that it says of its signature, so a liar spoils
//! at most the proposals that it holds a share of; after those fail, shares of another proposal are tried.

use k256::ProjectivePoint;
use std::collections::BTreeMap;
use std::fmt;

use crate::bugs::{self, Bug};
use crate::curve;
use crate::id::{Digest, NodeId};
use crate::signing::{ClientShare, CombinedSignature, Scheme};

/// Makes and checks signatures: the part of threshold signing that a client needs.
pub trait Combine {
    /// A complete signature.
    type Signature: Clone + PartialEq + fmt::Debug;

    /// Makes a signature of the shares of all of a proposal's holders, by holder; they agree in everything but the
    /// share itself. `None` if they make no signature.
    fn combine(&self, shares: &BTreeMap<NodeId, ClientShare>) -> Option<Self::Signature>;

    /// A signature that a node says it has combined; `None` if it is of no use.
    fn adopt(&self, combined: &CombinedSignature) -> Option<Self::Signature>;

    /// Whether `signature` is a signature of `scheme` over `digest` under `public_key`.
    fn verify(
        &self,
        scheme: Scheme,
        signature: &Self::Signature,
        public_key: &ProjectivePoint,
        digest: &Digest,
    ) -> bool;
}

/// What a node says that a named signature is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    /// The name that the action gave it.
    pub(super) name: String,
    pub(super) scheme: Scheme,
    /// Compressed.
    pub(super) public_key: [u8; 33],
    pub(super) digest: Digest,
}

impl Subject {
    pub(super) fn of(name: &str, share: &ClientShare) -> Self {
        Self {
            name: name.to_string(),
            scheme: share.scheme,
            public_key: curve::point_bytes(&share.public_key),
            digest: share.digest,
        }
    }
}

/// One proposal's set of shares: everything in which they must agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attempt {
    subject: Subject,
    proposal: Digest,
    holders: Vec<NodeId>,
    nonce: [u8; 33],
}

/// All shares so far, and the signatures made of them.
#[derive(Debug)]
pub(super) struct Shares<S> {
    attempts: BTreeMap<Attempt, BTreeMap<NodeId, ClientShare>>,
    signatures: BTreeMap<Subject, S>,
    /// Signatures that nodes combined; verified here.
    adopted: BTreeMap<Subject, S>,
}

impl<S: Clone + PartialEq + fmt::Debug> Shares<S> {
    pub(super) fn new() -> Self {
        Self { attempts: BTreeMap::new(), signatures: BTreeMap::new(), adopted: BTreeMap::new() }
    }

    /// Adds what `node` delivered for `name`, and makes the signature if that was the last share missing.
    pub(super) fn add<C>(&mut self, node: NodeId, name: &str, share: &ClientShare, threshold: usize, combine: &C)
    where
        C: Combine<Signature = S>,
    {
        let subject = Subject::of(name, share);
        let plausible = share.holders.is_sorted_by(|a, b| a < b) && share.holders.len() >= threshold;
        if share.share.is_none() || !plausible || share.holders.binary_search(&node).is_err() {
            return;
        }
        if self.signatures.contains_key(&subject) {
            return;
        }
        let (holders, nonce) = (share.holders.clone(), curve::point_bytes(&share.nonce));
        let attempt = Attempt { subject: subject.clone(), proposal: share.proposal, holders, nonce };
        let shares = self.attempts.entry(attempt).or_default();
        let known = shares.insert(node, share.clone());
        if shares.len() < share.holders.len() || known.as_ref() == Some(share) {
            return;
        }
        let signature = combine.combine(shares).filter(|signature| {
            // Not left to `combine`: this is the promise that the client makes.
            is_right(combine, &subject, signature, &share.public_key)
        });
        if let Some(signature) = signature {
            self.attempts.retain(|attempt, _| attempt.subject != subject);
            self.signatures.insert(subject, signature);
        }
    }

    /// Keeps the signature that a node says it has combined, if it verifies.
    pub(super) fn adopt<C>(
        &mut self,
        subject: Subject,
        key: &ProjectivePoint,
        combined: &CombinedSignature,
        combine: &C,
    ) where
        C: Combine<Signature = S>,
    {
        if self.adopted.contains_key(&subject) {
            return;
        }
        let signature = combine.adopt(combined).filter(|signature| is_right(combine, &subject, signature, key));
        if let Some(signature) = signature {
            self.adopted.insert(subject, signature);
        }
    }

    /// The signature, if it has been made here.
    pub(super) fn signature(&self, subject: &Subject) -> Option<&S> {
        self.signatures.get(subject)
    }

    /// The signature, whether made here or by a node.
    pub(super) fn any_signature(&self, subject: &Subject) -> Option<&S> {
        self.signature(subject).or_else(|| self.adopted.get(subject))
    }
}

/// Whether a signature, whoever made it, is what it is said to be.
fn is_right<C: Combine>(combine: &C, subject: &Subject, signature: &C::Signature, key: &ProjectivePoint) -> bool {
    bugs::planted(Bug::ClientUnverified) || combine.verify(subject.scheme, signature, key, &subject.digest)
}
