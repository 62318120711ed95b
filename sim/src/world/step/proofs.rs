//! Steps that show from the chain's record what made a signature.

use lit_node::client::{History, NoProof, prove};

use super::{Desk, Running};
use crate::scenario::Action;

impl Running {
    /// Proves that the action, and nothing else, had the PKP make each signature of a step. The record is that of final
    /// blocks: what may still be taken back proves nothing.
    pub(super) fn prove(&mut self, pkp: &str, action: &Action, by: &str, desk: &Desk<'_>) {
        let Some(pkp) = self.pkp(pkp, desk) else { return };
        let signatures = desk.book.signed.get(by).cloned().unwrap_or_default();
        if signatures.is_empty() {
            return self.fail("NotProved", format!("step {by:?} has no signatures"));
        }
        let record = || History::new(desk.book.contracts, desk.chain.history(desk.chain.finalized()));
        let proved: Result<(), NoProof> = record().and_then(|history| {
            signatures.iter().try_for_each(|made| {
                prove(action.code.as_bytes(), &pkp.point, &made.signature, &made.digest, &history).map(drop)
            })
        });
        match proved {
            Ok(()) => {
                self.found.response = Some(format!("{} signatures", signatures.len()));
                self.result = Some(Ok(()));
            }
            Err(error) => self.fail("NotProved", error.to_string()),
        }
    }
}
