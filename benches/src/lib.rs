//! Criterion benches live in `benches/`: `crypto` for what nodes compute, `world` for the simulator around them. The
//! library itself is empty.
