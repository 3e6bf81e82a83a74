//! The checks of a sign-off on its pulls, one figure at a time.

use super::checks::{Seen, changes, hidden};
use crate::signoff::{FailedPull, Verdict};
use luthier_hub::index::hidden::Why;

const FAILED: &str = "1 of 2 branches were pulled completely, 1 failed, 0 could not be read.";

fn fail(seen: &mut Seen) {
    (seen.pulls.succeeded, seen.pulls.failed_total) = (0, 1);
    seen.pulls.failed = vec![FailedPull {
        repo: "alice/song".to_owned(),
        branch: "main".to_owned(),
        why: "its head has no row".to_owned(),
    }];
}

#[test]
fn a_pull_that_failed_is_wrong_unless_what_it_needs_may_be_hidden() {
    let shown = "nothing-hidden open: This database user may not see all rows: commits is a view.";
    let broken = format!("all-pulled broken: {FAILED}");
    changes(Verdict::Fail, fail, [&broken]);
    changes(
        Verdict::Incomplete,
        |seen| {
            fail(seen);
            seen.audit.hidden = vec![hidden(Why::View)];
        },
        [&format!("all-pulled open: {FAILED}"), shown],
    );
    // Rows that share an id are all there.
    changes(
        Verdict::Fail,
        |seen| {
            fail(seen);
            seen.audit.hidden = vec![hidden(Why::Ids)];
        },
        [&broken, shown],
    );
}

#[test]
fn a_pull_without_an_answer_is_no_pull() {
    let open = |change: fn(&mut Seen), said| changes(Verdict::Incomplete, change, [said]);
    open(
        |seen| (seen.pulls.succeeded, seen.pulls.unknown_total) = (0, 1),
        "all-pulled open: 1 of 2 branches were pulled completely, 0 failed, 1 could not be read.",
    );
    open(
        |seen| seen.pulls.succeeded = 0,
        "all-pulled open: 1 of 2 branches were pulled completely, 0 failed, 0 could not be read.",
    );
}

#[test]
fn a_repository_that_clients_refuse_as_a_whole_is_wrong() {
    let refused = "Clients refuse 1 repository as a whole, such as for the names of its branches (see failed pulls).";
    let two = "all-pulled broken: 2 of 2 branches were pulled completely";
    changes(
        Verdict::Fail,
        |seen| seen.pulls.refused_total = 1,
        [&format!("{two}, 0 failed, 0 could not be read. {refused}")],
    );
    changes(
        Verdict::Fail,
        |seen| (seen.pulls.failed_total, seen.pulls.refused_total) = (1, 1),
        [&format!(
            "{two}, 1 failed (of 0 names: a branch with two rows counts twice), 0 could not be read. {refused}"
        )],
    );
}

#[test]
fn only_some_of_the_branches_or_none_are_no_sign_off() {
    changes(
        Verdict::Incomplete,
        |seen| seen.pulls.heads = 3,
        [
            "all-pulled held: 2 of 3 branches were pulled completely, 0 failed, 0 could not be read.",
            "every-branch-tried open: Only 2 of 3 branches were pulled.",
        ],
    );
    changes(
        Verdict::Incomplete,
        |seen| seen.pulls = Default::default(),
        [
            "all-pulled held: 0 of 0 branches were pulled completely, 0 failed, 0 could not be read.",
            "every-branch-tried open: There is no branch to pull.",
        ],
    );
    changes(
        Verdict::Pass,
        |seen| seen.pulls.of_deleted = 3,
        ["every-branch-tried held: Every branch was pulled, except 3 of deleted repositories."],
    );
}
