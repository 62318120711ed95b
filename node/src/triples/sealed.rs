//! What all holders of a batch have sealed: its public polynomials. Whoever opens something of its triples later can be
//! held to them, because it signed their hash.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::codec::{POINT, Reader, point_bytes};
use super::message::{Body, Seal};
use super::triple::TripleCommitments;
use crate::id::{Digest, NodeId};
use crate::meter::{Meter, Op};
use crate::wire::{Signed, hash_parts};

/// A batch's public polynomials with the seals of its holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The hash that all have sealed.
    pub public: Digest,
    pub(super) commitments: Vec<Arc<TripleCommitments>>,
    pub(super) seals: BTreeMap<NodeId, Signed<Seal>>,
}

impl Sealed {
    /// What shows others the polynomials that a holder has sealed; `None` for a stranger to the batch.
    pub fn by(&self, holder: NodeId, meter: &mut Meter) -> Option<SealedPolynomials> {
        let seal = self.seals.get(&holder)?.clone();
        let points = encoded(self.commitments.iter().map(Arc::as_ref), meter);
        Some(SealedPolynomials { seal, points: Body(points) })
    }
}

/// A holder's seal with what it is a hash of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedPolynomials {
    /// The seal. Whoever judges checks its signature.
    pub seal: Signed<Seal>,
    /// The coefficients of a, b and c of each triple, both coordinates of each.
    pub points: Body,
}

impl SealedPolynomials {
    /// The polynomials of some triples among so many holders, if they are what was sealed.
    pub fn triples<const N: usize>(
        &self,
        holders: usize,
        wanted: [u32; N],
        meter: &mut Meter,
    ) -> Option<[TripleCommitments; N]> {
        let points = &self.points.0;
        if digest(self.seal.body.sid, points, meter) != self.seal.body.public {
            return None;
        }
        let size = holders.checked_mul(3 * POINT).filter(|size| *size > 0)?;
        let triple = |index: u32| {
            let mut reader = Reader::new(points.chunks_exact(size).nth(usize::try_from(index).ok()?)?);
            let (a, b, c) = (reader.points(holders).ok()?, reader.points(holders).ok()?, reader.points(holders).ok()?);
            Some(TripleCommitments { a, b, c })
        };
        let found: Option<Vec<TripleCommitments>> = wanted.into_iter().map(triple).collect();
        found?.try_into().ok()
    }
}

/// The polynomials as bytes.
pub(super) fn encoded<'a>(commitments: impl Iterator<Item = &'a TripleCommitments>, meter: &mut Meter) -> Vec<u8> {
    let points: Vec<_> = commitments.flat_map(|t| t.a.iter().chain(&t.b).chain(&t.c).copied()).collect();
    point_bytes(&points, meter)
}

/// What holders of a session seal.
pub(super) fn digest(sid: Digest, encoded: &[u8], meter: &mut Meter) -> Digest {
    meter.add(Op::HashByte, encoded.len() as u64);
    Digest(hash_parts("triples/public", &[&sid.0, encoded]))
}

#[cfg(any(test, feature = "fuzzing"))]
impl Sealed {
    /// As if all holders had made these triples, and sealed them with the keys of [`crate::testing`].
    pub(crate) fn of(dealt: &super::triple::DealtTriples) -> Self {
        let meter = &mut Meter::default();
        let commitments: Vec<_> = dealt.triples.iter().map(|triple| Arc::clone(&triple.commitments)).collect();
        let (batch, sid) = (crate::id::SessionId([7; 32]), Digest([8; 32]));
        let public = digest(sid, &encoded(commitments.iter().map(Arc::as_ref), meter), meter);
        let mut sealed = |holder: &NodeId| {
            let identity = crate::testing::identity(*holder);
            (*holder, Signed::new(Seal { batch, sid, public }, *holder, &identity, meter))
        };
        let seals = dealt.holders.iter().map(&mut sealed).collect();
        Self { public, commitments, seals }
    }
}
