//! A node that votes for keys that nobody generated.

use std::num::NonZeroU8;

use alloy_primitives::{Bytes, keccak256};
use alloy_sol_types::SolCall;
use lit_node::chain::ContractCall;
use lit_node::chain::abi::PubkeyRouter;
use lit_node::conduct::Conduct;
use lit_node::curve::{scalar_reduce, times_generator};
use lit_node::id::SessionId;
use lit_node::key;

use super::Line;
use super::aiming::seed;

/// Votes for a key of its own instead of each that was generated, once or more often.
#[derive(Debug)]
pub struct WrongVote {
    line: Line,
    key: [u8; 32],
    times: NonZeroU8,
}

impl WrongVote {
    /// Votes wrongly while the line is on.
    pub fn new(line: Line, key: [u8; 32], times: NonZeroU8) -> Self {
        Self { line, key, times }
    }
}

impl Conduct for WrongVote {
    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        let vote = PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data);
        let Some(mut vote) = vote.ok().filter(|_| self.line.is_on()) else { return vec![call] };
        self.line.act();
        let token = SessionId(vote.tokenId.to_be_bytes());
        let other = key::uncompressed(&times_generator(&scalar_reduce(&seed(&self.key, "other key", token))));
        vote.tokenId = keccak256(other).into();
        vote.pubkey = Bytes::copy_from_slice(&other);
        let data = vote.abi_encode();
        // A node does not queue the same transaction twice. Contracts do not look at what follows a call's arguments.
        let padded = |more: u8| [&data[..], &vec![0; usize::from(more)]].concat();
        (0..self.times.get()).map(|more| ContractCall { data: padded(more), ..call.clone() }).collect()
    }
}
