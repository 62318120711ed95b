//! Delta debugging: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 28(2), 2002),
//! the algorithm *ddmin*.

/// A list of items of which leaving out any single one makes `fails` false. `fails` holds for all items at first.
///
/// Subsets and complements are tried in a fixed order, so the result is a function of the items and of `fails`.
pub fn ddmin<T: Clone>(items: &[T], fails: &mut dyn FnMut(&[T]) -> bool) -> Vec<T> {
    let mut items = items.to_vec();
    if items.is_empty() || fails(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while items.len() >= 2 {
        let bounds: Vec<usize> = (0..=parts).map(|part| part * items.len() / parts).collect();
        let subset = |part: usize| items[bounds[part]..bounds[part + 1]].to_vec();
        let complement = |part: usize| [&items[..bounds[part]], &items[bounds[part + 1]..]].concat();
        // With two parts the complements are the subsets.
        let smaller = (0..parts).map(subset).find(|some| fails(some)).map(|some| (some, 2)).or_else(|| {
            let rest = (0..parts).filter(|_| parts > 2).map(complement).find(|some| fails(some));
            rest.map(|some| (some, (parts - 1).max(2)))
        });
        match smaller {
            Some((some, next)) => (items, parts) = (some, next),
            None if parts >= items.len() => break,
            None => parts = (parts * 2).min(items.len()),
        }
        parts = parts.min(items.len().max(2));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn what_is_left_fails_and_no_single_item_of_it_can_go(
            size in 0usize..40,
            causes in prop::collection::vec(prop::collection::btree_set(0usize..40, 0..5), 1..4),
        ) {
            let items: Vec<usize> = (0..size).collect();
            // Fails if all items of any of the causes are there.
            let fails = |some: &[usize]| {
                let some: BTreeSet<usize> = some.iter().copied().collect();
                causes.iter().any(|cause| cause.is_subset(&some))
            };
            prop_assume!(fails(&items));
            let left = ddmin(&items, &mut |some| fails(some));
            prop_assert!(fails(&left));
            for gone in 0..left.len() {
                let without: Vec<usize> = left.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, x)| *x).collect();
                prop_assert!(!fails(&without), "{:?} of {:?}", without, left);
            }
        }
    }

    #[test]
    fn one_cause_among_a_thousand_is_found_in_few_tries() {
        let items: Vec<u32> = (0..1024).collect();
        let mut tries = 0;
        let left = ddmin(&items, &mut |some| {
            tries += 1;
            some.contains(&700)
        });
        assert_eq!(left, [700]);
        assert!(tries <= 25, "{tries}");
    }
}
