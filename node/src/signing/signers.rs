//! All signing at one node: its sessions, its presignatures, and messages that come early.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::early::{Awaited, Delivery, Early};
use super::io::Io;
use super::over::Over;
use super::pool::{Pool, PoolLevels, Refusal, State};
use super::proposed::Proposed;
use super::session::{Outcome, Progress, Session, must_wait};
use super::standing::Standing;
use super::{Effect, Message, Misbehaviour, Params, PresignStart, Propose, Scheme, SigningEvidence, Subject};
use crate::env::Env;
use crate::id::{Boot, KeyId, NodeId, SessionId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::triples::DealtTriples;
use crate::wire::{Signable, SignatureBytes, Signed};

/// The container.
pub struct Signers {
    params: Params,
    keys: BTreeMap<KeyId, Rc<KeyShare>>,
    sessions: BTreeMap<SessionId, Session>,
    over: BTreeMap<SessionId, Over>,
    pool: Pool,
    early: Early,
    standing: Standing,
    proposed: Proposed,
    counter: u64,
    /// Sessions that have just ended.
    ended: Vec<SessionId>,
}

impl Signers {
    /// A node's signing at the start of a boot: it knows no keys and has no nonces, triples or presignatures.
    pub fn new(params: Params) -> Self {
        Self {
            params,
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
            over: BTreeMap::new(),
            pool: Pool::default(),
            early: Early::default(),
            standing: Standing::default(),
            proposed: Proposed::default(),
            counter: 0,
            ended: Vec::new(),
        }
    }

    /// The sessions under way, in public terms.
    pub fn progress(&self) -> Vec<Progress> {
        self.sessions.values().map(Session::progress).collect()
    }

    /// How full the pool of presignatures is.
    pub fn pool_levels(&self) -> PoolLevels {
        self.pool.levels()
    }

    /// How many messages wait for what they belong to.
    pub fn early(&self) -> usize {
        self.early.len()
    }

    /// A key can be used from now on; presignatures are made ahead if the parameters say so.
    pub fn on_key(&mut self, key: &Rc<KeyShare>, env: &mut Env, fx: &mut Vec<Effect>) {
        let id = key.public.id();
        if key.holder != env.me || self.keys.insert(id, Rc::clone(key)).is_some() {
            return;
        }
        let mut local = self.early.take(Awaited::Key(id));
        self.with(&mut local, env, fx, |pool, _, io| pool.fill(key, io));
        self.pump(local, env, fx);
    }

    /// This node will sign. The permission is the caller's business. The first authorisation of a session stands:
    /// another digest for it is ignored, and one that is already finished is reported again.
    pub fn authorise(&mut self, subject: Subject, env: &mut Env, fx: &mut Vec<Effect>) -> SessionId {
        self.on_key(&subject.key, env, fx);
        self.purge(env.now);
        let id = subject.session();
        if let Some(over) = self.over.get(&id).filter(|over| over.digest == subject.digest) {
            fx.push((*over.done).clone());
            return id;
        }
        if !self.sessions.contains_key(&id) && !self.over.contains_key(&id) {
            let mut local = Vec::new();
            let session = self.with(&mut local, env, fx, |_, _, io| Session::begin(id, subject, io));
            self.sessions.insert(id, session);
            local.extend(self.early.take(Awaited::Session(id)));
            self.pump(local, env, fx);
        }
        id
    }

    /// Takes in a message over the channel from `from`. The caller has checked `signature` against the sender's
    /// identity wherever [`Message::signing_digest`] is `Some`, and dropped the message otherwise.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        if from == env.me || env.roster.get(from).is_none() {
            return env.dropped(from, "a message of no peer");
        }
        self.pump(vec![Delivery { from, message, signature }], env, fx);
    }

    /// Takes in triples, whoever made them.
    pub fn on_triples(&mut self, dealt: DealtTriples, env: &mut Env, fx: &mut Vec<Effect>) {
        let awaited = Awaited::Batch(dealt.leader, dealt.batch);
        let mut local = Vec::new();
        self.with(&mut local, env, fx, |pool, _, io| pool.on_triples(dealt, io));
        local.extend(self.early.take(awaited));
        self.pump(local, env, fx);
    }

    /// A batch of triples that this node leads has come to nothing: another set of holders is tried.
    pub fn on_triples_failed(&mut self, holders: &[NodeId], env: &mut Env, fx: &mut Vec<Effect>) {
        let mut local = Vec::new();
        self.with(&mut local, env, fx, |pool, sessions, io| {
            pool.on_failed(holders);
            let ecdsa = sessions.values_mut().filter(|s| s.subject.scheme == Scheme::EcdsaK256);
            ecdsa.for_each(|session| session.coordinate_all(pool, io));
        });
        self.pump(local, env, fx);
    }

    /// A peer let this node wait where it leads.
    pub fn suspect(&mut self, peer: NodeId, env: &mut Env, fx: &mut Vec<Effect>) {
        self.with(&mut Vec::new(), env, fx, |_, _, io| io.suspect(peer));
    }

    /// A peer was proved to lie elsewhere: it is not chosen any more.
    pub fn convict(&mut self, peer: NodeId) {
        self.standing.convict(peer);
    }

    /// There is a channel to this run of a peer. If the node has known an earlier one, the peer has been restarted
    /// since: it has lost its nonces, triples and presignatures, and whatever was announced to it.
    pub fn peer_arrived(&mut self, peer: NodeId, boot: Boot, again: bool, env: &mut Env, fx: &mut Vec<Effect>) {
        self.standing.meet(peer, boot);
        if again {
            self.standing.clear(peer);
            self.with(&mut Vec::new(), env, fx, |pool, _, io| pool.forget(peer, io));
            self.sessions.values_mut().for_each(|session| session.forget(peer));
        }
        let mut local = Vec::new();
        self.with(&mut local, env, fx, |_, sessions, io| {
            sessions.values_mut().for_each(|session| session.readdress(peer, boot, io));
        });
        if !again {
            return self.pump(local, env, fx);
        }
        let keys: Vec<Rc<KeyShare>> = self.keys.values().cloned().collect();
        self.with(&mut local, env, fx, |pool, sessions, io| {
            keys.iter().for_each(|key| pool.fill(key, io));
            sessions.values_mut().for_each(|session| session.coordinate_all(pool, io));
        });
        self.pump(local, env, fx);
    }

    /// When [`Signers::tick`] is next due.
    pub fn deadline(&self) -> Option<Time> {
        let over = self.over.values().filter_map(Over::deadline);
        self.sessions.values().map(Session::deadline).chain(self.pool.deadline()).chain(over).min()
    }

    /// Does what is due at the node's time.
    pub fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect>) {
        let now = env.now;
        self.purge(now);
        let mut local = Vec::new();
        self.with(&mut local, env, fx, |pool, sessions, io| {
            pool.tick(io);
            let due = sessions.values_mut().filter(|session| session.deadline() <= now);
            due.for_each(|session| session.tick(pool, io));
        });
        self.over.values_mut().for_each(|over| over.tick(now, fx));
        self.settle(env.me, now);
        self.pump(local, env, fx);
    }

    /// Forgets what has been kept long enough. Nothing depends on when exactly this happens.
    fn purge(&mut self, now: Time) {
        self.early.expire(now);
        self.over.retain(|_, over| over.forget_at > now);
    }

    /// Handles messages, those to itself that they cause, and early ones whose time has come.
    fn pump(&mut self, mut local: Vec<Delivery>, env: &mut Env, fx: &mut Vec<Effect>) {
        loop {
            for delivery in std::mem::take(&mut local) {
                self.handle(delivery, &mut local, env, fx);
                self.settle(env.me, env.now);
            }
            let news = std::mem::take(&mut self.pool.news);
            if news.is_empty() && local.is_empty() {
                return;
            }
            local.extend(news.iter().flat_map(|id| self.early.take(Awaited::Presignature(*id))));
            if !news.is_empty() {
                self.with(&mut local, env, fx, |pool, sessions, io| {
                    let ecdsa = sessions.values_mut().filter(|s| s.subject.scheme == Scheme::EcdsaK256);
                    ecdsa.for_each(|session| session.coordinate_all(pool, io));
                });
            }
        }
    }

    /// Runs `act` on the parts of this container that an event works on.
    fn with<T>(
        &mut self,
        local: &mut Vec<Delivery>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
        act: impl FnOnce(&mut Pool, &mut BTreeMap<SessionId, Session>, &mut Io) -> T,
    ) -> T {
        let Self { params, sessions, pool, standing, proposed, counter, ended, .. } = self;
        act(pool, sessions, &mut Io { env, fx, local, standing, proposed, params, counter, ended })
    }

    fn handle(&mut self, delivery: Delivery, local: &mut Vec<Delivery>, env: &mut Env, fx: &mut Vec<Effect>) {
        let from = delivery.from;
        match &delivery.message {
            Message::PresignStart(start) => {
                let start = start.clone();
                self.on_start(start, delivery, local, env, fx);
            }
            Message::PresignShare(share) => {
                let (share, signature) = (share.clone(), delivery.signature);
                self.with(local, env, fx, |pool, _, io| pool.on_share(from, share, signature, io));
            }
            Message::PresignOpened(opened) => {
                let signature = delivery.signature;
                let known = self.with(local, env, fx, |pool, _, io| pool.on_opened(from, opened, signature, io));
                if !known && self.pool.state(&opened.presignature) == State::Unknown {
                    self.hold(Awaited::Presignature(opened.presignature), delivery, env);
                }
            }
            Message::Propose(propose) => {
                let propose = propose.clone();
                self.on_propose(&propose, delivery, local, env, fx);
            }
            Message::Announce(body) => self.in_session(body.session, delivery, local, env, fx),
            Message::Share(share) => self.in_session(share.session, delivery, local, env, fx),
            Message::Finished(finished) => self.in_session(finished.session, delivery, local, env, fx),
            Message::Answered(signed) => self.in_session(signed.body.session, delivery, local, env, fx),
        }
    }

    fn on_start(
        &mut self,
        start: PresignStart,
        delivery: Delivery,
        local: &mut Vec<Delivery>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        let from = delivery.from;
        let Some(key) = self.keys.get(&start.key).cloned() else {
            return self.hold(Awaited::Key(start.key), delivery, env);
        };
        let awaited = Awaited::Batch(start.leader, start.batch);
        match self.with(local, env, fx, |pool, _, io| pool.on_start(from, start, &key, io)) {
            Ok(()) => {}
            Err(Refusal::NoBatch) => self.hold(awaited, delivery, env),
            Err(Refusal::Never(reason)) => env.dropped(from, reason),
        }
    }

    fn on_propose(
        &mut self,
        propose: &Propose,
        delivery: Delivery,
        local: &mut Vec<Delivery>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        let from = delivery.from;
        let spent = propose.presignature.map(|id| (id, self.pool.state(&id)));
        if let Some((presignature, State::Spent(proposal, leader))) = spent {
            // Both proposals bear the leader's signature: the second convicts it. The same one again does not.
            if leader == from && proposal != propose.digest() {
                let second = delivery.signature;
                self.with(local, env, fx, |pool, _, io| {
                    let second = second.map(|signature| Signed { body: propose.clone(), signer: from, signature });
                    let both = pool.spent_for(&presignature).zip(second);
                    let evidence = both.map(|(first, second)| SigningEvidence::TwoProposals(Box::new([first, second])));
                    io.convict(from, Misbehaviour::TwoProposals { presignature }, evidence);
                });
            }
            return env.dropped(from, "a proposal for a presignature that is spent");
        }
        match must_wait(propose, &self.pool) {
            Some(id) if self.sessions.contains_key(&propose.session) => {
                self.hold(Awaited::Presignature(id), delivery, env);
            }
            _ => self.in_session(propose.session, delivery, local, env, fx),
        }
        // What this node has proposed to others must not be proposed again, whether or not it signed itself.
        if let Some(id) = propose.presignature.filter(|_| from == env.me) {
            self.pool.discard(&id);
        }
    }

    /// Hands a message to its session. A finished one answers with the signature; one that is not authorised here
    /// may be later, so its messages wait, except proposals and shares, which cannot concern this node.
    fn in_session(
        &mut self,
        id: SessionId,
        delivery: Delivery,
        local: &mut Vec<Delivery>,
        env: &mut Env,
        fx: &mut Vec<Effect>,
    ) {
        let from = delivery.from;
        if let Some(over) = self.over.get_mut(&id) {
            let asks = matches!(delivery.message, Message::Announce(_) | Message::Propose(_)) && from != env.me;
            if asks {
                fx.push(Effect::Send { to: from, message: over.message() });
            }
            if asks || matches!(&delivery.message, Message::Finished(finished) if *finished == over.finished) {
                over.knows(from);
            }
            return;
        }
        if !self.sessions.contains_key(&id) {
            return match delivery.message {
                Message::Announce(_) | Message::Finished(_) => self.hold(Awaited::Session(id), delivery, env),
                _ => env.dropped(from, "a message for a session that is not authorised here"),
            };
        }
        self.with(local, env, fx, |pool, sessions, io| {
            let Some(session) = sessions.get_mut(&id).filter(|session| session.outcome.is_none()) else { return };
            match delivery.message {
                Message::Announce(body) => session.on_announce(from, body, delivery.signature, pool, io),
                Message::Propose(propose) => session.on_propose(from, &propose, delivery.signature, pool, io),
                Message::Share(body) => match delivery.signature {
                    Some(signature) => session.on_share(Signed { body, signer: from, signature }, io),
                    None => io.env.dropped(from, "a share without signature"),
                },
                Message::Finished(finished) => session.on_finished(from, *finished, io),
                Message::Answered(signed) => session.on_answered(from, &signed, io),
                Message::PresignStart(_) | Message::PresignShare(_) | Message::PresignOpened(_) => {}
            }
        });
    }

    fn hold(&mut self, awaited: Awaited, delivery: Delivery, env: &mut Env) {
        let from = delivery.from;
        let expires = env.now.plus_millis(self.params.early_ms());
        self.early.expire(env.now);
        if !self.early.hold(awaited, delivery, expires, self.params.early_per_peer_max) {
            env.dropped(from, "too many early messages");
        }
    }

    /// Moves sessions that have ended out of the way; their nonces go with them.
    fn settle(&mut self, me: NodeId, now: Time) {
        for id in std::mem::take(&mut self.ended) {
            let Some(session) = self.sessions.remove(&id) else { continue };
            if let Some(Outcome::Done(finished, done, source)) = session.outcome {
                let members = session.subject.key.public.members.iter().copied().filter(|member| *member != me);
                let times = [self.params.tell_ms(), self.params.retention_ms()].map(|ms| now.plus_millis(ms));
                let over = Over::new((finished, session.subject.digest, done), source, members, times.into());
                self.over.insert(id, over);
            }
        }
    }
}
