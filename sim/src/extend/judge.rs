//! What a run of a foreign protocol came to.

use std::collections::BTreeMap;

use lit_node::id::NodeId;

use super::run::Run;
use super::{Facts, Finding, Protocol};
use crate::heap::MILLI;
use crate::outcome::{Faults, RequestReport, RunOptions, RunReport, StepOutcome, Verdict, Violation};
use crate::plan::FaultPlan;
use crate::trace::{Actor, Kind};

impl<P: Protocol> Run<'_, P> {
    /// A node's machine and state now.
    pub fn describe(&self, id: NodeId) -> Option<serde_json::Value> {
        let host = self.hosts.get(&id)?;
        Some(serde_json::json!({
            "node": id,
            "time_ns": self.heap.now(),
            "records": self.trace.len(),
            "up": host.node.is_some(),
            "boot": host.boot,
            "state": host.node.as_ref().map(P::describe),
        }))
    }

    /// Lets the oracles judge, and writes the report.
    pub fn report(mut self, plan: &FaultPlan, options: RunOptions) -> RunReport {
        self.faults.told(&self.switchboard);
        let (now, virtual_ms) = (self.heap.now(), self.heap.now() / MILLI);
        let mut violations = std::mem::take(&mut self.panics);
        let (found, exercised) = self.judged();
        violations.extend(found);
        if let Some(name) = self.stuck {
            let detail = format!("limits.{name} was reached");
            violations.push(Violation { oracle: "liveness".into(), at_ms: virtual_ms, nodes: Vec::new(), detail });
        }
        let expect = &self.scenario.expect;
        let steps = self.scenario.acts.iter().flat_map(|act| act.steps.iter()).next();
        let no_steps = steps.map(|step| format!("step {}: this protocol has no clients", step.id));
        let missed = no_steps.or_else(|| expect.missed(&self.faults.fired, self.messages, virtual_ms));
        let verdict = Verdict::of(&violations, missed.is_some());
        let as_made = verdict.is(expect.verdict);
        let text = format!("{verdict}; {} violations; {}", violations.len(), missed.as_deref().unwrap_or_default());
        self.record(now, Kind::Verdict, Actor::World, text);
        self.marks.extend(self.faults.fired.iter().map(|(id, times)| (format!("fault {id}"), *times)));
        RunReport {
            scenario: self.scenario.name.clone(),
            seed: options.seed,
            verdict,
            expected: as_made && missed.is_none(),
            digest: self.trace.digest(),
            virtual_ms,
            events: self.trace.len(),
            messages: self.messages,
            bytes: self.bytes,
            rounds: self.rounds.total(),
            nodes: self.scenario.network.nodes,
            threshold: self.scenario.network.threshold,
            preprocessing: "none",
            bugs: self.scenario.bugs,
            requests: self.decisions.iter().map(|(at, node, decision)| decided(*at / MILLI, *node, decision)).collect(),
            milestones: Vec::new(),
            culprits: Vec::new(),
            suspects: Vec::new(),
            violations,
            exercised,
            missed: missed.filter(|_| as_made || verdict == Verdict::Expectation),
            faults: Faults::new(plan, &self.faults.fired),
            marks: self.marks,
            profile: None,
            trace: self.trace,
        }
    }

    fn judged(&mut self) -> (Vec<Violation>, BTreeMap<&'static str, u64>) {
        let mut decisions: BTreeMap<NodeId, Vec<P::Decision>> = BTreeMap::new();
        for (_, node, decision) in &self.decisions {
            decisions.entry(*node).or_default().push(decision.clone());
        }
        let up: Vec<NodeId> = self.hosts.iter().filter(|(_, host)| host.node.is_some()).map(|(id, _)| *id).collect();
        let network = &self.scenario.network;
        let (nodes, faulty_max) = (network.nodes, network.faulty_max());
        let facts = Facts { nodes, faulty_max, corrupted: &self.corrupted, up: &up, decisions: &decisions };
        let at_ms = self.heap.now() / MILLI;
        let told = self.oracles.iter().filter_map(|oracle| Some((oracle.name(), oracle.occasions(&facts)?)));
        let exercised = told.collect();
        let judged = self.oracles.iter_mut().flat_map(|oracle| {
            let name = oracle.name();
            oracle.judge(&facts).into_iter().map(move |finding| violation(name, at_ms, finding))
        });
        (judged.collect(), exercised)
    }
}

/// A finding as reports have it: violations of liveness go by that name, whichever oracle saw them.
fn violation(oracle: &str, at_ms: u64, finding: Finding) -> Violation {
    let Finding { nodes, detail, liveness } = finding;
    match liveness {
        true => Violation { oracle: "liveness".into(), at_ms, nodes, detail: format!("{oracle}: {detail}") },
        false => Violation { oracle: oracle.to_owned(), at_ms, nodes, detail },
    }
}

/// A decision, where reports have a client's request.
fn decided(at_ms: u64, node: NodeId, decision: &impl std::fmt::Debug) -> RequestReport {
    RequestReport {
        id: node.to_string(),
        kind: "decide",
        client: node.to_string(),
        outcome: StepOutcome::Ok,
        expected: true,
        latency_ms: at_ms,
        finished_ms: at_ms,
        response: Some(format!("{decision:?}")),
        ..RequestReport::default()
    }
}
