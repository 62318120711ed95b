//! A node that breaks off in the midst of a statement.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;
use lit_node::wire::encode;

use super::Aiming;

/// Says only the beginning of what its aim picks.
#[derive(Debug)]
pub struct Short {
    aiming: Aiming,
    bytes: usize,
}

impl Short {
    /// Leaves so many bytes.
    pub fn new(aiming: Aiming, bytes: u32) -> Self {
        Self { aiming, bytes: bytes as usize }
    }
}

impl Conduct for Short {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if matches!(statement, Statement::Raw(_)) || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        // What travels begins with the statement and ends with its signature.
        let mut bytes = encode(&statement);
        bytes.truncate(self.bytes);
        vec![(to, Statement::Raw(bytes))]
    }
}
