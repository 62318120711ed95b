//! A holder that takes part in making triples until it has its own, and leaves its seal unsaid.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;
use lit_node::triples::Message;

use super::Aiming;

/// Says neither its own seal nor, to the same victims, those of others.
#[derive(Debug)]
pub struct WithholdSeal {
    aiming: Aiming,
}

impl WithholdSeal {
    /// Withholds what is aimed at.
    pub fn new(aiming: Aiming) -> Self {
        Self { aiming }
    }
}

impl Conduct for WithholdSeal {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_seal = matches!(&statement, Statement::Triples(Message::Seal(_) | Message::Seals(_)));
        if !is_seal || !self.aiming.hits(to, &statement) {
            return vec![(to, statement)];
        }
        self.aiming.act();
        Vec::new()
    }
}
