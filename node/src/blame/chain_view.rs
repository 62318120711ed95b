//! What blame takes from the chain: the roots that everybody can read for himself.

use std::collections::{BTreeMap, BTreeSet};

use crate::bugs::{self, Bug};
use crate::chain::{BoardEvent, ChainEvent, calls};
use crate::curve::Curve;
use crate::id::{Digest, Epoch, KeyId, NodeId, SessionId};
use crate::key::PublicKey;
use crate::roster::Roster;

/// The board on which key generations are opened: it is part of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// The contract's address.
    pub contract: [u8; 20],
}

impl Board {
    /// The name of an attempt at a key of an epoch, as the contract makes it.
    pub fn session(&self, epoch: Epoch, index: u64, attempt: u64) -> SessionId {
        calls::session_id(self.contract, self.chain_id, epoch.0.into(), index, attempt)
    }
}

/// What a session starts from that gives an old key to new holders.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The key.
    pub(super) key: KeyId,
    /// The set that holds it.
    pub(super) holders: Roster,
}

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
    /// Attempts at keys of the roster's epoch, with their source if they hand an old key over.
    sessions: BTreeMap<SessionId, Option<Source>>,
    /// What the votes for routed keys commit to: hashes of their public shares, of each epoch in which there was a vote.
    keys: BTreeSet<(KeyId, Digest)>,
    complaints: BTreeSet<Shown>,
}

impl ChainView {
    /// The validators of one epoch, and logs of the contracts in order, of any epoch. Logs must be final: what a
    /// reorganisation takes back proves nothing. Key generations of other epochs are none of this set's, and are left out.
    pub fn new(roster: Roster, board: Board, events: impl IntoIterator<Item = ChainEvent>) -> Self {
        let (sessions, keys, complaints) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let mut view = Self { roster, sessions, keys, complaints };
        let epoch = view.roster.epoch();
        for event in events {
            match event {
                ChainEvent::Board(BoardEvent::SessionOpened { session, index, attempt, .. })
                    if session == board.session(epoch, index, attempt) =>
                {
                    view.sessions.insert(session, None);
                }
                ChainEvent::Board(BoardEvent::DealingDisputed { session, dealer, digest, accuser, complaint }) => {
                    view.complaints.insert(Shown { session, dealer, digest, accuser, complaint });
                }
                ChainEvent::KeyRouted { key, key_data, .. } | ChainEvent::NetworkKeyRouted { key, key_data, .. } => {
                    view.keys.insert((key, key_data));
                }
                _ => {}
            }
        }
        view
    }

    /// Adds what the chain says of an open session that hands `key` over to the roster from `holders`, the validator set
    /// of an earlier epoch. Without it a session counts as the generation of a new key.
    #[must_use]
    pub fn handing_over(mut self, session: SessionId, key: KeyId, holders: Roster) -> Self {
        if let Some(source) = self.sessions.get_mut(&session) {
            *source = Some(Source { key, holders });
        }
        self
    }

    /// The validator set.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Where the key of a session comes from that the board opened in this epoch; `None` inside if it is a new one.
    pub(super) fn opened(&self, session: SessionId) -> Option<Option<&Source>> {
        self.sessions.get(&session).map(Option::as_ref)
    }

    /// Whether votes commit to these public shares.
    pub(super) fn vouches_for<P: Curve>(&self, key: &PublicKey<P>) -> bool {
        self.keys.contains(&(key.id(), key.data_digest())) || bugs::planted(Bug::EvidenceWithOwnKeys)
    }

    /// Whether these validators hold the key, with these public shares.
    pub(super) fn holds<P: Curve>(&self, key: &PublicKey<P>) -> bool {
        key.epoch == self.roster.epoch() && self.vouches_for(key)
    }

    /// Whether the board shows this complaint.
    pub(super) fn shows(&self, complaint: &Shown) -> bool {
        self.complaints.contains(complaint)
    }
}
