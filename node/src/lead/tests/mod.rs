//! Tests of operations among several nodes.

mod leading;
mod lies;
mod net;
