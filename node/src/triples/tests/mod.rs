//! Batches among several holders: honest ones, every lie in every step, silence, and garbage.

mod bounds;
mod drops;
mod evidence;
mod garbage;
mod honest;
mod liars;
mod lies;
mod net;
mod presigned;
mod silence;
