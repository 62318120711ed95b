//! A node's protocol state as people read it: counts, phases and public names. No type here can hold a secret, so that
//! a dump may be passed on.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dkg;
use crate::id::NodeId;
use crate::signing::{self, PoolLevels};

/// What a node is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// `discovering` before the node has found itself in the validator set, `running`, or `halted` after its store
    /// failed.
    pub stage: &'static str,
    /// Which start of the node this is, from 0; none once halted.
    pub boot: Option<u32>,
    /// How many timers this boot has set.
    pub timers_set: u64,
    /// What it does as a member; none before it is one.
    pub membership: Option<Membership>,
}

/// The parts of a node that takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// Its number.
    pub me: NodeId,
    /// The epoch of the validator set.
    pub epoch: u32,
    /// How many validators there are.
    pub members: usize,
    /// The newest block that it has heard of.
    pub head: u64,
    /// The last block whose logs it has handled.
    pub scanned: u64,
    /// Its channels.
    pub channels: Vec<ChannelState>,
    /// Key generations under way, and those kept for members that come late.
    pub key_generations: Vec<KeygenState>,
    /// Finished keys for which its vote has not been seen on chain, 0x-hex.
    pub unvoted_keys: Vec<String>,
    /// The keys that it holds a share of.
    pub keys: Vec<KeyState>,
    /// Signing sessions.
    pub signing: Vec<signing::Progress>,
    /// Its stock of triples and presignatures.
    pub presignatures: PoolLevels,
    /// Batches of triples that it makes with others or remembers.
    pub triple_batches: usize,
    /// Clients' requests.
    pub requests: Vec<RequestState>,
    /// What it has asked its surroundings, counted by what it is about.
    pub open_questions: BTreeMap<&'static str, usize>,
    /// Transactions that wait or are under way.
    pub transactions: usize,
    /// Statements that wait to be sealed.
    pub outbox: usize,
}

/// A channel with a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelState {
    /// The peer.
    pub peer: NodeId,
    /// Whether messages can be sealed for it.
    pub open: bool,
    /// How many messages it has not acknowledged.
    pub queued: usize,
}

/// A key generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeygenState {
    /// The session, 0x-hex.
    pub session: String,
    /// The last block whose certificates count.
    pub close_block: u64,
    /// How far it has come.
    #[serde(flatten)]
    pub progress: dkg::Progress,
}

/// A key, of which the node holds a share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyState {
    /// keccak256 of the public key, 0x-hex.
    pub id: String,
    /// Its Ethereum address, 0x-hex.
    pub eth_address: String,
    /// The epoch whose validators hold the shares.
    pub epoch: u32,
    /// How many shares determine it.
    pub threshold: u16,
    /// How many nodes hold a share.
    pub holders: usize,
}

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestState {
    /// Its name, 0x-hex.
    pub request: String,
    /// The CID of its action, as the request names it.
    pub cid: String,
    /// `proving`, `fetching`, `running`, `signing` or `ended`.
    pub phase: &'static str,
    /// How many connections wait for the answer.
    pub connections: usize,
    /// Calls of the program that nobody has served yet.
    pub calls: usize,
    /// Permission checks that wait for the chain.
    pub permission_checks: usize,
    /// Conditions that wait for chains.
    pub condition_checks: usize,
    /// Signatures on their way.
    pub signatures_awaited: usize,
    /// Signatures that are there.
    pub signatures: usize,
}
