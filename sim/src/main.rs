//! The `litsim` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    litsim::cli::main(&litsim::world::Simulator)
}
