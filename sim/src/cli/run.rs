//! `litsim run`: runs scenarios and reports each.

use clap::Args;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use super::twice::{self, Job};
use super::{Common, Exit, Shell, folder, select};
use crate::outcome::{Faults, RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::report::{self, Style};
use crate::scenario::{self, Scenario};
use crate::trace::{Retention, Trace};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files, folders of them (with all below), or patterns
    #[arg(required = true, value_name = "FILE|DIR|GLOB")]
    files: Vec<String>,
    /// The seed that everything random derives from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Change a value of the scenario before it is checked, e.g. network.nodes=13; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Run in two processes and compare every record
    #[arg(long)]
    twice: bool,
    /// Have every node check everything itself; the digest must be the same
    #[arg(long)]
    no_memo: bool,
    /// Count the operations of nodes
    #[arg(long)]
    profile: bool,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let files = match select::select(&arguments.files) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::NOTHING_SELECTED;
        }
    };
    let brief = files.len() > 1 && !common.verbose;
    files.iter().map(|file| run_file(arguments, common, shell, file, brief)).fold(Exit::OK, Exit::and)
}

fn run_file(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>, file: &Path, brief: bool) -> Exit {
    let scenario = match scenario::load(file, &arguments.set) {
        Ok(scenario) => scenario,
        Err(error) => {
            shell.complain(&error.to_string());
            return Exit::BAD_SCENARIO;
        }
    };
    let plan = match FaultPlan::new(&scenario, arguments.seed) {
        Ok(plan) => plan,
        Err(error) => {
            shell.complain(&format!("error: {}: {error}", file.display()));
            return Exit::BAD_SCENARIO;
        }
    };
    let job = job(arguments, file);
    let (mut report, wall) = run_once(arguments, common, shell, &scenario, &plan);
    let mut note = None;
    if arguments.twice {
        let comparison = twice::compare(&report, &job, shell.again);
        if let Err(difference) = comparison {
            report.verdict = Verdict::Nondeterminism;
            report.expected = false;
            note = Some(difference.to_string());
        }
    }
    print(&report, &plan, common, shell, brief);
    if let Some(note) = note {
        shell.complain(&note);
    }
    let exit = Exit::of(&report);
    if exit != Exit::OK {
        shell.complain(&format!("reproduce: {} {}", shell.program, job.command_line()));
    }
    exit.and(write(&report, &plan, common, shell, wall))
}

fn job(arguments: &Arguments, file: &Path) -> Job {
    Job {
        file: file.to_owned(),
        seed: arguments.seed,
        set: arguments.set.clone(),
        no_memo: arguments.no_memo,
        profile: arguments.profile,
        twice: arguments.twice,
    }
}

fn run_once(
    arguments: &Arguments,
    common: &Common,
    shell: &mut Shell<'_>,
    scenario: &Scenario,
    plan: &FaultPlan,
) -> (RunReport, Duration) {
    let keep = common.out.is_some() || arguments.twice;
    let options = RunOptions {
        seed: arguments.seed,
        memo: !arguments.no_memo,
        profile: arguments.profile,
        trace: if keep { Retention::All } else { Retention::Nothing },
    };
    let engine = shell.engine;
    #[expect(clippy::disallowed_methods, reason = "wall-clock figures go to timings.jsonl only")]
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| engine.run(scenario, plan, options)));
    let wall = start.elapsed();
    let report = outcome.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        shell.complain(&format!("panic: {}", text.unwrap_or_default()));
        after_panic(scenario, plan, arguments.seed)
    });
    (report, wall)
}

/// What is left to say of a run that panicked.
fn after_panic(scenario: &Scenario, plan: &FaultPlan, seed: u64) -> RunReport {
    let trace = Trace::new(Retention::Nothing);
    RunReport {
        scenario: scenario.name.clone(),
        seed,
        verdict: Verdict::Panic,
        expected: false,
        missed: None,
        digest: trace.digest(),
        virtual_ms: 0,
        events: 0,
        messages: 0,
        bytes: 0,
        nodes: scenario.network.nodes,
        threshold: scenario.network.threshold,
        preprocessing: scenario.keys.preprocessing.name(),
        bugs: scenario.bugs,
        requests: Vec::new(),
        milestones: Vec::new(),
        culprits: Vec::new(),
        suspects: Vec::new(),
        violations: Vec::new(),
        faults: Faults { declared: plan.events.iter().map(|event| event.id.0.clone()).collect(), fired: Vec::new() },
        marks: Default::default(),
        profile: None,
        trace,
    }
}

fn print(report: &RunReport, plan: &FaultPlan, common: &Common, shell: &mut Shell<'_>, brief: bool) {
    if common.json {
        return shell.print(&report::json(report));
    }
    if common.quiet && Exit::of(report) == Exit::OK {
        return;
    }
    if brief || common.quiet {
        let digest = hex::encode(report.digest);
        let expected = if report.expected { "" } else { " (not as expected)" };
        let verdict = report.verdict.name();
        shell.print(&format!("{verdict}{expected}  {}  seed {}  0x{digest}", report.scenario, report.seed));
        return;
    }
    let style = Style { color: shell.colors, verbose: common.verbose };
    shell.print(report::table(report, plan, style).trim_end());
}

fn write(report: &RunReport, plan: &FaultPlan, common: &Common, shell: &mut Shell<'_>, wall: Duration) -> Exit {
    let Some(out) = &common.out else { return Exit::OK };
    match folder::write(out, report, plan, wall) {
        Ok(folder) if !common.json && !common.quiet => {
            shell.print(&format!("written to {}", folder.display()));
            Exit::OK
        }
        Ok(_) => Exit::OK,
        Err(error) => {
            shell.complain(&format!("error: cannot write to {}: {error}", out.display()));
            Exit::USAGE
        }
    }
}
