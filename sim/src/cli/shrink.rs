//! `litsim shrink`: the least scenario that fails like a capsule's run, as a file to keep.

use clap::{Args, value_parser};
use std::path::{Path, PathBuf};

use super::{Common, Exit, Shell, replay};
use crate::capsule::shrink::{self, Effort, Progress, Shrunk};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A capsule that `run` wrote
    #[arg(value_name = "CAPSULE")]
    capsule: PathBuf,
    /// Where the scenario goes, its actions and capsule beside it; CAPSULE-shrunk.toml if not given
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    /// The most runs
    #[arg(long, value_name = "RUNS", default_value_t = Effort::default().budget, value_parser = value_parser!(u64).range(1..))]
    budget: u64,
    /// How many seeds a candidate gets, the capsule's own first
    #[arg(long, value_name = "COUNT", default_value_t = Effort::default().seeds, value_parser = value_parser!(u64).range(1..))]
    seeds: u64,
    /// Refuse a capsule that another build wrote
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let (capsule, _) = match replay::open(&arguments.capsule, arguments.strict, shell) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let output = arguments.output.clone().unwrap_or_else(|| beside(&arguments.capsule));
    let stem = output.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let effort = Effort { budget: arguments.budget, seeds: arguments.seeds };
    let engine = shell.engine;
    let show = !common.quiet && !common.json;
    let mut tell = |at: Progress| {
        if show {
            shell.complain(&format!("run {}: {} events, {} steps", at.runs, at.events, at.steps));
        }
    };
    let shrunk = match shrink::shrink(engine, &capsule, &stem, effort, &mut tell) {
        Ok(shrunk) => shrunk,
        Err(error) => {
            shell.complain(&format!("error: {}: {error}", arguments.capsule.display()));
            return Exit::NOTHING_SELECTED;
        }
    };
    match shrunk.write(&output) {
        Ok(written) => {
            print(&shrunk, &output, &written, common, shell);
            Exit::OK
        }
        Err(error) => {
            shell.complain(&format!("error: cannot write {}: {error}", output.display()));
            Exit::USAGE
        }
    }
}

fn beside(capsule: &Path) -> PathBuf {
    let stem = capsule.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    capsule.with_file_name(format!("{}-shrunk.toml", stem.trim_end_matches(".capsule")))
}

fn print(shrunk: &Shrunk, scenario: &Path, capsule: &Path, common: &Common, shell: &mut Shell<'_>) {
    let Shrunk { failure, before, after, runs, spent, .. } = shrunk;
    let (scenario, capsule) = (scenario.display().to_string(), capsule.display().to_string());
    if common.json {
        let size = |size: &shrink::Size| serde_json::json!({ "events": size.events, "steps": size.steps, "nodes": size.nodes });
        let line = serde_json::json!({
            "failure": failure, "before": size(before), "after": size(after), "runs": runs, "spent": spent,
            "seed": shrunk.capsule.seed, "scenario": scenario, "capsule": capsule,
        });
        return shell.print(&line.to_string());
    }
    shell.print(&format!("{failure}"));
    shell.print(&format!(
        "{} of {} events, {} of {} steps and {} of {} nodes are left after {runs} runs{}",
        after.events,
        before.events,
        after.steps,
        before.steps,
        after.nodes,
        before.nodes,
        if *spent { " (the budget; more might go)" } else { "" }
    ));
    for event in &shrunk.capsule.plan.events {
        shell.print(&format!("  {event}"));
    }
    shell.print(&format!("scenario: {scenario} (seed {})", shrunk.capsule.seed));
    shell.print(&format!("capsule:  {capsule}"));
    shell.complain(&format!("reproduce: {} replay {}", shell.program, super::twice::quote(&capsule)));
}
