//! Beaver triples without a dealer: batches of shares of a, b and ab over secp256k1 among exactly k holders, all but one
//! of whom may be malicious, with the culprit of a failure named.
//!
//! 1. *Commit.* Each holder signs a commitment to a seed, from which all its randomness comes, and to its polynomials.
//!    The session is a hash of all commitments.
//! 2. *Multiply.* Each pair extends 128 base oblivious transfers and turns them into additive shares of its cross
//!    products; meanwhile all open their committed polynomials and prove what they know.
//! 3. *Check.* The sums of the products must be the logarithms of the proved parts of ab: L(0) = C. Each holder checks
//!    its shares against the summed polynomials.
//! 4. *Seal* or *open*. A holder that has checked everything seals the public polynomials, and will never show its
//!    seed; a holder that gives up before that shows its seed, and will never seal. Triples are used only when all k
//!    holders have sealed. When all have opened, replaying the batch shows who lied first.
//!
//! The structure is that of the cait-sith library's triple generation (see its `docs/triples.md`). The papers that each
//! step relies on are named where the step is. What is *not* claimed: the base transfers are those of 2021/682 without
//! the additional rounds by which Doerner et al. (2018/499, section 4) let a simulator extract the receiver's choices at
//! once; nothing here has been audited; timing is constant where the curve library's is, but caches and compilers were
//! not examined; and an adversary may make batches fail, at the price of being named or suspected each time.

mod base_ot;
pub mod blame;
mod codec;
mod effect;
mod extension;
mod generator;
mod holder;
mod matrix;
mod message;
mod multiply;
mod pair;
mod params;
mod polynomials;
mod proof;
mod replay;
mod run;
mod sealed;
mod seed;
mod slot;
#[cfg(test)]
mod tests;
mod tools;
mod triple;
mod waits;

pub use blame::{Evidence, Misbehaviour, Proof, SealedSeed, Unfounded};
pub use effect::Effect;
pub use generator::{Generator, Refused};
pub use message::{
    Abort, Body, Commit, Joined, Message, Opening, Reason, Record, Seal, ShareProof, Start, Step, Testimony,
};
pub use params::{PATIENCE_MAX, Params};
pub use sealed::{Sealed, SealedPolynomials};
pub use seed::Seed;
pub use slot::{BadTerms, COUNT_MAX, Kind, Slot};
pub use triple::{DealtTriples, TripleCommitments, TripleShare, deal, point_of};
pub use waits::{Awaited, Waits};
