//! Keys by a dealer and validator sets, for what is measured on top of them.

use std::collections::BTreeMap;

use k256::SecretKey;
use k256::ecdsa::SigningKey;
use lit_node::curve::{Curve, SecretPolynomial};
use lit_node::id::{Digest, Epoch, NodeId};
use lit_node::key::{KeyShare, PublicKey};
use lit_node::roster::{Member, Roster};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The node whose work is measured. Its number has as many bits as numbers of nodes have.
pub fn me(n: u16) -> NodeId {
    NodeId(n / 2 + 1)
}

/// What is signed.
pub const DIGEST: Digest = Digest([0x5a; 32]);

/// A seeded stream.
pub fn rng(seed: u16) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed.into())
}

/// A key that any k of n hold.
pub fn shares<P: Curve>(n: u16, k: u16) -> BTreeMap<NodeId, KeyShare<P>> {
    let polynomial = SecretPolynomial::<P>::random(k, &mut rng(n));
    let commitments = polynomial.commit();
    let members: Vec<NodeId> = (1..=n).map(NodeId).collect();
    let public =
        PublicKey { epoch: Epoch(1), threshold: k, point: commitments[0], commitments, members: members.clone() };
    let share = |holder| KeyShare { public: public.clone(), holder, secret: polynomial.evaluate(holder) };
    members.into_iter().map(|holder| (holder, share(holder))).collect()
}

/// A validator set with its members' secrets.
pub struct Committee {
    pub roster: Roster,
    pub identities: BTreeMap<NodeId, SigningKey>,
    pub decryptions: BTreeMap<NodeId, SecretKey>,
}

impl Committee {
    pub fn new(n: u16, k: u16) -> Self {
        let mut rng = rng(n);
        let ids = || (1..=n).map(NodeId);
        let identities: BTreeMap<_, _> = ids().map(|id| (id, SigningKey::random(&mut rng))).collect();
        let decryptions: BTreeMap<_, _> = ids().map(|id| (id, SecretKey::random(&mut rng))).collect();
        let member = |id: NodeId| Member {
            address: [id.0 as u8; 20],
            identity: *identities[&id].verifying_key(),
            channel_key: [id.0 as u8; 32],
            encryption_key: decryptions[&id].public_key().to_projective(),
        };
        let roster = Roster::new(Epoch(1), k, ids().map(member).collect()).expect("the threshold fits");
        Self { roster, identities, decryptions }
    }
}
