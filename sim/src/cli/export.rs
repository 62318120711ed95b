//! `litsim export`: the trace of a run in the formats of other programs.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::report::refuse;
use super::{Common, Exit, Shell};
use crate::export::{chrome, shiviz};
use crate::render;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder of one run that `run --out` or `replay --out` wrote
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// For which program; printed, or written to --out
    #[arg(long, value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Chrome's trace events, for ui.perfetto.dev and chrome://tracing (trace.chrome.json)
    Chrome,
    /// A log with vector clocks, for ShiViz (trace.shiviz.log)
    Shiviz,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    let records = match render::records(&arguments.run) {
        Ok(records) => records,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return refuse(&error);
        }
    };
    if common.json && common.out.is_none() && matches!(arguments.format, Format::Shiviz) {
        shell.complain("error: what ShiViz reads cannot be --json; with --out that says where it went");
        return Exit::USAGE;
    }
    let (name, text) = match arguments.format {
        Format::Chrome => ("trace.chrome.json", chrome(&records)),
        Format::Shiviz => ("trace.shiviz.log", shiviz(&records)),
    };
    let Some(out) = &common.out else {
        shell.print(text.trim_end());
        return Exit::OK;
    };
    let file = out.join(name);
    if let Err(error) = std::fs::create_dir_all(out).and_then(|()| std::fs::write(&file, text)) {
        shell.complain(&format!("error: cannot write {}: {error}", file.display()));
        return Exit::USAGE;
    }
    if common.json {
        shell.print(&serde_json::json!({ "file": file.display().to_string(), "records": records.len() }).to_string());
    } else if !common.quiet {
        shell.print(&format!("{} records: {}", records.len(), file.display()));
    }
    Exit::OK
}
