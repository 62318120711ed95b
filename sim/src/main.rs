//! The `litsim` program.

use litsim::outcome::{Engine, Faults, RunOptions, RunReport, Verdict};
use litsim::plan::FaultPlan;
use litsim::scenario::Scenario;
use litsim::trace::Trace;
use std::process::ExitCode;

fn main() -> ExitCode {
    litsim::cli::main(&Inert)
}

/// A world in which nothing happens: every scenario fails its liveness.
struct Inert;

impl Engine for Inert {
    fn run(&self, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
        let trace = Trace::new(options.trace);
        RunReport {
            scenario: scenario.name.clone(),
            seed: options.seed,
            verdict: Verdict::Liveness,
            expected: Verdict::Liveness.is(scenario.expect.verdict),
            digest: trace.digest(),
            virtual_ms: 0,
            events: 0,
            messages: 0,
            bytes: 0,
            nodes: scenario.network.nodes,
            threshold: scenario.network.threshold,
            preprocessing: scenario.keys.preprocessing.name(),
            requests: Vec::new(),
            culprits: Vec::new(),
            suspects: Vec::new(),
            violations: Vec::new(),
            faults: Faults { declared: plan.events.iter().map(|e| e.id.0.clone()).collect(), fired: Vec::new() },
            marks: Default::default(),
            profile: None,
            trace,
        }
    }
}
