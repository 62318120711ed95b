//! From a scenario, a plan and a seed to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lit_node::blame::ChainView;
use lit_node::chain::Contracts;
use lit_node::id::NodeId;
use lit_node::meter::Op;

use super::World;
use crate::heap::MILLI;
use crate::oracle::{self, Dispute, Facts, NoHonestPanic, Routing};
use crate::outcome::{Culprit, Engine, Faults, Point, RunOptions, RunReport, Suspect, Verdict, Violation};
use crate::plan::FaultPlan;
use crate::scenario::{ExpectedVerdict, Preprocessing, Scenario};
use crate::sealed;
use crate::trace::{Actor, Kind, Record};

#[cfg(test)]
mod tests;

/// The real engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulator;

impl Engine for Simulator {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        simulate(scenario, plan, options, |_| {})
    }

    fn inspect(
        &self,
        scenario: &Scenario,
        plan: &FaultPlan,
        options: RunOptions,
        point: Point,
        node: NodeId,
    ) -> Option<serde_json::Value> {
        let scenario = Arc::new(scenario.clone());
        sealed::run(options.seed, || {
            let mut world = World::new(scenario, plan.clone(), &options);
            world.run_to(point);
            world.describe(node)
        })
    }
}

/// Runs a world in a sealed place, after `prepare` has had a hand in it.
fn simulate(
    scenario: &Scenario,
    plan: &FaultPlan,
    options: RunOptions,
    prepare: impl FnOnce(&mut World) + Send,
) -> RunReport {
    let scenario = Arc::new(scenario.clone());
    sealed::run(options.seed, || {
        let mut world = World::new(scenario, plan.clone(), &options);
        prepare(&mut world);
        world.run();
        world.judge(plan, options)
    })
}

impl World {
    /// Lets the oracles judge, and writes the report.
    fn judge(mut self, plan: &FaultPlan, options: RunOptions) -> RunReport {
        let now = self.heap.now();
        self.faults.told(&self.factory.switchboard);
        let (violations, exercised) = self.judged();
        let missed = self.missed_expectation(&violations);
        // A node that panics is worse than anything, unless that is what the scenario is made to show.
        let shows_panic = self.scenario.expect.oracles.iter().any(|oracle| oracle == NoHonestPanic::NAME);
        let verdict = match Verdict::of(&violations, missed.is_some()) {
            Verdict::Panic if shows_panic => Verdict::Safety,
            verdict => verdict,
        };
        let text = format!("{verdict}; {} violations; {}", violations.len(), missed.as_deref().unwrap_or_default());
        self.observer.trace.push(Record {
            time_ns: now,
            kind: Kind::Verdict,
            actor: Actor::World,
            peer: None,
            label: String::new(),
            payload: None,
            text,
        });
        self.report(plan, options, verdict, (violations, exercised), missed)
    }

    /// What oracles say of the run, and how often each had something to judge.
    fn judged(&mut self) -> (Vec<Violation>, BTreeMap<&'static str, u64>) {
        let running: BTreeSet<NodeId> = self.hosts.values().filter(|host| host.is_up()).map(|host| host.id).collect();
        for id in &running {
            self.show_disk(self.heap.now(), *id, false);
        }
        let mut oracles = std::mem::take(&mut self.observer.oracles);
        let events = self.surroundings.events(&self.book.contracts);
        let generations = || self.factory.generations().map(|(roster, contracts)| (roster.clone(), contracts));
        let seen = |contracts: &Contracts| self.surroundings.events(contracts);
        let mut chains: Vec<ChainView> = generations()
            .map(|(roster, contracts)| ChainView::new(roster, self.book.board(&contracts), seen(&contracts)))
            .collect();
        let chain = chains.pop().expect("there is a generation in force");
        let witness = std::rc::Rc::clone(&self.observer.witness);
        let witness = witness.borrow();
        let facts = Facts {
            routed: generations().flat_map(|(_, contracts)| self.surroundings.routed_keys(&contracts)).collect(),
            at: self.heap.now(),
            witness: &witness,
            disks: self.raw_disks(),
            threshold: usize::from(self.scenario.network.threshold),
            corrupted: &self.corrupted,
            up: running,
            steps: &self.script.reports,
            stuck: self.stuck.as_deref(),
            pool: self.pool_levels(&events),
            disputes: generations()
                .flat_map(|(_, contracts)| seen(&contracts))
                .filter_map(|event| Dispute::of(&event))
                .collect(),
            chain,
            former: chains,
            routings: generations()
                .enumerate()
                .flat_map(|(resets, (_, contracts))| Routing::all(resets, &seen(&contracts)))
                .collect(),
            dealt: !matches!(self.scenario.keys.preprocessing, Preprocessing::Protocol),
            bugs: self.scenario.bugs,
        };
        let exercised = oracles.iter().map(|oracle| (oracle.name(), oracle.occasions(&facts))).collect();
        let found = oracles.iter_mut().flat_map(|oracle| oracle.judge(&facts));
        (found.map(|violation| public(&violation)).collect(), exercised)
    }

    /// What is on the disks of each node.
    fn raw_disks(&self) -> BTreeMap<NodeId, Vec<u8>> {
        let mut disks: BTreeMap<NodeId, Vec<u8>> = BTreeMap::new();
        for host in self.hosts.values() {
            disks.entry(host.id).or_default().extend(host.disk.raw());
        }
        disks
    }

    /// What the scenario demands beyond a verdict, if it is not so.
    fn missed_expectation(&self, violations: &[Violation]) -> Option<String> {
        let expect = &self.scenario.expect;
        if !violations.is_empty() && !expect.blames(violations) {
            return Some(format!("a violation of {} and no other was expected", expect.oracles.join(" and ")));
        }
        // In a scenario that is made to stall, a step that does not complete is the point; in one that is made to show
        // a violation, what steps come to besides.
        let stalls = expect.verdict == ExpectedVerdict::Liveness || !expect.oracles.is_empty();
        if let Some(report) = self.script.reports.iter().find(|report| !report.expected && !stalls) {
            return Some(format!("step {}: {}", report.id, report.error.as_deref().unwrap_or("unexpected outcome")));
        }
        let expect = &self.scenario.expect;
        let by_honest = |culprit: &&Culprit| culprit.is_named_but_by(&|by| self.corrupted.contains(by));
        let named = self.observer.culprits.iter().filter(by_honest).map(|culprit| culprit.node).collect();
        expect
            .missed(&self.faults.fired, self.observer.messages, self.heap.now() / MILLI)
            .or_else(|| expect.wrongly_blamed(&named))
            .or_else(|| expect.miscounted(&self.observer.marks))
    }

    fn report(
        self,
        plan: &FaultPlan,
        options: RunOptions,
        verdict: Verdict,
        (violations, exercised): (Vec<Violation>, BTreeMap<&'static str, u64>),
        missed: Option<String>,
    ) -> RunReport {
        let as_made = verdict.is(self.scenario.expect.verdict);
        let mut marks = self.observer.marks;
        marks.extend(self.faults.fired.iter().map(|(id, times)| (format!("fault {id}"), *times)));
        let network = &self.scenario.network;
        let profile = options.profile.then(|| {
            let total = |op: Op| {
                let present: u64 = self.hosts.values().map(|host| host.total.count(op)).sum();
                present + self.stopped.count(op)
            };
            let gas = self.surroundings.chains.iter().map(crate::chain::Chain::gas_used).sum();
            Op::ALL.iter().map(|&op| (op.name().to_owned(), total(op))).chain([("evm_gas".to_owned(), gas)]).collect()
        });
        RunReport {
            scenario: self.scenario.name.clone(),
            seed: options.seed,
            verdict,
            expected: as_made && missed.is_none(),
            missed: missed.filter(|_| as_made || verdict == Verdict::Expectation),
            digest: self.observer.trace.digest(),
            virtual_ms: self.heap.now() / MILLI,
            events: self.observer.trace.len(),
            messages: self.observer.messages,
            bytes: self.observer.bytes,
            rounds: self.rounds.total(),
            nodes: network.nodes,
            threshold: network.threshold,
            preprocessing: self.scenario.keys.preprocessing.name(),
            bugs: self.scenario.bugs,
            requests: self.script.reports,
            milestones: self.observer.milestones.into_list(),
            culprits: self.observer.culprits,
            suspects: suspects(self.observer.suspects, &self.corrupted),
            violations,
            exercised,
            faults: Faults::new(plan, &self.faults.fired),
            marks,
            profile,
            trace: self.observer.trace,
        }
    }
}

/// Whom nodes that do not lie had to wait for.
fn suspects(by_suspect: BTreeMap<NodeId, BTreeSet<NodeId>>, corrupted: &[NodeId]) -> Vec<Suspect> {
    let suspect = |(node, by): (NodeId, BTreeSet<NodeId>)| {
        let suspected_by = by.into_iter().filter(|by| !corrupted.contains(by)).collect();
        Suspect { node, suspected_by }
    };
    by_suspect.into_iter().map(suspect).filter(|suspect| !suspect.suspected_by.is_empty()).collect()
}

fn public(violation: &oracle::Violation) -> Violation {
    Violation {
        oracle: violation.oracle.to_owned(),
        at_ms: violation.at / MILLI,
        nodes: violation.nodes.clone(),
        detail: violation.detail.clone(),
    }
}
