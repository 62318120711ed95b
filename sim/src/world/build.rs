//! Builds a world from a scenario and a seed: keys, chain with contracts, machines, links.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use alloy_primitives::U256;
use k256::SecretKey;
use lit_node::action::{Executor, InProcess, Limits};
use lit_node::auth::{session, siwe};
use lit_node::chain::{Contracts, Registration, registration};
use lit_node::conduct::Conduct;
use lit_node::id::{Boot, Epoch, Generation, NodeId};
use lit_node::meter::Meter;
use lit_node::node::Config;
use lit_node::roster::Roster;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use super::clock::Clock;
use super::host::Host;
use super::identity::Keys;
use super::links;
use super::observer::Observer;
use super::surroundings::Surroundings;
use super::*;
use crate::byzantine::{self, Switchboard};
use crate::chain::{Chain, ChainConfig, NetworkParameters};
use crate::identity::service;
use crate::isolation::{self, Isolated};
use crate::outcome::RunOptions;
use crate::plan::{FaultId, FaultPlan};
use crate::scenario::Isolation;
use crate::witness::{Doings, Reading, Witness, Witnessed};

/// Unix time at which every run begins, seconds: 2026-01-01T00:00:00Z.
const START_S: u64 = 1_767_225_600;
/// For how many blocks a key generation's board takes certificates, besides those in which its opening becomes final.
const DKG_WINDOW_BLOCKS: u64 = 5;
/// For how many blocks after those it takes complaints, besides those in which the last certificates become final: one
/// to fetch what is missing, one to be mined.
const DKG_COMPLAINT_BLOCKS: u64 = 2;
/// What every account starts with unless the scenario says otherwise, wei: 100 ether.
const FUNDS_WEI: u128 = 100_000_000_000_000_000_000;

/// Makes what a node is started with.
pub(super) struct NodeFactory {
    keys: Keys,
    scenario: Arc<Scenario>,
    /// The network in each of its generations, at least one, the first first.
    networks: Vec<Founded>,
    /// Which of them is in force.
    generation: Generation,
    memo: Memo,
    witness: Rc<RefCell<Witness>>,
    /// Where actions run.
    executor: Rc<dyn Executor>,
    /// What goes wrong.
    pub plan: FaultPlan,
    /// Which lies are on.
    pub switchboard: Switchboard,
    /// Conducts of some nodes instead of those that the plan gives them.
    #[cfg(test)]
    pub stand_ins: BTreeMap<NodeId, fn() -> Box<dyn Conduct>>,
}

/// The network in one of its generations.
pub(super) struct Founded {
    /// Where its contracts are.
    pub contracts: Contracts,
    /// Its validators, and what they decrypt with.
    reading: Rc<Reading>,
}

/// Where a scenario's actions run.
fn executor(scenario: &Scenario) -> Rc<dyn Executor> {
    let actions = &scenario.actions;
    match actions.isolation {
        Isolation::InProcess => Rc::new(InProcess),
        Isolation::Process => Rc::new(Isolated::new(
            isolation::program(),
            isolation::Bounds {
                address_space_bytes: actions.address_space_mib_max.get().saturating_mul(1 << 20),
                cpu_s: actions.cpu_s_max.get(),
            },
        )),
    }
}

impl NodeFactory {
    /// The run's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The network as it is in force.
    fn network(&self) -> &Founded {
        &self.networks[self.generation.0 as usize]
    }

    /// Which generation of the network is in force.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Begins the next generation, if the scenario has one more; where its contracts are.
    pub fn begin_anew(&mut self) -> Option<(Generation, Contracts)> {
        let next = Generation(self.generation.0 + 1);
        let contracts = self.networks.get(next.0 as usize)?.contracts;
        self.generation = next;
        Some((next, contracts))
    }

    /// Each generation until now: its validators and where its contracts are.
    pub fn generations(&self) -> impl Iterator<Item = (&Roster, Contracts)> {
        let until_now = self.networks.iter().take(self.generation.0 as usize + 1);
        until_now.map(|network| (&network.reading.roster, network.contracts))
    }

    /// The configuration and conduct of an instance of a node for one boot.
    pub fn parts(&self, seat: Seat, boot: Boot) -> (Config, Box<dyn Conduct>) {
        let id = seat.node;
        let (network, generation) = (self.network(), self.generation);
        // Two instances that drew the same nonces would give the key away by their first two signatures.
        let randomness = if seat.second { "randomness of the second instance" } else { "randomness" };
        let home = &self.scenario.chains[0];
        let config = Config {
            identity: self.keys.node_identity(id, generation),
            channel_secret: Zeroizing::new(self.keys.validator_bytes(id, generation, "channel")),
            decryption: network.reading.keys[&id].clone(),
            master_key: self.keys.node_secret(id, "store"),
            seed: self.keys.node_secret(id, randomness),
            boot,
            chain_id: home.chain_id,
            contracts: network.contracts,
            generation,
            rpc_urls: self.scenario.chains.iter().map(|chain| (chain.name.clone(), chain.rpc_url())).collect(),
            first_block: 1,
            finality_depth: home.finality_depth,
            delta_ms: self.scenario.network.delta_ms.get(),
            preprocessing: self.scenario.keys.preprocessing.source(),
            triple_batch: self.scenario.keys.batch.get().into(),
            pool_per_set: self
                .scenario
                .keys
                .pool_per_set
                .unwrap_or(self.scenario.keys.preprocessing.kept_ready())
                .into(),
            executor: self.executor.clone(),
            limits: Limits { fuel: self.scenario.actions.fuel_max.get(), ..Limits::default() },
            executions_max: 64,
            workers: usize::from(self.scenario.nodes.cores.get()),
            sign_in: siwe::Policy {
                domains: Some(vec![SIGN_IN_DOMAIN.to_owned()]),
                expiration_required: true,
                ..siwe::Policy::default()
            },
            providers: service::accepted(),
            sessions: session::Policy { domains: Some(vec![SIGN_IN_DOMAIN.into()]), ..session::Policy::default() },
            memo: self.memo.clone(),
            queue_messages: usize::from(self.scenario.nodes.queue_messages.get()),
            bugs: self.scenario.bugs,
        };
        let part = byzantine::Part { me: id, roster: network.reading.roster.clone() };
        let key = |fault: &FaultId| self.keys.bytes(&fault.0, "behaviour");
        let inner = byzantine::conduct(&part, &self.plan, &self.switchboard, key);
        #[cfg(test)]
        let inner = self.stand_ins.get(&id).map_or(inner, |stand_in| stand_in());
        let conduct = Witnessed {
            me: id,
            inner,
            witness: Rc::clone(&self.witness),
            reading: Rc::clone(&network.reading),
            doings: Doings::default(),
        };
        (config, Box::new(conduct))
    }
}

impl World {
    /// A world at time 0, with the contracts deployed and the validator set on chain.
    pub fn new(scenario: Arc<Scenario>, plan: FaultPlan, options: &RunOptions) -> Self {
        let keys = Keys::new(options.seed);
        let ids: Vec<NodeId> = (1..=scenario.network.nodes).map(NodeId).collect();
        let generations = (0..=u32::try_from(scenario.resets()).unwrap_or(u32::MAX)).map(Generation);
        let validators = generations.map(|generation| Validators::new(&scenario, &keys, &ids, generation)).collect();
        let (chains, networks) = chains(&scenario, &keys, validators);
        let contracts = networks[0].contracts;
        let observer = Observer::new(options.trace, oracle::all());
        let link_seed = keys.bytes("network", "links");
        let network = links::network(&scenario, &link_seed);
        let skew_max = scenario.nodes.clock_skew_ms_max;
        let clock_base = START_S * 1_000_000_000;
        let hosts = ids.iter().map(|id| {
            let cores = usize::from(scenario.nodes.cores.get());
            let skew = skew_ms(&keys, *id, skew_max) * MILLI as i64;
            (Seat::from(*id), Host::new(*id, cores, Clock::new(clock_base.saturating_add_signed(skew))))
        });
        Self {
            hosts: hosts.collect(),
            twins: BTreeMap::new(),
            stopped: Meter::default(),
            corrupted: plan.corrupted(),
            factory: NodeFactory {
                keys,
                scenario: Arc::clone(&scenario),
                networks,
                generation: Generation(0),
                memo: if options.memo { Memo::shared() } else { Memo::off() },
                witness: Rc::clone(&observer.witness),
                executor: executor(&scenario),
                plan: plan.clone(),
                switchboard: Switchboard::default(),
                #[cfg(test)]
                stand_ins: BTreeMap::new(),
            },
            surroundings: Surroundings::new(&scenario, chains, &link_seed),
            supply: Supply::new(
                &scenario.keys.preprocessing,
                scenario.keys.batch.get(),
                keys.bytes("dealer", "triples"),
            ),
            faults: Faults::new(plan),
            book: Book::new(Arc::clone(&scenario), keys, contracts),
            script: Script::new(Arc::clone(&scenario)),
            heap: Heap::default(),
            network,
            rounds: Rounds::default(),
            running: None,
            second: None,
            connections: BTreeMap::new(),
            connections_made: 0,
            snapshots: BTreeMap::new(),
            observer,
            endings: BTreeMap::new(),
            disturbed: 0,
            ends_at: None,
            stuck: None,
            clock_base,
            scenario,
        }
    }
}

/// The validators of a generation of the network.
struct Validators {
    generation: Generation,
    registrations: Vec<Registration>,
    reading: Reading,
}

impl Validators {
    fn new(scenario: &Scenario, keys: &Keys, ids: &[NodeId], generation: Generation) -> Self {
        let decryption = |id: &NodeId| (*id, keys.validator_key(*id, generation, "decryption, epoch 1").into());
        let decryption: BTreeMap<NodeId, SecretKey> = ids.iter().map(decryption).collect();
        let registrations = registrations(keys, generation, &decryption);
        let members = registrations.iter().map(|validator| validator.member.clone()).collect();
        let roster = Roster::new(Epoch(1), scenario.network.threshold, members)
            .expect("the scenario's check saw to it that the threshold fits");
        Self { generation, registrations, reading: Reading { keys: decryption, roster } }
    }
}

/// What every node registers on chain.
fn registrations(keys: &Keys, generation: Generation, decryption: &BTreeMap<NodeId, SecretKey>) -> Vec<Registration> {
    let mut uncounted = Meter::default();
    let register = |(id, key): (&NodeId, &SecretKey)| {
        let mut rng = ChaCha20Rng::from_seed(keys.validator_bytes(*id, generation, "proof of possession"));
        let channel = lit_node::channel::public_key(&keys.validator_bytes(*id, generation, "channel"));
        let identity = keys.node_identity(*id, generation);
        Registration::new(&identity, channel, &key.to_nonzero_scalar(), Epoch(1), &mut rng, &mut uncounted)
    };
    decryption.iter().map(register).collect()
}

/// How far a node's clock is ahead of true time, or behind it, milliseconds: at most `max` either way.
fn skew_ms(keys: &Keys, id: NodeId, max: u32) -> i64 {
    let bytes = keys.bytes(&format!("node {}", id.0), "clock skew");
    let draw = u64::from_be_bytes(bytes[..8].try_into().expect("8 of 32 bytes"));
    let max = i64::from(max);
    (draw % (2 * max as u64 + 1)) as i64 - max
}

/// The chains, the first with the contracts of every generation of the network and their genesis sets. Those of a later
/// one are there from the start; nobody uses them until they are in force.
fn chains(scenario: &Scenario, keys: &Keys, generations: Vec<Validators>) -> (Vec<Chain>, Vec<Founded>) {
    let wallets = scenario.users.iter().filter_map(|(name, user)| Some((name, user.funds?)));
    let mut alloc: BTreeMap<[u8; 20], U256> =
        wallets.map(|(name, funds)| (address(&keys.wallet(name)), U256::from(funds.0))).collect();
    let funds = U256::from(FUNDS_WEI);
    for validators in &generations {
        alloc.insert(address(&keys.deployer(validators.generation)), funds);
        alloc.extend(validators.registrations.iter().map(|validator| (validator.member.address, funds)));
    }
    let configs = scenario.chains.iter().map(|chain| ChainConfig {
        chain_id: chain.chain_id,
        block_time_ms: chain.block_time_ms.get(),
        finality_depth: chain.finality_depth,
        genesis_time_s: START_S,
        alloc: alloc.clone(),
    });
    let mut chains: Vec<Chain> = configs.map(Chain::genesis).collect();
    let founded = generations.into_iter().map(|validators| {
        let network = NetworkParameters {
            validators: validators.registrations,
            threshold: scenario.network.threshold,
            dkg_window_blocks: scenario.chains[0].finality_depth.saturating_add(DKG_WINDOW_BLOCKS),
            dkg_complaint_blocks: scenario.chains[0].finality_depth.saturating_add(DKG_COMPLAINT_BLOCKS),
            bugs: scenario.bugs,
            unminted_keys: scenario.keys.unminted.map(|keys| keys.get().into()),
        };
        let deployed = chains[0].deploy_network(&keys.deployer(validators.generation), &network, START_S);
        let contracts = deployed.expect("a fresh chain takes our contracts");
        Founded { contracts, reading: Rc::new(validators.reading) }
    });
    let founded = founded.collect();
    (chains, founded)
}

fn address(key: &k256::ecdsa::SigningKey) -> [u8; 20] {
    registration::address_of(key.verifying_key())
}
