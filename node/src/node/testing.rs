//! A node's middle for the unit tests of its parts: it holds no key, and knows one identity provider of each kind.

use redb::backends::InMemoryBackend;

use super::core::{Core, Opened};
use crate::conduct::Honest;
use crate::entropy::Entropy;
use crate::fuzz::node::{ME, config};
use crate::io::Time;
use crate::meter::Meter;
use crate::store::Store;
use crate::testing::roster;

/// 2023-11-14T22:13:20Z.
pub(super) const NOW: Time = Time(1_700_000_000_000_000_000);

/// The middle of node 3 of 4, whose clock shows [`NOW`].
pub(super) fn core() -> Core {
    let config = config();
    let entropy = Entropy::new(&config.seed, config.boot);
    let store = Store::open(Box::new(InMemoryBackend::new()), &config.master_key, &entropy, &mut Meter::default());
    let store = store.expect("memory does not fail");
    let mut core = Core::new(Opened { config, conduct: Box::new(Honest), entropy, store }, ME, roster(4), 0);
    core.clock = NOW;
    core
}
