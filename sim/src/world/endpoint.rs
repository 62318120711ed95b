//! The home chain as each node's endpoint shows it: late, standing still, not at all, or with lies.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolError};
use lit_node::chain::Contracts;
use lit_node::chain::abi::{PKPNFT, PKPPermissions, Reverts};
use lit_node::id::NodeId;
use lit_node::io::{BlockTag, ChainError, ChainReply, ChainRequest};

use crate::chain::Chain;
use crate::fault::Lie;

/// What is wrong with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is so many blocks late.
    Lag(u64),
    /// It knows nothing after this block.
    Stale(u64),
    /// It does not answer.
    Down,
    /// It lies.
    Lie(Lie),
}

/// All endpoints of the home chain.
#[derive(Default)]
pub(super) struct Endpoints {
    /// By the position of the fault: whose endpoint, every node's if empty, and what is wrong.
    troubles: BTreeMap<usize, (BTreeSet<NodeId>, Trouble)>,
    /// The oldest block that each node was shown as the newest in the present act, where that was not the newest.
    shown: BTreeMap<NodeId, u64>,
}

impl Endpoints {
    /// A fault begins.
    pub fn begin(&mut self, fault: usize, nodes: &[NodeId], trouble: Trouble) {
        self.troubles.insert(fault, (nodes.iter().copied().collect(), trouble));
    }

    /// A fault ends; false if it was not one of endpoints.
    pub fn end(&mut self, fault: usize) -> bool {
        self.troubles.remove(&fault).is_some()
    }

    /// A new act begins: what nodes were shown before has no effect any more.
    pub fn forget(&mut self) {
        self.shown.clear();
    }

    /// The faults at a node's endpoint.
    pub fn faults(&self, node: NodeId) -> impl Iterator<Item = usize> {
        self.of(node).map(|(fault, _)| fault)
    }

    fn of(&self, node: NodeId) -> impl Iterator<Item = (usize, Trouble)> {
        let mine = move |nodes: &BTreeSet<NodeId>| nodes.is_empty() || nodes.contains(&node);
        self.troubles.iter().filter(move |(_, (nodes, _))| mine(nodes)).map(|(fault, (_, trouble))| (*fault, *trouble))
    }

    /// The block that a node takes for the newest; `None` if its endpoint is down.
    pub fn newest(&self, node: NodeId, head: u64) -> Option<u64> {
        self.of(node).try_fold(head, |newest, (_, trouble)| match trouble {
            Trouble::Lag(blocks) => Some(newest.min(head.saturating_sub(blocks))),
            Trouble::Stale(block) => Some(newest.min(block)),
            Trouble::Down => None,
            Trouble::Lie(_) => Some(newest),
        })
    }

    /// The new block that a node hears of, if it hears of one: number and timestamp in seconds.
    pub fn head(&self, node: NodeId, chain: &Chain) -> Option<(u64, u64)> {
        let head = chain.head();
        let stands_still = self.of(node).any(|(_, trouble)| matches!(trouble, Trouble::Stale(_)));
        let newest = self.newest(node, head.0).filter(|newest| *newest == head.0 || !stands_still)?;
        Some((newest, chain.timestamp_s(newest).unwrap_or(head.1)))
    }

    /// The oldest block whose state a node may have read lately when it believed to read that of `block`.
    pub fn oldest_read(&self, node: NodeId, block: u64) -> u64 {
        self.shown.get(&node).map_or(block, |shown| block.min(*shown))
    }

    /// What a node's endpoint answers.
    pub fn ask(&mut self, node: NodeId, chain: &mut Chain, request: &ChainRequest) -> Result<ChainReply, ChainError> {
        let head = chain.head().0;
        let newest = self.newest(node, head).ok_or(ChainError::Unreachable)?;
        if newest < head {
            let shown = self.shown.entry(node).or_insert(newest);
            *shown = newest.min(*shown);
        }
        let reply = match request {
            ChainRequest::Call { block: BlockTag::Number(number), .. }
            | ChainRequest::Balance { block: BlockTag::Number(number), .. }
                if *number > newest =>
            {
                Err(ChainError::NoSuchBlock(*number))
            }
            ChainRequest::Logs { to_block, .. } if *to_block > newest => Err(ChainError::NoSuchBlock(*to_block)),
            ChainRequest::Call { to, data, block: BlockTag::Latest } => {
                chain.call_at(*to, data, BlockTag::Number(newest))
            }
            ChainRequest::Balance { account, block: BlockTag::Latest } => {
                chain.balance_at(*account, BlockTag::Number(newest))
            }
            ChainRequest::Block => chain.block_at(newest),
            // To an endpoint that is late, transactions that were mined since still wait: it knows their nonces.
            other => chain.answer(other),
        };
        let networks = chain.networks();
        self.of(node).fold(reply, |reply, (_, trouble)| match trouble {
            Trouble::Lie(lie) => networks.iter().find_map(|contracts| told(lie, contracts, request)).map_or(reply, Ok),
            _ => reply,
        })
    }
}

/// The lie that answers a question, if it is about one.
fn told(lie: Lie, contracts: &Contracts, request: &ChainRequest) -> Option<ChainReply> {
    match (lie, request) {
        (Lie::NoLogs, ChainRequest::Logs { .. }) => Some(ChainReply::Logs(Vec::new())),
        (Lie::PermitAll, ChainRequest::Call { to, data, .. }) if *to == contracts.permissions => {
            asks_for_permission(data).then(|| permitted(true))
        }
        (Lie::PermitNone, ChainRequest::Call { to, data, .. }) if *to == contracts.permissions => {
            if asks_for_permission(data) { Some(permitted(false)) } else { empty_list(data) }
        }
        (Lie::PermitNone, ChainRequest::Call { to, data, .. }) if *to == contracts.pkp_nft => {
            let token = PKPNFT::ownerOfCall::abi_decode(data).ok()?.tokenId;
            Some(no_token(token))
        }
        _ => None,
    }
}

fn selector(data: &[u8]) -> Option<[u8; 4]> {
    data.first_chunk().copied()
}

/// Whether a call is one of the views that say yes or no about a permission.
fn asks_for_permission(data: &[u8]) -> bool {
    let views = [
        PKPPermissions::isPermittedActionCall::SELECTOR,
        PKPPermissions::isPermittedAddressCall::SELECTOR,
        PKPPermissions::isPermittedAuthMethodCall::SELECTOR,
        PKPPermissions::isPermittedActionScopePresentCall::SELECTOR,
        PKPPermissions::isPermittedAddressScopePresentCall::SELECTOR,
        PKPPermissions::isPermittedAuthMethodScopePresentCall::SELECTOR,
    ];
    selector(data).is_some_and(|selector| views.contains(&selector))
}

fn permitted(yes: bool) -> ChainReply {
    ChainReply::Returned(PKPPermissions::isPermittedActionCall::abi_encode_returns(&yes))
}

/// The empty answer to a view that lists permissions; all of them encode it alike.
fn empty_list(data: &[u8]) -> Option<ChainReply> {
    let views = [
        PKPPermissions::getPermittedActionsCall::SELECTOR,
        PKPPermissions::getPermittedAddressesCall::SELECTOR,
        PKPPermissions::getPermittedAuthMethodsCall::SELECTOR,
    ];
    let empty = || ChainReply::Returned(PKPPermissions::getPermittedAddressesCall::abi_encode_returns(&Vec::new()));
    views.contains(&selector(data)?).then(empty)
}

fn no_token(token: U256) -> ChainReply {
    ChainReply::Reverted(Reverts::ERC721NonexistentToken { tokenId: token }.abi_encode())
}

#[cfg(test)]
mod tests;
