//! Nobody acknowledges a dealing that is not right.

use std::collections::{BTreeMap, BTreeSet};

use k256::elliptic_curve::{Field, PrimeField};
use lit_node::curve::{Curve, ScalarField, scalar_reduce, times_generator};
use lit_node::id::{Digest, NodeId};
use lit_node::wire::hash_parts;

use super::{Facts, Oracle, Violation};
use crate::witness::{Commitments, Dealt, Ephemeral, Witness};

/// An acknowledgement says: I hold this dealing, and my share in it is right. For each that an honest node gave, the
/// share that the dealing held for that node is looked up and compared with the commitments; and the proof of knowledge
/// in it must not be one that had been used for another key generation or dealer. The key that hides the shares must be
/// the dealer's own, proven by Schnorr's equation: a complaint reveals what opens everything under that key.
#[derive(Default)]
pub struct AckSoundness;

impl Oracle for AckSoundness {
    fn name(&self) -> &'static str {
        "ack-soundness"
    }

    fn occasions(&self, facts: &Facts<'_>) -> u64 {
        facts.honest(facts.witness.acknowledged.iter().map(|(node, _)| *node))
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let witness = facts.witness;
        let mut by_dealing: BTreeMap<Digest, Vec<NodeId>> = BTreeMap::new();
        for (node, digest) in witness.acknowledged.iter().filter(|(node, _)| !facts.corrupted.contains(node)) {
            by_dealing.entry(*digest).or_default().push(*node);
        }
        let mut violations = Vec::new();
        let acknowledged: BTreeSet<Digest> = by_dealing.keys().copied().collect();
        for (digest, nodes) in by_dealing {
            let mut report = |nodes: Vec<NodeId>, detail: String| {
                violations.push(Violation { oracle: "ack-soundness", at: facts.at, nodes, detail });
            };
            let Some(dealt) = witness.dealings.get(&digest) else {
                report(nodes, format!("the dealing {digest}, which nobody has sent, is acknowledged"));
                continue;
            };
            let Dealt { session, dealer, .. } = dealt;
            for node in unfounded(witness, digest, dealt, &nodes) {
                let detail = format!(
                    "{node} acknowledges the dealing of {dealer} in key generation {}, in which its share is wrong",
                    session.short()
                );
                report(vec![node], detail);
            }
            if !is_own(&dealt.ephemeral, *dealer) {
                let detail = format!(
                    "a dealing of {dealer} is acknowledged in key generation {} under a key that is not proven to be its own",
                    session.short()
                );
                report(nodes.clone(), detail);
            }
            if is_stale(witness, dealt, &acknowledged) {
                let detail = format!(
                    "a dealing of {dealer} is acknowledged in key generation {} with a proof that was made for another",
                    session.short()
                );
                report(nodes, detail);
            }
        }
        violations
    }
}

fn unfounded(witness: &Witness, digest: Digest, dealt: &Dealt, nodes: &[NodeId]) -> Vec<NodeId> {
    match &dealt.commitments {
        Commitments::Secp256k1(commitments) => wrong_shares(witness, digest, commitments, nodes),
        Commitments::Bls12381(commitments) => wrong_shares(witness, digest, commitments, nodes),
    }
}

/// Those of `nodes` whose share is not the committed polynomial's value. Looked at one by one only if a combination of
/// all that is random to whoever dealt them does not come out right.
fn wrong_shares<P: Curve>(witness: &Witness, digest: Digest, commitments: &[P], nodes: &[NodeId]) -> Vec<NodeId> {
    let share = |node: NodeId| P::Scalar::from_wire(witness.dealt.get(&(digest, node))?);
    let sum = |scalars: &mut dyn Iterator<Item = P::Scalar>| scalars.fold(P::Scalar::ZERO, |sum, scalar| sum + scalar);
    let (held, mut wrong): (Vec<NodeId>, Vec<NodeId>) = nodes.iter().partition(|node| share(**node).is_some());
    let are_right = |nodes: &[NodeId]| {
        let weights: Vec<(NodeId, P::Scalar)> = nodes.iter().map(|node| (*node, weight(digest, *node))).collect();
        let left = sum(&mut weights.iter().map(|(node, weight)| share(*node).unwrap_or(P::Scalar::ZERO) * weight));
        let mut powers = weights;
        let mut right = P::identity();
        for commitment in commitments {
            right += *commitment * sum(&mut powers.iter().map(|(_, power)| *power));
            powers.iter_mut().for_each(|(node, power)| *power *= P::Scalar::from(u64::from(node.0)));
        }
        P::generate(&left) == right
    };
    if !are_right(&held) {
        wrong.extend(held.into_iter().filter(|node| !are_right(&[*node])));
    }
    wrong
}

fn weight<S: PrimeField>(digest: Digest, node: NodeId) -> S {
    let mut hasher = blake3::Hasher::new_derive_key("litsim 1 ack soundness: weights");
    hasher.update(&digest.0).update(&node.0.to_be_bytes());
    let bytes: [u8; 16] = hasher.finalize().as_bytes()[..16].try_into().expect("16 of 32 bytes");
    S::from_u128(u128::from_be_bytes(bytes)) + S::ONE
}

/// Whether the dealing's proof was in a dealing of another key generation or dealer before, one that counted: a liar may
/// have sent its dealing before with any session and name in it.
fn is_stale(witness: &Witness, dealt: &Dealt, acknowledged: &BTreeSet<Digest>) -> bool {
    let place = |dealt: &Dealt| (dealt.session, dealt.dealer);
    let before = |other: &&Dealt| other.order < dealt.order && place(other) != place(dealt);
    let dealings = acknowledged.iter().filter_map(|digest| witness.dealings.get(digest));
    dealings.filter(before).any(|other| other.proof == dealt.proof)
}

/// z G = R + c E, where the challenge c names the key generation and the dealer.
fn is_own(Ephemeral { key, proof, context }: &Ephemeral, dealer: NodeId) -> bool {
    let parts: [&[u8]; 4] = [key.bytes(), proof.nonce.bytes(), context, &dealer.0.to_be_bytes()];
    let challenge = scalar_reduce(&hash_parts("dkg/proof/ephemeral", &parts));
    times_generator(&proof.response) == *proof.nonce.point() + *key.point() * challenge
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use k256::{ProjectivePoint, Scalar};
    use lit_node::dkg::{Proof, WirePoint};
    use lit_node::id::SessionId;

    const DIGEST: Digest = Digest([1; 32]);

    /// 5 + 2x, of which nodes 1 to 3 hold their values.
    fn dealing() -> Witness {
        dealing_over(Commitments::Secp256k1)
    }

    fn dealing_over<P: Curve>(commitments: fn(Vec<P>) -> Commitments) -> Witness {
        let mut witness = witness();
        let commitments = commitments([5u64, 2].map(|c| P::generate(&P::Scalar::from(c))).to_vec());
        let (session, dealer, ephemeral) = (SessionId([2; 32]), NodeId(1), ephemeral(NodeId(1)));
        let dealt = Dealt { session, dealer, commitments, proof: vec![7], ephemeral, order: 1 };
        witness.dealings.insert(DIGEST, dealt);
        for node in 1..=3u16 {
            let share = P::Scalar::from(5 + 2 * u64::from(node));
            witness.dealt.insert((DIGEST, NodeId(node)), share.to_wire());
            witness.acknowledged.insert((NodeId(node), DIGEST));
        }
        witness
    }

    /// A key whose logarithm is 9, with a proof of `dealer`; the nonce's is 4.
    fn ephemeral(dealer: NodeId) -> Ephemeral {
        let point = |logarithm: u64| WirePoint::from(times_generator(&Scalar::from(logarithm)));
        let (key, nonce, context) = (point(9), point(4), [6; 32]);
        let parts: [&[u8]; 4] = [key.bytes(), nonce.bytes(), &context, &dealer.0.to_be_bytes()];
        let challenge = scalar_reduce(&hash_parts("dkg/proof/ephemeral", &parts));
        let response = Scalar::from(4u64) + challenge * Scalar::from(9u64);
        Ephemeral { key, proof: Proof { nonce, response }, context }
    }

    #[test]
    fn the_key_that_hides_the_shares_is_the_dealers_own_and_not_copied_or_shifted() {
        let judged = |ephemeral: Ephemeral| {
            let mut witness = dealing();
            witness.dealings.get_mut(&DIGEST).unwrap().ephemeral = ephemeral;
            judged(&witness).into_iter().map(|violation| violation.nodes.len()).collect::<Vec<_>>()
        };
        let own = ephemeral(NodeId(1));
        assert_eq!(judged(own), [0; 0]);
        assert_eq!(judged(ephemeral(NodeId(2))), [3], "another dealer's");
        let shifted = WirePoint::from(*own.key.point() + ProjectivePoint::GENERATOR);
        assert_eq!(judged(Ephemeral { key: shifted, ..own }), [3]);
        assert_eq!(judged(Ephemeral { context: [7; 32], ..own }), [3], "of another key generation");
    }

    fn judged(witness: &Witness) -> Vec<Violation> {
        AckSoundness.judge(&facts(witness))
    }

    #[test]
    fn whoever_acknowledges_must_hold_the_committed_value() {
        must_hold_the_committed_value(dealing_over(Commitments::Secp256k1));
        must_hold_the_committed_value(dealing_over(Commitments::Bls12381));
    }

    fn must_hold_the_committed_value(mut witness: Witness) {
        assert_eq!(judged(&witness), []);
        witness.dealt.insert((DIGEST, NodeId(2)), Scalar::from(8u64).to_wire());
        assert_eq!(judged(&witness).into_iter().map(|v| v.nodes).collect::<Vec<_>>(), [vec![NodeId(2)]]);
        witness.dealt.remove(&(DIGEST, NodeId(2)));
        assert_eq!(judged(&witness).len(), 1, "a share that cannot be opened is not right either");
        let liar = Facts { corrupted: &[NodeId(2)], ..facts(&witness) };
        assert!(AckSoundness.judge(&liar).is_empty());
    }

    #[test]
    fn a_dealing_that_nobody_sent_cannot_be_right() {
        let mut witness = dealing();
        witness.acknowledged.insert((NodeId(1), Digest([9; 32])));
        assert_eq!(judged(&witness).len(), 1);
    }

    #[test]
    fn a_proof_that_another_key_generation_has_seen_is_stale_and_the_first_use_of_it_is_not() {
        let other = |order, session, is_acknowledged: bool| {
            let (mut witness, digest) = (dealing(), Digest([3; 32]));
            let dealt = Dealt { order, session: SessionId([session; 32]), ..witness.dealings[&DIGEST].clone() };
            witness.dealings.insert(digest, dealt);
            if is_acknowledged {
                witness.dealt.insert((digest, NodeId(1)), Scalar::from(7u64).to_wire());
                witness.acknowledged.insert((NodeId(1), digest));
            }
            judged(&witness).into_iter().map(|violation| violation.nodes.len()).collect::<Vec<_>>()
        };
        assert_eq!(other(2, 4, true), [1], "of two the later one is stale");
        assert_eq!(other(0, 4, true), [3]);
        assert_eq!(other(0, 4, false), [0; 0], "a liar's word about a session that was none");
        assert_eq!(other(0, 2, true), [0; 0], "two dealings for one place are another oracle's business");
    }
}
