//! Presigning and signing by ECDSA on two dealt triples.

use std::collections::BTreeMap;
use std::rc::Rc;

use k256::{ProjectivePoint, Scalar};
use lit_node::id::{Digest, NodeId};
use lit_node::key::KeyShare;
use lit_node::meter::Meter;
use lit_node::signing::ecdsa::{self, Presign, Presignature};
use lit_node::signing::{Opening, PresignStart};
use lit_node::triples::{self, DealtTriples};
use rand_chacha::ChaCha20Rng;

/// Two dealt triples, and what all holders of a key open with them.
pub struct Presigning<'a> {
    shares: &'a BTreeMap<NodeId, KeyShare>,
    pub start: PresignStart,
    dealt: BTreeMap<NodeId, DealtTriples>,
    openings: BTreeMap<NodeId, Opening>,
}

impl<'a> Presigning<'a> {
    /// Led by the first of the holders.
    pub fn new(shares: &'a BTreeMap<NodeId, KeyShare>, holders: Vec<NodeId>, mut rng: ChaCha20Rng) -> Self {
        let leader = holders[0];
        let dealt = triples::deal(leader, &holders, 1, 2, &mut rng);
        let (key, epoch) = (shares[&leader].public.id(), shares[&leader].public.epoch);
        let start = PresignStart { key, epoch, leader, holders, batch: 1, sealed: None, nonce: 0, product: 1 };
        let mut all = Self { shares, start, dealt, openings: BTreeMap::new() };
        all.openings = all.start.holders.iter().map(|holder| (*holder, all.begin(*holder).1)).collect();
        all
    }

    fn begin(&self, holder: NodeId) -> (Presign, Opening) {
        let (key, triples) = (Rc::new(self.shares[&holder].clone()), &self.dealt[&holder].triples);
        Presign::begin(self.start.clone(), key, triples[0].clone(), triples[1].clone())
    }

    /// One holder's presignature, from its first message to the check of what all others opened.
    pub fn presign(&self, holder: NodeId) -> Presignature {
        let (mut run, _) = self.begin(holder);
        for (from, opening) in &self.openings {
            run.accept(*from, *opening);
        }
        run.finish(&mut Meter::default()).expect("honest openings")
    }

    /// A holder's share of a signature.
    pub fn sign(&self, presignature: Presignature, digest: &Digest) -> (ecdsa::Run, Scalar) {
        let fresh: BTreeMap<NodeId, [u8; 32]> = self.start.holders.iter().map(|h| (*h, [h.0 as u8; 32])).collect();
        let key = &self.shares[&self.start.leader].public;
        let signed = ecdsa::Run::sign(presignature, key, digest, &Scalar::ZERO, &fresh, &mut Meter::default());
        signed.expect("r is not zero")
    }

    /// All holders' shares, and the nonce.
    pub fn signed(&self, digest: &Digest) -> (BTreeMap<NodeId, Scalar>, ProjectivePoint) {
        let nonce = self.sign(self.presign(self.start.leader), digest).0.nonce();
        (self.start.holders.iter().map(|h| (*h, self.sign(self.presign(*h), digest).1)).collect(), nonce)
    }
}
