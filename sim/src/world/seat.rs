//! The instances of nodes: one each, and a second one while a node runs twice.

use lit_node::id::NodeId;

/// A running instance of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat {
    /// Which node.
    pub node: NodeId,
    /// Whether it is the second instance.
    pub second: bool,
}

impl Seat {
    /// The place of this instance's events among others of the same instant.
    pub fn tiebreak(self) -> u64 {
        u64::from(self.node.0) + (u64::from(self.second) << 16)
    }

    /// The second instance of the same node.
    pub fn twin(self) -> Self {
        Self { second: true, ..self }
    }
}

impl From<NodeId> for Seat {
    fn from(node: NodeId) -> Self {
        Self { node, second: false }
    }
}
