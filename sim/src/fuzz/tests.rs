//! Tests of fuzzing that need no processes.

use super::*;
use crate::capsule::Failure;

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
