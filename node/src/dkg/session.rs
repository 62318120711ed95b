//! One attempt at one key, at one node.

use k256::{ProjectivePoint, SecretKey};
use zeroize::Zeroizing;

use super::ack::Ack;
use super::board::{BoardEvent, qualified};
use super::collect::{Collector, Fault};
use super::context::Context;
use super::dealing::{Dealing, deal};
use super::docket::Docket;
use super::effect::{Effect, Params};
use super::evidence::{InvalidDealing, KeygenEvidence};
use super::fetch::{Fetcher, Haste};
use super::finalize::{FinalizeError, finalize};
use super::handover::Task;
use super::progress::Progress;
use super::publish::Publisher;
use super::record::{Entry, Record};
use super::{KeyCurve, Message};
use crate::bugs::{self, Bug};
use crate::conduct::{Decision, Secret, SecretKind};
use crate::curve::{Hidden, ScalarField, SecretPolynomial};
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::io::Time;
use crate::key::KeyShare;
use crate::note::Note;
use crate::wire::{SignatureBytes, Signed, encode};

/// What a dealer did that signed two dealings.
const EQUIVOCATION: &str = "gave two different dealings";
/// What a dealer did whose dealing anybody can see to be wrong.
const INVALID: &str = "gave an invalid dealing";

enum Phase {
    /// Dealing and acknowledging.
    Open,
    /// No more certificates count; complaints still do.
    Disputing,
    /// No more complaints count; disputed dealings may still be missing here.
    Deciding,
    /// QUAL is fixed; some of its dealings may still be missing here.
    Closed(Vec<(NodeId, Digest)>),
    /// Over; dealings are kept for members that fetch them.
    Over,
}

/// The state machine of one attempt at one node.
pub struct Session<P: KeyCurve = ProjectivePoint> {
    params: Params,
    context: Context<P>,
    publisher: Option<Publisher<P>>,
    collector: Collector<P>,
    log: Vec<BoardEvent>,
    docket: Docket,
    fetcher: Fetcher,
    /// A final block that this boot has seen leaves time to complain.
    is_disputable: bool,
    phase: Phase,
}

impl<P: KeyCurve> Session<P> {
    /// Opens a session. `env.roster` must be the epoch's validator set, the same with each event.
    ///
    /// With `record: None` the session is new to this boot and the node deals. With a record (an empty one, too)
    /// the session is older than this boot: the node resends what is stored, acknowledges what it has not decided
    /// yet, and never deals. After a restart the board's events must be fed again from the session's opening.
    /// Complaints that are stored are posted again once a final block shows that there is time.
    pub fn open(
        params: Params,
        task: Task<P>,
        decryption: &SecretKey,
        record: Option<Record<P>>,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect<P>>,
    ) -> Self {
        let (context, constant) = match task {
            Task::Generate => (Context::new(params.session, env.roster, env.meter), None),
            Task::Reshare { from, share } => (Context::handover(params.session, env.roster, from, env.meter), share),
        };
        let is_new = record.is_none();
        let Record { dealt, received, acked, certificate, finished, complained } = record.unwrap_or_default();
        let mut session = Self {
            params,
            context,
            publisher: None,
            collector: Collector::new(decryption.clone(), acked),
            log: Vec::new(),
            docket: Docket::new(complained),
            fetcher: Fetcher::default(),
            is_disputable: false,
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
            if let Some(dealing) = session.deal(constant, env) {
                fx.push(Effect::Persist(Entry::Dealt(dealing.clone())));
                session.publisher = Some(Publisher::start(dealing, None, params.delta_ms, env, fx));
            }
        } else if let Some(dealing) = dealt {
            session.publisher = Some(Publisher::start(dealing, certificate, params.delta_ms, env, fx));
        }
        for ((_, digest), signed) in received {
            session.collector.hold(&session.context, digest, signed, env);
        }
        for dealer in session.collector.equivocators() {
            session.docket.name(dealer, EQUIVOCATION, session.collector.contradiction(dealer), env);
        }
        for (dealer, digest) in session.collector.names() {
            session.acknowledge(dealer, digest, env, fx);
        }
        session
    }

    /// This node's contribution, if it is one of the dealers. `constant` is what it holds of the key that is handed over.
    fn deal(&self, constant: Option<Hidden<P::Scalar>>, env: &mut Env<'_>) -> Option<Box<Dealing<P>>> {
        let session = self.params.session;
        let mut rng = env.entropy.stream(session.as_ref(), "dkg/dealing");
        let threshold = u16::try_from(self.context.threshold()).expect("a roster's threshold is a u16");
        let polynomial: SecretPolynomial<P> = match (self.context.source(), constant) {
            (None, _) => SecretPolynomial::random(threshold, &mut rng),
            (Some(_), Some(share)) if self.context.is_dealer(env.me) => {
                SecretPolynomial::sharing(*share, threshold, &mut rng)
            }
            (Some(_), _) => return None,
        };
        for coefficient in polynomial.coefficients() {
            let bytes = Zeroizing::new(coefficient.to_wire());
            env.conduct.learn(Secret { kind: SecretKind::Coefficient, session, bytes: &bytes });
        }
        let dealing = deal(&self.context, env.roster, env.me, &polynomial, &mut rng, env.meter);
        Some(Box::new(P::dealt(env.conduct, dealing)))
    }

    /// Whether this node will hold a share.
    fn is_member(&self, env: &Env<'_>) -> bool {
        self.context.position(env.me).is_some()
    }

    /// How far the attempt has come, in public terms.
    pub fn progress(&self) -> Progress {
        let (phase, qualified) = match &self.phase {
            Phase::Open => ("open", Vec::new()),
            Phase::Disputing => ("disputing", Vec::new()),
            Phase::Deciding => ("deciding", Vec::new()),
            Phase::Closed(qualified) => ("closed", qualified.iter().map(|(dealer, _)| *dealer).collect()),
            Phase::Over => ("over", Vec::new()),
        };
        let (dealings, acknowledged) = self.collector.counts();
        Progress {
            phase,
            attempt: self.params.attempt,
            dealings,
            acknowledged,
            qualified,
            fetching: self.fetcher.len(),
            disputes: self.docket.disputes(),
        }
    }

    /// What the attempt is about.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Whether the attempt is over at this node, which only keeps dealings for others.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Dealings that this node found bad, as their dealers signed them: what complaints are made of.
    pub fn faults(&self) -> impl Iterator<Item = (&Signed<Dealing<P>>, Fault)> {
        self.collector.faults()
    }

    /// Pairs of different dealings that one dealer signed.
    pub fn equivocations(&self) -> impl Iterator<Item = (&Signed<Dealing<P>>, &Signed<Dealing<P>>)> {
        self.collector.equivocations()
    }

    /// Takes a message from the authenticated `from`, with the envelope's signature that the node has verified.
    /// What is wrong with it is noted as a drop.
    pub fn on_message(
        &mut self,
        from: NodeId,
        message: Message<P>,
        signature: Option<SignatureBytes>,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect<P>>,
    ) {
        if message.session() != self.params.session {
            return env.dropped(from, "dkg: another session");
        }
        if self.context.position(from).is_none() && !self.context.is_dealer(from) {
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

    fn on_dealing(&mut self, signed: Box<Signed<Dealing<P>>>, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let from = signed.signer;
        if !self.is_member(env) {
            return env.dropped(from, "dkg: a dealing for members");
        }
        if !self.context.is_dealer(from) {
            return env.dropped(from, "dkg: a dealing of no dealer");
        }
        if signed.body.dealer != from && !bugs::planted(Bug::PayloadSender) {
            return env.dropped(from, "dkg: another member's dealing");
        }
        let is_open = matches!(self.phase, Phase::Open);
        if !is_open && self.fetcher.is_idle() {
            return env.dropped(from, "dkg: late dealing");
        }
        if signed.body.verify_shape(&self.context).is_err() {
            self.docket.name(from, INVALID, Some(self.invalid(*signed)), env);
            return env.dropped(from, "dkg: malformed dealing");
        }
        let digest = signed.body.digest_metered(env.meter);
        let is_wanted = self.fetcher.wants(from, digest);
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
        self.advance(env, fx);
    }

    fn on_fetched(
        &mut self,
        from: NodeId,
        signed: Box<Signed<Dealing<P>>>,
        env: &mut Env<'_>,
        fx: &mut Vec<Effect<P>>,
    ) {
        let dealer = signed.body.dealer;
        if signed.signer != dealer || signed.body.verify_shape(&self.context).is_err() {
            return env.dropped(from, "dkg: malformed answer");
        }
        let digest = signed.body.digest_metered(env.meter);
        if self.collector.get(dealer, digest).is_some() {
            // Several members were asked, and another one was faster.
            return;
        }
        if !self.fetcher.wants(dealer, digest) {
            return env.dropped(from, "dkg: unsolicited answer");
        }
        let maker = self.context.dealer(env.roster, dealer);
        let is_authentic = maker.is_some_and(|m| signed.verify(&m.identity, env.meter));
        if !is_authentic {
            return env.dropped(from, "dkg: forged answer");
        }
        self.keep(digest, signed, env, fx);
        self.advance(env, fx);
    }

    /// What convicts whoever signed a dealing that is not valid.
    fn invalid(&self, dealing: Signed<Dealing<P>>) -> KeygenEvidence<P> {
        let from = self.context.source().map(|from| from.public.clone());
        KeygenEvidence::InvalidDealing(Box::new(InvalidDealing { dealing, from }))
    }

    /// Checks a dealing, makes it durable and holds it; complaints that waited for it are judged.
    fn keep(&mut self, digest: Digest, signed: Box<Signed<Dealing<P>>>, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let dealer = signed.body.dealer;
        self.fetcher.drop(dealer, digest);
        fx.push(Effect::Persist(Entry::Received { digest, signed: signed.clone() }));
        self.collector.hold(&self.context, digest, signed, env);
        if self.collector.is_invalid(dealer, digest) {
            let evidence = self.collector.get(dealer, digest).cloned().map(|signed| self.invalid(signed));
            self.docket.name(dealer, INVALID, evidence, env);
        }
        if self.collector.count(dealer) > 1 {
            env.dropped(dealer, "dkg: equivocation");
            self.docket.name(dealer, EQUIVOCATION, self.collector.contradiction(dealer), env);
        }
        self.complain(dealer, digest, env, fx);
        self.docket.judge(&self.context, &self.collector, env);
    }

    /// Complains about a certified dealing that is held if the share in it is bad and there is time.
    fn complain(&mut self, dealer: NodeId, digest: Digest, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let is_certified = self.certified().any(|name| name == (dealer, digest));
        if !self.is_disputable || !is_certified || !self.docket.is_undecided(dealer, env.me) {
            return;
        }
        let Some(is_bad) = self.collector.is_disputable(dealer, digest) else { return };
        if !env.conduct.decide(&Decision::Complain { session: self.params.session, dealer }, is_bad) {
            return self.docket.let_stand(dealer);
        }
        let Some(complaint) = self.collector.complain(&self.context, dealer, digest, env) else { return };
        let complaint = encode(&complaint);
        fx.push(Effect::Persist(Entry::Complained { dealer, digest, complaint: complaint.clone() }));
        self.docket.file(dealer, digest, complaint);
        self.docket.post(self.params.delta_ms, env, fx);
    }

    /// Certified dealings in the order of the log.
    fn certified(&self) -> impl Iterator<Item = (NodeId, Digest)> {
        self.log.iter().filter_map(|event| match event {
            BoardEvent::Certified { dealer, digest, .. } => Some((*dealer, *digest)),
            BoardEvent::Opened { .. } | BoardEvent::Disputed { .. } => None,
        })
    }

    /// Acknowledges a held dealing to its dealer if that is right and the board still takes certificates.
    fn acknowledge(&mut self, dealer: NodeId, digest: Digest, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        let Some((ack, is_new)) = self.collector.acknowledge(&self.context, dealer, digest, env) else { return };
        if is_new {
            fx.push(Effect::Persist(Entry::Acked { dealer, digest }));
        }
        fx.push(Effect::Send { to: dealer, message: Message::Ack(ack) });
    }

    fn on_ack(&mut self, ack: Signed<Ack>, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        if self.context.position(ack.signer).is_none() {
            return env.dropped(ack.signer, "dkg: acknowledges what is not for it");
        }
        match &mut self.publisher {
            Some(publisher) => publisher.on_ack(ack, env, fx),
            None => env.dropped(ack.signer, "dkg: acknowledges what was not dealt"),
        }
    }

    /// The board certified a dealing; comes at finality and in log order. Repetitions are harmless.
    pub fn on_certified(&mut self, dealer: NodeId, digest: Digest, env: &mut Env<'_>) {
        // A finished node that was restarted needs the log to judge complaints again.
        let is_time = matches!(self.phase, Phase::Open | Phase::Over);
        if !is_time || !self.context.is_dealer(dealer) || self.certified().any(|(known, _)| known == dealer) {
            return;
        }
        self.log.push(BoardEvent::Certified { session: self.params.session, dealer, digest });
        if dealer == env.me
            && let Some(publisher) = &mut self.publisher
        {
            publisher.stop();
        }
    }

    /// The board shows a complaint of `accuser`; comes at finality, after the dealing's certificate. Repetitions are
    /// harmless.
    pub fn on_disputed(
        &mut self,
        dealer: NodeId,
        digest: Digest,
        accuser: NodeId,
        complaint: Vec<u8>,
        env: &mut Env<'_>,
    ) {
        let is_time = matches!(self.phase, Phase::Open | Phase::Disputing | Phase::Over);
        let is_certified = self.certified().any(|name| name == (dealer, digest));
        if is_time && is_certified && self.context.position(accuser).is_some() {
            self.docket.enter(dealer, digest, accuser, complaint);
            self.docket.judge(&self.context, &self.collector, env);
        }
    }

    /// Every event up to this block has been fed: looks into all certified dealings while there is time to complain,
    /// and ends what ends at this height.
    pub fn on_final(&mut self, block: u64, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        if matches!(self.phase, Phase::Open) && block >= self.params.close_block {
            self.phase = Phase::Disputing;
            if let Some(publisher) = &mut self.publisher {
                publisher.stop();
            }
        }
        if !matches!(self.phase, Phase::Open | Phase::Disputing) {
            return;
        }
        if !self.is_member(env) {
            // Who only deals has done its part when the board takes no more certificates.
            if matches!(self.phase, Phase::Disputing) {
                self.end(&[]);
            }
            return;
        }
        self.is_disputable = block < self.params.complaint_block;
        if self.is_disputable {
            for (dealer, digest) in self.certified().collect::<Vec<_>>() {
                self.fetch(dealer, digest, Haste::Urgent, env, fx);
                self.complain(dealer, digest, env, fx);
            }
            self.docket.post(self.params.delta_ms, env, fx);
        } else {
            self.docket.close();
            self.phase = Phase::Deciding;
            self.advance(env, fx);
        }
    }

    /// Goes on where something was waited for.
    fn advance(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        if matches!(self.phase, Phase::Deciding) {
            self.decide(env, fx);
        }
        self.try_finish(env, fx);
    }

    /// Fixes QUAL, once every disputed dealing is here.
    fn decide(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let Some(disqualified) = self.docket.disqualified() else {
            for (dealer, digest) in self.docket.disputed() {
                self.fetch(dealer, digest, Haste::Patient, env, fx);
            }
            return;
        };
        match qualified(self.params.session, &self.log, &disqualified, self.context.dealers_needed()) {
            Ok(dealers) => {
                self.fetcher.keep_only(&dealers);
                for &(dealer, digest) in &dealers {
                    self.fetch(dealer, digest, Haste::Patient, env, fx);
                }
                self.phase = Phase::Closed(dealers);
            }
            Err(_) => {
                self.end(&[]);
                fx.push(Effect::Restart);
            }
        }
    }

    /// When [`Session::tick`] is due next.
    pub fn deadline(&self) -> Option<Time> {
        let publishing = self.publisher.as_ref().and_then(Publisher::deadline);
        [self.fetcher.deadline(), publishing, self.docket.deadline()].into_iter().flatten().min()
    }

    /// Tries again what is due: sends the own dealing, posts its certificate and complaints, fetches missing dealings.
    pub fn tick(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        if let Some(publisher) = &mut self.publisher {
            publisher.tick(self.params.delta_ms, env, fx);
        }
        if self.is_disputable {
            self.docket.post(self.params.delta_ms, env, fx);
        }
        self.fetcher.tick(&self.context, self.params.delta_ms, env, fx);
    }

    /// Begins to ask for a dealing unless it is held.
    fn fetch(&mut self, dealer: NodeId, digest: Digest, haste: Haste, env: &Env<'_>, fx: &mut Vec<Effect<P>>) {
        let holds_some = bugs::planted(Bug::FirstDealingWins) && self.collector.count(dealer) > 0;
        if self.collector.get(dealer, digest).is_none() && !holds_some {
            self.fetcher.want((dealer, digest), haste, &self.context, self.params.delta_ms, env, fx);
        }
    }

    /// With QUAL fixed and all its dealings here, sums them up.
    fn try_finish(&mut self, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
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

    fn finished(&self, share: KeyShare<P>, env: &mut Env<'_>, fx: &mut Vec<Effect<P>>) {
        let session = self.params.session;
        let bytes = Zeroizing::new(share.secret.to_wire());
        env.conduct.learn(Secret { kind: SecretKind::KeyShare, session, bytes: &bytes });
        env.notes.push(Note::KeyReady {
            session,
            key: share.public.id(),
            public_key: share.public.point.encode().as_ref().to_vec(),
            public_share: share.public.share_of(share.holder).encode().as_ref().to_vec(),
        });
        fx.push(Effect::Persist(Entry::Finished(Box::new(share.clone()))));
        fx.push(Effect::Finished(share));
    }

    /// Keeps these dealings and the disputed ones: nodes that are behind still need them to come to the same end.
    fn end(&mut self, qualified: &[(NodeId, Digest)]) {
        self.phase = Phase::Over;
        self.publisher = None;
        self.fetcher = Fetcher::default();
        let keep: Vec<_> = self.docket.disputed().into_iter().chain(qualified.iter().copied()).collect();
        self.collector.finish(&keep);
    }
}
