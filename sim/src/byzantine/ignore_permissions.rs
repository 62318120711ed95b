//! A node that signs for everybody, and decrypts for everybody.

use lit_node::conduct::{Conduct, Decision};

use super::Line;

/// Authorises whatever it is asked for.
#[derive(Debug)]
pub struct IgnorePermissions {
    line: Line,
}

impl IgnorePermissions {
    /// Authorises while the line is on.
    pub fn new(line: Line) -> Self {
        Self { line }
    }
}

impl Conduct for IgnorePermissions {
    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        let is_about_rights = matches!(decision, Decision::Authorise { .. } | Decision::Decrypt { .. });
        if honest || !is_about_rights || !self.line.is_on() {
            return honest;
        }
        self.line.act();
        true
    }
}
