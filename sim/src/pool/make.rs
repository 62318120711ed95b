//! Making triples by the nodes' own protocol, among honest holders whose messages arrive in the order in which they were
//! sent.

use std::collections::{BTreeMap, VecDeque};

use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, Scalar};
use lit_node::conduct::Honest;
use lit_node::curve::Polynomial;
use lit_node::entropy::Entropy;
use lit_node::env::Env;
use lit_node::id::{Boot, Epoch, NodeId};
use lit_node::io::Time;
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::roster::{Member, Roster};
use lit_node::triples::{DealtTriples, Effect, Generator, Message, Params, TripleShare};
use lit_node::wire::{FRAME_BYTES_MAX, SignatureBytes, decode, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use thiserror::Error;

use super::{Pool, Secrets};

/// The most triples that one batch is asked for.
const BATCH: u16 = 32;

/// Why there are no triples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MakeError {
    /// The protocol is one between several.
    #[error("{0} cannot share triples: at least 2 holders are needed")]
    Holders(u16),
}

/// Makes `count` triples for so many holders; the same for the same seed.
///
/// # Errors
/// If there are too few holders.
///
/// # Panics
/// If honest holders do not come to a right batch.
pub fn make(holders: u16, count: usize, seed: u64) -> Result<Pool, MakeError> {
    if holders < 2 {
        return Err(MakeError::Holders(holders));
    }
    let mut pool = Pool { holders, seed, triples: Vec::new() };
    for batch in 0.. {
        let missing = count.saturating_sub(pool.len());
        if missing == 0 {
            break;
        }
        let wanted = u16::try_from(missing).unwrap_or(BATCH).min(BATCH);
        let made = Batch::new((holders, holders), wanted, (seed, batch), Memo::shared()).run();
        pool.triples.extend(join(&made).into_iter().take(missing));
    }
    Ok(pool)
}

/// One batch among the first holders of a network.
pub struct Batch {
    roster: Roster,
    keys: BTreeMap<NodeId, SigningKey>,
    entropy: BTreeMap<NodeId, Entropy>,
    generators: BTreeMap<NodeId, Generator>,
    memo: Memo,
    under_way: VecDeque<(NodeId, NodeId, Vec<u8>, Option<SignatureBytes>)>,
    ready: BTreeMap<NodeId, DealtTriples>,
}

impl Batch {
    /// Of at least `count` triples, if so many fit, among the first k of n nodes. Everything random is of the seed and
    /// number.
    ///
    /// # Panics
    /// If k is more than n, or 0.
    pub fn new((n, k): (u16, u16), count: u16, (seed, number): (u64, u64), memo: Memo) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("litsim pool: a batch");
        hasher.update(&seed.to_be_bytes()).update(&number.to_be_bytes());
        let mut rng = ChaCha20Rng::from_seed(hasher.finalize().into());
        let keys: BTreeMap<NodeId, SigningKey> = (1..=n).map(|id| (NodeId(id), SigningKey::random(&mut rng))).collect();
        let mut entropy = |id: &NodeId| {
            let mut seed = [0; 32];
            rng.fill_bytes(&mut seed);
            (*id, Entropy::new(&seed, Boot(0)))
        };
        let entropy = keys.keys().map(&mut entropy).collect();
        let member = |(id, key): (&NodeId, &SigningKey)| Member {
            address: [id.0 as u8; 20],
            identity: *key.verifying_key(),
            channel_key: [0; 32],
            encryption_key: ProjectivePoint::GENERATOR,
        };
        let roster = Roster::new(Epoch(1), k, keys.iter().map(member).collect()).expect("k is from 1 to n");
        let params = Params::new(1000, count);
        let generators = keys.keys().map(|id| (*id, Generator::new(params))).collect();
        Self { roster, keys, entropy, generators, memo, under_way: VecDeque::new(), ready: BTreeMap::new() }
    }

    fn on(&mut self, id: NodeId, act: impl FnOnce(&mut Generator, &mut Env, &mut Vec<Effect>)) {
        let (mut fx, mut meter, mut notes, mut honest) = (Vec::new(), Meter::default(), Vec::new(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(0),
            now: Time(1),
            roster: &self.roster,
            identity: &self.keys[&id],
            entropy: &self.entropy[&id],
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &self.memo,
        };
        act(self.generators.get_mut(&id).expect("a member"), &mut env, &mut fx);
        for effect in fx {
            match effect {
                Effect::Send { to, message } => {
                    let sign = |digest| SignatureBytes::sign(&digest, &self.keys[&id], &mut Meter::default());
                    let signature = message.signing_digest().map(sign);
                    self.under_way.push_back((id, to, encode(&message), signature));
                }
                Effect::Ready { triples, .. } => _ = self.ready.insert(id, *triples),
                other => panic!("all are honest: {other:?}"),
            }
        }
    }

    /// Makes the batch: each holder's part. All messages are encoded and decoded, their signatures made and checked.
    ///
    /// # Panics
    /// If honest holders do not come to an end.
    pub fn run(mut self) -> BTreeMap<NodeId, DealtTriples> {
        let holders: Vec<NodeId> = self.roster.ids().take(self.roster.threshold()).collect();
        self.on(holders[0], |generator, env, fx| {
            generator.start(&holders, 0, env, fx).expect("the holders fit");
        });
        while let Some((from, to, bytes, signature)) = self.under_way.pop_front() {
            let message: Message = decode(&bytes, FRAME_BYTES_MAX).expect("honest messages decode");
            if let (Some(digest), Some(signature)) = (message.signing_digest(), &signature) {
                assert!(signature.verify(&digest, self.keys[&from].verifying_key(), &mut Meter::default()));
            }
            self.on(to, |generator, env, fx| generator.on_message(from, message, signature, env, fx));
        }
        assert_eq!(self.ready.len(), holders.len(), "every holder has its part");
        self.ready
    }
}

/// The polynomials that all shares together determine; what the holders committed to says that they are the right ones.
fn join(made: &BTreeMap<NodeId, DealtTriples>) -> Vec<Secrets> {
    let count = made.values().next().map_or(0, |part| part.triples.len());
    let polynomial = |at: usize, pick: fn(&TripleShare) -> Scalar| {
        through(&made.iter().map(|(holder, part)| (*holder, pick(&part.triples[at]))).collect::<Vec<_>>())
    };
    let triple = |at: usize| {
        let triple = [polynomial(at, |t| t.a), polynomial(at, |t| t.b), polynomial(at, |t| t.c)];
        for part in made.values() {
            let public = &part.triples[at].commitments;
            let agrees = triple.iter().zip([&public.a, &public.b, &public.c]).all(|(p, public)| p.commit() == *public);
            assert!(agrees, "honest shares are on the polynomials that were committed to");
        }
        triple
    };
    (0..count).map(triple).collect()
}

/// The polynomial of least degree through these points, by Newton's divided differences.
fn through(points: &[(NodeId, Scalar)]) -> Polynomial {
    let x = |at: usize| Scalar::from(u64::from(points[at].0.0));
    let mut differences: Vec<Scalar> = points.iter().map(|(_, y)| *y).collect();
    for order in 1..points.len() {
        for at in (order..points.len()).rev() {
            let run = Option::<Scalar>::from((x(at) - x(at - order)).invert()).expect("holders differ");
            differences[at] = (differences[at] - differences[at - 1]) * run;
        }
    }
    let mut coefficients: Vec<Scalar> = Vec::new();
    for (at, difference) in differences.iter().enumerate().rev() {
        // What there is times (X - x), plus the next difference.
        let shifted = [Scalar::ZERO].into_iter().chain(coefficients.iter().copied());
        let scaled = coefficients.iter().map(|c| *c * x(at)).chain([Scalar::ZERO]);
        coefficients = shifted.zip(scaled).map(|(up, down)| up - down).collect();
        coefficients[0] += difference;
    }
    Polynomial::from_coefficients(coefficients)
}
