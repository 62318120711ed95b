//! Actions in processes of their own: an executor that runs each action in a worker, this program started again, with a
//! limit on its address space and on its processor time.
//!
//! Nearly all that scripts can do is bounded inside the engine, exactly and alike on every machine. What is not (texts that
//! double, patterns that backtrack for ever, chains of prototypes: see `lit_node::action`'s limits) makes the engine abort or
//! never return. In a worker that ends the worker, and the action with it: it is over at the end of its virtual time, with
//! one error whatever the cause, so that neither memory nor wall-clock time shows in a trace.

mod executor;
mod wire;
mod worker;

pub use executor::Isolated;
pub use worker::serve;

use std::path::PathBuf;

/// The variable that names the program of workers, for those who use this crate as a library.
pub const PROGRAM: &str = "LITSIM_WORKER";

/// What workers are started from: what [`PROGRAM`] names, or else this program, which has the verb for it if it is litsim.
pub fn program() -> PathBuf {
    let named = std::env::var_os(PROGRAM).map(PathBuf::from);
    named.or_else(|| std::env::current_exe().ok()).unwrap_or_else(|| "litsim".into())
}

/// What a worker may use up beyond what the engine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounds {
    /// Its address space, bytes.
    pub address_space_bytes: u64,
    /// Processor time for one answer, seconds.
    pub cpu_s: u64,
}
