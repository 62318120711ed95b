//! What happens to single messages on the wire, below the channels.

use lit_node::id::NodeId;
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

/// Flips the lowest bit of one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// Which byte, from 0; counted round if the message is shorter.
    pub byte: u32,
}

impl Flip {
    pub(super) fn apply(self, message: &mut [u8]) {
        let at = self.byte as usize % message.len().max(1);
        message.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
    }
}

/// Cuts a message off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Truncate {
    /// How many bytes are left of it.
    pub bytes: u32,
}

impl Truncate {
    pub(super) fn apply(self, message: &mut Vec<u8>) {
        message.truncate(self.bytes as usize);
    }
}

/// Sends what no node sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Garbage")]
pub struct Garbage<N = NodeId> {
    /// From whose link.
    pub from: N,
    /// To which node.
    pub to: N,
    /// How many bytes: at most 16 MiB.
    #[serde(deserialize_with = "garbage_bytes")]
    pub bytes: u32,
}

/// The most bytes of garbage in one message, and in all of a client's.
pub const GARBAGE_BYTES_MAX: u32 = 16 << 20;

/// Reads how many bytes of garbage there are: they are made at once, so a wrong number must not exhaust the memory.
pub(super) fn garbage_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    let bytes = u32::deserialize(d)?;
    let refusal = || de::Error::custom(format_args!("{bytes} is too much, expected at most {GARBAGE_BYTES_MAX}"));
    (bytes <= GARBAGE_BYTES_MAX).then_some(bytes).ok_or_else(refusal)
}

impl<N> Garbage<N> {
    pub(super) fn map<M>(&self, name: &mut dyn FnMut(&N) -> M) -> Garbage<M> {
        Garbage { from: name(&self.from), to: name(&self.to), bytes: self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flip_changes_one_bit_of_the_byte_that_it_names_counted_round() {
        let mut message = vec![0; 4];
        Flip { byte: 5 }.apply(&mut message);
        assert_eq!(message, [0, 1, 0, 0]);
        Flip { byte: 0 }.apply(&mut []);
    }

    #[test]
    fn a_truncation_leaves_the_beginning() {
        let mut message = vec![1, 2, 3];
        Truncate { bytes: 2 }.apply(&mut message);
        assert_eq!(message, [1, 2]);
    }
}
