//! The command line. One file a verb; what they share is here.

mod action_worker;
mod bugs;
mod check;
mod completions;
mod diff;
mod exit;
mod explain;
mod export;
mod folder;
mod fuzz;
mod list;
mod new;
mod pool;
mod progress;
mod replay;
mod report;
mod run;
mod schema;
mod select;
mod shrink;
mod sweep;
mod twice;

use clap::{Args, ColorChoice, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;

pub use exit::Exit;
pub(crate) use twice::quote;
pub use twice::{Again, Job, NewProcess};

use crate::crew::{Crew, Processes};
use crate::outcome::Engine;

/// A deterministic simulator of a threshold-key network.
///
/// A run is a pure function of scenario, seed and build: the same inputs give the same digest.
#[derive(Debug, Parser)]
#[command(name = "litsim", version, after_long_help = exit_codes())]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// The last part of the long help.
fn exit_codes() -> String {
    let line = |(exit, meaning): (Exit, &str)| format!("\n  {:>2}  {meaning}", exit.code());
    format!("Exit codes, the highest of all runs:{}", Exit::ALL.map(line).concat())
}

/// Options of every verb.
#[derive(Clone, Debug, Args)]
struct Common {
    /// Print JSON, one object a line, instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Write to this folder what comes of it: for each run report, plan, trace, and a capsule if it is not as expected
    /// or something was violated; the results of a sweep, what fuzzing finds
    #[arg(long, global = true, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print only what went wrong
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print keys, signatures, responses and logs too
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run scenarios
    Run(run::Arguments),
    /// Run scenarios under many seeds, with every combination of the values that they vary
    Sweep(sweep::Arguments),
    /// Draw scenarios, run them, and make small what goes wrong
    Fuzz(fuzz::Arguments),
    /// Join the results of a sweep's shards
    Merge(sweep::MergeArguments),
    /// Take errands from a sweep
    #[command(hide = true)]
    Worker,
    /// Run what a capsule holds, and compare
    Replay(replay::Arguments),
    /// Find the least scenario that fails like a capsule
    Shrink(shrink::Arguments),
    /// Find the first record in which the traces of two runs differ
    Diff(diff::Arguments),
    /// Show what a folder of results holds: a page, JUnit, Markdown, or lines of JSON
    Report(report::Arguments),
    /// Write the trace of a run for other programs
    Export(export::Arguments),
    /// Write a scenario to begin with, which runs as it is
    New(new::Arguments),
    /// List scenarios
    List(list::Arguments),
    /// Plant known mistakes and show how soon the right oracle sees each
    Bugs(bugs::Arguments),
    /// Make triples ahead, for scenarios that take them from a pool
    Pool(pool::Arguments),
    /// Explain a section, step, fault or verdict, or a word such as capsule
    Explain(explain::Arguments),
    /// Print the JSON Schema of scenario files
    Schema,
    /// Print what completes commands in a shell
    Completions(completions::Arguments),
    /// Run actions for another litsim, which says so on the standard input
    #[command(hide = true)]
    ActionWorker(action_worker::Arguments),
}

impl Verb {
    /// Whether `--out` means something to it.
    fn writes(&self) -> bool {
        match self {
            Self::Run(_)
            | Self::Sweep(_)
            | Self::Fuzz(_)
            | Self::Merge(_)
            | Self::Replay(_)
            | Self::Report(_)
            | Self::Export(_)
            | Self::New(_) => true,
            Self::Worker
            | Self::Shrink(_)
            | Self::Diff(_)
            | Self::List(_)
            | Self::Bugs(_)
            | Self::Pool(_)
            | Self::Explain(_)
            | Self::Schema
            | Self::Completions(_)
            | Self::ActionWorker(_) => false,
        }
    }
}

/// Where a command runs: its engine, its streams, and how it starts itself again.
pub struct Shell<'s> {
    /// Runs scenarios.
    pub engine: &'s (dyn Engine + Sync),
    /// Runs a scenario once more, for `--twice`.
    pub again: &'s dyn Again,
    /// Makes many runs, each where it can do no harm.
    pub crew: &'s dyn Crew,
    /// Standard output.
    pub out: &'s mut dyn Write,
    /// Standard error.
    pub err: &'s mut dyn Write,
    /// Whether `out` is a terminal that shows colours.
    pub colors: bool,
    /// How this program is started, for lines to copy.
    pub program: String,
    /// Why output could not be written, once it could not; nothing more is written to `out` then.
    pub unwritten: Option<std::io::Error>,
}

impl Shell<'_> {
    /// Prints a line. The first line that cannot be written is the last one that is tried.
    fn print(&mut self, line: &str) {
        if self.unwritten.is_none() {
            self.unwritten = writeln!(self.out, "{line}").err();
        }
    }

    /// Sees to it that all output is where it belongs. A reader that has gone away is no error of ours: it has seen what
    /// it wanted. Anything else, such as a full disk, is one, for what a program reads would be a part of the truth.
    fn finish(&mut self) -> Exit {
        if self.unwritten.is_none() {
            self.unwritten = self.out.flush().err();
        }
        match self.unwritten.take() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.complain(&format!("error: cannot write the output: {error}"));
                Exit::USAGE
            }
            _ => Exit::OK,
        }
    }

    /// Prints a line of what went wrong. Where that cannot be written either, the exit code is all that is left.
    fn complain(&mut self, line: &str) {
        let _ = writeln!(self.err, "{line}");
    }
}

/// Runs the command that the process was started with, on the given engine.
pub fn main(engine: &(dyn Engine + Sync)) -> std::process::ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let colors = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut shell = Shell {
        engine,
        again: &NewProcess,
        crew: &Processes,
        out: &mut out,
        err: &mut err,
        colors,
        program: program_name(),
        unwritten: None,
    };
    std::process::ExitCode::from(execute(std::env::args_os(), &mut shell).code())
}

/// From a build folder the program is started by cargo's alias.
fn program_name() -> String {
    let built = std::env::current_exe().is_ok_and(|path| path.components().any(|part| part.as_os_str() == "target"));
    if built { "cargo litsim".into() } else { "litsim".into() }
}

/// Runs a command given as arguments, the program's name first.
pub fn execute(arguments: impl IntoIterator<Item = OsString>, shell: &mut Shell<'_>) -> Exit {
    let exit = dispatch(arguments, shell);
    exit.and(shell.finish())
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>, shell: &mut Shell<'_>) -> Exit {
    let Arguments { verb, common } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let text = if shell.colors { error.render().ansi().to_string() } else { error.render().to_string() };
            shell.complain(text.trim_end());
            return Exit::USAGE;
        }
        Err(help) => {
            let text = if shell.colors { help.render().ansi().to_string() } else { help.render().to_string() };
            shell.print(text.trim_end());
            return Exit::OK;
        }
    };
    shell.colors = match common.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => shell.colors,
    };
    if common.out.is_some() && !verb.writes() {
        shell.complain("error: --out means nothing to this verb");
        return Exit::USAGE;
    }
    match verb {
        Verb::Run(arguments) => run::run(&arguments, &common, shell),
        Verb::Sweep(arguments) => sweep::run(&arguments, &common, shell),
        Verb::Fuzz(arguments) => fuzz::run(&arguments, &common, shell),
        Verb::Merge(arguments) => sweep::merge(&arguments, &common, shell),
        Verb::Worker => sweep::worker(shell.engine),
        Verb::Replay(arguments) => replay::run(&arguments, &common, shell),
        Verb::Shrink(arguments) => shrink::run(&arguments, &common, shell),
        Verb::Diff(arguments) => diff::run(&arguments, &common, shell),
        Verb::Report(arguments) => report::run(&arguments, &common, shell),
        Verb::Export(arguments) => export::run(&arguments, &common, shell),
        Verb::New(arguments) => new::run(&arguments, &common, shell),
        Verb::List(arguments) => list::run(&arguments, &common, shell),
        Verb::Bugs(arguments) => bugs::run(&arguments, &common, shell),
        Verb::Pool(arguments) => pool::run(&arguments, &common, shell),
        Verb::Explain(arguments) => explain::run(&arguments, &common, shell),
        Verb::Schema => schema::run(&common, shell),
        Verb::Completions(arguments) => completions::run(&arguments, &common, shell),
        Verb::ActionWorker(arguments) => action_worker::run(&arguments, shell),
    }
}

#[cfg(test)]
mod tests;
