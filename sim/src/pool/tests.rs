//! Tests of pools.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k256::{ProjectivePoint, Scalar};
use lit_node::curve;
use lit_node::id::NodeId;
use lit_node::triples::{DealtTriples, TripleShare, point_of};
use proptest::prelude::*;

use super::*;
use crate::scenario::Preprocessing;

fn nodes(ids: &[u16]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

fn supply(pool: &Pool, batch: u8, key: u8) -> Supply {
    Supply::new(&Preprocessing::Pool(Arc::new(pool.clone())), batch, [key; 32]).unwrap()
}

/// The product a b of a batch's triple, if it is c and all shares are on the committed polynomials.
fn product(dealt: &BTreeMap<NodeId, DealtTriples>, at: usize) -> Scalar {
    let open = |pick: fn(&TripleShare) -> Scalar| {
        curve::interpolate(&dealt.iter().map(|(h, part)| (*h, pick(&part.triples[at]))).collect::<Vec<_>>())
    };
    for (holder, part) in dealt {
        let TripleShare { a, b, c, commitments } = &part.triples[at];
        for (share, public) in [(a, &commitments.a), (b, &commitments.b), (c, &commitments.c)] {
            assert_eq!(ProjectivePoint::GENERATOR * share, point_of(public, *holder));
        }
    }
    assert_eq!(open(|t| t.a) * open(|t| t.b), open(|t| t.c));
    open(|t| t.c)
}

#[test]
fn triples_of_a_pool_multiply_whoever_holds_them_and_none_is_handed_out_twice() {
    let pool = make(3, 7, 5).unwrap();
    assert_eq!((pool.len(), pool.holders()), (7, 3));
    let mut supply = supply(&pool, 1, 1);
    let mut seen = BTreeSet::new();
    for (leader, holders) in [(2, [1, 2, 3]), (2, [2, 3, 4]), (9, [1, 9, 200])] {
        let dealt = supply.deal(NodeId(leader), &nodes(&holders)).unwrap();
        assert_eq!(dealt.keys().copied().collect::<Vec<_>>(), nodes(&holders));
        for at in 0..2 {
            assert!(seen.insert(product(&dealt, at).to_bytes()), "another triple each time");
        }
        assert!(dealt.values().all(|part| part.leader == NodeId(leader) && part.triples.len() == 2));
    }
    let used_up = supply.deal(NodeId(1), &nodes(&[1, 2, 3])).unwrap_err();
    assert!(used_up.to_string().contains("all 7 for 3 holders were used"), "{used_up}");
}

#[test]
fn the_seed_of_a_run_decides_in_which_order_triples_are_taken() {
    let pool = make(2, 12, 1).unwrap();
    let order = |key: u8| -> Vec<_> {
        let mut supply = supply(&pool, 12, key);
        let dealt = supply.deal(NodeId(1), &nodes(&[1, 2])).unwrap();
        (0..12).map(|at| product(&dealt, at).to_bytes()).collect()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    let set = |key| order(key).into_iter().collect::<BTreeSet<_>>();
    assert_eq!((set(1).len(), set(1)), (12, set(2)));
}

#[test]
fn a_pool_is_made_by_its_seed_and_is_the_same_after_being_written_and_read() {
    let pool = make(4, 3, 8).unwrap();
    assert_eq!(pool, make(4, 3, 8).unwrap());
    assert_ne!(pool, make(4, 3, 9).unwrap());
    assert_eq!(pool.to_string().parse::<Pool>().unwrap(), pool);
    assert_eq!(make(1, 3, 8), Err(MakeError::Holders(1)));
    let secret = hex::encode(curve::scalar_bytes(&pool.triples[0][0].coefficients()[0]));
    assert!(pool.to_string().contains(&secret) && !format!("{pool:?}").contains(&secret[..16]));
}

#[test]
fn what_is_no_pool_is_refused_by_its_line() {
    let pool = make(2, 3, 1).unwrap();
    let text = pool.to_string();
    let lines: Vec<&str> = text.lines().collect();
    let refused = |text: &str| text.parse::<Pool>().unwrap_err().to_string();
    let with = |at: usize, line: String| {
        let lines: Vec<String> =
            lines.iter().enumerate().map(|(i, old)| if i == at { line.clone() } else { (*old).to_owned() }).collect();
        refused(&lines.join("\n"))
    };
    assert!(refused("").starts_with("line 1: expected `litsim-triples-1 "));
    assert!(with(0, lines[0].replace("holders=2", "holders=x")).starts_with("line 1: expected"));
    assert!(with(0, lines[0].replace("holders=2", "holders=1")).starts_with("line 1: triples are for at least 2"));
    assert!(with(0, lines[0].to_owned() + " more").starts_with("line 1: expected"));
    assert_eq!(
        with(0, lines[0].replace("triples=3", "triples=4")),
        "line 1: the first line promises 4 triples, there are 3"
    );
    assert_eq!(with(2, lines[2][2..].to_owned()), "line 3: expected 384 hexadecimal digits");
    assert_eq!(with(2, format!("zz{}", &lines[2][2..])), "line 3: expected 384 hexadecimal digits");
    assert_eq!(
        with(3, format!("{}{}", "f".repeat(64), &lines[3][64..])),
        "line 4: a coefficient is not below the order of the group"
    );
    let other = if lines[1].ends_with('0') { "1" } else { "0" };
    let product = |at: usize, line: &str| line[..at - 1].to_owned() + other + &line[at..];
    // The last digit of c's constant term.
    assert_eq!(with(1, product(5 * 64, lines[1])), "line 2: c is not the product of a and b");
    // And of its other coefficient, on which the product does not depend.
    assert!(with(1, product(6 * 64, lines[1])).starts_with("line 1: the triples are not those"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn of_a_changed_pool_nothing_is_taken_and_any_text_is_refused(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        noise in ".*",
    ) {
        let pool = make(2, 2, 1).unwrap();
        let mut bytes = pool.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let read = String::from_utf8_lossy(&bytes).parse::<Pool>();
        prop_assert!(read.is_err() || read == Ok(pool));
        prop_assert!(noise.parse::<Pool>().is_err());
    }
}
