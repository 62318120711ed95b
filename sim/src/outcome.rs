//! What a run is asked for and what it gives back: the narrow interface between the engine and everything around it.

use lit_node::bugs::BugSet;
use lit_node::id::NodeId;
use lit_node::signing::Scheme;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::plan::FaultPlan;
use crate::scenario::{Expect, ExpectedVerdict, Scenario, Vocabulary};
use crate::trace::{Retention, Trace};

/// Runs scenarios.
pub trait Engine {
    /// Runs one scenario under one plan. A pure function of its arguments and the build, `memo` and `trace` aside.
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport;

    /// The words that scenarios for this engine may use.
    fn vocabulary(&self) -> Vocabulary {
        Vocabulary::LIT
    }

    /// Names the build: runs of one build agree to the last byte, those of two need not. An engine from another crate
    /// adds its own version.
    fn build(&self) -> String {
        crate::capsule::BUILD.to_owned()
    }

    /// The state of a node at a point of the run, as JSON without secrets; none if this engine shows none or there is
    /// no such node.
    fn inspect(
        &self,
        scenario: &Scenario,
        plan: &FaultPlan,
        options: RunOptions,
        point: Point,
        node: NodeId,
    ) -> Option<serde_json::Value> {
        let _ = (scenario, plan, options, point, node);
        None
    }
}

/// A point of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Point {
    /// Before the first event after this virtual time, nanoseconds.
    Time(u64),
    /// Once the trace has this many records.
    Records(u64),
    /// The end.
    #[default]
    End,
}

impl Point {
    /// Whether a run that has written so many records and whose next event is due then has come to this point.
    pub fn is_reached(self, records: u64, next_ns: u64) -> bool {
        match self {
            Self::Time(ns) => next_ns > ns,
            Self::Records(most) => records >= most,
            Self::End => false,
        }
    }
}

/// How to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Everything random derives from this.
    pub seed: u64,
    /// Share the results of pure checks between nodes. Never changes a result.
    pub memo: bool,
    /// Count the operations of nodes by kind.
    pub profile: bool,
    /// Which records of the trace to keep.
    pub trace: Retention,
}

/// How a run ended, worse ones later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything completed as each step expects; nothing was violated.
    Pass,
    /// A step ended otherwise than expected, a declared fault never fired, or a bound was exceeded.
    Expectation,
    /// Something that must complete did not.
    Liveness,
    /// A safety property was violated.
    Safety,
    /// Two runs of the same scenario and seed differed.
    Nondeterminism,
    /// The simulator or a node panicked.
    Panic,
}

impl Verdict {
    /// What violations, and whether something else was missed, make of a run.
    pub fn of(violations: &[Violation], missed: bool) -> Self {
        let any = |test: fn(&Violation) -> bool| violations.iter().any(test);
        if any(|violation| violation.oracle == "no-honest-panic") {
            Self::Panic
        } else if any(|violation| violation.oracle != "liveness") {
            Self::Safety
        } else if !violations.is_empty() {
            Self::Liveness
        } else if missed {
            Self::Expectation
        } else {
            Self::Pass
        }
    }

    /// The name, as in scenarios and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Expectation => "expectation",
            Self::Liveness => "liveness",
            Self::Safety => "safety",
            Self::Nondeterminism => "nondeterminism",
            Self::Panic => "panic",
        }
    }

    /// Whether this is the verdict that a scenario is made for.
    pub fn is(self, expected: ExpectedVerdict) -> bool {
        match expected {
            ExpectedVerdict::Pass => self == Self::Pass,
            ExpectedVerdict::Liveness => self == Self::Liveness,
            ExpectedVerdict::Safety => self == Self::Safety,
        }
    }
}

impl Expect {
    /// Whether the oracles that saw these violations are those that the scenario names, if it names any.
    pub fn blames(&self, violations: &[Violation]) -> bool {
        let mut seen: Vec<&str> = violations.iter().map(|violation| violation.oracle.as_str()).collect();
        if self.verdict == ExpectedVerdict::Safety {
            seen.retain(|oracle| *oracle != "liveness");
        }
        seen.sort_unstable();
        seen.dedup();
        self.oracles.is_empty() || self.oracles.iter().map(String::as_str).eq(seen)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Whether the scenario expects that, marks and bounds included.
    pub expected: bool,
    /// What the scenario demands beyond the verdict and did not get: a step's outcome, a mark, a bound. None if the
    /// verdict itself is another one than it is made for.
    pub missed: Option<String>,
    /// Digest of the trace.
    pub digest: [u8; 32],
    /// How long it took in virtual time, milliseconds.
    pub virtual_ms: u64,
    /// How many events were handled.
    pub events: u64,
    /// How many messages nodes sent each other.
    pub messages: u64,
    /// How many bytes these had.
    pub bytes: u64,
    /// The longest chain of messages in each step, each sent after the one before had arrived, added up.
    pub rounds: u64,
    /// n.
    pub nodes: u16,
    /// How many shares make a key.
    pub threshold: u16,
    /// Where Beaver triples came from.
    pub preprocessing: &'static str,
    /// Known mistakes that nodes and clients made.
    pub bugs: BugSet,
    /// One for each step that was started, in order.
    pub requests: Vec<RequestReport>,
    /// What the network itself did on the way, in order.
    pub milestones: Vec<Milestone>,
    /// Nodes that were proved wrong.
    pub culprits: Vec<Culprit>,
    /// Nodes that others think slow or silent.
    pub suspects: Vec<Suspect>,
    /// Violated properties.
    pub violations: Vec<Violation>,
    /// How often each oracle had something to judge; of an oracle that does not say so nothing.
    pub exercised: BTreeMap<&'static str, u64>,
    /// The plan's faults.
    pub faults: Faults,
    /// How often each *sometimes* branch was taken.
    pub marks: BTreeMap<String, u64>,
    /// Counted operations by kind, if asked for.
    pub profile: Option<BTreeMap<String, u64>>,
    /// What happened, as far as it was kept.
    pub trace: Trace,
}

/// How a step went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestReport {
    /// The step's id.
    pub id: String,
    /// The act.
    pub act: String,
    /// The kind of step, e.g. `execute`.
    pub kind: &'static str,
    /// The user.
    pub client: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// Whether the step expects that.
    pub expected: bool,
    /// The error's text: code, and what was wrong.
    pub error: Option<String>,
    /// From start to end, virtual milliseconds.
    pub latency_ms: u64,
    /// When it started, virtual milliseconds.
    pub started_ms: u64,
    /// When it ended, virtual milliseconds.
    pub finished_ms: u64,
    /// The key that came into being or was used, uncompressed (65 bytes).
    pub public_key: Option<Vec<u8>>,
    /// The key's Ethereum address.
    pub eth_address: Option<[u8; 20]>,
    /// The action's response.
    pub response: Option<String>,
    /// What the action printed.
    pub logs: Option<String>,
    /// The combined and verified signatures.
    pub signatures: Vec<SignatureReport>,
}

/// Something that the network reached: contracts, channels, a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// When, virtual milliseconds.
    pub at_ms: u64,
    /// What.
    pub text: String,
}

/// How a step ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StepOutcome {
    /// It completed.
    Ok,
    /// It failed with an error of this name (an error code, `Reverted`, ...).
    Failed(String),
    /// It had not ended when the run did.
    #[default]
    Unfinished,
}

impl StepOutcome {
    /// The name, as in reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Ok => "ok",
            Self::Failed(code) => code,
            Self::Unfinished => "unfinished",
        }
    }
}

/// A combined signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureReport {
    /// The name that the action gave it.
    pub name: String,
    /// The scheme.
    pub scheme: Scheme,
    /// The 32-byte digest that was signed.
    pub message: [u8; 32],
    /// As verifiers take it: r, s, v (65 bytes) of ECDSA; R compressed and z (65 bytes) of FROST, RFC 9591.
    pub signature: Vec<u8>,
    /// r, or the nonce point's encoding without its first byte.
    pub r: [u8; 32],
    /// s, or z.
    pub s: [u8; 32],
    /// 27 or 28 of ECDSA, 2 or 3 (the first byte of the nonce point's encoding) of FROST.
    pub v: u8,
    /// The key, uncompressed.
    pub public_key: Vec<u8>,
    /// The key's Ethereum address.
    pub eth_address: [u8; 20],
}

/// A node that was proved wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Who.
    pub node: NodeId,
    /// By which nodes.
    pub named_by: Vec<NodeId>,
    /// By which clients, by the names of their users. Clients run the client library and do not lie about what it finds.
    pub clients: Vec<String>,
    /// What the proof shows.
    pub evidence: String,
    /// When it was first named, virtual milliseconds.
    pub at_ms: u64,
}

impl Culprit {
    /// Whether anybody has named it who is not one of the nodes that lie.
    pub fn is_named_but_by(&self, lies: &impl Fn(&NodeId) -> bool) -> bool {
        !self.clients.is_empty() || self.named_by.iter().any(|by| !lies(by))
    }
}

/// A node that is thought slow or silent. Only orders choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Who.
    pub node: NodeId,
    /// By whom.
    pub suspected_by: Vec<NodeId>,
}

/// A violated property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which oracle saw it.
    pub oracle: String,
    /// When, virtual milliseconds.
    pub at_ms: u64,
    /// The nodes that are concerned.
    pub nodes: Vec<NodeId>,
    /// What was seen.
    pub detail: String,
}

/// The faults of a run, by id, in the order of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// All of the plan.
    pub declared: Vec<String>,
    /// Those that had an effect.
    pub fired: Vec<String>,
    /// The nodes that told a lie of the plan, ascending.
    pub liars: Vec<NodeId>,
}

impl Faults {
    /// Of a plan whose faults had an effect so often, by id.
    pub fn new(plan: &FaultPlan, fired: &BTreeMap<String, u64>) -> Self {
        let has_fired = |id: &str| fired.get(id).is_some_and(|times| *times > 0);
        let events = plan.events.iter().filter(|event| has_fired(&event.id.0));
        let liars: BTreeSet<NodeId> = events.flat_map(|event| event.what.makes_liars_of()).collect();
        Self {
            declared: plan.events.iter().map(|event| event.id.0.clone()).collect(),
            fired: fired.keys().filter(|id| has_fired(id)).cloned().collect(),
            liars: liars.into_iter().collect(),
        }
    }
}

/// Who lied and who was proved wrong: the confusion matrix of blame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// Liars that honest nodes have proved wrong.
    pub liars_named: Vec<NodeId>,
    /// Liars against whom nothing was proved; not every lie is provable.
    pub liars_unnamed: Vec<NodeId>,
    /// Honest nodes that honest nodes take for proved wrong: there should be none.
    pub honest_named: Vec<NodeId>,
    /// How many honest nodes nobody blames.
    pub honest_unnamed: u16,
}

impl RunReport {
    /// Compares who was named with who lied. What liars say about others does not count.
    pub fn blame(&self) -> Blame {
        let lied = |node: &NodeId| self.faults.liars.contains(node);
        let by_honest = |culprit: &&Culprit| culprit.is_named_but_by(&lied);
        let named: BTreeSet<NodeId> = self.culprits.iter().filter(by_honest).map(|culprit| culprit.node).collect();
        let (liars_named, liars_unnamed): (Vec<NodeId>, Vec<NodeId>) =
            self.faults.liars.iter().partition(|node| named.contains(*node));
        let honest_named: Vec<NodeId> = named.into_iter().filter(|node| !lied(node)).collect();
        let others = liars_named.len() + liars_unnamed.len() + honest_named.len();
        let honest_unnamed = usize::from(self.nodes).saturating_sub(others);
        let honest_unnamed = u16::try_from(honest_unnamed).expect("at most as many as there are nodes");
        Blame { liars_named, liars_unnamed, honest_named, honest_unnamed }
    }
}
