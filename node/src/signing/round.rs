//! One accepted proposal at one holder: its nonce is spent, shares are being collected.

use k256::{ProjectivePoint, Scalar};
use std::collections::{BTreeMap, BTreeSet};

use super::{ClientShare, CombinedSignature, Propose, Scheme, Share, ShareScalar, combine, ecdsa, frost};
use crate::env::Env;
use crate::id::{Digest, NodeId};
use crate::key::PublicKey;
use crate::meter::{Meter, Op};
use crate::wire::{Signable, SignatureBytes, Signed, encode};

/// Judges shares against the proposal that they answer, and nothing else.
pub(super) enum Judge {
    /// By the presignature's public values.
    Ecdsa(Box<ecdsa::Run>),
    /// By the nonce commitments.
    Frost(Box<frost::Run>),
}

impl Judge {
    /// The nonce point of the signature.
    pub(super) fn nonce(&self) -> ProjectivePoint {
        match self {
            Self::Ecdsa(run) => run.nonce(),
            Self::Frost(run) => run.nonce(),
        }
    }

    /// The scheme.
    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Ecdsa(_) => Scheme::EcdsaK256,
            Self::Frost(run) => run.scheme(),
        }
    }
}

/// The round.
pub(super) struct Round {
    pub(super) attempt: u32,
    /// The proposal, with its coordinator's signature unless this node is the coordinator.
    pub(super) proposed: (Propose, Option<SignatureBytes>),
    /// Who was shown the proposal.
    shown: BTreeSet<NodeId>,
    pub(super) holders: Vec<NodeId>,
    pub(super) judge: Judge,
    shares: BTreeMap<NodeId, Scalar>,
    /// Those of others, as they signed them.
    signed: BTreeMap<NodeId, Signed<Share>>,
}

/// What the shares so far amount to.
pub(super) enum Verdict {
    /// Some are missing.
    Incomplete,
    /// The signature.
    Signature(CombinedSignature),
    /// These holders' shares are wrong.
    Wrong(Vec<NodeId>),
}

impl Round {
    /// Begins with this node's own share.
    pub(super) fn new(
        propose: &Propose,
        signature: Option<SignatureBytes>,
        judge: Judge,
        me: NodeId,
        share: Scalar,
    ) -> Self {
        let holders = propose.announcements.iter().map(|a| a.signer).collect();
        let (proposed, shown) = ((propose.clone(), signature), BTreeSet::new());
        let shares = BTreeMap::from([(me, share)]);
        Self { attempt: propose.attempt, proposed, shown, holders, judge, shares, signed: BTreeMap::new() }
    }

    /// The proposal as evidence for a holder that answered another one; once for each, and not if it is this node's own.
    pub(super) fn show(&mut self, peer: NodeId, coordinator: NodeId) -> Option<Box<Signed<Propose>>> {
        let signature = self.proposed.1.filter(|_| self.holders.contains(&peer) && !self.shares.contains_key(&peer))?;
        let body = self.proposed.0.clone();
        self.shown.insert(peer).then(|| Box::new(Signed { body, signer: coordinator, signature }))
    }

    /// Takes in a share; a holder's first word counts.
    pub(super) fn accept(&mut self, share: Signed<Share>) -> bool {
        let from = share.signer;
        let wanted = self.holders.contains(&from) && !self.shares.contains_key(&from);
        if wanted {
            self.shares.insert(from, share.body.share.0);
            self.signed.insert(from, share);
        }
        wanted
    }

    /// A holder's share as it signed it; none of this node itself.
    pub(super) fn share_of(&self, holder: NodeId) -> Option<&Signed<Share>> {
        self.signed.get(&holder)
    }

    /// The proposal as its coordinator signed it; none if that is this node.
    pub(super) fn signed(&self, coordinator: NodeId) -> Option<Signed<Propose>> {
        let (body, signature) = &self.proposed;
        signature.map(|signature| Signed { body: body.clone(), signer: coordinator, signature })
    }

    /// The holders whose share is not here.
    pub(super) fn missing(&self) -> Vec<NodeId> {
        self.holders.iter().copied().filter(|h| !self.shares.contains_key(h)).collect()
    }

    /// Combines as soon as all shares are there; looks at single shares only if the result does not verify.
    pub(super) fn verdict(&self, key: &PublicKey, digest: &Digest, env: &mut Env) -> Verdict {
        if self.shares.len() < self.holders.len() {
            return Verdict::Incomplete;
        }
        env.meter.add(Op::SignatureChecked, 1);
        match combine(self.judge.scheme(), &key.point, digest, &self.judge.nonce(), &self.holders, &self.shares) {
            Ok(signature) => Verdict::Signature(signature),
            Err(_) => Verdict::Wrong(match &self.judge {
                Judge::Ecdsa(run) => run.cheaters(key, &self.shares, env.meter),
                Judge::Frost(run) => run.cheaters(key, &self.shares, env.meter),
            }),
        }
    }

    /// This node's part for the client.
    pub(super) fn client_share(&self, key: &PublicKey, digest: Digest, proposal: Digest, me: NodeId) -> ClientShare {
        ClientShare {
            scheme: self.judge.scheme(),
            public_key: key.point,
            digest,
            proposal,
            holders: self.holders.clone(),
            nonce: self.judge.nonce(),
            share: self.shares.get(&me).map(|share| ShareScalar(*share)),
        }
    }
}

/// Checks a finished signature, once for all nodes of a simulation; each is charged.
pub(super) fn is_signature(signature: &CombinedSignature, key: &PublicKey, digest: &Digest, env: &mut Env) -> bool {
    env.meter.add(Op::SignatureChecked, 1);
    let inputs = [&encode(signature)[..], &crate::curve::point_bytes(&key.point)[..], &digest.0[..]];
    env.memo.check("signing/signature", &inputs, || signature.verify(&key.point, digest))
}

/// Whether a statement that another node has passed on bears its maker's signature.
pub(super) fn is_signed<T: Signable>(statement: &Signed<T>, env: &mut Env) -> bool {
    let Some(member) = env.roster.get(statement.signer) else { return false };
    env.meter.add(Op::SignatureChecked, 1);
    let SignatureBytes { r, s, v } = statement.signature;
    let key = member.identity.to_encoded_point(true);
    let inputs: [&[u8]; 5] = [&statement.body.signing_digest(), key.as_bytes(), &r, &s, &[v]];
    env.memo.check("signing/passed-on", &inputs, || statement.verify(&member.identity, &mut Meter::default()))
}
