//! What all holders together compute for a batch of triples, for n = 4, 7, 10 and 30 with k = ceil(2n/3) holders.
//!
//! One iteration is one batch: `Throughput::Elements` makes the report give the time for a triple, of all parties
//! together.

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lit_node::memo::Memo;
use litsim::pool::Batch;

/// With a hundred nodes a batch takes minutes.
const SIZES: [u16; 4] = [4, 7, 10, 30];
const COUNT: u16 = 32;

fn triples(c: &mut Criterion) {
    let mut group = c.benchmark_group("triples");
    group.throughput(Throughput::Elements(COUNT.into())).sample_size(10).measurement_time(Duration::from_secs(10));
    for n in SIZES {
        group.bench_with_input(BenchmarkId::new("batch_of_32_all_parties", n), &n, |b, n| {
            b.iter_batched(
                || Batch::new((*n, (2 * n).div_ceil(3)), COUNT, (1, 0), Memo::off()),
                Batch::run,
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, triples);
criterion_main!(benches);
