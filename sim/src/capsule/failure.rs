//! What went wrong in a run, without what differs from run to run: by this two failures are *the same*.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::outcome::{RunReport, Verdict};

/// The oracle of missed expectations.
pub(super) const EXPECTATION: &str = "expectation";
/// The oracle whose violations are no safety violations.
const LIVENESS: &str = "liveness";

/// A failure's signature: two runs fail in the same way if they have one in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The oracle; `expectation` where the scenario's own demands were missed.
    pub oracle: String,
    /// What it saw, [normalised](normalise): without numbers and hashes.
    pub kind: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.oracle, self.kind)
    }
}

/// What went wrong in a run, what speaks for it first: a missed expectation, if that is why the run is not as expected,
/// then violations of safety, then of liveness; each once.
pub fn failures(report: &RunReport) -> Vec<Failure> {
    let failure = |oracle: &str, detail: &str| Failure { oracle: oracle.to_owned(), kind: normalise(detail) };
    let (late, unsafe_): (Vec<_>, Vec<_>) = report.violations.iter().partition(|v| v.oracle == LIVENESS);
    let mut list: Vec<Failure> = Vec::new();
    let violations = unsafe_.into_iter().chain(late).map(|violation| failure(&violation.oracle, &violation.detail));
    for found in report.missed.iter().map(|missed| failure(EXPECTATION, missed)).chain(violations) {
        if !list.contains(&found) {
            list.push(found);
        }
    }
    if list.is_empty() && !report.expected && report.verdict == Verdict::Pass {
        list.push(failure(EXPECTATION, "the run passed, and should not have"));
    }
    list
}

/// Replaces numbers and hashes by `#`, and lists of alike things by one of them.
pub fn normalise(detail: &str) -> String {
    let mut out = String::new();
    let mut rest = detail;
    while let Some(c) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if word == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            push_word(&mut out, &rest[..word]);
            rest = &rest[word..];
        }
    }
    loop {
        let shorter = out.replace("node #, node #", "node #").replace("#, #", "#").replace("#.#", "#");
        if shorter == out {
            return out;
        }
        out = shorter;
    }
}

fn push_word(out: &mut String, word: &str) {
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    let digits = word.strip_prefix("0x").unwrap_or(word);
    if has_digit && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        out.push('#');
        return;
    }
    let mut in_number = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !in_number {
            out.push('#');
        }
        in_number = c.is_ascii_digit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_hashes_and_lists_do_not_tell_failures_apart() {
        let a = normalise("what node 3 received holds a secret of node 2, node 4: KeyShare");
        assert_eq!(a, "what node # received holds a secret of node #: KeyShare");
        assert_eq!(a, normalise("what node 11 received holds a secret of node 1: KeyShare"));
        assert_ne!(a, normalise("what node 11 received holds a secret of node 1: Nonce"));
        assert_eq!(normalise("key 5af0c1e2 of 0xdeadbeef00, 1.25 s, round2"), "key # of # s, round#");
        assert_eq!(normalise("step ecdsa did not complete: added"), "step ecdsa did not complete: added");
    }
}
