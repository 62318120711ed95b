//! `litsim report`: what a folder of results holds, for people and for other programs.

use clap::Args;
use lit_node::meter::Op;
use std::path::PathBuf;

use super::{Common, Exit, Shell};
use crate::capsule::COMMIT;
use crate::cost::picos;
use crate::oracle::EXPLAINED;
use crate::plan::FaultEvent;
use crate::render::{self, Data, Facts, ReadError};

#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Arguments {
    /// The folder of a sweep, or one that `run --out` or `replay --out` wrote to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    format: Format,
}

/// One of these; the page if none is given.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Format {
    /// One page that needs no network: failures, properties, plots, space-time diagrams (report.html)
    #[arg(long)]
    html: bool,
    /// JUnit's XML, for CI systems (junit.xml)
    #[arg(long)]
    junit: bool,
    /// Markdown, for the comment of a pull request (report.md)
    #[arg(long)]
    markdown: bool,
    /// Print the results themselves, one object a line
    #[arg(long)]
    jsonl: bool,
}

const AFTER: &str = "\
The file is written into DIR, or into --out, and named on the standard output. The same folder gives the same bytes. The \
exit code says whether there is a report, not how the runs ended.";

/// The exit code of what cannot be read.
pub(super) fn refuse(error: &ReadError) -> Exit {
    match error {
        ReadError::Nothing(_) | ReadError::Shards(_) | ReadError::NoTrace(_) => Exit::NOTHING_SELECTED,
        ReadError::Io { .. } | ReadError::Malformed { .. } => Exit::BAD_SCENARIO,
    }
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    match report(arguments, common, shell) {
        Ok(()) => Exit::OK,
        Err((error, exit)) => {
            shell.complain(&format!("error: {error}"));
            exit
        }
    }
}

fn report(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Result<(), (String, Exit)> {
    let unread = |error: ReadError| (error.to_string(), refuse(&error));
    let data = Data::read(&arguments.folder).map_err(unread)?;
    let Format { html: _, junit, markdown, jsonl } = arguments.format;
    if jsonl {
        data.lines.iter().for_each(|line| shell.print(line));
        return Ok(());
    }
    let facts = facts(shell);
    let (name, text) = if junit {
        ("junit.xml", render::junit(&data, &facts))
    } else if markdown {
        ("report.md", render::markdown(&data, &facts))
    } else {
        ("report.html", render::html(&data, &facts).map_err(unread)?)
    };
    let out = common.out.as_ref().unwrap_or(&arguments.folder);
    let file = out.join(name);
    std::fs::create_dir_all(out)
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|error| (format!("cannot write {}: {error}", file.display()), Exit::USAGE))?;
    if common.json {
        shell.print(&serde_json::json!({ "report": file.display().to_string(), "runs": data.runs.len() }).to_string());
    } else if !common.quiet {
        let (runs, s) = (data.runs.len(), if data.runs.len() == 1 { "" } else { "s" });
        shell.print(&format!("report of {runs} run{s}: {}", file.display()));
    }
    Ok(())
}

/// What this program is, and what it knows.
fn facts(shell: &Shell<'_>) -> Facts {
    Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: shell.engine.build(),
        commit: COMMIT.to_owned(),
        toolchain: env!("LITSIM_RUSTC").to_owned(),
        program: shell.program.clone(),
        oracles: EXPLAINED.iter().map(|(name, _)| (*name).to_owned()).collect(),
        costs: Op::ALL.iter().map(|op| (op.name().to_owned(), picos(*op))).collect(),
        describe: Some(|event| Some(serde_json::from_value::<FaultEvent>(event.clone()).ok()?.to_string())),
    }
}
