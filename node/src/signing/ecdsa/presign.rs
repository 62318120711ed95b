//! One presignature among exactly k holders: one broadcast, and everybody can check it.
//!
//! From triples (k, d, kd) and (a, b, ab) each holder opens w = share of kd, u = share of k + a and v = share of
//! x + b. Then R = (kd)^-1 D = k^-1 G, and sigma = u x - v a + ab is a sharing of kx. Both triples are gone before
//! the broadcast, whatever becomes of it.

use k256::{ProjectivePoint, Scalar};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use thiserror::Error;
use zeroize::Zeroize;

use crate::curve;
use crate::id::{Digest, NodeId};
use crate::key::{KeyShare, PublicKey};
use crate::meter::{Meter, Op};
use crate::signing::{Opening, PresignShare, PresignStart};
use crate::triples::{Sealed, TripleCommitments, TripleShare, point_of};
use crate::wire::{Signable, Signed};

/// A presignature in the making: the triples are consumed, opened values are being collected.
pub struct Presign {
    start: PresignStart,
    key: Rc<KeyShare>,
    nonce: TripleShare,
    product: TripleShare,
    openings: BTreeMap<NodeId, Opening>,
}

/// Why a presignature came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PresignError {
    /// These holders opened values that do not match the public commitments.
    #[error("wrong values opened by {0:?}")]
    Wrong(Vec<NodeId>),
    /// kd is zero, which happens with probability 2^-256.
    #[error("the nonce cannot be inverted")]
    Degenerate,
}

impl Presign {
    /// Consumes two triples for a presignature. The caller has checked `start`: this node is among its holders,
    /// who are members and as many as the key's threshold, and the triples are of exactly these holders.
    pub fn begin(start: PresignStart, key: Rc<KeyShare>, nonce: TripleShare, product: TripleShare) -> (Self, Opening) {
        let opening = Opening { w: nonce.c, u: nonce.a + product.a, v: key.secret + product.b };
        let openings = BTreeMap::from([(key.holder, opening)]);
        (Self { start, key, nonce, product, openings }, opening)
    }

    /// What started it.
    pub fn start(&self) -> &PresignStart {
        &self.start
    }

    /// For which key it is.
    pub fn key(&self) -> &Rc<KeyShare> {
        &self.key
    }

    /// Takes in what `from` opened. A holder's first word counts; false if it is not wanted.
    pub fn accept(&mut self, from: NodeId, opening: Opening) -> bool {
        let wanted = self.start.holders.contains(&from) && !self.openings.contains_key(&from);
        if wanted {
            self.openings.insert(from, opening);
        }
        wanted
    }

    /// Whether all holders have opened.
    pub fn is_complete(&self) -> bool {
        self.openings.len() == self.start.holders.len()
    }

    /// The holders that have not opened.
    pub fn missing(&self) -> Vec<NodeId> {
        self.start.holders.iter().copied().filter(|h| !self.openings.contains_key(h)).collect()
    }

    /// Turns complete openings into this holder's presignature.
    ///
    /// # Errors
    /// See [`Terms::new`].
    pub fn finish(self, meter: &mut Meter) -> Result<Presignature, PresignError> {
        let triples = [&self.nonce.commitments, &self.product.commitments];
        let public = Terms::new(self.start.clone(), &self.key.public, triples, &self.openings, meter)?;
        let sigma = public.u * self.key.secret - public.v * self.product.a + self.product.c;
        Ok(Presignature { k: self.nonce.a, sigma, public })
    }
}

/// Whether a holder has opened its values of the triples for nonce and product, and of the key, whose public counterpart
/// is given: w G = (KD)_i, u G = K_i + A_i, v G = X_i + B_i.
pub(crate) fn is_right(
    opening: &Opening,
    holder: NodeId,
    key_share: ProjectivePoint,
    [nonce, product]: [&TripleCommitments; 2],
    meter: &mut Meter,
) -> bool {
    let generator = ProjectivePoint::GENERATOR;
    meter.add(Op::ScalarMul, 3);
    generator * opening.w == point_of(&nonce.c, holder)
        && generator * opening.u == point_of(&nonce.a, holder) + point_of(&product.a, holder)
        && generator * opening.v == key_share + point_of(&product.b, holder)
}

/// What everybody among the holders knows of a presignature.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The presignature's id.
    pub id: Digest,
    /// What started it: key, leader, holders.
    pub start: PresignStart,
    /// k^-1 G.
    pub r: ProjectivePoint,
    nonce: Arc<TripleCommitments>,
    product: Arc<TripleCommitments>,
    u: Scalar,
    v: Scalar,
    /// How others can see that these are the terms; `None` with dealt triples.
    pub(in crate::signing) origin: Option<Rc<Origin>>,
}

/// Where a presignature comes from, as its holders signed it.
#[derive(Debug)]
pub(in crate::signing) struct Origin {
    /// What all of them opened.
    pub(in crate::signing) openings: Vec<Signed<PresignShare>>,
    /// The triples.
    pub(in crate::signing) sealed: Arc<Sealed>,
}

impl Terms {
    /// The terms that follow from what the holders have opened, of the triples for nonce and product.
    ///
    /// The sums are checked against the committed constants, which is enough for the result to be right; only if a
    /// sum is wrong is each holder checked.
    ///
    /// # Errors
    /// If opened values are wrong (and whose), or kd is zero.
    pub fn new(
        start: PresignStart,
        key: &PublicKey,
        [nonce, product]: [&Arc<TripleCommitments>; 2],
        openings: &BTreeMap<NodeId, Opening>,
        meter: &mut Meter,
    ) -> Result<Self, PresignError> {
        let sum = |pick: fn(&Opening) -> Scalar| {
            curve::interpolate(&openings.iter().map(|(holder, o)| (*holder, pick(o))).collect::<Vec<_>>())
        };
        let (kd, u, v) = (sum(|o| o.w), sum(|o| o.u), sum(|o| o.v));
        let generator = ProjectivePoint::GENERATOR;
        meter.add(Op::ScalarMul, 4);
        let right = generator * kd == nonce.c[0]
            && generator * u == nonce.a[0] + product.a[0]
            && generator * v == key.point + product.b[0];
        if !right {
            let wrong = |(holder, opening): &(&NodeId, &Opening), meter: &mut Meter| {
                !is_right(opening, **holder, key.share_of(**holder), [nonce, product], meter)
            };
            let liars = openings.iter().filter(|entry| wrong(entry, meter)).map(|(holder, _)| *holder).collect();
            return Err(PresignError::Wrong(liars));
        }
        let inverse = Option::<Scalar>::from(kd.invert()).ok_or(PresignError::Degenerate)?;
        let (nonce, product) = (Arc::clone(nonce), Arc::clone(product));
        Ok(Self { id: start.digest(), r: nonce.b[0] * inverse, start, nonce, product, u, v, origin: None })
    }

    /// The public counterpart K_i of a holder's share of k.
    pub fn k_of(&self, holder: NodeId) -> ProjectivePoint {
        point_of(&self.nonce.a, holder)
    }

    /// The public counterpart of a holder's share of kx: u X_i - v A_i + C_i.
    pub fn sigma_of(&self, holder: NodeId, key_share: ProjectivePoint) -> ProjectivePoint {
        key_share * self.u - point_of(&self.product.a, holder) * self.v + point_of(&self.product.c, holder)
    }
}

/// One holder's presignature: good for one signature, hence neither `Clone` nor ever written down. Signing takes
/// it by value.
pub struct Presignature {
    /// Share of k.
    pub(super) k: Scalar,
    /// Share of kx.
    pub(super) sigma: Scalar,
    /// The public part.
    pub public: Terms,
}

impl Presignature {
    /// What the type exists to prevent: for [`crate::bugs::Bug::PresignatureTwice`].
    pub(in crate::signing) fn duplicate(&self) -> Self {
        Self { k: self.k, sigma: self.sigma, public: self.public.clone() }
    }

    /// This holder's share of the nonce, for those who keep account of secrets.
    pub(in crate::signing) fn nonce_share_bytes(&self) -> [u8; 32] {
        curve::scalar_bytes(&self.k)
    }
}

impl fmt::Debug for Presignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presignature").field("id", &self.public.id).finish_non_exhaustive()
    }
}

impl Drop for Presignature {
    fn drop(&mut self) {
        self.k.zeroize();
        self.sigma.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::tests::keys;
    use crate::triples::deal;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    /// Presigns among the first k of `members`, with `lie` applied to what the second holder opens.
    pub(in crate::signing::ecdsa) fn presign(
        members: u16,
        lie: impl Fn(&mut Opening),
    ) -> Vec<Result<Presignature, PresignError>> {
        let shares = keys::deal(members, 1);
        let public = shares[&NodeId(1)].public.clone();
        let holders = public.members[..usize::from(public.threshold)].to_vec();
        let mut dealt = deal(holders[0], &holders, 1, 2, &mut ChaCha20Rng::from_seed([8; 32]));
        let start = PresignStart {
            key: public.id(),
            epoch: public.epoch,
            leader: holders[0],
            holders: holders.clone(),
            batch: 1,
            sealed: None,
            nonce: 0,
            product: 1,
        };
        let mut runs = Vec::new();
        let mut openings = Vec::new();
        for holder in &holders {
            let mut triples = dealt.remove(holder).unwrap().triples.into_iter();
            let (nonce, product) = (triples.next().unwrap(), triples.next().unwrap());
            let key = Rc::new(shares[holder].clone());
            let (run, mut opening) = Presign::begin(start.clone(), key, nonce, product);
            if *holder == holders[1] {
                lie(&mut opening);
            }
            runs.push(run);
            openings.push((*holder, opening));
        }
        let finish = |mut run: Presign| {
            for (from, opening) in &openings {
                run.accept(*from, *opening);
            }
            assert!(run.is_complete() && run.missing().is_empty());
            run.finish(&mut Meter::default())
        };
        runs.into_iter().map(finish).collect()
    }

    #[test]
    fn shares_of_k_and_kx_match_their_public_counterparts_and_r_is_the_inverse() {
        let shares = keys::deal(7, 1);
        let presignatures: Vec<Presignature> = presign(7, |_| ()).into_iter().map(Result::unwrap).collect();
        let open = |pick: fn(&Presignature) -> Scalar| {
            let points: Vec<_> = presignatures.iter().zip(1..).map(|(p, id)| (NodeId(id), pick(p))).collect();
            curve::interpolate(&points)
        };
        let k = open(|p| p.k);
        assert_eq!(presignatures[0].public.r * k, ProjectivePoint::GENERATOR);
        let secrets: Vec<_> = shares.values().take(5).map(|s| (s.holder, s.secret)).collect();
        assert_eq!(open(|p| p.sigma), k * curve::interpolate(&secrets));
        for (p, id) in presignatures.iter().zip(1..) {
            let terms = &presignatures[2].public;
            assert_eq!(ProjectivePoint::GENERATOR * p.k, terms.k_of(NodeId(id)));
            let key_share = shares[&NodeId(id)].public.share_of(NodeId(id));
            assert_eq!(ProjectivePoint::GENERATOR * p.sigma, terms.sigma_of(NodeId(id), key_share));
        }
    }

    #[test]
    fn whoever_opens_a_wrong_value_of_any_kind_is_named_by_everyone_else() {
        let lies: [fn(&mut Opening); 3] = [|o| o.w += Scalar::ONE, |o| o.u += Scalar::ONE, |o| o.v += Scalar::ONE];
        for lie in lies {
            for (position, result) in presign(4, lie).into_iter().enumerate() {
                if position != 1 {
                    assert_eq!(result.err(), Some(PresignError::Wrong(vec![NodeId(2)])));
                }
            }
        }
    }

    #[test]
    fn a_holders_first_word_counts_and_strangers_are_not_heard() {
        let key = Rc::new(keys::deal(4, 1).remove(&NodeId(1)).unwrap());
        let holders = [1, 2, 3].map(NodeId);
        let part = deal(NodeId(1), &holders, 1, 2, &mut ChaCha20Rng::from_seed([8; 32])).remove(&NodeId(1)).unwrap();
        let start = PresignStart {
            key: key.public.id(),
            epoch: key.public.epoch,
            leader: NodeId(1),
            holders: holders.to_vec(),
            batch: 1,
            sealed: None,
            nonce: 0,
            product: 1,
        };
        let (mut run, opening) = Presign::begin(start, key, part.triples[0].clone(), part.triples[1].clone());
        assert!(!run.accept(NodeId(4), opening));
        assert!(run.accept(NodeId(2), opening) && !run.accept(NodeId(2), opening));
        assert_eq!(run.missing(), [NodeId(3)]);
    }
}
