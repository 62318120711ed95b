//! sim

pub mod http;
pub mod ipfs;
