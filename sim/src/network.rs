//! Links between nodes and clients: what becomes of each message.
//!
//! The fate of a message is a keyed hash of (seed, link, label, occurrence, purpose), never the next draw of a shared
//! stream: taking one fault out of a plan leaves every message that it did not touch exactly as it was.

use std::collections::BTreeMap;
use std::fmt;

use lit_node::id::NodeId;
use lit_node::io::Label;

use crate::heap::{MILLI, Nanos};

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A node.
    Node(NodeId),
    /// A client, by its position in the scenario.
    Client(u16),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(id) => write!(f, "n{}", id.0),
            Self::Client(index) => write!(f, "c{index}"),
        }
    }
}

/// A direction between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}>{}", self.from, self.to)
    }
}

impl Link {
    /// The direction from one node to another.
    pub fn between(from: NodeId, to: NodeId) -> Self {
        Self { from: Endpoint::Node(from), to: Endpoint::Node(to) }
    }
}

/// How long a message takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// Always the same, milliseconds.
    Constant(f64),
    /// Evenly between two bounds, milliseconds.
    Uniform(f64, f64),
    /// Log-normal: median in milliseconds, and the standard deviation of the logarithm.
    LogNormal(f64, f64),
}

impl Latency {
    /// The latency for a uniform hash. Transcendental functions come from `libm`, so hosts agree to the last bit.
    fn draw(self, hash: u64) -> Nanos {
        let unit = unit_interval(hash);
        let millis = match self {
            Self::Constant(millis) => millis,
            Self::Uniform(low, high) => low + (high - low) * unit,
            Self::LogNormal(median, sigma) => {
                // Box-Muller on the two halves of the hash.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit_interval(hash << 32)));
                let angle = libm::cos(core::f64::consts::TAU * unit_interval(hash >> 32 << 32));
                median * libm::exp(sigma * radius * angle)
            }
        };
        (millis.max(0.0) * MILLI as f64) as Nanos
    }
}

/// Which links a fault covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// Every link, clients' included.
    All,
    /// Exactly these directions.
    Listed(Vec<Link>),
    /// From any of the first nodes to any of the second; any node where there are none.
    FromTo(Vec<NodeId>, Vec<NodeId>),
    /// Every link between nodes of different groups, both ways. Nodes in no group keep all their links.
    Between(Vec<Vec<NodeId>>),
}

impl Links {
    fn covers(&self, link: &Link) -> bool {
        match self {
            Self::All => true,
            Self::Listed(links) => links.contains(link),
            Self::FromTo(from, to) => {
                let meant = |ends: &[NodeId], end| match end {
                    Endpoint::Node(id) => ends.is_empty() || ends.contains(&id),
                    Endpoint::Client(_) => false,
                };
                meant(from, link.from) && meant(to, link.to)
            }
            Self::Between(groups) => {
                let group_of = |end: Endpoint| match end {
                    Endpoint::Node(id) => groups.iter().position(|group| group.contains(&id)),
                    Endpoint::Client(_) => None,
                };
                matches!((group_of(link.from), group_of(link.to)), (Some(a), Some(b)) if a != b)
            }
        }
    }
}

/// What a link fault does to a message.
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

/// What happened to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Copies to deliver: delay, tiebreak, bytes. Empty: lost.
    pub copies: Vec<(Nanos, u64, Vec<u8>)>,
    /// The faults that touched it, by id.
    pub touched_by: Vec<String>,
}

/// All links of a run.
pub struct Network {
    key: [u8; 32],
    latency: Latency,
    overrides: BTreeMap<Link, Latency>,
    faults: Vec<LinkFault>,
    occurrences: BTreeMap<(Link, Label), u32>,
}

impl Network {
    /// Links with one latency model, under the run's seed.
    pub fn new(seed: &[u8; 32], latency: Latency) -> Self {
        let key = blake3::derive_key("litsim 2026 network fate", seed);
        Self { key, latency, overrides: BTreeMap::new(), faults: Vec::new(), occurrences: BTreeMap::new() }
    }

    /// Gives one direction a latency of its own.
    pub fn set_latency(&mut self, link: Link, latency: Latency) {
        self.overrides.insert(link, latency);
    }

    /// Switches a fault on.
    pub fn begin(&mut self, fault: LinkFault) {
        self.faults.push(fault);
    }

    /// Switches a fault off.
    pub fn end(&mut self, id: &str) {
        self.faults.retain(|fault| fault.id != id);
    }

    /// The id of the cut that holds this link, if one does.
    pub fn cut(&self, link: &Link) -> Option<&str> {
        self.faults
            .iter()
            .find(|fault| fault.disturbance == Disturbance::Cut && fault.links.covers(link))
            .map(|fault| fault.id.as_str())
    }

    /// Decides what becomes of a message that is sent now.
    pub fn carry(&mut self, link: Link, label: &Label, bytes: Vec<u8>) -> Verdict {
        let occurrence = self.occurrences.entry((link, label.clone())).or_insert(0);
        *occurrence += 1;
        let fate = Fate { key: &self.key, link, label, occurrence: *occurrence };
        let latency = self.overrides.get(&link).copied().unwrap_or(self.latency);
        let mut message = Message { bytes, delay: latency.draw(fate.hash("latency")), lost: false, twice: None };
        let mut touched_by = Vec::new();
        for fault in self.faults.iter().filter(|fault| fault.links.covers(&link)) {
            if message.disturb(fault, &fate, latency) {
                touched_by.push(fault.id.clone());
            }
        }
        let mut verdict = Verdict { copies: Vec::new(), touched_by };
        if !message.lost {
            let second = message.twice.map(|delay| (delay, fate.hash("tiebreak/second"), message.bytes.clone()));
            verdict.copies.push((message.delay, fate.hash("tiebreak"), message.bytes));
            verdict.copies.extend(second);
        }
        verdict
    }
}

/// The randomness of one message.
struct Fate<'a> {
    key: &'a [u8; 32],
    link: Link,
    label: &'a Label,
    occurrence: u32,
}

impl Fate<'_> {
    fn hash(&self, purpose: &str) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(self.key);
        for end in [self.link.from, self.link.to] {
            let (tag, number) = match end {
                Endpoint::Node(id) => (0, id.0),
                Endpoint::Client(index) => (1, index),
            };
            hasher.update(&[tag]).update(&number.to_be_bytes());
        }
        hasher.update(&self.label.session.0);
        for text in [self.label.protocol, self.label.kind, purpose] {
            hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
        }
        hasher.update(&[self.label.round]).update(&self.occurrence.to_be_bytes());
        u64::from_be_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
    }

    fn chance(&self, fault: &str, rate: f64) -> bool {
        unit_interval(self.hash(fault)) < rate
    }
}

struct Message {
    bytes: Vec<u8>,
    delay: Nanos,
    lost: bool,
    twice: Option<Nanos>,
}

impl Message {
    /// Applies one fault; true if it changed anything.
    fn disturb(&mut self, fault: &LinkFault, fate: &Fate<'_>, latency: Latency) -> bool {
        match &fault.disturbance {
            Disturbance::Cut => self.lost = true,
            Disturbance::Loss(rate) if fate.chance(&fault.id, *rate) => self.lost = true,
            Disturbance::Duplicate(rate) if fate.chance(&fault.id, *rate) => {
                let second = latency.draw(fate.hash(&format!("{}/second", fault.id)));
                self.twice = Some(self.delay.saturating_add(second));
            }
            Disturbance::Reorder(rate, extra_ms) if fate.chance(&fault.id, *rate) => {
                let extra = Latency::Uniform(0.0, *extra_ms).draw(fate.hash(&format!("{}/extra", fault.id)));
                self.delay = self.delay.saturating_add(extra);
            }
            _ => return false,
        }
        true
    }
}

/// Maps a hash to [0, 1) with 53 bits.
fn unit_interval(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use lit_node::id::SessionId;

    fn link(from: u16, to: u16) -> Link {
        Link { from: Endpoint::Node(NodeId(from)), to: Endpoint::Node(NodeId(to)) }
    }

    fn label(kind: &'static str) -> Label {
        Label { session: SessionId([7; 32]), protocol: "dkg", round: 0, kind }
    }

    fn network() -> Network {
        Network::new(&[1; 32], Latency::Uniform(1.0, 10.0))
    }

    fn loss(id: &str, rate: f64) -> LinkFault {
        LinkFault { id: id.into(), links: Links::All, disturbance: Disturbance::Loss(rate) }
    }

    #[test]
    fn a_message_keeps_its_fate_whatever_other_messages_and_faults_do() {
        let mut calm = network();
        let expected: Vec<_> = (0..50).map(|_| calm.carry(link(1, 2), &label("ack"), vec![1])).collect();
        let mut busy = network();
        busy.begin(LinkFault { links: Links::Listed(vec![link(3, 2)]), ..loss("other", 1.0) });
        for verdict in expected {
            assert!(busy.carry(link(3, 2), &label("ack"), vec![9; 9]).copies.is_empty());
            busy.carry(link(1, 2), &label("dealing"), vec![2]);
            assert_eq!(busy.carry(link(1, 2), &label("ack"), vec![1]), verdict);
        }
    }

    #[test]
    fn loss_and_duplication_come_at_their_rates_and_independently() {
        let mut network = network();
        network.begin(loss("l", 0.3));
        network.begin(LinkFault { disturbance: Disturbance::Duplicate(0.5), ..loss("d", 0.0) });
        let copies: Vec<usize> =
            (0..4000).map(|_| network.carry(link(1, 2), &label("ack"), vec![1]).copies.len()).collect();
        let share = |n| copies.iter().filter(|&&c| c == n).count() as f64 / 4000.0;
        assert!((share(0) - 0.3).abs() < 0.03, "lost {}", share(0));
        assert!((share(2) - 0.35).abs() < 0.03, "doubled {}", share(2));
    }

    #[test]
    fn a_partition_cuts_between_groups_only_and_ends() {
        let mut network = network();
        let groups = vec![vec![NodeId(1), NodeId(2)], vec![NodeId(3)]];
        network.begin(LinkFault { links: Links::Between(groups), disturbance: Disturbance::Cut, ..loss("p", 0.0) });
        assert_eq!(network.cut(&link(1, 3)), Some("p"));
        assert_eq!(network.cut(&link(3, 2)), Some("p"));
        assert_eq!(network.cut(&link(1, 2)), None);
        assert_eq!(network.cut(&link(4, 3)), None);
        assert!(network.carry(link(1, 3), &label("ack"), vec![]).copies.is_empty());
        network.end("p");
        assert_eq!(network.carry(link(1, 3), &label("ack"), vec![]).copies.len(), 1);
    }

    #[test]
    fn reordering_delays_some_messages_past_later_ones() {
        let mut network = network();
        network.begin(LinkFault { disturbance: Disturbance::Reorder(0.5, 100.0), ..loss("r", 0.0) });
        let delays: Vec<_> = (0..100).map(|_| network.carry(link(1, 2), &label("ack"), vec![]).copies[0].0).collect();
        assert!(delays.iter().any(|&d| d > 20 * MILLI) && delays.iter().any(|&d| d <= 10 * MILLI));
    }

    #[test]
    fn log_normal_latency_has_its_median() {
        let mut network = Network::new(&[2; 32], Latency::LogNormal(20.0, 0.5));
        let mut delays: Vec<_> =
            (0..2001).map(|_| network.carry(link(1, 2), &label("ack"), vec![]).copies[0].0).collect();
        delays.sort_unstable();
        let median = delays[1000] as f64 / MILLI as f64;
        assert!((median - 20.0).abs() < 1.5, "median {median} ms");
        assert!(delays[2000] > 40 * MILLI, "there is a tail");
    }
}
