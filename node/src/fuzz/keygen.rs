//! Key generation, over either curve, and handing a key over, with a board that takes certificates as the contract does.

use k256::ProjectivePoint;
use std::rc::Rc;

use super::Choices;
use super::committee::{LIAR, MEMBERS, decryption, roster, shares};
use super::network::{Machine, Network, Outcome};
use crate::chain::{BoardEvent as Shown, ChainEvent};
use crate::curve::{Bls12381, Hidden};
use crate::dkg::{
    BoardEvent, COMPLAINT_BYTES_MAX, Context, Effect, Handover, KeyCurve, Message, Params, Session, Task, complain,
};
use crate::env::Env;
use crate::id::{Digest, Epoch, NodeId, SessionId};
use crate::io::Time;
use crate::key::PublicKey;
use crate::meter::Meter;
use crate::testing::BOARD;
use crate::wire::{FRAME_BYTES_MAX, Signable, SignatureBytes, decode, encode};

const BLOCK_MS: u64 = 1_000;
const CLOSE_BLOCK: u64 = 4;
const COMPLAINT_BLOCK: u64 = 8;
/// Blocks come until then.
const BLOCKS: u64 = 12;

/// The first attempt at the first key.
fn opened() -> SessionId {
    BOARD.session(Epoch(1), 0, 0)
}

/// A session, and the chain as it sees it.
pub(super) struct Keygen<P: KeyCurve> {
    session: Option<Session<P>>,
    /// What it is bound to.
    context: Option<Context<P>>,
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
                if is_good && block(network) < CLOSE_BLOCK {
                    network.on_all(|_, machine, env, _| machine.on_certified(dealer, digest, env));
                }
            }
            Effect::PostComplaint { dealer, digest, complaint } => dispute(network, by, (dealer, digest), complaint),
            Effect::Finished(share) => network.on(by, |machine, _, _| machine.key = Some(share.public.clone())),
            Effect::Send { .. } | Effect::Persist(_) | Effect::Restart | Effect::Excluded(_) => {}
        }
    }

    /// The liar complains about any certified dealing: as it should if its share were bad, with that spoilt, or with bytes.
    fn mischief(network: &mut Network<Self>, choices: &mut Choices<'_>) {
        let (mut certified, mut context) = (Vec::new(), None);
        network.on(LIAR, |machine, _, _| (certified, context) = (machine.certified.clone(), machine.context.clone()));
        let Some(BoardEvent::Certified { dealer, digest, .. }) = certified.get(choices.below(certified.len())) else {
            return;
        };
        let mut complaint = choices.bytes();
        if choices.byte() & 3 != 0 {
            let said = network.said.iter().filter_map(|bytes| decode::<Message<P>>(bytes, FRAME_BYTES_MAX).ok());
            let mut dealings = said.filter_map(|message| match message {
                Message::Dealing(dealing) => Some(dealing),
                _ => None,
            });
            let Some(dealing) = dealings.find(|dealing| dealing.digest() == *digest) else { return };
            let context = context.expect("the session is open");
            let made = complain(&context, &network.roster, &dealing, LIAR, &decryption(LIAR), &mut Meter::default());
            complaint = encode(&made.expect("the liar is a member"));
            if choices.byte() & 1 == 0 {
                choices.spoil(&mut complaint);
            }
        }
        dispute(network, LIAR, (*dealer, *digest), complaint);
    }

    fn kept(&self) -> (usize, usize) {
        let Some(session) = &self.session else { return (0, 0) };
        let (progress, members) = (session.progress(), usize::from(MEMBERS));
        // Two dealings of each dealer, and the certified one; one complaint of each about each.
        (progress.dealings + progress.disputes, 3 * members + members * members)
    }
}

/// What the board's contract does with a complaint: it takes an accuser's first about a certified dealing, in time.
fn dispute<P: KeyCurve>(
    network: &mut Network<Keygen<P>>,
    accuser: NodeId,
    (dealer, digest): (NodeId, Digest),
    complaint: Vec<u8>,
) {
    let is_known = network.events.iter().any(|event| match event {
        ChainEvent::Board(Shown::DealingDisputed { dealer: d, accuser: a, .. }) => (*d, *a) == (dealer, accuser),
        _ => false,
    });
    if block(network) >= COMPLAINT_BLOCK || complaint.len() > COMPLAINT_BYTES_MAX || is_known {
        return;
    }
    let shown = Shown::DealingDisputed { session: opened(), dealer, digest, accuser, complaint: complaint.clone() };
    network.events.push(ChainEvent::Board(shown));
    network.on_all(|_, machine, env, _| {
        if let Some(session) = &mut machine.session {
            session.on_disputed(dealer, digest, accuser, complaint.clone(), env);
        }
    });
}

impl<P: KeyCurve> Keygen<P> {
    fn on_certified(&mut self, dealer: NodeId, digest: Digest, env: &mut Env) {
        let Some(session) = &mut self.session else { return };
        let known = |event: &BoardEvent| matches!(event, BoardEvent::Certified { dealer: d, .. } if *d == dealer);
        if !self.certified.iter().any(known) {
            self.certified.push(BoardEvent::Certified { session: opened(), dealer, digest });
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
        context: None,
        blocks: 0,
        next_block: Time(1_000_000_000).plus_millis(BLOCK_MS),
        certified: Vec::new(),
        key: None,
    });
    let (session, close_block, complaint_block) = (opened(), CLOSE_BLOCK, COMPLAINT_BLOCK);
    let opened = Shown::SessionOpened { session, index: 0, attempt: 0, close_block, complaint_block };
    network.events.push(ChainEvent::Board(opened));
    let params = Params { session, index: 0, attempt: 0, close_block, complaint_block, delta_ms: 100 };
    network.on_all(|id, machine: &mut Keygen<P>, env, fx| {
        let task = task(id);
        machine.context = Some(match &task {
            Task::Generate => Context::new(session, env.roster, env.meter),
            Task::Reshare { from, .. } => Context::handover(session, env.roster, Rc::clone(from), env.meter),
        });
        machine.session = Some(Session::open(params, task, &decryption(id), None, env, fx));
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
    let (key, public_key, key_data) = (public.id(), public.uncompressed(), public.data_digest());
    network.events.push(ChainEvent::KeyRouted { key, public_key, key_data });
    network.handed_over = Some((opened(), key));
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
