//! Fuzzing: scenarios are drawn, those that reach something new are kept and varied, and what goes wrong is told once
//! and made small. For one seed the runs are the same in the same order however many work at them; a budget of time only
//! says where they end: what has not begun by then is dropped, and what has begun is waited for.

mod corpus;
mod finding;

pub use corpus::{Corpus, CorpusError, Entry};
pub use finding::{Finding, Findings};

use lit_node::bugs::BugSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cli::Exit;
use crate::crew::{Answer, Crew, Desk, Died, Errand, NoHands, Post, Ran, ran_into, work};
use crate::dice::Dice;
use crate::generic::{Genome, Urn, from_genome};
use crate::outcome::{Engine, Verdict};
use crate::scenario::Bundle;

/// What is fuzzed with.
#[derive(Clone, Debug)]
pub struct Options {
    /// All that is drawn derives from it.
    pub seed: u64,
    /// What scenarios are drawn from.
    pub urn: Urn,
    /// Known mistakes that every node makes.
    pub bugs: BugSet,
}

/// A scenario to try.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is drawn from.
    pub genome: Genome,
    /// The seed of its run.
    pub seed: u32,
    /// How many throws drawing it took.
    pub throws: u32,
    /// The scenario.
    pub bundle: Arc<Bundle>,
}

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    /// The scenario.
    pub candidate: Candidate,
    /// The run; none if the scenario is refused, and why.
    pub result: Result<Ran, String>,
}

impl Candidate {
    /// Draws the scenario of a genome.
    pub fn new(genome: Genome, seed: u32, options: &Options) -> Self {
        let name = corpus::name(&genome, seed);
        let mut drawn = from_genome(&name, &genome, seed, options.urn);
        let bugs: Vec<String> = options.bugs.iter().map(|bug| format!("\"{bug}\"")).collect();
        if !bugs.is_empty() {
            drawn.text += &format!("\n[bugs]\nplant = [{}]\n", bugs.join(", "));
        }
        let bundle = Bundle { origin: format!("{name}.toml"), text: drawn.text, ..Bundle::default() };
        Self { genome, seed, throws: drawn.throws, bundle: Arc::new(bundle) }
    }
}

/// When a fuzzer ends.
#[derive(Clone, Copy)]
pub struct Until<'f> {
    /// The most runs; as many as there is time for if none.
    pub runs: Option<u64>,
    /// Whether the time is over. Asked before each run, by whoever is to make it.
    pub is_over: &'f (dyn Fn() -> bool + Sync),
}

/// A fuzzer under way.
pub struct Fuzzer<'f> {
    options: &'f Options,
    dice: Dice,
    /// Scenarios of an earlier session, which are tried first.
    earlier: std::vec::IntoIter<Entry>,
    /// What reached something new.
    pub corpus: Corpus,
    /// What went wrong.
    pub findings: Findings,
    /// How many runs there were.
    pub runs: u64,
    given: u64,
    until: Until<'f>,
    /// Told of every run.
    tell: &'f mut dyn FnMut(&Tried, &Findings),
    failed: Option<NoHands>,
}

impl<'f> Fuzzer<'f> {
    /// A fuzzer that begins with these.
    pub fn new(
        options: &'f Options,
        earlier: Vec<Entry>,
        until: Until<'f>,
        tell: &'f mut dyn FnMut(&Tried, &Findings),
    ) -> Self {
        Self {
            options,
            dice: Dice::new("litsim 1 fuzzing", options.seed),
            earlier: earlier.into_iter(),
            corpus: Corpus::default(),
            findings: Findings::new(options.urn.beyond_f),
            runs: 0,
            given: 0,
            until,
            tell,
            failed: None,
        }
    }

    /// Draws, runs and looks until it is enough.
    ///
    /// # Errors
    /// If no worker can be started.
    pub fn run(
        mut self,
        (engine, crew): (&(dyn Engine + Sync), &dyn Crew),
        jobs: usize,
    ) -> Result<(Corpus, Findings, u64), NoHands> {
        let beyond_f = self.options.urn.beyond_f;
        let is_over = self.until.is_over;
        work(crew, jobs, &mut self, &|post, candidate| match is_over() {
            true => Ok(None),
            false => try_out(engine, post, candidate, beyond_f).map(Some),
        });
        match self.failed {
            Some(error) => Err(error),
            None => Ok((self.corpus, self.findings, self.runs)),
        }
    }

    /// A new scenario, or one of the corpus with something else from some throw on.
    fn draw(&mut self) -> Candidate {
        let seed = self.dice.below(u32::MAX);
        let fresh = Genome::new(self.dice.seed());
        let genome = match self.corpus.entries.len() {
            0 => fresh,
            _ if self.dice.once_in(2) => fresh,
            _ => {
                let entry = self.dice.pick(&self.corpus.entries).clone();
                entry.genome.cut(self.dice.below(entry.throws.max(1)), fresh.seed)
            }
        };
        Candidate::new(genome, seed, self.options)
    }
}

impl Desk<Candidate, Result<Option<Tried>, NoHands>> for Fuzzer<'_> {
    fn next(&mut self) -> Option<Candidate> {
        if self.until.runs.is_some_and(|most| self.given >= most) {
            return None;
        }
        self.given += 1;
        Some(match self.earlier.next() {
            Some(entry) => Candidate::new(entry.genome, entry.seed, self.options),
            None => self.draw(),
        })
    }

    fn take(&mut self, result: Result<Option<Tried>, NoHands>) -> ControlFlow<()> {
        let tried = match result {
            Ok(Some(tried)) => tried,
            // It was not begun. Later ones that were are dropped, too: what counts are the first so many, as ever.
            Ok(None) => return ControlFlow::Break(()),
            Err(error) => {
                self.failed = Some(error);
                return ControlFlow::Break(());
            }
        };
        self.runs += 1;
        if let Ok(ran) = &tried.result {
            self.corpus.look(&tried.candidate, &ran.report);
            self.findings.look(&tried.candidate, ran);
        }
        (self.tell)(&tried, &self.findings);
        ControlFlow::Continue(())
    }
}

/// Whether something is wrong with a network of which a run ends so. Where requests fail for a reason (an endpoint is
/// down) nothing is wrong; nor where more than f nodes are down and something does not complete.
pub(crate) fn is_wrong(verdict: Verdict, beyond_f: bool) -> bool {
    match verdict {
        Verdict::Pass | Verdict::Expectation => false,
        Verdict::Liveness => !beyond_f,
        Verdict::Safety | Verdict::Nondeterminism | Verdict::Panic => true,
    }
}

/// Runs a scenario; what is wrong is looked at again in a fresh process.
fn try_out(engine: &dyn Engine, post: &mut Post<'_>, candidate: Candidate, beyond_f: bool) -> Result<Tried, NoHands> {
    let first = once(engine, post, &candidate)?;
    let result = match first {
        Ok(first) if is_wrong(first.verdict, beyond_f) => {
            post.relieve();
            match once(engine, post, &candidate)? {
                Ok(second) if !first.is_like(&second) => {
                    let exit = Exit::NONDETERMINISM.code();
                    Ok(Ran { verdict: Verdict::Nondeterminism, exit, ..first })
                }
                _ => Ok(first),
            }
        }
        other => other,
    };
    Ok(Tried { candidate, result })
}

fn once(engine: &dyn Engine, post: &mut Post<'_>, candidate: &Candidate) -> Result<Result<Ran, String>, NoHands> {
    let seed = u64::from(candidate.seed);
    let errand = Errand::Run { bundle: candidate.bundle.clone(), seed, profile: false };
    Ok(match post.carry_out(&errand)? {
        Answer::Ran(ran) => Ok(*ran),
        Answer::Refused { error } => Err(error),
        Answer::Shrunk(_) => Err("the worker answered something else".to_owned()),
        Answer::Died(Died { death }) => candidate
            .bundle
            .scenario(engine.vocabulary())
            .map_err(|error| error.to_string())
            .and_then(|scenario| ran_into(death, engine, (&scenario, &candidate.bundle), seed)),
    })
}

#[cfg(test)]
mod tests;
