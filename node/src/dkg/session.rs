//! One attempt at one key, at one node.

use k256::SecretKey;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

use super::Message;
use super::ack::{Ack, Certificate};
use super::board::{BoardEvent, qualified};
use super::collect::{Collector, Fault};
use super::context::Context;
use super::dealing::{Dealing, deal};
use super::finalize::{FinalizeError, finalize};
use super::publish::Publisher;
use super::record::{Entry, Record};
use super::retry::Retry;
use crate::bugs::{self, Bug};
use crate::conduct::{Secret, SecretKind};
use crate::curve::{Polynomial, point_bytes, scalar_bytes};
use crate::env::Env;
use crate::id::{Digest, NodeId, SessionId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::note::Note;
use crate::wire::{SignatureBytes, Signed};

/// What an attempt is about, as the board opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// The attempt's session.
    pub session: SessionId,
    /// Which key it is for.
    pub index: u64,
    /// Which attempt at that key, from 0.
    pub attempt: u32,
    /// The last block whose certificates count.
    pub close_block: u64,
    /// The bound on message delay that retries are multiples of, milliseconds.
    pub delta_ms: u64,
}

/// What a session wants done, in order. A [`Effect::Persist`] must be durable before any later effect of any call
/// is released.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send to a member, this node included: the message takes the same way through conduct and signing.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
    },
    /// Submit to the board's contract.
    PostCertificate(Certificate),
    /// Make durable.
    Persist(Entry),
    /// This node has its share.
    Finished(KeyShare),
    /// Fewer dealers than the threshold were certified: ask the board for the next attempt.
    Restart,
    /// The key exists, but these qualified dealers gave this node bad shares: it has no share of the key.
    Excluded(Vec<NodeId>),
}

enum Phase {
    /// Dealing and acknowledging.
    Open,
    /// QUAL is fixed; some of its dealings may still be missing here.
    Closed(Vec<(NodeId, Digest)>),
    /// Over; dealings are kept for members that fetch them.
    Over,
}

/// The state machine of one attempt at one node.
pub struct Session {
    params: Params,
    context: Context,
    publisher: Option<Publisher>,
    collector: Collector,
    log: Vec<BoardEvent>,
    fetches: BTreeMap<(NodeId, Digest), Retry>,
    phase: Phase,
}

impl Session {
    /// Opens a session. `env.roster` must be the epoch's validator set, the same with each event.
    ///
    /// With `record: None` the session is new to this boot and the node deals. With a record (an empty one, too)
    /// the session is older than this boot: the node resends what is stored, acknowledges what it has not decided
    /// yet, and never deals. After a restart the board's events must be fed again from the session's opening.
    pub fn open(
        params: Params,
        decryption: &SecretKey,
        record: Option<Record>,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect>,
    ) -> Self {
        let context = Context::new(params.session, env.roster, env.meter);
        let is_new = record.is_none();
        let Record { dealt, received, acked, certificate, finished } = record.unwrap_or_default();
        let mut session = Self {
            params,
            context,
            publisher: None,
            collector: Collector::new(decryption.clone(), acked),
            log: Vec::new(),
            fetches: BTreeMap::new(),
            phase: Phase::Open,
        };
        if let Some(share) = finished {
            session.phase = Phase::Over;
            received.into_iter().for_each(|((_, digest), signed)| session.collector.archive(digest, signed));
            fx.push(Effect::Finished(*share));
            return session;
        }
        if is_new {
            env.notes.push(Note::DkgStarted { session: params.session });
            let dealing = session.deal(env);
            fx.push(Effect::Persist(Entry::Dealt(dealing.clone())));
            session.publisher = Some(Publisher::start(dealing, None, params.delta_ms, env, fx));
        } else if let Some(dealing) = dealt {
            session.publisher = Some(Publisher::start(dealing, certificate, params.delta_ms, env, fx));
        }
        for ((_, digest), signed) in received {
            session.collector.hold(&session.context, digest, signed, env);
        }
        for (dealer, digest) in session.collector.names() {
            session.acknowledge(dealer, digest, env, fx);
        }
        session
    }

    fn deal(&self, env: &mut Env<'_>) -> Box<Dealing> {
        let session = self.params.session;
        let mut rng = env.entropy.stream(session.as_ref(), "dkg/dealing");
        let threshold = u16::try_from(self.context.threshold()).expect("a roster's threshold is a u16");
        let polynomial = Polynomial::random(threshold, &mut rng);
        for coefficient in polynomial.coefficients() {
            let bytes = Zeroizing::new(scalar_bytes(coefficient));
            env.conduct.learn(Secret { kind: SecretKind::Coefficient, session, bytes: &bytes });
        }
        Box::new(deal(&self.context, env.roster, env.me, &polynomial, &mut rng, env.meter))
    }

    /// What the attempt is about.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Dealings that this node found bad, as their dealers signed them: what complaints are made of.
    pub fn faults(&self) -> impl Iterator<Item = (&Signed<Dealing>, Fault)> {
        self.collector.faults()
    }

    /// Pairs of different dealings that one dealer signed.
    pub fn equivocations(&self) -> impl Iterator<Item = (&Signed<Dealing>, &Signed<Dealing>)> {
        self.collector.equivocations()
    }

    /// Takes a message from the authenticated `from`, with the envelope's signature that the node has verified.
    /// What is wrong with it is noted as a drop.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message,
        signature: Option<SignatureBytes>,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect>,
    ) {
        if message.session() != self.params.session {
            return env.dropped(from, "dkg: another session");
        }
        if self.context.position(from).is_none() {
            return env.dropped(from, "dkg: not a member");
        }
        match (message, signature) {
            (Message::Dealing(body), Some(signature)) => {
                self.on_dealing(Box::new(Signed { body: *body, signer: from, signature }), env, fx);
            }
            (Message::Ack(body), Some(signature)) => self.on_ack(Signed { body, signer: from, signature }, env, fx),
            (Message::Dealing(_) | Message::Ack(_), None) => env.dropped(from, "dkg: unsigned"),
            (Message::Fetch { dealer, digest, .. }, _) => {
                if let Some(signed) = self.collector.get(dealer, digest) {
                    fx.push(Effect::Send { to: from, message: Message::Fetched(Box::new(signed.clone())) });
                }
            }
            (Message::Fetched(signed), _) => self.on_fetched(from, signed, env, fx),
        }
    }

    fn on_dealing(&mut self, signed: Box<Signed<Dealing>>, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        let from = signed.signer;
        if signed.body.dealer != from && !bugs::planted(Bug::PayloadSender) {
            return env.dropped(from, "dkg: another member's dealing");
        }
        let is_open = matches!(self.phase, Phase::Open);
        if !is_open && self.fetches.is_empty() {
            return env.dropped(from, "dkg: late dealing");
        }
        if signed.body.verify_shape(&self.context).is_err() {
            return env.dropped(from, "dkg: malformed dealing");
        }
        let digest = signed.body.digest_metered(env.meter);
        let is_wanted = self.fetches.contains_key(&(from, digest));
        if !is_wanted && !is_open {
            return env.dropped(from, "dkg: late dealing");
        }
        if self.collector.get(from, digest).is_none() {
            if !is_wanted && !self.collector.has_room(from) {
                return env.dropped(from, "dkg: too many dealings");
            }
            self.keep(digest, signed, env, fx);
        }
        self.acknowledge(from, digest, env, fx);
        self.try_finish(env, fx);
    }

    fn on_fetched(&mut self, from: NodeId, signed: Box<Signed<Dealing>>, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        let dealer = signed.body.dealer;
        if signed.signer != dealer || signed.body.verify_shape(&self.context).is_err() {
            return env.dropped(from, "dkg: malformed answer");
        }
        let digest = signed.body.digest_metered(env.meter);
        if self.collector.get(dealer, digest).is_some() {
            // Several members were asked, and another one was faster.
            return;
        }
        if !self.fetches.contains_key(&(dealer, digest)) {
            return env.dropped(from, "dkg: unsolicited answer");
        }
        let is_authentic = env.roster.get(dealer).is_some_and(|m| signed.verify(&m.identity, env.meter));
        if !is_authentic {
            return env.dropped(from, "dkg: forged answer");
        }
        self.keep(digest, signed, env, fx);
        self.try_finish(env, fx);
    }

    /// Judges a dealing, makes it durable and holds it.
    fn keep(&mut self, digest: Digest, signed: Box<Signed<Dealing>>, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        let dealer = signed.body.dealer;
        self.fetches.remove(&(dealer, digest));
        fx.push(Effect::Persist(Entry::Received { digest, signed: signed.clone() }));
        self.collector.hold(&self.context, digest, signed, env);
        if self.collector.count(dealer) > 1 {
            env.dropped(dealer, "dkg: equivocation");
        }
    }

    /// Acknowledges a held dealing to its dealer if that is right and the board still takes certificates.
    fn acknowledge(&mut self, dealer: NodeId, digest: Digest, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        let Some((ack, is_new)) = self.collector.acknowledge(&self.context, dealer, digest, env) else { return };
        if is_new {
            fx.push(Effect::Persist(Entry::Acked { dealer, digest }));
        }
        fx.push(Effect::Send { to: dealer, message: Message::Ack(ack) });
    }

    fn on_ack(&mut self, ack: Signed<Ack>, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        match &mut self.publisher {
            Some(publisher) => publisher.on_ack(ack, env, fx),
            None => env.dropped(ack.signer, "dkg: acknowledges what was not dealt"),
        }
    }

    /// The board certified a dealing; comes at finality and in log order. Repetitions are harmless.
    pub fn on_certified(&mut self, dealer: NodeId, digest: Digest, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Open) || self.context.position(dealer).is_none() {
            return;
        }
        let is_known = |event: &BoardEvent| matches!(event, BoardEvent::Certified { dealer: d, .. } if *d == dealer);
        if self.log.iter().any(is_known) {
            return;
        }
        self.log.push(BoardEvent::Certified { session: self.params.session, dealer, digest });
        if dealer == env.me
            && let Some(publisher) = &mut self.publisher
        {
            publisher.stop();
        }
        if self.log.len() <= self.context.threshold() {
            self.fetch(dealer, digest, env, fx);
        }
    }

    /// The close height is final: the qualified set is decided.
    pub fn on_closed(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        if let Some(publisher) = &mut self.publisher {
            publisher.stop();
        }
        match qualified(self.params.session, &self.log, self.context.threshold()) {
            Ok(dealers) => {
                self.phase = Phase::Closed(dealers);
                self.try_finish(env, fx);
            }
            Err(_) => {
                self.end(&[]);
                fx.push(Effect::Restart);
            }
        }
    }

    /// When [`Session::tick`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        let fetches = self.fetches.values().map(|retry| retry.at);
        fetches.chain(self.publisher.as_ref().and_then(Publisher::deadline)).min()
    }

    /// Tries again what is due: sends the own dealing, posts its certificate, fetches missing dealings.
    pub fn tick(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        if let Some(publisher) = &mut self.publisher {
            publisher.tick(self.params.delta_ms, env, fx);
        }
        let due: Vec<_> = self.fetches.iter().filter(|(_, r)| r.is_due(env.now)).map(|(name, _)| *name).collect();
        for (dealer, digest) in due {
            self.fetch(dealer, digest, env, fx);
        }
    }

    /// Asks for a dealing unless it is held: first its dealer, then with each try twice as many members.
    fn fetch(&mut self, dealer: NodeId, digest: Digest, env: &Env<'_>, fx: &mut Vec<Effect>) {
        if self.collector.get(dealer, digest).is_some() {
            return;
        }
        let (now, delta_ms, session) = (env.now, self.params.delta_ms, self.params.session);
        let tries = match self.fetches.get_mut(&(dealer, digest)) {
            Some(retry) => {
                retry.advance(now, delta_ms);
                retry.tries
            }
            None => {
                self.fetches.insert((dealer, digest), Retry::after(now, delta_ms));
                0
            }
        };
        let start = self.context.position(dealer).unwrap_or(0);
        let (before, after) = self.context.members().split_at(start);
        let peers: Vec<NodeId> = after.iter().chain(before).copied().filter(|id| *id != env.me).collect();
        let count = if bugs::planted(Bug::FetchFromDealerOnly) { 1 } else { 1_usize << tries.min(16) };
        let asked = peers.iter().cycle().skip(count - 1).take(count.min(peers.len()));
        fx.extend(asked.map(|&to| Effect::Send { to, message: Message::Fetch { session, dealer, digest } }));
    }

    /// With QUAL fixed and all its dealings here, sums them up.
    fn try_finish(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        let Phase::Closed(dealers) = &self.phase else { return };
        let dealers = dealers.clone();
        let Some(parts) = self.collector.parts(&dealers) else { return };
        let bad = match parts.map(|parts| finalize(&self.context, env.me, &parts, env.meter)) {
            Ok(Ok(share)) => {
                self.end(&dealers);
                return self.finished(share, env, fx);
            }
            Ok(Err(FinalizeError::BadShares(bad))) | Err(bad) => bad,
            Ok(Err(FinalizeError::Degenerate)) => Vec::new(),
        };
        self.phase = Phase::Over;
        fx.push(Effect::Excluded(bad));
    }

    fn finished(&self, share: KeyShare, env: &mut Env<'_>, fx: &mut Vec<Effect>) {
        let session = self.params.session;
        let bytes = Zeroizing::new(scalar_bytes(&share.secret));
        env.conduct.learn(Secret { kind: SecretKind::KeyShare, session, bytes: &bytes });
        env.notes.push(Note::KeyReady {
            session,
            key: share.public.id(),
            public_key: point_bytes(&share.public.point).to_vec(),
            public_share: point_bytes(&share.public.share_of(share.holder)).to_vec(),
        });
        fx.push(Effect::Persist(Entry::Finished(Box::new(share.clone()))));
        fx.push(Effect::Finished(share));
    }

    fn end(&mut self, keep: &[(NodeId, Digest)]) {
        self.phase = Phase::Over;
        self.publisher = None;
        self.fetches.clear();
        self.collector.finish(keep);
    }
}
