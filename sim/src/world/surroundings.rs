//! Everything around nodes and clients: chains, the IPFS gateway and web servers, with their latencies.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::chain::{ChainEvent, Contracts, lists, views};
use lit_node::id::{CallId, KeyId, NodeId};
use lit_node::io::{
    BlockTag, ChainError, ChainRef, ChainReply, ChainRequest, HttpError, HttpRequest, HttpResponse, IpfsError, Label,
};

use crate::chain::Chain;
use crate::heap::{MILLI, Nanos};
use crate::http::{self, Origins};
use crate::ipfs::Ipfs;
use crate::network::{Endpoint, Latency, Link, Network};
use crate::oracle::PermissionLists;
use crate::scenario::{self, Scenario};

/// The surroundings of a run.
pub(super) struct Surroundings {
    /// The chains; the first is home.
    pub chains: Vec<Chain>,
    settings: Vec<scenario::Chain>,
    ipfs: Ipfs,
    /// Draws the gateway's latencies, each from what is asked, like a link's.
    gateway: Network,
    origins: Origins,
}

impl Surroundings {
    /// Builds the gateway and the web servers of a scenario around its chains.
    pub fn new(scenario: &Scenario, chains: Vec<Chain>, seed: &[u8; 32]) -> Self {
        let mut ipfs = Ipfs::default();
        for action in scenario.actions().values() {
            ipfs.add(action.code.as_bytes());
        }
        let gateway = Network::new(&blake3::derive_key("litsim 2026 gateway", seed), latency(&scenario.ipfs.latency));
        Self { chains, settings: scenario.chains.clone(), ipfs, gateway, origins: origins(scenario) }
    }

    /// How long a question to an endpoint, or its answer, takes.
    pub fn rpc_one_way(&self) -> Nanos {
        self.settings[0].rpc_latency_ms * MILLI / 2
    }

    /// The time between two blocks of a chain.
    pub fn block_time(&self, chain: usize) -> Nanos {
        self.settings[chain].block_time_ms.get() * MILLI
    }

    /// The newest block of a chain: number and timestamp in seconds.
    pub fn head(&self, chain: usize) -> (u64, u64) {
        self.chains[chain].head()
    }

    /// Makes a chain's next block at a Unix time in nanoseconds.
    pub fn mine(&mut self, chain: usize, unix_ns: u64) -> (u64, u64) {
        self.chains[chain].mine(unix_ns / 1_000_000_000);
        self.head(chain)
    }

    /// The public keys that the home chain's router has announced, by token.
    pub fn routed_keys(&self, contracts: &Contracts) -> BTreeMap<KeyId, Vec<u8>> {
        let events = self.chains[0].logs(0, self.chains[0].head().0);
        let routed = events.filter_map(|log| match ChainEvent::decode(contracts, log) {
            Ok(Some(ChainEvent::KeyRouted { key, public_key, .. })) => Some((key, public_key.to_vec())),
            _ => None,
        });
        routed.collect()
    }

    /// Who may use a key, by the chain's own lists at a block; `None` if that state is not kept.
    pub fn permission_lists(&self, contracts: &Contracts, key: KeyId, block: u64) -> Option<PermissionLists> {
        let ask = |request: ChainRequest| match request {
            ChainRequest::Call { to, data, block } => self.chains[0].call_at(to, &data, block).ok(),
            _ => None,
        };
        let block = BlockTag::Number(block);
        Some(PermissionLists {
            actions: lists::permitted_actions(&ask(contracts.ask_permitted_actions(key, block))?).ok()?,
            addresses: lists::permitted_addresses(&ask(contracts.ask_permitted_addresses(key, block))?).ok()?,
            owner: views::owner(&ask(contracts.ask_owner(key, block))?).ok()?,
        })
    }

    /// What a chain's endpoint answers.
    pub fn ask(&mut self, chain: &ChainRef, request: &ChainRequest) -> Result<ChainReply, ChainError> {
        let position = match chain {
            ChainRef::Home => Some(0),
            ChainRef::Named(name) => self.settings.iter().position(|settings| settings.name == *name),
        };
        match (position, chain) {
            (Some(position), _) => self.chains[position].answer(request),
            (None, ChainRef::Named(name)) => Err(ChainError::UnknownChain(name.clone())),
            (None, ChainRef::Home) => unreachable!("the home chain is the first"),
        }
    }

    /// What the gateway answers a node, and after how long.
    pub fn ipfs_get(&mut self, node: NodeId, call: CallId, cid: &str) -> (Nanos, Result<Vec<u8>, IpfsError>) {
        let (extra_ms, reply) = self.ipfs.fetch(cid, node, 0);
        let end = Endpoint::Node(node);
        let session = lit_node::id::SessionId::derive("ipfs", &[cid.as_bytes(), &call.0.to_be_bytes()]);
        let label = Label { session, protocol: "ipfs", round: 0, kind: "get" };
        let verdict = self.gateway.carry(Link { from: end, to: end }, &label, Vec::new());
        let delay = verdict.copies.first().map_or(0, |(delay, ..)| *delay);
        (delay + extra_ms * MILLI, reply)
    }

    /// Whether these are the true bytes of a CID.
    pub fn is_genuine(&self, cid: &str, bytes: &[u8]) -> bool {
        self.ipfs.get(cid) == Some(bytes)
    }

    /// What a web server answers a node, and after how long.
    pub fn http_fetch(
        &mut self,
        node: NodeId,
        request: &HttpRequest,
        now: Nanos,
    ) -> (Nanos, Result<HttpResponse, HttpError>) {
        let (latency_ms, reply) = self.origins.call(request, node, now / MILLI);
        (latency_ms * MILLI, reply)
    }
}

/// The link model of a scenario's latency.
pub(super) fn latency(latency: &scenario::Latency) -> Latency {
    match latency {
        scenario::Latency::Constant { ms } => Latency::Constant(*ms as f64),
        scenario::Latency::Uniform { ms_min, ms_max } => Latency::Uniform(*ms_min as f64, *ms_max as f64),
        scenario::Latency::LogNormal { median_ms, sigma } => Latency::LogNormal(*median_ms, *sigma),
    }
}

fn origins(scenario: &Scenario) -> Origins {
    let mut origins = Origins::default();
    for (at, origin) in &scenario.http {
        let routes = origin.routes.iter().map(|(path, route)| {
            let to_some = route.by_node.iter().map(|(node, answer)| http::Answer {
                when: http::When { callers: Some(BTreeSet::from([*node])), ..http::When::default() },
                ..http::Answer::always(reply(answer))
            });
            let answers = to_some.chain([http::Answer::always(reply(&route.answer))]).collect();
            http::Route { method: "*".into(), path: path.clone(), answers }
        });
        let origin = http::Origin { latency_ms: origin.latency_ms, routes: routes.collect() };
        origins.insert(at, origin).expect("the scenario's check accepted the origin");
    }
    origins
}

fn reply(answer: &scenario::Answer) -> http::Reply {
    http::Reply::Respond(HttpResponse {
        status: answer.status,
        headers: vec![("content-type".to_owned(), answer.content_type.to_owned())],
        body: answer.body.clone(),
    })
}
