//! What one node computes in each step of the protocols, for n = 4, 7 and 10 with the threshold k = ceil(2n/3).
//!
//! Nothing is memoised here: the figures are those of a node that checks everything itself.

#[path = "common/presigning.rs"]
mod presigning;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use k256::ecdsa::SigningKey;
use k256::{Scalar, SecretKey};
use lit_node::curve::Polynomial;
use lit_node::dkg::{self, Context, Dealing};
use lit_node::id::{Digest, Epoch, NodeId, SessionId};
use lit_node::key::{KeyShare, PublicKey};
use lit_node::memo::Memo;
use lit_node::meter::Meter;
use lit_node::roster::{Member, Roster};
use lit_node::signing::{Scheme, combine, frost};
use presigning::Presigning;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const SIZES: [u16; 3] = [4, 7, 10];
const DIGEST: Digest = Digest([0x5a; 32]);
/// The node whose work is measured.
const ME: NodeId = NodeId(1);

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A validator set with the decryption keys of its members.
struct Committee {
    roster: Roster,
    decryptions: Vec<SecretKey>,
    context: Context,
}

impl Committee {
    fn new(n: u16) -> Self {
        let mut rng = rng(n.into());
        let decryptions: Vec<SecretKey> = (0..n).map(|_| SecretKey::random(&mut rng)).collect();
        let members = decryptions.iter().zip(1..).map(|(decryption, i)| Member {
            address: [i; 20],
            identity: *SigningKey::random(&mut rng).verifying_key(),
            channel_key: [i; 32],
            encryption_key: decryption.public_key().to_projective(),
        });
        let roster = Roster::new(Epoch(1), (2 * n).div_ceil(3), members.collect()).expect("the threshold fits");
        let context = Context::new(SessionId([7; 32]), &roster, &mut Meter::default());
        Self { roster, decryptions, context }
    }

    fn deal(&self, dealer: NodeId) -> Dealing {
        let mut rng = rng(dealer.0.into());
        let polynomial = Polynomial::random(self.roster.threshold() as u16, &mut rng);
        dkg::deal(&self.context, &self.roster, dealer, &polynomial, &mut rng, &mut Meter::default())
    }

    /// The dealings of the first k members.
    fn qualified(&self) -> Vec<Dealing> {
        self.roster.ids().take(self.roster.threshold()).map(|dealer| self.deal(dealer)).collect()
    }

    fn open(&self, dealing: &Dealing) -> Scalar {
        let share = dealing.open_share(&self.context, ME, &self.decryptions[0], &mut Meter::default());
        *share.expect("an honest dealing")
    }
}

fn key_generation(c: &mut Criterion) {
    let mut group = c.benchmark_group("dkg");
    for n in SIZES {
        let committee = Committee::new(n);
        let dealings = committee.qualified();
        let shares: Vec<Scalar> = dealings.iter().map(|dealing| committee.open(dealing)).collect();
        let parts: Vec<(&Dealing, &Scalar)> = dealings.iter().zip(&shares).collect();
        group.bench_with_input(BenchmarkId::new("deal", n), &n, |b, _| b.iter(|| committee.deal(black_box(ME))));
        group.bench_with_input(BenchmarkId::new("verify_dealing", n), &n, |b, _| {
            b.iter(|| {
                let (dealing, mut meter) = (black_box(&dealings[1]), Meter::default());
                dealing.verify_public(&committee.context, &Memo::off(), &mut meter).expect("an honest dealing");
                committee.open(dealing)
            });
        });
        group.bench_with_input(BenchmarkId::new("finalize", n), &n, |b, _| {
            b.iter(|| dkg::finalize(&committee.context, ME, black_box(&parts), &mut Meter::default()));
        });
    }
    group.finish();
}

/// A key by a dealer, for those benches that only use one.
fn key_shares(n: u16) -> BTreeMap<NodeId, KeyShare> {
    let threshold = (2 * n).div_ceil(3);
    let polynomial = Polynomial::random(threshold, &mut rng(n.into()));
    let commitments = polynomial.commit();
    let members: Vec<NodeId> = (1..=n).map(NodeId).collect();
    let public = PublicKey { epoch: Epoch(1), threshold, point: commitments[0], commitments, members: members.clone() };
    let share = |holder| KeyShare { public: public.clone(), holder, secret: polynomial.evaluate(holder) };
    members.into_iter().map(|holder| (holder, share(holder))).collect()
}

fn holders_of(key: &PublicKey) -> Vec<NodeId> {
    key.members[..usize::from(key.threshold)].to_vec()
}

fn schnorr(c: &mut Criterion) {
    let mut group = c.benchmark_group("frost");
    for n in SIZES {
        let shares = key_shares(n);
        let key = &shares[&ME].public;
        let holders = holders_of(key);
        let scheme = Scheme::SchnorrK256Sha256;
        let commit = |holder: &NodeId, rng: &mut ChaCha20Rng| {
            frost::commit(scheme, &shares[holder], rng, &mut Meter::default()).expect("a scheme of FROST")
        };
        let committed: BTreeMap<_, _> = holders.iter().map(|h| (*h, commit(h, &mut rng(h.0.into())))).collect();
        let commitments = committed.iter().map(|(h, (_, commitments))| (*h, *commitments)).collect();
        let run =
            || frost::Run::new(scheme, key, &DIGEST, &commitments, &mut Meter::default()).expect("honest commitments");
        let sign = |run: &frost::Run, holder| {
            let nonces = committed[holder].0.clone();
            run.sign(nonces, &shares[holder], &mut Meter::default()).expect("its own nonces")
        };
        group.bench_with_input(BenchmarkId::new("commit", n), &n, |b, _| {
            b.iter(|| commit(&ME, &mut rng(1)));
        });
        // What a holder does when a proposal arrives: the group commitment, then its share.
        group.bench_with_input(BenchmarkId::new("sign_share", n), &n, |b, _| b.iter(|| sign(&run(), &ME)));
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
        let shares = key_shares(n);
        let key = &shares[&ME].public;
        let presigning = Presigning::new(&shares, holders_of(key), rng(n.into()));
        let holders = &presigning.start.holders;
        let sign = |presignature| presigning.sign(presignature, &DIGEST);
        group.bench_with_input(BenchmarkId::new("presign", n), &n, |b, _| b.iter(|| presigning.presign(black_box(ME))));
        group.bench_with_input(BenchmarkId::new("sign_share", n), &n, |b, _| {
            b.iter_batched(|| presigning.presign(ME), sign, BatchSize::SmallInput);
        });
        let run = sign(presigning.presign(ME)).0;
        let (signed, nonce) = presigning.signed(&DIGEST);
        group.bench_with_input(BenchmarkId::new("check_share", n), &n, |b, _| {
            b.iter(|| run.is_right(key, ME, black_box(&signed[&ME]), &mut Meter::default()));
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

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! { name = benches; config = short(); targets = key_generation, schnorr, threshold_ecdsa }
criterion_main!(benches);
