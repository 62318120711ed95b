//! Running transactions and view calls on revm, with the rules of Cancun.

use alloy_consensus::{Transaction, TxEnvelope, Typed2718};
use alloy_primitives::{Address, Log, TxKind, U256};
use lit_node::io::ChainReply;
use revm::context::result::{EVMError, ExecutionResult, InvalidTransaction, Output};
use revm::context::{BlockEnv, TxEnv};
use revm::context_interface::cfg::gas_params::GasParams;
use revm::database_interface::WrapDatabaseRef;
use revm::primitives::hardfork::SpecId;
use revm::state::EvmState;
use revm::{Context, DatabaseRef, ExecuteEvm, MainBuilder, MainContext};
use std::convert::Infallible;
use thiserror::Error;

use super::{StateAt, Status, World};

/// The base fee of every block, wei: the least to which EIP-1559 lets it sink, where a chain without load stays.
pub const BASE_FEE_WEI: u64 = 7;
/// A block's gas limit. High, because the deployment of a network of many validators goes into one block, and the
/// throughput of public chains is not what is simulated.
pub const BLOCK_GAS_LIMIT: u64 = 500_000_000;
/// A view call's gas limit: that of common endpoints.
const VIEW_GAS_LIMIT: u64 = 50_000_000;

const SPEC: SpecId = SpecId::CANCUN;

/// A block as contracts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Height.
    pub number: u64,
    /// Seconds since the Unix epoch.
    pub timestamp_s: u64,
}

/// Why a transaction from the pool could not run at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecutionError {
    /// It became invalid while it waited.
    #[error("invalid: {0}")]
    Invalid(InvalidTransaction),
    /// The EVM gave up.
    #[error("EVM failure: {0}")]
    Evm(EVMError<Infallible>),
}

/// What a transaction did.
pub(super) struct Outcome {
    pub status: Status,
    pub created: Option<Address>,
    pub gas_used: u64,
    pub logs: Vec<Log>,
    pub changes: EvmState,
}

/// A decoded transaction in the EVM's form.
pub(super) fn environment(envelope: &TxEnvelope, sender: Address) -> TxEnv {
    TxEnv {
        tx_type: envelope.ty(),
        caller: sender,
        gas_limit: envelope.gas_limit(),
        gas_price: envelope.max_fee_per_gas(),
        gas_priority_fee: envelope.max_priority_fee_per_gas(),
        kind: envelope.kind(),
        value: envelope.value(),
        data: envelope.input().clone(),
        nonce: envelope.nonce(),
        chain_id: envelope.chain_id(),
        access_list: envelope.access_list().cloned().unwrap_or_default(),
        ..Default::default()
    }
}

/// What a transaction costs before its first instruction.
pub(super) fn intrinsic_gas(tx: &TxEnv) -> u64 {
    GasParams::new_spec(SPEC).initial_tx_gas_for_tx(tx, None).initial_total_gas()
}

/// Runs a transaction on the newest state, without changing it.
pub(super) fn transact(world: &World, chain_id: u64, header: Header, tx: TxEnv) -> Result<Outcome, ExecutionError> {
    let (result, changes) = run(world, chain_id, block(header, BASE_FEE_WEI), true, tx)?;
    let gas_used = result.tx_gas_used();
    let (status, created, logs) = match result {
        ExecutionResult::Success { output: Output::Call(data), logs, .. } => (Status::Success(data.into()), None, logs),
        ExecutionResult::Success { output: Output::Create(code, created), logs, .. } => {
            (Status::Success(code.into()), created, logs)
        }
        ExecutionResult::Revert { output, .. } => (Status::Reverted(output.into()), None, Vec::new()),
        ExecutionResult::Halt { reason, .. } => (Status::Halted(reason), None, Vec::new()),
    };
    Ok(Outcome { status, created, gas_used, logs, changes })
}

/// Runs a view call. One that runs out of gas or into an invalid instruction reverts without data.
pub(super) fn view(state: StateAt<'_>, chain_id: u64, header: Header, to: [u8; 20], data: &[u8]) -> ChainReply {
    let tx = TxEnv {
        kind: TxKind::Call(to.into()),
        data: data.to_vec().into(),
        gas_limit: VIEW_GAS_LIMIT,
        gas_price: 0,
        chain_id: Some(chain_id),
        ..Default::default()
    };
    match run(state, chain_id, block(header, 0), false, tx) {
        Ok((ExecutionResult::Success { output, .. }, _)) => ChainReply::Returned(output.into_data().into()),
        Ok((ExecutionResult::Revert { output, .. }, _)) => ChainReply::Reverted(output.into()),
        Ok((ExecutionResult::Halt { .. }, _)) | Err(_) => ChainReply::Reverted(Vec::new()),
    }
}

/// Who would send what to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// The sender; its balance has to cover the value.
    pub from: [u8; 20],
    /// The recipient.
    pub to: [u8; 20],
    /// How much ether goes along, wei.
    pub value: U256,
    /// Call data.
    pub data: Vec<u8>,
}

/// The gas that a transaction would use; why it would be undone, if it would.
pub(super) fn gas(state: StateAt<'_>, chain_id: u64, header: Header, intent: &Intent) -> Result<u64, Vec<u8>> {
    let tx = TxEnv {
        caller: intent.from.into(),
        kind: TxKind::Call(intent.to.into()),
        value: intent.value,
        data: intent.data.clone().into(),
        gas_limit: VIEW_GAS_LIMIT,
        gas_price: 0,
        chain_id: Some(chain_id),
        ..Default::default()
    };
    match run(state, chain_id, block(header, 0), false, tx) {
        Ok((result @ ExecutionResult::Success { .. }, _)) => Ok(result.tx_gas_used()),
        Ok((ExecutionResult::Revert { output, .. }, _)) => Err(output.into()),
        Ok((ExecutionResult::Halt { .. }, _)) | Err(_) => Err(Vec::new()),
    }
}

fn block(header: Header, basefee: u64) -> BlockEnv {
    BlockEnv {
        number: U256::from(header.number),
        timestamp: U256::from(header.timestamp_s),
        gas_limit: BLOCK_GAS_LIMIT,
        basefee,
        ..Default::default()
    }
}

fn run<S: DatabaseRef<Error = Infallible>>(
    state: S,
    chain_id: u64,
    block: BlockEnv,
    check_nonce: bool,
    tx: TxEnv,
) -> Result<(ExecutionResult, EvmState), ExecutionError> {
    let mut evm = Context::mainnet()
        .with_db(WrapDatabaseRef(state))
        .with_block(block)
        .modify_cfg_chained(|cfg| {
            cfg.chain_id = chain_id;
            cfg.disable_nonce_check = !check_nonce;
            cfg.set_spec_and_mainnet_gas_params(SPEC);
        })
        .build_mainnet();
    match evm.transact(tx) {
        Ok(outcome) => Ok((outcome.result, outcome.state)),
        Err(EVMError::Transaction(invalid)) => Err(ExecutionError::Invalid(invalid)),
        Err(other) => Err(ExecutionError::Evm(other)),
    }
}
