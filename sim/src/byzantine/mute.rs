//! A node that leaves some statements unsaid.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Aiming;

/// Drops what its aim picks.
#[derive(Debug)]
pub struct Mute {
    aiming: Aiming,
}

impl Mute {
    /// Leaves unsaid what is aimed at.
    pub fn new(aiming: Aiming) -> Self {
        Self { aiming }
    }
}

impl Conduct for Mute {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        Vec::new()
    }
}
