//! One run whose panic, if any, is a result like others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::outcome::{Engine, Faults, RunOptions, RunReport, Verdict, Violation};
use crate::plan::FaultPlan;
use crate::scenario::Scenario;
use crate::trace::{Retention, Trace};

/// The oracle under which a panic of the simulator itself is reported.
pub(super) const PANIC: &str = "simulator-panic";

/// Runs a scenario. If the engine panics, the report says so and has an empty trace.
pub fn attempt(engine: &dyn Engine, scenario: &Scenario, plan: &FaultPlan, options: RunOptions) -> RunReport {
    catch_unwind(AssertUnwindSafe(|| engine.run(scenario, plan, options))).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        after_panic(scenario, plan, options.seed, text.unwrap_or_default())
    })
}

/// What is left to say of a run that panicked.
pub(crate) fn after_panic(scenario: &Scenario, plan: &FaultPlan, seed: u64, text: String) -> RunReport {
    let trace = Trace::new(Retention::Nothing);
    RunReport {
        scenario: scenario.name.clone(),
        seed,
        verdict: Verdict::Panic,
        expected: false,
        digest: trace.digest(),
        virtual_ms: 0,
        events: 0,
        messages: 0,
        bytes: 0,
        rounds: 0,
        nodes: scenario.network.nodes,
        threshold: scenario.network.threshold,
        preprocessing: scenario.keys.preprocessing.name(),
        bugs: scenario.bugs,
        requests: Vec::new(),
        milestones: Vec::new(),
        culprits: Vec::new(),
        suspects: Vec::new(),
        violations: vec![Violation { oracle: PANIC.to_owned(), at_ms: 0, nodes: Vec::new(), detail: text }],
        exercised: Default::default(),
        missed: None,
        faults: Faults::new(plan, &Default::default()),
        marks: Default::default(),
        profile: None,
        trace,
    }
}
