//! A deterministic simulator of a threshold-key network: the node's real logic under a simulated network, chain,
//! clock and disk. A run is a pure function of scenario, seed and build.

#[cfg(not(madsim))]
compile_error!("build with `--cfg madsim`, as .cargo/config.toml does: without it ambient clocks and entropy leak in");

pub mod cli;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod scenario;
pub mod trace;
