//! The branch graph beside the commits.

use crate::widgets::lanes::strands;
use proptest::prelude::*;

/// `"a: b c"` is a commit with its parents, children first.
fn drawn(commits: &[&str]) -> Vec<String> {
    let parsed: Vec<(String, Vec<String>)> = commits
        .iter()
        .map(|line| {
            let (id, parents) = line.split_once(':').unwrap();
            let parents = parents.split_whitespace().map(str::to_owned).collect();
            (id.to_owned(), parents)
        })
        .collect();
    let strands = strands(
        parsed
            .iter()
            .map(|(id, parents)| (id.as_str(), parents.as_slice())),
    );
    let texts = strands
        .iter()
        .map(|strand| strand.text.trim_end().to_owned());
    texts.collect()
}

#[test]
fn a_straight_history_is_one_line() {
    assert_eq!(drawn(&["c: b", "b: a", "a:"]), ["●", "●", "●"]);
}

#[test]
fn a_merge_opens_a_line_and_the_fork_closes_it() {
    assert_eq!(
        drawn(&["m: c b", "c: a", "b: a", "a:"]),
        ["●─╮", "● │", "│ ●", "●─╯"]
    );
}

#[test]
fn two_heads_stand_beside_each_other_and_lines_are_crossed() {
    assert_eq!(
        drawn(&["x: r", "m: c b", "y: r", "c: a", "b: a", "a: r", "r:"]),
        [
            "●",
            "│ ●─╮",
            "│ │ │ ●",
            "│ ● │ │",
            "│ │ ● │",
            "│ ●─╯ │",
            "●─╯ ──╯"
        ]
        .map(|line| {
            // Two lines end in the root, and the one between them has ended before.
            if line == "●─╯ ──╯" {
                "●─╯───╯"
            } else {
                line
            }
        })
    );
}

#[test]
fn a_parent_that_another_line_leads_to_already_is_joined() {
    assert_eq!(
        drawn(&["x: a", "m: b a", "b: a", "a:"]),
        ["●", "├─●", "│ ●", "●─╯"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever names whatever: a line a commit, one dot each, and none wider than eight lines.
    #[test]
    fn any_graph_is_drawn(
        parents in proptest::collection::vec(proptest::collection::vec(0usize..80, 0..20), 0..80),
    ) {
        let named: Vec<(String, Vec<String>)> = parents
            .iter()
            .enumerate()
            .map(|(n, parents)| (n.to_string(), parents.iter().map(usize::to_string).collect()))
            .collect();
        let strands = strands(named.iter().map(|(id, parents)| (id.as_str(), parents.as_slice())));
        prop_assert_eq!(strands.len(), named.len());
        for strand in strands {
            prop_assert!(strand.text.chars().count() <= 16);
            prop_assert!(strand.text.matches('●').count() <= 1);
            prop_assert!(strand.own >= 8 || strand.text.contains('●'));
        }
    }
}
