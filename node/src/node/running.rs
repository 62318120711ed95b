//! A node that takes part: hands each input to the part that it concerns, and moves what comes out of one part into
//! the next until nothing is left to do.

use k256::ProjectivePoint;
use std::mem;
use std::rc::Rc;

use super::Load;
use super::core::Core;
use super::execution::Together;
use super::key_pool::KeyPool;
use super::keygen::{KeyGeneration, Reach};
use super::peers::{Arrival, Heard, Peers};
use super::preprocessing::{Made, Source};
use super::question::Question;
use super::requests::Requests;
use super::state::{ChannelState, Membership};
use super::transactions::Transactions;
use super::watch::ChainWatch;
use crate::chain::ChainEvent;
use crate::channel::{self, Channels};
use crate::curve::Bls12381;
use crate::env::Env;
use crate::evidence::Evidence;
use crate::id::{Boot, CallId, NodeId};
use crate::io::{ChainError, ChainLog, ChainReply, Input, Outputs, Time};
use crate::lead::{self, Operations};
use crate::note::Note;
use crate::signing::{self, Signers};
use crate::statement::Statement;
use crate::store::StoreError;
use crate::wire::hash_parts;

/// The parts of a running node.
pub(super) struct Running {
    core: Core,
    peers: Peers,
    watch: ChainWatch,
    transactions: Transactions,
    keygen: KeyGeneration<ProjectivePoint>,
    network_keygen: KeyGeneration<Bls12381>,
    key_pool: KeyPool,
    signers: Signers,
    source: Source,
    /// Batches of triples, made or not, that signing has not been told of.
    made: Vec<Made>,
    requests: Requests,
    operations: Operations,
}

impl Running {
    /// Opens channels and starts to follow the chain.
    ///
    /// # Errors
    /// If the store fails.
    pub fn start(core: Core, head: u64, now: Time, out: &mut Outputs) -> Result<Self, StoreError> {
        let network = hash_parts("network", &[&core.config.chain_id.to_be_bytes(), &core.config.contracts.staking]);
        let channels = Channels::new(
            channel::Params {
                queue_messages: core.config.queue_messages,
                ..channel::Params::new(network, core.roster.epoch(), core.config.delta_ms)
            },
            core.me,
            core.config.boot,
            *core.config.channel_secret,
            core.roster.iter().map(|(id, member)| (id, member.channel_key)),
            &core.entropy,
        );
        let mut params = signing::Params {
            pool_per_set: core.config.pool_per_set,
            // A signature gives up while the action that waits for it can still be told.
            deadline_ms: core.config.limits.time_ms / 6 * 5,
            ..signing::Params::new(core.config.delta_ms, core.roster.size())
        };
        let source = Source::new(&core.config, core.roster.threshold(), &mut params);
        let watch = ChainWatch::new(core.config.first_block, head);
        let mut running = Self {
            peers: Peers { channels },
            watch,
            transactions: Transactions::default(),
            keygen: KeyGeneration::default(),
            network_keygen: KeyGeneration::default(),
            key_pool: KeyPool::default(),
            signers: Signers::new(params),
            source,
            made: Vec::new(),
            requests: Requests::new(core.config.executions_max),
            operations: Operations::new(lead::Params::new(core.config.delta_ms, core.config.limits.time_ms)),
            core,
        };
        let mut effects = Vec::new();
        running.peers.channels.start(now, &mut out.meter, &mut effects);
        running.peers.carry_out(effects, &running.core, out);
        running.watch.advance(&mut running.core, out);
        running.core.head = head;
        Ok(running)
    }

    /// How much this node keeps for others.
    pub fn load(&self) -> Load {
        let (queue_messages, queue_bytes) = self.peers.channels.longest_queue();
        Load { queue_messages, queue_bytes }
    }

    /// Which start of the node this is.
    pub fn boot(&self) -> Boot {
        self.core.config.boot
    }

    /// The state of every part, in public terms.
    pub fn describe(&self) -> Membership {
        let core = &self.core;
        let channels = core.roster.iter().map(|(peer, _)| peer).filter(|peer| *peer != core.me).map(|peer| {
            let channels = &self.peers.channels;
            ChannelState { peer, open: channels.is_open(peer), queued: channels.queued(peer) }
        });
        let (mut key_generations, mut unvoted_keys) = self.keygen.describe();
        let (network, unvoted) = self.network_keygen.describe();
        key_generations.extend(network);
        unvoted_keys.extend(unvoted);
        let (requests, keys) = self.requests.describe();
        Membership {
            me: core.me,
            epoch: core.roster.epoch().0,
            members: core.roster.size(),
            head: self.watch.head(),
            scanned: self.watch.scanned(),
            channels: channels.collect(),
            key_generations,
            unvoted_keys,
            keys,
            signing: self.signers.progress(),
            presignatures: self.signers.pool_levels(),
            triple_batches: self.source.batches(),
            requests,
            open_questions: core.open_questions(),
            transactions: self.transactions.pending(),
            outbox: core.outbox.len(),
        }
    }

    /// The earliest instant at which some part has something to do.
    pub fn deadline(&self) -> Option<Time> {
        let parts = [
            self.peers.channels.deadline(),
            self.keygen.deadline(),
            self.network_keygen.deadline(),
            self.signers.deadline(),
            self.source.deadline(),
            self.requests.deadline(),
            self.operations.deadline(),
        ];
        parts.into_iter().flatten().min()
    }

    /// Handles one input at `now`, when the node's clock shows `clock`.
    ///
    /// # Errors
    /// If the store fails; the node must then be dropped.
    pub fn handle(&mut self, now: Time, clock: Time, input: Input, out: &mut Outputs) -> Result<(), StoreError> {
        self.core.clock = clock;
        match input {
            Input::Started => {}
            Input::Peer { from, bytes } => self.on_frame(from, &bytes, now, out)?,
            Input::Client { conn, bytes } => {
                self.requests.on_request(conn, &bytes, self.watch.head(), now, &mut self.core, out);
            }
            Input::ClientGone { conn } => self.requests.on_gone(conn),
            Input::Head { number, .. } => {
                self.watch.on_head(number, &mut self.core, out);
                self.core.head = self.watch.head();
            }
            Input::Chain { call, reply } => self.on_chain(call, reply, now, out)?,
            Input::Ipfs { call, reply } => {
                if let Some(Question::Code { request, frame }) = self.core.answered(call) {
                    self.requests.on_code(request, frame, reply, now, &mut self.core, out);
                }
            }
            Input::Http { call, reply } => match self.core.answered(call) {
                Some(Question::Fetch { request, at, url }) => {
                    self.requests.on_http(request, (at, &url), reply, now, &mut self.core, out);
                }
                Some(Question::Identity { request, proof }) => {
                    self.requests.on_identity(request, proof, reply, now, &mut self.core, out);
                }
                _ => {}
            },
            Input::DealtTriples(triples) if self.source.is_dealer() => {
                self.sign(now, out, |signers, env, fx| signers.on_triples(*triples, env, fx));
            }
            Input::DealtTriples(_) => {}
            Input::Timer(_) => self.tick(now, out)?,
        }
        self.settle(now, out)
    }

    /// The key generations of both kinds, and what a step of theirs may touch.
    fn reach<'a>(
        &'a mut self,
        now: Time,
        out: &'a mut Outputs,
    ) -> (&'a mut KeyGeneration<ProjectivePoint>, &'a mut KeyGeneration<Bls12381>, Reach<'a>) {
        let reach = Reach { now, core: &mut self.core, transactions: &mut self.transactions, out };
        (&mut self.keygen, &mut self.network_keygen, reach)
    }

    fn tick(&mut self, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        let mut effects = Vec::new();
        self.peers.channels.tick(now, &mut out.meter, &mut effects);
        self.receive(effects, now, out)?;
        let (keygen, network, mut reach) = self.reach(now, out);
        keygen.tick(&mut reach)?;
        network.tick(&mut reach)?;
        self.make(now, out, Source::tick);
        self.sign(now, out, |signers, env, fx| signers.tick(env, fx));
        self.requests.tick(now, &mut self.core, out);
        self.lead(now, out, |operations, env, fx| operations.tick(env, fx))
    }

    fn on_frame(&mut self, link: NodeId, bytes: &[u8], now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        let mut effects = Vec::new();
        self.peers.channels.on_frame(link, bytes, now, &mut out.meter, &mut effects);
        self.receive(effects, now, out)
    }

    fn receive(&mut self, effects: Vec<channel::Effect>, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        let (heard, arrivals) = self.peers.carry_out(effects, &self.core, out);
        for Arrival { peer, boot, again } in arrivals {
            if again {
                self.make(now, out, |source, env| source.peer_restarted(peer, env));
            }
            self.sign(now, out, |signers, env, fx| signers.peer_arrived(peer, boot, again, env, fx));
        }
        heard.into_iter().try_for_each(|heard| self.hear(heard, now, out))
    }

    fn hear(&mut self, heard: Heard, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        let Heard { from, statement, signature } = heard;
        if from != self.core.me {
            if let Some(signature) = signature {
                self.core.conduct.signed(from, &statement, signature);
            }
            let replies = self.core.conduct.inbound(from, &statement);
            self.core.outbox.extend(replies);
        }
        match statement {
            Statement::Dkg(message) => {
                let (keygen, _, mut reach) = self.reach(now, out);
                keygen.on_message(from, message, signature, &mut reach)
            }
            Statement::NetworkDkg(message) => {
                let (_, network, mut reach) = self.reach(now, out);
                network.on_message(from, message, signature, &mut reach)
            }
            Statement::Signing(message) => {
                self.sign(now, out, |signers, env, fx| signers.on_message(from, message, signature, env, fx));
                Ok(())
            }
            Statement::Triples(message) => {
                self.make(now, out, |source, env| source.on_message(from, message, signature, env));
                Ok(())
            }
            Statement::Lead(message) => self.lead(now, out, |operations, env, fx| {
                operations.on_message(from, message, signature, env, fx);
            }),
            Statement::Raw(_) => Ok(()),
        }
    }

    fn on_chain(
        &mut self,
        call: CallId,
        reply: Result<ChainReply, ChainError>,
        now: Time,
        out: &mut Outputs,
    ) -> Result<(), StoreError> {
        match self.core.answered(call) {
            Some(Question::Logs { to_block }) => match reply {
                Ok(ChainReply::Logs(logs)) => self.on_logs(&logs, to_block, now, out)?,
                _ => self.watch.failed(),
            },
            Some(Question::Nonce) => self.transactions.on_nonce(reply.ok(), &mut self.core, out),
            Some(Question::Submission) => self.transactions.on_submitted(&mut self.core, out),
            Some(Question::Permission { request, at, part }) => {
                let head = self.watch.head();
                self.requests.on_permission(request, at, part, reply, head, now, &mut self.core, out);
            }
            Some(Question::Host { request, at }) => {
                self.requests.on_chain_value(request, at, reply, now, &mut self.core, out);
            }
            Some(Question::Condition { request, at, part }) => {
                self.requests.on_condition(request, at, part, reply, now, &mut self.core, out);
            }
            Some(Question::Code { .. } | Question::Fetch { .. } | Question::Identity { .. }) | None => {}
        }
        Ok(())
    }

    fn on_logs(&mut self, logs: &[ChainLog], to_block: u64, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        let contracts = self.core.config.contracts;
        let head_at_start = self.watch.head_at_start();
        for log in logs {
            // An event that does not decode is not one of our contracts': a lying endpoint is no reason to stop.
            if let Ok(Some(event)) = ChainEvent::decode(&contracts, log) {
                let (keygen, network, mut reach) = self.reach(now, out);
                keygen.on_event(&event, log.block, head_at_start, &mut reach)?;
                network.on_event(&event, log.block, head_at_start, &mut reach)?;
                self.key_pool.on_event(&event, &self.core);
            }
        }
        self.watch.handled(to_block);
        let (keygen, network, mut reach) = self.reach(now, out);
        keygen.on_final(to_block, &mut reach)?;
        network.on_final(to_block, &mut reach)?;
        if let Some(call) = self.key_pool.report(&self.core.config.contracts) {
            self.transactions.submit(call, &mut self.core, out);
        }
        self.watch.advance(&mut self.core, out);
        Ok(())
    }

    /// Runs a step of preprocessing and hands on what it has made.
    fn make(&mut self, now: Time, out: &mut Outputs, step: impl FnOnce(&mut Source, &mut Env<'_>) -> Vec<Made>) {
        let source = &mut self.source;
        let made = self.core.with_env(now, out, |env| step(source, env));
        self.hand_on(made, now, out);
    }

    /// Suspicions and convictions count at once; what signing may act upon waits until the event is settled.
    fn hand_on(&mut self, made: Vec<Made>, now: Time, out: &mut Outputs) {
        for made in made {
            match made {
                Made::Say(to, message) => self.core.say(to, Statement::Triples(message)),
                Made::Triples(_) | Made::Failed(_) => self.made.push(made),
                Made::Suspect(node) => self.sign(now, out, |signers, env, fx| signers.suspect(node, env, fx)),
                Made::Culprit(node, what, evidence) => {
                    self.signers.convict(node);
                    let evidence = Some(Evidence::Triples(evidence).exhibit());
                    out.note(Note::Culprit { node, what: format!("{what:?}"), evidence });
                }
            }
        }
    }

    /// Runs a step of signing and carries out what it asks for.
    fn sign(
        &mut self,
        now: Time,
        out: &mut Outputs,
        step: impl FnOnce(&mut Signers, &mut Env<'_>, &mut Vec<signing::Effect>),
    ) {
        let mut effects = Vec::new();
        let signers = &mut self.signers;
        self.core.with_env(now, out, |env| step(signers, env, &mut effects));
        for effect in effects {
            match effect {
                signing::Effect::Send { to, message } => self.core.say(to, Statement::Signing(message)),
                signing::Effect::NeedTriples { leader, holders, count } => {
                    let source = &mut self.source;
                    match self.core.with_env(now, out, |env| source.need(leader, holders, count, env)) {
                        Ok(made) => self.hand_on(made, now, out),
                        Err(request) => out.push(*request),
                    }
                }
                signing::Effect::Culprit { node, what, evidence } => {
                    let evidence = evidence.map(|evidence| Evidence::Signing(*evidence).exhibit());
                    out.note(Note::Culprit { node, what: format!("{what:?}"), evidence });
                }
                signing::Effect::WrongResult { attempt } => out.note(Note::WrongResult { attempt }),
                signing::Effect::Done { session, shares, signature, .. } => {
                    self.requests.on_signed(session, shares, signature, now, &mut self.core, out);
                }
                signing::Effect::Failed { session, agreed, needed, .. } => {
                    self.requests.on_sign_failed(session, agreed, needed, now, &mut self.core, out);
                }
            }
        }
    }

    /// Runs a step of what nodes do together for actions, and carries out what it asks for.
    fn lead(
        &mut self,
        now: Time,
        out: &mut Outputs,
        step: impl FnOnce(&mut Operations, &mut Env<'_>, &mut Vec<lead::Effect>),
    ) -> Result<(), StoreError> {
        let mut effects = Vec::new();
        let operations = &mut self.operations;
        self.core.with_env(now, out, |env| step(operations, env, &mut effects));
        for effect in effects {
            match effect {
                lead::Effect::Persist(promise) => self.core.promise(&promise, out)?,
                lead::Effect::Send { to, message } => self.core.say(to, Statement::Lead(message)),
                lead::Effect::Lead(name) => self.requests.on_lead(name, now, &mut self.core, out),
                lead::Effect::Value(name, from, value) => {
                    self.requests.on_value(name, from, &value, now, &mut self.core, out);
                }
                lead::Effect::Ended(name, ended) => {
                    self.requests.on_operation(name, ended, now, &mut self.core, out);
                }
            }
        }
        Ok(())
    }

    /// Begins what an action wants nodes to do together, or tells what came of it here.
    fn together(&mut self, wish: Together, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        match wish {
            Together::Once { name, waits } => {
                let promised = self.core.promised(name, out)?;
                self.lead(now, out, |operations, env, fx| operations.once(name, waits, promised, env, fx))
            }
            Together::Collect { name, value } => {
                self.lead(now, out, |operations, env, fx| operations.collect(name, value, env, fx))
            }
            Together::Exchange { name, value } => {
                self.lead(now, out, |operations, env, fx| operations.exchange(name, value, env, fx))
            }
            Together::Entrust { name, value } => {
                let promised = self.core.promised(name, out)?;
                self.lead(now, out, |operations, env, fx| operations.entrust(name, value, promised, env, fx))
            }
            Together::Done { name, result } => {
                self.lead(now, out, |operations, env, fx| operations.done(name, result, env, fx))
            }
        }
    }

    /// Moves results between the parts until all are quiet.
    fn settle(&mut self, now: Time, out: &mut Outputs) -> Result<(), StoreError> {
        loop {
            let ready = self.keygen.take_ready();
            for key in self.network_keygen.take_ready() {
                self.requests.on_network_key(key);
            }
            let orders = self.requests.take_orders();
            let made = mem::take(&mut self.made);
            let (together, abandoned) = (self.requests.take_together(), self.requests.take_abandoned());
            let quiet = ready.is_empty() && orders.is_empty() && made.is_empty() && together.is_empty();
            for wish in together {
                self.together(wish, now, out)?;
            }
            for name in abandoned {
                self.lead(now, out, |operations, _, fx| operations.abandon(name, fx))?;
            }
            for made in made {
                self.sign(now, out, |signers, env, fx| match made {
                    Made::Triples(batch) => signers.on_triples(*batch, env, fx),
                    Made::Failed(holders) => signers.on_triples_failed(&holders, env, fx),
                    Made::Say(..) | Made::Suspect(_) | Made::Culprit(..) => {}
                });
            }
            for key in ready {
                self.requests.on_key(Rc::clone(&key));
                self.sign(now, out, |signers, env, fx| signers.on_key(&key, env, fx));
            }
            for order in orders {
                self.sign(now, out, |signers, env, fx| {
                    signers.authorise(order, env, fx);
                });
            }
            let to_self = self.peers.speak(&mut self.core, now, out);
            if quiet && to_self.is_empty() {
                return Ok(());
            }
            to_self.into_iter().try_for_each(|heard| self.hear(heard, now, out))?;
        }
    }
}
