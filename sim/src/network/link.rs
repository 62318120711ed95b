//! Ends of links, directions between them, and sets of these.

use std::fmt;

use lit_node::id::NodeId;

use crate::fault;

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A node.
    Node(NodeId),
    /// A client, by its position in the scenario.
    Client(u16),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(id) => write!(f, "n{}", id.0),
            Self::Client(index) => write!(f, "c{index}"),
        }
    }
}

/// A direction between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}", self.from, self.to)
    }
}

impl Link {
    /// The direction from one node to another.
    pub fn between(from: NodeId, to: NodeId) -> Self {
        Self { from: Endpoint::Node(from), to: Endpoint::Node(to) }
    }

    /// Both ends, if they are nodes.
    pub fn nodes(&self) -> Option<(NodeId, NodeId)> {
        match (self.from, self.to) {
            (Endpoint::Node(from), Endpoint::Node(to)) => Some((from, to)),
            _ => None,
        }
    }
}

/// Which links a fault covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// Every link, clients' included.
    All,
    /// Those that a scenario names.
    Named(fault::Links),
    /// Those between the sets of a partition. Nodes in no set keep all their links.
    Across(fault::Partition),
    /// Those from some nodes to any node.
    From(Vec<NodeId>),
    /// Those between some nodes and any node, both ways.
    At(Vec<NodeId>),
}

impl Links {
    /// Whether a link is among them.
    pub fn cover(&self, link: &Link) -> bool {
        if matches!(self, Self::All | Self::Named(fault::Links::All)) {
            return true;
        }
        let Some((from, to)) = link.nodes() else { return false };
        match self {
            Self::All => true,
            Self::Named(links) => links.cover(from, to),
            Self::Across(partition) => partition.separates(from, to),
            Self::From(nodes) => nodes.contains(&from),
            Self::At(nodes) => nodes.contains(&from) || nodes.contains(&to),
        }
    }
}
