//! Follows the home chain: reads the contracts' logs up to finality depth, in order, each block once.

use super::core::Core;
use super::question::Question;
use crate::io::{ChainRequest, Outputs};

/// How far the chain is known.
pub(super) struct ChainWatch {
    /// The newest block when this boot began.
    head_at_start: u64,
    /// The newest block seen.
    head: u64,
    /// The last block whose logs were handled.
    scanned: u64,
    asking: bool,
}

impl ChainWatch {
    /// Starts before `first_block`, so that a restarted node sees every log again.
    pub fn new(first_block: u64, head: u64) -> Self {
        Self { head_at_start: head, head, scanned: first_block.saturating_sub(1), asking: false }
    }

    /// The last block whose logs were handled.
    pub fn scanned(&self) -> u64 {
        self.scanned
    }

    /// The newest block seen.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The newest block when this boot began.
    pub fn head_at_start(&self) -> u64 {
        self.head_at_start
    }

    /// Takes note of a new block.
    pub fn on_head(&mut self, number: u64, core: &mut Core, out: &mut Outputs) {
        self.head = self.head.max(number);
        self.advance(core, out);
    }

    /// Asks for logs that have become final.
    pub fn advance(&mut self, core: &mut Core, out: &mut Outputs) {
        let to_block = self.head.saturating_sub(core.config.finality_depth);
        if self.asking || to_block <= self.scanned {
            return;
        }
        self.asking = true;
        let request = ChainRequest::Logs { from_block: self.scanned + 1, to_block };
        core.ask_chain(Question::Logs { to_block }, request, out);
    }

    /// The logs up to `to_block` were handled.
    pub fn handled(&mut self, to_block: u64) {
        self.asking = false;
        self.scanned = to_block;
    }

    /// The question got no answer; the next head asks again.
    pub fn failed(&mut self) {
        self.asking = false;
    }
}
