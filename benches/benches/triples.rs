//! What all holders together compute for a batch of triples, for n = 4, 7 and 10 with k = ceil(2n/3) holders.
//!
//! One iteration is one batch: `Throughput::Elements` makes the report give the time for a triple, of all parties
//! together. Signatures of all messages are made and checked, nothing is memoised, messages are not encoded.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use k256::ProjectivePoint;
use k256::ecdsa::SigningKey;
use lit_node::conduct::Honest;
use lit_node::entropy::Entropy;
use lit_node::env::Env;
use lit_node::id::{Boot, Epoch, NodeId};
use lit_node::io::Time;
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::roster::{Member, Roster};
use lit_node::triples::{Effect, Generator, Message, Params};
use lit_node::wire::SignatureBytes;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const SIZES: [u16; 3] = [4, 7, 10];
const COUNT: u16 = 32;

/// A network whose messages arrive in the order in which they were sent.
struct Network {
    roster: Roster,
    keys: BTreeMap<NodeId, SigningKey>,
    generators: BTreeMap<NodeId, Generator>,
    under_way: VecDeque<(NodeId, NodeId, Message, Option<SignatureBytes>)>,
    ready: usize,
}

impl Network {
    fn new(n: u16) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(n.into());
        let keys: BTreeMap<NodeId, SigningKey> = (1..=n).map(|id| (NodeId(id), SigningKey::random(&mut rng))).collect();
        let member = |(id, key): (&NodeId, &SigningKey)| Member {
            address: [id.0 as u8; 20],
            identity: *key.verifying_key(),
            channel_key: [0; 32],
            encryption_key: ProjectivePoint::GENERATOR,
        };
        let roster = Roster::new(Epoch(1), (2 * n).div_ceil(3), keys.iter().map(member).collect());
        let params = Params::new(1000, COUNT);
        let generators = keys.keys().map(|id| (*id, Generator::new(params))).collect();
        Self { roster: roster.expect("the threshold fits"), keys, generators, under_way: VecDeque::new(), ready: 0 }
    }

    fn on(&mut self, id: NodeId, act: impl FnOnce(&mut Generator, &mut Env, &mut Vec<Effect>)) {
        let (mut fx, mut meter, mut notes, mut honest) = (Vec::new(), Meter::default(), Vec::new(), Honest);
        let mut env = Env {
            me: id,
            boot: Boot(0),
            now: Time(1),
            roster: &self.roster,
            identity: &self.keys[&id],
            entropy: &Entropy::new(&[id.0 as u8; 32], Boot(0)),
            conduct: &mut honest,
            meter: &mut meter,
            notes: &mut notes,
            memo: &Memo::off(),
        };
        act(self.generators.get_mut(&id).expect("a member"), &mut env, &mut fx);
        for effect in fx {
            match effect {
                Effect::Send { to, message } => {
                    let sign = |digest| SignatureBytes::sign(&digest, &self.keys[&id], &mut Meter::default());
                    let signature = message.signing_digest().map(sign);
                    self.under_way.push_back((id, to, message, signature));
                }
                Effect::Ready { .. } => self.ready += 1,
                other => panic!("all are honest: {other:?}"),
            }
        }
    }

    fn batch(mut self) -> usize {
        let holders: Vec<NodeId> = self.roster.ids().take(self.roster.threshold()).collect();
        self.on(NodeId(1), |generator, env, fx| {
            generator.start(&holders, 0, env, fx).expect("the holders fit");
        });
        while let Some((from, to, message, signature)) = self.under_way.pop_front() {
            if let (Some(digest), Some(signature)) = (message.signing_digest(), &signature) {
                assert!(signature.verify(&digest, self.keys[&from].verifying_key(), &mut Meter::default()));
            }
            self.on(to, |generator, env, fx| generator.on_message(from, message, signature, env, fx));
        }
        self.ready
    }
}

fn triples(c: &mut Criterion) {
    let mut group = c.benchmark_group("triples");
    group.throughput(Throughput::Elements(COUNT.into())).sample_size(10).measurement_time(Duration::from_secs(10));
    for n in SIZES {
        group.bench_with_input(BenchmarkId::new("batch_of_32_all_parties", n), &n, |b, n| {
            b.iter_batched(
                || Network::new(*n),
                |network| assert_eq!(network.batch(), usize::from((2 * n).div_ceil(3))),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, triples);
criterion_main!(benches);
