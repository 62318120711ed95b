//! What a worker does.

use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use super::answer::run_options;
use super::{Answer, Errand, Ran, Shrunken};
use crate::capsule::shrink::{Effort, shrink};
use crate::capsule::{Capsule, attempt};
use crate::outcome::Engine;
use crate::plan::FaultPlan;
use crate::scenario::{Bundle, Scenario};
use crate::stopwatch::{Spent, Stopwatch};

/// A line to a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order<'o> {
    /// The scenario of the runs that follow. It is not answered.
    Scenario(std::borrow::Cow<'o, Bundle>),
    /// A run of it.
    Run {
        /// The seed.
        seed: u64,
        /// Whether operations are counted.
        profile: bool,
    },
    /// Shrinking.
    Shrink {
        /// The capsule.
        capsule: PathBuf,
        /// Where the scenario goes.
        output: PathBuf,
        /// The most runs.
        budget: u64,
    },
}

/// Reads orders and writes answers until there are no more orders.
///
/// # Errors
/// If a line cannot be read or is no order, or nobody takes the answers.
pub fn serve(engine: &dyn Engine, orders: &mut dyn BufRead, answers: &mut dyn Write) -> io::Result<()> {
    let mut current: Result<(Scenario, Bundle), String> = Err("no scenario has been given".to_owned());
    let mut line = String::new();
    loop {
        line.clear();
        if orders.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line)? {
            Order::Scenario(bundle) => {
                let bundle = bundle.into_owned();
                let checked = bundle.scenario(engine.vocabulary());
                current = checked.map(|scenario| (scenario, bundle)).map_err(|error| error.to_string());
                continue;
            }
            Order::Run { seed, profile } => match &current {
                Ok((scenario, bundle)) => run(engine, scenario, bundle, seed, profile),
                Err(error) => Answer::Refused { error: error.clone() },
            },
            Order::Shrink { capsule, output, budget } => make_small(engine, &capsule, &output, budget),
        };
        let mut line = serde_json::to_string(&answer)?;
        line.push('\n');
        answers.write_all(line.as_bytes())?;
        answers.flush()?;
    }
}

/// Carries out an errand in this process.
pub fn carry_out(engine: &dyn Engine, errand: &Errand) -> Answer {
    match errand {
        Errand::Run { bundle, seed, profile } => match bundle.scenario(engine.vocabulary()) {
            Ok(scenario) => run(engine, &scenario, bundle, *seed, *profile),
            Err(error) => Answer::Refused { error: error.to_string() },
        },
        Errand::Shrink { capsule, output, budget } => make_small(engine, capsule, output, *budget),
    }
}

fn run(engine: &dyn Engine, scenario: &Scenario, bundle: &Bundle, seed: u64, profile: bool) -> Answer {
    let plan = match FaultPlan::new(scenario, seed) {
        Ok(plan) => plan,
        Err(error) => return Answer::Refused { error: error.to_string() },
    };
    let options = run_options(seed, profile);
    let watch = Stopwatch::start();
    let report = attempt(engine, scenario, &plan, options);
    let Spent { wall_us, cpu_us } = watch.spent();
    Answer::Ran(Box::new(Ran { wall_us, cpu_us, ..Ran::new(engine, bundle, &plan, options, &report) }))
}

fn make_small(engine: &dyn Engine, capsule: &Path, output: &Path, budget: u64) -> Answer {
    let stem = output.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let effort = Effort { budget, ..Effort::default() };
    let shrunk = Capsule::read(capsule)
        .map_err(|error| error.to_string())
        .and_then(|capsule| shrink(engine, &capsule, &stem, effort, &mut |_| {}).map_err(|error| error.to_string()))
        .and_then(|shrunk| {
            let written = shrunk.write(output).map_err(|error| format!("cannot write {}: {error}", output.display()));
            written.map(|_| shrunk)
        });
    match shrunk {
        Ok(shrunk) => Answer::Shrunk(Shrunken {
            failure: shrunk.failure,
            seed: shrunk.capsule.seed,
            faults: shrunk.after.events,
            steps: shrunk.after.steps,
            nodes: shrunk.after.nodes,
            runs: shrunk.runs,
        }),
        Err(error) => Answer::Refused { error },
    }
}
