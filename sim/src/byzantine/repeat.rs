//! A node that says the same thing several times.

use std::num::NonZeroU16;

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Aiming;

/// Repeats what its aim picks.
#[derive(Debug)]
pub struct Repeated {
    aiming: Aiming,
    times: usize,
}

impl Repeated {
    /// Says things so many times more.
    pub fn new(aiming: Aiming, times: NonZeroU16) -> Self {
        Self { aiming, times: usize::from(times.get()) }
    }
}

impl Conduct for Repeated {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let more = if self.aiming.hits(to, &statement) { self.times } else { 0 };
        (0..more.min(1)).for_each(|_| self.aiming.act());
        vec![(to, statement); more + 1]
    }
}
