//! Tests of whole signing runs over a simulated network of state machines.

mod attacks;
mod drops;
mod expected;
pub(crate) mod keys;
mod liars;
mod net;
mod runs;
mod vectors;
mod withholding;
