//! What faults do to links, and what each fault that is on remembers.

use std::collections::BTreeMap;

use lit_node::id::NodeId;
use lit_node::io::Label;

use super::fate::Fate;
use super::latency::Latency;
use super::line::Line;
use super::link::{Link, Links};
use crate::heap::Nanos;
use crate::scenario::LabelPattern;

/// The protocol in the labels of what comes again from the wire. It has occurrences of its own, so that a copy does not
/// change the fate of messages.
pub const REPLAYED: &str = "replay";

/// What a link fault does to a message. Rates are probabilities.
#[derive(Clone, Debug, PartialEq)]
pub enum Disturbance {
    /// Loses it with this probability.
    Loss(f64),
    /// Delivers it a second time with this probability.
    Duplicate(f64),
    /// With this probability delays it by up to so many milliseconds more, past later messages.
    Reorder(f64, f64),
    /// Loses it, and whatever is in flight.
    Cut,
    /// Takes its latency from this distribution.
    Latency(Latency),
    /// Sends it when those before it on the link have been sent; loses it if too much waits.
    Bandwidth {
        /// How fast bytes leave; above 0.
        bytes_per_s: u64,
        /// How many bytes may wait.
        queue_bytes_max: u64,
    },
    /// Hits it if it is large.
    Gray {
        /// How likely.
        rate: f64,
        /// How much later it comes; lost if none.
        delay: Option<Nanos>,
        /// From which size on.
        bytes_min: u64,
    },
    /// Delivers it after the least latency, before what else comes then.
    First,
    /// Delivers it no sooner than after delta, behind what else comes then.
    Last {
        /// The bound on delays.
        delta: Nanos,
    },
    /// Delays it if it has this label.
    Delay {
        /// Which messages.
        label: LabelPattern,
        /// How likely.
        rate: f64,
        /// How much later it comes.
        delay: Nanos,
    },
    /// Loses it if it has this label.
    Drop {
        /// Which messages.
        label: LabelPattern,
        /// Only so many on each link.
        first: Option<u32>,
        /// Only each so-manieth on each link.
        every: Option<u32>,
        /// How likely.
        rate: f64,
    },
    /// Sends its bytes once more later.
    Replay(Capture),
}

/// What is captured and sent once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// Which messages; all if none.
    pub label: Option<LabelPattern>,
    /// From whose link; the sender's if none.
    pub as_from: Option<NodeId>,
    /// To whom; the receiver if none.
    pub to: Option<NodeId>,
    /// How long after the message.
    pub after: Nanos,
    /// How likely.
    pub rate: f64,
}

/// Bytes that will come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The fault that does it, by id.
    pub by: String,
    /// On which link.
    pub link: Link,
    /// What it is called there.
    pub label: Label,
    /// How long after the message was sent.
    pub after: Nanos,
    /// Its order among events of the same instant.
    pub tiebreak: u64,
}

impl Capture {
    /// The copy of a message, if it is captured.
    pub(super) fn of(&self, id: &str, link: &Link, fate: &Fate<'_>) -> Option<Replay> {
        let (from, to) = link.nodes()?;
        let label = fate.label;
        let meant = self.label.as_ref().is_none_or(|pattern| pattern.matches(label.protocol, label.kind));
        // A copy of a copy would go round for ever.
        if !meant || label.protocol == REPLAYED || !fate.chance(id, self.rate) {
            return None;
        }
        let (from, to) = (self.as_from.unwrap_or(from), self.to.unwrap_or(to));
        (from != to).then(|| Replay {
            by: id.to_owned(),
            link: Link::between(from, to),
            label: Label { protocol: REPLAYED, ..label.clone() },
            after: self.after,
            tiebreak: fate.hash(&format!("{id}/tiebreak")),
        })
    }
}

/// A link fault that is on.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkFault {
    /// The plan's id of the event; part of the hash, so two faults draw independently.
    pub id: String,
    /// Where.
    pub links: Links,
    /// What.
    pub disturbance: Disturbance,
}

/// A link fault and what it remembers of each link.
pub(super) struct Fault {
    pub what: LinkFault,
    /// The state of narrow links.
    pub lines: BTreeMap<Link, Line>,
    /// How many messages of its label it has seen.
    pub seen: BTreeMap<Link, u32>,
}

impl From<LinkFault> for Fault {
    fn from(what: LinkFault) -> Self {
        Self { what, lines: BTreeMap::new(), seen: BTreeMap::new() }
    }
}

impl Fault {
    /// The fault's id and the latency that it gives links, if it does that.
    pub fn pace(&self) -> Option<(String, Latency)> {
        match &self.what.disturbance {
            Disturbance::Latency(latency) => Some((self.what.id.clone(), latency.clone())),
            _ => None,
        }
    }
}
