//! One key generation, one key.

use std::collections::BTreeMap;

use blstrs::G1Projective;
use group::Group;
use group::ff::{Field, PrimeField};
use k256::elliptic_curve::sec1::{FromEncodedPoint, ToEncodedPoint};
use k256::{EncodedPoint, ProjectivePoint, Scalar};
use lit_node::conduct::SecretKind;
use lit_node::id::{KeyId, NodeId, SessionId};
use lit_node::note::Note;

use super::{Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

struct Finished {
    at: Nanos,
    node: NodeId,
    key: KeyId,
    public_key: Vec<u8>,
    public_share: Vec<u8>,
}

/// Compares what nodes say they hold with each other, with their secrets, and with the chain.
#[derive(Default)]
pub struct KeyAgreement {
    sessions: BTreeMap<SessionId, Vec<Finished>>,
}

impl Oracle for KeyAgreement {
    fn name(&self) -> &'static str {
        "key-agreement"
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        if let Event::Noted(node, Note::KeyReady { session, key, public_key, public_share }) = event {
            let (public_key, public_share) = (public_key.clone(), public_share.clone());
            let finished = Finished { at, node, key: *key, public_key, public_share };
            self.sessions.entry(*session).or_default().push(finished);
        }
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.honest(self.sessions.values().flatten().map(|finished| finished.node))
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (session, mut finished) in std::mem::take(&mut self.sessions) {
            finished.retain(|one| !facts.corrupted.contains(&one.node));
            let Some(first) = finished.first() else { continue };
            let mut report = |at, nodes, detail: String| {
                let detail = format!("key generation {}: {detail}", session.short());
                violations.push(Violation { oracle: "key-agreement", at, nodes, detail });
            };
            if let Some(other) = finished.iter().find(|one| one.public_key != first.public_key) {
                let nodes = vec![first.node, other.node];
                report(other.at, nodes, "two nodes hold different keys".into());
                continue;
            }
            // Keys over BLS12-381 have 48 bytes, those over secp256k1 33.
            let verdict = match first.public_key.len() {
                48 => consistent::<G1Projective>(first, &finished, facts),
                _ => consistent::<ProjectivePoint>(first, &finished, facts),
            };
            if let Err(text) = verdict {
                report(first.at, finished.iter().map(|one| one.node).collect(), text);
            }
        }
        violations
    }
}

/// A curve, as far as this oracle needs it.
trait Kind: Group<Scalar: PrimeField> {
    /// Decodes a compressed point.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Decodes a big-endian scalar.
    fn scalar(bytes: &[u8; 32]) -> Option<Self::Scalar>;

    /// Encodes a key as the chain has it.
    fn routed(&self) -> Vec<u8>;
}

impl Kind for ProjectivePoint {
    fn read(bytes: &[u8]) -> Option<Self> {
        Option::from(Self::from_encoded_point(&EncodedPoint::from_bytes(bytes).ok()?))
    }

    fn scalar(bytes: &[u8; 32]) -> Option<Scalar> {
        Option::from(Scalar::from_repr((*bytes).into()))
    }

    fn routed(&self) -> Vec<u8> {
        self.to_affine().to_encoded_point(false).as_bytes().to_vec()
    }
}

impl Kind for G1Projective {
    fn read(bytes: &[u8]) -> Option<Self> {
        Option::from(Self::from_compressed(bytes.try_into().ok()?))
    }

    fn scalar(bytes: &[u8; 32]) -> Option<blstrs::Scalar> {
        Option::from(blstrs::Scalar::from_bytes_be(bytes))
    }

    fn routed(&self) -> Vec<u8> {
        self.to_compressed().to_vec()
    }
}

/// Checks shares against each other, and the key against the chain, with plain arithmetic.
fn consistent<P: Kind>(first: &Finished, finished: &[Finished], facts: &Facts<'_>) -> Result<(), String> {
    let key = P::read(&first.public_key).ok_or("the public key is no point")?;
    let shares =
        finished.iter().map(|one| Ok((one.node, secret_of::<P>(one, facts)?))).collect::<Result<Vec<_>, String>>()?;
    if shares.len() >= facts.threshold {
        // A polynomial of this degree through the first shares; that all others lie on it too means that every
        // threshold of shares gives the same key.
        let (chosen, others) = shares.split_at(facts.threshold);
        if P::generator() * value_at(chosen, P::Scalar::ZERO) != key {
            return Err("the secret shares do not interpolate to the public key".into());
        }
        if let Some((node, _)) = others.iter().find(|(node, share)| value_at(chosen, x(*node)) != *share) {
            return Err(format!("the secret share of {node} is not on the polynomial of the others"));
        }
    }
    match facts.routed.get(&first.key) {
        Some(routed) if *routed != key.routed() => Err("the chain routes another public key under this token".into()),
        _ => Ok(()),
    }
}

/// The secret share that belongs to the public one which a node reported.
fn secret_of<P: Kind>(one: &Finished, facts: &Facts<'_>) -> Result<P::Scalar, String> {
    let public = P::read(&one.public_share).ok_or_else(|| format!("the public share of {} is no point", one.node))?;
    let learned = facts.witness.secrets.iter();
    let mut candidates = learned
        .filter(|(_, (kind, owners))| *kind == SecretKind::KeyShare && owners.contains(&one.node))
        .filter_map(|(bytes, _)| P::scalar(bytes));
    candidates
        .find(|secret| P::generator() * *secret == public)
        .ok_or_else(|| format!("the public share of {} belongs to none of its secret shares", one.node))
}

fn x<S: PrimeField>(node: NodeId) -> S {
    S::from(u64::from(node.0))
}

/// The polynomial through these shares, at a place (Lagrange).
fn value_at<S: PrimeField>(shares: &[(NodeId, S)], at: S) -> S {
    let weight = |of: NodeId| {
        let others = shares.iter().map(|(id, _)| *id).filter(|id| *id != of);
        others.fold(S::ONE, |product, id| {
            product * (x::<S>(id) - at) * Option::<S>::from((x::<S>(id) - x::<S>(of)).invert()).unwrap_or(S::ZERO)
        })
    };
    shares.iter().map(|(id, share)| weight(*id) * share).sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use crate::witness::Witness;
    use std::collections::BTreeSet;

    /// f(x) = 5 + 2x + x^2: three shares determine it.
    fn share(node: u16) -> Scalar {
        let x = Scalar::from(u64::from(node));
        Scalar::from(5u64) + Scalar::from(2u64) * x + x * x
    }

    fn encoded(point: ProjectivePoint) -> Vec<u8> {
        point.to_affine().to_encoded_point(true).as_bytes().to_vec()
    }

    fn note(node: u16, key: u64) -> Note {
        Note::KeyReady {
            session: SessionId([9; 32]),
            key: KeyId([8; 32]),
            public_key: encoded(ProjectivePoint::GENERATOR * Scalar::from(key)),
            public_share: encoded(ProjectivePoint::GENERATOR * share(node)),
        }
    }

    fn judged(notes: &[(u16, Note)], witness: &Witness, routed: Option<Vec<u8>>) -> usize {
        let mut oracle = KeyAgreement::default();
        notes.iter().for_each(|(node, note)| oracle.observe(1, Event::Noted(NodeId(*node), note)));
        let routed = routed.map(|key| (KeyId([8; 32]), key)).into_iter().collect();
        oracle.judge(&Facts { routed, ..facts(witness) }).len()
    }

    fn holders() -> Witness {
        let mut witness = witness();
        for node in 1..=3 {
            let owner = BTreeSet::from([NodeId(node)]);
            witness.secrets.insert(share(node).to_bytes().into(), (SecretKind::KeyShare, owner));
        }
        witness
    }

    #[test]
    fn shares_must_interpolate_to_the_one_key_that_all_hold_and_the_chain_routes() {
        let agreed: Vec<_> = (1..=3).map(|node| (node, note(node, 5))).collect();
        assert_eq!(judged(&agreed, &holders(), None), 0);
        let key = (ProjectivePoint::GENERATOR * Scalar::from(5u64)).to_affine().to_encoded_point(false);
        assert_eq!(judged(&agreed, &holders(), Some(key.as_bytes().to_vec())), 0);
        assert_eq!(judged(&agreed, &holders(), Some(vec![4; 65])), 1);
        let other_key: Vec<_> = (1..=3).map(|node| (node, note(node, 6))).collect();
        assert_eq!(judged(&other_key, &holders(), None), 1);
    }

    #[test]
    fn a_fourth_share_beside_the_polynomial_or_bytes_that_are_no_point_are_violations() {
        let mut holders = holders();
        let stray = Scalar::from(77u64);
        holders.secrets.insert(stray.to_bytes().into(), (SecretKind::KeyShare, BTreeSet::from([NodeId(4)])));
        let Note::KeyReady { session, key, public_key, .. } = note(4, 5) else { panic!("a key") };
        let public_share = encoded(ProjectivePoint::GENERATOR * stray);
        let fourth = Note::KeyReady { session, key, public_key: public_key.clone(), public_share };
        let mut notes: Vec<_> = (1..=3).map(|node| (node, note(node, 5))).collect();
        notes.push((4, fourth));
        assert_eq!(judged(&notes, &holders, None), 1);
        let no_point =
            |public_key: Vec<u8>, public_share: Vec<u8>| Note::KeyReady { session, key, public_key, public_share };
        assert_eq!(judged(&[(1, no_point(vec![2; 33], vec![]))], &holders, None), 1);
        assert_eq!(judged(&[(1, no_point(public_key, vec![]))], &holders, None), 1);
    }

    #[test]
    fn a_key_that_only_corrupted_nodes_finished_is_nobodys_violation() {
        let witness = holders();
        let mut oracle = KeyAgreement::default();
        oracle.observe(1, Event::Noted(NodeId(1), &note(1, 6)));
        assert!(oracle.judge(&Facts { corrupted: &[NodeId(1)], ..facts(&witness) }).is_empty());
    }

    #[test]
    fn two_keys_of_one_session_or_a_share_without_its_secret_are_violations() {
        assert_eq!(judged(&[(1, note(1, 5)), (2, note(2, 6))], &holders(), None), 1);
        assert_eq!(judged(&[(1, note(1, 5)), (4, note(4, 5))], &holders(), None), 1);
    }
}
