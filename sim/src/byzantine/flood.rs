//! A node that sends bytes that mean nothing.

use std::num::NonZeroU16;

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Aiming;

/// Adds garbage to what its aim picks.
#[derive(Debug)]
pub struct Flooding {
    aiming: Aiming,
    bytes: usize,
    count: u32,
}

impl Flooding {
    /// So many messages of so many bytes beside each statement.
    pub fn new(aiming: Aiming, bytes: u32, count: NonZeroU16) -> Self {
        Self { aiming, bytes: bytes as usize, count: u32::from(count.get()) }
    }
}

impl Conduct for Flooding {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let mut said = Vec::new();
        if !matches!(statement, Statement::Raw(_)) && self.aiming.hits(to, &statement) {
            self.aiming.act();
            for number in 0..self.count {
                let mut bytes = vec![0; self.bytes];
                let draw = self.aiming.draw_at("flood", to, &statement, number);
                blake3::Hasher::new().update(&draw.to_be_bytes()).finalize_xof().fill(&mut bytes);
                said.push((to, Statement::Raw(bytes)));
            }
        }
        said.push((to, statement));
        said
    }
}
