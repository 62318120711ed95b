//! A node that says old things again.

use std::collections::VecDeque;

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;

use super::Aiming;

/// How many of its statements the node remembers.
const MEMORY: usize = 256;

/// Adds an old statement to each that its aim picks.
#[derive(Debug)]
pub struct Again {
    aiming: Aiming,
    other_sessions: bool,
    said: VecDeque<Statement>,
}

impl Again {
    /// Repeats old statements of the same session, or of any.
    pub fn new(aiming: Aiming, other_sessions: bool) -> Self {
        Self { aiming, other_sessions, said: VecDeque::new() }
    }
}

impl Conduct for Again {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let session = statement.label().session;
        let fits = |old: &&Statement| **old != statement && (self.other_sessions || old.label().session == session);
        let old: Vec<&Statement> = self.said.iter().filter(fits).collect();
        let mut said = vec![(to, statement.clone())];
        if !old.is_empty() && self.aiming.hits(to, &statement) {
            let pick = self.aiming.draw_at("replay", to, &statement, 0) % old.len() as u64;
            said.push((to, old[pick as usize].clone()));
            self.aiming.act();
        }
        if !self.said.contains(&statement) {
            self.said.push_back(statement);
        }
        if self.said.len() > MEMORY {
            self.said.pop_front();
        }
        said
    }
}
