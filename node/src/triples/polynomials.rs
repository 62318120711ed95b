//! The polynomials behind a batch: what a holder draws, and what it publishes of them.
//!
//! For each triple a holder draws a and b, of degree k - 1, and l with constant term 0, which randomises the sharing of
//! c. All coefficients are committed to as points; the constant of l is left out, as it is public.

use k256::{ProjectivePoint, Scalar};
use rand_core::RngCore;
use std::rc::Rc;
use zeroize::Zeroizing;

use super::codec::{POINT, Reader, put_points};
use super::pair::Inputs;
use super::proof::{Context, knowledge_holds, prove_knowledge};
use super::seed::Seed;
use super::slot::Terms;
use super::tools::Tools;
use super::triple::TripleCommitments;
use crate::curve::{Polynomial, evaluate_commitments, times_generator};
use crate::id::{Digest, NodeId};
use crate::meter::{Meter, Op};
use crate::wire::hash_parts;

/// The secret polynomials of one triple; each wipes itself.
pub(super) struct Secrets {
    pub(super) a: Polynomial,
    pub(super) b: Polynomial,
    pub(super) l: Polynomial,
}

/// One holder's commitments of one triple. The constant of `c` is the identity until c is known.
pub(super) type Committed = TripleCommitments;

/// Everything that a holder draws for a batch.
pub(super) struct Drawn {
    pub(super) secrets: Vec<Secrets>,
    pub(super) committed: Vec<Committed>,
    /// Salt and points: what the commitment is a hash of.
    pub(super) opened: Vec<u8>,
}

impl Drawn {
    /// Draws from the holder's seed.
    pub(super) fn draw(terms: &Terms, seed: &Seed, tools: &mut Tools) -> Self {
        let mut rng = seed.stream("polynomials", None);
        let k = u16::try_from(terms.k()).expect("a validator set has fewer than 65536 members");
        let (mut secrets, mut committed) = (Vec::new(), Vec::new());
        for _ in 0..terms.count {
            let (a, b, l) =
                (Polynomial::random(k, &mut rng), Polynomial::random(k, &mut rng), Polynomial::random(k, &mut rng));
            let mut coefficients = l.coefficients().to_vec();
            coefficients[0] = Scalar::ZERO;
            let l = Polynomial::from_coefficients(coefficients);
            committed.push(Committed { a: a.commit(), b: b.commit(), c: l.commit() });
            secrets.push(Secrets { a, b, l });
        }
        tools.meter.add(Op::ScalarMul, (terms.count * (3 * terms.k() - 1)) as u64);
        let mut opened = vec![0; 32];
        seed.stream("salt", None).fill_bytes(&mut opened);
        put_points(&mut opened, &flatten(&committed), tools.meter);
        Self { secrets, committed, opened }
    }

    /// The commitment to the commitments, so that nobody chooses its own after seeing others'.
    pub(super) fn digest(&self, terms: &Terms, holder: NodeId, meter: &mut Meter) -> Digest {
        digest(terms, holder, &self.opened, meter)
    }

    /// The constant terms of a and b.
    pub(super) fn inputs(&self) -> Inputs {
        let constants = |s: &Secrets| (s.a.coefficients()[0], s.b.coefficients()[0]);
        Rc::new(Zeroizing::new(self.secrets.iter().map(constants).collect()))
    }

    /// The body of the polynomials: what was committed to, and a proof of knowledge of the constants.
    pub(super) fn body(&self, context: [u8; 32], seed: &Seed, tools: &mut Tools) -> Vec<u8> {
        let constants: Zeroizing<Vec<Scalar>> =
            self.secrets.iter().flat_map(|s| [s.a.coefficients()[0], s.b.coefficients()[0]]).collect::<Vec<_>>().into();
        let mut body = self.opened.clone();
        let rng = &mut seed.stream("knowledge", None);
        let proof = prove_knowledge(knowledge(context), &self.opened, &constants, rng, tools);
        body.extend_from_slice(&proof);
        body
    }
}

/// The context of the proof of knowledge of all constants.
fn knowledge(context: [u8; 32]) -> Context<'static> {
    Context { domain: "triples/polynomials/knowledge", facts: context }
}

fn digest(terms: &Terms, holder: NodeId, opened: &[u8], meter: &mut Meter) -> Digest {
    meter.add(Op::HashByte, opened.len() as u64);
    Digest(hash_parts("triples/polynomials", &[&terms.batch.0, &holder.0.to_be_bytes(), opened]))
}

/// All points, in the order in which they are written.
fn flatten(committed: &[Committed]) -> Vec<ProjectivePoint> {
    committed.iter().flat_map(|t| t.a.iter().chain(&t.b).chain(t.c.iter().skip(1)).copied()).collect()
}

/// Takes in a holder's polynomials: they must be what it committed to, and it must know the constants. `None` if not.
pub(super) fn open(
    terms: &Terms,
    (holder, promised): (NodeId, Digest),
    context: [u8; 32],
    body: &[u8],
    tools: &mut Tools,
) -> Option<Vec<Committed>> {
    let (encoded, proof) = body.split_last_chunk()?;
    if digest(terms, holder, encoded, tools.meter) != promised {
        return None;
    }
    let committed = parse(terms, body)?.0;
    let constants: Vec<ProjectivePoint> = committed.iter().flat_map(|t| [t.a[0], t.b[0]]).collect();
    knowledge_holds(knowledge(context), encoded, &constants, proof, tools).then_some(committed)
}

/// Reads a body of polynomials without checking it.
pub(super) fn parse(terms: &Terms, body: &[u8]) -> Option<(Vec<Committed>, [u8; 64])> {
    if body.len() != 32 + terms.count * (3 * terms.k() - 1) * POINT + 64 {
        return None;
    }
    let mut reader = Reader::new(body);
    reader.slice(32).ok()?;
    let mut committed = Vec::with_capacity(terms.count);
    for _ in 0..terms.count {
        let (a, b) = (reader.points(terms.k()).ok()?, reader.points(terms.k()).ok()?);
        let mut c = vec![ProjectivePoint::IDENTITY];
        c.extend(reader.points(terms.k() - 1).ok()?);
        committed.push(Committed { a, b, c });
    }
    let proof = reader.array().ok()?;
    Some((committed, proof))
}

/// Adds up all holders' commitments, triple by triple.
pub(super) fn total<'a>(
    count: usize,
    holders: impl Iterator<Item = &'a Vec<Committed>> + Clone,
    meter: &mut Meter,
) -> Vec<Committed> {
    let add = |sum: &mut Vec<ProjectivePoint>, points: &[ProjectivePoint]| {
        sum.resize(points.len(), ProjectivePoint::IDENTITY);
        sum.iter_mut().zip(points).for_each(|(sum, point)| *sum += point);
    };
    let mut totals = Vec::with_capacity(count);
    for at in 0..count {
        let mut sum = Committed { a: Vec::new(), b: Vec::new(), c: Vec::new() };
        for holder in holders.clone() {
            add(&mut sum.a, &holder[at].a);
            add(&mut sum.b, &holder[at].b);
            add(&mut sum.c, &holder[at].c);
            meter.add(Op::PointAdd, 3 * sum.a.len() as u64);
        }
        totals.push(sum);
    }
    totals
}

/// Whether `share` is the value at `holder` of the polynomial behind `commitments`.
pub(super) fn matches(commitments: &[ProjectivePoint], holder: NodeId, share: &Scalar, meter: &mut Meter) -> bool {
    meter.add(Op::ScalarMul, 1);
    meter.add(Op::PointAdd, (commitments.len() * 2 * (16 - holder.0.leading_zeros() as usize)) as u64);
    times_generator(share) == evaluate_commitments(commitments, holder)
}
