//! Deploying the network's contracts from their committed artifacts.

use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolValue;
use k256::ecdsa::SigningKey;
use lit_node::bugs::{Bug, BugSet};
use lit_node::chain::registration::address_of;
use lit_node::chain::{Contracts, Fees, Registration, RevertReason, TransactionRequest};
use lit_node::meter::Meter;
use thiserror::Error;

use super::{BASE_FEE_WEI, Chain, SubmitError};

const STAKING: &str = include_str!("../../../node/contracts/artifacts/Staking.json");
const DKG_BOARD: &str = include_str!("../../../node/contracts/artifacts/DkgBoard.json");
const ROUTER: &str = include_str!("../../../node/contracts/artifacts/PubkeyRouter.json");
const PKP_NFT: &str = include_str!("../../../node/contracts/artifacts/PKPNFT.json");
const PERMISSIONS: &str = include_str!("../../../node/contracts/artifacts/PKPPermissions.json");
const HELPER: &str = include_str!("../../../node/contracts/artifacts/PKPHelper.json");
const KEY_POOL: &str = include_str!("../../../node/contracts/artifacts/KeyPool.json");

/// Contracts with a planted mistake, by the name of the right one. Of two mistakes in one contract the first counts.
const MISTAKEN: [(Bug, &str, &str); 3] = [
    (Bug::RepeatedVotes, "PubkeyRouter", include_str!("../../../node/contracts/artifacts/wrong/repeated-votes.json")),
    (Bug::GenesisVote, "PubkeyRouter", include_str!("../../../node/contracts/artifacts/wrong/genesis-vote.json")),
    (Bug::ScopesRevived, "PKPPermissions", include_str!("../../../node/contracts/artifacts/wrong/scopes-revived.json")),
];

/// Enough for the largest of the contracts.
const CREATE_GAS_LIMIT: u64 = 5_000_000;
/// Enough to register one validator.
const VALIDATOR_GAS: u64 = 450_000;

/// A network to deploy.
#[derive(Clone, Debug)]
pub struct NetworkParameters {
    /// The genesis validator set, in order of the members' numbers.
    pub validators: Vec<Registration>,
    /// How many make a quorum.
    pub threshold: u16,
    /// How many blocks a key generation takes certificates.
    pub dkg_window_blocks: u64,
    /// How many blocks after those it takes complaints.
    pub dkg_complaint_blocks: u64,
    /// How many keys are kept ready to be minted; if none, keys are made when the owner asks for them.
    pub unminted_keys: Option<u64>,
    /// The planted mistakes: those of contracts are deployed.
    pub bugs: BugSet,
}

/// Why a network could not be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeployError {
    /// The deployer has sent transactions before; the contracts' addresses follow from its first ones.
    #[error("the deployer has sent {0} transactions before")]
    DeployerUsed(u64),
    /// A transaction was refused.
    #[error("{step}: {error}")]
    Refused {
        /// Which.
        step: &'static str,
        /// Why.
        error: SubmitError,
    },
    /// A transaction was undone.
    #[error("{step}: {reason}")]
    Failed {
        /// Which.
        step: &'static str,
        /// Why.
        reason: RevertReason,
    },
    /// A transaction did not get into the block.
    #[error("{0} was not mined")]
    NotMined(&'static str),
}

impl NetworkParameters {
    /// Where the contracts are when `deployer` makes the network.
    pub fn contracts(&self, deployer: [u8; 20]) -> Contracts {
        let contracts = Contracts::of_deployer(deployer);
        if self.unminted_keys.is_some() { contracts.with_key_pool(deployer) } else { contracts }
    }
}

impl Chain {
    /// Deploys the contracts and sets the genesis validators, in one block of this timestamp.
    ///
    /// # Errors
    /// If the deployer is not fresh or not funded, or the contracts refuse the set.
    pub fn deploy_network(
        &mut self,
        deployer: &SigningKey,
        network: &NetworkParameters,
        timestamp_s: u64,
    ) -> Result<Contracts, DeployError> {
        let from = address_of(deployer.verifying_key());
        let used = self.nonce(from);
        if used != 0 {
            return Err(DeployError::DeployerUsed(used));
        }
        let contracts = network.contracts(from);
        let mut sent = Vec::new();
        for (nonce, (step, to, data, gas_limit)) in (0..).zip(steps(&contracts, network)) {
            let request = TransactionRequest {
                chain_id: self.config().chain_id,
                nonce,
                to,
                value: U256::ZERO,
                data,
                gas_limit,
                fees: Fees { max_fee_per_gas: u128::from(BASE_FEE_WEI), max_priority_fee_per_gas: 0 },
            };
            let raw = request.sign(deployer, &mut Meter::default()).raw;
            sent.push((step, self.submit(&raw).map_err(|error| DeployError::Refused { step, error })?));
        }
        self.mine(timestamp_s);
        for (step, hash) in sent {
            let receipt = self.receipt(&hash).ok_or(DeployError::NotMined(step))?;
            if let Some(reason) = receipt.revert_reason() {
                return Err(DeployError::Failed { step, reason });
            }
        }
        self.networks.push(contracts);
        Ok(contracts)
    }
}

type Step = (&'static str, Option<[u8; 20]>, Vec<u8>, u64);

/// The deployer's transactions. The first six make the contracts in the order of [`Contracts::of_deployer`].
fn steps(contracts: &Contracts, network: &NetworkParameters) -> Vec<Step> {
    let address = |bytes: [u8; 20]| Address::from(bytes);
    let [staking, board, router] = [contracts.staking, contracts.dkg_board, contracts.router].map(address);
    let [pkp_nft, permissions] = [contracts.pkp_nft, contracts.permissions].map(address);
    let helper = address(contracts.helper);
    let create = |step, right, arguments: Vec<u8>| {
        let mistaken = MISTAKEN.iter().find(|(bug, name, _)| *name == step && network.bugs.contains(*bug));
        let artifact = mistaken.map_or(right, |(.., artifact)| *artifact);
        (step, None, [creation_code(artifact), arguments].concat(), CREATE_GAS_LIMIT)
    };
    let genesis = contracts.set_genesis(&network.validators, network.threshold);
    let windows = [network.dkg_window_blocks, network.dkg_complaint_blocks].map(U256::from);
    let genesis_gas = 1_000_000 + VALIDATOR_GAS * network.validators.len() as u64;
    let mut steps = vec![
        create("Staking", STAKING, Vec::new()),
        create("DkgBoard", DKG_BOARD, (staking, windows[0], windows[1]).abi_encode_params()),
        create("PubkeyRouter", ROUTER, (staking, pkp_nft).abi_encode_params()),
        create("PKPNFT", PKP_NFT, (router, permissions, helper).abi_encode_params()),
        create("PKPPermissions", PERMISSIONS, pkp_nft.abi_encode()),
        create("PKPHelper", HELPER, (pkp_nft, permissions).abi_encode_params()),
        ("setGenesis", Some(genesis.to), genesis.data, genesis_gas),
    ];
    if let (Some(target), Some(hand_over)) = (network.unminted_keys, contracts.hand_board_to_pool()) {
        steps.push(create("KeyPool", KEY_POOL, (staking, board, U256::from(target)).abi_encode_params()));
        steps.push(("transferOwnership", Some(hand_over.to), hand_over.data, CREATE_GAS_LIMIT));
    }
    steps
}

fn creation_code(artifact: &str) -> Vec<u8> {
    #[derive(serde::Deserialize)]
    struct Artifact {
        bytecode: String,
    }
    let artifact: Artifact = serde_json::from_str(artifact).expect("artifacts are committed as JSON");
    hex::decode(artifact.bytecode).expect("artifacts hold their bytecode in hex")
}
