//! A node that tells its key share to everyone who listens: the planted leak that the secrecy oracle must find.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use lit_node::conduct::{Conduct, Secret, SecretKind};
use lit_node::id::NodeId;
use lit_node::signing::{Fresh, Message};
use lit_node::statement::Statement;

/// Puts the node's newest key share where its announcements should have fresh bytes. They are well-formed and validly
/// signed, so nothing in the protocol notices.
#[derive(Debug)]
pub struct Leak {
    me: NodeId,
    /// The nodes that leak now.
    switch: Rc<RefCell<BTreeSet<NodeId>>>,
    share: Option<[u8; 32]>,
}

impl Leak {
    /// Leaks while `me` is among those that `switch` names.
    pub fn new(me: NodeId, switch: Rc<RefCell<BTreeSet<NodeId>>>) -> Self {
        Self { me, switch, share: None }
    }
}

impl Conduct for Leak {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        let leaks = self.switch.borrow().contains(&self.me);
        if let (Some(share), Statement::Signing(Message::Announce(announce))) =
            (self.share.filter(|_| leaks), &mut statement)
            && let Fresh::Bytes(bytes) = &mut announce.fresh
        {
            *bytes = share;
        }
        vec![(to, statement)]
    }

    fn learn(&mut self, secret: Secret<'_>) {
        if secret.kind == SecretKind::KeyShare {
            self.share = Some(*secret.bytes);
        }
    }
}
