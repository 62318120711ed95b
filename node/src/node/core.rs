//! What all parts of a running node share: identity, roster, store, conduct, open questions and the outbox.

use std::collections::{BTreeMap, VecDeque};

use super::Config;
use super::proved::Counters;
use super::proving::Known;
use super::question::Question;
use super::workers::Workers;
use crate::action::Limits;
use crate::auth::method::Provider;
use crate::auth::permission::Remembered;
use crate::bugs::{self, Bug};
use crate::conduct::Conduct;
use crate::entropy::Entropy;
use crate::env::Env;
use crate::id::{CallId, NodeId, SessionId};
use crate::io::{ChainRef, ChainRequest, Output, Outputs, Time};
use crate::lead::Promise;
use crate::roster::Roster;
use crate::statement::Statement;
use crate::store::{Batch, Scope, Store, StoreError, Table};

/// A node that has opened its store but does not know the validator set yet.
pub(super) struct Opened {
    pub config: Config,
    pub conduct: Box<dyn Conduct>,
    pub entropy: Entropy,
    pub store: Store,
}

/// The shared middle of a node that has found its place in the validator set.
pub(super) struct Core {
    pub config: Config,
    pub conduct: Box<dyn Conduct>,
    pub entropy: Entropy,
    pub store: Store,
    pub me: NodeId,
    pub roster: Roster,
    /// What the node's clock shows. It may have been set back; everything else has steady time.
    pub clock: Time,
    /// The newest block that the node has heard of.
    pub head: u64,
    /// Where actions run.
    pub workers: Workers,
    /// The keys that identity providers have published.
    pub provider_keys: BTreeMap<Provider, Known>,
    /// How often passkeys have signed.
    pub counters: Counters,
    /// Permissions that a planted bug believes for ever; otherwise unused.
    pub remembered: Remembered,
    /// Statements that wait for conduct, signature and channel; those to the node itself come back as received.
    pub outbox: VecDeque<(NodeId, Statement)>,
    questions: BTreeMap<CallId, Question>,
    calls_made: u64,
}

impl Core {
    pub fn new(opened: Opened, me: NodeId, roster: Roster, calls_made: u64) -> Self {
        let Opened { config, conduct, entropy, store } = opened;
        let (outbox, questions, workers) = (VecDeque::new(), BTreeMap::new(), Workers::new(config.workers));
        Self {
            config,
            conduct,
            entropy,
            store,
            me,
            roster,
            clock: Time::default(),
            head: 0,
            workers,
            provider_keys: BTreeMap::new(),
            counters: Counters::default(),
            remembered: Remembered::default(),
            outbox,
            questions,
            calls_made,
        }
    }

    /// What an action may use up.
    pub fn limits(&self) -> Limits {
        let mut limits = self.config.limits;
        for (bug, limit) in [
            (Bug::FetchesUnlimited, &mut limits.fetches),
            (Bug::SignsUnlimited, &mut limits.signs),
            (Bug::CallsUnlimited, &mut limits.calls),
            (Bug::LogsUnlimited, &mut limits.log_bytes),
        ] {
            if bugs::planted(bug) {
                *limit = u64::MAX;
            }
        }
        limits
    }

    /// Runs `step` of a protocol machine in this node's surroundings; its notes go to the outputs.
    pub fn with_env<R>(&mut self, now: Time, out: &mut Outputs, step: impl FnOnce(&mut Env<'_>) -> R) -> R {
        let mut notes = Vec::new();
        let result = step(&mut Env {
            me: self.me,
            boot: self.config.boot,
            now,
            roster: &self.roster,
            identity: &self.config.identity,
            entropy: &self.entropy,
            conduct: &mut *self.conduct,
            meter: &mut out.meter,
            notes: &mut notes,
            memo: &self.config.memo,
        });
        for note in notes {
            out.note(note);
        }
        result
    }

    /// Opens a question to the surroundings; the answer finds it by the returned id.
    pub fn ask(&mut self, question: Question) -> CallId {
        self.calls_made += 1;
        let call = CallId(self.calls_made);
        self.questions.insert(call, question);
        call
    }

    /// Asks the home chain.
    pub fn ask_chain(&mut self, question: Question, request: ChainRequest, out: &mut Outputs) {
        self.ask_any_chain(question, ChainRef::Home, request, out);
    }

    /// Asks some chain.
    pub fn ask_any_chain(&mut self, question: Question, chain: ChainRef, request: ChainRequest, out: &mut Outputs) {
        let call = self.ask(question);
        out.push(Output::Chain { call, chain, request });
    }

    /// Takes back the question that an answer belongs to; each is answered once.
    pub fn answered(&mut self, call: CallId) -> Option<Question> {
        self.questions.remove(&call)
    }

    /// How many questions are open, by what they are about.
    pub fn open_questions(&self) -> BTreeMap<&'static str, usize> {
        self.questions.values().fold(BTreeMap::new(), |mut counts, question| {
            *counts.entry(question.name()).or_insert(0) += 1;
            counts
        })
    }

    /// To whom this node has promised something, in this boot or an earlier one.
    ///
    /// # Errors
    /// If the store fails.
    pub fn promised(&self, operation: SessionId, out: &mut Outputs) -> Result<Option<NodeId>, StoreError> {
        let scope = Scope::Epoch(self.roster.epoch());
        let promise: Option<Promise> = self.store.get(Table::Promise, scope, &operation.0, &mut out.meter)?;
        Ok(promise.map(|promise| promise.to))
    }

    /// Makes a promise durable, before anything else leaves the node. It is kept as long as the epoch, after which no
    /// request is accepted that it could be about.
    ///
    /// # Errors
    /// If the store fails.
    pub fn promise(&mut self, promise: &Promise, out: &mut Outputs) -> Result<(), StoreError> {
        let scope = Scope::Epoch(self.roster.epoch());
        let batch = Batch::new().put(Table::Promise, scope, &promise.operation.0, promise);
        self.store.commit(batch, &mut out.meter)
    }

    /// Queues a statement.
    pub fn say(&mut self, to: NodeId, statement: Statement) {
        self.outbox.push_back((to, statement));
    }
}
