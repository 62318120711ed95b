//! The network's contracts on the simulated chain's EVM, through the same doors as users and nodes: what each function does,
//! and each reason for which it does not.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod artifacts;
mod board;
mod complaints;
mod gas;
mod helper;
mod independent;
mod mistakes;
mod model;
mod network;
mod nft;
mod permissions;
mod pool;
mod proofs;
mod router;
mod staking;
