//! A member that complains about a dealer who gave it a right share.

use lit_node::conduct::{Conduct, Decision};
use lit_node::id::NodeId;

use super::Line;

/// Complains about one member whatever it dealt.
#[derive(Debug)]
pub struct FalseComplaint {
    line: Line,
    about: NodeId,
}

impl FalseComplaint {
    /// Complains about this member.
    pub fn new(line: Line, about: NodeId) -> Self {
        Self { line, about }
    }
}

impl Conduct for FalseComplaint {
    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        let is_meant = matches!(decision, Decision::Complain { dealer, .. } if *dealer == self.about);
        if honest || !is_meant || !self.line.is_on() {
            return honest;
        }
        self.line.act();
        true
    }
}
