//! The engine for a foreign protocol.

use lit_node::id::NodeId;
use std::collections::BTreeMap;

use super::run::Run;
use super::{Args, Conduct, Oracle, Protocol, Setup, WireFault};
use crate::outcome::{Engine, Point, RunOptions, RunReport};
use crate::plan::FaultPlan;
use crate::scenario::{Scenario, Vocabulary};
use crate::sealed;

type MakeOracle<P> = Box<dyn Fn() -> Box<dyn Oracle<P>> + Send + Sync>;
type MakeConduct<P> = Box<dyn Fn(Setup, &Args) -> Box<dyn Conduct<P>> + Send + Sync>;
type MakeWireFault<P> = Box<dyn Fn(&Args) -> Box<dyn WireFault<P>> + Send + Sync>;

/// Runs scenarios of a foreign protocol. As an [`Engine`] it takes the same plans, and its runs are traced, reported,
/// replayed and shrunk like those of the threshold-key network; [`crate::cli::main`] makes a program of it.
pub struct Rig<P: Protocol> {
    pub(super) options: P::Options,
    version: String,
    pub(super) oracles: Vec<MakeOracle<P>>,
    pub(super) conducts: BTreeMap<&'static str, MakeConduct<P>>,
    pub(super) wire_faults: BTreeMap<&'static str, MakeWireFault<P>>,
}

impl<P: Protocol> Rig<P> {
    /// An engine that judges nothing yet. `version` tells builds of the protocol apart: its crate's version, say.
    pub fn new(options: P::Options, version: impl Into<String>) -> Self {
        let (conducts, wire_faults) = (BTreeMap::new(), BTreeMap::new());
        Self { options, version: version.into(), oracles: Vec::new(), conducts, wire_faults }
    }

    /// Adds an oracle, made anew for each run.
    #[must_use]
    pub fn oracle<O: Oracle<P> + 'static>(mut self, make: impl Fn() -> O + Send + Sync + 'static) -> Self {
        self.oracles.push(Box::new(move || Box::new(make())));
        self
    }

    /// Adds a behaviour: `what.custom = { name = NAME, node = 1 }` corrupts a node with it.
    #[must_use]
    pub fn conduct<C: Conduct<P> + 'static>(
        mut self,
        name: &'static str,
        make: impl Fn(Setup, &Args) -> C + Send + Sync + 'static,
    ) -> Self {
        self.conducts.insert(name, Box::new(move |setup, args| Box::new(make(setup, args))));
        self
    }

    /// Adds a fault of messages: `what.custom = { name = NAME }` switches it on.
    #[must_use]
    pub fn wire_fault<W: WireFault<P> + 'static>(
        mut self,
        name: &'static str,
        make: impl Fn(&Args) -> W + Send + Sync + 'static,
    ) -> Self {
        self.wire_faults.insert(name, Box::new(move |args| Box::new(make(args))));
        self
    }
}

impl<P: Protocol> Engine for Rig<P> {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        sealed::run(options.seed, || {
            let mut run = Run::new(self, scenario, plan, options);
            run.run_to(Point::End);
            run.report(plan, options)
        })
    }

    fn vocabulary(&self) -> Vocabulary {
        let custom = self.conducts.keys().chain(self.wire_faults.keys()).copied().collect();
        Vocabulary { labels: P::LABELS, custom }
    }

    fn build(&self) -> String {
        format!("{} {}", crate::capsule::BUILD, self.version)
    }

    fn inspect(
        &self,
        scenario: &Scenario,
        plan: &FaultPlan,
        options: RunOptions,
        point: Point,
        node: NodeId,
    ) -> Option<serde_json::Value> {
        sealed::run(options.seed, || {
            let mut run = Run::new(self, scenario, plan, options);
            run.run_to(point);
            run.describe(node)
        })
    }
}
