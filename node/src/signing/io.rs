//! What the parts of signing need around them: how to speak, and what to do about whoever fails them.

use super::early::Delivery;
use super::params::Params;
use super::proposed::Proposed;
use super::standing::Standing;
use super::{Effect, Message, Misbehaviour, SigningEvidence};
use crate::bugs::{self, Bug};
use crate::env::Env;
use crate::id::{Digest, NodeId, SessionId};
use crate::note::Note;
use crate::wire::{Signable, SignatureBytes};

/// The surroundings of one event, as the parts of signing pass them on.
pub(super) struct Io<'a, 'e> {
    pub(super) env: &'a mut Env<'e>,
    pub(super) fx: &'a mut Vec<Effect>,
    /// Messages of this node to itself, and early ones whose time has come.
    pub(super) local: &'a mut Vec<Delivery>,
    pub(super) standing: &'a mut Standing,
    /// What this node has proposed in any session of this boot.
    pub(super) proposed: &'a mut Proposed,
    pub(super) params: &'a Params,
    /// Numbers the randomness streams of this boot.
    pub(super) counter: &'a mut u64,
    /// Sessions that end during the event.
    pub(super) ended: &'a mut Vec<SessionId>,
}

impl Io<'_, '_> {
    /// Sends to a peer, or to this node itself. Own announcements are signed here, since they are passed on.
    pub(super) fn send(&mut self, to: NodeId, message: Message) {
        if to != self.env.me {
            self.fx.push(Effect::Send { to, message });
            return;
        }
        let signature = match &message {
            Message::Announce(body) => {
                Some(SignatureBytes::sign(&body.signing_digest(), self.env.identity, self.env.meter))
            }
            _ => None,
        };
        self.local.push(Delivery { from: to, message, signature });
    }

    /// Takes note that a peer let a deadline pass, which proves nothing against it.
    pub(super) fn suspect(&mut self, node: NodeId) {
        if bugs::planted(Bug::TimeoutAsProof) {
            self.convict(node, Misbehaviour::WrongShare { proposal: Digest::default() }, None);
        } else if self.standing.suspect(node) {
            self.env.notes.push(Note::Suspected { node });
        }
    }

    /// Names a liar and stops choosing it.
    pub(super) fn convict(&mut self, node: NodeId, what: Misbehaviour, evidence: Option<SigningEvidence>) {
        self.standing.convict(node);
        self.fx.push(Effect::Culprit { node, what, evidence: evidence.map(Box::new) });
    }
}
