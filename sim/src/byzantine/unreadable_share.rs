//! A node whose answers about decryption nobody can open: under a shifted ephemeral point, or copied from others.
//!
//! Client links carry no transport encryption, so what one node answers another one can overhear.

use k256::ProjectivePoint;
use lit_node::bls::SealedShare;
use lit_node::conduct::Conduct;
use lit_node::id::{NodeId, RequestId};

use super::Line;

/// Spoils the seal of each share.
#[derive(Debug)]
pub struct UnreadableShare {
    me: NodeId,
    line: Line,
    copies: bool,
}

impl UnreadableShare {
    /// Shifts ephemeral points, or copies what it overhears, while the line is on.
    pub fn new(me: NodeId, line: Line, copies: bool) -> Self {
        if copies {
            line.listen();
        }
        Self { me, line, copies }
    }
}

impl Conduct for UnreadableShare {
    fn answer_decryption(&mut self, request: RequestId, answer: SealedShare) -> SealedShare {
        if !self.line.is_on() {
            return answer;
        }
        self.line.act();
        let heard = if self.copies { self.line.overheard(request, self.me) } else { None };
        heard.unwrap_or(SealedShare { ephemeral: answer.ephemeral + ProjectivePoint::GENERATOR, ..answer })
    }
}
