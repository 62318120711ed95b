//! Keys by a dealer, for tests.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use crate::curve::Polynomial;
use crate::id::{Epoch, NodeId};
use crate::key::{KeyShare, PublicKey};

/// The polynomial of which [`deal`] gives shares.
pub(crate) fn polynomial(members: u16, seed: u8) -> Polynomial {
    Polynomial::random((2 * members).div_ceil(3), &mut ChaCha20Rng::from_seed([seed; 32]))
}

/// A key of `members` nodes with the network's threshold, ceil(2n/3).
pub(crate) fn deal(members: u16, seed: u8) -> BTreeMap<NodeId, KeyShare> {
    let threshold = (2 * members).div_ceil(3);
    let polynomial = polynomial(members, seed);
    let commitments = polynomial.commit();
    let ids: Vec<NodeId> = (1..=members).map(NodeId).collect();
    let public = PublicKey { epoch: Epoch(1), threshold, point: commitments[0], commitments, members: ids.clone() };
    let share = |holder| KeyShare { public: public.clone(), holder, secret: polynomial.evaluate(holder) };
    ids.into_iter().map(|holder| (holder, share(holder))).collect()
}
