//! The simulated chain: an EVM with blocks, a transaction pool, receipts, logs and the state of past blocks.
//!
//! A chain is a pure function of what was submitted and when blocks were mined. State lives in ordered maps; past
//! state is kept as what each block overwrote, so that a block costs what it changes and not a copy of everything.

mod deploy;
mod evm;
mod history;
mod pool;
mod reorg;
mod state;
#[cfg(test)]
mod tests;

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, TxKind, U256};
use lit_node::chain::{Contracts, RevertReason};
use lit_node::io::{BlockTag, ChainError, ChainLog, ChainReply, ChainRequest};
use revm::context::result::HaltReason;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

pub use deploy::{DeployError, NetworkParameters};
pub use evm::{BASE_FEE_WEI, BLOCK_GAS_LIMIT, ExecutionError, Intent};
pub use reorg::Reorganised;

use evm::{Header, Outcome};
use pool::{Pending, Pool};
use state::{StateAt, Undo, World};

/// Blocks whose state can still be read, beyond those that may not be final.
const HISTORY_EXTRA_BLOCKS: u64 = 64;
/// The largest transaction that is accepted, bytes.
const TRANSACTION_BYTES_MAX: usize = 1024 * 1024;

/// What a chain is made with.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// The id that transactions carry (EIP-155).
    pub chain_id: u64,
    /// Time between blocks, milliseconds. The driver mines; the chain only keeps the number.
    pub block_time_ms: u64,
    /// A block is final when this many follow it.
    pub finality_depth: u64,
    /// Timestamp of block 0, seconds since the Unix epoch.
    pub genesis_time_s: u64,
    /// Balances in block 0, wei.
    pub alloc: BTreeMap<[u8; 20], U256>,
}

/// Why a transaction did not enter the pool.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// Not an encoded transaction (EIP-2718), too large, or of a type without use here (blobs, delegations).
    #[error("not an acceptable transaction encoding")]
    Malformed,
    /// The signature is invalid or in high-s form.
    #[error("invalid signature")]
    InvalidSignature,
    /// Signed for another chain, or for none.
    #[error("wrong chain id: expected {expected}, got {got:?}")]
    WrongChain {
        /// This chain's.
        expected: u64,
        /// The transaction's.
        got: Option<u64>,
    },
    /// The account has already sent a transaction of this nonce, and it is mined.
    #[error("nonce too low: next nonce {next}, tx nonce {got}")]
    NonceTooLow {
        /// The account's next nonce.
        next: u64,
        /// The transaction's.
        got: u64,
    },
    /// The nonce lies too far ahead, or the account has too many transactions waiting.
    #[error("nonce too far ahead: next nonce {next}, tx nonce {got}")]
    NonceTooHigh {
        /// The account's next nonce.
        next: u64,
        /// The transaction's.
        got: u64,
    },
    /// This very transaction is waiting or mined.
    #[error("already known")]
    AlreadyKnown,
    /// Another transaction of this nonce is waiting; the pool replaces none.
    #[error("nonce {0} is taken by another pending transaction")]
    NonceTaken(u64),
    /// The balance does not cover value and gas limit.
    #[error("insufficient funds: balance {balance}, tx cost {cost}")]
    InsufficientFunds {
        /// The account's balance, wei.
        balance: U256,
        /// Value and the most the gas can cost, wei.
        cost: U256,
    },
    /// The offered fee is below the base fee.
    #[error("max fee per gas {0} is less than the base fee")]
    FeeTooLow(u128),
    /// The gas limit is below what the transaction costs before it runs, or above a block's.
    #[error("gas limit {limit} is not within {needed} and a block's limit")]
    GasLimit {
        /// The transaction's.
        limit: u64,
        /// What it costs before it runs.
        needed: u64,
    },
}

/// How a mined transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It took effect and returned this.
    Success(Vec<u8>),
    /// It was undone, with this revert data.
    Reverted(Vec<u8>),
    /// It was undone and used up its gas.
    Halted(HaltReason),
}

/// A mined transaction's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction's hash.
    pub transaction: [u8; 32],
    /// The block.
    pub block: u64,
    /// Its position in the block.
    pub index: u32,
    /// Who sent it.
    pub from: [u8; 20],
    /// Whom it called; `None` if it created a contract.
    pub to: Option<[u8; 20]>,
    /// The contract that it created.
    pub created: Option<[u8; 20]>,
    /// How it ended.
    pub status: Status,
    /// Gas that it paid for.
    pub gas_used: u64,
    /// What it logged.
    pub logs: Vec<ChainLog>,
}

impl Receipt {
    /// Whether the transaction took effect.
    pub fn succeeded(&self) -> bool {
        matches!(self.status, Status::Success(_))
    }

    /// Why it was undone; `None` if it was not.
    pub fn revert_reason(&self) -> Option<RevertReason> {
        match &self.status {
            Status::Success(_) => None,
            Status::Reverted(data) => Some(RevertReason::decode(data)),
            Status::Halted(_) => Some(RevertReason::Empty),
        }
    }
}

/// A mined block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Height.
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp_s: u64,
    /// Gas that its transactions used.
    pub gas_used: u64,
    /// The results of its transactions, in order.
    pub receipts: Vec<Arc<Receipt>>,
    /// Transactions that left the pool without a place in a block, such as for lack of funds in the meantime.
    pub dropped: Vec<([u8; 32], ExecutionError)>,
}

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain {
    config: ChainConfig,
    /// The networks whose contracts are here: one for each of its generations.
    networks: Vec<Contracts>,
    world: World,
    head: Header,
    /// What each recent block overwrote, by number.
    undo: BTreeMap<u64, Undo>,
    /// Recent blocks, by number: those whose state can be read.
    headers: BTreeMap<u64, Header>,
    pool: Pool,
    /// The transactions of recent blocks, by number and in order, for a reorganisation.
    mined: BTreeMap<u64, Vec<Pending>>,
    logs: BTreeMap<u64, Vec<ChainLog>>,
    receipts: BTreeMap<[u8; 32], Arc<Receipt>>,
    gas_used: u64,
}

impl Chain {
    /// A chain with block 0.
    pub fn genesis(config: ChainConfig) -> Self {
        let head = Header { number: 0, timestamp_s: config.genesis_time_s };
        Self {
            world: World::with_balances(&config.alloc),
            networks: Vec::new(),
            head,
            undo: BTreeMap::new(),
            headers: BTreeMap::from([(0, head)]),
            pool: Pool::default(),
            mined: BTreeMap::new(),
            logs: BTreeMap::new(),
            receipts: BTreeMap::new(),
            gas_used: 0,
            config,
        }
    }

    /// What the chain was made with.
    pub fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// The contracts of each network that was deployed, in that order.
    pub fn networks(&self) -> &[Contracts] {
        &self.networks
    }

    /// The newest block's number and timestamp (seconds).
    pub fn head(&self) -> (u64, u64) {
        (self.head.number, self.head.timestamp_s)
    }

    /// The timestamp of a recent block, seconds; `None` if its state is not kept.
    pub fn timestamp_s(&self, number: u64) -> Option<u64> {
        self.headers.get(&number).map(|header| header.timestamp_s)
    }

    /// The newest block that is final.
    pub fn finalized(&self) -> u64 {
        self.head.number.saturating_sub(self.config.finality_depth)
    }

    /// Gas used by all transactions so far.
    pub fn gas_used(&self) -> u64 {
        self.gas_used
    }

    /// An account's balance, wei.
    pub fn balance(&self, account: [u8; 20]) -> U256 {
        self.world.balance(account.into())
    }

    /// An account's next nonce, counting pending transactions without a gap.
    pub fn nonce(&self, account: [u8; 20]) -> u64 {
        self.pool.next_nonce(account.into(), self.world.nonce(account.into()))
    }

    /// A mined transaction's result.
    pub fn receipt(&self, transaction: &[u8; 32]) -> Option<&Receipt> {
        self.receipts.get(transaction).map(|receipt| &**receipt)
    }

    /// All logs of an inclusive range of blocks, in block and index order.
    pub fn logs(&self, from_block: u64, to_block: u64) -> impl Iterator<Item = &ChainLog> {
        // A range whose end precedes its start is empty here, and a panic in a BTreeMap.
        let range = (from_block <= to_block).then(|| self.logs.range(from_block..=to_block));
        range.into_iter().flatten().flat_map(|(_, logs)| logs)
    }

    /// A hash of the newest state: all accounts, code and storage, with height and time.
    pub fn state_digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.head.number.to_be_bytes());
        hasher.update(&self.head.timestamp_s.to_be_bytes());
        self.world.hash_into(&mut hasher);
        hasher.finalize().into()
    }

    /// Takes a signed transaction into the pool and returns its hash.
    ///
    /// # Errors
    /// If it can never be mined as things stand.
    pub fn submit(&mut self, raw: &[u8]) -> Result<[u8; 32], SubmitError> {
        let pending = self.check(raw)?;
        let (hash, next) = (pending.hash, self.world.nonce(pending.tx.caller));
        self.pool.insert(pending, next)?;
        Ok(hash)
    }

    /// Mines a block with everything that is ready, in order of arrival. Transactions after a nonce gap wait. A
    /// timestamp before the parent's counts as the parent's.
    pub fn mine(&mut self, timestamp_s: u64) -> Block {
        let header = Header { number: self.head.number + 1, timestamp_s: timestamp_s.max(self.head.timestamp_s) };
        let mut block = Block {
            number: header.number,
            timestamp_s: header.timestamp_s,
            gas_used: 0,
            receipts: Vec::new(),
            dropped: Vec::new(),
        };
        let (mut undo, mut logs, mut mined) = (Undo::default(), Vec::new(), Vec::new());
        let mut ready = self.pool.ready(|account| self.world.nonce(account));
        while let Some((_, (sender, nonce))) = ready.pop_first() {
            let room = BLOCK_GAS_LIMIT - block.gas_used;
            let Some(pending) = self.pool.take(sender, nonce, room) else { continue };
            match evm::transact(&self.world, self.config.chain_id, header, pending.tx.clone()) {
                Ok(outcome) => {
                    let receipt = self.commit(&pending, outcome, &block, &mut undo, &mut logs);
                    block.gas_used += receipt.gas_used;
                    block.receipts.push(receipt);
                    mined.push(pending);
                    ready.extend(self.pool.entry(sender, nonce + 1));
                }
                Err(reason) => block.dropped.push((pending.hash, reason)),
            }
        }
        self.mined.insert(header.number, mined);
        self.append(header, undo, logs, block.gas_used);
        block
    }

    /// Runs a view call on the state after a block.
    ///
    /// # Errors
    /// If that block is not mined yet or its state is no longer kept.
    pub fn call_at(&self, to: [u8; 20], data: &[u8], block: BlockTag) -> Result<ChainReply, ChainError> {
        let number = match block {
            BlockTag::Latest => self.head.number,
            BlockTag::Number(number) => number,
        };
        let header = *self.headers.get(&number).ok_or(ChainError::NoSuchBlock(number))?;
        let state = StateAt { world: &self.world, undo: &self.undo, number };
        Ok(evm::view(state, self.config.chain_id, header, to, data))
    }

    /// A recent block, as endpoints tell of it.
    ///
    /// # Errors
    /// If it is not mined yet or its state is no longer kept.
    pub fn block_at(&self, number: u64) -> Result<ChainReply, ChainError> {
        let timestamp_s = self.timestamp_s(number).ok_or(ChainError::NoSuchBlock(number))?;
        Ok(ChainReply::Block { number, timestamp_s })
    }

    /// An account's balance after a block.
    ///
    /// # Errors
    /// If that block is not mined yet or its state is no longer kept.
    pub fn balance_at(&self, account: [u8; 20], block: BlockTag) -> Result<ChainReply, ChainError> {
        let number = match block {
            BlockTag::Latest => self.head.number,
            BlockTag::Number(number) => number,
        };
        if !self.headers.contains_key(&number) {
            return Err(ChainError::NoSuchBlock(number));
        }
        let state = StateAt { world: &self.world, undo: &self.undo, number };
        Ok(ChainReply::Balance(state.balance(account.into()).to_be_bytes()))
    }

    /// The gas that a transaction would use on the state after a block; the revert data if it would be undone.
    ///
    /// # Errors
    /// If that block is not mined yet or its state is no longer kept.
    pub fn gas(&self, intent: &Intent, block: u64) -> Result<Result<u64, Vec<u8>>, ChainError> {
        let header = *self.headers.get(&block).ok_or(ChainError::NoSuchBlock(block))?;
        let state = StateAt { world: &self.world, undo: &self.undo, number: block };
        Ok(evm::gas(state, self.config.chain_id, header, intent))
    }

    /// Whether a contract of a network on this chain is at this address.
    fn is_ours(&self, address: [u8; 20]) -> bool {
        self.networks.iter().any(|contracts| contracts.has(address))
    }

    /// Answers a node's question. Logs are those of the network's contracts only.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn answer(&mut self, request: &ChainRequest) -> Result<ChainReply, ChainError> {
        match request {
            ChainRequest::Call { to, data, block } => self.call_at(*to, data, *block),
            ChainRequest::Logs { from_block, to_block } => {
                let logs = self.logs(*from_block, *to_block).filter(|log| self.is_ours(log.address));
                Ok(ChainReply::Logs(logs.cloned().collect()))
            }
            ChainRequest::Nonce { account } => Ok(ChainReply::Nonce(self.nonce(*account))),
            ChainRequest::Block => self.block_at(self.head.number),
            ChainRequest::Balance { account, block } => self.balance_at(*account, *block),
            ChainRequest::Submit { raw } => {
                self.submit(raw).map(ChainReply::Accepted).map_err(|error| ChainError::Refused(error.to_string()))
            }
        }
    }

    fn check(&self, raw: &[u8]) -> Result<Pending, SubmitError> {
        if raw.len() > TRANSACTION_BYTES_MAX {
            return Err(SubmitError::Malformed);
        }
        let envelope = TxEnvelope::decode_2718_exact(raw).map_err(|_| SubmitError::Malformed)?;
        if matches!(envelope, TxEnvelope::Eip4844(_) | TxEnvelope::Eip7702(_)) {
            return Err(SubmitError::Malformed);
        }
        let hash = envelope.tx_hash().0;
        if self.receipts.contains_key(&hash) || self.pool.contains(&hash) {
            return Err(SubmitError::AlreadyKnown);
        }
        if envelope.chain_id() != Some(self.config.chain_id) {
            return Err(SubmitError::WrongChain { expected: self.config.chain_id, got: envelope.chain_id() });
        }
        let sender = envelope.recover_signer().map_err(|_| SubmitError::InvalidSignature)?;
        let tx = evm::environment(&envelope, sender);
        if envelope.max_fee_per_gas() < u128::from(BASE_FEE_WEI) {
            return Err(SubmitError::FeeTooLow(envelope.max_fee_per_gas()));
        }
        let needed = evm::intrinsic_gas(&tx);
        if envelope.gas_limit() < needed || envelope.gas_limit() > BLOCK_GAS_LIMIT {
            return Err(SubmitError::GasLimit { limit: envelope.gas_limit(), needed });
        }
        let gas = U256::from(envelope.gas_limit()).saturating_mul(U256::from(envelope.max_fee_per_gas()));
        let (cost, balance) = (gas.saturating_add(envelope.value()), self.world.balance(sender));
        if balance < cost {
            return Err(SubmitError::InsufficientFunds { balance, cost });
        }
        Ok(Pending { hash, tx })
    }

    fn commit(
        &mut self,
        pending: &Pending,
        outcome: Outcome,
        block: &Block,
        undo: &mut Undo,
        logs: &mut Vec<ChainLog>,
    ) -> Arc<Receipt> {
        self.world.apply(outcome.changes, undo);
        let first = logs.len();
        logs.extend((first..).zip(outcome.logs).map(|(index, log)| ChainLog {
            block: block.number,
            index: u32::try_from(index).expect("a block's gas does not pay for 2^32 logs"),
            address: log.address.into_array(),
            topics: log.topics().iter().map(|topic| topic.0).collect(),
            data: log.data.data.to_vec(),
        }));
        let receipt = Arc::new(Receipt {
            transaction: pending.hash,
            block: block.number,
            index: u32::try_from(block.receipts.len()).expect("a block's gas does not pay for 2^32 transactions"),
            from: pending.tx.caller.into_array(),
            to: match pending.tx.kind {
                TxKind::Call(to) => Some(to.into_array()),
                TxKind::Create => None,
            },
            created: outcome.created.map(Address::into_array),
            status: outcome.status,
            gas_used: outcome.gas_used,
            logs: logs[first..].to_vec(),
        });
        self.receipts.insert(pending.hash, Arc::clone(&receipt));
        receipt
    }

    fn append(&mut self, header: Header, undo: Undo, logs: Vec<ChainLog>, gas_used: u64) {
        self.head = header;
        self.headers.insert(header.number, header);
        self.undo.insert(header.number, undo);
        if !logs.is_empty() {
            self.logs.insert(header.number, logs);
        }
        self.gas_used += gas_used;
        let oldest = header.number.saturating_sub(self.config.finality_depth + HISTORY_EXTRA_BLOCKS);
        self.headers.retain(|&number, _| number >= oldest);
        // The state after block `oldest` is reached by undoing the blocks above it.
        self.undo.retain(|&number, _| number > oldest);
        self.mined.retain(|&number, _| number > oldest);
    }
}
