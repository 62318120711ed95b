//! `litsim run`: runs scenarios and reports each.

use clap::Args;
use std::path::{Path, PathBuf};

use super::check::{self, Check};
use super::twice::{self, Job};
use super::{Common, Exit, Shell, folder, select};
use crate::budget::BudgetError;
use crate::capsule::{Capsule, attempt};
use crate::outcome::{RunOptions, RunReport, Verdict};
use crate::plan::FaultPlan;
use crate::report::{self, Style};
use crate::scenario::Bundle;
use crate::stopwatch::{Spent, Stopwatch};
use crate::sweep::Manifest;
use crate::trace::Retention;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files, folders of them (with all below), or patterns
    #[arg(required = true, value_name = "FILE|DIR|GLOB")]
    files: Vec<String>,
    /// The seed that everything random derives from; the scenario's own, or 1, if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Change a value of the scenario before it is checked, e.g. network.nodes=13; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Write a capsule of the run, whatever comes of it: everything that `replay` and `shrink` need
    #[arg(long, value_name = "FILE")]
    capsule: Option<PathBuf>,
    /// Run in two processes and compare every record
    #[arg(long)]
    twice: bool,
    /// Have every node check everything itself; the digest must be the same
    #[arg(long)]
    no_memo: bool,
    /// Count the operations of nodes
    #[arg(long)]
    profile: bool,
    /// Compare what each run costs (messages, bytes, rounds, virtual time, operations) with its recorded budget
    #[arg(long, conflicts_with_all = ["seed", "set"])]
    check: bool,
    /// Record what each run costs as its budget
    #[arg(long, conflicts_with_all = ["seed", "set", "check"])]
    record: bool,
    /// The file of budgets
    #[arg(long, value_name = "FILE", default_value = check::FILE)]
    budgets: PathBuf,
}

impl Arguments {
    /// What is done with figures of runs.
    fn check(&self) -> Result<Check, BudgetError> {
        match (self.check, self.record) {
            (true, _) => Check::compare(&self.budgets),
            (_, true) => Check::record(&self.budgets),
            _ => Ok(Check::Nothing),
        }
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let files = match select::select(&arguments.files) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::NOTHING_SELECTED;
        }
    };
    if arguments.capsule.is_some() && files.len() > 1 {
        shell.complain("error: --capsule takes the run of one scenario, and several are selected");
        return Exit::USAGE;
    }
    let mut check = match arguments.check() {
        Ok(check) => check,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::USAGE;
        }
    };
    let brief = files.len() > 1 && !common.verbose;
    let mut exit = Exit::OK;
    for file in &files {
        exit = exit.and(run_file(arguments, common, shell, file, brief, &mut check));
    }
    match check.finish() {
        Ok(()) => exit,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            exit.and(Exit::USAGE)
        }
    }
}

fn run_file(
    arguments: &Arguments,
    common: &Common,
    shell: &mut Shell<'_>,
    file: &Path,
    brief: bool,
    check: &mut Check,
) -> Exit {
    let (scenario, bundle) = match Bundle::read(file, &arguments.set, shell.engine.vocabulary()) {
        Ok(read) => read,
        Err(error) => {
            shell.complain(&error.to_string());
            return Exit::BAD_SCENARIO;
        }
    };
    let seed = arguments.seed.unwrap_or(scenario.seed);
    let plan = match FaultPlan::new(&scenario, seed) {
        Ok(plan) => plan,
        Err(error) => {
            shell.complain(&format!("error: {}: {error}", file.display()));
            return Exit::BAD_SCENARIO;
        }
    };
    let job = job(arguments, seed, file, check.counts());
    let options = options(arguments, &job, common);
    let watch = Stopwatch::start();
    let mut report = attempt(shell.engine, &scenario, &plan, options);
    let spent = watch.spent();
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
    let about = Manifest::of_run(&scenario, &bundle, seed, job.profile, shell.engine.build());
    let mut written = write(&report, &plan, (&about, spent), common, shell);
    let mut line = job.command_line();
    if let Some(path) = capsule_path(arguments, common, &report) {
        match Capsule::new(shell.engine, bundle, &plan, options, &report).write(&path) {
            // A difference between two processes shows in two processes only.
            Ok(()) if report.verdict == Verdict::Nondeterminism => {}
            Ok(()) => line = format!("replay {}", twice::quote(&path.display().to_string())),
            Err(error) => {
                shell.complain(&format!("error: {error}"));
                written = Exit::USAGE;
            }
        }
    }
    if exit != Exit::OK {
        shell.complain(&format!("reproduce: {} {line}", shell.program));
    }
    exit.and(written).and(check.look(file, &report, shell))
}

/// Where the run's capsule goes, if anywhere: where the user says, or into the folder of a run that is not as expected or
/// shows a violation. Whoever has expected that may still want to shrink it.
fn capsule_path(arguments: &Arguments, common: &Common, report: &RunReport) -> Option<PathBuf> {
    let is_calm = Exit::of(report) == Exit::OK && report.verdict == Verdict::Pass;
    let folder = || common.out.as_ref().filter(|_| !is_calm);
    let in_folder = || folder().map(|out| folder::path(out, &report.scenario, report.seed).join(folder::CAPSULE));
    arguments.capsule.clone().or_else(in_folder)
}

fn job(arguments: &Arguments, seed: u64, file: &Path, counts: bool) -> Job {
    Job {
        file: file.to_owned(),
        seed,
        set: arguments.set.clone(),
        no_memo: arguments.no_memo,
        profile: arguments.profile || counts,
        twice: arguments.twice,
    }
}

fn options(arguments: &Arguments, job: &Job, common: &Common) -> RunOptions {
    let keep = common.out.is_some() || arguments.twice;
    RunOptions {
        seed: job.seed,
        memo: !arguments.no_memo,
        profile: job.profile,
        trace: if keep { Retention::All } else { Retention::Nothing },
    }
}

pub(super) fn print(report: &RunReport, plan: &FaultPlan, common: &Common, shell: &mut Shell<'_>, brief: bool) {
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

fn write(
    report: &RunReport,
    plan: &FaultPlan,
    (about, spent): (&Manifest, Spent),
    common: &Common,
    shell: &mut Shell<'_>,
) -> Exit {
    let Some(out) = &common.out else { return Exit::OK };
    match folder::write(out, report, plan, about, spent) {
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
