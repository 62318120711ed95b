//! What the network reaches on the way to what clients see: contracts, channels, dealings, votes, keys.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::chain::{BoardEvent, ChainEvent, Contracts, addresses::checksummed};
use lit_node::id::NodeId;
use lit_node::io::ChainLog;

use crate::heap::{MILLI, Nanos};
use crate::outcome::Milestone;

/// Milestones as they are reached.
#[derive(Default)]
pub(super) struct Milestones {
    nodes: usize,
    channels: BTreeSet<(NodeId, NodeId)>,
    reached: Vec<Milestone>,
}

impl Milestones {
    /// The chain has started, with the contracts and the validator set.
    pub fn chain(&mut self, chain_id: u64, contracts: &Contracts, nodes: usize, threshold: u16) {
        self.nodes = nodes;
        self.reach(0, format!("chain {chain_id} starts: Staking {}", checksummed(&contracts.staking)));
        self.reach(0, "DkgBoard, PubkeyRouter, PKPNFT and PKPPermissions are deployed".to_owned());
        self.reach(0, format!("{nodes} validators registered, threshold {threshold}"));
    }

    /// A node has opened a channel.
    pub fn channel(&mut self, now: Nanos, node: NodeId, peer: NodeId) {
        let all = self.nodes * (self.nodes - 1);
        if self.channels.insert((node, peer)) && self.channels.len() == all {
            self.reach(now, format!("all nodes have found each other: {} encrypted channels are open", all / 2));
        }
    }

    /// A block of the home chain.
    pub fn block<'a>(&mut self, now: Nanos, contracts: &Contracts, logs: impl Iterator<Item = &'a ChainLog>) {
        let mut certified: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut votes = 0;
        for log in logs {
            match ChainEvent::decode(contracts, log) {
                Ok(Some(ChainEvent::Board(BoardEvent::SessionOpened { session, attempt, close_block, .. }))) => {
                    let session = session.short();
                    let text = format!("key generation {session} opens, attempt {attempt}, until block {close_block}");
                    self.reach(now, text);
                }
                Ok(Some(ChainEvent::Board(BoardEvent::DealingCertified { session, dealer, .. }))) => {
                    certified.entry(session.short()).or_default().push(dealer.0.to_string());
                }
                Ok(Some(ChainEvent::Board(BoardEvent::DealingDisputed { session, dealer, accuser, .. }))) => {
                    let session = session.short();
                    self.reach(now, format!("key generation {session}: {accuser} complains about {dealer}"));
                }
                Ok(Some(ChainEvent::RoutingVote { .. })) => votes += 1,
                Ok(Some(ChainEvent::KeyRouted { key, .. })) => {
                    self.reach(now, format!("key {} is routed after {votes} votes in this block", key.short()));
                }
                Ok(Some(ChainEvent::NetworkKeyRouted { key, .. })) => {
                    self.reach(now, format!("the network's key {} has the votes it needs", key.short()));
                }
                _ => {}
            }
        }
        for (session, dealers) in certified {
            let text = format!("key generation {session}: dealings of nodes {} are certified", dealers.join(", "));
            self.reach(now, text);
        }
    }

    pub fn reach(&mut self, now: Nanos, text: String) {
        self.reached.push(Milestone { at_ms: now / MILLI, text });
    }

    /// All of them, in order.
    pub fn into_list(self) -> Vec<Milestone> {
        self.reached
    }
}
