//! What went wrong, each once.

use std::collections::BTreeSet;

use super::{Candidate, is_wrong};
use crate::capsule::Failure;
use crate::crew::Ran;

/// The oracle whose findings say least about the cause: whatever goes wrong may keep something from completing.
const LIVENESS: &str = "liveness";

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How it showed first.
    pub failure: Failure,
    /// All that it has shown as: what was seen in one run together has one cause.
    pub alike: BTreeSet<Failure>,
    /// In how many runs.
    pub runs: u64,
    /// The first run.
    pub ran: Ran,
    /// Its scenario.
    pub candidate: Candidate,
}

/// Everything that goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// In the order in which it was found.
    pub list: Vec<Finding>,
    beyond_f: bool,
}

impl Findings {
    pub(super) fn new(beyond_f: bool) -> Self {
        Self { list: Vec::new(), beyond_f }
    }

    /// Adds what went wrong in a run.
    ///
    /// Findings that show in one run together are one, by what oracles of safety saw. What merely does not complete joins
    /// the first finding beside which it was seen before, and joins no two: it may come of anything.
    pub(super) fn look(&mut self, candidate: &Candidate, ran: &Ran) {
        if !is_wrong(ran.verdict, self.beyond_f) {
            return;
        }
        let all: BTreeSet<Failure> = ran.failures.iter().map(coarse).collect();
        let unsafe_: BTreeSet<Failure> = all.iter().filter(|failure| failure.oracle != LIVENESS).cloned().collect();
        let telling = if unsafe_.is_empty() { &all } else { &unsafe_ };
        let is_met = |finding: &Finding| !finding.alike.is_disjoint(telling);
        let Some(first) = self.list.iter().position(is_met) else {
            let failure = ran.failures.first().cloned().unwrap_or_else(|| Failure {
                oracle: ran.verdict.name().to_owned(),
                kind: "nothing was seen".to_owned(),
            });
            let finding = Finding { failure, alike: all, runs: 1, ran: ran.clone(), candidate: candidate.clone() };
            return self.list.push(finding);
        };
        self.list[first].alike.extend(all.iter().cloned());
        self.list[first].runs += 1;
        while let Some(other) = self.list.iter().skip(first + 1).position(is_met).filter(|_| !unsafe_.is_empty()) {
            let other = self.list.remove(first + 1 + other);
            self.list[first].alike.extend(other.alike);
            self.list[first].runs += other.runs;
        }
    }
}

/// A failure without the name of the step: which one does not complete is chance.
fn coarse(failure: &Failure) -> Failure {
    let words: Vec<&str> = failure.kind.split(' ').collect();
    match words[..] {
        ["step", _, ref rest @ ..] => {
            Failure { oracle: failure.oracle.clone(), kind: format!("a step {}", rest.join(" ")) }
        }
        _ => failure.clone(),
    }
}
