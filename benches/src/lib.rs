//! Benches live in `benches/`: `crypto` for what nodes compute in each step, `triples` for batches of triples, `world` for
//! the simulator around them, and `compare` for our protocols beside those of public crates, in one table. The library
//! itself is empty.
