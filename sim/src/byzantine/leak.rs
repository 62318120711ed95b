//! A node that tells its key share to everyone who listens: the planted leak that the secrecy oracle must find.

use lit_node::conduct::{Conduct, Secret, SecretKind};
use lit_node::id::NodeId;
use lit_node::signing::{Fresh, Message};
use lit_node::statement::Statement;

use super::Line;

/// Puts the node's newest key share where its announcements should have fresh bytes. They are well-formed and validly
/// signed, so nothing in the protocol notices.
#[derive(Debug)]
pub struct Leak {
    line: Line,
    share: Option<[u8; 32]>,
}

impl Leak {
    /// Leaks while the line is on.
    pub fn new(line: Line) -> Self {
        Self { line, share: None }
    }
}

impl Conduct for Leak {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        if let (Some(share), Statement::Signing(Message::Announce(announce))) =
            (self.share.filter(|_| self.line.is_on()), &mut statement)
            && let Fresh::Bytes(bytes) = &mut announce.fresh
        {
            *bytes = share;
            self.line.act();
        }
        vec![(to, statement)]
    }

    fn learn(&mut self, secret: Secret<'_>) {
        if secret.kind == SecretKind::KeyShare {
            self.share = Some(*secret.bytes);
        }
    }
}
