//! `run --twice`: the same run in a second process, which shares no memory, no addresses and no hash seeds with this
//! one, compared record by record.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use thiserror::Error;

use super::folder;
use crate::outcome::RunReport;
use crate::report;
use crate::trace::{DiffError, Divergence, RunFolder, diff};

/// One run, as arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The scenario file.
    pub file: PathBuf,
    /// The seed.
    pub seed: u64,
    /// Edits of the scenario.
    pub set: Vec<String>,
    /// Whether nodes share nothing.
    pub no_memo: bool,
    /// Whether operations are counted.
    pub profile: bool,
    /// Whether the run was made twice.
    pub twice: bool,
}

impl Job {
    /// The arguments of one run of it, without the program and without `--twice`.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut list: Vec<OsString> = vec!["run".into(), self.file.clone().into(), "--seed".into()];
        list.push(self.seed.to_string().into());
        for set in &self.set {
            list.extend(["--set".into(), set.into()]);
        }
        list.extend(self.no_memo.then(|| "--no-memo".into()));
        list.extend(self.profile.then(|| "--profile".into()));
        list
    }

    /// The line that a shell takes, without the program.
    pub fn command_line(&self) -> String {
        let mut arguments = self.arguments();
        arguments.extend(self.twice.then(|| "--twice".into()));
        arguments.iter().map(|argument| quote(&argument.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// Runs a job somewhere else.
pub trait Again {
    /// Runs `job`, writes its run folder below `out`, and returns what `--json` prints.
    ///
    /// # Errors
    /// If it cannot be started.
    fn run(&self, job: &Job, out: &Path) -> io::Result<String>;
}

/// Starts this program again.
pub struct NewProcess;

impl Again for NewProcess {
    fn run(&self, job: &Job, out: &Path) -> io::Result<String> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(job.arguments()).arg("--json").arg("--out").arg(out);
        // What it would complain about is what this process complains about.
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// How the second run differs.
#[derive(Debug, Error)]
pub(super) enum Difference {
    /// The traces part.
    #[error("two runs of the same scenario and seed differ (< first, > second)\n{0}")]
    Trace(Box<Divergence>),
    /// The traces agree but the reports do not.
    #[error(
        "two runs of the same scenario and seed have equal traces but different reports\n  < {first}\n  > {second}"
    )]
    Report {
        /// Of the first run.
        first: String,
        /// Of the second run.
        second: String,
    },
    /// The traces cannot be compared.
    #[error("the second run's trace cannot be compared: {0}")]
    Unreadable(#[from] DiffError),
    /// The second process did not start.
    #[error("the second run did not start: {0}")]
    NotStarted(#[from] io::Error),
}

/// Runs the job again and compares.
pub(super) fn compare(first: &RunReport, job: &Job, again: &dyn Again) -> Result<(), Difference> {
    let out = std::env::temp_dir().join(format!("litsim-twice-{}-{}-{}", std::process::id(), first.scenario, job.seed));
    std::fs::create_dir_all(&out)?;
    let result = compare_in(first, job, again, &out);
    // A folder that stays behind does no harm.
    let _ = std::fs::remove_dir_all(&out);
    result
}

fn compare_in(first: &RunReport, job: &Job, again: &dyn Again, out: &Path) -> Result<(), Difference> {
    let second = again.run(job, out)?.trim().to_owned();
    let ours = report::json(first);
    if ours == second {
        return Ok(());
    }
    let theirs = RunFolder::new(folder::path(out, &first.scenario, first.seed));
    match diff(&first.trace, &theirs)? {
        Some(divergence) => Err(Difference::Trace(Box::new(divergence))),
        None => Err(Difference::Report { first: ours, second }),
    }
}
