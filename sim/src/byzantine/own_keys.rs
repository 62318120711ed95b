//! A node that shows evidence against an honest member in which every signature is genuine, and only the public shares, by
//! which the member's share would be wrong, are its own invention.
//!
//! The key itself it cannot change: sessions are named after it. So it keeps the constant term and makes up the rest.

use std::collections::{BTreeMap, BTreeSet};

use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, PublicKey as Sec1};
use lit_node::chain::ContractCall;
use lit_node::chain::abi::PubkeyRouter;
use lit_node::conduct::{Conduct, Decision, Secret, SecretKind};
use lit_node::evidence::Evidence;
use lit_node::id::{Digest, KeyId, NodeId, RequestId};
use lit_node::key::{self, PublicKey};
use lit_node::meter::Meter;
use lit_node::signing::{Message, Propose, Share, ShareEvidence, SigningEvidence, session_id};
use lit_node::statement::Statement;
use lit_node::wire::{Signable, SignatureBytes, Signed};

use super::{Line, Part};

/// Shows forged evidence against one member.
pub struct OwnKeys {
    part: Part,
    line: Line,
    member: NodeId,
    identity: Option<SigningKey>,
    /// The keys that it has voted for.
    keys: BTreeMap<KeyId, ProjectivePoint>,
    /// What its node was asked to sign, by request and name, and by which key.
    wanted: BTreeSet<(RequestId, String, KeyId)>,
    proposals: BTreeMap<Digest, Signed<Propose>>,
    /// The member's shares of FROST signatures.
    shares: Vec<Signed<Share>>,
}

impl OwnKeys {
    /// Accuses this member.
    pub fn new(part: Part, line: Line, member: NodeId) -> Self {
        let (keys, wanted, proposals) = Default::default();
        Self { part, line, member, identity: None, keys, wanted, proposals, shares: Vec::new() }
    }

    /// The key with public shares that nobody holds.
    fn forged(&self, point: &ProjectivePoint) -> PublicKey {
        let roster = &self.part.roster;
        let mut commitments = vec![*point];
        commitments.resize(roster.threshold(), ProjectivePoint::GENERATOR);
        let threshold = u16::try_from(roster.threshold()).expect("a roster's threshold is a u16");
        PublicKey { epoch: roster.epoch(), threshold, point: *point, commitments, members: roster.ids().collect() }
    }

    fn evidence(&self, share: &Signed<Share>) -> Option<Evidence> {
        let proposal = self.proposals.get(&share.body.proposal)?.clone();
        let mut candidates = self
            .wanted
            .iter()
            .filter_map(|(request, sig_name, key)| Some((request, sig_name, self.forged(self.keys.get(key)?))));
        let (request, sig_name, key) = candidates.find(|(request, sig_name, key)| {
            session_id(request, sig_name, (key.id(), key.epoch), share.body.scheme) == share.body.session
        })?;
        let (request, sig_name, share) = (*request, sig_name.clone(), share.clone());
        let evidence = ShareEvidence { key, request, sig_name, proposal, share, presignature: None };
        Some(Evidence::Signing(SigningEvidence::WrongShare(Box::new(evidence))))
    }

    /// Shows what there is to show.
    fn show(&mut self) {
        if !self.line.is_on() {
            return;
        }
        let shares = std::mem::take(&mut self.shares);
        for share in shares {
            match self.evidence(&share) {
                Some(evidence) => {
                    self.line.act();
                    self.line.show(self.part.me, evidence.exhibit());
                }
                // Its proposal may still come.
                None => self.shares.push(share),
            }
        }
    }
}

impl Conduct for OwnKeys {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        if let (Statement::Signing(Message::Propose(propose)), Some(identity)) = (&statement, &self.identity) {
            let me = self.part.me;
            let sign = || Signed::new(propose.clone(), me, identity, &mut Meter::default());
            self.proposals.entry(propose.digest()).or_insert_with(sign);
        }
        vec![(to, statement)]
    }

    fn signed(&mut self, from: NodeId, statement: &Statement, signature: SignatureBytes) {
        match statement {
            Statement::Signing(Message::Propose(propose)) => {
                let signed = Signed { body: propose.clone(), signer: from, signature };
                self.proposals.entry(propose.digest()).or_insert(signed);
            }
            Statement::Signing(Message::Share(share)) if from == self.member && share.scheme.is_frost() => {
                self.shares.push(Signed { body: share.clone(), signer: from, signature });
            }
            _ => return,
        }
        self.show();
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        let vote = PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data).ok();
        let point = vote.and_then(|vote| Sec1::from_sec1_bytes(&vote.pubkey).ok()).map(|key| key.to_projective());
        self.keys.extend(point.map(|point| (key::id_of(&point), point)));
        vec![call]
    }

    fn decide(&mut self, decision: &Decision, honest: bool) -> bool {
        if let Decision::Authorise { request, sig_name, key, .. } = decision {
            self.wanted.insert((*request, sig_name.clone(), *key));
        }
        honest
    }

    fn learn(&mut self, secret: Secret<'_>) {
        if secret.kind == SecretKind::Identity {
            self.identity = SigningKey::from_slice(secret.bytes).ok();
        }
    }
}
