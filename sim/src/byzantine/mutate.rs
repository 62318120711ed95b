//! A node that changes its statements in any place at all, and signs what comes of it.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;
use lit_node::wire::{FRAME_BYTES_MAX, decode, encode};

use super::Aiming;

/// How many bits are tried until one gives another statement.
const TRIES: u32 = 64;

/// Flips a bit of the encoding of what its aim picks.
#[derive(Debug)]
pub struct Mutate {
    aiming: Aiming,
}

impl Mutate {
    /// Changes what is aimed at.
    pub fn new(aiming: Aiming) -> Self {
        Self { aiming }
    }

    /// A statement that differs in one bit; `None` if none is found.
    fn changed(&self, to: NodeId, statement: &Statement) -> Option<Statement> {
        let bytes = encode(statement);
        (0..TRIES).find_map(|number| {
            let bit = self.aiming.draw_at("mutate", to, statement, number) % (bytes.len() as u64 * 8);
            let mut bytes = bytes.clone();
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            decode::<Statement>(&bytes, FRAME_BYTES_MAX).ok()
        })
    }
}

impl Conduct for Mutate {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if matches!(statement, Statement::Raw(_)) || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        let changed = self.changed(to, &statement);
        if changed.is_some() {
            self.aiming.act();
        }
        vec![(to, changed.unwrap_or(statement))]
    }
}
