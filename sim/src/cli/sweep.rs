//! `litsim sweep`: many runs at a time, whose results are lines of JSON.

use clap::{Args, value_parser};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::progress::Progress;
use super::{Common, Exit, Shell, folder, select, twice};
use crate::outcome::Engine;
use crate::scenario::Seeds;
use crate::sweep::{self, BadPartition, Line, Manifest, Partition, Request, Share, Store, StoreError, Summary, Sweep};

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Arguments {
    /// Scenario files, folders of them (with all below), or patterns
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<String>,
    /// The seeds, first and last, both included; those of the scenario's [sweep] section, or 1..100, if not given
    #[arg(long, value_name = "A..B")]
    seeds: Option<Seeds>,
    /// How many runs at a time; as many as there are processors if not given. Results do not depend on it
    #[arg(long, short, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Change a value of every scenario before it is checked; may be repeated. An axis of that path is not varied
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Make a part of the runs only, such as slice:2/4 (in turns) or hash:2/4 (by scenario and seed); what the
    /// environment of a Slurm array task or a Kubernetes indexed job says, if not given
    #[arg(long, value_name = "BY:M/N")]
    partition: Option<Partition>,
    /// End after so many runs that are not as expected
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    max_fail: Option<u64>,
    /// Count the operations of nodes
    #[arg(long)]
    profile: bool,
}

const AFTER: &str = "\
Every combination of the values in a scenario's [sweep] section is a case, and every case runs under every seed. Results \
go to results.jsonl (results-M-of-N.jsonl of a part) in --out, or in out/sweep-..., one line a run in the order of cases \
and seeds, whatever the number of workers; times to timings.jsonl; a capsule of each run that is not as expected to \
failures/. Such runs, and one of twenty others, are made again in another process and compared. A sweep that was ended \
in its midst goes on where it was when it is started again.";

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let (sweep, from) = match prepare(arguments, shell) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    let manifest = Manifest::new(&sweep, shell.engine.build());
    let folder = common.out.clone().unwrap_or_else(|| {
        Path::new("out").join(format!("sweep-{}", manifest.identity().get(..12).unwrap_or_default()))
    });
    let mut summary = Summary::default();
    let store = match Store::open(&folder, &sweep, &manifest, &mut |head| summary.add(head)) {
        Ok(store) => store,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::USAGE;
        }
    };
    let results = store.results_path().to_owned();
    match &common.out {
        Some(out) => folder::link_latest(out, &results),
        None => folder::link_latest(Path::new("out"), &folder),
    }
    tell_begin(&sweep, &summary, from, &folder, common, shell);
    let ended = work(arguments, common, shell, &sweep, store, &mut summary);
    let ended = if ended == Exit::OK { audit(shell, &sweep, &results, &mut summary) } else { ended };
    print(&summary, &results, common, shell);
    ended.and(Exit::of_code(summary.exit))
}

/// Works out what runs.
fn prepare(arguments: &Arguments, shell: &mut Shell<'_>) -> Result<(Sweep, Option<&'static str>), Exit> {
    let files = select::select(&arguments.files).map_err(|error| {
        shell.complain(&format!("error: {error}"));
        Exit::NOTHING_SELECTED
    })?;
    let (share, from) = share(arguments.partition).map_err(|error| {
        shell.complain(&format!("error: {error}"));
        Exit::USAGE
    })?;
    let request = Request { set: arguments.set.clone(), seeds: arguments.seeds, share, profile: arguments.profile };
    let sweep = Sweep::new(&files, &request, shell.engine).map_err(|errors| {
        for error in errors {
            shell.complain(&error.to_string());
        }
        Exit::BAD_SCENARIO
    })?;
    Ok((sweep, from))
}

/// The part that is asked for, or that the environment names.
fn share(asked: Option<Partition>) -> Result<(Share, Option<&'static str>), BadPartition> {
    match asked {
        Some(part) => Ok((Share(Some(part)), None)),
        None => Share::of_environment(&|name| std::env::var(name).ok()),
    }
}

pub(super) fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// Makes the runs that are left.
fn work(
    arguments: &Arguments,
    common: &Common,
    shell: &mut Shell<'_>,
    sweep: &Sweep,
    mut store: Store,
    summary: &mut Summary,
) -> Exit {
    let is_enough = |summary: &Summary| arguments.max_fail.is_some_and(|most| summary.failed >= most);
    if is_enough(summary) {
        return Exit::OK;
    }
    let progress = Progress::new(sweep.size(), summary.runs, common);
    let (engine, crew, skip) = (shell.engine, shell.crew, summary.runs);
    let mut written: Result<(), StoreError> = Ok(());
    let ended = sweep::run(sweep, (engine, crew), jobs(arguments.jobs), skip, &mut |done| {
        let line = Line::new(sweep, done);
        written = store.add(&line);
        if written.is_err() {
            return ControlFlow::Break(());
        }
        summary.add(&line.head);
        progress.set(summary.runs, summary.failed);
        if common.json {
            shell.print(&line.text);
        }
        if is_enough(summary) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.end();
    let mut exit = Exit::OK;
    if let Err(error) = written {
        shell.complain(&format!("error: {error}"));
        exit = Exit::USAGE;
    }
    if let Err(error) = ended {
        shell.complain(&format!("error: {error}"));
        exit = Exit::USAGE;
    }
    exit
}

/// Makes a run again if chance has chosen none that is as expected.
fn audit(shell: &mut Shell<'_>, sweep: &Sweep, results: &Path, summary: &mut Summary) -> Exit {
    let Some(place) = summary.to_audit() else { return Exit::OK };
    summary.audited();
    match sweep::audit(sweep, (shell.engine, shell.crew), results, place) {
        Ok(None) => Exit::OK,
        Ok(Some(unlike)) => {
            shell.complain(&format!("error: {unlike}"));
            let edits: String = unlike.edits.iter().map(|edit| format!(" --set {}", twice::quote(edit))).collect();
            let (file, seed) = (twice::quote(&unlike.file), unlike.task.seed);
            shell.complain(&format!("reproduce: {} run {file} --seed {seed}{edits} --twice", shell.program));
            Exit::NONDETERMINISM
        }
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            Exit::USAGE
        }
    }
}

fn tell_begin(
    sweep: &Sweep,
    summary: &Summary,
    from: Option<&str>,
    folder: &Path,
    common: &Common,
    shell: &mut Shell<'_>,
) {
    if common.json || common.quiet {
        return;
    }
    let (cases, total) = (sweep.cases.len(), sweep.total());
    let part = sweep.share.0.map(|part| format!(", of which this is {part}")).unwrap_or_default();
    let from = from.map(|from| format!(" ({from})")).unwrap_or_default();
    let s = if cases == 1 { "" } else { "s" };
    shell.print(&format!("{total} runs of {cases} case{s}{part}{from}, in {}", folder.display()));
    if summary.runs > 0 {
        shell.print(&format!("{} of them are done already", summary.runs));
    }
}

/// Prints what a sweep came to.
pub(super) fn print(summary: &Summary, results: &Path, common: &Common, shell: &mut Shell<'_>) {
    let folder = results.parent().unwrap_or(Path::new(""));
    for group in &summary.groups {
        let seeds: Vec<String> = group.seeds.iter().map(u64::to_string).collect();
        let more = if group.runs > seeds.len() as u64 { ", ..." } else { "" };
        let failure = group.failure.as_ref().map_or("the planner refuses it".to_owned(), ToString::to_string);
        if !common.json {
            let (verdict, file, seeds) = (&group.verdict, &group.file, seeds.join(", "));
            shell.print(&format!("{verdict}  {file}  {} runs, seeds {seeds}{more}\n    {failure}", group.runs));
        }
        if let Some(capsule) = &group.capsule {
            let path = folder.join(capsule).display().to_string();
            shell.complain(&format!("reproduce: {} replay {}", shell.program, twice::quote(&path)));
        }
    }
    if common.json || common.quiet {
        return;
    }
    let verdicts: Vec<String> = summary.verdicts.iter().map(|(verdict, runs)| format!("{runs} {verdict}")).collect();
    let verdicts = if verdicts.is_empty() { "none".to_owned() } else { verdicts.join(", ") };
    shell.print(&format!(
        "{} runs ({verdicts}), {} not as expected, {} made twice",
        summary.runs, summary.failed, summary.again
    ));
    shell.print(&format!("results: {}", results.display()));
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// Folders with shards of one sweep: results-M-of-N.jsonl and what goes with them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// `litsim merge`: the results of shards as one.
pub(super) fn merge(arguments: &MergeArguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let out = match (&common.out, &arguments.folders[..]) {
        (Some(out), _) => out.clone(),
        (None, [folder]) => folder.clone(),
        (None, _) => {
            shell.complain("error: of several folders, --out DIR has to say where the result goes");
            return Exit::USAGE;
        }
    };
    match sweep::merge(&arguments.folders, &out) {
        Ok(merged) => {
            folder::link_latest(&out, &merged.results);
            if common.json {
                let (results, summary) = (merged.results.display().to_string(), &merged.summary);
                let line = serde_json::json!({
                    "results": results, "shards": merged.shards, "runs": summary.runs, "failed": summary.failed,
                    "verdicts": summary.verdicts,
                });
                shell.print(&line.to_string());
            } else {
                print(&merged.summary, &merged.results, common, shell);
            }
            Exit::of_code(merged.summary.exit)
        }
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            Exit::USAGE
        }
    }
}

/// `litsim worker`: carries out what a sweep or a hunt hands over.
pub(super) fn worker(engine: &dyn Engine) -> Exit {
    match crate::crew::serve(engine, &mut std::io::stdin().lock(), &mut std::io::stdout().lock()) {
        Ok(()) => Exit::OK,
        // Who gave the errands is gone, or is not who should.
        Err(_) => Exit::USAGE,
    }
}
