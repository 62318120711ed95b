//! A dealer whose dealings anybody can see to be wrong.

use group::ff::Field;
use k256::Scalar;
use lit_node::conduct::Conduct;
use lit_node::curve::{Bls12381, Curve};
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

    fn spoil<P: Curve>(&self, mut dealing: Dealing<P>) -> Dealing<P> {
        if !self.line.is_on() {
            return dealing;
        }
        self.line.act();
        match self.flaw {
            Flaw::Commitment => {
                if let Some(highest) = dealing.commitments.last_mut() {
                    *highest = (*highest.point() + P::generator()).into();
                }
            }
            Flaw::Proof => dealing.proof.response += P::Scalar::ONE,
            Flaw::EphemeralProof => dealing.ephemeral_proof.response += Scalar::ONE,
        }
        dealing
    }
}

impl Conduct for BadDealing {
    fn deal(&mut self, dealing: Dealing) -> Dealing {
        self.spoil(dealing)
    }

    fn deal_network_key(&mut self, dealing: Dealing<Bls12381>) -> Dealing<Bls12381> {
        self.spoil(dealing)
    }
}
