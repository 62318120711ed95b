//! The committed artifacts, and deploying from them step by step.

use alloy_json_abi::JsonAbi;
use alloy_primitives::{Address, U256, hex};
use alloy_sol_types::SolValue;
use lit_node::chain::{Contracts, Fees, TransactionRequest};
use lit_node::meter::Meter;
use litsim::chain::{Chain, Receipt};
use serde_json::Value;

use super::network::{CHAIN_ID, COMPLAINT_WINDOW, DEPLOYER, Network, WINDOW, address, key, new_chain};

/// Every contract that all networks have, in the order of deployment.
pub const ALL: [(&str, &str); 6] = [
    ("Staking", include_str!("../../../node/contracts/artifacts/Staking.json")),
    ("DkgBoard", include_str!("../../../node/contracts/artifacts/DkgBoard.json")),
    ("PubkeyRouter", include_str!("../../../node/contracts/artifacts/PubkeyRouter.json")),
    ("PKPNFT", include_str!("../../../node/contracts/artifacts/PKPNFT.json")),
    ("PKPPermissions", include_str!("../../../node/contracts/artifacts/PKPPermissions.json")),
    ("PKPHelper", include_str!("../../../node/contracts/artifacts/PKPHelper.json")),
];

/// The contract that a network has which keeps keys ready to be minted.
pub const KEY_POOL: (&str, &str) = ("KeyPool", include_str!("../../../node/contracts/artifacts/KeyPool.json"));

fn artifact(name: &str) -> Value {
    let (_, text) = ALL.into_iter().chain([KEY_POOL]).find(|(other, _)| *other == name).expect("a contract's name");
    serde_json::from_str(text).unwrap()
}

/// A contract's ABI, as another library reads it.
pub fn abi(name: &str) -> JsonAbi {
    serde_json::from_value(artifact(name)["abi"].clone()).unwrap()
}

fn creation_code(name: &str) -> Vec<u8> {
    hex::decode(artifact(name)["bytecode"].as_str().unwrap()).unwrap()
}

/// Creates a contract and mines it.
pub fn create(chain: &mut Chain, name: &str, arguments: Vec<u8>) -> Receipt {
    let request = TransactionRequest {
        chain_id: CHAIN_ID,
        nonce: chain.nonce(address(DEPLOYER)),
        to: None,
        value: U256::ZERO,
        data: [creation_code(name), arguments].concat(),
        gas_limit: 5_000_000,
        fees: Fees::default(),
    };
    let hash = chain.submit(&request.sign(&key(DEPLOYER), &mut Meter::default()).raw).unwrap();
    let (_, time) = chain.head();
    chain.mine(time + 2);
    chain.receipt(&hash).unwrap().clone()
}

/// Creates a pool of keys and mines it.
pub fn create_pool(chain: &mut Chain, arguments: Vec<u8>) -> Receipt {
    create(chain, KEY_POOL.0, arguments)
}

/// Creates the contracts one by one, in the order and with the arguments of the network's deployment.
pub fn create_all(chain: &mut Chain) -> Vec<(&'static str, Receipt)> {
    let contracts = Contracts::of_deployer(address(DEPLOYER));
    let [staking, router, nft, permissions, helper] =
        [contracts.staking, contracts.router, contracts.pkp_nft, contracts.permissions, contracts.helper]
            .map(Address::from);
    let windows = [WINDOW, COMPLAINT_WINDOW].map(U256::from);
    let arguments = [
        Vec::new(),
        (staking, windows[0], windows[1]).abi_encode_params(),
        (staking, nft).abi_encode_params(),
        (router, permissions, helper).abi_encode_params(),
        nft.abi_encode(),
        (nft, permissions).abi_encode_params(),
    ];
    let created = |((name, _), arguments)| (name, create(chain, name, arguments));
    ALL.into_iter().zip(arguments).map(created).collect()
}

impl Network {
    /// The contracts without a validator set.
    pub fn without_genesis() -> Self {
        let mut chain = new_chain();
        let created = create_all(&mut chain);
        let contracts = Contracts::of_deployer(address(DEPLOYER));
        let addresses: Vec<_> = created.iter().filter_map(|(_, receipt)| receipt.created).collect();
        assert_eq!(addresses, contracts.all());
        Self { chain, contracts }
    }
}
