//! What an action costs with and without ethers: time by criterion, and once, in a table, fuel and memory.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use lit_node::action::{ActionSpec, AuthContext, Execution, Limits, Progress};
use lit_node::io::Time;
use lit_node::meter::{Meter, Op};

const START: Time = Time(1_767_225_600_000_000_000);
/// The engine recurses on the thread's stack.
const STACK_BYTES: usize = 64 << 20;

/// Any signature that recovers to some address: here, that of the example of EIP-712.
const RECOVER: &str = "ethers.utils.verifyMessage('x', '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c')";
const TYPED_DATA: &str = "ethers.utils.verifyTypedData({ name: 'x' }, { T: [{ name: 'a', type: 'string' }] }, { a: 'b' }, '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c')";

/// Name and code of what is measured. None of them waits for anything.
const ACTIONS: [(&str, &str); 9] = [
    ("empty", "1"),
    ("url", "new URL('https://a.example/?x=1').searchParams.get('x')"),
    ("abort", "new AbortController().abort()"),
    ("buffer", "Buffer.from('00ff', 'hex').toString('base64')"),
    ("ethers: hash", "ethers.utils.id('x')"),
    ("ethers: recover", RECOVER),
    ("ethers: typed data", TYPED_DATA),
    (
        "ethers: call",
        "new ethers.utils.Interface(['function transfer(address to, uint256 n)']).encodeFunctionData('transfer', ['0x' + '11'.repeat(20), 1])",
    ),
    (
        "ethers: everything",
        "for (const k of Object.keys(ethers)) ethers[k]; for (const k of Object.keys(ethers.utils)) ethers.utils[k];
         ethers.utils.isValidName('a.eth'); ethers.utils.nameprep('a')",
    ),
];

/// Runs an action to its end; hands back the fuel that it used.
fn run(code: &str) -> u64 {
    let spec = ActionSpec {
        code: code.to_owned(),
        js_params: String::new(),
        auth: AuthContext::default(),
        limits: Limits::default(),
        seed: [7; 32],
        started: START,
    };
    let mut meter = Meter::default();
    let (_, progress) = Execution::start(spec, &mut meter);
    assert!(matches!(progress, Progress::Finished(Ok(_))), "{code}: {progress:?}");
    meter.count(Op::JsFuel)
}

fn on_big_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, body).expect("a thread");
        thread.join().expect("no panic")
    })
}

/// Memory that this process holds, in a unit of 1,024 bytes (Linux).
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What ten executions that wait at the same time hold more than before, each.
fn held(code: &str) -> Option<u64> {
    const TOGETHER: u64 = 10;
    let waiting = format!("{code}; fetch('http://a.example')");
    on_big_stack(|| {
        let before = resident()?;
        let executions: Vec<_> = (0..TOGETHER)
            .map(|_| {
                let spec = ActionSpec {
                    code: waiting.clone(),
                    js_params: String::new(),
                    auth: AuthContext::default(),
                    limits: Limits::default(),
                    seed: [7; 32],
                    started: START,
                };
                Execution::start(spec, &mut Meter::default()).0
            })
            .collect();
        let held = resident()?.saturating_sub(before) / TOGETHER;
        drop(executions);
        Some(held)
    })
}

/// How long so many runs take.
#[expect(clippy::disallowed_methods, reason = "benches measure time")]
fn timed(rounds: u64, code: &str) -> Duration {
    on_big_stack(|| {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(run(code));
        }
        start.elapsed()
    })
}

#[expect(clippy::print_stdout, reason = "the table is what this bench is for")]
fn actions(c: &mut Criterion) {
    println!("{:<22} {:>12} {:>12}", "action", "fuel", "KiB held");
    for (name, code) in ACTIONS {
        let fuel = on_big_stack(|| run(code));
        let held = held(code).map_or("-".to_owned(), |held| held.to_string());
        println!("{name:<22} {fuel:>12} {held:>12}");
    }
    let mut group = c.benchmark_group("actions");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
    for (name, code) in ACTIONS {
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| timed(rounds, code));
        });
    }
    group.finish();
}

criterion_group!(benches, actions);
criterion_main!(benches);
