//! Shared results of public checks.
//!
//! In a simulation n nodes check the same public statement; one check is enough for the answer. An entry is keyed
//! by the predicate's name and *all* of its inputs, so it can only be reused for the very same question, and the
//! work is charged to every node all the same. Runs with and without it have equal digests.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::wire::hash_parts;

/// A handle to shared results; clones share them. [`Memo::off`] computes every time.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    results: Option<Rc<RefCell<Results>>>,
}

#[derive(Debug, Default)]
struct Results {
    /// Answers by the hash of predicate and inputs.
    answers: BTreeMap<[u8; 32], bool>,
    /// What bytes decode to, by their length and then by the hash of kind and bytes: only bytes of a length that is
    /// known need to be hashed.
    decoded: BTreeMap<usize, BTreeMap<[u8; 32], Rc<dyn Any>>>,
}

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
        if let Some(&known) = results.borrow().answers.get(&key) {
            return known;
        }
        let answer = check();
        results.borrow_mut().answers.insert(key, answer);
        answer
    }

    /// What `bytes` decode to as a `kind`, which stands for `T` and `decode`. Of what decodes, that is remembered which is
    /// worth it: what goes to many and takes long to decode.
    ///
    /// # Errors
    /// Those of `decode`, which are found out anew each time.
    pub fn decode<T: Clone + 'static, E>(
        &self,
        kind: &str,
        bytes: &[u8],
        decode: impl FnOnce() -> Result<T, E>,
        is_worth_it: impl FnOnce(&T) -> bool,
    ) -> Result<T, E> {
        let Some(results) = &self.results else { return decode() };
        if let Some(same_length) = results.borrow().decoded.get(&bytes.len())
            && let Some(known) = same_length.get(&hash_parts(kind, &[bytes]))
            && let Some(value) = known.downcast_ref::<T>()
        {
            return Ok(value.clone());
        }
        let value = decode()?;
        if is_worth_it(&value) {
            let same_length = &mut results.borrow_mut().decoded;
            same_length.entry(bytes.len()).or_default().insert(hash_parts(kind, &[bytes]), Rc::new(value.clone()));
        }
        Ok(value)
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

    #[test]
    fn decoded_bytes_are_reused_only_for_the_same_kind_and_bytes_and_errors_never() {
        let memo = Memo::shared();
        let fail = || Err::<u8, _>("decoded again");
        assert_eq!(memo.decode("k", b"a", || Ok::<u8, ()>(7), |_| true), Ok(7));
        assert_eq!(memo.clone().decode("k", b"a", fail, |_| true), Ok(7));
        assert_eq!(memo.decode("k", b"b", fail, |_| true), Err("decoded again"));
        assert_eq!(memo.decode("l", b"a", fail, |_| true), Err("decoded again"));
        assert_eq!(memo.decode("k", b"b", || Ok::<u8, ()>(8), |_| false), Ok(8));
        assert_eq!(memo.decode("k", b"b", fail, |_| true), Err("decoded again"), "it was not worth it");
        assert_eq!(memo.decode("k", b"a", || Ok::<u16, ()>(9), |_| true), Ok(9), "another type is another value");
        assert_eq!(Memo::off().decode("k", b"a", fail, |_| true), Err("decoded again"));
    }
}
