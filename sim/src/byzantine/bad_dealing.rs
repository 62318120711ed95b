//! A dealer whose dealings anybody can see to be wrong.

use k256::{ProjectivePoint, Scalar};
use lit_node::conduct::Conduct;
use lit_node::dkg::Dealing;

use super::Line;

/// What is wrong with the dealings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The commitment to the highest coefficient is to another one.
    Commitment,
    /// The proof of knowledge of the constant term does not hold.
    Proof,
    /// The proof of knowledge of the ephemeral key does not hold.
    EphemeralProof,
}

/// Deals wrongly.
#[derive(Debug)]
pub struct BadDealing {
    line: Line,
    flaw: Flaw,
}

impl BadDealing {
    /// Puts the flaw into every dealing.
    pub fn new(line: Line, flaw: Flaw) -> Self {
        Self { line, flaw }
    }
}

impl Conduct for BadDealing {
    fn deal(&mut self, mut dealing: Dealing) -> Dealing {
        if !self.line.is_on() {
            return dealing;
        }
        self.line.act();
        match self.flaw {
            Flaw::Commitment => {
                if let Some(highest) = dealing.commitments.last_mut() {
                    *highest = (*highest.point() + ProjectivePoint::GENERATOR).into();
                }
            }
            Flaw::Proof => dealing.proof.response += Scalar::ONE,
            Flaw::EphemeralProof => dealing.ephemeral_proof.response += Scalar::ONE,
        }
        dealing
    }
}
