//! What this node thinks of its peers as holders: proven liars are left out, silent ones come last.

use std::collections::BTreeSet;

use crate::id::NodeId;

/// Own observations of peers.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Did not answer in time. Only orders choices, never excludes.
    suspects: BTreeSet<NodeId>,
    /// Signed something wrong.
    liars: BTreeSet<NodeId>,
}

impl Standing {
    /// The peer let a deadline pass.
    pub(super) fn suspect(&mut self, peer: NodeId) {
        self.suspects.insert(peer);
    }

    /// The peer answered, or came back.
    pub(super) fn clear(&mut self, peer: NodeId) {
        self.suspects.remove(&peer);
    }

    /// The peer is proven to lie.
    pub(super) fn convict(&mut self, peer: NodeId) {
        self.liars.insert(peer);
    }

    /// Whether the peer is proven to lie.
    pub(super) fn is_liar(&self, peer: NodeId) -> bool {
        self.liars.contains(&peer)
    }

    /// Whether nothing speaks against the peer.
    pub(super) fn is_clean(&self, peer: NodeId) -> bool {
        !self.suspects.contains(&peer) && !self.liars.contains(&peer)
    }
}
