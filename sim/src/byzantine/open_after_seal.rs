//! A holder that seals batches of triples and gives them up all the same, to make others open what is sealed.

use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, SessionId};
use lit_node::statement::Statement;
use lit_node::triples::{Abort, Message, Opening, Reason, Seed, Testimony};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::Line;
use super::aiming::seed;

/// Says after each seal that the products are unequal, and shows a seed.
#[derive(Debug)]
pub struct OpenAfterSeal {
    me: NodeId,
    line: Line,
    key: [u8; 32],
}

impl OpenAfterSeal {
    /// Opens while the line is on. The seeds come from `key`: its own, which it does not have, would do no better.
    pub fn new(me: NodeId, line: Line, key: [u8; 32]) -> Self {
        Self { me, line, key }
    }

    fn opening(&self, batch: SessionId) -> Opening {
        let seed = Seed::random(&mut ChaCha20Rng::from_seed(seed(&self.key, "opening", batch)));
        Opening { seed, testimony: Testimony { batch, commits: Vec::new(), records: Vec::new() }, waits: None }
    }
}

impl Conduct for OpenAfterSeal {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        let mut said = vec![(to, statement)];
        if let Statement::Triples(Message::Seal(seal)) = &said[0].1
            && to != self.me
            && self.line.is_on()
        {
            self.line.act();
            let batch = seal.batch;
            let abort = Abort { batch, sid: Some(seal.sid), reason: Reason::Unequal };
            let opening = self.opening(batch);
            said.push((to, Statement::Triples(Message::Abort(Box::new(abort)))));
            said.push((to, Statement::Triples(Message::Opening(Box::new(opening)))));
        }
        said
    }
}
