//! Batches among several holders: honest ones, every lie in every step, silence, and garbage.

mod bounds;
mod garbage;
mod honest;
mod lies;
mod net;
mod silence;
