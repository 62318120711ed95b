//! Tests of operations among several nodes.

mod giving;
mod leading;
mod lies;
mod net;
