//! A node that says nothing to anyone, neither to its peers nor on chain. It hears everything.

use lit_node::chain::ContractCall;
use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Line;

/// Keeps silent.
#[derive(Debug)]
pub struct Silent {
    me: NodeId,
    line: Line,
}

impl Silent {
    /// Keeps silent while the line is on.
    pub fn new(me: NodeId, line: Line) -> Self {
        Self { me, line }
    }
}

impl Conduct for Silent {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if to == self.me || !self.line.is_on() {
            return vec![(to, statement)];
        }
        self.line.act();
        Vec::new()
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        if !self.line.is_on() {
            return vec![call];
        }
        self.line.act();
        Vec::new()
    }
}
