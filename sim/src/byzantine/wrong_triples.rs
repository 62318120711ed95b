//! A holder that says something wrong in one step of making triples, and signs it as usual.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;
use lit_node::triples::{Kind, Message, Step};

use super::Aiming;
use crate::fault::TripleStep;

/// Into how many pieces of a body a wrong bit is put, where one piece alone may be of no consequence.
const PIECES: usize = 64;

/// Spoils what it says in one step.
#[derive(Debug)]
pub struct WrongTriples {
    aiming: Aiming,
    step: TripleStep,
}

impl WrongTriples {
    /// Spoils what is aimed at, in this step.
    pub fn new(aiming: Aiming, step: TripleStep) -> Self {
        Self { aiming, step }
    }
}

impl Conduct for WrongTriples {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_meant = matches!(&statement, Statement::Triples(said) if said.label().kind == self.step.kind());
        if is_meant && self.aiming.hits(to, &statement) {
            self.aiming.act();
            match &mut statement {
                Statement::Triples(Message::Step(step)) => spoil(step),
                Statement::Triples(Message::Seal(seal)) => seal.public.0[0] ^= 1,
                _ => {}
            }
        }
        vec![(to, statement)]
    }
}

/// Flips a bit, or in steps of which the receiver uses only some places, at random, one bit in each of many.
fn spoil(step: &mut Step) {
    let body = &mut step.body.0;
    let piece = match step.slot.kind {
        Kind::Corrections => 32,
        Kind::Extension => body.len() / PIECES,
        _ => body.len(),
    };
    for piece in body.chunks_mut(piece.max(1)) {
        if let Some(last) = piece.last_mut() {
            *last ^= 1;
        }
    }
}
