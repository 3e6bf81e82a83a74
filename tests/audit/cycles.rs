//! Which commits lead back to themselves, by number alone.

use super::{Edges, cycles_of};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The members of each cycle, of `pairs` of (child, parent).
fn cycles(nodes: usize, pairs: &[(u32, u32)]) -> BTreeSet<BTreeSet<u32>> {
    let parents = Edges::new(nodes, pairs.iter().copied());
    let children = Edges::new(nodes, pairs.iter().map(|(child, parent)| (*parent, *child)));
    let found = cycles_of(&parents, &children).into_iter();
    found.map(|members| members.into_iter().collect()).collect()
}

/// The commits to which one leads, step by step.
fn ancestors(of: u32, pairs: &[(u32, u32)]) -> BTreeSet<u32> {
    let (mut out, mut open) = (BTreeSet::new(), vec![of]);
    while let Some(n) = open.pop() {
        let parents = pairs.iter().filter(|(child, _)| *child == n);
        open.extend(
            parents
                .map(|(_, parent)| *parent)
                .filter(|p| out.insert(*p)),
        );
    }
    out
}

#[test]
fn a_long_cycle_is_found_beside_a_commit_that_is_its_own_parent() {
    let last = 200_000;
    let ring = (0..last).map(|n| (n, (n + 1) % last));
    // One more comes from the ring, and one is its own parent.
    let pairs: Vec<_> = ring.chain([(last, 0), (last + 1, last + 1)]).collect();
    let found = cycles(last as usize + 2, &pairs);
    let sizes: Vec<usize> = found.iter().map(BTreeSet::len).collect();
    assert_eq!(sizes, [last as usize, 1]);
}

proptest! {
    #[test]
    fn commits_are_on_one_cycle_if_each_leads_to_the_other(pairs in vec((0u32..12, 0u32..12), 0..24)) {
        let mut expected = BTreeSet::new();
        for n in 0..12 {
            let ahead = ancestors(n, &pairs);
            if ahead.contains(&n) {
                let both = ahead.into_iter().filter(|m| ancestors(*m, &pairs).contains(&n));
                expected.insert(both.collect::<BTreeSet<u32>>());
            }
        }
        prop_assert_eq!(cycles(12, &pairs), expected);
    }
}
