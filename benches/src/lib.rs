//! Criterion benches live in `benches/`; the library itself is empty.
