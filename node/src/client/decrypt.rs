//! Asks every node for its share of a decryption key, puts aside those that are wrong, and decrypts with the others.
//!
//! Encrypting takes no operation: [`crate::bls::encrypt`] needs the network's key, which the caller reads from the chain,
//! and nobody's help.

use k256::Scalar;
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

use super::courier::Courier;
use super::{Effect, Network, Operation, Patience};
use crate::api::{Credential, Decrypt, Decryption, ErrorCode, Failure, RESPONSE_BYTES_MAX, Request, Response};
use crate::auth::session::SessionSig;
use crate::bls::{Encrypted, OpenError, Purpose, ShareEvidence, ShareStatement, SignaturePoint, combine, sort_shares};
use crate::bugs::{self, Bug};
use crate::curve::{Bls12381, Hidden, times_generator};
use crate::evidence::Evidence;
use crate::id::{Digest, NodeId, RequestId};
use crate::io::Time;
use crate::key::PublicKey;
use crate::meter::Meter;
use crate::roster::Roster;
use crate::wire::{Signed, decode};

/// What the caller read from the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The validators.
    pub roster: Roster,
    /// The network's key.
    pub key: Bls12381,
    /// What the validators' votes for it commit to: the digest of all public shares.
    pub key_data: Digest,
}

/// Why a decryption ended without a plaintext.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecryptError {
    /// The conditions that are asked for are not those that the ciphertext was encrypted to.
    #[error("the ciphertext is encrypted to other conditions or another key")]
    OtherSubject,
    /// So many nodes refused with this code that too few are left.
    #[error("refused: {0}")]
    Refused(ErrorCode),
    /// Too few right shares came in time.
    #[error("{right} right shares, {needed} are needed")]
    NotEnoughShares {
        /// How many came.
        right: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The decryption key is right and the ciphertext does not open.
    #[error("the ciphertext does not open: {0}")]
    Ciphertext(#[from] OpenError),
}

/// How a decryption ends.
pub type DecryptOutcome = Result<Plaintext, DecryptError>;

/// A plaintext. Printing it shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Plaintext(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.0.len())
    }
}

/// A decryption under way.
pub struct DecryptOp {
    id: RequestId,
    ciphertext: Encrypted,
    secret: Hidden<Scalar>,
    trusted: Trusted,
    network: Network,
    courier: Courier,
    public: Option<PublicKey<Bls12381>>,
    /// Signed shares that have not been checked or are right.
    shares: BTreeMap<NodeId, Signed<ShareStatement>>,
    /// Signed shares that are wrong: evidence against their signers.
    culprits: BTreeMap<NodeId, Signed<ShareStatement>>,
    failures: BTreeMap<NodeId, Failure>,
    /// What the shares came to.
    key: Option<SignaturePoint>,
    meter: Meter,
    outcome: Option<DecryptOutcome>,
}

impl DecryptOp {
    /// Prepares to decrypt. `secret` is the fresh key whose public half the request names.
    pub fn new(
        request: &Decrypt,
        ciphertext: Encrypted,
        secret: Scalar,
        trusted: Trusted,
        network: Network,
        patience: Patience,
    ) -> Self {
        Self::in_session(request, &BTreeMap::new(), ciphertext, secret, trusted, network, patience)
    }

    /// As [`DecryptOp::new`], for a request that shows each node the session's signature for it. A node for which there
    /// is none gets the request as it is.
    pub fn in_session(
        request: &Decrypt,
        signatures: &BTreeMap<NodeId, SessionSig>,
        ciphertext: Encrypted,
        secret: Scalar,
        trusted: Trusted,
        network: Network,
        patience: Patience,
    ) -> Self {
        let header = ciphertext.header;
        let is_it = request.conditions.digest() == header.conditions
            && request.plaintext == header.plaintext
            && request.key == header.key
            && crate::key::id_of(&trusted.key) == header.key
            && times_generator(&secret) == request.reply_key;
        let id = request.id();
        let letter = |node: NodeId| {
            let credential = match signatures.get(&node) {
                Some(signature) => Credential::Session(Box::new(signature.clone())),
                None => request.credential.clone(),
            };
            let request = Decrypt { credential, ..request.clone() };
            Request::Decrypt(Box::new(request)).to(network.generation).into()
        };
        Self {
            id,
            ciphertext,
            secret: Hidden::new(secret),
            courier: Courier::each(letter, &network, patience),
            trusted,
            network,
            public: None,
            shares: BTreeMap::new(),
            culprits: BTreeMap::new(),
            failures: BTreeMap::new(),
            key: None,
            meter: Meter::default(),
            outcome: (!is_it).then_some(Err(DecryptError::OtherSubject)),
        }
    }

    /// The id of the request, the same at every node.
    pub fn request(&self) -> RequestId {
        self.id
    }

    /// Nodes whose signed share is wrong.
    pub fn culprits(&self) -> impl Iterator<Item = NodeId> {
        self.culprits.keys().copied()
    }

    /// What convinces others that a culprit lied: see [`crate::blame::verify`].
    pub fn evidence(&self, culprit: NodeId) -> Option<Evidence> {
        let (key, share) = (self.public.clone()?, self.culprits.get(&culprit)?.clone());
        Some(Evidence::Decryption(Box::new(ShareEvidence { key, share })))
    }

    /// The decryption key, once enough shares made it. It opens whatever is encrypted to the same identity.
    pub fn key(&self) -> Option<&SignaturePoint> {
        self.key.as_ref()
    }

    /// The key with all public shares, once a node has shown it.
    pub fn public(&self) -> Option<&PublicKey<Bls12381>> {
        self.public.as_ref()
    }

    fn take(&mut self, node: NodeId, bytes: &[u8], now: Time) {
        match decode(bytes, RESPONSE_BYTES_MAX) {
            Ok(Response::Decrypt { request, result: Ok(part) }) if request == self.id => {
                if self.take_part(node, *part) { self.courier.settle(node) } else { self.courier.again(node, now) }
            }
            Ok(Response::Decrypt { request, result: Err(failure) }) if request == self.id => {
                self.failures.insert(node, failure);
                self.courier.settle(node);
            }
            _ => self.courier.again(node, now),
        }
    }

    /// Takes a node's part; whether it is a signed share of what was asked for.
    fn take_part(&mut self, node: NodeId, part: Decryption) -> bool {
        let roster = &self.trusted.roster;
        let Ok(made) = part.share.open(&self.secret, node, self.id, roster, &mut self.meter) else { return false };
        let ShareStatement { key, epoch, conditions, plaintext, .. } = made.body;
        let header = &self.ciphertext.header;
        let asked = (header.key, self.trusted.roster.epoch(), header.conditions, header.plaintext);
        if (key, epoch, conditions, plaintext) != asked {
            return false;
        }
        if self.public.is_none() && is_key_data(&part.public, &self.trusted) {
            self.public = Some(part.public);
        }
        if !self.culprits.contains_key(&node) {
            self.shares.insert(node, made);
        }
        true
    }

    /// Sorts the shares once there may be enough, and decrypts with those that are right.
    fn judge(&mut self) {
        let needed = self.network.threshold;
        if let Some(public) = self.public.clone().filter(|_| self.shares.len() >= needed) {
            let points: BTreeMap<NodeId, SignaturePoint> =
                self.shares.iter().map(|(node, made)| (*node, made.body.share)).collect();
            let right = if bugs::planted(Bug::CombineUnfiltered) { points } else { self.sort(&public, &points) };
            if let Some(key) = combine(needed, &right, &mut self.meter) {
                self.key = Some(key);
                let opened = self.ciphertext.open(&self.trusted.key, &key, &mut self.meter);
                self.outcome = Some(opened.map(Plaintext).map_err(DecryptError::from));
                return;
            }
        }
        let mut by_code: BTreeMap<ErrorCode, usize> = BTreeMap::new();
        for failure in self.failures.values() {
            *by_code.entry(failure.code).or_insert(0) += 1;
        }
        let (spare, pending) = (self.network.spare(), self.courier.pending());
        // Those who have not answered may yet make it clear that the request itself is at fault.
        let alike = by_code.values().max().copied().unwrap_or(0);
        let is_open = alike > 0 && pending > 0 && alike + pending > spare;
        if let Some((code, _)) = by_code.into_iter().find(|(_, count)| *count > spare) {
            self.outcome = Some(Err(DecryptError::Refused(code)));
        } else if self.shares.len() + pending < needed && !is_open {
            self.fail();
        }
    }

    /// Puts wrong shares aside; the right ones.
    fn sort(
        &mut self,
        public: &PublicKey<Bls12381>,
        points: &BTreeMap<NodeId, SignaturePoint>,
    ) -> BTreeMap<NodeId, SignaturePoint> {
        let identity = self.ciphertext.header.identity();
        let sorted = sort_shares(public, Purpose::Identity, identity.as_bytes(), points, &mut self.meter);
        for node in sorted.wrong.keys() {
            self.culprits.extend(self.shares.remove_entry(node));
        }
        sorted.right
    }

    fn fail(&mut self) {
        let error = DecryptError::NotEnoughShares { right: self.shares.len(), needed: self.network.threshold };
        self.outcome = Some(Err(error));
    }
}

/// Whether this is the key that the chain names, with the public shares that its votes commit to.
fn is_key_data(public: &PublicKey<Bls12381>, trusted: &Trusted) -> bool {
    public.point == trusted.key
        && public.commitments.first() == Some(&trusted.key)
        && public.data_digest() == trusted.key_data
}

impl Operation for DecryptOp {
    type Outcome = DecryptOutcome;

    fn start(&mut self, now: Time, fx: &mut Vec<Effect>) {
        if self.outcome.is_none() {
            self.courier.start(now, fx);
        }
    }

    fn on_response(&mut self, node: NodeId, bytes: &[u8], now: Time, _: &mut Vec<Effect>) {
        if self.outcome.is_some() || !self.courier.answered(node) {
            return;
        }
        self.take(node, bytes, now);
        self.judge();
    }

    fn on_disconnect(&mut self, node: NodeId, now: Time, _: &mut Vec<Effect>) {
        self.courier.disconnected(node, now);
    }

    fn tick(&mut self, now: Time, fx: &mut Vec<Effect>) {
        if self.outcome.is_some() {
            return;
        }
        if self.courier.is_over(now) { self.fail() } else { self.courier.tick(now, fx) }
    }

    fn deadline(&self) -> Option<Time> {
        self.courier.due().filter(|_| self.outcome.is_none())
    }

    fn outcome(&self) -> Option<&DecryptOutcome> {
        self.outcome.as_ref()
    }
}

#[cfg(test)]
mod tests;
