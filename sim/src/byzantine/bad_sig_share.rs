//! A holder that gives wrong shares of signatures and wrong values of presignatures.

use k256::Scalar;
use lit_node::conduct::Conduct;
use lit_node::id::NodeId;
use lit_node::signing::Message;
use lit_node::statement::Statement;

use super::Aiming;
use crate::fault::OpenedValue;

/// Adds one to every scalar that it gives to its victims.
#[derive(Debug)]
pub struct BadSigShare {
    aiming: Aiming,
    value: OpenedValue,
}

impl BadSigShare {
    /// Spoils what is aimed at, and of a presignature this value.
    pub fn new(aiming: Aiming, value: OpenedValue) -> Self {
        Self { aiming, value }
    }
}

impl Conduct for BadSigShare {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let is_share = matches!(statement, Statement::Signing(Message::Share(_) | Message::PresignShare(_)));
        if is_share && self.aiming.hits(to, &statement) {
            self.aiming.act();
            match &mut statement {
                Statement::Signing(Message::Share(share)) => share.share.0 += Scalar::ONE,
                Statement::Signing(Message::PresignShare(share)) => {
                    let value = match self.value {
                        OpenedValue::W => &mut share.opening.w,
                        OpenedValue::U => &mut share.opening.u,
                        OpenedValue::V => &mut share.opening.v,
                    };
                    *value += Scalar::ONE;
                }
                _ => {}
            }
        }
        vec![(to, statement)]
    }
}
