//! A lie: the sender tells nodes of even and of odd numbers different values, and backs both.

use lit_node::id::NodeId;
use litsim::extend::{Conduct, Setup};

use crate::protocol::{Broadcast, Message};

/// Says one thing to half of the nodes and another thing to the rest.
pub struct Equivocate {
    setup: Setup,
}

impl Equivocate {
    /// The conduct of one node.
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }
}

/// What node `to` is told.
fn value(to: NodeId) -> u32 {
    100 + u32::from(to.0 % 2)
}

impl Conduct<Broadcast> for Equivocate {
    fn outbound(&mut self, to: NodeId, message: Message) -> Vec<(NodeId, Message)> {
        let value = value(to);
        let message = match message {
            Message::Init(_) => Message::Init(value),
            Message::Echo(_) => Message::Echo(value),
            Message::Ready(_) => Message::Ready(value),
        };
        vec![(to, message)]
    }

    fn inbound(&mut self, from: NodeId, message: &Message) -> Vec<(NodeId, Message)> {
        // Whoever echoes gets the ready that suits him.
        match message {
            Message::Echo(_) if from != self.setup.me => vec![(from, Message::Ready(value(from)))],
            _ => Vec::new(),
        }
    }
}
