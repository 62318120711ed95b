//! Four validators with all their secrets.

use k256::SecretKey;
use k256::ecdsa::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use crate::channel::public_key as channel_key;
use crate::curve::{Curve, SecretPolynomial};
use crate::id::{Epoch, NodeId};
use crate::key::{KeyShare, PublicKey};
use crate::roster::{Member, Roster};

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

/// What a member signs with.
pub(super) fn identity(id: NodeId) -> SigningKey {
    SigningKey::from_slice(&[id.0 as u8 + 100; 32]).expect("a small number is a key")
}

/// What a member decrypts with.
pub(super) fn decryption(id: NodeId) -> SecretKey {
    SecretKey::from_slice(&[id.0 as u8 + 50; 32]).expect("a small number is a key")
}

/// The secret of a member's channels.
pub(super) fn channel_secret(id: NodeId) -> [u8; 32] {
    [id.0 as u8 + 10; 32]
}

/// The validator set.
pub(super) fn roster() -> Roster {
    let member = |id: NodeId| Member {
        address: crate::chain::registration::address_of(identity(id).verifying_key()),
        identity: *identity(id).verifying_key(),
        channel_key: channel_key(&channel_secret(id)),
        encryption_key: decryption(id).public_key().to_projective(),
    };
    Roster::new(Epoch(1), THRESHOLD, ids().map(member).collect()).expect("the threshold fits")
}

/// A key that all hold.
pub(super) fn shares<P: Curve>() -> BTreeMap<NodeId, KeyShare<P>> {
    let polynomial = SecretPolynomial::<P>::random(THRESHOLD, &mut ChaCha20Rng::seed_from_u64(1));
    let commitments = polynomial.commit();
    let (point, members) = (commitments[0], ids().collect());
    let public = PublicKey { epoch: Epoch(1), threshold: THRESHOLD, point, commitments, members };
    ids().map(|id| (id, KeyShare { public: public.clone(), holder: id, secret: polynomial.evaluate(id) })).collect()
}
