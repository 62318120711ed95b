//! Joins the client library to threshold signing.

use std::collections::BTreeMap;

use k256::ProjectivePoint;
use lit_node::client::Combine;
use lit_node::id::{Digest, NodeId};
use lit_node::signing::{ClientShare, CombinedSignature, Scheme, assemble};

/// Combines by the schemes of [`lit_node::signing`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Combiner;

impl Combine for Combiner {
    type Signature = CombinedSignature;

    fn combine(&self, shares: &BTreeMap<NodeId, ClientShare>) -> Option<CombinedSignature> {
        let part = shares.values().next()?;
        let scalars = shares.iter().filter_map(|(node, part)| Some((*node, part.share?.0))).collect();
        // The client library verifies whatever comes of it.
        assemble(part.scheme, &part.nonce, &part.holders, &scalars).ok()
    }

    fn adopt(&self, combined: &CombinedSignature) -> Option<CombinedSignature> {
        Some(*combined)
    }

    fn verify(
        &self,
        scheme: Scheme,
        signature: &CombinedSignature,
        public_key: &ProjectivePoint,
        digest: &Digest,
    ) -> bool {
        signature.scheme() == scheme && signature.verify(public_key, digest)
    }
}
