//! Everything around nodes and clients: chains, the IPFS gateway and web servers, with their latencies.

use std::collections::{BTreeMap, BTreeSet};

use lit_node::auth::method::Method;
use lit_node::auth::permission::AuthMethod;
use lit_node::chain::lists::PermittedMethod;
use lit_node::chain::{ChainEvent, Contracts, PermissionEvent, lists, views};
use lit_node::id::{CallId, KeyId, NodeId};
use lit_node::io::{
    BlockTag, ChainError, ChainRef, ChainReply, ChainRequest, HttpError, HttpRequest, HttpResponse, IpfsError, Label,
};

use super::endpoint::Endpoints;
use crate::chain::Chain;
use crate::heap::{MILLI, Nanos};
use crate::http::{self, Origins};
use crate::identity::{Services, service};
use crate::ipfs::Ipfs;
use crate::network::{Endpoint, Latency, Link, Network};
use crate::oracle::{PermissionLists, scopes_held};
use crate::rpc;
use crate::scenario::{self, Scenario};
use crate::stream;

/// The surroundings of a run.
pub(super) struct Surroundings {
    /// The chains; the first is home.
    pub chains: Vec<Chain>,
    settings: Vec<scenario::Chain>,
    /// Each node's view of the home chain.
    pub endpoints: Endpoints,
    /// Blocks that were replaced: the first of them, and the chain as it was.
    pub(super) orphans: Vec<(u64, Chain)>,
    /// The faults that have just had an effect, by position.
    pub(super) struck: Vec<usize>,
    pub(super) ipfs: Ipfs,
    /// Draws the gateway's latencies, each from what is asked, like a link's.
    gateway: Network,
    pub(super) origins: Origins,
    /// The identity providers.
    pub logins: Services,
    /// Services that keep streams, with how long each takes to answer, milliseconds.
    streams: Vec<(stream::Service, u64)>,
}

impl Surroundings {
    /// Builds the gateway and the web servers of a scenario around its chains.
    pub fn new(scenario: &Scenario, chains: Vec<Chain>, seed: &[u8; 32]) -> Self {
        let mut ipfs = Ipfs::default();
        for action in scenario.actions().values() {
            ipfs.add(action.code.as_bytes());
        }
        let logins = blake3::derive_key("litsim 2026 identity providers", seed);
        let seed = blake3::derive_key("litsim 2026 gateway", seed);
        let gateway = Network::new(&seed, Latency::from(&scenario.ipfs.latency));
        Self {
            chains,
            settings: scenario.chains.clone(),
            endpoints: Endpoints::default(),
            orphans: Vec::new(),
            struck: Vec::new(),
            ipfs,
            gateway,
            origins: origins(scenario),
            logins: Services::new(logins),
            streams: scenario
                .streams
                .iter()
                .map(|streams| (stream::Service::new(&streams.name), streams.latency_ms))
                .collect(),
        }
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

    /// The newest block of the home chain that a node hears of, if any.
    pub fn head_for(&self, node: NodeId) -> Option<(u64, u64)> {
        self.endpoints.head(node, &self.chains[0])
    }

    /// Makes a chain's next block at a Unix time in nanoseconds.
    pub fn mine(&mut self, chain: usize, unix_ns: u64) -> (u64, u64) {
        self.chains[chain].mine(unix_ns / 1_000_000_000);
        self.head(chain)
    }

    /// The public keys that the home chain's router has announced, by token.
    pub fn routed_keys(&self, contracts: &Contracts) -> BTreeMap<KeyId, Vec<u8>> {
        let routed = self.events(contracts).into_iter().filter_map(|event| match event {
            ChainEvent::KeyRouted { key, public_key, .. } => Some((key, public_key.to_vec())),
            ChainEvent::NetworkKeyRouted { key, public_key, .. } => Some((key, public_key.to_vec())),
            _ => None,
        });
        routed.collect()
    }

    /// Every event of the home chain's contracts.
    pub fn events(&self, contracts: &Contracts) -> Vec<ChainEvent> {
        let logs = self.chains[0].logs(0, self.chains[0].head().0);
        logs.filter_map(|log| ChainEvent::decode(contracts, log).ok().flatten()).collect()
    }

    /// Who may use a key, by the chain's own lists at a block, and at those that it replaced; nothing if that state is
    /// not kept.
    pub fn permission_lists(&self, contracts: &Contracts, key: KeyId, block: u64) -> Vec<PermissionLists> {
        let replaced = self.orphans.iter().filter(|(first, _)| *first <= block).map(|(_, chain)| chain);
        let versions = [&self.chains[0]].into_iter().chain(replaced);
        versions.filter_map(|chain| permission_lists(chain, contracts, key, block)).collect()
    }

    /// What a chain's endpoint answers a node, or a client, whose endpoint is always in order.
    pub fn ask(
        &mut self,
        asker: Option<NodeId>,
        chain: &ChainRef,
        request: &ChainRequest,
    ) -> Result<ChainReply, ChainError> {
        let position = match chain {
            ChainRef::Home => Some(0),
            ChainRef::Named(name) => self.settings.iter().position(|settings| settings.name == *name),
        };
        match (position, chain, asker) {
            (Some(0), _, Some(node)) => {
                self.struck.extend(self.endpoints.faults(node));
                self.endpoints.ask(node, &mut self.chains[0], request)
            }
            (Some(position), ..) => self.chains[position].answer(request),
            (None, ChainRef::Named(name), _) => Err(ChainError::UnknownChain(name.clone())),
            (None, ChainRef::Home, _) => unreachable!("the home chain is the first"),
        }
    }

    /// What the gateway answers a node, and after how long.
    pub fn ipfs_get(&mut self, node: NodeId, call: CallId, cid: &str) -> (Nanos, Result<Vec<u8>, IpfsError>) {
        let (extra_ms, reply) = self.ipfs.fetch(cid, node);
        self.struck.extend(self.ipfs.fault(cid, node));
        let end = Endpoint::Node(node);
        let session = lit_node::id::SessionId::derive("ipfs", &[cid.as_bytes(), &call.0.to_be_bytes()]);
        let label = Label { session, protocol: "ipfs", round: 0, kind: "get" };
        let verdict = self.gateway.carry(0, Link { from: end, to: end }, &label, Vec::new());
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
        if let Some(position) = self.settings.iter().position(|chain| chain.is_rpc_url(&request.url)) {
            return (self.settings[position].rpc_latency_ms * MILLI, self.rpc(node, position, request));
        }
        self.struck.extend(self.origins.fault(request, node));
        if let Some(answer) = self.logins.respond(request) {
            let (latency_ms, reply) = self.origins.disturbed(request, node, service::LATENCY_MS, Ok(answer));
            return (latency_ms.saturating_mul(MILLI), reply);
        }
        let (latency_ms, reply) = match self.streams.iter_mut().find(|(service, _)| service.is_at(&request.url)) {
            Some((service, latency_ms)) => {
                let answer = service.respond(request);
                self.origins.disturbed(request, node, *latency_ms, Ok(answer))
            }
            None => self.origins.call(request, node, now / MILLI),
        };
        (latency_ms.saturating_mul(MILLI), reply)
    }

    /// What streams have accepted since this was last asked.
    pub fn take_appended(&mut self) -> Vec<stream::Appended> {
        self.streams.iter_mut().flat_map(|(service, _)| service.take_appended()).collect()
    }

    /// What a chain's endpoint answers a node's action over HTTP.
    fn rpc(&mut self, node: NodeId, position: usize, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let home = position == 0;
        let head = self.chains[position].head().0;
        if home {
            self.struck.extend(self.endpoints.faults(node));
        }
        let newest = if home { self.endpoints.newest(node, head).ok_or(HttpError::Unreachable)? } else { head };
        let chain = &mut self.chains[position];
        let view = rpc::View { chain: &chain.clone(), newest };
        Ok(rpc::respond(request, &view, |question| match home {
            true => self.endpoints.ask(node, chain, question),
            false => chain.answer(question),
        }))
    }
}

/// The lists of one version of the chain.
fn permission_lists(chain: &Chain, contracts: &Contracts, key: KeyId, block: u64) -> Option<PermissionLists> {
    let ask = |request: ChainRequest| match request {
        ChainRequest::Call { to, data, block } => chain.call_at(to, &data, block).ok(),
        _ => None,
    };
    let history: Vec<PermissionEvent> =
        chain.logs(0, block).filter_map(|log| PermissionEvent::decode(contracts, log).ok().flatten()).collect();
    let block = BlockTag::Number(block);
    // Actions and addresses have lists of their own.
    let methods = lists::permitted_methods(&ask(contracts.ask_permitted_auth_methods(key, block))?).ok()?;
    let methods = methods.into_iter().filter(|method| method.auth_method_type > Method::Action.number());
    // Which scopes a method has is worked out from what happened: the contract may be mistaken about that.
    let with_scopes = |method: PermittedMethod| {
        let named = AuthMethod { kind: method.auth_method_type, id: method.id };
        let scopes = scopes_held(&history, key, &named);
        (named, scopes)
    };
    Some(PermissionLists {
        methods: methods.map(with_scopes).collect(),
        actions: lists::permitted_actions(&ask(contracts.ask_permitted_actions(key, block))?).ok()?,
        addresses: lists::permitted_addresses(&ask(contracts.ask_permitted_addresses(key, block))?).ok()?,
        owner: views::owner(&ask(contracts.ask_owner(key, block))?).ok()?,
    })
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
