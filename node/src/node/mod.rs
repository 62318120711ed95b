//! The node: one dispatcher over the protocol machines.
//!
//! [`Node::open`] takes keys, a store and a conduct; [`Node::handle`] takes one [`Input`] with the node's clock and
//! appends [`Output`]s. Everything that a protocol wants to say goes through the conduct, is signed, sealed by a
//! channel and only then becomes an output; what it must not forget is committed before.

mod alone;
mod caller;
mod core;
pub(crate) mod decryption;
mod decryptions;
mod execution;
mod frame;
mod generation;
mod inquiring;
mod key_pool;
mod keygen;
mod lookup;
mod peers;
mod permission;
mod preprocessing;
mod proved;
mod proving;
mod question;
mod requests;
mod running;
mod serve;
mod state;
mod steady;
#[cfg(test)]
mod testing;
mod transactions;
mod trial;
mod unsealing;
mod watch;
mod workers;

pub use self::state::{ChannelState, KeyState, KeygenState, Membership, RequestState, State};

use k256::SecretKey;
use k256::ecdsa::SigningKey;
use std::collections::BTreeMap;
use std::rc::Rc;
use thiserror::Error;
use zeroize::Zeroizing;

use self::core::{Core, Opened};
use self::running::Running;
use self::steady::Steady;
use crate::action::{Executor, Limits};
use crate::auth::providers::Providers;
use crate::auth::{session, siwe};
use crate::bugs::{self, BugSet};
use crate::chain::{Contracts, registration, views};
use crate::conduct::{Conduct, Secret, SecretKind};
use crate::entropy::Entropy;
use crate::id::{Boot, CallId, Generation, SessionId, TimerId};
use crate::io::{BlockTag, ChainRef, ChainReply, Input, Output, Outputs, Time};
use crate::memo::Memo;
use crate::note::Note;
use crate::store::{Store, StoreError};

/// Everything that a node is started with.
#[derive(Clone)]
pub struct Config {
    /// Signs statements and transactions; its address is the validator's.
    pub identity: SigningKey,
    /// X25519 secret of the channels.
    pub channel_secret: Zeroizing<[u8; 32]>,
    /// The epoch's decryption key, to which dealers encrypt.
    pub decryption: SecretKey,
    /// Seals the store.
    pub master_key: Zeroizing<[u8; 32]>,
    /// Secret seed of this node's randomness.
    pub seed: Zeroizing<[u8; 32]>,
    /// Which start this is. From the driver, never from disk.
    pub boot: Boot,
    /// The home chain's id.
    pub chain_id: u64,
    /// Where the network's contracts are.
    pub contracts: Contracts,
    /// Which generation of the network these are: what was stored in an earlier one is destroyed when the node starts.
    pub generation: Generation,
    /// The RPC endpoint of each chain that actions may name.
    pub rpc_urls: BTreeMap<String, String>,
    /// The block from which logs are read.
    pub first_block: u64,
    /// How many blocks deep a log is final.
    pub finality_depth: u64,
    /// The network's delay bound after stabilisation, milliseconds: the unit of every timeout.
    pub delta_ms: u64,
    /// How many unacknowledged messages are kept for a peer.
    pub queue_messages: usize,
    /// Where triples come from.
    pub preprocessing: Preprocessing,
    /// The fewest triples that a batch of this node has; a presignature takes two.
    pub triple_batch: u16,
    /// How many presignatures this node keeps ready for each holder set that it leads; 0 makes them on demand.
    pub pool_per_set: usize,
    /// Where actions run.
    pub executor: Rc<dyn Executor>,
    /// What actions may use.
    pub limits: Limits,
    /// How many actions may be under way at once.
    pub executions_max: usize,
    /// How many of them may compute at once.
    pub workers: usize,
    /// What sign-in messages must be like.
    pub sign_in: siwe::Policy,
    /// What sessions must be like.
    pub sessions: session::Policy,
    /// Whose word counts when somebody says to be a user of theirs.
    pub providers: Providers,
    /// Results of public checks, shared by the nodes of a simulation.
    pub memo: Memo,
    /// Known mistakes that this node makes, in a build that has them.
    pub bugs: BugSet,
}

/// Where a node gets Beaver triples from. Presigning and signing on top of them are always the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preprocessing {
    /// It makes them with the other holders ([`crate::triples`]).
    #[default]
    Protocol,
    /// A trusted dealer hands them out, who knows all of them.
    Dealer,
}

/// Why a node cannot start.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The store does not open.
    #[error("the store does not open: {0}")]
    Store(#[from] StoreError),
    /// The store belongs to a later generation of the network than the node is started for.
    #[error("the network has been begun anew: this is generation {stored} of it, not {asked}")]
    FormerNetwork {
        /// The store's.
        stored: Generation,
        /// That which the node is started for.
        asked: Generation,
    },
}

/// How much a node keeps for others: what it must bound, whatever they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Messages in the longest queue to a peer.
    pub queue_messages: usize,
    /// Bytes of messages in the largest queue to a peer.
    pub queue_bytes: usize,
}

/// A node of the network.
pub struct Node {
    bugs: BugSet,
    stage: Stage,
    steady: Steady,
    /// The timer that is set, if any; others that still go off are ignored.
    timer: Option<(Time, TimerId)>,
    timers_set: u64,
}

/// How far a node has come.
enum Stage {
    /// Looks itself up in the validator set on chain.
    Discovering(Box<Discovery>),
    /// Takes part.
    Running(Box<Running>),
    /// The store failed: the node says nothing more until it is started again.
    Halted,
}

struct Discovery {
    opened: Opened,
    asked: u64,
    head: u64,
    waiting: bool,
}

impl Node {
    /// Opens a node over its store.
    ///
    /// # Errors
    /// If the store cannot be opened with this master key, or belongs to a later generation of the network.
    pub fn open(
        config: Config,
        backend: Box<dyn redb::StorageBackend>,
        mut conduct: Box<dyn Conduct>,
        out: &mut Outputs,
    ) -> Result<Self, OpenError> {
        let bugs = config.bugs;
        let _planted = bugs::plant(bugs);
        let entropy = Entropy::new(&config.seed, config.boot);
        let mut store = Store::open(backend, &config.master_key, &entropy, &mut out.meter)?;
        generation::begin(&mut store, config.generation, &mut out.meter)?;
        for (kind, bytes) in [
            (SecretKind::Identity, Zeroizing::new(config.identity.to_bytes().into())),
            (SecretKind::Channel, config.channel_secret.clone()),
            (SecretKind::Decryption, Zeroizing::new(config.decryption.to_bytes().into())),
        ] {
            conduct.learn(Secret { kind, session: SessionId::default(), bytes: &bytes });
        }
        out.note(Note::Started { boot: config.boot });
        let opened = Opened { config, conduct, entropy, store };
        let discovery = Discovery { opened, asked: 0, head: 0, waiting: false };
        let stage = Stage::Discovering(Box::new(discovery));
        Ok(Self { bugs, stage, steady: Steady::default(), timer: None, timers_set: 0 })
    }

    /// Handles one input at `clock` on the node's clock, which may have been set forward or back since the last one.
    pub fn handle(&mut self, clock: Time, input: Input, out: &mut Outputs) {
        let _planted = bugs::plant(self.bugs);
        let now = self.steady.read(clock);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Halted) {
            Stage::Discovering(discovery) => discovery.handle(now, input, out),
            Stage::Running(mut running) => {
                let due = match input {
                    Input::Timer(timer) if self.timer.is_none_or(|(_, set)| set != timer) => None,
                    input => Some(input),
                };
                if matches!(due, Some(Input::Timer(_))) {
                    self.timer = None;
                }
                match due.map_or(Ok(()), |input| running.handle(now, clock, input, out)) {
                    Ok(()) => Stage::Running(running),
                    Err(failure) => halt(&failure, out),
                }
            }
            Stage::Halted => Stage::Halted,
        };
        self.set_timer(now, out);
    }

    /// How much the node keeps for others.
    pub fn load(&self) -> Load {
        match &self.stage {
            Stage::Running(running) => running.load(),
            Stage::Discovering(_) | Stage::Halted => Load::default(),
        }
    }

    /// The node's protocol state in public terms, for people: counts, phases and public names, never a secret.
    pub fn describe(&self) -> State {
        let (stage, boot, membership) = match &self.stage {
            Stage::Discovering(discovery) => ("discovering", Some(discovery.opened.config.boot.0), None),
            Stage::Running(running) => ("running", Some(running.boot().0), Some(running.describe())),
            Stage::Halted => ("halted", None, None),
        };
        State { stage, boot, timers_set: self.timers_set, membership }
    }

    /// Whether the store failed and the node waits to be started again.
    pub fn is_halted(&self) -> bool {
        matches!(self.stage, Stage::Halted)
    }

    fn set_timer(&mut self, now: Time, out: &mut Outputs) {
        let Stage::Running(running) = &self.stage else { return };
        let Some(at) = running.deadline().map(|at| at.max(now)) else { return };
        if self.timer.is_some_and(|(set, _)| set <= at) {
            return;
        }
        self.timers_set += 1;
        let timer = TimerId(self.timers_set);
        self.timer = Some((at, timer));
        out.push(Output::SetTimer { timer, at: self.steady.clock(at) });
    }
}

fn halt(failure: &StoreError, out: &mut Outputs) -> Stage {
    out.note(Note::StoreFailed { reason: failure.to_string() });
    Stage::Halted
}

impl Discovery {
    fn handle(mut self: Box<Self>, now: Time, input: Input, out: &mut Outputs) -> Stage {
        match input {
            Input::Started => self.ask(out),
            Input::Head { number, .. } => {
                self.head = self.head.max(number);
                if !self.waiting {
                    self.ask(out);
                }
            }
            Input::Chain { call, reply } if call == CallId(self.asked) => {
                self.waiting = false;
                let Ok(reply) = reply else { return Stage::Discovering(self) };
                return self.join(now, &reply, out);
            }
            // Peers and clients try again; there is nobody here yet who could answer.
            _ => {}
        }
        Stage::Discovering(self)
    }

    fn ask(&mut self, out: &mut Outputs) {
        self.asked += 1;
        self.waiting = true;
        let request = self.opened.config.contracts.ask_roster(BlockTag::Latest);
        out.push(Output::Chain { call: CallId(self.asked), chain: ChainRef::Home, request });
    }

    /// Takes its place if the set on chain names this node; otherwise waits for the next block.
    fn join(self: Box<Self>, now: Time, reply: &ChainReply, out: &mut Outputs) -> Stage {
        let config = &self.opened.config;
        let address = registration::address_of(config.identity.verifying_key());
        let place = views::roster(reply, &config.memo, &mut out.meter)
            .ok()
            .and_then(|roster| roster.by_address(&address).map(|me| (me, roster)));
        let Some((me, roster)) = place else { return Stage::Discovering(self) };
        let Discovery { opened, asked, head, .. } = *self;
        match Running::start(Core::new(opened, me, roster, asked), head, now, out) {
            Ok(running) => Stage::Running(Box::new(running)),
            Err(failure) => halt(&failure, out),
        }
    }
}
