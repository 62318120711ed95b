//! A session that has its signature: remembered to answer nodes that come late, and told to those who may lack it.

use std::collections::BTreeSet;

use super::{Effect, Finished, Message};
use crate::id::{Digest, NodeId};
use crate::io::Time;

/// How a session came to its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// This node combined it, and told everybody.
    Own,
    /// This node sent it, who may have told nobody else.
    Peer(NodeId),
}

/// The signature and who has it.
pub(super) struct Over {
    pub(super) finished: Box<Finished>,
    pub(super) digest: Digest,
    /// Reported again if the node authorises once more.
    pub(super) done: Box<Effect>,
    pub(super) forget_at: Time,
    /// Whoever holds a signature that it did not combine waits until then, and tells those who have not shown by then
    /// that they have it. A holder that lies may give it to some and not to others, and those who have it no longer
    /// answer proposals of those who have not.
    tell_at: Option<Time>,
    untold: BTreeSet<NodeId>,
}

impl Over {
    /// Remembers until `forget_at`. `members` are all who may want the signature, without this node.
    pub(super) fn new(
        (finished, digest, done): (Box<Finished>, Digest, Box<Effect>),
        source: Source,
        members: impl Iterator<Item = NodeId>,
        (tell_at, forget_at): (Time, Time),
    ) -> Self {
        let (tell_at, untold) = match source {
            Source::Own => (None, BTreeSet::new()),
            Source::Peer(peer) => (Some(tell_at), members.filter(|member| *member != peer).collect()),
        };
        Self { finished, digest, done, forget_at, tell_at, untold }
    }

    /// A peer shows that it has the signature, or is about to be told.
    pub(super) fn knows(&mut self, peer: NodeId) {
        self.untold.remove(&peer);
    }

    /// When to tell the others.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.tell_at
    }

    /// Tells the others, when it is time.
    pub(super) fn tick(&mut self, now: Time, fx: &mut Vec<Effect>) {
        if self.tell_at.is_some_and(|at| at <= now) {
            self.tell_at = None;
            let told = std::mem::take(&mut self.untold);
            fx.extend(told.into_iter().map(|to| Effect::Send { to, message: self.message() }));
        }
    }

    /// The signature, for one who lacks it.
    pub(super) fn message(&self) -> Message {
        Message::Finished(self.finished.clone())
    }
}
