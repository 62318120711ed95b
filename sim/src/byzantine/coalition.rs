//! Nodes that have no secrets from each other. With a threshold of them, whatever key they hold is theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use k256::{ProjectivePoint, PublicKey, Scalar};
use lit_node::chain::ContractCall;
use lit_node::chain::abi::PubkeyRouter;
use lit_node::conduct::{Conduct, Secret, SecretKind};
use lit_node::curve::{interpolate, point_bytes, scalar_bytes, scalar_from_bytes, times_generator};
use lit_node::id::{Digest, KeyId, NodeId, RequestId, SessionId};
use lit_node::meter::Meter;
use lit_node::signing::Scheme;
use lit_node::statement::Statement;
use lit_node::wire::SignatureBytes;

use super::{Line, Part};
use crate::oracle::Accepted;

/// What the members know together.
#[derive(Default)]
pub struct Pool {
    /// Shares of keys, by key generation.
    shares: BTreeMap<SessionId, BTreeMap<NodeId, Scalar>>,
    /// The keys, as the chain has them.
    keys: BTreeMap<SessionId, ProjectivePoint>,
    /// How many shares each key was tried with.
    tried: BTreeMap<SessionId, usize>,
    forged: BTreeSet<SessionId>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool(<redacted>)")
    }
}

impl Pool {
    /// Tries what has not been tried: which attempts were made, and the secret key where one succeeded.
    pub(super) fn attempt(&mut self) -> Vec<(ProjectivePoint, Option<Scalar>)> {
        let mut attempts = Vec::new();
        for (session, point) in &self.keys {
            let Some(shares) = self.shares.get(session) else { continue };
            if self.forged.contains(session) || self.tried.insert(*session, shares.len()) == Some(shares.len()) {
                continue;
            }
            let shares: Vec<(NodeId, Scalar)> = shares.iter().map(|(node, share)| (*node, *share)).collect();
            let secret = Some(interpolate(&shares)).filter(|secret| times_generator(secret) == *point);
            if secret.is_some() {
                self.forged.insert(*session);
            }
            attempts.push((*point, secret));
        }
        attempts
    }

    /// A member's share of the key of a key generation.
    pub(super) fn share(&mut self, session: SessionId, member: NodeId, share: Scalar) {
        self.shares.entry(session).or_default().insert(member, share);
    }

    /// The key of a key generation.
    pub(super) fn key(&mut self, session: SessionId, point: ProjectivePoint) {
        self.keys.insert(session, point);
    }
}

/// A member of a coalition. Otherwise it does as it should.
#[derive(Debug)]
pub struct Member {
    me: NodeId,
    line: Line,
    /// The key generation that has ended last.
    latest: Option<SessionId>,
}

impl Member {
    /// Pools all secrets; tries keys while the line is on.
    pub fn new(part: &Part, line: Line) -> Self {
        Self { me: part.me, line, latest: None }
    }

    fn attempt(&self) {
        if !self.line.is_on() {
            return;
        }
        for (point, secret) in self.line.pool(Pool::attempt) {
            self.line.act();
            if let Some(signature) = secret.and_then(|secret| forge(&point, &secret)) {
                self.line.publish(signature);
            }
        }
    }
}

/// A signature of something that nobody asked for.
fn forge(point: &ProjectivePoint, secret: &Scalar) -> Option<Accepted> {
    let key = SigningKey::from_slice(&scalar_bytes(secret)).ok()?;
    let public_key = point_bytes(point).to_vec();
    let digest = Digest::derive("litsim/forged", &[&public_key]);
    let SignatureBytes { r, s, v } = SignatureBytes::sign(&digest.0, &key, &mut Meter::default());
    Some(Accepted {
        request: RequestId::derive("litsim/forged", &[&digest.0]),
        sig_name: "forged".to_owned(),
        scheme: Scheme::EcdsaK256,
        key: KeyId(alloy_primitives::keccak256(lit_node::key::uncompressed(point)).0),
        public_key,
        digest,
        signature: [&r[..], &s[..], &[v]].concat(),
    })
}

impl Conduct for Member {
    fn outbound(&mut self, to: NodeId, statement: Statement) -> Vec<(NodeId, Statement)> {
        self.attempt();
        vec![(to, statement)]
    }

    fn inbound(&mut self, _: NodeId, _: &Statement) -> Vec<(NodeId, Statement)> {
        self.attempt();
        Vec::new()
    }

    fn submit(&mut self, call: ContractCall) -> Vec<ContractCall> {
        let vote = PubkeyRouter::voteForRoutingDataCall::abi_decode(&call.data).ok();
        let point = vote.and_then(|vote| PublicKey::from_sec1_bytes(&vote.pubkey).ok());
        if let (Some(point), Some(session)) = (point, self.latest) {
            self.line.pool(|pool| pool.key(session, point.to_projective()));
            self.attempt();
        }
        vec![call]
    }

    fn learn(&mut self, secret: Secret<'_>) {
        let share = scalar_from_bytes(secret.bytes).filter(|_| secret.kind == SecretKind::KeyShare);
        if let Some(share) = share {
            self.latest = Some(secret.session);
            self.line.pool(|pool| pool.share(secret.session, self.me, share));
        }
    }
}
