//! A node that says things late: after so many other things have been said or heard.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Aiming;

/// Holds statements back.
#[derive(Debug)]
pub struct Late {
    aiming: Aiming,
    events: u64,
    /// How many statements were said or heard so far.
    clock: u64,
    /// What is held back, with the count at which it is said; in that order.
    held: VecDeque<(u64, NodeId, Statement)>,
    /// What is on its way through the conduct for the second time.
    released: Vec<(NodeId, Statement)>,
}

impl Late {
    /// Holds back what is aimed at for so many events.
    pub fn new(aiming: Aiming, events: NonZeroU32) -> Self {
        let (held, released) = (VecDeque::new(), Vec::new());
        Self { aiming, events: u64::from(events.get()), clock: 0, held, released }
    }

    /// What is due; everything once the behaviour is off.
    fn due(&mut self) -> Vec<(NodeId, Statement)> {
        let is_on = self.aiming.is_on();
        let count = self.held.iter().take_while(|(at, ..)| !is_on || *at <= self.clock).count();
        self.held.drain(..count).map(|(_, to, statement)| (to, statement)).collect()
    }
}

impl Conduct for Late {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let said = (to, statement);
        if let Some(position) = self.released.iter().position(|released| *released == said) {
            self.released.swap_remove(position);
            return vec![said];
        }
        self.clock += 1;
        let mut said = if self.aiming.hits(said.0, &said.1) {
            self.aiming.act();
            self.held.push_back((self.clock + self.events, said.0, said.1));
            Vec::new()
        } else {
            vec![said]
        };
        said.extend(self.due());
        said
    }

    fn inbound(&mut self, _: NodeId, _: &Statement) -> Vec<(NodeId, Statement)> {
        self.clock += 1;
        let due = self.due();
        self.released.extend(due.iter().cloned());
        due
    }
}
