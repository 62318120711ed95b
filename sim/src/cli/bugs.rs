//! `litsim bugs`: plants known mistakes one by one and shows how soon the right oracle sees each.

use clap::{Args, value_parser};
use lit_node::bugs::Bug;
use serde::Serialize;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Common, Exit, Shell};
use crate::hunt::{self, FalseAlarm, HuntError, Options, Trail};
use crate::scenario::closest;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which bugs, by name; all if none is given
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How many seeds to try on the scenario that was made for a bug
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many generic scenarios to try as well, which were made for no bug
    #[arg(long, default_value_t = 2000, value_name = "M")]
    generic_seeds: u64,
    /// Fail if generic scenarios give away fewer of the bugs than this
    #[arg(long, default_value_t = 0, value_name = "N")]
    generic_min: usize,
    /// Plant nothing, and run every seed of every scenario: nothing may be seen
    #[arg(long)]
    control: bool,
    /// How many runs at a time; as many as there are processors if not given. Results do not depend on it
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
    /// The folder with a scenario for each bug
    #[arg(long, default_value = "scenarios/bugs", value_name = "DIR")]
    scenarios: PathBuf,
    /// Print the generic scenario of a seed instead, with the bugs in it that are named
    #[arg(long, value_name = "SEED")]
    print_generic: Option<u64>,
}

#[derive(Serialize)]
struct Line<'t> {
    name: &'static str,
    scenario: String,
    oracle: Vec<&'t str>,
    seeds: Option<u64>,
    at_ms: Option<u64>,
    generic_seeds: Option<u64>,
    generic_oracle: Vec<&'t str>,
    caught: bool,
    wrong: Option<&'t str>,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let bugs = match select(&arguments.names) {
        Ok(bugs) => bugs,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::NOTHING_SELECTED;
        }
    };
    if let Some(seed) = arguments.print_generic {
        if common.json {
            shell.complain("error: --print-generic prints a scenario, which --json cannot be");
            return Exit::USAGE;
        }
        shell.print(crate::generic::scenario(seed).trim_end());
        if !arguments.names.is_empty() {
            let names: Vec<String> = bugs.iter().map(|bug| format!("\"{bug}\"")).collect();
            shell.print(&format!("\n[bugs]\nplant = [{}]", names.join(", ")));
        }
        return Exit::OK;
    }
    let options =
        Options { folder: arguments.scenarios.clone(), seeds: arguments.seeds, generic_seeds: arguments.generic_seeds };
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let engine = shell.engine;
    if arguments.control {
        let progress = Progress::new(bugs.len(), common);
        let own = hunt::each(&bugs, jobs, |bug| progress.after(bug.name(), hunt::control(engine, *bug, &options)));
        let seeds: Vec<u64> = (1..=options.generic_seeds).collect();
        let progress = Progress::new(seeds.len(), common);
        let generic = hunt::each(&seeds, jobs, |seed| {
            progress.after(&format!("generic scenario {seed}"), hunt::control_generic(engine, *seed))
        });
        return print_alarms(own.into_iter().chain(generic), common, shell);
    }
    let progress = Progress::new(bugs.len(), common);
    let trails = hunt::each(&bugs, jobs, |bug| progress.after(bug.name(), hunt::hunt(engine, *bug, &options)));
    print(&trails, arguments.generic_min, common, shell)
}

/// Says on a terminal what has been done: a hunt may take hours. What a program reads is the same at any pace.
struct Progress {
    total: usize,
    done: AtomicUsize,
    shows: bool,
}

impl Progress {
    fn new(total: usize, common: &Common) -> Self {
        let shows = !common.quiet && !common.json && std::io::stderr().is_terminal();
        Self { total, done: AtomicUsize::new(0), shows }
    }

    /// Hands on what came of an item.
    fn after<T>(&self, item: &str, result: T) -> T {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shows {
            // Nobody who has closed the terminal misses the line.
            let _ = writeln!(std::io::stderr(), "{done} of {}: {item}", self.total);
        }
        result
    }
}

pub(super) fn select(names: &[String]) -> Result<Vec<Bug>, String> {
    if names.is_empty() {
        return Ok(Bug::ALL.to_vec());
    }
    let find = |name: &String| {
        Bug::from_name(name).ok_or_else(|| {
            let near = closest(name, Bug::ALL.iter().map(|bug| bug.name()));
            let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("there is no bug named `{name}`{help}")
        })
    };
    names.iter().map(find).collect()
}

fn print(trails: &[Result<Trail, HuntError>], generic_min: usize, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let mut exit = Exit::OK;
    let mut lines = Vec::new();
    for trail in trails {
        match trail {
            Err(error) => {
                shell.complain(&format!("error: {error}"));
                exit = exit.and(Exit::BAD_SCENARIO);
            }
            Ok(trail) => {
                if !trail.is_good() {
                    exit = exit.and(Exit::EXPECTATION);
                }
                lines.push(line(trail));
            }
        }
    }
    let generic = lines.iter().filter(|line| line.generic_seeds.is_some()).count();
    if generic < generic_min {
        shell.complain(&format!(
            "error: generic scenarios give away {generic} bugs, at least {generic_min} were expected"
        ));
        exit = exit.and(Exit::EXPECTATION);
    }
    if common.json {
        shell.print(&serde_json::json!({ "bugs": lines }).to_string());
        return exit;
    }
    let width = lines.iter().map(|line| line.name.len()).max().unwrap_or(0);
    for line in &lines {
        let bad = !line.caught || line.wrong.is_some();
        if common.quiet && !bad {
            continue;
        }
        shell.print(&format!("{:<width$}  {}", line.name, summary(line)));
        if let Some(seed) = line.seeds {
            shell.print(&format!("{:<width$}  {} run {} --seed {seed}", "", shell.program, line.scenario));
        }
        if let Some(seed) = line.generic_seeds {
            let (name, program) = (line.name, &shell.program);
            shell.print(&format!("{:<width$}  {program} bugs {name} --print-generic {seed}; its seed is {seed}", ""));
        }
    }
    if !common.quiet {
        let caught = lines.iter().filter(|line| line.caught).count();
        shell.print(&format!("{caught} of {} caught, {generic} in generic scenarios, too", trails.len()));
    }
    exit
}

fn print_alarms(
    found: impl Iterator<Item = Result<Vec<FalseAlarm>, HuntError>>,
    common: &Common,
    shell: &mut Shell<'_>,
) -> Exit {
    let mut exit = Exit::OK;
    for found in found {
        match found {
            Err(error) => {
                shell.complain(&format!("error: {error}"));
                exit = exit.and(Exit::BAD_SCENARIO);
            }
            Ok(alarms) => {
                for FalseAlarm { scenario, seed, what } in alarms {
                    exit = exit.and(Exit::EXPECTATION);
                    let line = serde_json::json!({ "scenario": scenario, "seed": seed, "seen": what });
                    let text = format!("{scenario}, seed {seed}: {what}");
                    shell.print(&if common.json { line.to_string() } else { text });
                }
            }
        }
    }
    if exit == Exit::OK && !common.quiet && !common.json {
        shell.print("nothing is planted, and nothing was seen");
    }
    exit
}

fn line(trail: &Trail) -> Line<'_> {
    Line {
        name: trail.bug.name(),
        scenario: trail.scenario.display().to_string(),
        oracle: trail.oracles.iter().map(String::as_str).collect(),
        seeds: trail.caught.as_ref().map(|catch| catch.seed),
        at_ms: trail.caught.as_ref().map(|catch| catch.at_ms),
        generic_seeds: trail.generic.as_ref().map(|catch| catch.seed),
        generic_oracle: trail.generic.iter().flat_map(|catch| &catch.oracles).map(String::as_str).collect(),
        caught: trail.is_good(),
        wrong: trail.wrong.as_ref().map(|(_, oracle)| oracle.as_str()),
    }
}

fn summary(line: &Line<'_>) -> String {
    let oracle = line.oracle.join(" and ");
    let own = match (line.seeds, line.at_ms, line.wrong) {
        (_, _, Some(wrong)) => format!("WRONG: {wrong} saw something, {oracle} should have"),
        (Some(1), Some(at), None) => format!("{oracle}, with the first seed, at {at} ms"),
        (Some(seeds), Some(at), None) => format!("{oracle}, with seed {seeds}, at {at} ms"),
        _ => format!("MISSED: {oracle} saw nothing"),
    };
    match line.generic_seeds {
        Some(seeds) => format!("{own}; generic scenario {seeds} ({})", line.generic_oracle.join(" and ")),
        None => own,
    }
}
