//! `litsim completions`: what a shell needs to complete commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell as Kind;

use super::{Common, Exit, Shell};

#[derive(Debug, Args)]
#[command(after_help = "For example: litsim completions bash > ~/.local/share/bash-completion/completions/litsim")]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Kind,
}

pub(super) fn run(arguments: &Arguments, common: &Common, shell: &mut Shell<'_>) -> Exit {
    if common.json {
        shell.complain("error: completions are a script for a shell, which --json cannot be");
        return Exit::USAGE;
    }
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "litsim", &mut script);
    shell.print(String::from_utf8_lossy(&script).trim_end());
    Exit::OK
}
