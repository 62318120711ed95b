//! Sends this node's transactions one after the other, so that nonces never race.
//!
//! A transaction that gets lost (an endpoint that fails, a reorganised block) is not tracked here: whoever wants its
//! effect looks for the effect in the final logs and asks again.

use std::collections::VecDeque;

use super::core::Core;
use super::question::Question;
use crate::chain::{ContractCall, Fees, TransactionRequest, registration};
use crate::io::{ChainReply, ChainRequest, Outputs};

/// How many transactions may wait.
const WAITING_MAX: usize = 256;
/// Gas that one transaction may use: a certificate of a hundred nodes fits.
const GAS_LIMIT: u64 = 8_000_000;

/// The queue.
#[derive(Default)]
pub(super) struct Transactions {
    waiting: VecDeque<ContractCall>,
    busy: bool,
}

impl Transactions {
    /// Adds a call unless the same one waits already.
    pub fn submit(&mut self, call: ContractCall, core: &mut Core, out: &mut Outputs) {
        for call in core.conduct.submit(call) {
            if self.waiting.len() < WAITING_MAX && !self.waiting.contains(&call) {
                self.waiting.push_back(call);
            }
        }
        self.advance(core, out);
    }

    fn advance(&mut self, core: &mut Core, out: &mut Outputs) {
        if self.busy || self.waiting.is_empty() {
            return;
        }
        self.busy = true;
        let account = registration::address_of(core.config.identity.verifying_key());
        core.ask_chain(Question::Nonce, ChainRequest::Nonce { account }, out);
    }

    /// The account's nonce is known: signs and submits the first call.
    pub fn on_nonce(&mut self, reply: Option<ChainReply>, core: &mut Core, out: &mut Outputs) {
        let (Some(ChainReply::Nonce(nonce)), Some(call)) = (reply, self.waiting.pop_front()) else {
            self.busy = false;
            return;
        };
        let request = TransactionRequest::call(call, core.config.chain_id, nonce, GAS_LIMIT, Fees::default());
        let raw = request.sign(&core.config.identity, &mut out.meter).raw;
        core.ask_chain(Question::Submission, ChainRequest::Submit { raw }, out);
    }

    /// How many transactions wait or are under way.
    pub fn pending(&self) -> usize {
        self.waiting.len() + usize::from(self.busy)
    }

    /// The submission was taken or refused; either way the next one may go.
    pub fn on_submitted(&mut self, core: &mut Core, out: &mut Outputs) {
        self.busy = false;
        self.advance(core, out);
    }
}
