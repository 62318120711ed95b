//! Announcements with nonces that this node, as a coordinator, has proposed. A second proposal with any of them would
//! convict it, so it remembers them itself: the makers of announcements cannot be trusted to send each but once (RFC 9591,
//! section 7.3, leaves that to the coordinator).

use std::collections::{BTreeSet, VecDeque};

use super::{Announce, Fresh};
use crate::id::{Digest, NodeId};
use crate::wire::{Signable, Signed};

/// How many are remembered. Older ones are of sessions that ended long ago.
const PROPOSED_MAX: usize = 16_384;

/// By maker and digest, whatever became of their sessions.
#[derive(Debug, Default)]
pub(super) struct Proposed {
    known: BTreeSet<(NodeId, Digest)>,
    order: VecDeque<(NodeId, Digest)>,
}

impl Proposed {
    /// Whether the nonces of an announcement have been proposed.
    pub(super) fn contains(&self, announce: &Signed<Announce>) -> bool {
        matches!(announce.body.fresh, Fresh::Nonces(_)) && self.known.contains(&name(announce))
    }

    /// Remembers an announcement that is about to be proposed, if it has nonces: those of ECDSA may come again.
    pub(super) fn insert(&mut self, announce: &Signed<Announce>) {
        let name = name(announce);
        if matches!(announce.body.fresh, Fresh::Bytes(_)) || !self.known.insert(name) {
            return;
        }
        self.order.push_back(name);
        if self.order.len() > PROPOSED_MAX {
            self.order.pop_front().map(|oldest| self.known.remove(&oldest));
        }
    }
}

fn name(announce: &Signed<Announce>) -> (NodeId, Digest) {
    (announce.signer, announce.body.digest())
}
