//! Workers as processes: this program again, which takes errands on its standard input.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;

use super::serve::Order;
use super::{Answer, Crew, Errand, Hand};
use crate::scenario::Bundle;

/// The verb that makes this program a worker.
pub(crate) const VERB: &str = "worker";

/// How a worker died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// By a signal.
    Signal(i32),
    /// By itself, with this exit code, and without an answer.
    Exit(i32),
    /// It gave no answer that can be read.
    Babble,
}

impl Death {
    /// Whether it is no consequence of the errand: somebody has killed the process (SIGHUP, SIGINT, SIGKILL, SIGTERM).
    /// The kernel kills with the same signal who takes too much memory; such a run dies again.
    pub fn is_from_outside(self) -> bool {
        matches!(self, Self::Signal(1 | 2 | 9 | 15))
    }

    fn of(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Self::Signal(signal);
        }
        status.code().map_or(Self::Babble, Self::Exit)
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(6) => f.write_str("was ended by signal 6 (SIGABRT)"),
            Self::Signal(9) => f.write_str("was ended by signal 9 (SIGKILL)"),
            Self::Signal(11) => f.write_str("was ended by signal 11 (SIGSEGV)"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::Exit(code) => write!(f, "ended with exit code {code}"),
            Self::Babble => f.write_str("gave no answer"),
        }
    }
}

/// Starts this program again for each worker.
#[derive(Clone, Copy, Debug, Default)]
pub struct Processes;

impl Crew for Processes {
    fn hire(&self) -> io::Result<Box<dyn Hand + '_>> {
        let mut command = Command::new(std::env::current_exe()?);
        // What it says when it dies would stand between the lines of this process; replaying the capsule says it again.
        command.arg(VERB).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Box::new(Process { child, orders, answers: BufReader::new(answers), known: None }))
    }
}

struct Process {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// The scenario that it was told last.
    known: Option<Arc<Bundle>>,
}

impl Process {
    fn order(&mut self, order: &Order<'_>) -> io::Result<()> {
        let mut line = serde_json::to_string(order)?;
        line.push('\n');
        self.orders.write_all(line.as_bytes())
    }

    fn exchange(&mut self, errand: &Errand) -> io::Result<Answer> {
        match errand {
            Errand::Run { bundle, seed, profile } => {
                if !self.known.as_ref().is_some_and(|known| Arc::ptr_eq(known, bundle)) {
                    self.order(&Order::Scenario(Cow::Borrowed(bundle)))?;
                    self.known = Some(bundle.clone());
                }
                self.order(&Order::Run { seed: *seed, profile: *profile })?;
            }
            Errand::Shrink { capsule, output, budget } => {
                let (capsule, output) = (capsule.clone(), output.clone());
                self.order(&Order::Shrink { capsule, output, budget: *budget })?;
            }
        }
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Hand for Process {
    fn carry_out(&mut self, errand: &Errand) -> Result<Answer, Death> {
        self.exchange(errand).map_err(|_| {
            // If it is still there, it is of no use. Who is dead already stays dead of what it died of.
            let _ = self.child.kill();
            self.child.wait().map_or(Death::Babble, Death::of)
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing is under way any more, or nobody wants it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
