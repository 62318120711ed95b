//! `litsim replay`: the run of a capsule again, its event log, and what a node had in mind at some point.

use clap::Args;
use lit_node::id::NodeId;
use std::path::{Path, PathBuf};

use super::{Common, Exit, Shell, folder, run};
use crate::capsule::{Capsule, Difference, attempt, compare};
use crate::outcome::{Point, RunReport};
use crate::report;
use crate::scenario::Scenario;
use crate::stopwatch::Stopwatch;
use crate::sweep::Manifest;
use crate::trace::{Actor, Record, Records, Retention, RunFolder};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A capsule that `run` or `shrink` wrote
    #[arg(value_name = "CAPSULE")]
    capsule: PathBuf,
    /// Print the event log up to a time (3.2s, 250ms) or a number of events (500)
    #[arg(long, value_name = "TIME|EVENTS", value_parser = point)]
    until: Option<Point>,
    /// Print the event log of this node only
    #[arg(long, value_name = "NUMBER")]
    node: Option<u16>,
    /// Print the protocol state of a node, without its secrets: at `--until`, or at the end
    #[arg(long, value_name = "node=NUMBER", value_parser = dumped)]
    dump: Option<NodeId>,
    /// Refuse a capsule that another build wrote
    #[arg(long)]
    strict: bool,
}

/// Reads a point of a run.
fn point(text: &str) -> Result<Point, String> {
    let refuse = || format!("expected a time such as 3.2s or 250ms, or a number of events, not {text:?}");
    let nanos = |digits: &str, unit: f64| match digits.parse::<f64>() {
        Ok(number) if number >= 0.0 && number * unit < 9e18 => Ok(Point::Time(libm::round(number * unit) as u64)),
        _ => Err(refuse()),
    };
    if let Some(digits) = text.strip_suffix("ms") {
        return nanos(digits, 1e6);
    }
    if let Some(digits) = text.strip_suffix('s').filter(|digits| !digits.ends_with("event")) {
        return nanos(digits, 1e9);
    }
    text.trim_end_matches("events").trim().parse().map(Point::Records).map_err(|_| refuse())
}

/// Reads `node=4`.
fn dumped(text: &str) -> Result<NodeId, String> {
    let number = text.strip_prefix("node=").unwrap_or(text);
    number.parse().map(NodeId).map_err(|_| format!("expected node=NUMBER, not {text:?}"))
}

/// Reads a capsule, its scenario and what it needs of this program.
pub(super) fn open(file: &Path, strict: bool, shell: &mut Shell<'_>) -> Result<(Capsule, Scenario), Exit> {
    let capsule = Capsule::read(file).map_err(|error| {
        shell.complain(&format!("error: {error}"));
        Exit::BAD_SCENARIO
    })?;
    if let Some(mismatch) = capsule.mismatch(shell.engine) {
        shell.complain(&format!("{}: {mismatch}", if strict { "error" } else { "warning" }));
        if strict {
            return Err(Exit::BAD_SCENARIO);
        }
    }
    match capsule.scenario(shell.engine) {
        Ok(scenario) => Ok((capsule, scenario)),
        Err(error) => {
            shell.complain(&format!("error: {}: field `scenario`:\n{error}", file.display()));
            Err(Exit::BAD_SCENARIO)
        }
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let (capsule, scenario) = match open(&arguments.capsule, arguments.strict, shell) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let members = scenario.network.nodes;
    if let Some(node) = arguments.node.filter(|node| *node == 0 || *node > members) {
        shell.complain(&format!("error: `--node {node}`: the scenario's nodes are 1 to {members}"));
        return Exit::USAGE;
    }
    let options = capsule.options(Retention::All);
    let watch = Stopwatch::start();
    let report = attempt(shell.engine, &scenario, &capsule.plan, options);
    let spent = watch.spent();
    let point = arguments.until.unwrap_or_default();
    if arguments.until.is_some() || arguments.node.is_some() {
        log(&report, point, arguments.node, common, shell);
    }
    if let Some(node) = arguments.dump {
        match shell.engine.inspect(&scenario, &capsule.plan, options, point, node) {
            Some(state) if common.json => shell.print(&state.to_string()),
            Some(state) => shell.print(&format!("{state:#}")),
            None => {
                shell.complain(&format!("error: there is no {node} to show"));
                return Exit::USAGE;
            }
        }
    }
    let difference = compare(&capsule, &report, original(&arguments.capsule).as_ref().map(|folder| folder as _));
    let quiet = arguments.until.is_some() || arguments.node.is_some() || arguments.dump.is_some();
    conclude(&capsule, &report, difference.as_ref(), quiet, common, shell);
    if let Some(out) = &common.out {
        let about = Manifest::of_run(&scenario, &capsule.scenario, capsule.seed, false, shell.engine.build());
        if let Err(error) = folder::write(out, &report, &capsule.plan, &about, spent) {
            shell.complain(&format!("error: cannot write to {}: {error}", out.display()));
            return Exit::USAGE;
        }
    }
    if difference.is_some() { Exit::NONDETERMINISM } else { Exit::of(&report) }
}

/// The folder that the capsule lies in, if it holds the original's trace.
fn original(capsule: &Path) -> Option<RunFolder> {
    let folder = RunFolder::new(capsule.parent()?);
    folder.checkpoints().ok().map(|_| folder)
}

/// Prints what happened up to a point, for one node or all.
fn log(report: &RunReport, point: Point, node: Option<u16>, common: &Common, shell: &mut Shell<'_>) {
    let about =
        |record: &Record, node: u16| record.actor == Actor::Node(node) || record.peer == Some(Actor::Node(node));
    for (index, record) in (0..).zip(report.trace.kept()) {
        if point.is_reached(index, record.time_ns) {
            break;
        }
        if node.is_some_and(|node| !about(record, node)) {
            continue;
        }
        if common.json {
            shell.print(&serde_json::json!({ "index": index, "record": record }).to_string());
        } else {
            shell.print(&format!("{index:>7}  {record}"));
        }
    }
}

/// Says whether the run was the same, and how it ended.
fn conclude(
    capsule: &Capsule,
    report: &RunReport,
    difference: Option<&Difference>,
    quiet: bool,
    common: &Common,
    shell: &mut Shell<'_>,
) {
    if common.json {
        let difference = difference.map(ToString::to_string);
        let line = serde_json::json!({ "equal": difference.is_none(), "difference": difference });
        shell.print(&report::json(report));
        return shell.print(&line.to_string());
    }
    run::print(report, &capsule.plan, common, shell, quiet);
    match difference {
        Some(difference) => shell.complain(&format!("this is not the run of the capsule: {difference}")),
        None if common.quiet => {}
        None => shell.print("this is the run of the capsule: digest and failures are the same"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_times_or_numbers_of_events() {
        assert_eq!(point("3.2s"), Ok(Point::Time(3_200_000_000)));
        assert_eq!(point("250ms"), Ok(Point::Time(250_000_000)));
        assert_eq!(point("500"), Ok(Point::Records(500)));
        assert_eq!(point("500 events"), Ok(Point::Records(500)));
        for nonsense in ["", "s", "-1s", "soon", "1e300s", "nans"] {
            assert!(point(nonsense).is_err(), "{nonsense}");
        }
        assert_eq!(dumped("node=4"), Ok(NodeId(4)));
        assert!(dumped("nod=4").is_err());
    }
}
