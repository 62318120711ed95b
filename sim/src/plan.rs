//! Seed and scenario expanded into an explicit list of faults. The plan is what runs, what reports show and what a
//! failure is reproduced from; faults are addressed by step, label and occurrence, so they survive a rebuild.

use lit_node::id::NodeId;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;

use crate::scenario::{
    Act, DiskLoss, FaultKind, FaultSpec, LabelPattern, Links, NodeChoice, PowerCut, Rate, Scenario, Spoil, WhenSpec,
};

/// The stable name of a fault: `act/fault`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FaultId(pub String);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every fault of a run, in the order of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultPlan {
    /// The faults.
    pub events: Vec<FaultEvent>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultEvent {
    /// Stable name.
    pub id: FaultId,
    /// The act that it belongs to: over before the next one starts, except for a crash without a restart.
    pub act: String,
    /// The step that it belongs to, if any: armed only while that step runs, and over before the next one starts.
    pub during: Option<String>,
    /// When it starts.
    pub when: Trigger,
    /// What goes wrong.
    pub what: Fault,
}

/// When a fault starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Milliseconds after the start of its act or step.
    At {
        /// How many.
        ms: u64,
    },
    /// When a message of this label leaves for the n-th time since the act or step began.
    Sent {
        /// What is sent.
        label: LabelPattern,
        /// By whom; any node if none.
        node: Option<NodeId>,
        /// The how-manieth, from 1.
        occurrence: u32,
    },
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Messages get lost.
    Loss {
        /// Which links.
        links: Links,
        /// How likely each message is struck.
        rate: Rate,
        /// How long, milliseconds; to the end of the act or step if none.
        for_ms: Option<u64>,
    },
    /// Messages arrive twice.
    Duplicate {
        /// Which links.
        links: Links,
        /// How likely each message is struck.
        rate: Rate,
        /// How long, milliseconds; to the end of the act or step if none.
        for_ms: Option<u64>,
    },
    /// Messages are held back.
    Reorder {
        /// Which links.
        links: Links,
        /// How likely each message is held back.
        rate: Rate,
        /// The most that a message is held back, milliseconds.
        delay_ms_max: u64,
        /// How long, milliseconds; to the end of the act or step if none.
        for_ms: Option<u64>,
    },
    /// Nodes of different sets cannot reach each other.
    Partition {
        /// The sets, disjoint; a node in none of them reaches everybody.
        sets: Vec<Vec<NodeId>>,
        /// When the network is whole again, milliseconds; at the end of the act or step if none.
        heal_after_ms: Option<u64>,
    },
    /// A node stops, and loses everything that is not on its disk.
    Crash {
        /// Which node.
        node: NodeId,
        /// When it starts again, milliseconds; never in this run if none.
        restart_after_ms: Option<u64>,
        /// What becomes of its disk.
        disk: DiskLoss,
        /// In the midst of which operation of its disk, if not at once.
        cut: Option<PowerCut>,
    },
    /// The message that triggers this is changed on the way.
    Spoil(Spoil),
    /// A node gets random bytes.
    Garbage {
        /// From whose link.
        from: NodeId,
        /// Who gets them.
        to: NodeId,
        /// How many.
        bytes: u32,
    },
    /// A node, corrupted, leaks its key share.
    Leak {
        /// Which node.
        node: NodeId,
    },
}

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// More nodes than the protocols tolerate may be down at one time.
    #[error(
        "{} may be down at once (faults {}), but {allowed} of {nodes} nodes is what the network tolerates; \
         expected restarts or steps (`during`) that keep the crashes apart, or `beyond_f = true` in [limits]",
        list(down),
        list(faults)
    )]
    TooManyCrashes {
        /// The nodes.
        down: BTreeSet<NodeId>,
        /// The faults that stop them.
        faults: Vec<FaultId>,
        /// f = floor((n-1)/3).
        allowed: u16,
        /// n.
        nodes: u16,
    },
}

fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

impl FaultPlan {
    /// Expands a scenario's faults under a seed.
    ///
    /// # Errors
    /// If more than f nodes may be down at once and the scenario does not allow that.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Self, PlanError> {
        let faults = scenario.acts.iter().flat_map(|act| act.faults.iter().map(move |fault| (act, fault)));
        let plan = Self { events: faults.map(|(act, fault)| expand(scenario, seed, act, fault)).collect() };
        if scenario.limits.beyond_f { Ok(plan) } else { plan.refuse_too_many_crashes(scenario) }
    }

    /// The nodes that some fault corrupts.
    pub fn corrupted(&self) -> Vec<NodeId> {
        let nodes = self.events.iter().filter_map(|event| match event.what {
            Fault::Leak { node } => Some(node),
            _ => None,
        });
        nodes.collect::<BTreeSet<NodeId>>().into_iter().collect()
    }

    fn refuse_too_many_crashes(self, scenario: &Scenario) -> Result<Self, PlanError> {
        let allowed = scenario.network.faulty_max();
        for crash in &self.events {
            let mut down = BTreeSet::new();
            let mut faults = Vec::new();
            for other in &self.events {
                if let Fault::Crash { node, .. } = other.what
                    && matches!(crash.what, Fault::Crash { .. })
                    && may_overlap(scenario, crash, other)
                {
                    down.insert(node);
                    faults.push(other.id.clone());
                }
            }
            if down.len() > usize::from(allowed) {
                return Err(PlanError::TooManyCrashes { down, faults, allowed, nodes: scenario.network.nodes });
            }
        }
        Ok(self)
    }
}

/// Whether two crashes may hold at one time. When a message is sent is not known beforehand, so such a crash may
/// happen at any time of its act or step.
fn may_overlap(scenario: &Scenario, a: &FaultEvent, b: &FaultEvent) -> bool {
    let order = |event: &FaultEvent| scenario.acts.iter().position(|act| act.name == event.act);
    let permanent = |event: &FaultEvent| matches!(event.what, Fault::Crash { restart_after_ms: None, .. });
    if a.id == b.id {
        return true;
    }
    if order(a) != order(b) {
        let earlier = if order(a) < order(b) { a } else { b };
        return permanent(earlier);
    }
    if a.during != b.during && a.during.is_some() && b.during.is_some() {
        let steps = scenario.acts.iter().flat_map(|act| &act.steps).map(|step| Some(&step.id));
        let first = steps.into_iter().find(|id| *id == a.during.as_ref() || *id == b.during.as_ref());
        let earlier = if first == Some(a.during.as_ref()) { a } else { b };
        return permanent(earlier);
    }
    match (window(a), window(b)) {
        (Some(x), Some(y)) if a.during == b.during => x.0 < y.1 && y.0 < x.1,
        _ => true,
    }
}

/// From when to when a timed crash holds, milliseconds after the start of its act or step.
fn window(event: &FaultEvent) -> Option<(u64, u64)> {
    match (&event.when, &event.what) {
        (Trigger::At { ms }, Fault::Crash { restart_after_ms, .. }) => {
            Some((*ms, restart_after_ms.map_or(u64::MAX, |after| ms.saturating_add(after.max(1)))))
        }
        _ => None,
    }
}

fn expand(scenario: &Scenario, seed: u64, act: &Act, spec: &FaultSpec) -> FaultEvent {
    let id = FaultId(format!("{}/{}", act.name, spec.name));
    let what = match &spec.what {
        FaultKind::Loss { links, rate, for_ms } => Fault::Loss { links: links.clone(), rate: *rate, for_ms: *for_ms },
        FaultKind::Duplicate { links, rate, for_ms } => {
            Fault::Duplicate { links: links.clone(), rate: *rate, for_ms: *for_ms }
        }
        FaultKind::Reorder { links, rate, delay_ms_max, for_ms } => {
            Fault::Reorder { links: links.clone(), rate: *rate, delay_ms_max: *delay_ms_max, for_ms: *for_ms }
        }
        FaultKind::Partition { sets, heal_after_ms } => {
            Fault::Partition { sets: sets.clone(), heal_after_ms: *heal_after_ms }
        }
        FaultKind::Crash { node, restart_after_ms, disk, cut } => {
            let node = match node {
                NodeChoice::Node(number) => NodeId(*number),
                NodeChoice::Any => draw_node(seed, &id, scenario.network.nodes),
            };
            Fault::Crash { node, restart_after_ms: *restart_after_ms, disk: *disk, cut: *cut }
        }
        FaultKind::Spoil(spoil) => Fault::Spoil(*spoil),
        FaultKind::Garbage { from, to, bytes } => Fault::Garbage { from: *from, to: *to, bytes: *bytes },
        FaultKind::Leak { node } => Fault::Leak { node: *node },
    };
    let when = match &spec.when {
        WhenSpec::At { ms } => Trigger::At { ms: *ms },
        WhenSpec::Sent { label, node, any_node, occurrence } => {
            let crashed = if let Fault::Crash { node, .. } = what { Some(node).filter(|_| !any_node) } else { None };
            Trigger::Sent { label: label.clone(), node: node.or(crashed), occurrence: *occurrence }
        }
    };
    FaultEvent { id, act: act.name.clone(), during: spec.during.clone(), when, what }
}

/// A keyed hash of the fault's name, so that removing one fault never changes another.
fn draw_node(seed: u64, id: &FaultId, nodes: u16) -> NodeId {
    let mut hasher = blake3::Hasher::new_derive_key("litsim 1 fault plan: which node");
    hasher.update(&seed.to_le_bytes()).update(id.0.as_bytes());
    let digest = hasher.finalize();
    let word = u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("8 of 32 bytes"));
    let index = u16::try_from(word % u64::from(nodes)).expect("a remainder of a u16");
    NodeId(index + 1)
}

impl fmt::Display for FaultEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", self.id, self.what, self.when)?;
        match &self.during {
            Some(step) => write!(f, " of step {step}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At { ms } => write!(f, "{ms} ms after the start"),
            Self::Sent { label, node: Some(node), occurrence } => write!(f, "when {node} sends {label} #{occurrence}"),
            Self::Sent { label, node: None, occurrence } => write!(f, "when any node sends {label} #{occurrence}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |rate: &Rate| f64::from(rate.ppm) / 10_000.0;
        match self {
            Self::Loss { rate, .. } => write!(f, "loss {}%", percent(rate)),
            Self::Duplicate { rate, .. } => write!(f, "duplicate {}%", percent(rate)),
            Self::Reorder { rate, delay_ms_max, .. } => {
                write!(f, "reorder {}% by up to {delay_ms_max} ms", percent(rate))
            }
            Self::Partition { sets, .. } => {
                let sets = sets.iter().map(|set| list(set.iter().map(|node| node.0)));
                write!(f, "partition {}", sets.collect::<Vec<_>>().join(" | "))
            }
            Self::Crash { node, restart_after_ms, disk, cut } => {
                match restart_after_ms {
                    Some(ms) => write!(f, "crash of {node} for {ms} ms")?,
                    None => write!(f, "crash of {node} for good")?,
                }
                match cut {
                    Some(PowerCut::Write(n)) => write!(f, " at write {n} from then on")?,
                    Some(PowerCut::Sync(n)) => write!(f, " at sync {n} from then on")?,
                    None => {}
                }
                match disk {
                    DiskLoss::Unsynced => Ok(()),
                    DiskLoss::Torn => f.write_str(" with torn writes"),
                    DiskLoss::Rollback => f.write_str(" with its disk rolled back"),
                }
            }
            Self::Spoil(Spoil::Flip { byte }) => write!(f, "flip of byte {byte}"),
            Self::Spoil(Spoil::Truncate { bytes }) => write!(f, "truncation to {bytes} B"),
            Self::Garbage { from, to, bytes } => write!(f, "{bytes} B of garbage from {from} to {to}"),
            Self::Leak { node } => write!(f, "{node} leaks its key share"),
        }
    }
}
