//! sim

pub mod chain;
