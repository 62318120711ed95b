//! Seed and scenario expanded into an explicit list of faults. The plan is what runs, what reports show and what a
//! failure is reproduced from; faults are addressed by step, label and occurrence, so they survive a rebuild.

use lit_node::id::NodeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;

use crate::fault::{Fault, Reorg};
use crate::scenario::{Act, FaultSpec, LabelPattern, Network, NodeChoice, Scenario, WhenSpec};

/// The stable name of a fault: `act/fault`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FaultId(pub String);

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every fault of a run, in the order of the scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlan {
    /// The faults.
    pub events: Vec<FaultEvent>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultEvent {
    /// Stable name.
    pub id: FaultId,
    /// The act that it belongs to: over before the next one starts, except for a crash without a restart.
    pub act: String,
    /// The step that it belongs to, if any: armed only while that step runs, and over before the next one starts.
    pub during: Option<String>,
    /// When it starts.
    pub when: Trigger,
    /// How long it lasts, milliseconds; to the end of its act or step if none.
    pub for_ms: Option<u64>,
    /// What goes wrong.
    pub what: Fault,
}

/// When a fault starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// More nodes than the protocols tolerate may be faulty at one time.
    #[error(
        "{} may be down, cut off or lie at once (faults {}), but {allowed} of {nodes} nodes is what the network \
         tolerates; expected restarts, cuts that end (`for_ms`) or steps (`during`) that keep the faults apart, or \
         `beyond_f = true` in [limits]",
        list(faulty),
        list(faults)
    )]
    TooManyFaulty {
        /// The nodes.
        faulty: BTreeSet<NodeId>,
        /// The faults that make them faulty.
        faults: Vec<FaultId>,
        /// f = floor((n-1)/3).
        allowed: u16,
        /// n.
        nodes: u16,
    },
    /// Blocks that nodes take for final would be replaced.
    #[error(
        "{fault} replaces {depth} blocks, but a block counts as final when {finality_depth} follow it; expected a \
         smaller `depth`, or `beyond_f = true` in [limits]"
    )]
    ReorgTooDeep {
        /// The fault.
        fault: FaultId,
        /// How many blocks.
        depth: u64,
        /// The home chain's finality depth.
        finality_depth: u64,
    },
}

fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

impl FaultPlan {
    /// Expands a scenario's faults under a seed.
    ///
    /// # Errors
    /// If more than f nodes may be down at once, or blocks that are final be replaced, and the scenario does not allow
    /// that.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Self, PlanError> {
        let faults = scenario.acts.iter().flat_map(|act| act.faults.iter().map(move |fault| (act, fault)));
        let plan = Self { events: faults.map(|(act, fault)| expand(scenario, seed, act, fault)).collect() };
        if scenario.limits.beyond_f {
            Ok(plan)
        } else {
            plan.refuse_deep_reorgs(scenario)?.refuse_too_many_faulty(scenario)
        }
    }

    /// The nodes that some fault corrupts, or lies to.
    pub fn corrupted(&self) -> Vec<NodeId> {
        let nodes = self.events.iter().flat_map(|event| event.what.implicates());
        nodes.collect::<BTreeSet<NodeId>>().into_iter().collect()
    }

    fn refuse_deep_reorgs(self, scenario: &Scenario) -> Result<Self, PlanError> {
        let finality_depth = scenario.chains[0].finality_depth;
        for event in &self.events {
            if let Fault::Reorg(Reorg { depth }) = event.what
                && depth >= finality_depth
            {
                return Err(PlanError::ReorgTooDeep { fault: event.id.clone(), depth, finality_depth });
            }
        }
        Ok(self)
    }

    fn refuse_too_many_faulty(self, scenario: &Scenario) -> Result<Self, PlanError> {
        let allowed = scenario.network.faulty_max();
        let made_faulty = self.events.iter().map(|event| (event, event.nodes_made_faulty(&scenario.network)));
        // Before a second phase anything may fail that ends for it: liveness is demanded only afterwards.
        let counts = |event: &FaultEvent| event.is_permanent() || !scenario.limits.second_phase;
        let made_faulty: Vec<_> = made_faulty.filter(|(event, nodes)| counts(event) && !nodes.is_empty()).collect();
        // Most are faulty at a moment at which one more becomes so: each fault that comes and goes is looked at as it
        // begins, and those that hold all the time by themselves.
        let passing = made_faulty.iter().map(|(event, _)| *event).filter(|event| !event.is_always());
        for event in passing.map(Some).chain([None]) {
            let holds = |other: &FaultEvent| other.is_always() || event.is_some_and(|e| may_hold(scenario, other, e));
            let mut faulty = BTreeSet::new();
            let mut faults = Vec::new();
            for (other, nodes) in made_faulty.iter().filter(|(other, _)| holds(other)) {
                faulty.extend(nodes);
                faults.push(other.id.clone());
            }
            if faulty.len() > usize::from(allowed) {
                return Err(PlanError::TooManyFaulty { faulty, faults, allowed, nodes: scenario.network.nodes });
            }
        }
        Ok(self)
    }
}

impl FaultEvent {
    /// The nodes that count as faulty because of this: they are down, lie, are lied to, or are cut off or shown no chain
    /// or an old one for as long as their act or step lasts, or do not get the code that they should run.
    ///
    /// A gateway or endpoints that fail all nodes alike take away nobody's share of the work: then the network as a whole
    /// cannot serve, and what clients are told is part of the scenario. An old chain for everybody is another matter:
    /// nodes go on, and none of them is right.
    ///
    /// A node is cut off if so many links are dead that it has fewer than n-f nodes, itself included, to talk with both
    /// ways: of a network in two parts the smaller one, or both if neither has n-f nodes. Cuts with an end of their own
    /// (`for_ms`) heal, and what waits for them comes through: they count for nobody. Each cut is judged by itself,
    /// and faults that merely lose messages do not count, however many they lose.
    fn nodes_made_faulty(&self, network: &Network) -> BTreeSet<NodeId> {
        match &self.what {
            Fault::Partition(_) | Fault::Cut(_) if self.for_ms.is_none() => cut_off(&self.what, network),
            Fault::RpcStale(stale) if self.for_ms.is_none() && stale.nodes.is_empty() => {
                (1..=network.nodes).map(NodeId).collect()
            }
            Fault::RpcStale(endpoints) | Fault::RpcDown(endpoints) if self.for_ms.is_none() => named(&endpoints.nodes),
            Fault::RpcLag(lag) if self.for_ms.is_none() => named(&lag.nodes),
            // Also with an end of its own: an action that fails for lack of its code is not begun again.
            Fault::Gateway(gateway) => named(&gateway.nodes),
            other => other.implicates().into_iter().chain(other.stops()).collect(),
        }
    }

    /// Whether these nodes are faulty in the whole run: who has lied once may have lied before without being noticed.
    fn is_always(&self) -> bool {
        !self.what.implicates().is_empty()
    }

    /// Whether these nodes stay faulty once they are.
    pub(crate) fn is_permanent(&self) -> bool {
        self.is_always() || self.what.stops_for_good()
    }
}

fn named(nodes: &[NodeId]) -> BTreeSet<NodeId> {
    nodes.iter().copied().collect()
}

/// The nodes that a fault keeps from talking with n-f nodes, themselves included.
fn cut_off(fault: &Fault, network: &Network) -> BTreeSet<NodeId> {
    let enough = usize::from(network.nodes - network.faulty_max());
    let nodes = || (1..=network.nodes).map(NodeId);
    let talk = |a: NodeId, b: NodeId| a == b || !(fault.severs(a, b) || fault.severs(b, a));
    nodes().filter(|node| nodes().filter(|other| talk(*node, *other)).count() < enough).collect()
}

/// Whether `other` may hold when `event` begins. When a message is sent is not known beforehand, so a fault that begins
/// with one may do so at any time of its act or step.
fn may_hold(scenario: &Scenario, other: &FaultEvent, event: &FaultEvent) -> bool {
    let act = |event: &FaultEvent| scenario.acts.iter().position(|act| act.name == event.act);
    if event.id == other.id {
        return true;
    }
    if act(event) != act(other) {
        return act(other) < act(event) && other.is_permanent();
    }
    if let (Some(step), Some(others)) = (&event.during, &other.during)
        && step != others
    {
        let mut steps = scenario.acts.iter().flat_map(|act| act.steps.iter()).map(|step| &step.id);
        let is_first = steps.find(|id| *id == step || *id == others) == Some(others);
        return is_first && other.is_permanent();
    }
    match (window(event), window(other)) {
        (Some(x), Some(y)) if event.during == other.during => x.0 < y.1 && y.0 < x.1,
        _ => true,
    }
}

/// From when to when a node may be stopped by a timed fault, milliseconds after the start of its act or step.
fn window(event: &FaultEvent) -> Option<(u64, u64)> {
    let Trigger::At { ms } = event.when else { return None };
    let lasts = match &event.what {
        Fault::Crash(crash) => crash.restart_after_ms,
        Fault::Pause(_) => event.for_ms,
        // It may halt at any time while the fault lasts, and is started again when the fault ends.
        Fault::DiskFull(full) => full.restart_after_ms.and(event.for_ms),
        _ => return None,
    };
    Some((ms, lasts.map_or(u64::MAX, |lasts| ms.saturating_add(lasts.max(1)))))
}

fn expand(scenario: &Scenario, seed: u64, act: &Act, spec: &FaultSpec) -> FaultEvent {
    let id = FaultId(format!("{}/{}", act.name, spec.name));
    let mut drawn = BTreeSet::new();
    spec.what.map(&mut |choice| if let NodeChoice::Node(number) = choice { drawn.insert(*number) } else { false });
    let what = spec.what.map(&mut |choice| match choice {
        NodeChoice::Node(number) => NodeId(*number),
        NodeChoice::Any => draw_node(seed, &id, scenario.network.nodes, &mut drawn),
    });
    let when = match &spec.when {
        WhenSpec::At { ms } => Trigger::At { ms: *ms },
        WhenSpec::Sent { label, node, any_node, occurrence } => {
            let crashed = if let Fault::Crash(crash) = &what { Some(crash.node).filter(|_| !any_node) } else { None };
            Trigger::Sent { label: label.clone(), node: node.or(crashed), occurrence: *occurrence }
        }
    };
    FaultEvent { id, act: act.name.clone(), during: spec.during.clone(), when, for_ms: spec.for_ms, what }
}

/// A keyed hash of the fault's name, so that removing one fault never changes another. A fault that names several
/// nodes gets different ones, as long as there are any.
fn draw_node(seed: u64, id: &FaultId, nodes: u16, drawn: &mut BTreeSet<u16>) -> NodeId {
    let mut hasher = blake3::Hasher::new_derive_key("litsim 1 fault plan: which node");
    hasher.update(&seed.to_le_bytes()).update(id.0.as_bytes());
    let digest = hasher.finalize();
    let word = u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("8 of 32 bytes"));
    let start = u16::try_from(word % u64::from(nodes)).expect("a remainder of a u16");
    let numbers = (0..nodes).map(|step| (start + step) % nodes + 1);
    let number = numbers.into_iter().find(|number| !drawn.contains(number)).unwrap_or(start + 1);
    drawn.insert(number);
    NodeId(number)
}

impl fmt::Display for FaultEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", self.id, self.what, self.when)?;
        if let Some(step) = &self.during {
            write!(f, " of step {step}")?;
        }
        match self.for_ms {
            Some(ms) => write!(f, ", for {ms} ms"),
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
