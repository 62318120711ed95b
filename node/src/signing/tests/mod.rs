//! Tests of whole signing runs over a simulated network of state machines.

mod attacks;
pub(crate) mod keys;
mod net;
mod runs;
mod vectors;
mod withholding;
