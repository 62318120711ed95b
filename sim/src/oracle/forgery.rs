//! No signature without enough honest nodes behind it.

use std::collections::{BTreeMap, BTreeSet};

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use lit_node::api::{RESPONSE_BYTES_MAX, Response};
use lit_node::curve;
use lit_node::id::{Digest, KeyId, NodeId, RequestId};
use lit_node::note::Note;
use lit_node::signing::Scheme;
use lit_node::wire::decode;
use sha2::{Digest as _, Sha256};

use super::{Accepted, Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// Checks each signature that a client accepts, or that a node hands out as complete, with libraries of its own, and counts
/// who authorised it.
#[derive(Default)]
pub struct NoForgery {
    authorised: BTreeSet<(NodeId, RequestId, KeyId, Digest)>,
    issued: BTreeMap<(RequestId, KeyId, Digest), BTreeSet<NodeId>>,
    /// Shares of nodes that had not authorised the digest.
    unauthorised: Vec<(Nanos, NodeId, RequestId)>,
    accepted: Vec<(Nanos, Accepted)>,
    /// What nodes have handed out as signatures, and whether it is: key, digest and bytes.
    handed_out: BTreeMap<(Vec<u8>, Digest, Vec<u8>), bool>,
    /// Nodes that handed out something else.
    spoilt: Vec<(Nanos, NodeId, RequestId, String)>,
}

impl NoForgery {
    /// A node believes whatever it hands out as a signature, so it has to be one.
    fn replied(&mut self, at: Nanos, node: NodeId, bytes: &[u8]) {
        let Ok(Response::Execute { request, result: Ok(executed) }) = decode(bytes, RESPONSE_BYTES_MAX) else { return };
        for part in &executed.signatures {
            let Some(share) = part.shares.first() else { continue };
            let (public_key, signature) =
                (curve::point_bytes(&share.public_key).to_vec(), part.combined.bytes().to_vec());
            let subject = (public_key.clone(), share.digest, signature.clone());
            let is_one = *self.handed_out.entry(subject).or_insert_with(|| {
                part.combined.scheme() == share.scheme && verifies(share.scheme, &public_key, &share.digest, &signature)
            });
            if !is_one {
                self.spoilt.push((at, node, request, part.name.clone()));
            }
        }
    }
}

impl Oracle for NoForgery {
    fn name(&self) -> &'static str {
        "no-forgery"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        match event {
            Event::Noted(node, Note::Authorised { request, key, digest, .. }) => {
                self.authorised.insert((node, *request, *key, *digest));
            }
            Event::Noted(node, Note::ShareIssued { request, key, digest, .. }) => {
                if !self.authorised.contains(&(node, *request, *key, *digest)) {
                    self.unauthorised.push((at, node, *request));
                }
                self.issued.entry((*request, *key, *digest)).or_default().insert(node);
            }
            Event::Replied { node, bytes } => self.replied(at, node, bytes),
            Event::Accepted(accepted) => self.accepted.push((at, accepted.clone())),
            _ => {}
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        let shares = facts.honest(self.issued.values().flatten().copied());
        shares + (self.accepted.len() + self.handed_out.len()) as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        // A threshold of liars needs nobody else; what no honest node has authorised is a forgery all the same.
        let needed = facts.threshold.saturating_sub(facts.corrupted.len()).max(1);
        let honest = self.unauthorised.iter().filter(|(_, node, _)| !facts.corrupted.contains(node));
        let mut violations: Vec<Violation> = honest
            .map(|(at, node, request)| Violation {
                oracle: "no-forgery",
                at: *at,
                nodes: vec![*node],
                detail: format!("{node} issued a share for {request} without having authorised its digest"),
            })
            .collect();
        let honest = self.spoilt.iter().filter(|(_, node, ..)| !facts.corrupted.contains(node));
        violations.extend(honest.map(|(at, node, request, name)| Violation {
            oracle: "no-forgery",
            at: *at,
            nodes: vec![*node],
            detail: format!("{node} hands out something as signature {name:?} of {request} that is none"),
        }));
        for (at, accepted) in &self.accepted {
            let mut report = |nodes, detail: String| {
                let detail = format!("signature {:?} of {}: {detail}", accepted.sig_name, accepted.request);
                violations.push(Violation { oracle: "no-forgery", at: *at, nodes, detail });
            };
            if !verifies(accepted.scheme, &accepted.public_key, &accepted.digest, &accepted.signature) {
                report(vec![], "it does not verify under the key".into());
            }
            let key = (accepted.request, accepted.key, accepted.digest);
            let signers: Vec<NodeId> = self.issued.get(&key).into_iter().flatten().copied().collect();
            let honest = signers.iter().filter(|id| !facts.corrupted.contains(id)).count();
            if honest < needed {
                report(signers, format!("{honest} honest nodes signed this digest, at least {needed} must have"));
            }
        }
        violations
    }
}

fn verifies(scheme: Scheme, public_key: &[u8], digest: &Digest, bytes: &[u8]) -> bool {
    match scheme {
        Scheme::EcdsaK256 => ecdsa(public_key, &digest.0, bytes).unwrap_or(false),
        Scheme::SchnorrK256Sha256 => {
            let key = frost_secp256k1::VerifyingKey::deserialize(public_key);
            let signature = frost_secp256k1::Signature::deserialize(bytes);
            matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(&digest.0, &signature).is_ok())
        }
        Scheme::SchnorrK256Bip340 => bip340(public_key, &digest.0, bytes).unwrap_or(false),
    }
}

/// Both directions: the signature verifies, and it recovers to the key.
fn ecdsa(public_key: &[u8], digest: &[u8; 32], bytes: &[u8]) -> Option<bool> {
    let key = VerifyingKey::from_sec1_bytes(public_key).ok()?;
    let signature = Signature::from_slice(bytes.get(..64)?).ok()?;
    let recovery = RecoveryId::from_byte(*bytes.get(64)?)?;
    let recovered = VerifyingKey::recover_from_prehash(digest, &signature, recovery).ok()?;
    Some(key.verify_prehash(digest, &signature).is_ok() && recovered == key)
}

/// BIP-340's own equation: s G - e P has even y and the x coordinate r, P being the key with even y.
fn bip340(public_key: &[u8], digest: &[u8; 32], bytes: &[u8]) -> Option<bool> {
    let x = public_key.get(1..33)?;
    let even: [u8; 33] = [&[2], x].concat().try_into().ok()?;
    let key = curve::point_from_bytes(&even)?;
    let (r, s) = (bytes.get(..32)?, curve::scalar_from_bytes(bytes.get(32..64)?.try_into().ok()?)?);
    let tag: [u8; 32] = Sha256::digest(b"BIP0340/challenge").into();
    let hash = Sha256::digest([&tag, &tag, r, x, digest].concat());
    let nonce = curve::times_generator(&s) - key * curve::scalar_reduce(&hash.into());
    let nonce = curve::point_bytes(&nonce);
    Some(nonce[0] == 2 && nonce[1..] == *r)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use k256::ecdsa::SigningKey;
    use lit_node::api::{Executed, SignaturePart};
    use lit_node::signing::{ClientShare, CombinedSignature};
    use lit_node::wire::encode;

    const REQUEST: RequestId = RequestId([1; 32]);
    const KEY: KeyId = KeyId([2; 32]);
    const DIGEST: Digest = Digest([3; 32]);

    fn accepted() -> Accepted {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let (signature, recovery) = key.sign_prehash_recoverable(&DIGEST.0).unwrap();
        Accepted {
            request: REQUEST,
            sig_name: "sig".into(),
            scheme: Scheme::EcdsaK256,
            key: KEY,
            public_key: key.verifying_key().to_encoded_point(true).as_bytes().to_vec(),
            digest: DIGEST,
            signature: [&signature.to_bytes()[..], &[recovery.to_byte()]].concat(),
        }
    }

    fn judged(signers: u16, digest: Digest, accepted: &Accepted) -> usize {
        let mut oracle = NoForgery::default();
        for node in 1..=signers {
            let sig_name = || "sig".to_owned();
            let grant =
                Note::Authorised { request: REQUEST, sig_name: sig_name(), key: KEY, digest, frame: 0, block: 1 };
            oracle.observe(1, Event::Noted(NodeId(node), &grant));
            let note = Note::ShareIssued { request: REQUEST, sig_name: sig_name(), key: KEY, digest };
            oracle.observe(1, Event::Noted(NodeId(node), &note));
        }
        oracle.observe(2, Event::Accepted(accepted));
        oracle.judge(&facts(&witness())).len()
    }

    #[test]
    fn a_signature_needs_a_threshold_of_nodes_that_signed_exactly_that_digest() {
        assert_eq!(judged(3, DIGEST, &accepted()), 0);
        assert_eq!(judged(2, DIGEST, &accepted()), 1);
        assert_eq!(judged(3, Digest([4; 32]), &accepted()), 1);
    }

    #[test]
    fn a_threshold_of_liars_that_signs_without_any_honest_node_forges() {
        let mut oracle = NoForgery::default();
        oracle.observe(2, Event::Accepted(&accepted()));
        let liars = [1, 2, 3, 4].map(NodeId);
        let facts_ = witness();
        assert_eq!(oracle.judge(&Facts { corrupted: &liars, ..facts(&facts_) }).len(), 1);
    }

    #[test]
    fn a_share_without_an_authorisation_is_a_violation() {
        let mut oracle = NoForgery::default();
        let note = Note::ShareIssued { request: REQUEST, sig_name: "sig".into(), key: KEY, digest: DIGEST };
        oracle.observe(1, Event::Noted(NodeId(1), &note));
        assert_eq!(oracle.judge(&facts(&witness())).len(), 1);
    }

    fn handed_out(spoil: bool, corrupted: &[NodeId]) -> usize {
        let good = accepted();
        let mut s: [u8; 32] = good.signature[32..64].try_into().unwrap();
        s[31] ^= u8::from(spoil);
        let r = good.signature[..32].try_into().unwrap();
        let combined = CombinedSignature::Ecdsa { r, s, v: good.signature[64] };
        let point = curve::point_from_bytes(&good.public_key.try_into().unwrap()).unwrap();
        let share = ClientShare {
            scheme: Scheme::EcdsaK256,
            public_key: point,
            digest: DIGEST,
            proposal: DIGEST,
            holders: Vec::new(),
            nonce: point,
            share: None,
        };
        let part = SignaturePart { name: "sig".into(), shares: vec![share], combined };
        let executed = Executed { response: String::new(), logs: String::new(), signatures: vec![part] };
        let bytes = encode(&Response::Execute { request: REQUEST, result: Ok(executed) });
        let mut oracle = NoForgery::default();
        oracle.observe(1, Event::Replied { node: NodeId(2), bytes: &bytes });
        oracle.judge(&Facts { corrupted, ..facts(&witness()) }).len()
    }

    #[test]
    fn what_an_honest_node_hands_out_as_a_signature_is_one() {
        assert_eq!([handed_out(false, &[]), handed_out(true, &[]), handed_out(true, &[NodeId(2)])], [0, 1, 0]);
    }

    #[test]
    fn a_signature_that_does_not_verify_or_recover_is_a_violation() {
        let mut wrong = accepted();
        wrong.signature[40] ^= 1;
        assert_eq!(judged(3, DIGEST, &wrong), 1);
        let mut other = accepted();
        other.signature[64] ^= 1;
        assert_eq!(judged(3, DIGEST, &other), 1);
    }
}
