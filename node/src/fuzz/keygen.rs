//! Key generation, over either curve, and handing a key over, with a board that takes certificates as the contract does.

use k256::ProjectivePoint;
use std::rc::Rc;

use super::Choices;
use super::committee::{LIAR, decryption, roster, shares};
use super::network::{Machine, Network, Outcome};
use crate::chain::{BoardEvent as Shown, ChainEvent};
use crate::curve::{Bls12381, Hidden};
use crate::dkg::{BoardEvent, Effect, Handover, KeyCurve, Message, Params, Session, Task};
use crate::env::Env;
use crate::id::{Digest, NodeId, SessionId};
use crate::io::Time;
use crate::key::PublicKey;
use crate::meter::Meter;
use crate::wire::SignatureBytes;

const SESSION: SessionId = SessionId([7; 32]);
const BLOCK_MS: u64 = 1_000;
const PARAMS: Params =
    Params { session: SESSION, index: 0, attempt: 0, close_block: 4, complaint_block: 8, delta_ms: 100 };
/// Blocks come until then.
const BLOCKS: u64 = 12;

/// A session, and the chain as it sees it.
pub(super) struct Keygen<P: KeyCurve> {
    session: Option<Session<P>>,
    blocks: u64,
    next_block: Time,
    certified: Vec<BoardEvent>,
    key: Option<PublicKey<P>>,
}

impl<P: KeyCurve> Machine for Keygen<P> {
    type Message = Message<P>;
    type Effect = Effect<P>;

    fn signing_digest(message: &Message<P>) -> Option<[u8; 32]> {
        let _ = message.label();
        message.signing_digest()
    }

    fn on_message(
        &mut self,
        from: NodeId,
        message: Message<P>,
        signature: Option<SignatureBytes>,
        env: &mut Env,
        fx: &mut Vec<Effect<P>>,
    ) {
        if let Some(session) = &mut self.session {
            session.on_message(from, message, signature, env, fx);
            let _ = session.progress();
        }
    }

    fn deadline(&self) -> Option<Time> {
        let block = (self.blocks < BLOCKS).then_some(self.next_block);
        self.session.as_ref()?.deadline().into_iter().chain(block).min()
    }

    fn tick(&mut self, env: &mut Env, fx: &mut Vec<Effect<P>>) {
        let Some(session) = &mut self.session else { return };
        if self.blocks < BLOCKS && self.next_block <= env.now {
            self.blocks += 1;
            self.next_block = env.now.plus_millis(BLOCK_MS);
            session.on_final(self.blocks, env, fx);
        }
        if session.deadline().is_some_and(|at| at <= env.now) {
            session.tick(env, fx);
        }
    }

    fn outcome(effect: Effect<P>) -> Outcome<Self> {
        match effect {
            Effect::Send { to, message } => Outcome::Send(to, message),
            other => Outcome::Other(other),
        }
    }

    fn carry_out(network: &mut Network<Self>, by: NodeId, effect: Effect<P>) {
        match effect {
            Effect::PostCertificate(certificate) => {
                let is_good = certificate.verify(&network.roster, &mut Meter::default()).is_ok();
                assert!(is_good || by == LIAR, "an honest node's certificate counts");
                let (dealer, digest) = (certificate.dealer, certificate.digest);
                if is_good && block(network) < PARAMS.close_block {
                    network.on_all(|_, machine, env, _| machine.on_certified(dealer, digest, env));
                }
            }
            Effect::PostComplaint { dealer, digest, complaint } => {
                let accuser = by;
                let shown =
                    Shown::DealingDisputed { session: SESSION, dealer, digest, accuser, complaint: complaint.clone() };
                if block(network) >= PARAMS.complaint_block {
                    return;
                }
                network.events.push(ChainEvent::Board(shown));
                network.on_all(|_, machine, env, _| {
                    if let Some(session) = &mut machine.session {
                        session.on_disputed(dealer, digest, accuser, complaint.clone(), env);
                    }
                });
            }
            Effect::Finished(share) => network.on(by, |machine, _, _| machine.key = Some(share.public.clone())),
            Effect::Send { .. } | Effect::Persist(_) | Effect::Restart | Effect::Excluded(_) => {}
        }
    }
}

impl<P: KeyCurve> Keygen<P> {
    fn on_certified(&mut self, dealer: NodeId, digest: Digest, env: &mut Env) {
        let Some(session) = &mut self.session else { return };
        let known = |event: &BoardEvent| matches!(event, BoardEvent::Certified { dealer: d, .. } if *d == dealer);
        if !self.certified.iter().any(known) {
            self.certified.push(BoardEvent::Certified { session: SESSION, dealer, digest });
            session.on_certified(dealer, digest, env);
        }
    }
}

/// The newest block that any node has seen: what is posted is in the next one, for all.
fn block<P: KeyCurve>(network: &mut Network<Keygen<P>>) -> u64 {
    let mut newest = 0;
    network.on_all(|_, machine, _, _| newest = newest.max(machine.blocks));
    newest
}

fn begun<P: KeyCurve>(task: impl Fn(NodeId) -> Task<P>) -> Network<Keygen<P>> {
    let mut network = Network::new(|_| Keygen {
        session: None,
        blocks: 0,
        next_block: Time(1_000_000_000).plus_millis(BLOCK_MS),
        certified: Vec::new(),
        key: None,
    });
    let Params { close_block, complaint_block, .. } = PARAMS;
    let opened = Shown::SessionOpened { session: SESSION, index: 0, attempt: 0, close_block, complaint_block };
    network.events.push(ChainEvent::Board(opened));
    network.on_all(|id, machine: &mut Keygen<P>, env, fx| {
        machine.session = Some(Session::open(PARAMS, task(id), &decryption(id), None, env, fx));
    });
    network
}

/// A key generation that choices disturb, at its end.
pub(super) fn disturbed<P: KeyCurve>(data: &[u8]) -> Network<Keygen<P>> {
    let mut network = begun::<P>(|_| Task::Generate);
    network.run(&mut Choices::new(data));
    network
}

fn run<P: KeyCurve>(data: &[u8]) {
    honest_keys(disturbed::<P>(data), data);
}

/// The keys that honest nodes have in the end: one, at all of them if nothing disturbed them.
fn honest_keys<P: KeyCurve>(mut network: Network<Keygen<P>>, data: &[u8]) -> Vec<PublicKey<P>> {
    let mut keys = Vec::new();
    network.on_all(|id, machine, _, _| keys.extend(machine.key.take().filter(|_| id != LIAR)));
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "honest nodes have one key");
    assert!(!data.is_empty() || keys.len() == 3, "undisturbed, all have the key");
    keys
}

/// A key's holders hand it over to themselves.
pub(super) fn reshare_target(data: &[u8]) {
    let shares = shares::<ProjectivePoint>();
    let public = shares[&LIAR].public.clone();
    let from = Rc::new(Handover { roster: roster(), public: public.clone() });
    let share = |id| Some(Hidden::new(shares[&id].secret));
    let mut network = begun(|id| Task::Reshare { from: Rc::clone(&from), share: share(id) });
    // Of what key a session disposes is not on this chain, so what is held against a dealer convinces whoever knows it.
    network.is_judged = false;
    network.run(&mut Choices::new(data));
    for key in honest_keys(network, data) {
        assert_eq!(key.point, public.point, "no dealer changes the key");
        assert_ne!(key.commitments, public.commitments, "its shares are new");
    }
}

/// Key generation over secp256k1.
pub(super) fn target(data: &[u8]) {
    run::<ProjectivePoint>(data);
}

/// Key generation over BLS12-381.
pub(super) fn network_target(data: &[u8]) {
    run::<Bls12381>(data);
}
