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
    /// Findings that show in one run together are one, by what oracles of safety saw. What merely does not complete may
    /// come of anything: as long as something is unsafe it counts as a consequence of that, and joins no two findings.
    pub(super) fn look(&mut self, candidate: &Candidate, ran: &Ran) {
        if !is_wrong(ran.verdict, self.beyond_f) {
            return;
        }
        let all: BTreeSet<Failure> = ran.failures.iter().map(coarse).collect();
        let unsafe_: BTreeSet<Failure> = all.iter().filter(|failure| is_telling(failure)).cloned().collect();
        let met = match unsafe_.is_empty() {
            true => self.meets(&all, 0).or_else(|| self.list.iter().position(Finding::is_unsafe)),
            false => self.meets(&unsafe_, 0),
        };
        let at = match met {
            Some(at) => {
                self.list[at].alike.extend(all);
                self.list[at].runs += 1;
                at
            }
            None => {
                let failure = ran.failures.first().cloned().unwrap_or_else(|| Failure {
                    oracle: ran.verdict.name().to_owned(),
                    kind: "nothing was seen".to_owned(),
                });
                let (ran, candidate) = (ran.clone(), candidate.clone());
                self.list.push(Finding { failure, alike: all, runs: 1, ran, candidate });
                self.list.len() - 1
            }
        };
        if unsafe_.is_empty() {
            return;
        }
        while let Some(other) = self.meets(&unsafe_, at + 1) {
            self.absorb(at, other);
        }
        let mut at = at;
        while let Some(late) = self.list.iter().position(|finding| !finding.is_unsafe()) {
            self.absorb(at, late);
            at -= usize::from(late < at);
        }
    }

    /// The first finding, from a place on, that has shown as one of these.
    fn meets(&self, failures: &BTreeSet<Failure>, from: usize) -> Option<usize> {
        (from..self.list.len()).find(|at| !self.list[*at].alike.is_disjoint(failures))
    }

    /// Makes one finding a part of another.
    fn absorb(&mut self, into: usize, gone: usize) {
        let Finding { alike, runs, .. } = self.list[gone].clone();
        self.list[into].alike.extend(alike);
        self.list[into].runs += runs;
        self.list.remove(gone);
    }
}

impl Finding {
    /// Whether anything but what does not complete is among it.
    fn is_unsafe(&self) -> bool {
        self.alike.iter().any(is_telling)
    }
}

/// Whether it says something about its cause.
fn is_telling(failure: &Failure) -> bool {
    failure.oracle != LIVENESS
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
