//! A holder that gives wrong shares of signatures and wrong values of presignatures.

use k256::Scalar;
use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::signing::Message;
use lit_node::statement::Statement;

use super::Aiming;

/// Adds one to every scalar that it gives to its victims.
#[derive(Debug)]
pub struct BadSigShare {
    aiming: Aiming,
}

impl BadSigShare {
    /// Spoils what is aimed at.
    pub fn new(aiming: Aiming) -> Self {
        Self { aiming }
    }
}

impl Conduct for BadSigShare {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_share = matches!(statement, Statement::Signing(Message::Share(_) | Message::PresignShare(_)));
        if is_share && self.aiming.hits(to, &statement) {
            self.aiming.act();
            match &mut statement {
                Statement::Signing(Message::Share(share)) => share.share.0 += Scalar::ONE,
                Statement::Signing(Message::PresignShare(share)) => share.opening.u += Scalar::ONE,
                _ => {}
            }
        }
        vec![(to, statement)]
    }
}
