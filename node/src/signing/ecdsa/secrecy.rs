//! What k - 1 holders learn from everything that is published while presignatures are made and used.
//!
//! All of it is linear in the coefficients of the polynomials that are shared: the key's, and three of each triple; u, v
//! and the factors of a signature are public. That c is a times b is left out of the account: of k and x together it says
//! what the signature says, and no more.

use k256::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::{Presign, Run};
use crate::curve::{Polynomial, interpolate};
use crate::id::{Digest, NodeId};
use crate::meter::Meter;
use crate::signing::tests::keys;
use crate::signing::{Opening, PresignStart};
use crate::testing::span::{Form, Span, powers};
use crate::triples::{TripleCommitments, TripleShare};

/// A triple's polynomials, in the order of their unknowns.
#[derive(Clone, Copy)]
enum Of {
    A,
    B,
    C,
}

struct Triple {
    /// By [`Of`].
    polynomials: [Polynomial; 3],
    commitments: Arc<TripleCommitments>,
}

impl Triple {
    fn random(k: u16, rng: &mut ChaCha20Rng) -> Self {
        let (a, b) = (Polynomial::random(k, rng), Polynomial::random(k, rng));
        let c = Polynomial::sharing(a.coefficients()[0] * b.coefficients()[0], k, rng);
        let commitments = Arc::new(TripleCommitments { a: a.commit(), b: b.commit(), c: c.commit() });
        Self { polynomials: [a, b, c], commitments }
    }

    fn share(&self, holder: NodeId) -> TripleShare {
        let value = |of: Of| self.polynomials[of as usize].evaluate(holder);
        TripleShare { a: value(Of::A), b: value(Of::B), c: value(Of::C), commitments: Arc::clone(&self.commitments) }
    }
}

/// What a signature is of, and all that its nonce is made anew by: a coordinator may change any of it alone.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Message {
    digest: u8,
    tweak: u8,
    /// Changes all holders' fresh values.
    salt: u8,
}

impl Message {
    fn of(number: u8) -> Self {
        Self { digest: number, tweak: number, salt: number }
    }
}

/// The nodes and everything published so far by real presigning and signing, as forms beside their values.
struct Record {
    members: u16,
    k: u16,
    triples: Vec<Triple>,
    published: Vec<(Form, Scalar)>,
}

impl Record {
    fn new(members: u16, triples: usize) -> Self {
        let (k, mut rng) = ((2 * members).div_ceil(3), ChaCha20Rng::from_seed([5; 32]));
        let triples = (0..triples).map(|_| Triple::random(k, &mut rng)).collect();
        Self { members, k, triples, published: Vec::new() }
    }

    /// A polynomial's value at a place, by the number of the polynomial.
    fn form(&self, polynomial: usize, at: NodeId) -> Form {
        let (k, mut form) = (usize::from(self.k), Form::new());
        form.resize((1 + 3 * self.triples.len()) * k, Scalar::ZERO);
        form[polynomial * k..][..k].copy_from_slice(&powers(at.0, self.k));
        form
    }

    fn key(&self, at: NodeId) -> Form {
        self.form(0, at)
    }

    fn of(&self, triple: usize, of: Of, at: NodeId) -> Form {
        self.form(1 + 3 * triple + of as usize, at)
    }

    /// Makes a presignature from two triples among these holders, and signs the messages with it.
    fn sign(&mut self, [nonce, product]: [usize; 2], holders: &[NodeId], messages: &[Message]) {
        let (shares, meter) = (keys::deal(self.members, 1), &mut Meter::default());
        let public = shares[&holders[0]].public.clone();
        let (key, epoch, leader, holders) = (public.id(), public.epoch, holders[0], holders.to_vec());
        let start = PresignStart { key, epoch, leader, holders, batch: 1, sealed: None, nonce: 0, product: 1 };
        let begin = |holder: &NodeId| {
            let [nonce, product] = [nonce, product].map(|triple| self.triples[triple].share(*holder));
            (*holder, Presign::begin(start.clone(), Rc::new(shares[holder].clone()), nonce, product))
        };
        let begun: BTreeMap<NodeId, (Presign, Opening)> = start.holders.iter().map(begin).collect();
        let openings: BTreeMap<NodeId, Opening> = begun.iter().map(|(holder, (_, o))| (*holder, *o)).collect();
        let joint = |pick: fn(&Opening) -> Scalar| {
            interpolate(&openings.iter().map(|(holder, o)| (*holder, pick(o))).collect::<Vec<_>>())
        };
        let (u, v) = (joint(|o| o.u), joint(|o| o.v));
        for (holder, (mut run, opening)) in begun {
            openings.iter().for_each(|(from, opening)| _ = run.accept(*from, *opening));
            let presignature = run.finish(meter).unwrap();
            let (one, x, k) = (Scalar::ONE, self.key(holder), self.of(nonce, Of::A, holder));
            let [a, b, ab] = [Of::A, Of::B, Of::C].map(|of| self.of(product, of, holder));
            self.published.push((self.of(nonce, Of::C, holder), opening.w));
            self.published.push((sum(&[(one, &k), (one, &a)]), opening.u));
            self.published.push((sum(&[(one, &x), (one, &b)]), opening.v));
            for message in messages {
                let fresh = start.holders.iter().map(|h| (*h, [h.0 as u8 ^ message.salt; 32])).collect();
                let (digest, tweak) = (Digest([message.digest; 32]), Scalar::from(u64::from(message.tweak)));
                let signed = Run::sign(presignature.duplicate(), &public, &digest, &tweak, &fresh, meter);
                let (run, share) = signed.unwrap();
                let (f, g) = (run.k_factor, run.sigma_factor);
                self.published.push((sum(&[(f, &k), (g * u, &x), (-g * v, &a), (g, &ab)]), share));
            }
        }
    }

    /// Whether these nodes know x once they have seen everything, and which triples' a: a nonce, where it is used as one.
    fn known_to(&self, coalition: &[NodeId]) -> (bool, Vec<usize>) {
        let key = keys::polynomial(self.members, 1);
        let polynomials = [&key].into_iter().chain(self.triples.iter().flat_map(|triple| &triple.polynomials));
        let secrets: Vec<Scalar> = polynomials.flat_map(|p| p.coefficients().to_vec()).collect();
        for (form, published) in &self.published {
            let value: Scalar = form.iter().zip(&secrets).map(|(f, s)| *f * s).sum();
            assert_eq!(value, *published, "the account is of what is really said");
        }
        let polynomials = 0..=3 * self.triples.len();
        let held = coalition.iter().flat_map(|holder| polynomials.clone().map(|p| self.form(p, *holder)));
        let known = Span::of(held.chain(self.published.iter().map(|(form, _)| form.clone())));
        let zero = NodeId(0);
        let known_a = |triple: &usize| known.determines(&self.of(*triple, Of::A, zero));
        (known.determines(&self.key(zero)), (0..self.triples.len()).filter(known_a).collect())
    }
}

fn sum(terms: &[(Scalar, &Form)]) -> Form {
    let add = |sum: Form, (factor, form): &(Scalar, &Form)| {
        sum.iter().zip(form.iter()).map(|(s, f)| *s + *f * factor).collect()
    };
    terms.iter().fold(vec![Scalar::ZERO; terms[0].1.len()], add)
}

fn nodes(ids: impl IntoIterator<Item = u16>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
}

/// All sets of `size` of the nodes 1 to n.
fn sets(n: u16, size: u16) -> Vec<Vec<NodeId>> {
    let all = (0u32..1 << n).filter(|bits| bits.count_ones() == u32::from(size));
    all.map(|bits| nodes((1..=n).filter(|id| bits >> (id - 1) & 1 == 1))).collect()
}

#[test]
fn one_holder_less_than_the_threshold_learns_neither_the_key_nor_a_nonce_from_all_that_is_published() {
    // Of the 210 coalitions among ten nodes each tenth.
    for (n, k, step) in [(4, 3, 1), (7, 5, 1), (10, 7, 10)] {
        let mut record = Record::new(n, 6);
        record.sign([0, 1], &nodes(1..=k), &[Message::of(7)]);
        record.sign([2, 3], &nodes(n - k + 1..=n), &[Message::of(8)]);
        record.sign([4, 5], &nodes(1..=k), &[Message::of(9)]);
        for coalition in sets(n, k - 1).into_iter().step_by(step) {
            assert_eq!(record.known_to(&coalition), (false, vec![]), "{coalition:?} of {n}");
        }
        assert!(record.known_to(&nodes(n - k + 1..=n)).0, "k of them have the key between them");
    }
}

#[test]
fn one_holder_less_learns_nothing_whichever_of_digest_tweak_and_fresh_values_signatures_have_in_common() {
    let first = Message::of(7);
    for second in [Message { digest: 8, ..first }, Message { tweak: 8, ..first }, Message { salt: 8, ..first }, first] {
        for (n, k) in [(4, 3), (7, 5)] {
            let mut record = Record::new(n, 6);
            for (pair, message) in [([0, 1], first), ([2, 3], second), ([4, 5], second)] {
                record.sign(pair, &nodes(n - k + 1..=n), &[message]);
            }
            for coalition in sets(n, k - 1).into_iter().step_by(usize::from(n) - 3) {
                assert_eq!(record.known_to(&coalition), (false, vec![]), "{coalition:?} of {n}");
            }
        }
    }
}

#[test]
fn a_presignature_that_signs_two_messages_gives_its_nonce_away() {
    let first = Message::of(7);
    // Whatever alone is another the second time; the very same again says nothing more.
    let others = [
        (Message::of(8), vec![0, 1]),
        (Message { digest: 8, ..first }, vec![0, 1]),
        (Message { tweak: 8, ..first }, vec![0, 1]),
        (Message { salt: 8, ..first }, vec![0, 1]),
        (first, vec![]),
    ];
    for (second, known) in others {
        let mut record = Record::new(4, 4);
        record.sign([0, 1], &nodes(1..=3), &[first, second]);
        record.sign([2, 3], &nodes(1..=3), &[Message::of(9)]);
        assert_eq!(record.known_to(&nodes(1..=2)), (false, known), "k, and so a of u = k + a, of the first alone");
    }
}

#[test]
fn a_triple_of_three_presignatures_gives_the_key_away() {
    let mut record = Record::new(4, 4);
    for nonce in 0..3 {
        record.sign([nonce, 3], &nodes(1..=3), &[Message::of(7 + nonce as u8)]);
        let expected = if nonce < 2 { (false, vec![]) } else { (true, vec![0, 1, 2, 3]) };
        assert_eq!(record.known_to(&nodes(1..=2)), expected, "after {nonce}");
    }
}
