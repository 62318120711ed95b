//! Shared results of public checks.
//!
//! In a simulation n nodes check the same public statement; one check is enough for the answer. An entry is keyed
//! by the predicate's name and *all* of its inputs, so it can only be reused for the very same question, and the
//! work is charged to every node all the same. Runs with and without it have equal digests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::wire::hash_parts;

/// A handle to shared results; clones share them. [`Memo::off`] computes every time.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    results: Option<Rc<RefCell<Answers>>>,
}

/// Answers by the hash of predicate and inputs.
type Answers = BTreeMap<[u8; 32], bool>;

impl Memo {
    /// A memo that remembers nothing.
    pub fn off() -> Self {
        Self { results: None }
    }

    /// A fresh, empty memo.
    pub fn shared() -> Self {
        Self { results: Some(Rc::default()) }
    }

    /// The answer of `predicate` on `inputs`, which must be everything that `check` looks at.
    pub fn check(&self, predicate: &str, inputs: &[&[u8]], check: impl FnOnce() -> bool) -> bool {
        let Some(results) = &self.results else { return check() };
        let key = hash_parts(predicate, inputs);
        if let Some(&known) = results.borrow().get(&key) {
            return known;
        }
        let answer = check();
        results.borrow_mut().insert(key, answer);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_reused_only_for_the_same_predicate_and_inputs() {
        let memo = Memo::shared();
        assert!(memo.check("p", &[b"a"], || true));
        assert!(memo.clone().check("p", &[b"a"], || unreachable!("known")));
        assert!(!memo.check("p", &[b"b"], || false));
        assert!(!memo.check("q", &[b"a"], || false));
        assert!(!Memo::off().check("p", &[b"a"], || false));
    }
}
