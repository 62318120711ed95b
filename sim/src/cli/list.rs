//! `litsim list`: scenarios with what they show.

use clap::Args;
use lit_node::bugs::Bug;

use super::{Common, Exit, Shell, select};
use crate::scenario::Bundle;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario files, folders of them, or patterns
    #[arg(value_name = "FILE|DIR|GLOB", default_value = "scenarios")]
    files: Vec<String>,
    /// List the known mistakes that scenarios can plant instead
    #[arg(long)]
    bugs: bool,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    if arguments.bugs {
        for bug in Bug::ALL {
            let line = serde_json::json!({ "name": bug.name(), "description": bug.description().trim() });
            let text = format!("{bug}\n    {}", bug.description().trim());
            shell.print(&if common.json { line.to_string() } else { text });
        }
        return Exit::OK;
    }
    let files = match select::select(&arguments.files) {
        Ok(files) => files,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            return Exit::NOTHING_SELECTED;
        }
    };
    let mut exit = Exit::OK;
    for file in files {
        let scenario = match Bundle::read(&file, &[], shell.engine.vocabulary()) {
            Ok((scenario, _)) => scenario,
            Err(error) => {
                shell.complain(&error.to_string());
                exit = exit.and(Exit::BAD_SCENARIO);
                continue;
            }
        };
        let path = file.display().to_string();
        if common.json {
            let line = serde_json::json!({
                "path": path,
                "name": scenario.name,
                "description": scenario.description,
                "tags": scenario.tags,
            });
            shell.print(&line.to_string());
        } else {
            shell.print(&format!("{path}  [{}]\n    {}", scenario.tags.join(", "), scenario.description.trim()));
        }
    }
    exit
}
