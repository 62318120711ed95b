//! `litsim action-worker`: the other end of actions that run in processes of their own. Not for people.

use clap::Args;

use super::{Exit, Shell};
use crate::isolation::{self, Bounds};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The most address space, bytes
    address_space_bytes: u64,
    /// The most processor time for an answer, seconds
    cpu_s: u64,
}

pub(super) fn run(arguments: &Arguments, shell: &mut Shell<'_>) -> Exit {
    let bounds = Bounds { address_space_bytes: arguments.address_space_bytes, cpu_s: arguments.cpu_s };
    match isolation::serve(bounds) {
        Ok(()) => Exit::OK,
        Err(error) => {
            shell.complain(&format!("error: {error}"));
            Exit::USAGE
        }
    }
}
