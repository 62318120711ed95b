//! Where a step belongs: its kind, its maker, its recipient and its part. From the terms of a batch follow all slots
//! there are, the length of each body and the order in which bodies depend on each other.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::codec::{POINT, SCALAR};
use crate::id::{NodeId, SessionId};

/// Bits of a base oblivious transfer's correlation, and of the extension's rows.
pub(super) const KAPPA: usize = 128;
/// Oblivious transfers behind one product: 256 bits of a scalar and 2s for s = 64 (Haitner et al. 2021/1373).
pub(super) const PER_PRODUCT: usize = 384;
/// Columns of the extension in one message.
pub(super) const COLUMNS_PER_PART: usize = 32;
/// Triples whose corrections go into one message.
pub(super) const TRIPLES_PER_PART: usize = 4;
/// The longest body, bytes; leaves room in a frame for headers and for the shares that a
/// complaint carries along.
pub(super) const BODY_MAX: usize = crate::wire::FRAME_BYTES_MAX - 16 * 1024;
/// The most triples of a batch, so that every body fits a frame and a leader cannot make its holders keep much: a batch
/// of so many takes about a megabyte for each pair while it is made.
pub const COUNT_MAX: u16 = 32;

/// What a batch is: public, equal at all holders, hashed into its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// The batch's id.
    pub(super) batch: SessionId,
    /// The holders, ascending.
    pub(super) holders: Vec<NodeId>,
    /// How many triples.
    pub(super) count: usize,
}

/// Why a batch cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadTerms {
    /// Fewer than two holders, or not strictly ascending, or one is numbered 0.
    #[error("not a set of holders")]
    Holders,
    /// No triples, or more than fit the largest message.
    #[error("not a number of triples that can be made at once")]
    Count,
}

impl Terms {
    /// Checks that every message of the batch fits a frame.
    pub(super) fn new(batch: SessionId, holders: Vec<NodeId>, count: u16) -> Result<Self, BadTerms> {
        let ascending = holders.windows(2).all(|pair| pair[0] < pair[1]);
        if holders.len() < 2 || !ascending || holders[0] == NodeId(0) {
            return Err(BadTerms::Holders);
        }
        let terms = Self { batch, holders, count: usize::from(count) };
        if count == 0 || count > COUNT_MAX || terms.length(Kind::Polynomials, 0) > BODY_MAX {
            return Err(BadTerms::Count);
        }
        Ok(terms)
    }

    /// The most triples, up to `wanted`, that `holders` nodes can make in one batch.
    pub(super) fn count_for(holders: usize, wanted: u16) -> u16 {
        let per_triple = (3 * holders.max(1) - 1) * POINT;
        let most = u16::try_from((BODY_MAX - 2 * POINT) / per_triple).unwrap_or(COUNT_MAX);
        wanted.min(most).clamp(1, COUNT_MAX)
    }

    /// The degree plus one of the sharings: as many as there are holders.
    pub(super) fn k(&self) -> usize {
        self.holders.len()
    }

    /// All holders but `me`.
    pub(super) fn peers(&self, me: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.holders.iter().copied().filter(move |holder| *holder != me)
    }

    /// Oblivious transfers of one pair's extension, those that mask the check included; a multiple of 128.
    pub(super) fn transfers(&self) -> usize {
        2 * PER_PRODUCT * self.count + KAPPA
    }

    /// How many messages a step of this kind takes.
    pub(super) fn parts(&self, kind: Kind) -> u8 {
        let parts = match kind {
            Kind::Extension => KAPPA / COLUMNS_PER_PART,
            Kind::Corrections => self.count.div_ceil(TRIPLES_PER_PART),
            _ => 1,
        };
        u8::try_from(parts).expect("a batch has at most 32 triples")
    }

    /// The triples whose corrections are in `part`.
    pub(super) fn triples_of(&self, part: u8) -> std::ops::Range<usize> {
        let first = usize::from(part) * TRIPLES_PER_PART;
        first.min(self.count)..(first + TRIPLES_PER_PART).min(self.count)
    }

    /// The length of a body, bytes.
    pub(super) fn length(&self, kind: Kind, part: u8) -> usize {
        let proof = 2 * SCALAR;
        match kind {
            Kind::Polynomials => 32 + self.count * (3 * self.k() - 1) * POINT + proof,
            Kind::Shares => 2 * self.count * SCALAR,
            Kind::Setup => POINT + proof,
            Kind::Choices => KAPPA * POINT,
            Kind::Extension => {
                let last = usize::from(part) + 1 == KAPPA / COLUMNS_PER_PART;
                COLUMNS_PER_PART * self.transfers() / 8 + if last { (KAPPA + 1) * 16 } else { 0 }
            }
            Kind::Corrections => self.triples_of(part).len() * 2 * PER_PRODUCT * SCALAR,
            Kind::Answers => 32 + 2 * self.count * SCALAR,
            Kind::Products => SCALAR + self.count * (POINT + SCALAR),
            Kind::Sums => self.count * POINT + proof,
            Kind::LastShares => self.count * SCALAR,
        }
    }
}

/// What a step says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// To all: the committed polynomials of a, b and of the randomisation of c, with a proof of knowledge.
    Polynomials,
    /// To one: values of the polynomials of a and b.
    Shares,
    /// To one: the sender's point of the base oblivious transfers.
    Setup,
    /// To one: the receiver's points of the base oblivious transfers.
    Choices,
    /// To one: the columns of the extension, and the answer to its check.
    Extension,
    /// To one: the corrections that turn random transfers into correlated ones.
    Corrections,
    /// To one: the coefficients that turn correlated transfers into products.
    Answers,
    /// To all: the holder's a times the public B, with proofs of equality.
    Products,
    /// To all: the holder's additive share of c in the exponent, with a proof of knowledge.
    Sums,
    /// To one: values of the polynomials of c.
    LastShares,
}

/// The relation of maker and recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    All,
    Each,
    /// From the smaller number, the receiver of the extension, to the larger.
    Up,
    /// From the larger number, the sender of the extension, to the smaller.
    Down,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Polynomials,
        Self::Shares,
        Self::Setup,
        Self::Choices,
        Self::Extension,
        Self::Corrections,
        Self::Answers,
        Self::Products,
        Self::Sums,
        Self::LastShares,
    ];

    /// A body depends on its maker's seed and on bodies of smaller rounds, on nothing else.
    pub fn round(self) -> u8 {
        match self {
            Self::Polynomials | Self::Shares | Self::Setup => 1,
            Self::Choices | Self::Products => 2,
            Self::Extension => 3,
            Self::Corrections => 4,
            Self::Answers => 5,
            Self::Sums | Self::LastShares => 6,
        }
    }

    /// The name in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polynomials => "polynomials",
            Self::Shares => "shares",
            Self::Setup => "setup",
            Self::Choices => "choices",
            Self::Extension => "extension",
            Self::Corrections => "corrections",
            Self::Answers => "answers",
            Self::Products => "products",
            Self::Sums => "sums",
            Self::LastShares => "last_shares",
        }
    }

    /// Whether all holders get the same.
    pub fn is_broadcast(self) -> bool {
        self.direction() == Direction::All
    }

    fn direction(self) -> Direction {
        match self {
            Self::Polynomials | Self::Products | Self::Sums => Direction::All,
            Self::Shares | Self::LastShares => Direction::Each,
            Self::Setup | Self::Extension | Self::Answers => Direction::Up,
            Self::Choices | Self::Corrections => Direction::Down,
        }
    }
}

/// The place of one message of a batch. A holder fills each of its places at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// Who makes it.
    pub from: NodeId,
    /// Who gets it; `None` for all.
    pub to: Option<NodeId>,
    /// What it says.
    pub kind: Kind,
    /// Which part of it, from 0.
    pub part: u8,
}

impl Slot {
    /// Whether a batch of these terms has such a place.
    pub(super) fn exists(&self, terms: &Terms) -> bool {
        let holds = |node: &NodeId| terms.holders.contains(node);
        let directed = match (self.kind.direction(), self.to) {
            (Direction::All, to) => to.is_none(),
            (_, None) => false,
            (Direction::Each, Some(to)) => holds(&to) && to != self.from,
            (Direction::Up, Some(to)) => holds(&to) && self.from < to,
            (Direction::Down, Some(to)) => holds(&to) && self.from > to,
        };
        directed && holds(&self.from) && self.part < terms.parts(self.kind)
    }

    /// Whether `node` is among the recipients.
    pub(super) fn reaches(&self, node: NodeId) -> bool {
        self.from != node && self.to.is_none_or(|to| to == node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(k: u16, count: u16) -> Result<Terms, BadTerms> {
        Terms::new(SessionId::default(), (1..=k).map(NodeId).collect(), count)
    }

    #[test]
    fn every_body_of_the_largest_batch_fits_a_frame() {
        for k in [2, 3, 7, 21, 67] {
            let terms = terms(k, Terms::count_for(usize::from(k), COUNT_MAX)).unwrap();
            for kind in Kind::ALL {
                assert!((0..terms.parts(kind)).all(|part| terms.length(kind, part) <= BODY_MAX), "{kind:?} for {k}");
            }
        }
        assert_eq!(Terms::count_for(21, 32), 32);
        assert_eq!(terms(67, COUNT_MAX), Err(BadTerms::Count));
        assert_eq!(terms(1, 1), Err(BadTerms::Holders));
        assert_eq!(terms(3, 0), Err(BadTerms::Count));
    }

    #[test]
    fn the_extension_runs_from_the_smaller_to_the_larger_number_and_nobody_writes_to_itself() {
        let terms = terms(3, 5).unwrap();
        let slot = |from, to: u16, kind, part| Slot { from: NodeId(from), to: Some(NodeId(to)), kind, part };
        assert!(slot(1, 2, Kind::Extension, 3).exists(&terms));
        assert!(!slot(2, 1, Kind::Extension, 3).exists(&terms));
        assert!(!slot(1, 2, Kind::Extension, 4).exists(&terms));
        assert!(slot(3, 1, Kind::Corrections, 1).exists(&terms));
        assert!(!slot(2, 2, Kind::Shares, 0).exists(&terms));
        assert!(!slot(1, 4, Kind::Shares, 0).exists(&terms));
        assert!(!slot(1, 2, Kind::Sums, 0).exists(&terms));
        assert!(Slot { from: NodeId(2), to: None, kind: Kind::Sums, part: 0 }.exists(&terms));
    }
}
