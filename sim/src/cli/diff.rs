//! `litsim diff`: where two run folders part.

use clap::Args;
use std::path::PathBuf;

use super::{Common, Exit, Shell};
use crate::trace::{self, RunFolder};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A folder that `run --out` wrote
    #[arg(value_name = "RUN")]
    left: PathBuf,
    /// Another
    #[arg(value_name = "RUN")]
    right: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    match trace::diff(&RunFolder::new(&arguments.left), &RunFolder::new(&arguments.right)) {
        Ok(None) => {
            if common.json {
                shell.print("{\"equal\":true}");
            } else if !common.quiet {
                shell.print("the traces are equal");
            }
            Exit::OK
        }
        Ok(Some(divergence)) => {
            if common.json {
                let line = serde_json::json!({
                    "equal": false,
                    "index": divergence.index,
                    "context": divergence.context,
                    "left": divergence.left,
                    "right": divergence.right,
                });
                shell.print(&line.to_string());
            } else {
                shell.print(&divergence.to_string());
            }
            Exit::NONDETERMINISM
        }
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            Exit::USAGE
        }
    }
}
