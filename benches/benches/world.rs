//! The simulator: a whole run of the quickstart, and the parts of the world that every message passes.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lit_node::id::{NodeId, SessionId};
use lit_node::io::Label;
use litsim::heap::{Heap, MILLI};
use litsim::network::{Disturbance, Endpoint, Latency, Link, LinkFault, Links, Network};
use litsim::outcome::{Engine, RunOptions, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario;
use litsim::trace::Retention;
use litsim::world::Simulator;

const SEED: u64 = 7;

/// The shipped quickstart in this process, planning included, reading the file excluded.
fn quickstart(c: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/quickstart.toml");
    let scenario = scenario::load(&file, &[]).expect("the quickstart is a scenario");
    let run = |memo| {
        let plan = FaultPlan::new(&scenario, SEED).expect("the quickstart has a plan");
        let options = RunOptions { seed: SEED, memo, profile: false, trace: Retention::Nothing };
        let report = Simulator.run(&scenario, &plan, options);
        assert_eq!(report.verdict, Verdict::Pass);
        report.digest
    };
    assert_eq!(run(true), run(false), "the memo changed a result");
    let mut group = c.benchmark_group("quickstart");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function("memo", |b| b.iter(|| run(black_box(true))));
    group.bench_function("no_memo", |b| b.iter(|| run(black_box(false))));
    group.finish();
}

/// Ten thousand events through a heap that holds a thousand.
fn heap(c: &mut Criterion) {
    const EVENTS: u64 = 10_000;
    const HELD: u64 = 1_000;
    // Spreads dues without a random number generator in the measurement (Knuth's multiplicative hash).
    let spread = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let mut group = c.benchmark_group("heap");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("push_pop", |b| {
        b.iter(|| {
            let mut heap = Heap::default();
            for i in 0..EVENTS {
                heap.push(heap.now() + spread(i), i, [i; 4]);
                if i >= HELD {
                    black_box(heap.pop());
                }
            }
            while let Some(event) = heap.pop() {
                black_box(event);
            }
        });
    });
    group.finish();
}

/// A thousand messages of 230 bytes (the quickstart's mean) among ten nodes, in ten sessions.
fn network(c: &mut Criterion) {
    const MESSAGES: u16 = 1_000;
    let calm = || Network::new(&[1; 32], Latency::Uniform(5.0, 25.0));
    let faulty = || {
        let mut network = calm();
        let disturbances = [Disturbance::Loss(0.05), Disturbance::Duplicate(0.05), Disturbance::Reorder(0.1, 100.0)];
        for (disturbance, id) in disturbances.into_iter().zip(["loss", "duplicate", "reorder"]) {
            network.begin(0, LinkFault { id: id.into(), links: Links::All, disturbance });
        }
        network
    };
    let carry = |mut network: Network| {
        for i in 0..MESSAGES {
            let (from, to) = (i % 10, (i % 10 + 1 + i / 10 % 9) % 10);
            let link = Link { from: Endpoint::Node(NodeId(from + 1)), to: Endpoint::Node(NodeId(to + 1)) };
            let label = Label { session: SessionId([(i / 100) as u8; 32]), protocol: "dkg", round: 0, kind: "ack" };
            black_box(network.carry(0, link, &label, vec![0; 230]));
        }
        network
    };
    let mut group = c.benchmark_group("network");
    group.throughput(Throughput::Elements(MESSAGES.into()));
    group.bench_function("carry_calm", |b| b.iter_batched(calm, carry, BatchSize::SmallInput));
    group.bench_function("carry_faulty", |b| b.iter_batched(faulty, carry, BatchSize::SmallInput));
    // What the heap adds to a message on its way.
    group.bench_function("carry_and_deliver", |b| {
        b.iter_batched(
            || (calm(), Heap::default()),
            |(mut network, mut heap)| {
                for i in 0..MESSAGES {
                    let link = Link { from: Endpoint::Node(NodeId(i % 10 + 1)), to: Endpoint::Node(NodeId(11)) };
                    let label = Label { session: SessionId([0; 32]), protocol: "dkg", round: 0, kind: "ack" };
                    let now = u64::from(i) * MILLI;
                    for (delay, tiebreak, bytes) in network.carry(now, link, &label, vec![0; 230]).copies {
                        heap.push(now + delay, tiebreak, (link, label.clone(), bytes));
                    }
                }
                while let Some(event) = heap.pop() {
                    black_box(event);
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

criterion_group! { name = benches; config = short(); targets = heap, network, quickstart }
criterion_main!(benches);
