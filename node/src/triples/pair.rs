//! One pair's part of a batch: base transfers, their extension, and two products for each triple.
//!
//! The holder with the larger number is the *sender* of the extension and gives a; the other is its *receiver* and gives
//! b. Product 2t is (sender's a)(receiver's b) of triple t, product 2t + 1 is (sender's b)(receiver's a). Either side
//! answers each message of the other with at most one of its own; everything is gone with the batch.

use k256::Scalar;
use rand_core::RngCore;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;
use zeroize::Zeroizing;

use super::base_ot::{self, Chosen, PairId, choose};
use super::codec::{Reader, put_scalar};
use super::extension::{Received, Sent, extend, receive};
use super::holder::Outgoing;
use super::multiply::{Offsets, answer, charge, conclude, correct};
use super::seed::Seed;
use super::slot::{Kind, Terms};
use super::tools::Tools;
use crate::id::{Digest, NodeId};
use crate::wire::hash_parts;

/// A body that an honest peer does not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong;

/// The constant terms (a, b) of every triple, as this holder drew them.
pub(super) type Inputs = Rc<Zeroizing<Vec<(Scalar, Scalar)>>>;

/// One side of one pair.
pub(super) struct Pair {
    id: PairId,
    terms: Rc<Terms>,
    peer: NodeId,
    inputs: Inputs,
    stage: Stage,
}

enum Stage {
    /// Sender: waits for the setup.
    Choosing,
    /// Sender: has chosen, waits for the extension.
    Extending { setup: Vec<u8>, chosen: Box<Chosen>, parts: BTreeMap<u8, Vec<u8>> },
    /// Sender: has corrected, waits for the answers.
    Correcting { offsets: Vec<Offsets> },
    /// Receiver: has set up, waits for the choices.
    SettingUp { setup: Vec<u8>, base: Box<base_ot::Sender> },
    /// Receiver: has extended, waits for corrections.
    Answering { received: Received, seed: Zeroizing<[u8; 32]>, answers: BTreeMap<usize, [Answer; 2]> },
    /// The sum of both products' shares, for each triple.
    Done(Zeroizing<Vec<Scalar>>),
    /// A wrong body came, or a message is being handled.
    Broken,
}

/// The receiver's share of a product, and the coefficient that it shows.
type Answer = (Scalar, Scalar);

impl Pair {
    /// Begins; the receiver of the extension speaks first.
    pub(super) fn begin(
        (me, peer): (NodeId, NodeId),
        sid: Digest,
        (terms, seed, inputs): (&Rc<Terms>, &Seed, &Inputs),
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Self {
        let (receiver, sender) = (me.min(peer).0.to_be_bytes(), me.max(peer).0.to_be_bytes());
        let id = hash_parts("triples/pair", &[&sid.0, &receiver, &sender]);
        let stage = if me > peer {
            Stage::Choosing
        } else {
            let (base, setup) = base_ot::Sender::setup(&id, &mut seed.stream("setup", Some(peer)), tools);
            out.push(Outgoing { to: Some(peer), kind: Kind::Setup, part: 0, body: setup.clone() });
            Stage::SettingUp { setup, base: Box::new(base) }
        };
        Self { id, terms: Rc::clone(terms), peer, inputs: Rc::clone(inputs), stage }
    }

    /// The shares of the products, once they are there.
    pub(super) fn result(&self) -> Option<&[Scalar]> {
        match &self.stage {
            Stage::Done(shares) => Some(shares),
            _ => None,
        }
    }

    /// Takes in a body from the peer, each part once. A body that does not fit the stage waits for nobody: an honest
    /// peer does not send it.
    pub(super) fn accept(
        &mut self,
        (kind, part): (Kind, u8),
        body: &[u8],
        seed: &Seed,
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Result<(), Wrong> {
        self.stage = match (mem::replace(&mut self.stage, Stage::Broken), kind) {
            (Stage::Choosing, Kind::Setup) => self.choose(body, seed, tools, out)?,
            (Stage::Extending { setup, chosen, mut parts }, Kind::Extension) => {
                parts.insert(part, body.to_vec());
                if parts.len() < usize::from(self.terms.parts(kind)) {
                    Stage::Extending { setup, chosen, parts }
                } else {
                    self.correct(&setup, *chosen, &parts.into_values().collect::<Vec<_>>(), tools, out)?
                }
            }
            (Stage::Correcting { offsets }, Kind::Answers) => self.conclude(&offsets, body, tools)?,
            (Stage::SettingUp { setup, base }, Kind::Choices) => self.extend(&setup, *base, body, seed, tools, out)?,
            (Stage::Answering { received, seed, mut answers }, Kind::Corrections) => {
                self.answer(&received, &seed, part, body, &mut answers, tools)?;
                if answers.len() < self.terms.count {
                    Stage::Answering { received, seed, answers }
                } else {
                    self.show(&seed, &answers, out)
                }
            }
            _ => return Err(Wrong),
        };
        Ok(())
    }

    fn send(&self, kind: Kind, part: usize, body: Vec<u8>, out: &mut Vec<Outgoing>) {
        let part = u8::try_from(part).expect("a step has fewer than 256 parts");
        out.push(Outgoing { to: Some(self.peer), kind, part, body });
    }

    fn choose(&self, setup: &[u8], seed: &Seed, tools: &mut Tools, out: &mut Vec<Outgoing>) -> Result<Stage, Wrong> {
        let rng = &mut seed.stream("choices", Some(self.peer));
        let chosen = choose(&self.id, setup, rng, tools).ok_or(Wrong)?;
        self.send(Kind::Choices, 0, chosen.body.clone(), out);
        Ok(Stage::Extending { setup: setup.to_vec(), chosen: Box::new(chosen), parts: BTreeMap::new() })
    }

    fn extend(
        &self,
        setup: &[u8],
        base: base_ot::Sender,
        choices: &[u8],
        seed: &Seed,
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Result<Stage, Wrong> {
        let keys = base.keys(&self.id, choices, tools).map_err(|_| Wrong)?;
        let rng = &mut seed.stream("extension", Some(self.peer));
        let (received, parts) = extend(&self.id, [setup, choices], keys, self.terms.transfers(), rng, tools);
        for (part, body) in parts.into_iter().enumerate() {
            self.send(Kind::Extension, part, body, out);
        }
        let mut coefficients = Zeroizing::new([0; 32]);
        seed.stream("answers", Some(self.peer)).fill_bytes(&mut *coefficients);
        Ok(Stage::Answering { received, seed: coefficients, answers: BTreeMap::new() })
    }

    fn correct(
        &self,
        setup: &[u8],
        chosen: Chosen,
        parts: &[Vec<u8>],
        tools: &mut Tools,
        out: &mut Vec<Outgoing>,
    ) -> Result<Stage, Wrong> {
        let transfers = self.terms.transfers();
        let sent: Sent = receive(&self.id, setup, chosen, parts, transfers, tools).map_err(|_| Wrong)?;
        charge(2 * self.terms.count, 2, tools);
        let mut offsets = Vec::with_capacity(2 * self.terms.count);
        for part in 0..self.terms.parts(Kind::Corrections) {
            let mut body = Vec::with_capacity(self.terms.length(Kind::Corrections, part));
            for triple in self.terms.triples_of(part) {
                let (a, b) = &self.inputs[triple];
                offsets.push(correct(&self.id, &sent, 2 * triple, a, &mut body));
                offsets.push(correct(&self.id, &sent, 2 * triple + 1, b, &mut body));
            }
            self.send(Kind::Corrections, usize::from(part), body, out);
        }
        Ok(Stage::Correcting { offsets })
    }

    fn answer(
        &self,
        received: &Received,
        seed: &[u8; 32],
        part: u8,
        body: &[u8],
        answers: &mut BTreeMap<usize, [Answer; 2]>,
        tools: &mut Tools,
    ) -> Result<(), Wrong> {
        let triples = self.terms.triples_of(part);
        charge(2 * triples.len(), 1, tools);
        let mut reader = Reader::new(body);
        for triple in triples {
            let (a, b) = &self.inputs[triple];
            let mut product = |at, own| answer(&self.id, received, at, own, seed, &mut reader).map_err(|_| Wrong);
            answers.insert(triple, [product(2 * triple, b)?, product(2 * triple + 1, a)?]);
        }
        reader.end().map_err(|_| Wrong)
    }

    fn show(&self, seed: &[u8; 32], answers: &BTreeMap<usize, [Answer; 2]>, out: &mut Vec<Outgoing>) -> Stage {
        let mut body = Vec::with_capacity(self.terms.length(Kind::Answers, 0));
        body.extend_from_slice(seed);
        answers.values().flatten().for_each(|(_, x)| put_scalar(&mut body, x));
        self.send(Kind::Answers, 0, body, out);
        Stage::Done(answers.values().map(|[(one, _), (two, _)]| one + two).collect::<Vec<_>>().into())
    }

    fn conclude(&self, offsets: &[Offsets], body: &[u8], tools: &mut Tools) -> Result<Stage, Wrong> {
        let mut reader = Reader::new(body);
        let seed = reader.array().map_err(|_| Wrong)?;
        let shown = reader.scalars(offsets.len()).map_err(|_| Wrong)?;
        reader.end().map_err(|_| Wrong)?;
        charge(offsets.len(), 0, tools);
        let shares: Zeroizing<Vec<Scalar>> = offsets
            .iter()
            .zip(&shown)
            .enumerate()
            .map(|(at, (d, x))| conclude(d, at, &seed, x))
            .collect::<Vec<_>>()
            .into();
        Ok(Stage::Done(shares.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect::<Vec<_>>().into()))
    }
}
