//! A node that accuses an honest member with evidence of its own making. Others must look at the signature under each
//! piece of it: what a peer says about a third node is worth what that node has signed.

use std::collections::BTreeSet;

use k256::ProjectivePoint;
use k256::Scalar;
use k256::ecdsa::SigningKey;
use lit_node::conduct::{Conduct, Secret, SecretKind};
use lit_node::id::{Digest, NodeId};
use lit_node::meter::Meter;
use lit_node::signing::{Announce, Fresh, Message, Propose};
use lit_node::statement::Statement;
use lit_node::wire::{Signable, Signed};

use super::{Line, Part};

/// Accuses one member.
pub struct FalseBlame {
    part: Part,
    line: Line,
    member: NodeId,
    identity: Option<SigningKey>,
    /// Proposals of the member that it has answered with a forged one.
    forged: BTreeSet<Digest>,
}

impl FalseBlame {
    /// Accuses this member.
    pub fn new(part: Part, line: Line, member: NodeId) -> Self {
        Self { part, line, member, identity: None, forged: BTreeSet::new() }
    }

    /// A proposal that contradicts the member's and bears its name, under the only signature that the liar can make.
    fn forge(&self, propose: &Propose) -> Option<Signed<Propose>> {
        let mut other = propose.clone();
        other.announcements.pop()?;
        Some(Signed::new(other, self.member, self.identity.as_ref()?, &mut Meter::default()))
    }
}

/// Another contribution than the member's.
fn replace(announce: &mut Announce) {
    match &mut announce.fresh {
        Fresh::Bytes(bytes) => bytes[0] ^= 1,
        Fresh::Nonces(nonces) => nonces.hiding += ProjectivePoint::GENERATOR,
    }
}

impl Conduct for FalseBlame {
    fn outbound(&mut self, to: NodeId, mut statement: Statement) -> Vec<(NodeId, Statement)> {
        if to == self.part.me || !self.line.is_on() {
            return vec![(to, statement)];
        }
        // What the member has signed is passed on changed, as if it had signed that.
        let changed = match &mut statement {
            Statement::Signing(Message::PresignOpened(opened)) => {
                let of_member = opened.openings.iter_mut().find(|opening| opening.signer == self.member);
                of_member.map(|opening| opening.body.opening.u += Scalar::ONE)
            }
            Statement::Signing(Message::Propose(propose)) => {
                let of_member = propose.announcements.iter_mut().find(|announce| announce.signer == self.member);
                of_member.map(|announce| replace(&mut announce.body))
            }
            _ => None,
        };
        if changed.is_some() {
            self.line.act();
        }
        vec![(to, statement)]
    }

    fn inbound(&mut self, from: NodeId, statement: &Statement) -> Vec<(NodeId, Statement)> {
        let Statement::Signing(Message::Propose(propose)) = statement else { return Vec::new() };
        if from != self.member || !self.line.is_on() || !self.forged.insert(propose.digest()) {
            return Vec::new();
        }
        let Some(evidence) = self.forge(propose) else { return Vec::new() };
        self.line.act();
        let others = self.part.roster.ids().filter(|id| *id != self.part.me);
        others.map(|to| (to, Statement::Signing(Message::Answered(Box::new(evidence.clone()))))).collect()
    }

    fn learn(&mut self, secret: Secret<'_>) {
        if secret.kind == SecretKind::Identity {
            self.identity = SigningKey::from_slice(secret.bytes).ok();
        }
    }
}
