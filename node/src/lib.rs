//! A node of a threshold-key network, as a sans-IO state machine.
//!
//! The crate has no async runtime, reads no clock and draws no ambient randomness: a [`node::Node`] is fed
//! [`io::Input`]s together with its own clock's reading, and answers with [`io::Output`]s. A driver (the
//! simulator, or a socket loop) carries bytes, timers, chain calls and fetches.

pub mod action;
pub mod api;
pub mod auth;
pub mod blame;
pub mod bls;
pub mod bugs;
pub mod chain;
pub mod channel;
pub mod cid;
pub mod client;
pub mod conduct;
pub mod curve;
pub mod dkg;
pub mod entropy;
pub mod env;
pub mod evidence;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod id;
pub mod io;
pub mod key;
pub mod lead;
pub mod memo;
pub mod meter;
pub mod node;
pub mod note;
pub mod roster;
pub mod signing;
pub mod statement;
pub mod store;
#[cfg(any(test, feature = "fuzzing"))]
mod testing;
pub mod triples;
pub mod wire;
