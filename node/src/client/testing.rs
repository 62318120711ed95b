//! A key, signatures and nodes for the tests of this module: real Schnorr signatures, additively shared.

use k256::elliptic_curve::Field;
use k256::{ProjectivePoint, Scalar};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

use super::{Combine, Effect, ExecuteOp, Expected, Network, Operation, Patience, ResponseStrategy};
use crate::api::{ActionSource, Credential, ErrorCode, Execute, Executed, Failure, Response, SignaturePart, Task};
use crate::id::{Digest, Epoch, Generation, NodeId, RequestId};
use crate::io::Time;
use crate::signing::{ClientShare, CombinedSignature, Scheme, ShareScalar};
use crate::{curve, wire};

pub(super) const NAME: &str = "sig";
pub(super) const DIGEST: Digest = Digest([9; 32]);
pub(super) const PATIENCE: Patience =
    Patience { attempt_ms: 1_000, backoff_ms: 100, backoff_ms_max: 400, overall_ms: 10_000 };

pub(super) fn at(ms: u64) -> Time {
    Time::default().plus_millis(ms)
}

fn secret() -> Scalar {
    Scalar::from(0x5eed_u64)
}

pub(super) fn public_key() -> ProjectivePoint {
    ProjectivePoint::GENERATOR * secret()
}

fn challenge(nonce: &ProjectivePoint, key: &ProjectivePoint, digest: &Digest) -> Scalar {
    let (nonce, key) = (curve::point_bytes(nonce), curve::point_bytes(key));
    curve::scalar_reduce(&wire::hash_parts("test/schnorr", &[&nonce, &key, &digest.0]))
}

/// Adds shares up, and checks z G = R + c X.
#[derive(Clone, Copy, Debug)]
pub(super) struct Toy;

impl Combine for Toy {
    type Signature = (ProjectivePoint, Scalar);

    fn combine(&self, shares: &BTreeMap<NodeId, ClientShare>) -> Option<Self::Signature> {
        let (_, first) = shares.first_key_value()?;
        let z = shares.values().filter_map(|share| share.share).map(|share| share.0).sum();
        Some((first.nonce, z))
    }

    fn adopt(&self, combined: &CombinedSignature) -> Option<Self::Signature> {
        match combined {
            CombinedSignature::Schnorr { r, z } => Some((*r, *z)),
            CombinedSignature::Ecdsa { .. } | CombinedSignature::Bip340 { .. } => None,
        }
    }

    fn verify(&self, _: Scheme, (nonce, z): &Self::Signature, key: &ProjectivePoint, digest: &Digest) -> bool {
        ProjectivePoint::GENERATOR * z == *nonce + *key * challenge(nonce, key, digest)
    }
}

/// The shares that `nodes` nodes return for one proposal among `holders`.
pub(super) fn shares(nodes: u16, holders: &[u16], digest: Digest, proposal: u8) -> BTreeMap<NodeId, ClientShare> {
    let mut rng = ChaCha20Rng::from_seed([proposal; 32]);
    let holders: Vec<NodeId> = holders.iter().map(|&h| NodeId(h)).collect();
    let r = Scalar::random(&mut rng);
    let nonce = ProjectivePoint::GENERATOR * r;
    let z = r + challenge(&nonce, &public_key(), &digest) * secret();
    let mut parts: Vec<Scalar> = holders.iter().map(|_| Scalar::random(&mut rng)).collect();
    let sum: Scalar = parts.iter().sum();
    parts[0] += z - sum;
    let share = |node| {
        let part = holders.iter().position(|&holder| holder == node).map(|i| ShareScalar(parts[i]));
        ClientShare {
            scheme: Scheme::SchnorrK256Sha256,
            public_key: public_key(),
            digest,
            proposal: Digest([proposal; 32]),
            holders: holders.clone(),
            nonce,
            share: part,
        }
    };
    (1..=nodes).map(NodeId).map(|node| (node, share(node))).collect()
}

/// The signature that all shares of a proposal make.
pub(super) fn combined(shares: &BTreeMap<NodeId, ClientShare>) -> CombinedSignature {
    let z = shares.values().filter_map(|share| share.share).map(|share| share.0).sum();
    CombinedSignature::Schnorr { r: shares[&NodeId(1)].nonce, z }
}

/// A share that fits nothing.
pub(super) fn spoiled(share: &ClientShare) -> ClientShare {
    let wrong = share.share.map(|s| ShareScalar(s.0 + Scalar::ONE));
    ClientShare { share: wrong, ..share.clone() }
}

pub(super) fn executed(response: &str, share: Option<&ClientShare>) -> Executed {
    // A combined signature that does not verify: shares alone decide, unless a test puts a right one in.
    let combined = CombinedSignature::Schnorr { r: ProjectivePoint::GENERATOR, z: Scalar::ONE };
    let part = |share: &ClientShare| SignaturePart { name: NAME.to_string(), shares: vec![share.clone()], combined };
    let signatures = share.map(part).into_iter().collect();
    Executed { response: response.into(), logs: format!("log of {response}"), signatures }
}

pub(super) fn failure(code: ErrorCode, message: &str) -> Failure {
    Failure { code, message: message.into(), logs: String::new() }
}

pub(super) fn request() -> Execute {
    Execute {
        nonce: [7; 16],
        task: Task::Action { source: ActionSource::Inline("go()".into()), js_params: "{}".into() },
        credential: Credential::Nobody,
        proofs: Vec::new(),
        epoch: Epoch(1),
    }
}

pub(super) fn reply(request: RequestId, result: Result<Executed, Failure>) -> Vec<u8> {
    wire::encode(&Response::Execute { request, result })
}

pub(super) fn network(nodes: u16) -> Network {
    Network {
        nodes: (1..=nodes).map(NodeId).collect(),
        threshold: usize::from(2 * nodes).div_ceil(3),
        generation: Generation(0),
    }
}

/// An execution among `nodes` nodes, started at 0, and who was asked since.
pub(super) struct Run {
    pub(super) op: ExecuteOp<Toy>,
    pub(super) fx: Vec<Effect>,
    pub(super) now: Time,
}

impl Run {
    pub(super) fn new(nodes: u16) -> Self {
        Self::with(nodes, ResponseStrategy::MostCommon, BTreeMap::new())
    }

    pub(super) fn with(nodes: u16, strategy: ResponseStrategy, digests: BTreeMap<String, Digest>) -> Self {
        let expected = Expected { keys: vec![public_key()], digests };
        let mut op = ExecuteOp::new(request(), network(nodes), expected, strategy, PATIENCE, Toy);
        let mut fx = Vec::new();
        op.start(at(0), &mut fx);
        assert_eq!(fx.len(), usize::from(nodes), "all nodes are asked at once");
        fx.clear();
        Self { op, fx, now: at(0) }
    }

    pub(super) fn bytes(&mut self, node: u16, bytes: &[u8]) {
        self.op.on_response(NodeId(node), bytes, self.now, &mut self.fx);
    }

    pub(super) fn ok(&mut self, node: u16, executed: Executed) {
        let bytes = reply(self.op.request(), Ok(executed));
        self.bytes(node, &bytes);
    }

    pub(super) fn refuse(&mut self, node: u16, code: ErrorCode, message: &str) {
        let bytes = reply(self.op.request(), Err(failure(code, message)));
        self.bytes(node, &bytes);
    }

    /// Ticks at every deadline up to `until_ms`; the nodes asked meanwhile.
    pub(super) fn pass(&mut self, until_ms: u64) -> Vec<u16> {
        while let Some(due) = self.op.deadline().filter(|&due| due <= at(until_ms)) {
            self.now = due.max(self.now);
            self.op.tick(self.now, &mut self.fx);
        }
        self.now = at(until_ms).max(self.now);
        self.fx.drain(..).map(|Effect::Send { node, .. }| node.0).collect()
    }

    pub(super) fn is_open(&self) -> bool {
        self.op.outcome().is_none()
    }

    pub(super) fn success(&self) -> &super::Success<(ProjectivePoint, Scalar)> {
        self.op.outcome().expect("an outcome").as_ref().expect("a success")
    }

    pub(super) fn error(&self) -> &super::ExecuteError {
        self.op.outcome().expect("an outcome").as_ref().expect_err("an error")
    }
}
