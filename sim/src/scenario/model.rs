//! A scenario that has passed every check: what the planner and the engine work from.

use lit_node::bugs::BugSet;
use lit_node::id::NodeId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU8, NonZeroU64};
use std::sync::Arc;

pub use super::auth::{Auth, Certify, Delegator, Proof, Session};
pub use super::count::Count;
pub use super::label::LabelPattern;
pub use super::latency::Latency;
use super::params::Params;
pub use super::raw::{Actions, Batch, Chain, ExpectedVerdict, Ipfs, Isolation, Limits, Link, Nodes};
pub use super::raw_act::{Bound, Curve, Delivery, SignScheme};
use super::seeds::Seeds;
pub use super::value::{Expectation, NodeChoice, Rate, Threshold, Wei};
use crate::fault::Fault;
use crate::identity::Login;
use crate::pool::Pool;

/// A checked scenario. Every name in it resolves, every node number is in range, every file has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Short name.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// The seed of a run that is given none.
    pub seed: u64,
    /// The nodes and the links between them.
    pub network: Network,
    /// The machines that the nodes run on.
    pub nodes: Nodes,
    /// The chains; never empty; the first is the home of the network's contracts.
    pub chains: Vec<Chain>,
    /// The IPFS gateway.
    pub ipfs: Ipfs,
    /// Web servers, by origin.
    pub http: BTreeMap<String, HttpOrigin>,
    /// Services that keep streams.
    pub streams: Vec<Streams>,
    /// Users, by name.
    pub users: BTreeMap<String, User>,
    /// How keys are prepared for signing.
    pub keys: Keys,
    /// How actions run.
    pub actions: Actions,
    /// Where a run ends if it does not end by itself.
    pub limits: Limits,
    /// What a sweep runs it with.
    pub sweep: Sweep,
    /// The parts of the run, in order.
    pub acts: Vec<Act>,
    /// Known mistakes that nodes and clients make.
    pub bugs: BugSet,
    /// How the run must end.
    pub expect: Expect,
    /// The actions that are files.
    pub files: Vec<Arc<Action>>,
}

impl Scenario {
    /// How often the network is begun anew.
    pub fn resets(&self) -> usize {
        let faults = self.acts.iter().flat_map(|act| &act.faults);
        faults.filter(|fault| matches!(fault.what, Fault::Reset(_))).count()
    }

    /// Every action that a step uses or names, by file or step name: the IPFS gateway serves them.
    pub fn actions(&self) -> BTreeMap<&str, &Arc<Action>> {
        let steps = self.acts.iter().flat_map(|act| act.steps.iter());
        let used = steps.filter_map(|step| step.deed.action());
        self.files.iter().chain(used).map(|action| (action.name.as_str(), action)).collect()
    }
}

/// What a sweep runs a scenario with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// The seeds, if the scenario names any.
    pub seeds: Option<Seeds>,
    /// Values to try, by the path of what they replace, in the order of paths. No list is empty.
    pub axes: Vec<(String, Vec<toml::Value>)>,
}

/// How keys are prepared for signing.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// Where Beaver triples come from.
    pub preprocessing: Preprocessing,
    /// The fewest triples that nodes make, or take from a pool, at a time.
    pub batch: Batch,
    /// How many presignatures each holder set keeps ready; the engine's choice if `None`.
    pub pool_per_set: Option<u8>,
    /// How many keys the nodes keep ready to be minted, if they do.
    pub unminted: Option<NonZeroU8>,
}

/// Where Beaver triples come from. Presigning and signing are always real.
#[derive(Clone, Debug, PartialEq)]
pub enum Preprocessing {
    /// The nodes make them, by a protocol among the holders of each set.
    Protocol,
    /// They were made by that protocol before.
    Pool(Arc<Pool>),
    /// A trusted dealer hands them out.
    Dealer,
}

impl Preprocessing {
    /// The name, as in scenarios and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Pool(_) => "pool",
            Self::Dealer => "dealer",
        }
    }

    /// What a node is told: whether it makes triples or is handed them.
    pub(crate) fn source(&self) -> lit_node::node::Preprocessing {
        match self {
            Self::Protocol => lit_node::node::Preprocessing::Protocol,
            Self::Pool(_) | Self::Dealer => lit_node::node::Preprocessing::Dealer,
        }
    }

    /// How many presignatures a set keeps ready if the scenario does not say: triples of a dealer cost nothing, others
    /// are used when they are needed.
    pub(crate) fn kept_ready(&self) -> u8 {
        match self {
            Self::Protocol | Self::Pool(_) => 0,
            Self::Dealer => 1,
        }
    }
}

/// The nodes and the links between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// How many nodes, n.
    pub nodes: u16,
    /// How many shares make a key; 1 to n.
    pub threshold: u16,
    /// The bound on a message's delay after stabilisation, milliseconds.
    pub delta_ms: NonZeroU64,
    /// When and out of what the links become stable; `None` if they are alike all the time.
    pub stabilisation: Option<Stabilisation>,
    /// The links.
    pub link: Link,
}

/// A network that is asynchronous at first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stabilisation {
    /// The global stabilisation time, milliseconds from the start.
    pub gst_ms: u64,
    /// The most that a message is delayed before it, milliseconds.
    pub delay_ms_max: u64,
    /// The share of messages that are lost before it.
    pub loss: Rate,
}

impl Network {
    /// How many nodes may be faulty: f = floor((n-1)/3).
    pub fn faulty_max(&self) -> u16 {
        (self.nodes - 1) / 3
    }

    /// From when on messages arrive in time, milliseconds from the start.
    pub fn stable_from_ms(&self) -> u64 {
        self.stabilisation.as_ref().map_or(0, |stabilisation| stabilisation.gst_ms)
    }
}

/// A web server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOrigin {
    /// How long it takes to answer, milliseconds.
    pub latency_ms: u64,
    /// Answers by path. Other paths are 404.
    pub routes: BTreeMap<String, Route>,
}

/// A service that keeps streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Its name, unique.
    pub name: String,
    /// How long it takes to answer, milliseconds.
    pub latency_ms: u64,
}

/// What a path answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The answer to every node without one of its own.
    pub answer: Answer,
    /// Answers to some nodes.
    pub by_node: BTreeMap<NodeId, Answer>,
}

impl Route {
    /// The answer that `node` gets.
    pub fn for_node(&self, node: NodeId) -> &Answer {
        self.by_node.get(&node).unwrap_or(&self.answer)
    }
}

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// `content-type`.
    pub content_type: &'static str,
    /// Body.
    pub body: Vec<u8>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What the wallet holds at the start; none if there is no wallet.
    pub funds: Option<Wei>,
    /// How the user signs in besides.
    pub logins: BTreeSet<Login>,
}

/// A named part of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Name, unique.
    pub name: String,
    /// Steps, one after another; copies of a scenario share them.
    pub steps: Arc<[Step]>,
    /// Faults beside them, before the seed has drawn what is left open.
    pub faults: Vec<FaultSpec>,
}

/// One thing that a client does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name, unique in the scenario.
    pub id: String,
    /// Who does it: a key of [`Scenario::users`].
    pub user: String,
    /// What is done; steps that are the same but for their names share it.
    pub deed: Arc<Deed>,
    /// How it must end.
    pub expect: Expectation,
    /// A part of the error's text, if one is demanded.
    pub expect_message: Option<String>,
}

/// The code of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The file as the scenario names it, or `STEP (inline)`.
    pub name: String,
    /// The code.
    pub code: String,
}

/// What is done in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Requests a new distributed key; done when it is routed on chain.
    Keygen {
        /// Its name in reports.
        key: String,
        /// What it is over.
        curve: Curve,
    },
    /// Mints the next routed key.
    Mint {
        /// The PKP's name from now on.
        pkp: String,
        /// What is paid; the mint cost if none.
        value: Option<Wei>,
    },
    /// Mints the next routed key for one action, for ever.
    MintGrantBurn {
        /// The PKP's name from now on.
        pkp: String,
        /// The action.
        action: Arc<Action>,
    },
    /// Mints the next routed key for a user's logins; the PKP owns itself.
    MintFor {
        /// The PKP's name from now on.
        pkp: String,
        /// The user.
        user: String,
        /// Which logins of his.
        logins: Vec<Login>,
        /// What they may have signed.
        scopes: Vec<u64>,
    },
    /// Burns a PKP.
    Burn {
        /// The PKP.
        pkp: String,
    },
    /// Permits an action to use a PKP, or no longer does.
    PermitAction {
        /// The PKP.
        pkp: String,
        /// The action.
        action: Arc<Action>,
        /// Whether it may from now on.
        may: bool,
    },
    /// Permits a user's address to use a PKP, or no longer does.
    PermitAddress {
        /// The PKP.
        pkp: String,
        /// The user.
        address: String,
        /// Whether it may from now on.
        may: bool,
    },
    /// Permits a user's logins to use a PKP, or no longer does.
    PermitLogins {
        /// The PKP.
        pkp: String,
        /// The user.
        user: String,
        /// Which logins.
        logins: Vec<Login>,
        /// What they may have signed from now on; `None` if they may no longer use the PKP.
        scopes: Option<Vec<u64>>,
    },
    /// Transfers a PKP.
    Transfer {
        /// The PKP.
        pkp: String,
        /// The user who receives it.
        to: String,
    },
    /// Runs an action.
    Execute(Execute),
    /// Signs without an action.
    Sign {
        /// The PKP.
        pkp: String,
        /// The text, of which keccak256 is signed.
        text: String,
        /// How.
        scheme: SignScheme,
        /// Who asks, if anybody shows it.
        auth: Option<Auth>,
        /// What shows it besides.
        proof: Option<Proof>,
    },
    /// Has a PKP certify a session's key.
    SessionKey(Certify),
    /// An identity provider goes on to its next key.
    RotateKeys {
        /// Whose.
        provider: Login,
    },
    /// Proves that an action, and nothing else, made the signatures of a step.
    Prove {
        /// The PKP.
        pkp: String,
        /// The action.
        action: Arc<Action>,
        /// The step.
        by: String,
    },
    /// Sends ether to a PKP's address.
    Fund {
        /// The PKP.
        pkp: String,
        /// How much.
        value: Wei,
    },
    /// Has an action sign a transaction of the PKP's address and submits it.
    PkpTransaction {
        /// The PKP.
        pkp: String,
        /// Gets `publicKey` and `toSign`; signs under the name `sig`.
        action: Arc<Action>,
        /// The user who receives the ether.
        to: String,
        /// How much.
        value: Wei,
        /// The user whose AuthSig goes along.
        auth: Option<String>,
    },
    /// Asks every node who it is.
    Handshake,
    /// Waits until as many keys are ready to be minted as the nodes keep.
    KeyPool,
    /// Lets time pass.
    Wait {
        /// How long, milliseconds.
        ms: u64,
    },
    /// Encrypts a text under the network's key.
    Encrypt {
        /// The ciphertext's name from now on.
        secret: String,
        /// What is encrypted.
        text: String,
        /// The user who may decrypt it.
        to: String,
    },
    /// Decrypts a text with the nodes' help.
    Decrypt {
        /// The ciphertext.
        secret: String,
        /// Who signs in, or which session asks, if any does.
        auth: Option<Auth>,
        /// The user whom the conditions let in that the nodes are shown, if those are not the ciphertext's.
        shows: Option<String>,
    },
}

impl Deed {
    /// The kind, as in scenarios and reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Keygen { .. } => "keygen",
            Self::Mint { .. } => "mint",
            Self::MintGrantBurn { .. } => "mint_grant_burn",
            Self::MintFor { .. } => "mint_for",
            Self::Burn { .. } => "burn",
            Self::PermitAction { may: true, .. } => "permit_action",
            Self::PermitAction { may: false, .. } => "revoke_action",
            Self::PermitAddress { may: true, .. } => "permit_address",
            Self::PermitAddress { may: false, .. } => "revoke_address",
            Self::PermitLogins { scopes: Some(_), .. } => "permit_logins",
            Self::PermitLogins { scopes: None, .. } => "revoke_logins",
            Self::Transfer { .. } => "transfer",
            Self::Execute(_) => "execute",
            Self::Sign { .. } => "sign",
            Self::SessionKey(_) => "session_key",
            Self::RotateKeys { .. } => "rotate_keys",
            Self::Prove { .. } => "prove",
            Self::Fund { .. } => "fund",
            Self::PkpTransaction { .. } => "pkp_transaction",
            Self::Handshake => "handshake",
            Self::KeyPool => "key_pool",
            Self::Wait { .. } => "wait",
            Self::Encrypt { .. } => "encrypt",
            Self::Decrypt { .. } => "decrypt",
        }
    }

    /// The action that is permitted or run, if any.
    pub fn action(&self) -> Option<&Arc<Action>> {
        match self {
            Self::PermitAction { action, .. }
            | Self::MintGrantBurn { action, .. }
            | Self::Prove { action, .. }
            | Self::PkpTransaction { action, .. } => Some(action),
            Self::Execute(execute) => Some(&execute.action),
            _ => None,
        }
    }
}

/// How an action is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Execute {
    /// The action.
    pub action: Arc<Action>,
    /// How nodes get the code.
    pub by: Delivery,
    /// The CID to ask for, if it is not the action's.
    pub cid: Option<String>,
    /// The client goes away so long after it has asked, milliseconds.
    pub disconnect_after_ms: Option<u64>,
    /// Globals of the action.
    pub params: Params,
    /// Who asks, if anybody shows it.
    pub auth: Option<Auth>,
    /// What shows it besides.
    pub proof: Option<Proof>,
    /// The names of the signatures that must result, ascending, if demanded.
    pub expect_signatures: Option<Vec<String>>,
    /// The response that must result, if demanded.
    pub expect_response: Option<String>,
}

/// A fault as the scenario declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpec {
    /// Name, unique in its act.
    pub name: String,
    /// The step that it belongs to.
    pub during: Option<String>,
    /// When it starts.
    pub when: WhenSpec,
    /// How long it lasts, milliseconds; to the end of the act or step if none.
    pub for_ms: Option<u64>,
    /// What goes wrong.
    pub what: Fault<NodeChoice>,
}

/// When a fault starts, as the scenario declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhenSpec {
    /// Milliseconds after the start of its act or step.
    At {
        /// How many.
        ms: u64,
    },
    /// When a message is sent.
    Sent {
        /// What is sent.
        label: LabelPattern,
        /// By whom, if the scenario says so.
        node: Option<NodeId>,
        /// By whomever, also for a crash.
        any_node: bool,
        /// The how-manieth, from 1.
        occurrence: u32,
    },
}

/// How the run must end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// The verdict.
    pub verdict: ExpectedVerdict,
    /// The oracles that must see a violation, ascending, while no other does; not checked if empty. Beside violations of
    /// safety those of liveness do not count.
    pub oracles: Vec<String>,
    /// Ids (`act/fault`) of the faults that must have fired.
    pub marks: Vec<String>,
    /// The nodes that honest nodes must have proved wrong, if that is to be checked.
    pub culprits: Option<BTreeSet<NodeId>>,
    /// The most messages between nodes.
    pub messages_max: Option<u64>,
    /// The most virtual time, milliseconds.
    pub virtual_ms_max: Option<u64>,
    /// How often web servers must have been called, by method and URL without a query.
    pub calls: BTreeMap<String, Count>,
}

impl Expect {
    /// What was missed in a run whose faults fired so often, in which so many messages were sent in so many virtual
    /// milliseconds.
    pub fn missed(&self, fired: &BTreeMap<String, u64>, messages: u64, virtual_ms: u64) -> Option<String> {
        if let Some(mark) = self.marks.iter().find(|mark| fired.get(*mark).is_none_or(|times| *times == 0)) {
            return Some(format!("the fault {mark} never fired"));
        }
        if self.messages_max.is_some_and(|max| messages > max) {
            return Some(format!("{messages} messages exceed the budget"));
        }
        self.virtual_ms_max.is_some_and(|max| virtual_ms > max).then(|| "virtual time exceeds the budget".to_owned())
    }

    /// What was missed if this was counted, web servers' calls among it.
    pub fn miscounted(&self, counted: &BTreeMap<String, u64>) -> Option<String> {
        let found = |call: &String| counted.get(call).copied().unwrap_or(0);
        let (call, count) = self.calls.iter().find(|(call, count)| !count.holds(found(call)))?;
        Some(format!("{call} was called {} times: expected {count}", found(call)))
    }

    /// What was missed if these nodes have been proved wrong.
    pub fn wrongly_blamed(&self, named: &BTreeSet<NodeId>) -> Option<String> {
        let list = |nodes: &BTreeSet<NodeId>| {
            let numbers: Vec<String> = nodes.iter().map(|node| node.0.to_string()).collect();
            if numbers.is_empty() { "no node".to_owned() } else { format!("node {}", numbers.join(", ")) }
        };
        let wanted = self.culprits.as_ref().filter(|wanted| *wanted != named)?;
        Some(format!("{} should have been proved wrong, and {} was", list(wanted), list(named)))
    }
}
