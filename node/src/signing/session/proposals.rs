//! Whether a proposal is one that a holder answers.

use super::{Announced, Session};
use crate::id::{Digest, NodeId};
use crate::signing::io::Io;
use crate::signing::pool::{Pool, State};
use crate::signing::round::is_signed;
use crate::signing::{
    Announce, Misbehaviour, ProposalEvidence, Propose, Scheme, SigningEvidence, Subject, is_subset_of,
};
use crate::wire::{Signable, SignatureBytes, Signed};

impl Session {
    /// Everything about a proposal that can be checked without consuming anything.
    pub(super) fn examine(
        &self,
        from: NodeId,
        propose: &Propose,
        signature: Option<SignatureBytes>,
        pool: &Pool,
        io: &mut Io,
    ) -> Result<(), &'static str> {
        if from != self.coordinator(propose.attempt) {
            return Err("a proposal by another than the coordinator");
        }
        let list = &propose.announcements;
        let holders: Vec<NodeId> = list.iter().map(|a| a.signer).collect();
        if !is_subset_of(&holders, self.subject.threshold(), &self.subject.key.public.members) {
            return Err("a proposal of other than the threshold of members");
        }
        let Some(own) = self.announced.get(&propose.attempt) else {
            return Err("a proposal for an attempt that this node has not announced");
        };
        if !list.iter().any(|a| a.signer == io.env.me && a.body == own.body) {
            return Err("a proposal without this node's announcement");
        }
        let agrees = |body: &Announce| {
            (body.session, body.attempt, body.digest) == (own.body.session, own.body.attempt, own.body.digest)
                && body.fresh.is_for(self.subject.scheme)
        };
        if !list.iter().all(|a| agrees(&a.body)) {
            return Err("a proposal of announcements that do not agree");
        }
        self.examine_nonce(from, propose, &holders, own, pool)?;
        let me = io.env.me;
        if !list.iter().filter(|a| a.signer != me).all(|a| is_signed(a, io.env)) {
            let signed = signature.map(|signature| Signed { body: propose.clone(), signer: from, signature });
            let Subject { request, sig_name, scheme, .. } = &self.subject;
            let (key, request, sig_name, scheme) = (self.subject.key_and_epoch(), *request, sig_name.clone(), *scheme);
            let evidence = signed.map(|proposal| ProposalEvidence { key, request, sig_name, scheme, proposal });
            let evidence = evidence.map(|evidence| SigningEvidence::ForgedAnnouncement(Box::new(evidence)));
            io.convict(from, Misbehaviour::ForgedAnnouncement { proposal: propose.digest() }, evidence);
            return Err("a proposal with a forged announcement");
        }
        Ok(())
    }

    fn examine_nonce(
        &self,
        from: NodeId,
        propose: &Propose,
        holders: &[NodeId],
        own: &Announced,
        pool: &Pool,
    ) -> Result<(), &'static str> {
        match (self.subject.scheme, &propose.presignature) {
            (Scheme::SchnorrK256Sha256 | Scheme::SchnorrK256Bip340, None) => {
                own.nonces.is_some().then_some(()).ok_or("a second proposal for the same nonces")
            }
            (Scheme::EcdsaK256, Some(id)) => {
                let start = pool.ready(id).ok_or("a proposal with a presignature that is not there")?;
                let public = &self.subject.key.public;
                if start.leader != from {
                    Err("a proposal by another than the presignature's leader")
                } else if start.holders != holders || (start.key, start.epoch) != (public.id(), public.epoch) {
                    Err("a proposal with a presignature of another key or set")
                } else {
                    Ok(())
                }
            }
            _ => Err("a proposal of another scheme"),
        }
    }
}

/// Whether a proposal must wait for its presignature to be completed here.
pub(in crate::signing) fn must_wait(propose: &Propose, pool: &Pool) -> Option<Digest> {
    propose.presignature.filter(|id| matches!(pool.state(id), State::Running | State::Unknown))
}
