//! A deterministic simulator of a threshold-key network: the node's real logic under a simulated network, chain,
//! clock and disk. A run is a pure function of scenario, seed and build.

#[cfg(not(madsim))]
compile_error!("build with `--cfg madsim`, as .cargo/config.toml does: without it ambient clocks and entropy leak in");

pub mod budget;
pub mod byzantine;
pub mod capsule;
mod caught;
pub mod chain;
pub mod cli;
pub mod cost;
pub mod crew;
mod dice;
pub mod disk;
pub mod export;
pub mod extend;
pub mod fault;
pub mod fuzz;
pub mod generic;
pub mod heap;
pub mod http;
pub mod hunt;
pub mod identity;
pub mod ipfs;
pub mod isolation;
pub mod network;
pub mod oracle;
pub mod outcome;
pub mod plan;
pub mod pool;
pub mod render;
pub mod report;
pub mod rpc;
pub mod scenario;
pub mod sealed;
mod stopwatch;
pub mod stream;
pub mod sweep;
pub mod trace;
pub mod witness;
pub mod world;
