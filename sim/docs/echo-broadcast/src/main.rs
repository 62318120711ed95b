//! `echo-broadcast run | replay | shrink | diff | list`: litsim's command line over this protocol. With
//! `OFF_BY_ONE=1` in the environment, the bug is in.

use std::process::ExitCode;

fn main() -> ExitCode {
    let off_by_one = std::env::var_os("OFF_BY_ONE").is_some_and(|value| value == "1");
    litsim::cli::main(&echo_broadcast::engine(off_by_one))
}
