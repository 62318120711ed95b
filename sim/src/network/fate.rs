//! The randomness of one message.

use lit_node::io::Label;

use super::link::{Endpoint, Link};

/// Draws for one message: keyed hashes of what the message is and of what each draw is for.
pub(super) struct Fate<'a> {
    pub key: &'a [u8; 32],
    pub link: Link,
    pub label: &'a Label,
    /// The how-manieth message of this label on this link, from 1.
    pub occurrence: u32,
}

impl Fate<'_> {
    /// A uniform draw for a purpose.
    pub fn hash(&self, purpose: &str) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(self.key);
        for end in [self.link.from, self.link.to] {
            let (tag, number) = match end {
                Endpoint::Node(id) => (0, id.0),
                Endpoint::Client(index) => (1, index),
            };
            hasher.update(&[tag]).update(&number.to_be_bytes());
        }
        hasher.update(&self.label.session.0);
        for text in [self.label.protocol, self.label.kind, purpose] {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        hasher.update(&[self.label.round]).update(&self.occurrence.to_be_bytes());
        u64::from_be_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
    }

    /// Whether something of this probability happens.
    pub fn chance(&self, purpose: &str, rate: f64) -> bool {
        unit_interval(self.hash(purpose)) < rate
    }
}

/// Maps a hash to [0, 1) with 53 bits.
pub(super) fn unit_interval(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}
