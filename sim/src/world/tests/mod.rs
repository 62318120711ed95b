//! Tests of a world that is moved by hand.

mod dumps;
mod machines;
