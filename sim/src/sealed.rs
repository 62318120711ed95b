//! A place to run a simulation in: a thread of its own with a deep stack, in which ambient clocks and entropy are
//! replaced by seeded ones.

use std::panic::resume_unwind;
use std::thread;

/// The stack of a simulation's thread, bytes: scripts recurse in it.
const STACK_BYTES: usize = 256 << 20;

/// Runs `work` under `seed`. A panic goes on in the caller.
///
/// # Panics
/// If no thread can be started, or `work` panics.
pub fn run<T: Send>(seed: u64, work: impl FnOnce() -> T + Send) -> T {
    // madsim wants a fresh thread for each runtime; it seals ambient clocks and entropy for whatever might read them.
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("simulation".into()).stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, move || {
            let runtime = madsim::runtime::Runtime::with_seed_and_config(seed, madsim::Config::default());
            runtime.block_on(async move { work() })
        });
        thread.expect("a thread can be started").join().unwrap_or_else(|payload| resume_unwind(payload))
    })
}
