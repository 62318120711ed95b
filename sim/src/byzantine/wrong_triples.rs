//! A holder that says something wrong in one step of making triples, or about them when a batch is given up, and signs it
//! as usual.

use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::statement::Statement;
use lit_node::triples::{Kind, Message, Seed, Step, Testimony};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::Aiming;
use crate::fault::TripleStep;

/// Into how many pieces of a body a wrong bit is put, where one piece alone may be of no consequence.
const PIECES: usize = 64;

/// Where the seed that nobody has committed to comes from.
const NEVER: [u8; 32] = *b"a seed that nobody committed to.";

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
        let is_meant = match &statement {
            // An opening has a testimony in it, too.
            Statement::Triples(Message::Opening(_)) => {
                matches!(self.step, TripleStep::Opening | TripleStep::Testimony)
            }
            Statement::Triples(said) => said.label().kind == self.step.kind(),
            _ => false,
        };
        if is_meant && self.aiming.hits(to, &statement) {
            self.aiming.act();
            match &mut statement {
                Statement::Triples(Message::Step(step)) => spoil(step),
                Statement::Triples(Message::Seal(seal)) => seal.public.0[0] ^= 1,
                Statement::Triples(Message::Opening(opening)) if self.step == TripleStep::Opening => {
                    opening.seed = Seed::random(&mut ChaCha20Rng::from_seed(NEVER));
                }
                Statement::Triples(Message::Opening(opening)) => forge(&mut opening.testimony),
                Statement::Triples(Message::Testimony(testimony)) => forge(testimony),
                _ => {}
            }
        }
        vec![(to, statement)]
    }
}

/// Flips a bit, or in steps of which the receiver uses only some places, at random, one bit in each of many. Each liar has
/// a bit of its own: of two that flip the same one in shares for the same holder, one may take away what the other adds.
fn spoil(step: &mut Step) {
    let bit = 1 << (step.slot.from.0 % 8);
    let body = &mut step.body.0;
    let piece = match step.slot.kind {
        Kind::Corrections => 32,
        Kind::Extension => body.len() / PIECES,
        _ => body.len(),
    };
    for piece in body.chunks_mut(piece.max(1)) {
        if let Some(last) = piece.last_mut() {
            *last ^= bit;
        }
    }
}

/// Says that others said something else than they signed.
fn forge(testimony: &mut Testimony) {
    for record in &mut testimony.records {
        record.hash.0[0] ^= 1;
    }
}
