//! Key generation at one node: follows the board on chain, runs a [`dkg::Session`] for each attempt, keeps what must
//! survive a crash, and votes for the finished key until the vote is on chain.

use k256::ProjectivePoint;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::core::Core;
use super::state::KeygenState;
use super::transactions::Transactions;
use crate::bugs::{self, Bug};
use crate::chain::abi::{KEY_TYPE_BLS, KEY_TYPE_ECDSA, NETWORK_KEY_INDEX};
use crate::chain::{BoardEvent, ChainEvent, ContractCall};
use crate::curve::Bls12381;
use crate::dkg::{self, Effect, Entry, KeyCurve, Params, Record, Task};
use crate::id::{KeyId, NodeId, SessionId};
use crate::io::{Outputs, Time};
use crate::key::KeyShare;
use crate::note::Note;
use crate::store::{Batch, Scope, StoreError, Table};
use crate::wire::SignatureBytes;

/// What a step of key generation may touch besides the sessions themselves.
pub(super) struct Reach<'a> {
    pub now: Time,
    pub core: &'a mut Core,
    pub transactions: &'a mut Transactions,
    pub out: &'a mut Outputs,
}

/// Keys of one kind: over one curve, and with their place on the chain.
pub(super) trait KeyKind: KeyCurve {
    /// The type under which the chain routes them.
    const KEY_TYPE: u64;

    /// Whether the board's key of this index is one. The index is part of the session's id, so the curve is, too.
    fn has(index: u64) -> bool;
}

impl KeyKind for ProjectivePoint {
    const KEY_TYPE: u64 = KEY_TYPE_ECDSA;

    fn has(index: u64) -> bool {
        index != NETWORK_KEY_INDEX
    }
}

impl KeyKind for Bls12381 {
    const KEY_TYPE: u64 = KEY_TYPE_BLS;

    fn has(index: u64) -> bool {
        index == NETWORK_KEY_INDEX
    }
}

/// All key generations of one kind that this node takes part in.
pub(super) struct KeyGeneration<P: KeyKind> {
    running: BTreeMap<SessionId, dkg::Session<P>>,
    /// The newest attempt at each key.
    attempts: BTreeMap<u64, u32>,
    /// Attempts that came to nothing, with their keys' indices, until the next attempt has opened.
    failed: BTreeMap<SessionId, (u64, u32)>,
    /// Finished keys for which this node's vote has not been seen on chain.
    unvoted: BTreeMap<KeyId, Rc<KeyShare<P>>>,
    /// Finished keys that signing has not been told of.
    ready: Vec<Rc<KeyShare<P>>>,
}

impl<P: KeyKind> Default for KeyGeneration<P> {
    fn default() -> Self {
        let (attempts, failed, ready) = Default::default();
        Self { running: BTreeMap::new(), attempts, failed, unvoted: BTreeMap::new(), ready }
    }
}

impl<P: KeyKind> KeyGeneration<P> {
    /// The sessions under way, and the finished keys whose vote has not been seen on chain.
    pub fn describe(&self) -> (Vec<KeygenState>, Vec<String>) {
        let sessions = self.running.iter().map(|(id, session)| KeygenState {
            session: id.to_string(),
            close_block: session.params().close_block,
            progress: session.progress(),
        });
        (sessions.collect(), self.unvoted.keys().map(ToString::to_string).collect())
    }

    /// Keys that became ready since the last call.
    pub fn take_ready(&mut self) -> Vec<Rc<KeyShare<P>>> {
        std::mem::take(&mut self.ready)
    }

    /// The earliest instant at which [`Self::tick`] has something to do.
    pub fn deadline(&self) -> Option<Time> {
        self.running.values().filter_map(dkg::Session::<P>::deadline).min()
    }

    /// Handles a final log of `block`. `head_at_start` is the newest block when this boot began: whatever the board
    /// opened before is older than this boot, unless this is the first.
    ///
    /// # Errors
    /// If the store fails; the node then stops.
    pub fn on_event(
        &mut self,
        event: &ChainEvent,
        block: u64,
        head_at_start: u64,
        reach: &mut Reach<'_>,
    ) -> Result<(), StoreError> {
        match event {
            ChainEvent::Board(BoardEvent::SessionOpened { session, index, attempt, close_block, complaint_block })
                if P::has(*index) =>
            {
                let params = Params {
                    session: *session,
                    index: *index,
                    attempt: u32::try_from(*attempt).unwrap_or(u32::MAX),
                    close_block: *close_block,
                    complaint_block: *complaint_block,
                    delta_ms: reach.core.config.delta_ms,
                };
                let older = reach.core.config.boot.0 > 0 && block <= head_at_start;
                self.open(params, older, reach)
            }
            ChainEvent::Board(BoardEvent::DealingCertified { session, dealer, digest }) => {
                self.step(*session, reach, |session, env, _| session.on_certified(*dealer, *digest, env))
            }
            ChainEvent::Board(BoardEvent::DealingDisputed { session, dealer, digest, accuser, complaint }) => self
                .step(*session, reach, |session, env, _| {
                    session.on_disputed(*dealer, *digest, *accuser, complaint.clone(), env);
                }),
            ChainEvent::RoutingVote { key, validator, .. } => {
                if reach.core.roster.by_address(validator) == Some(reach.core.me) {
                    self.unvoted.remove(key);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Every log up to `block` has been handled: lets sessions go on, and asks again for what should be on chain by now.
    ///
    /// # Errors
    /// If the store fails; the node then stops.
    pub fn on_final(&mut self, block: u64, reach: &mut Reach<'_>) -> Result<(), StoreError> {
        let attempts = &self.attempts;
        self.failed.retain(|_, (index, attempt)| attempts.get(index).is_some_and(|newest| *newest <= *attempt));
        let live: Vec<SessionId> =
            self.running.iter().filter(|(_, session)| !session.is_over()).map(|(id, _)| *id).collect();
        for session in live {
            self.step(session, reach, |session, env, fx| session.on_final(block, env, fx))?;
        }
        let contracts = reach.core.config.contracts;
        let mut calls: Vec<ContractCall> = self.failed.keys().map(|session| contracts.restart(*session)).collect();
        calls.extend(self.unvoted.values().map(|share| vote(share, reach.core)));
        for call in calls {
            reach.transactions.submit(call, reach.core, reach.out);
        }
        Ok(())
    }

    /// Handles a peer's (or this node's own) message, whose signature has been checked against `from`.
    ///
    /// # Errors
    /// If the store fails; the node then stops.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: dkg::Message<P>,
        signature: Option<SignatureBytes>,
        reach: &mut Reach<'_>,
    ) -> Result<(), StoreError> {
        let session = message.session();
        if !self.running.contains_key(&session) {
            reach.out.note(Note::Dropped { from, reason: "key generation not known here" });
            return Ok(());
        }
        self.step(session, reach, |session, env, fx| session.on_message(from, message, signature, env, fx))
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// If the store fails; the node then stops.
    pub fn tick(&mut self, reach: &mut Reach<'_>) -> Result<(), StoreError> {
        let now = reach.now;
        let due = |session: &dkg::Session<P>| session.deadline().is_some_and(|at| at <= now);
        let sessions: Vec<SessionId> =
            self.running.iter().filter(|(_, session)| due(session)).map(|(id, _)| *id).collect();
        for session in sessions {
            self.step(session, reach, |session, env, fx| session.tick(env, fx))?;
        }
        Ok(())
    }

    /// Joins an attempt. In one that is `older` than this boot the node takes up what it stored, if anything, and
    /// never deals.
    fn open(&mut self, params: Params, older: bool, reach: &mut Reach<'_>) -> Result<(), StoreError> {
        if self.running.contains_key(&params.session) {
            return Ok(());
        }
        let id = params.session;
        let newest = self.attempts.entry(params.index).or_default();
        *newest = params.attempt.max(*newest);
        let deals = !older || bugs::planted(Bug::RedealAfterRestart);
        let record = load(id, reach)?.or_else(|| (!deals).then(Record::default));
        let decryption = reach.core.config.decryption.clone();
        let mut effects = Vec::new();
        let session = reach.core.with_env(reach.now, reach.out, |env| {
            dkg::Session::open(params, Task::Generate, &decryption, record, env, &mut effects)
        });
        self.running.insert(id, session);
        self.carry_out(id, effects, reach)
    }

    fn step(
        &mut self,
        id: SessionId,
        reach: &mut Reach<'_>,
        step: impl FnOnce(&mut dkg::Session<P>, &mut crate::env::Env<'_>, &mut Vec<Effect<P>>),
    ) -> Result<(), StoreError> {
        let Some(session) = self.running.get_mut(&id) else { return Ok(()) };
        let mut effects = Vec::new();
        reach.core.with_env(reach.now, reach.out, |env| step(session, env, &mut effects));
        self.carry_out(id, effects, reach)
    }

    /// Carries out effects in order. Entries that follow each other are committed at once, and always before
    /// whatever comes after them.
    fn carry_out(&mut self, id: SessionId, effects: Vec<Effect<P>>, reach: &mut Reach<'_>) -> Result<(), StoreError> {
        let scope = Scope::Epoch(reach.core.roster.epoch());
        let mut batch = Batch::new();
        for effect in effects {
            if let Effect::Persist(entry) = &effect {
                batch = batch.put(Table::DkgSession, scope, &place(id, &entry.key()), entry);
                continue;
            }
            reach.core.store.commit(std::mem::take(&mut batch), &mut reach.out.meter)?;
            self.act(id, effect, reach);
        }
        reach.core.store.commit(batch, &mut reach.out.meter)
    }

    fn act(&mut self, id: SessionId, effect: Effect<P>, reach: &mut Reach<'_>) {
        let contracts = reach.core.config.contracts;
        match effect {
            Effect::Send { to, message } => reach.core.say(to, P::statement(message)),
            Effect::Persist(_) => {}
            Effect::PostCertificate(certificate) => {
                let acks = certificate.acks.iter().map(|ack| (ack.signer, ack.signature)).collect();
                let call = contracts.certify(id, certificate.dealer, certificate.digest, &acks);
                reach.transactions.submit(call, reach.core, reach.out);
            }
            Effect::PostComplaint { dealer, digest, complaint } => {
                let call = contracts.complain(id, dealer, digest, &complaint);
                reach.transactions.submit(call, reach.core, reach.out);
            }
            Effect::Restart => self.fail(id),
            Effect::Finished(share) => self.finish(id, share, reach),
            Effect::Excluded(dealers) => reach.out.note(Note::Excluded { session: id, dealers }),
        }
    }

    /// An attempt came to nothing. If the next one is open already, this node is only catching up.
    fn fail(&mut self, id: SessionId) {
        let Some(params) = self.running.get(&id).map(dkg::Session::<P>::params) else { return };
        if self.attempts.get(&params.index).is_none_or(|newest| *newest <= params.attempt) {
            self.failed.insert(id, (params.index, params.attempt));
        }
    }

    /// The share has been persisted by an effect before this one.
    fn finish(&mut self, session: SessionId, share: KeyShare<P>, reach: &mut Reach<'_>) {
        reach.out.note(Note::KeyHeld { session, key: share.public.id() });
        let call = vote(&share, reach.core);
        let share = Rc::new(share);
        self.unvoted.insert(share.public.id(), Rc::clone(&share));
        self.ready.push(share);
        reach.transactions.submit(call, reach.core, reach.out);
    }
}

/// Where an entry of a session is stored.
fn place(session: SessionId, entry: &[u8]) -> Vec<u8> {
    [&session.0[..], entry].concat()
}

/// What is stored of a session, if anything.
fn load<P: KeyKind>(session: SessionId, reach: &mut Reach<'_>) -> Result<Option<Record<P>>, StoreError> {
    let scope = Scope::Epoch(reach.core.roster.epoch());
    let mut entries = Vec::new();
    for id in reach.core.store.list(Table::DkgSession, scope)? {
        if id.starts_with(&session.0) {
            entries.extend(reach.core.store.get::<Entry<P>>(Table::DkgSession, scope, &id, &mut reach.out.meter)?);
        }
    }
    Ok((!entries.is_empty()).then(|| entries.into_iter().collect()))
}

/// The vote that routes a key. It commits this node to everybody's public shares, through the polynomial behind them.
fn vote<P: KeyKind>(share: &KeyShare<P>, core: &Core) -> ContractCall {
    core.config.contracts.vote_for_key(&share.public.point.chain_bytes(), P::KEY_TYPE, share.public.data_digest())
}
