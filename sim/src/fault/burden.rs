//! Which nodes a fault takes away from those that work and can be believed.

use lit_node::id::NodeId;

use super::Fault;

impl Fault {
    /// The nodes whose conduct proves nothing because of this: they lie, are lied to, or are not one. Oracles demand
    /// nothing of them, and they count as faulty for the whole run.
    pub fn implicates(&self) -> Vec<NodeId> {
        match self {
            Self::RpcLie(lie) => lie.nodes.clone(),
            other => other.makes_liars_of(),
        }
    }

    /// The nodes of which others may come to see two words that contradict each other, or a wrong one.
    pub fn makes_liars_of(&self) -> Vec<NodeId> {
        match self {
            Self::Twins(twins) => vec![twins.node],
            other => other.corrupts().to_vec(),
        }
    }

    /// The node that does nothing at some time because of this. It counts as faulty as long as that may last.
    pub fn stops(&self) -> Option<NodeId> {
        match self {
            Self::Crash(crash) => Some(crash.node),
            Self::Pause(pause) => Some(pause.node),
            Self::DiskFull(full) => Some(full.node),
            _ => None,
        }
    }

    /// Whether the node that this stops does not come back.
    pub fn stops_for_good(&self) -> bool {
        match self {
            Self::Crash(crash) => crash.restart_after_ms.is_none(),
            Self::DiskFull(full) => full.restart_after_ms.is_none(),
            _ => false,
        }
    }
}
