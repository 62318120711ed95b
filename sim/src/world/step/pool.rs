//! The step that waits for the pool of keys.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use lit_node::chain::abi::{KEY_TYPE_ECDSA, PubkeyRouter};
use lit_node::chain::views;
use lit_node::io::BlockTag;

use super::{Desk, Running, Stage};

impl Running {
    /// Completes when the router has as many keys waiting as the nodes keep, and looks again in the next block otherwise.
    pub(super) fn look_at_pool(&mut self, desk: &Desk<'_>) {
        let call = PubkeyRouter::unmintedCountCall { keyType: U256::from(KEY_TYPE_ECDSA) };
        let reply = desk.chain.call_at(desk.book.contracts.router, &call.abi_encode(), BlockTag::Latest);
        let ready = reply.ok().and_then(|reply| views::returned::<PubkeyRouter::unmintedCountCall>(&reply).ok());
        let target = desk.book.scenario.keys.unminted.map_or(0, |keys| keys.get());
        if ready.is_some_and(|ready| ready >= U256::from(target)) {
            self.result = Some(Ok(()));
        } else {
            self.stage = Stage::Pooling;
        }
    }
}
