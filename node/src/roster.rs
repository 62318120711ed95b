//! The validator set of an epoch, as read from the chain: who is who, with which keys, and how many are enough.

use k256::ProjectivePoint;
use k256::ecdsa::VerifyingKey;
use std::collections::BTreeMap;
use thiserror::Error;

use crate::id::{Epoch, NodeId};

/// A validator's public identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The Ethereum address that votes, derived from `identity`.
    pub address: [u8; 20],
    /// Checks the node's statements and transactions.
    pub identity: VerifyingKey,
    /// X25519 key of the pairwise channels.
    pub channel_key: [u8; 32],
    /// This epoch's encryption key, to which dealers encrypt shares.
    pub encryption_key: ProjectivePoint,
}

/// Why a validator set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RosterError {
    /// The threshold is zero or exceeds the size of the set.
    #[error("threshold {threshold} does not fit {members} members")]
    Threshold {
        /// The threshold on chain.
        threshold: u16,
        /// The size of the set.
        members: usize,
    },
    /// A validator registered something that is no key.
    #[error("{0} registered an invalid key")]
    InvalidKey(NodeId),
}

/// The validator set of one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    epoch: Epoch,
    threshold: u16,
    members: BTreeMap<NodeId, Member>,
}

impl Roster {
    /// Numbers the members from 1 in the order on chain.
    ///
    /// # Errors
    /// If the threshold does not fit the set.
    pub fn new(epoch: Epoch, threshold: u16, members: Vec<Member>) -> Result<Self, RosterError> {
        Self::numbered(epoch, threshold, (1..).map(NodeId).zip(members).collect())
    }

    /// A set whose members have kept or been given numbers of their own, none of them 0: a node that is in two sets
    /// between which keys are handed over has one number in both.
    ///
    /// # Errors
    /// If the threshold does not fit the set.
    pub fn numbered(epoch: Epoch, threshold: u16, members: BTreeMap<NodeId, Member>) -> Result<Self, RosterError> {
        if threshold == 0 || usize::from(threshold) > members.len() || members.contains_key(&NodeId(0)) {
            return Err(RosterError::Threshold { threshold, members: members.len() });
        }
        Ok(Self { epoch, threshold, members })
    }

    /// The epoch.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// How many shares determine a key, and how many nodes make a quorum.
    pub fn threshold(&self) -> usize {
        usize::from(self.threshold)
    }

    /// The number of members, n.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// How many members may be faulty: floor((n - 1) / 3).
    pub fn faulty_max(&self) -> usize {
        (self.size() - 1) / 3
    }

    /// How many acknowledgements certify a dealing: n - f, so that at least one honest majority of them holds it.
    pub fn certificate_size(&self) -> usize {
        self.size() - self.faulty_max()
    }

    /// The member of this number.
    pub fn get(&self, id: NodeId) -> Option<&Member> {
        self.members.get(&id)
    }

    /// Every number, ascending.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.members.keys().copied()
    }

    /// Every member, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Member)> {
        self.members.iter().map(|(id, member)| (*id, member))
    }

    /// The number of the member that votes from `address`.
    pub fn by_address(&self, address: &[u8; 20]) -> Option<NodeId> {
        self.members.iter().find(|(_, m)| m.address == *address).map(|(id, _)| *id)
    }
}
