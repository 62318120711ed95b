//! What blame takes from the chain: the roots that everybody can read for himself.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{BoardEvent, ChainEvent};
use crate::id::{Digest, KeyId, NodeId, SessionId};
use crate::roster::Roster;

/// A complaint as the board shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    pub(super) session: SessionId,
    pub(super) dealer: NodeId,
    pub(super) digest: Digest,
    pub(super) accuser: NodeId,
    pub(super) complaint: Vec<u8>,
}

/// The validator set of an epoch and the final logs of its contracts, as far as evidence rests on them.
#[derive(Clone, Debug)]
pub struct ChainView {
    roster: Roster,
    sessions: BTreeSet<SessionId>,
    /// What the votes for a routed key commit to: a hash of its public shares.
    keys: BTreeMap<KeyId, Digest>,
    complaints: BTreeSet<Shown>,
}

impl ChainView {
    /// The validators, and logs of the contracts in order. Logs must be final: what a reorganisation takes back proves
    /// nothing.
    pub fn new(roster: Roster, events: impl IntoIterator<Item = ChainEvent>) -> Self {
        let mut view = Self { roster, sessions: BTreeSet::new(), keys: BTreeMap::new(), complaints: BTreeSet::new() };
        for event in events {
            match event {
                ChainEvent::Board(BoardEvent::SessionOpened { session, .. }) => {
                    view.sessions.insert(session);
                }
                ChainEvent::Board(BoardEvent::DealingDisputed { session, dealer, digest, accuser, complaint }) => {
                    view.complaints.insert(Shown { session, dealer, digest, accuser, complaint });
                }
                ChainEvent::KeyRouted { key, key_data, .. } | ChainEvent::NetworkKeyRouted { key, key_data, .. } => {
                    view.keys.insert(key, key_data);
                }
                _ => {}
            }
        }
        view
    }

    /// The validator set.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Whether the board opened this key generation.
    pub(super) fn opened(&self, session: SessionId) -> bool {
        self.sessions.contains(&session)
    }

    /// What the votes for a key commit to.
    pub(super) fn key_data(&self, key: KeyId) -> Option<Digest> {
        self.keys.get(&key).copied()
    }

    /// Whether the board shows this complaint.
    pub(super) fn shows(&self, complaint: &Shown) -> bool {
        self.complaints.contains(complaint)
    }
}
