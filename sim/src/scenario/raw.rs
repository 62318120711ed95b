//! The sections of a scenario file as they are read, before anything is compared with anything else.
//!
//! The doc comments here are what `litsim schema` and `litsim explain` print.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU16, NonZeroU64};

use super::count::Count;
use super::latency::Latency;
use super::raw_act::Act;
use super::source::Placed;
use super::value::{HOUR_MS, OneOrMany, OneOrMore, Rate, Threshold, Wei, at_most, between};
use crate::heap::{MILLI, Nanos};
use crate::identity::Login;

/// A scenario: the network, its surroundings, what clients do, what goes wrong, and how it must end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Version of this format: 1.
    pub schema: Placed<u32>,
    /// Short name: lower-case letters, digits and dashes.
    pub name: Placed<String>,
    /// What the scenario shows.
    #[serde(default)]
    pub description: String,
    /// Words to select it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The seed of a run that is given none: 1 if not said. A regression names the seed under which it shows.
    pub seed: Option<u64>,
    /// The nodes and the links between them.
    pub network: Network,
    /// The machines that the nodes run on.
    #[serde(default)]
    pub nodes: Nodes,
    /// The chains; the first is the home of the network's contracts.
    #[serde(default)]
    pub chain: Placed<OneOrMany<Chain>>,
    /// The IPFS gateway.
    #[serde(default)]
    pub ipfs: Ipfs,
    /// Web servers that actions may fetch from.
    #[serde(default)]
    pub http: Vec<Http>,
    /// Services that keep streams: append-only logs of JSON documents, each owned by a public key whose signature every
    /// commit bears. `POST /streams` makes one, `POST /streams/ID/commits` appends to it, `GET /streams/ID` shows it and
    /// `GET /streams?owner=KEY` lists those of an owner. Faults of web servers reach them, too.
    #[serde(default)]
    pub stream: Vec<Stream>,
    /// Who uses the network, by name.
    #[serde(default)]
    pub users: BTreeMap<String, Placed<User>>,
    /// How keys are prepared for signing.
    #[serde(default)]
    pub keys: Keys,
    /// How actions run.
    #[serde(default)]
    pub actions: Actions,
    /// Where a run ends if it does not end by itself.
    #[serde(default)]
    pub limits: Limits,
    /// Known mistakes that nodes and clients make.
    #[serde(default)]
    pub bugs: Bugs,
    /// What `litsim sweep` runs the scenario with.
    #[serde(default)]
    pub sweep: Sweep,
    /// The parts of the run, in order.
    pub act: Placed<Vec<Act>>,
    /// How the run must end.
    #[serde(default)]
    pub expect: Expect,
}

/// The nodes and the links between them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    /// How many nodes: 2 to 256.
    pub nodes: Placed<u16>,
    /// How many shares make a key.
    #[serde(default)]
    pub threshold: Option<Placed<Threshold>>,
    /// The bound on a message's delay after stabilisation, milliseconds.
    #[serde(default = "delta_ms_default", deserialize_with = "between::<_, 1, HOUR_MS>")]
    pub delta_ms: NonZeroU64,
    /// The global stabilisation time (GST), milliseconds from the start. Until then messages may be delayed or lost;
    /// whatever is sent after it, and whatever was sent before and not lost, arrives within `delta_ms`, faults aside.
    /// The time that a step may take runs from then on; what has a limit of its own, as an action's 30 s, keeps it.
    /// If not given, links behave alike all the time, and `delta_ms` is only what nodes count on.
    pub gst_ms: Option<Placed<u64>>,
    /// The most that a message is delayed before stabilisation, milliseconds; up to stabilisation if not given.
    pub pre_gst_delay_ms_max: Option<Placed<u64>>,
    /// The share of messages that are lost before stabilisation.
    pub pre_gst_loss: Option<Placed<Rate>>,
    /// The links.
    #[serde(default)]
    pub link: Link,
}

/// The bound on message delay that nodes count on where a scenario does not say, milliseconds.
pub const DELTA_MS_DEFAULT: NonZeroU64 = NonZeroU64::new(250).expect("250 is not 0");

fn delta_ms_default() -> NonZeroU64 {
    DELTA_MS_DEFAULT
}

/// What each link between two nodes does to messages, faults aside.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// How long a message takes.
    pub latency: Latency,
    /// The share of messages that are lost.
    pub loss: Rate,
    /// The share of messages that arrive twice.
    pub duplicate: Rate,
    /// The share of messages that later ones may overtake.
    pub reorder: Rate,
}

/// The machines that the nodes run on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nodes {
    /// How many inputs a node works on at once.
    pub cores: NonZeroU16,
    /// The most that a node's clock is ahead or behind, milliseconds.
    pub clock_skew_ms_max: u32,
    /// How many messages a node keeps for a peer that does not acknowledge them.
    pub queue_messages: NonZeroU16,
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            cores: const { NonZeroU16::new(2).expect("2 is not 0") },
            clock_skew_ms_max: 0,
            queue_messages: const { NonZeroU16::new(4096).expect("4096 is not 0") },
        }
    }
}

/// A chain and its RPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// The name that actions use.
    pub name: String,
    /// The chain id of EIP-155.
    pub chain_id: u64,
    /// Time between blocks, milliseconds: 10 to an hour.
    #[serde(deserialize_with = "between::<_, 10, HOUR_MS>")]
    pub block_time_ms: NonZeroU64,
    /// How many blocks make a block final.
    pub finality_depth: u64,
    /// How long the endpoint takes to answer, milliseconds.
    #[serde(deserialize_with = "at_most::<_, HOUR_MS>")]
    pub rpc_latency_ms: u64,
}

impl Chain {
    /// Where actions find the endpoint (a name that no real host has: RFC 6761).
    pub fn rpc_url(&self) -> String {
        format!("https://{}.rpc.test/", self.name)
    }

    /// Whether this is where the endpoint is; its path and query make no difference.
    pub fn is_rpc_url(&self, url: &str) -> bool {
        let endpoint = self.rpc_url();
        url.strip_prefix(endpoint.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            name: "yellowstone".into(),
            chain_id: 175_188,
            block_time_ms: const { NonZeroU64::new(1000).expect("1000 is not 0") },
            finality_depth: 1,
            rpc_latency_ms: 20,
        }
    }
}

/// The IPFS gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ipfs {
    /// How long it takes to answer.
    pub latency: Latency,
}

/// A web server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    /// Scheme and host, e.g. https://prices.example.
    pub origin: Placed<String>,
    /// How long it takes to answer, milliseconds.
    #[serde(default = "http_latency_ms_default", deserialize_with = "at_most::<_, HOUR_MS>")]
    pub latency_ms: u64,
    /// What it serves.
    #[serde(default)]
    pub route: Vec<Route>,
}

fn http_latency_ms_default() -> u64 {
    50
}

/// A service that keeps streams.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    /// The name by which actions find it, at https://NAME.stream.test.
    pub name: Placed<String>,
    /// How long it takes to answer, milliseconds.
    #[serde(default = "http_latency_ms_default", deserialize_with = "at_most::<_, HOUR_MS>")]
    pub latency_ms: u64,
}

/// A path of a web server and its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    /// The path, from the slash; a query is ignored.
    pub path: Placed<String>,
    /// The status code.
    pub status: Option<u16>,
    /// The body, as text.
    pub body: Option<Placed<String>>,
    /// The body, as JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<toml::Value>,
    /// Other answers for some nodes.
    #[serde(default)]
    pub by_node: Vec<ByNode>,
}

/// The answer that some nodes get.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ByNode {
    /// Which nodes.
    pub nodes: Vec<Placed<u16>>,
    /// The status code.
    pub status: Option<u16>,
    /// The body, as text.
    pub body: Option<Placed<String>>,
    /// The body, as JSON.
    #[schemars(with = "Option<serde_json::Value>")]
    pub json: Option<toml::Value>,
}

/// A user of the network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// Has an Ethereum wallet, whose key is derived from the seed.
    #[serde(default)]
    pub wallet: bool,
    /// What the wallet holds at the start, wei; 10 ether if not given.
    pub funds_wei: Option<Wei>,
    /// Has a passkey.
    #[serde(default)]
    pub passkey: bool,
    /// Has an account with Google, which signs ID tokens.
    #[serde(default)]
    pub google: bool,
    /// Has an account with Apple, which signs ID tokens.
    #[serde(default)]
    pub apple: bool,
    /// Has an account with Discord, which gives access tokens.
    #[serde(default)]
    pub discord: bool,
    /// Has an account with Google, which gives access tokens.
    #[serde(default)]
    pub google_oauth: bool,
}

impl User {
    /// How the user signs in without the wallet.
    pub fn logins(&self) -> BTreeSet<Login> {
        let has = |login: &Login| match login {
            Login::Passkey => self.passkey,
            Login::Google => self.google,
            Login::Apple => self.apple,
            Login::Discord => self.discord,
            Login::GoogleOauth => self.google_oauth,
        };
        Login::ALL.into_iter().filter(has).collect()
    }
}

/// How keys are prepared for signing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Keys {
    /// Where Beaver triples come from.
    pub preprocessing: Placed<Preprocessing>,
    /// A folder of files that `litsim pool` wrote, relative to the scenario's. The one for as many holders as the
    /// threshold says is used.
    pub pool: Option<Placed<String>>,
    /// The fewest triples that nodes make, or take from a pool, at a time, 1 to 32; a presignature takes two. A dealer
    /// deals four.
    pub batch: Batch,
    /// How many presignatures each holder set keeps ready, at most 255; the engine's choice if not given.
    pub pool_per_set: Option<u8>,
    /// How many keys are kept ready to be minted, 1 to 16: the nodes make the first ones when they start, and a new one for
    /// each that is minted, without being asked. If not given, a key is made by a `keygen` step only.
    pub unminted: Option<Placed<u8>>,
}

/// A number of triples, 1 to 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(transparent)]
pub struct Batch(#[schemars(range(min = 1, max = 32))] u8);

impl Batch {
    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for Batch {
    /// One presignature's: what makes a first signature cheapest.
    fn default() -> Self {
        Self(2)
    }
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        match number {
            1..=32 => Ok(Self(number)),
            _ => Err(serde::de::Error::custom("from 1 to 32")),
        }
    }
}

/// Where Beaver triples come from. Presigning and signing are always real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Preprocessing {
    /// The nodes make them, by a protocol among the holders of each set.
    #[default]
    Protocol,
    /// They were made by that protocol before, and are read from a file.
    Pool,
    /// A trusted dealer hands them out.
    Dealer,
}

/// How actions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Actions {
    /// Where they run.
    pub isolation: Isolation,
    /// The most instructions that an action and those that it calls may use.
    pub fuel_max: NonZeroU64,
    /// In a process of its own: the most processor time for one step of an action, seconds. An action that only takes long
    /// has used up its instructions before; a slower machine may need more.
    pub cpu_s_max: NonZeroU64,
    /// In a process of its own: the most address space, MiB, the engine itself included.
    pub address_space_mib_max: NonZeroU64,
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            isolation: Isolation::InProcess,
            fuel_max: const { NonZeroU64::new(1_000_000_000).expect("not 0") },
            cpu_s_max: const { NonZeroU64::new(120).expect("not 0") },
            address_space_mib_max: const { NonZeroU64::new(2_048).expect("not 0") },
        }
    }
}

/// Where actions run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In the simulation's own process. A few kinds of hostile scripts can end or hang it.
    #[default]
    InProcess,
    /// Each in a process with limits on its address space and processor time. An action whose process dies ends with
    /// `ActionKilled` when its time is over.
    Process,
}

/// Where a run ends if it does not end by itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most virtual time, milliseconds: at most thousand hours.
    #[serde(deserialize_with = "at_most::<_, { 1000 * HOUR_MS }>")]
    pub virtual_ms_max: u64,
    /// The most messages between nodes.
    pub messages_max: u64,
    /// The most events of any kind: a node that wakes itself without end gets no further than this.
    pub events_max: u64,
    /// Whether a step that should complete and did not, while faults were on that can end, gets a second bound after
    /// they have ended. Nodes that lie or stay down go on doing so.
    pub second_phase: bool,
    /// Allows plans in which more than f = floor((n-1)/3) nodes are down, cut off or lying at once.
    pub beyond_f: bool,
}

impl Limits {
    /// The field that bounds virtual time.
    pub(crate) const VIRTUAL_TIME: &'static str = "virtual_ms_max";

    /// The field whose bound a run that has come so far exceeds, if any.
    pub(crate) fn reached(&self, now: Nanos, messages: u64, events: u64) -> Option<&'static str> {
        if now > self.virtual_ms_max.saturating_mul(MILLI) {
            Some(Self::VIRTUAL_TIME)
        } else if messages > self.messages_max {
            Some("messages_max")
        } else {
            (events > self.events_max).then_some("events_max")
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            virtual_ms_max: 600_000,
            messages_max: 10_000_000,
            events_max: 50_000_000,
            second_phase: false,
            beyond_f: false,
        }
    }
}

/// Known mistakes that nodes and clients make, to prove that oracles find them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Bugs {
    /// Which, by name; `litsim list --bugs` shows them.
    pub plant: Vec<Placed<String>>,
}

/// What `litsim sweep` runs the scenario with.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sweep {
    /// The seeds: the first and the last, both included, as in "1..1000"; 1..100 if not given.
    pub seeds: Option<Placed<String>>,
    /// Values to try, by the path of what they replace: "network.nodes" = [4, 7, 10]. Of several such axes every
    /// combination is tried.
    #[schemars(with = "BTreeMap<String, Vec<serde_json::Value>>")]
    pub vary: BTreeMap<String, Placed<Vec<toml::Value>>>,
}

/// How the run must end.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expect {
    /// The verdict.
    pub verdict: ExpectedVerdict,
    /// The oracle that must see a violation, or all of them; no other may. Beside one of safety, liveness does not count.
    pub oracle: Option<Placed<OneOrMore>>,
    /// Which faults must have fired, as `act/fault`; all declared ones if not given.
    pub marks: Option<Vec<Placed<String>>>,
    /// The numbers of the nodes that honest nodes must have proved wrong, and no others; not checked if not given.
    pub culprits: Option<Vec<Placed<u16>>>,
    /// The most messages between nodes.
    pub messages_max: Option<u64>,
    /// The most virtual time, milliseconds.
    pub virtual_ms_max: Option<u64>,
    /// How often nodes must have called web servers, by method and URL without a query, as in
    /// `"POST https://posts.example/posts" = 1`, or `= { max = 1 }`.
    pub calls: BTreeMap<String, Placed<Count>>,
}

/// The verdict that a scenario is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedVerdict {
    /// Everything completes and nothing is violated.
    #[default]
    Pass,
    /// Something that must complete does not.
    Liveness,
    /// A safety property is violated.
    Safety,
}
