//! What of a key generation must survive a crash. An entry is committed before any message that depends on it
//! leaves, so a restarted node neither deals nor acknowledges nor complains differently from before.
//!
//! The polynomial is never stored: the node's own share is in its dealing, encrypted to itself like all others.

use k256::ProjectivePoint;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::ack::Certificate;
use super::dealing::Dealing;
use crate::curve::Curve;
use crate::id::{Digest, NodeId};
use crate::key::KeyShare;
use crate::wire::Signed;

/// One durable fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Entry<P: Curve = ProjectivePoint> {
    /// This node's own dealing.
    Dealt(Box<Dealing<P>>),
    /// A dealing that arrived, as its dealer signed it.
    Received {
        /// Its digest.
        digest: Digest,
        /// The dealing.
        signed: Box<Signed<Dealing<P>>>,
    },
    /// This node acknowledges this dealing, and never another one of the same dealer.
    Acked {
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
    },
    /// The certificate of this node's own dealing.
    Certified(Box<Certificate>),
    /// This node's share of the key.
    Finished(Box<KeyShare<P>>),
    /// This node complains about its share in a certified dealing.
    Complained {
        /// Who dealt.
        dealer: NodeId,
        /// The dealing's digest.
        digest: Digest,
        /// The complaint as the board takes it.
        complaint: Vec<u8>,
    },
}

impl<P: Curve> Entry<P> {
    /// A name that is unique within the session: a later entry of the same name replaces the earlier one.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Dealt(_) => vec![0],
            Self::Received { digest, signed } => {
                [&[1][..], &signed.body.dealer.0.to_be_bytes(), digest.as_ref()].concat()
            }
            Self::Acked { dealer, .. } => [&[2][..], &dealer.0.to_be_bytes()].concat(),
            Self::Certified(_) => vec![3],
            Self::Finished(_) => vec![4],
            Self::Complained { dealer, .. } => [&[5][..], &dealer.0.to_be_bytes()].concat(),
        }
    }
}

/// All durable facts of one session at one node; collected from its entries in any order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<P: Curve = ProjectivePoint> {
    pub(super) dealt: Option<Box<Dealing<P>>>,
    pub(super) received: BTreeMap<(NodeId, Digest), Box<Signed<Dealing<P>>>>,
    pub(super) acked: BTreeMap<NodeId, Digest>,
    pub(super) certificate: Option<Box<Certificate>>,
    pub(super) finished: Option<Box<KeyShare<P>>>,
    pub(super) complained: BTreeMap<NodeId, (Digest, Vec<u8>)>,
}

impl<P: Curve> Default for Record<P> {
    fn default() -> Self {
        let (received, acked, complained) = Default::default();
        Self { dealt: None, received, acked, certificate: None, finished: None, complained }
    }
}

impl<P: Curve> Record<P> {
    /// Adds an entry.
    pub fn insert(&mut self, entry: Entry<P>) {
        match entry {
            Entry::Dealt(dealing) => self.dealt = Some(dealing),
            Entry::Received { digest, signed } => {
                self.received.insert((signed.body.dealer, digest), signed);
            }
            Entry::Acked { dealer, digest } => {
                self.acked.insert(dealer, digest);
            }
            Entry::Certified(certificate) => self.certificate = Some(certificate),
            Entry::Finished(share) => self.finished = Some(share),
            Entry::Complained { dealer, digest, complaint } => {
                self.complained.insert(dealer, (digest, complaint));
            }
        }
    }
}

impl<P: Curve> FromIterator<Entry<P>> for Record<P> {
    fn from_iter<I: IntoIterator<Item = Entry<P>>>(entries: I) -> Self {
        let mut record = Self::default();
        entries.into_iter().for_each(|entry| record.insert(entry));
        record
    }
}
