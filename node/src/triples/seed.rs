//! A holder's seed for one batch: the only randomness that it has there.
//!
//! Every choice of the holder comes from a ChaCha20 stream keyed by H(seed, step, peer). What it says is thus a pure
//! function of the seed and of what it was told, in whatever order that came: whoever learns the seed can recompute it.

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::id::{Digest, NodeId, SessionId};
use crate::wire::hash_parts;

/// A secret seed with the salt of its commitment. Wiped when dropped, printed redacted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Seed {
    secret: [u8; 32],
    salt: [u8; 32],
}

impl Seed {
    /// Draws a seed.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Self { secret: [0; 32], salt: [0; 32] };
        rng.fill_bytes(&mut seed.secret);
        rng.fill_bytes(&mut seed.salt);
        seed
    }

    /// What the holder commits to before anything else is said: hiding by the salt, binding by SHA-256.
    pub fn commitment(&self, batch: SessionId, holder: NodeId) -> Digest {
        let parts: [&[u8]; 4] = [&self.secret, &self.salt, &batch.0, &holder.0.to_be_bytes()];
        Digest(hash_parts("triples/seed", &parts))
    }

    /// The stream of one step towards `peer`, or towards all.
    pub(super) fn stream(&self, step: &str, peer: Option<NodeId>) -> ChaCha20Rng {
        let peer = peer.map_or(0, |peer| peer.0).to_be_bytes();
        let mut key = hash_parts("triples/stream", &[&self.secret, step.as_bytes(), &peer]);
        let stream = ChaCha20Rng::from_seed(key);
        key.zeroize();
        stream
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_step_and_peer_and_a_seed_prints_nothing() {
        let seed = Seed::random(&mut ChaCha20Rng::from_seed([1; 32]));
        let first = |step, peer| seed.stream(step, peer).next_u64();
        let (one, two) = (Some(NodeId(1)), Some(NodeId(2)));
        assert_ne!(first("a", one), first("b", one));
        assert_ne!(first("a", one), first("a", two));
        assert_ne!(first("a", None), first("a", one));
        assert_eq!(first("a", one), first("a", one));
        assert_eq!(format!("{seed:?}"), "Seed(<redacted>)");
    }

    #[test]
    fn a_commitment_is_of_one_batch_and_one_holder() {
        let seed = Seed::random(&mut ChaCha20Rng::from_seed([1; 32]));
        let (batch, other) = (SessionId([1; 32]), SessionId([2; 32]));
        assert_ne!(seed.commitment(batch, NodeId(1)), seed.commitment(batch, NodeId(2)));
        assert_ne!(seed.commitment(batch, NodeId(1)), seed.commitment(other, NodeId(1)));
    }
}
