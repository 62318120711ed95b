//! Whether a run came to what a capsule says, and if not, what differs first.

use std::fmt;

use super::{Capsule, Failure, Outcome};
use crate::outcome::{RunReport, Verdict};
use crate::trace::{Divergence, Records, diff};

/// The first thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The traces part.
    Trace {
        /// The last common checkpoint: so many records are the same.
        common: u64,
        /// The next checkpoint: at most so many records on, they differ.
        parted: u64,
        /// Where exactly, if both traces are at hand.
        record: Option<Box<Divergence>>,
    },
    /// The traces agree and the verdicts do not.
    Verdict {
        /// The capsule's.
        was: Verdict,
        /// This run's.
        is: Verdict,
    },
    /// The traces agree and what the oracles saw does not.
    Failures {
        /// The capsule's.
        was: Vec<Failure>,
        /// This run's.
        is: Vec<Failure>,
    },
    /// The same happened, but the scenario is thought to expect something else.
    Expected {
        /// Whether the capsule's run was as expected.
        was: bool,
    },
}

/// Compares a run with what a capsule says. `records` is the original's trace, if it is still there.
pub fn compare(capsule: &Capsule, report: &RunReport, records: Option<&dyn Records>) -> Option<Difference> {
    let (was, is) = (&capsule.outcome, Outcome::of(report));
    if was.digest != is.digest {
        let same = was.checkpoints.iter().zip(&is.checkpoints).take_while(|(was, is)| was == is).count();
        let end = |outcome: &Outcome| outcome.checkpoints.get(same).map(|checkpoint| checkpoint.records);
        let common = same.checked_sub(1).and_then(|last| was.checkpoints.get(last)).map_or(0, |last| last.records);
        let record = records.and_then(|records| diff(records, &report.trace).ok().flatten()).map(Box::new);
        let parted = end(was).into_iter().chain(end(&is)).min().unwrap_or(common);
        return Some(Difference::Trace { common, parted, record });
    }
    if was.verdict != is.verdict {
        return Some(Difference::Verdict { was: was.verdict, is: is.verdict });
    }
    if was.failures != is.failures {
        return Some(Difference::Failures { was: was.failures.clone(), is: is.failures });
    }
    (was.expected != is.expected).then_some(Difference::Expected { was: was.expected })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |failures: &[Failure]| match failures {
            [] => "nothing".to_owned(),
            list => list.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        };
        match self {
            Self::Trace { record: Some(record), .. } => write!(f, "the traces differ (< capsule, > replay)\n{record}"),
            Self::Trace { common, parted, record: None } => {
                write!(f, "the traces differ: {common} records agree, and those up to record {parted} do not")
            }
            Self::Verdict { was, is } => write!(f, "the verdict was {was} and is {is}"),
            Self::Failures { was, is } => write!(f, "what went wrong was {}, and is {}", list(was), list(is)),
            Self::Expected { was: true } => f.write_str("the run was as expected, and is not"),
            Self::Expected { was: false } => f.write_str("the run was not as expected, and is"),
        }
    }
}
