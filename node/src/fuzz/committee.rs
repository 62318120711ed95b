//! Four validators with all their secrets.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use crate::curve::{Curve, SecretPolynomial};
use crate::id::{Epoch, NodeId};
use crate::key::{KeyShare, PublicKey};
use crate::roster::Roster;
pub(super) use crate::testing::{channel_secret, decryption, identity};

/// How many there are, and how many it takes.
pub(super) const MEMBERS: u16 = 4;
/// The threshold.
pub(super) const THRESHOLD: u16 = 3;
/// Who lies.
pub(super) const LIAR: NodeId = NodeId(2);

/// All members.
pub(super) fn ids() -> impl Iterator<Item = NodeId> + Clone {
    (1..=MEMBERS).map(NodeId)
}

/// The validator set.
pub(super) fn roster() -> Roster {
    crate::testing::roster(MEMBERS)
}

/// A key that all hold.
pub(super) fn shares<P: Curve>() -> BTreeMap<NodeId, KeyShare<P>> {
    let polynomial = SecretPolynomial::<P>::random(THRESHOLD, &mut ChaCha20Rng::seed_from_u64(1));
    let commitments = polynomial.commit();
    let (point, members) = (commitments[0], ids().collect());
    let public = PublicKey { epoch: Epoch(1), threshold: THRESHOLD, point, commitments, members };
    ids().map(|id| (id, KeyShare { public: public.clone(), holder: id, secret: polynomial.evaluate(id) })).collect()
}
