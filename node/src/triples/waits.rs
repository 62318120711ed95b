//! Whom to suspect when a batch runs out of time: those at the beginning of the chains of who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

/// What a holder waits for. Whoever lacks something of one stage cannot give what others need in a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Awaited {
    /// The commitments.
    Commitments,
    /// Polynomials, shares and multiplications: all that is between two holders.
    Multiplications,
    /// The products, which take all polynomials.
    Products,
    /// The sums and the last shares, which take everything before.
    Sums,
}

/// For whom a holder waited when it gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// For what; nothing before it is lacking.
    pub stage: Awaited,
    /// For whom, ascending.
    pub holders: Vec<NodeId>,
}

impl Waits {
    /// Adds those whom this node should suspect as well, by who says that it waited for whom.
    ///
    /// Somebody who is waited for is excused if it waited itself, for something of an earlier stage. Otherwise it has not
    /// done its part, or who says so lies. A node that more than f others say this of, or that says it of more than f
    /// others, is the one; else both are suspected, unless one of them is already. So there is a liar, or a message that
    /// came too late, for each one or two who are suspected, however many somebody accuses.
    pub(super) fn suspect(said: &BTreeMap<NodeId, &Self>, terms: Around, suspects: &mut BTreeSet<NodeId>) {
        let Around { me, faulty_max } = terms;
        let is_excused = |node: &NodeId, stage: Awaited| {
            // To wait for oneself is no excuse.
            said.get(node).is_some_and(|waits| waits.stage < stage && waits.holders.iter().any(|other| other != node))
        };
        let mut claims: Vec<(Awaited, bool, NodeId, NodeId)> = said
            .iter()
            .flat_map(|(from, waits)| waits.holders.iter().map(|node| (waits.stage, *from != me, *from, *node)))
            .filter(|(stage, _, from, node)| from != node && !is_excused(node, *stage))
            .collect();
        let mut partners: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
        for (one, other) in claims.iter().flat_map(|(.., from, node)| [(from, node), (node, from)]) {
            partners.entry(*one).or_default().insert(*other);
        }
        partners.remove(&me);
        let certain = partners.into_iter().filter(|(_, others)| others.len() > faulty_max).map(|(node, _)| node);
        suspects.extend(certain);
        // Earlier stages explain later ones, and what this node knows itself needs nobody's word.
        claims.sort_unstable();
        for (.., from, node) in claims {
            if !suspects.contains(&node) && !suspects.contains(&from) {
                suspects.extend([from, node].into_iter().filter(|suspect| *suspect != me));
            }
        }
    }
}

/// Who judges, and in what network.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) me: NodeId,
    /// f.
    pub(super) faulty_max: usize,
}

#[cfg(test)]
mod tests {
    use super::Awaited::{Commitments, Multiplications, Products, Sums};
    use super::*;

    const ME: NodeId = NodeId(1);

    fn suspects(said: &[(u16, Awaited, &[u16])]) -> Vec<u16> {
        suspects_beside(&[], said)
    }

    fn suspects_beside(known: &[u16], said: &[(u16, Awaited, &[u16])]) -> Vec<u16> {
        let ids = |nodes: &[u16]| nodes.iter().map(|node| NodeId(*node)).collect::<Vec<_>>();
        let waits: BTreeMap<NodeId, Waits> = said
            .iter()
            .map(|(from, stage, nodes)| (NodeId(*from), Waits { stage: *stage, holders: ids(nodes) }))
            .collect();
        let said = waits.iter().map(|(from, waits)| (*from, waits)).collect();
        let mut suspects = ids(known).into_iter().collect();
        Waits::suspect(&said, Around { me: ME, faulty_max: 2 }, &mut suspects);
        suspects.into_iter().map(|node| node.0).collect()
    }

    #[test]
    fn who_is_silent_to_all_is_suspected_alone_whatever_it_says_of_later_stages() {
        let honest: [(u16, Awaited, &[u16]); 3] =
            [(1, Multiplications, &[4, 5]), (2, Multiplications, &[4, 5]), (3, Multiplications, &[4, 5])];
        assert_eq!(suspects(&honest), [4, 5]);
        let liars: [(u16, Awaited, &[u16]); 2] = [(4, Sums, &[1, 2, 3]), (5, Products, &[1, 2, 3])];
        assert_eq!(suspects(&[&honest[..], &liars[..]].concat()), [4, 5]);
    }

    #[test]
    fn who_waits_for_somebody_who_waits_itself_suspects_whoever_that_one_waited_for() {
        assert_eq!(suspects(&[(1, Sums, &[2]), (2, Multiplications, &[3])]), [2, 3], "one of these two lies");
        assert_eq!(suspects(&[(1, Sums, &[2]), (2, Products, &[3]), (3, Multiplications, &[4])]), [3, 4]);
    }

    #[test]
    fn a_liar_that_accuses_others_costs_at_most_one_of_them_as_much_as_itself() {
        assert_eq!(suspects(&[(5, Commitments, &[1, 2])]), [5], "what it says of me is false");
        assert_eq!(suspects(&[(5, Commitments, &[2, 3])]), [2, 5]);
        assert_eq!(suspects(&[(1, Multiplications, &[5]), (5, Commitments, &[2, 3])]), [2, 5]);
        assert_eq!(suspects(&[(1, Multiplications, &[5]), (5, Multiplications, &[2, 3])]), [5]);
    }

    #[test]
    fn who_accuses_or_is_accused_by_more_than_may_lie_is_suspected_alone() {
        assert_eq!(suspects(&[(5, Commitments, &[2, 3, 4])]), [5], "one of these three is honest");
        assert_eq!(suspects(&[(2, Sums, &[5]), (3, Sums, &[5]), (4, Sums, &[5])]), [5], "one of these three, too");
        assert_eq!(suspects(&[(2, Sums, &[5]), (3, Sums, &[5])]), [2, 5]);
    }

    #[test]
    fn who_says_that_it_waits_for_itself_or_for_whoever_judges_has_no_excuse() {
        assert_eq!(suspects(&[(1, Products, &[3]), (3, Commitments, &[3])]), [3]);
        assert_eq!(suspects(&[(1, Products, &[3]), (3, Commitments, &[])]), [3]);
        assert_eq!(suspects(&[(1, Products, &[3]), (3, Commitments, &[1])]), [3]);
    }

    #[test]
    fn what_somebody_explains_who_is_suspected_already_makes_nobody_else_suspect() {
        assert_eq!(suspects_beside(&[5], &[(2, Multiplications, &[5]), (5, Commitments, &[3, 4])]), [5]);
        assert_eq!(suspects_beside(&[5], &[(2, Multiplications, &[3])]), [2, 3, 5]);
    }

    #[test]
    fn nobody_is_suspected_where_nobody_waits_and_nobody_suspects_itself() {
        assert_eq!(suspects(&[]), [0; 0]);
        assert_eq!(suspects(&[(1, Products, &[]), (2, Sums, &[2])]), [0; 0]);
    }
}
