//! Tests of fuzzing that need no processes.

use super::*;
use crate::capsule::Failure;
use crate::crew::{Death, Hand};
use crate::world::Simulator;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

fn options() -> Options {
    Options { seed: 1, urn: Urn { swarm: true, beyond_f: false }, bugs: BugSet::NONE }
}

fn candidate() -> Candidate {
    Candidate::new(Genome::new(1), 1, &options())
}

fn ran(verdict: Verdict, failures: &[(&str, &str)]) -> Ran {
    let failure = |(oracle, kind): &(&str, &str)| Failure { oracle: (*oracle).into(), kind: (*kind).into() };
    Ran {
        exit: 20,
        verdict,
        digest: [0; 32],
        failures: failures.iter().map(failure).collect(),
        report: String::new(),
        capsule: None,
        wall_us: 0,
        cpu_us: 0,
    }
}

fn found(runs: &[(Verdict, &[(&str, &str)])]) -> Vec<(String, u64)> {
    let mut findings = Findings::new(false);
    for (verdict, failures) in runs {
        findings.look(&candidate(), &ran(*verdict, failures));
    }
    findings.list.into_iter().map(|finding| (finding.failure.to_string(), finding.runs)).collect()
}

#[test]
fn what_shows_together_is_one_finding_and_what_shows_apart_is_two() {
    const LATE: (&str, &str) = ("liveness", "step owner-# did not complete: RequestTimeout");
    const LATE_TOO: (&str, &str) = ("liveness", "step keygen did not complete: RequestTimeout");
    let (a, b, c) = (("secrecy", "a"), ("forgery", "b"), ("durability", "c"));
    let one = |name: &str, runs| (name.to_owned(), runs);
    assert_eq!(found(&[(Verdict::Safety, &[a]), (Verdict::Safety, &[a])]), [one("secrecy: a", 2)]);
    assert_eq!(found(&[(Verdict::Safety, &[a]), (Verdict::Safety, &[b])]).len(), 2);
    // Linked by a third run, they turn out to be one.
    let linked: [(Verdict, &[_]); 4] =
        [(Verdict::Safety, &[a]), (Verdict::Safety, &[c]), (Verdict::Safety, &[b]), (Verdict::Safety, &[a, b])];
    assert_eq!(found(&linked), [one("secrecy: a", 3), one("durability: c", 1)]);
    // Which step is late is chance, and lateness links no two findings.
    assert_eq!(found(&[(Verdict::Liveness, &[LATE]), (Verdict::Liveness, &[LATE_TOO])]).len(), 1);
    let late: [(Verdict, &[_]); 3] =
        [(Verdict::Safety, &[a, LATE]), (Verdict::Safety, &[b, LATE]), (Verdict::Liveness, &[LATE_TOO])];
    assert_eq!(found(&late), [one("secrecy: a", 2), one("forgery: b", 1)]);
    // What was late before something unsafe was seen is taken for its consequence, which then stands for both.
    let before: [(Verdict, &[_]); 3] =
        [(Verdict::Safety, &[b]), (Verdict::Liveness, &[("liveness", "other")]), (Verdict::Safety, &[a])];
    assert_eq!(found(&before), [one("forgery: b", 2), one("secrecy: a", 1)]);
    assert_eq!(found(&[before[1], before[2]]), [one("secrecy: a", 2)]);
    assert!(found(&[(Verdict::Expectation, &[a]), (Verdict::Pass, &[])]).is_empty());
}

#[test]
fn beyond_f_only_safety_counts() {
    let mut findings = Findings::new(true);
    findings.look(&candidate(), &ran(Verdict::Liveness, &[("liveness", "x")]));
    assert!(findings.list.is_empty());
    findings.look(&candidate(), &ran(Verdict::Safety, &[("secrecy", "x")]));
    assert_eq!(findings.list.len(), 1);
}

#[test]
fn a_corpus_keeps_what_reaches_something_new_and_reads_back() {
    let mut corpus = Corpus::default();
    let report = |hits: u32| format!("{{\"marks\":{{\"key.ready\":{hits},\"fault x\":1}},\"requests\":[]}}");
    let [first, second, third] = [1, 2, 3].map(|seed| Candidate::new(Genome::new(9).cut(4, seed), 5, &options()));
    corpus.look(&first, &report(1));
    corpus.look(&second, &report(2));
    corpus.look(&third, &report(70));
    assert_eq!((corpus.entries.len(), corpus.reached()), (2, 2));
    let folder = std::env::temp_dir().join(format!("litsim-corpus-{}", std::process::id()));
    corpus.write(&folder).unwrap();
    let mut genomes: Vec<_> = Corpus::read(&folder).unwrap().into_iter().map(|e| (e.genome, e.seed)).collect();
    genomes.sort();
    assert_eq!(genomes, [(first.genome, 5), (third.genome, 5)]);
    std::fs::write(folder.join("bad.toml"), "# drawn from nothing under seed 1\n").unwrap();
    assert!(Corpus::read(&folder).unwrap_err().to_string().contains("bad.toml:1:"));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(Corpus::read(&folder).unwrap().is_empty());
}

/// Refuses every run, and counts them.
#[derive(Default)]
struct Counting(AtomicU64);

impl Crew for Counting {
    fn hire(&self) -> io::Result<Box<dyn Hand + '_>> {
        Ok(Box::new(CountingHand(self)))
    }
}

struct CountingHand<'c>(&'c Counting);

impl Hand for CountingHand<'_> {
    fn carry_out(&mut self, _: &Errand) -> Result<Answer, Death> {
        let begun = self.0.0.fetch_add(1, Ordering::SeqCst);
        // Later ones overtake earlier ones.
        std::thread::sleep(std::time::Duration::from_micros(begun % 3 * 200));
        Ok(Answer::Refused { error: "not today".into() })
    }
}

/// Fuzzes with so many hands until so many runs have begun: the genomes that were tried, and how many runs were begun.
fn tried(jobs: usize, budget: u64, runs: Option<u64>) -> (Vec<String>, u64) {
    let (crew, options) = (Counting::default(), options());
    let mut seen = Vec::new();
    let mut tell = |tried: &Tried, _: &Findings| seen.push(tried.candidate.genome.to_string());
    let until = Until { runs, is_over: &|| crew.0.load(Ordering::SeqCst) >= budget };
    let fuzzer = Fuzzer::new(&options, Vec::new(), until, &mut tell);
    let (_, _, runs) = fuzzer.run((&Simulator, &crew), jobs).unwrap();
    assert_eq!(runs, seen.len() as u64);
    (seen, crew.0.into_inner())
}

#[test]
fn when_the_time_is_over_what_has_not_begun_is_dropped_and_the_rest_is_what_any_number_of_workers_would_have_tried() {
    let (all, begun) = tried(2, u64::MAX, Some(40));
    assert_eq!((all.len(), begun), (40, 40));
    assert_eq!(tried(1, 7, None), (all[..7].to_vec(), 7), "of the many that were drawn ahead none was begun");
    assert_eq!(tried(3, 0, None), (Vec::new(), 0));
    for jobs in 2..6 {
        let (seen, begun) = tried(jobs, 20, None);
        assert!((20..20 + jobs as u64).contains(&begun), "{begun} runs were begun by {jobs}");
        assert!(seen.len() as u64 <= begun && all.starts_with(&seen), "{} of {begun}", seen.len());
    }
}
