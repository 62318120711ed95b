//! What this node thinks of its peers as holders: proven liars are left out, those who let it wait come last.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Boot, NodeId};

/// Own observations of peers: of a leader whose presignature was not opened to it, of a coordinator whose proposal was
/// not answered. What others did not get is no observation: it may be the fault of whoever should have asked for it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// How often a peer has let a deadline pass since it last kept one. Only orders choices, never excludes. Since
    /// those who fail less often are chosen first, every failure brings a coordinator nearer to a set that answers,
    /// even after an outage has made it suspect everybody.
    lapses: BTreeMap<NodeId, u32>,
    /// How often it ever did. A liar that answers elsewhere, or is restarted, in between is forgiven what it did, and yet
    /// known for it in the sessions that it delays: see [`Mark`].
    ever: BTreeMap<NodeId, u32>,
    /// Signed something wrong.
    liars: BTreeSet<NodeId>,
    /// Which run of a peer is at the other end of the channel.
    boots: BTreeMap<NodeId, Boot>,
}

/// How often each peer had let deadlines pass when a session began.
#[derive(Debug, Default)]
pub(super) struct Mark(BTreeMap<NodeId, u32>);

impl Standing {
    /// Remembers this instant.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.ever.clone())
    }

    /// How often the peer has let deadlines pass since then, whatever it did besides.
    pub(super) fn lapses_since(&self, mark: &Mark, peer: NodeId) -> u32 {
        let of = |counts: &BTreeMap<NodeId, u32>| counts.get(&peer).copied().unwrap_or_default();
        of(&self.ever) - of(&mark.0)
    }

    /// The peer let a deadline pass; whether nothing was said against it before.
    pub(super) fn suspect(&mut self, peer: NodeId) -> bool {
        let ever = self.ever.entry(peer).or_default();
        *ever = ever.saturating_add(1);
        let lapses = self.lapses.entry(peer).or_default();
        *lapses = lapses.saturating_add(1);
        *lapses == 1
    }

    /// The peer answered, or came back.
    pub(super) fn clear(&mut self, peer: NodeId) {
        self.lapses.remove(&peer);
    }

    /// There is a channel to this run of a peer.
    pub(super) fn meet(&mut self, peer: NodeId, boot: Boot) {
        self.boots.insert(peer, boot);
    }

    /// The run of a peer that is spoken to; the first, as long as there has been no channel.
    pub(super) fn boot_of(&self, peer: NodeId) -> Boot {
        self.boots.get(&peer).copied().unwrap_or_default()
    }

    /// The peer is proven to lie.
    pub(super) fn convict(&mut self, peer: NodeId) {
        self.liars.insert(peer);
    }

    /// Whether the peer is proven to lie.
    pub(super) fn is_liar(&self, peer: NodeId) -> bool {
        self.liars.contains(&peer)
    }

    /// How often the peer has let a deadline pass.
    pub(super) fn lapses(&self, peer: NodeId) -> u32 {
        self.lapses.get(&peer).copied().unwrap_or_default()
    }

    /// Whether nothing speaks against the peer.
    pub(super) fn is_clean(&self, peer: NodeId) -> bool {
        self.lapses(peer) == 0 && !self.is_liar(peer)
    }
}
