//! What the network's contracts have logged, with the transactions that made them do so: what proofs rest on.

use lit_node::client::HistoryLog;

use super::Chain;

impl Chain {
    /// All logs of the network's contracts up to a block, in order. Later blocks, and those of the last
    /// [`super::ChainConfig::finality_depth`] heights, may still be replaced.
    pub fn history(&self, to_block: u64) -> Vec<HistoryLog> {
        let mut receipts: Vec<_> = self.receipts.values().filter(|receipt| receipt.block <= to_block).collect();
        receipts.sort_by_key(|receipt| (receipt.block, receipt.index));
        let of = |transaction: [u8; 32]| move |log: &_| HistoryLog { transaction, log: Clone::clone(log) };
        let logs = receipts.into_iter().flat_map(|receipt| receipt.logs.iter().map(of(receipt.transaction)));
        logs.filter(|log| self.is_ours(log.log.address)).collect()
    }
}
