//! Seeded randomness: one independent ChaCha20 stream for each (node, boot, session, purpose).

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use crate::id::Boot;
use crate::wire::hash_parts;

/// The root of a node's randomness during one boot.
///
/// The driver hands over a secret seed of the node and the boot number. Neither comes from the node's disk, so
/// no stream repeats after a crash or a rolled-back disk. Within a boot, a (session, purpose) pair is opened once.
pub struct Entropy {
    root: Zeroizing<[u8; 32]>,
}

impl Entropy {
    /// Binds the node's secret seed to this boot.
    pub fn new(node_seed: &[u8; 32], boot: Boot) -> Self {
        Self { root: Zeroizing::new(hash_parts("entropy/boot", &[node_seed, &boot.0.to_be_bytes()])) }
    }

    /// Opens the stream of `purpose` in `session`.
    pub fn stream(&self, session: &[u8], purpose: &str) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(hash_parts("entropy/stream", &[&*self.root, session, purpose.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::RngCore;

    #[test]
    fn streams_differ_by_boot_session_and_purpose() {
        let first =
            |boot, session: &[u8], purpose| Entropy::new(&[1; 32], Boot(boot)).stream(session, purpose).next_u64();
        let all = [first(0, b"s", "p"), first(1, b"s", "p"), first(0, b"t", "p"), first(0, b"s", "q")];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(first(0, b"s", "p"), all[0]);
    }
}
