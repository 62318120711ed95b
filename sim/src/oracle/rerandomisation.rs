//! No presignature's nonce is used as it was before the message was known.

use std::collections::{BTreeMap, BTreeSet};

use k256::Scalar;
use k256::elliptic_curve::point::AffineCoordinates;
use lit_node::curve::{interpolate, scalar_bytes, scalar_from_bytes, scalar_reduce, times_generator};
use lit_node::id::{Digest, SessionId};
use lit_node::signing::Scheme;

use super::{Accepted, Event, Facts, Oracle, Violation};
use crate::heap::Nanos;

/// With presignatures alone, whoever sees their nonce points before it chooses what to have signed may combine some of
/// them into a signature of something else (Groth and Shoup 2021/1330, section 5). The observer knows every holder's share
/// of every nonce, so it knows the point that a presignature has by itself; no accepted signature may have that one.
#[derive(Default)]
pub struct Rerandomisation {
    accepted: Vec<(Nanos, Accepted)>,
}

impl Rerandomisation {
    /// The name in reports.
    pub const NAME: &str = "rerandomisation";
}

impl Oracle for Rerandomisation {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn observe(&mut self, at: Nanos, event: Event<'_>) {
        if let Event::Accepted(accepted) = event
            && accepted.scheme == Scheme::EcdsaK256
        {
            self.accepted.push((at, accepted.clone()));
        }
    }

    fn occasions(&self, _: &Facts<'_>) -> u64 {
        self.accepted.len() as u64
    }

    fn judge(&mut self, facts: &Facts<'_>) -> Vec<Violation> {
        let bare = bare(facts);
        let used = self.accepted.iter().filter_map(|(at, accepted)| {
            let id = bare.get(accepted.signature.get(..32)?)?;
            Some((*at, accepted, id))
        });
        used.map(|(at, accepted, id)| Violation {
            oracle: Self::NAME,
            at,
            nodes: Vec::new(),
            detail: format!(
                "signature {:?} of {} has the nonce of presignature {id} as it was before the request",
                accepted.sig_name, accepted.request
            ),
        })
        .collect()
    }
}

/// What r would be of each presignature by itself, R being k^-1 G.
fn bare(facts: &Facts<'_>) -> BTreeMap<[u8; 32], Digest> {
    let witness = facts.witness;
    let of_presignature = |id: &Digest| {
        let shares = witness.nonces.get(&SessionId(id.0))?;
        let shares: Option<Vec<_>> = shares.iter().map(|(node, k)| Some((*node, scalar_from_bytes(k)?))).collect();
        let inverse = Option::<Scalar>::from(interpolate(&shares?).invert())?;
        let x = times_generator(&inverse).to_affine().x();
        Some((scalar_bytes(&scalar_reduce(&x.into())), *id))
    };
    let all: BTreeSet<&Digest> = witness.presignatures.iter().collect();
    all.into_iter().filter_map(of_presignature).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, witness};
    use super::*;
    use lit_node::curve::Polynomial;
    use lit_node::id::{KeyId, NodeId, RequestId};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    const ID: Digest = Digest([4; 32]);

    /// How many violations there are when a signature with the nonce k^-1 times `factor` is accepted, of a presignature
    /// with a random k.
    fn judged(factor: u64, scheme: Scheme, is_started: bool) -> usize {
        let mut witness = witness();
        let polynomial = Polynomial::random(3, &mut ChaCha20Rng::from_seed([8; 32]));
        for node in [1, 2, 4].map(NodeId) {
            let share = scalar_bytes(&polynomial.evaluate(node));
            witness.nonces.entry(SessionId(ID.0)).or_default().insert(node, share);
        }
        witness.presignatures.extend(is_started.then_some(ID));
        let nonce = polynomial.coefficients()[0].invert().unwrap() * Scalar::from(factor);
        let x: [u8; 32] = times_generator(&nonce).to_affine().x().into();
        let accepted = Accepted {
            request: RequestId([1; 32]),
            sig_name: "sig".into(),
            scheme,
            key: KeyId([2; 32]),
            public_key: vec![],
            digest: Digest([3; 32]),
            signature: [&scalar_bytes(&scalar_reduce(&x))[..], &[1; 33]].concat(),
        };
        let mut oracle = Rerandomisation::default();
        oracle.observe(1, Event::Accepted(&accepted));
        oracle.judge(&facts(&witness)).len()
    }

    #[test]
    fn the_nonce_of_a_presignature_must_not_be_that_of_a_signature() {
        assert_eq!(judged(1, Scheme::EcdsaK256, true), 1);
        assert_eq!(judged(7, Scheme::EcdsaK256, true), 0, "rerandomised");
        assert_eq!(judged(1, Scheme::SchnorrK256Sha256, true), 0, "of another scheme");
        assert_eq!(judged(1, Scheme::EcdsaK256, false), 0, "the nonce of no presignature");
    }
}
