//! One holder's part of a batch as a pure machine: bodies in, bodies out, nothing else.
//!
//! What it says depends on its seed and on the bodies that it was given, not on their order, the time or the node. The
//! same code therefore makes a batch and replays it when seeds have been opened.
//!
//! The structure is that of the triple generation of cait-sith (its `docs/triples.md`): committed polynomials, products
//! of all pairs, a proof of equality for each holder's part of ab, and the check that the sums of the products are the
//! logarithms of those parts.

use k256::{ProjectivePoint, Scalar};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::codec::{Reader, point_bytes, put_points, put_scalar};
use super::pair::{Inputs, Pair};
use super::polynomials::{Committed, Drawn, matches, open, total};
use super::proof::{Context, Equal, equality_holds, knowledge_holds, prove_equality, prove_knowledge};
use super::sealed;
use super::seed::Seed;
use super::slot::{Kind, Slot, Terms};
use super::tools::Tools;
use super::triple::TripleShare;
use super::waits::{Awaited, Waits};
use crate::curve::times_generator;
use crate::id::{Digest, NodeId};
use crate::meter::Op;
use crate::wire::hash_parts;

/// A body to be sent.
pub(super) struct Outgoing {
    pub(super) to: Option<NodeId>,
    pub(super) kind: Kind,
    pub(super) part: u8,
    pub(super) body: Vec<u8>,
}

/// What a holder has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The body of this slot is none that an honest holder sends.
    Bad(Slot),
    /// A value in the body of this slot is not on its maker's committed polynomial.
    Share(Slot),
    /// The products do not add up to the product: some pair's transfers were wrong.
    Unequal,
}

/// A finished batch: this holder's shares, and a digest of what is public, equal at all holders.
pub(super) struct Outcome {
    pub(super) triples: Vec<TripleShare>,
    pub(super) public: Digest,
}

/// A holder that has drawn and is about to commit.
pub(super) struct Committing {
    terms: Rc<Terms>,
    me: NodeId,
    seed: Seed,
    drawn: Drawn,
}

impl Committing {
    pub(super) fn new(terms: Rc<Terms>, me: NodeId, seed: Seed, tools: &mut Tools) -> Self {
        let drawn = Drawn::draw(&terms, &seed, tools);
        Self { terms, me, seed, drawn }
    }

    /// The commitments to the seed and to the polynomials.
    pub(super) fn promise(&self, tools: &mut Tools) -> (Digest, Digest) {
        (self.seed.commitment(self.terms.batch, self.me), self.drawn.digest(&self.terms, self.me, tools.meter))
    }

    /// All holders have committed: `sid` is a hash of their commitments, `promised` what they promised to open.
    pub(super) fn begin(
        self,
        sid: Digest,
        promised: BTreeMap<NodeId, Digest>,
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Holder {
        let Self { terms, me, seed, drawn } = self;
        let body = drawn.body(context(sid, me), &seed, tools);
        out.push(Outgoing { to: None, kind: Kind::Polynomials, part: 0, body });
        let values = |at: NodeId| -> Zeroizing<Vec<Scalar>> {
            drawn.secrets.iter().flat_map(|s| [s.a.evaluate(at), s.b.evaluate(at)]).collect::<Vec<_>>().into()
        };
        for peer in terms.peers(me) {
            let mut body = Vec::with_capacity(terms.length(Kind::Shares, 0));
            values(peer).iter().for_each(|share| put_scalar(&mut body, share));
            out.push(Outgoing { to: Some(peer), kind: Kind::Shares, part: 0, body });
        }
        let inputs = drawn.inputs();
        let begin = |peer, tools: &mut Tools, out: &mut Vec<Outgoing>| {
            Pair::begin((me, peer), sid, (&terms, &seed, &inputs), tools, out)
        };
        let pairs = terms.peers(me).map(|peer| (peer, begin(peer, tools, out))).collect();
        Holder {
            committed: BTreeMap::from([(me, drawn.committed.clone())]),
            shares: BTreeMap::from([(me, values(me))]),
            products: BTreeMap::new(),
            early_products: BTreeMap::new(),
            sums: BTreeMap::new(),
            last_shares: BTreeMap::new(),
            totals: None,
            stage: Stage::Multiplying,
            terms,
            me,
            sid,
            seed,
            drawn,
            inputs,
            promised,
            pairs,
        }
    }

    /// Gives up the batch: the seed, to be shown.
    pub(super) fn open(self) -> Seed {
        self.seed
    }
}

/// What proofs of `holder` are bound to.
fn context(sid: Digest, holder: NodeId) -> [u8; 32] {
    hash_parts("triples/context", &[&sid.0, &holder.0.to_be_bytes()])
}

/// How far a holder is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Shares of a and b are not yet known to be right.
    Multiplying,
    /// They are; products are outstanding.
    Shared,
    /// The holder has shown its sums.
    Summing,
    /// Everything has been checked.
    Complete,
}

/// A holder at work.
pub(super) struct Holder {
    terms: Rc<Terms>,
    me: NodeId,
    sid: Digest,
    seed: Seed,
    drawn: Drawn,
    inputs: Inputs,
    promised: BTreeMap<NodeId, Digest>,
    committed: BTreeMap<NodeId, Vec<Committed>>,
    /// For each triple two scalars: values of a and b here.
    shares: BTreeMap<NodeId, Zeroizing<Vec<Scalar>>>,
    pairs: BTreeMap<NodeId, Pair>,
    products: BTreeMap<NodeId, Vec<ProjectivePoint>>,
    /// Products that came before all polynomials.
    early_products: BTreeMap<NodeId, Vec<u8>>,
    sums: BTreeMap<NodeId, Vec<ProjectivePoint>>,
    last_shares: BTreeMap<NodeId, Zeroizing<Vec<Scalar>>>,
    totals: Option<Vec<Committed>>,
    stage: Stage,
}

impl Holder {
    /// Whether everything has been checked: the products add up, and this holder's shares are right.
    pub(super) fn is_complete(&self) -> bool {
        self.stage == Stage::Complete
    }

    /// For whom this holder waits at the earliest stage at which it waits for anybody.
    pub(super) fn waits(&self) -> Option<Waits> {
        let owes_work = |peer: &NodeId| {
            let told = [self.committed.contains_key(peer), self.shares.contains_key(peer)];
            let multiplied = self.pairs.get(peer).is_none_or(|pair| pair.result().is_some());
            told.contains(&false) || !multiplied
        };
        let owes_product = |peer: &NodeId| !self.products.contains_key(peer) && !self.early_products.contains_key(peer);
        let owes_last = |peer: &NodeId| !self.sums.contains_key(peer) || !self.last_shares.contains_key(peer);
        let those = |stage, owes: &dyn Fn(&NodeId) -> bool| Waits {
            stage,
            holders: self.terms.peers(self.me).filter(owes).collect(),
        };
        [
            those(Awaited::Multiplications, &owes_work),
            those(Awaited::Products, &owes_product),
            those(Awaited::Sums, &owes_last),
        ]
        .into_iter()
        .find(|waits| !waits.holders.is_empty())
    }

    /// Takes in a body. The caller has checked that `slot` exists and reaches this holder, and gives each slot once.
    pub(super) fn accept(
        &mut self,
        slot: Slot,
        body: &[u8],
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Result<(), Fault> {
        if body.len() != self.terms.length(slot.kind, slot.part) {
            return Err(Fault::Bad(slot));
        }
        self.take_in(slot, body, tools, out).ok_or(Fault::Bad(slot))?;
        self.advance(tools, out)
    }

    fn take_in(&mut self, slot: Slot, body: &[u8], tools: &mut Tools, out: &mut Vec<Outgoing>) -> Option<()> {
        let (from, count) = (slot.from, self.terms.count);
        let scalars = |count| -> Option<Zeroizing<Vec<Scalar>>> { Some(Reader::new(body).scalars(count).ok()?.into()) };
        match slot.kind {
            Kind::Polynomials => {
                let promise = (from, *self.promised.get(&from)?);
                let committed = open(&self.terms, promise, context(self.sid, from), body, tools)?;
                self.committed.insert(from, committed);
            }
            Kind::Shares => {
                self.shares.insert(from, scalars(2 * count)?);
            }
            Kind::Products if self.totals.is_none() => {
                self.early_products.insert(from, body.to_vec());
            }
            Kind::Products => self.take_products(from, body, tools)?,
            Kind::Sums => {
                let sums = check_sums(count, context(self.sid, from), body, tools)?;
                self.sums.insert(from, sums);
            }
            Kind::LastShares => {
                self.last_shares.insert(from, scalars(count)?);
            }
            Kind::Setup | Kind::Choices | Kind::Extension | Kind::Corrections | Kind::Answers => {
                let pair = self.pairs.get_mut(&from)?;
                pair.accept((slot.kind, slot.part), body, &self.seed, tools, out).ok()?;
            }
        }
        Some(())
    }

    fn take_products(&mut self, from: NodeId, body: &[u8], tools: &mut Tools) -> Option<()> {
        let parts = (self.committed.get(&from)?.as_slice(), self.totals.as_deref()?);
        let products = check_products(parts, context(self.sid, from), body, tools)?;
        self.products.insert(from, products);
        Some(())
    }

    /// Does whatever has become possible.
    fn advance(&mut self, tools: &mut Tools, out: &mut Vec<Outgoing>) -> Result<(), Fault> {
        let k = self.terms.k();
        if self.totals.is_none() && self.committed.len() == k {
            self.totals = Some(total(self.terms.count, self.committed.values(), tools.meter));
            self.show_products(tools, out);
            for (from, body) in std::mem::take(&mut self.early_products) {
                let slot = Slot { from, to: None, kind: Kind::Products, part: 0 };
                self.take_products(from, &body, tools).ok_or(Fault::Bad(slot))?;
            }
        }
        if self.stage == Stage::Multiplying && self.totals.is_some() && self.shares.len() == k {
            self.check_shares(tools)?;
            self.stage = Stage::Shared;
        }
        let multiplied = self.pairs.values().all(|pair| pair.result().is_some());
        if self.stage == Stage::Shared && self.products.len() == k && multiplied {
            self.show_sums(tools, out);
            self.stage = Stage::Summing;
        }
        if self.stage == Stage::Summing && self.sums.len() == k && self.last_shares.len() == k {
            self.check_product(tools)?;
            self.stage = Stage::Complete;
        }
        Ok(())
    }

    /// C_i = a_i B for every triple, with proofs.
    fn show_products(&mut self, tools: &mut Tools, out: &mut Vec<Outgoing>) {
        let Some(totals) = &self.totals else { return };
        let secrets: Zeroizing<Vec<Scalar>> = self.inputs.iter().map(|(a, _)| *a).collect::<Vec<_>>().into();
        let bases: Vec<ProjectivePoint> = totals.iter().map(|t| t.b[0]).collect();
        let keys: Vec<ProjectivePoint> = self.drawn.committed.iter().map(|t| t.a[0]).collect();
        let images: Vec<ProjectivePoint> = bases.iter().zip(secrets.iter()).map(|(base, a)| *base * a).collect();
        tools.meter.add(Op::ScalarMul, images.len() as u64);
        let equal = Equal { keys: &keys, bases: &bases, images: &images };
        let rng = &mut self.seed.stream("products", None);
        let (challenge, responses) = prove_equality(equality(context(self.sid, self.me)), equal, &secrets, rng, tools);
        let mut body = Vec::with_capacity(self.terms.length(Kind::Products, 0));
        put_points(&mut body, &images, tools.meter);
        responses.iter().chain([&challenge]).for_each(|scalar| put_scalar(&mut body, scalar));
        self.products.insert(self.me, images);
        out.push(Outgoing { to: None, kind: Kind::Products, part: 0, body });
    }

    /// The additive share of c: own a b, and this side of all products.
    fn show_sums(&mut self, tools: &mut Tools, out: &mut Vec<Outgoing>) {
        let own = self.inputs.iter().map(|(a, b)| *a * b).collect::<Vec<_>>();
        let sums: Zeroizing<Vec<Scalar>> = Zeroizing::new(
            self.pairs
                .values()
                .filter_map(Pair::result)
                .fold(own, |sums, shares| sums.iter().zip(shares).map(|(sum, share)| sum + share).collect()),
        );
        let points: Vec<ProjectivePoint> = sums.iter().map(times_generator).collect();
        tools.meter.add(Op::ScalarMul, points.len() as u64);
        let mut body = point_bytes(&points, tools.meter);
        let rng = &mut self.seed.stream("sums", None);
        let proof = prove_knowledge(knowledge(context(self.sid, self.me)), &body, &sums, rng, tools);
        body.extend_from_slice(&proof);
        out.push(Outgoing { to: None, kind: Kind::Sums, part: 0, body });
        let values = |at: NodeId| -> Zeroizing<Vec<Scalar>> {
            let shares = self.drawn.secrets.iter().zip(sums.iter()).map(|(s, sum)| s.l.evaluate(at) + sum);
            shares.collect::<Vec<_>>().into()
        };
        for peer in self.terms.peers(self.me) {
            let mut body = Vec::with_capacity(self.terms.length(Kind::LastShares, 0));
            values(peer).iter().for_each(|share| put_scalar(&mut body, share));
            out.push(Outgoing { to: Some(peer), kind: Kind::LastShares, part: 0, body });
        }
        let own = values(self.me);
        self.last_shares.insert(self.me, own);
        self.sums.insert(self.me, points);
    }

    /// Checks the sums of the shares of a and b; only if one is wrong each holder's.
    fn check_shares(&self, tools: &mut Tools) -> Result<(), Fault> {
        let sums = sum_of(self.shares.values());
        let mut totals = self.totals.iter().flatten().zip(pairwise(&sums));
        let right = |(t, (a, b)): (&Committed, (Scalar, Scalar)), tools: &mut Tools| {
            matches(&t.a, self.me, &a, tools.meter) && matches(&t.b, self.me, &b, tools.meter)
        };
        if totals.all(|pair| right(pair, tools)) {
            return Ok(());
        }
        let wrong = |peer: &NodeId, tools: &mut Tools| {
            let parts = self.committed[peer].iter().zip(pairwise(&self.shares[peer]));
            !parts.into_iter().all(|pair| right(pair, tools))
        };
        let liar = self.terms.peers(self.me).find(|peer| wrong(peer, tools));
        Err(self.share_fault(liar, Kind::Shares))
    }

    /// Checks L(0) = C, then the sums of the shares of c; only if one is wrong each holder's.
    fn check_product(&mut self, tools: &mut Tools) -> Result<(), Fault> {
        let products = add_up(self.products.values());
        if products != add_up(self.sums.values()) {
            return Err(Fault::Unequal);
        }
        let Some(totals) = &mut self.totals else { return Err(Fault::Unequal) };
        totals.iter_mut().zip(products).for_each(|(t, c)| t.c[0] = c);
        let shares = sum_of(self.last_shares.values());
        if totals.iter().zip(shares.iter()).all(|(t, c)| matches(&t.c, self.me, c, tools.meter)) {
            return Ok(());
        }
        let wrong = |peer: &NodeId, tools: &mut Tools| {
            let sums = &self.sums[peer];
            let parts = self.committed[peer].iter().zip(sums).zip(self.last_shares[peer].iter());
            !parts.into_iter().all(|((t, sum), share)| last_share_matches(t, sum, self.me, share, tools))
        };
        let liar = self.terms.peers(self.me).find(|peer| wrong(peer, tools));
        Err(self.share_fault(liar, Kind::LastShares))
    }

    fn share_fault(&self, liar: Option<NodeId>, kind: Kind) -> Fault {
        liar.map_or(Fault::Unequal, |from| Fault::Share(Slot { from, to: Some(self.me), kind, part: 0 }))
    }

    /// Gives up the batch: the seed, to be shown.
    pub(super) fn open(self) -> Seed {
        self.seed
    }

    /// What the planted bug keeps.
    pub(super) fn seed_that_should_be_gone(&self) -> Seed {
        self.seed.clone()
    }

    /// Gives up the seed: the triples. Itself again if not all is checked.
    pub(super) fn seal(self, tools: &mut Tools) -> Result<Outcome, Box<Self>> {
        let (Stage::Complete, Some(totals)) = (self.stage, &self.totals) else { return Err(Box::new(self)) };
        let public = public_digest(self.sid, totals, tools);
        let ab = sum_of(self.shares.values());
        let c = sum_of(self.last_shares.values());
        let share = |((t, (a, b)), c): ((&Committed, (Scalar, Scalar)), &Scalar)| TripleShare {
            a,
            b,
            c: *c,
            commitments: Arc::new(t.clone()),
        };
        let triples = totals.iter().zip(pairwise(&ab)).zip(c.iter()).map(share).collect();
        Ok(Outcome { triples, public })
    }
}

/// The digest of a batch's public polynomials.
pub(super) fn public_digest(sid: Digest, totals: &[Committed], tools: &mut Tools) -> Digest {
    let encoded = sealed::encoded(totals.iter(), tools.meter);
    sealed::digest(sid, &encoded, tools.meter)
}

fn equality(facts: [u8; 32]) -> Context<'static> {
    Context { domain: "triples/products", facts }
}

fn knowledge(facts: [u8; 32]) -> Context<'static> {
    Context { domain: "triples/sums", facts }
}

/// Reads a holder's products and checks the proofs.
fn check_products(
    (committed, totals): (&[Committed], &[Committed]),
    facts: [u8; 32],
    body: &[u8],
    tools: &mut Tools,
) -> Option<Vec<ProjectivePoint>> {
    let mut reader = Reader::new(body);
    let images = reader.points(totals.len()).ok()?;
    let responses = reader.scalars(totals.len()).ok()?;
    let challenge = reader.scalar().ok()?;
    reader.end().ok()?;
    let keys: Vec<ProjectivePoint> = committed.iter().map(|t| t.a[0]).collect();
    let bases: Vec<ProjectivePoint> = totals.iter().map(|t| t.b[0]).collect();
    let equal = Equal { keys: &keys, bases: &bases, images: &images };
    equality_holds(equality(facts), equal, &challenge, &responses, tools).then_some(images)
}

/// A holder's polynomials for those who were not there, with their proof of knowledge.
pub(super) fn polynomials_of(
    terms: &Terms,
    (sid, promise): (Digest, (NodeId, Digest)),
    body: &[u8],
    tools: &mut Tools,
) -> Option<Vec<Committed>> {
    open(terms, promise, context(sid, promise.0), body, tools)
}

/// [`check_products`] for those who were not there.
pub(super) fn products_of(
    (sid, holder): (Digest, NodeId),
    committed: &[Committed],
    totals: &[Committed],
    body: &[u8],
    tools: &mut Tools,
) -> Option<Vec<ProjectivePoint>> {
    check_products((committed, totals), context(sid, holder), body, tools)
}

/// Reads a holder's sums and checks the proof.
fn check_sums(count: usize, facts: [u8; 32], body: &[u8], tools: &mut Tools) -> Option<Vec<ProjectivePoint>> {
    let encoded = body.get(..body.len().checked_sub(64)?)?;
    let sums = read_sums(count, body)?;
    let proof = body[encoded.len()..].try_into().ok()?;
    knowledge_holds(knowledge(facts), encoded, &sums, &proof, tools).then_some(sums)
}

/// [`check_sums`] for those who were not there.
pub(super) fn sums_hold(terms: &Terms, (sid, holder): (Digest, NodeId), body: &[u8], tools: &mut Tools) -> bool {
    let fits = body.len() == terms.length(Kind::Sums, 0);
    fits && check_sums(terms.count, context(sid, holder), body, tools).is_some()
}

/// Reads a body of sums without checking it.
pub(super) fn read_sums(count: usize, body: &[u8]) -> Option<Vec<ProjectivePoint>> {
    Reader::new(body).points(count).ok()
}

/// Whether a share of c is what its maker committed to: its l at `holder`, plus its sum.
pub(super) fn last_share_matches(
    committed: &Committed,
    sum: &ProjectivePoint,
    holder: NodeId,
    share: &Scalar,
    tools: &mut Tools,
) -> bool {
    let mut c = committed.c.clone();
    c[0] = *sum;
    matches(&c, holder, share, tools.meter)
}

fn sum_of<'a>(holders: impl Iterator<Item = &'a Zeroizing<Vec<Scalar>>>) -> Zeroizing<Vec<Scalar>> {
    let mut sums = Zeroizing::new(Vec::new());
    for shares in holders {
        sums.resize(shares.len(), Scalar::ZERO);
        sums.iter_mut().zip(shares.iter()).for_each(|(sum, share)| *sum += share);
    }
    sums
}

fn add_up<'a>(holders: impl Iterator<Item = &'a Vec<ProjectivePoint>>) -> Vec<ProjectivePoint> {
    let mut sums = Vec::new();
    for points in holders {
        sums.resize(points.len(), ProjectivePoint::IDENTITY);
        sums.iter_mut().zip(points).for_each(|(sum, point)| *sum += point);
    }
    sums
}

fn pairwise(scalars: &[Scalar]) -> impl Iterator<Item = (Scalar, Scalar)> + '_ {
    scalars.chunks_exact(2).map(|pair| (pair[0], pair[1]))
}
