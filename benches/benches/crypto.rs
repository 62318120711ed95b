//! What one node computes in each step of the protocols, for n = 4, 7, 10, 30 and 100 with the threshold k = ceil(2n/3).
//!
//! Nothing is memoised here: the figures are those of a node that checks everything itself.

#[path = "common/keys.rs"]
mod keys;
#[path = "common/network_key.rs"]
mod network_key;
#[path = "common/presigning.rs"]
mod presigning;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use k256::{ProjectivePoint, Scalar};
use keys::{Committee, DIGEST, me, rng};
use lit_node::curve::Polynomial;
use lit_node::dkg::{self, Context, Dealing};
use lit_node::id::{NodeId, SessionId};
use lit_node::key::PublicKey;
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::signing::{Scheme, combine, frost};
use network_key::NetworkKey;
use presigning::Presigning;
use rand_chacha::ChaCha20Rng;

const SIZES: [u16; 5] = [4, 7, 10, 30, 100];

fn threshold(n: u16) -> u16 {
    (2 * n).div_ceil(3)
}

/// One session, as the member sees it whose work is measured.
struct Generation {
    committee: Committee,
    context: Context,
    me: NodeId,
}

impl Generation {
    fn new(n: u16) -> Self {
        let committee = Committee::new(n, threshold(n));
        let context = Context::new(SessionId([7; 32]), &committee.roster, &mut Meter::default());
        Self { committee, context, me: me(n) }
    }

    fn deal(&self, dealer: NodeId) -> Dealing {
        let (roster, mut rng) = (&self.committee.roster, rng(dealer.0));
        let polynomial = Polynomial::random(roster.threshold() as u16, &mut rng);
        dkg::deal(&self.context, roster, dealer, &polynomial, &mut rng, &mut Meter::default())
    }

    /// The dealings of the first k members.
    fn qualified(&self) -> Vec<Dealing> {
        let roster = &self.committee.roster;
        roster.ids().take(roster.threshold()).map(|dealer| self.deal(dealer)).collect()
    }

    fn open(&self, dealing: &Dealing) -> Scalar {
        let decryption = &self.committee.decryptions[&self.me];
        *dealing.open_share(&self.context, self.me, decryption, &mut Meter::default()).expect("an honest dealing")
    }
}

fn key_generation(c: &mut Criterion) {
    let mut group = c.benchmark_group("dkg");
    for n in SIZES {
        let generation = Generation::new(n);
        let (dealings, me) = (generation.qualified(), generation.me);
        let shares: Vec<Scalar> = dealings.iter().map(|dealing| generation.open(dealing)).collect();
        let parts: Vec<(&Dealing, &Scalar)> = dealings.iter().zip(&shares).collect();
        group.bench_with_input(BenchmarkId::new("deal", n), &n, |b, _| b.iter(|| generation.deal(black_box(me))));
        group.bench_with_input(BenchmarkId::new("verify_dealing", n), &n, |b, _| {
            b.iter(|| {
                let (dealing, mut meter) = (black_box(&dealings[1]), Meter::default());
                dealing.verify_public(&generation.context, &Memo::off(), &mut meter).expect("an honest dealing");
                generation.open(dealing)
            });
        });
        group.bench_with_input(BenchmarkId::new("finalize", n), &n, |b, _| {
            b.iter(|| dkg::finalize(&generation.context, me, black_box(&parts), &mut Meter::default()));
        });
    }
    group.finish();
}

fn holders_of(key: &PublicKey) -> Vec<NodeId> {
    key.members[..usize::from(key.threshold)].to_vec()
}

fn schnorr(c: &mut Criterion) {
    let mut group = c.benchmark_group("frost");
    for n in SIZES {
        let (shares, me) = (keys::shares::<ProjectivePoint>(n, threshold(n)), me(n));
        let key = &shares[&me].public;
        let holders = holders_of(key);
        let scheme = Scheme::SchnorrK256Sha256;
        let commit = |holder: &NodeId, rng: &mut ChaCha20Rng| {
            frost::commit(scheme, &shares[holder], rng, &mut Meter::default()).expect("a scheme of FROST")
        };
        let committed: BTreeMap<_, _> = holders.iter().map(|h| (*h, commit(h, &mut rng(h.0)))).collect();
        let commitments = committed.iter().map(|(h, (_, commitments))| (*h, *commitments)).collect();
        let run =
            || frost::Run::new(scheme, key, &DIGEST, &commitments, &mut Meter::default()).expect("honest commitments");
        let sign = |run: &frost::Run, holder| {
            let nonces = committed[holder].0.clone();
            run.sign(nonces, &shares[holder], &mut Meter::default()).expect("its own nonces")
        };
        group.bench_with_input(BenchmarkId::new("commit", n), &n, |b, _| {
            b.iter(|| commit(&me, &mut rng(1)));
        });
        // What a holder does when a proposal arrives: the group commitment, then its share.
        group.bench_with_input(BenchmarkId::new("sign_share", n), &n, |b, _| b.iter(|| sign(&run(), &me)));
        let fixed = run();
        let signed: BTreeMap<NodeId, Scalar> = holders.iter().map(|h| (*h, sign(&fixed, h))).collect();
        group.bench_with_input(BenchmarkId::new("combine_and_verify", n), &n, |b, _| {
            let nonce = fixed.nonce();
            b.iter(|| {
                combine(scheme, &key.point, &DIGEST, &nonce, &holders, black_box(&signed)).expect("right shares")
            });
        });
    }
    group.finish();
}

fn threshold_ecdsa(c: &mut Criterion) {
    let mut group = c.benchmark_group("ecdsa");
    for n in SIZES {
        let (shares, me) = (keys::shares::<ProjectivePoint>(n, threshold(n)), me(n));
        let key = &shares[&me].public;
        let presigning = Presigning::new(&shares, holders_of(key), rng(n));
        let holders = &presigning.start.holders;
        let sign = |presignature| presigning.sign(presignature, &DIGEST);
        group.bench_with_input(BenchmarkId::new("presign", n), &n, |b, _| b.iter(|| presigning.presign(black_box(me))));
        group.bench_with_input(BenchmarkId::new("sign_share", n), &n, |b, _| {
            b.iter_batched(|| presigning.presign(me), sign, BatchSize::SmallInput);
        });
        let run = sign(presigning.presign(me)).0;
        let (signed, nonce) = presigning.signed(&DIGEST);
        group.bench_with_input(BenchmarkId::new("check_share", n), &n, |b, _| {
            b.iter(|| run.is_right(key, me, black_box(&signed[&me]), &mut Meter::default()));
        });
        group.bench_with_input(BenchmarkId::new("combine_and_verify", n), &n, |b, _| {
            b.iter(|| {
                combine(Scheme::EcdsaK256, &key.point, &DIGEST, &nonce, holders, black_box(&signed))
                    .expect("right shares")
            });
        });
    }
    group.finish();
}

fn bls(c: &mut Criterion) {
    let mut group = c.benchmark_group("bls");
    for n in SIZES {
        let key = NetworkKey::new(n, threshold(n));
        group.bench_with_input(BenchmarkId::new("sign_share", n), &n, |b, _| b.iter(|| key.sign()));
        group.bench_with_input(BenchmarkId::new("verify", n), &n, |b, _| b.iter(|| key.verify()));
        group.bench_with_input(BenchmarkId::new("check_and_combine", n), &n, |b, _| b.iter(|| key.combine()));
    }
    group.finish();
}

fn ibe(c: &mut Criterion) {
    let mut group = c.benchmark_group("ibe");
    for n in SIZES {
        let key = NetworkKey::new(n, threshold(n));
        group.bench_with_input(BenchmarkId::new("encrypt", n), &n, |b, _| b.iter(|| key.encrypt()));
        group.bench_with_input(BenchmarkId::new("decryption_share", n), &n, |b, _| b.iter(|| key.decryption_share()));
        group.bench_with_input(BenchmarkId::new("combine_and_decrypt", n), &n, |b, _| b.iter(|| key.decrypt()));
    }
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! { name = benches; config = short(); targets = key_generation, schnorr, threshold_ecdsa, bls, ibe }
criterion_main!(benches);
