//! The checks of a sign-off, one figure of an audit at a time.

use crate::signoff::checks::{Checks, NAMES, not_covered};
use crate::signoff::{HubSaid, PullOutcome, State, Verdict};
use luthier_audit::hidden::HiddenTable;
use luthier_audit::report::Unread;
use luthier_audit::{Code, Depth, Grade, Summary};
use luthier_hub::index::hidden::Why;
use luthier_hub::store::{Environment, Policy};
use std::collections::BTreeMap;

/// What a sign-off judges.
pub struct Seen {
    pub audit: Summary,
    pub hub: HubSaid,
    pub pulls: PullOutcome,
    pub severe: u64,
}

/// A hub of two commits, a snapshot, a blob and two branches, without a fault.
fn sound() -> Seen {
    let mut audit = Summary {
        complete: true,
        depth: Depth::Bytes,
        ..Summary::default()
    };
    let checked = &mut audit.checked;
    (checked.commits, checked.snapshots, checked.blobs) = (2, 1, 1);
    (checked.read, checked.bytes) = (4, 100);
    let kinds = ["commit", "snapshot", "blob"];
    audit.null_uris = kinds.map(|kind| (kind.to_owned(), 0)).into();
    Seen {
        audit,
        hub: HubSaid {
            name: "hub".to_owned(),
            environment: Environment::Demo,
            policy: Policy::S3Canonical,
            model: String::new(),
            database: String::new(),
            store: String::new(),
            fingerprint: String::new(),
            lacks: Vec::new(),
            revisions: Vec::new(),
        },
        pulls: PullOutcome {
            heads: 2,
            tried: 2,
            succeeded: 1,
            empty: 1,
            ..PullOutcome::default()
        },
        severe: 0,
    }
}

fn checks(seen: &Seen) -> Checks {
    Checks::of(&seen.audit, &seen.hub, &seen.pulls, seen.severe)
}

/// Every check as `name state: sentence`, in the order of names.
fn said(seen: &Seen) -> Vec<String> {
    let list = checks(seen).into_list();
    assert_eq!(list.len(), NAMES.len());
    let lines = list
        .iter()
        .map(|check| format!("{} {}: {}", check.name, check.state.word(), check.said));
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines
}

/// Asserts that a change of a sound hub gives it this verdict, and changes these checks and no other.
#[track_caller]
pub fn changes<const N: usize>(
    verdict: Verdict,
    change: impl FnOnce(&mut Seen),
    expected: [&str; N],
) {
    let (before, mut seen) = (said(&sound()), sound());
    change(&mut seen);
    let mut now = said(&seen);
    now.retain(|line| !before.contains(line));
    assert_eq!(now, expected);
    assert_eq!(checks(&seen).verdict(), verdict);
}

pub fn hidden(why: Why) -> HiddenTable {
    HiddenTable {
        table: "commits".to_owned(),
        why,
        said: "commits is a view".to_owned(),
        not_judged: Vec::new(),
    }
}

#[test]
fn a_sound_hub_passes_and_each_check_says_why() {
    let expected = [
        "all-answered held: Every request to the store was answered.",
        "all-pulled held: 2 of 2 branches were pulled completely, 0 failed, 0 could not be read.",
        "depth held: Every code was judged, and every object that could be had was read to the end.",
        "every-branch-tried held: Every branch was pulled.",
        "every-object-read held: The objects of 4 of 4 rows were read to the last byte, 100B.",
        "no-critical held: No finding of grade critical is left.",
        "no-error held: No finding of grade error is left.",
        "no-null-uri held: Every row has a storage_uri.",
        "none-too-new held: No row and no object is younger than the grace period.",
        "nothing-hidden held: This database user can see all rows.",
    ];
    assert_eq!(said(&sound()), expected);
    changes(Verdict::Pass, |_| {}, []);
}

#[test]
fn an_audit_that_did_not_look_at_everything_leaves_a_check_open() {
    let open = |change: fn(&mut Seen), said| changes(Verdict::Incomplete, change, [said]);
    open(
        |seen| seen.audit.depth = Depth::Presence,
        "depth open: 0 codes were not judged.",
    );
    open(
        |seen| seen.audit.not_judged = vec![Code::ObjectCorrupt, Code::RowMissing],
        "depth open: 2 codes were not judged.",
    );
    open(
        |seen| seen.audit.complete = false,
        "all-answered open: The audit did not finish.",
    );
    open(
        |seen| seen.audit.unknown = 1,
        "all-answered open: 1 request had no answer.",
    );
    open(
        |seen| (seen.audit.complete, seen.audit.unknown) = (false, 3),
        "all-answered open: 3 requests had no answer.",
    );
    open(
        |seen| seen.audit.too_new = 1,
        "none-too-new open: 1 row, or object without a row, younger than the grace period: not judged. Sign off again once it is over (--grace, one hour unless given).",
    );
}

#[test]
fn hidden_rows_are_a_check_of_their_own() {
    changes(
        Verdict::Incomplete,
        |seen| (seen.audit.complete, seen.audit.hidden) = (false, vec![hidden(Why::View)]),
        ["nothing-hidden open: This database user may not see all rows: commits is a view."],
    );
    changes(
        Verdict::Incomplete,
        |seen| seen.audit.hidden = vec![hidden(Why::View), hidden(Why::Ids)],
        [
            "nothing-hidden open: This database user may not see all rows: commits is a view; and 1 other reason.",
        ],
    );
}

const ONE_UNREAD: &str = "every-object-read open: The objects of 3 of 4 rows were read to the last byte, 100B. Not read: 1 row.";
const TWO_UNREAD: &str = "every-object-read open: The objects of 2 of 4 rows were read to the last byte, 100B. Not read: 2 rows.";

#[test]
fn every_row_needs_an_object_that_was_read() {
    let open = |change: fn(&mut Seen), said| changes(Verdict::Incomplete, change, [said]);
    open(|seen| seen.audit.checked.read = 3, ONE_UNREAD);
    open(|seen| seen.audit.checked.read = 2, TWO_UNREAD);
    open(
        |seen| {
            seen.audit.checked.commits = 3;
            seen.audit.checked.read = 2;
            let found = Unread::Found(Code::ObjectMissing);
            seen.audit.unread = [(found, 2), (Unread::NoAnswer, 1)].into();
        },
        "every-object-read open: The objects of 2 of 5 rows were read to the last byte, 100B. Not read: 3 rows (2 with object-missing, 1 without an answer of the store).",
    );
    open(
        |seen| seen.audit.checked = Default::default(),
        "every-object-read open: Nothing could be checked: The objects of 0 of 0 rows were read to the last byte, 0B.",
    );
    open(
        |seen| {
            seen.audit.checked = Default::default();
            seen.audit.checked.read = 4;
        },
        "every-object-read open: Nothing could be checked: The objects of 4 of 0 rows were read to the last byte, 0B.",
    );
    // The policy excuses every row of this hub, and nothing of it was read.
    changes(
        Verdict::Incomplete,
        |seen| {
            seen.audit.checked = Default::default();
            seen.audit.checked.read = 2;
            seen.audit.checked.commits = 2;
            unlink(seen, Policy::DbCanonical, "commit", 2);
        },
        [
            "every-object-read open: The objects of 0 of 2 rows were read to the last byte, 0B. Not read: 2 rows.",
            "no-null-uri held: 2 rows are without storage_uri, as the policy db-canonical allows; every other row has one.",
        ],
    );
}

#[test]
fn severe_findings_are_counted_twice_and_must_agree() {
    fn found(seen: &mut Seen, critical: u64, error: u64, severe: u64) {
        seen.audit.grades = BTreeMap::from([
            (Grade::Critical, critical),
            (Grade::Error, error),
            (Grade::Warning, 7),
        ]);
        seen.severe = severe;
    }
    changes(Verdict::Pass, |seen| found(seen, 0, 0, 0), []);
    changes(
        Verdict::Fail,
        |seen| found(seen, 1, 0, 1),
        ["no-critical broken: 1 finding of grade critical is left."],
    );
    changes(
        Verdict::Fail,
        |seen| found(seen, 0, 2, 2),
        ["no-error broken: 2 findings of grade error are left."],
    );
    changes(
        Verdict::Fail,
        |seen| found(seen, 2, 1, 3),
        [
            "no-critical broken: 2 findings of grade critical are left.",
            "no-error broken: 1 finding of grade error is left.",
        ],
    );
    changes(
        Verdict::Incomplete,
        |seen| found(seen, 0, 0, 1),
        [
            "no-critical open: No finding of grade critical is left.",
            "no-error open: No finding of grade error is left.",
        ],
    );
}

/// Takes the storage_uri of so many rows of a kind, and with it the object that was read.
fn unlink(seen: &mut Seen, policy: Policy, kind: &str, count: u64) {
    seen.hub.policy = policy;
    seen.audit.null_uris.insert(kind.to_owned(), count);
    seen.audit.checked.read -= count;
}

const TWO_BY_POLICY: &str = "every-object-read held: The objects of 2 of 4 rows were read to the last byte, 100B. 2 rows point to no object, as the policy allows.";

#[test]
fn a_row_without_a_storage_uri_is_excused_by_the_policy_alone() {
    changes(
        Verdict::Fail,
        |seen| unlink(seen, Policy::S3Canonical, "commit", 1),
        [
            ONE_UNREAD,
            "no-null-uri broken: 1 row is without storage_uri.",
        ],
    );
    changes(
        Verdict::Pass,
        |seen| unlink(seen, Policy::DbCanonical, "snapshot", 1),
        [
            "every-object-read held: The objects of 3 of 4 rows were read to the last byte, 100B. 1 row points to no object, as the policy allows.",
            "no-null-uri held: 1 row is without storage_uri, as the policy db-canonical allows; every other row has one.",
        ],
    );
    changes(
        Verdict::Pass,
        |seen| unlink(seen, Policy::DbCanonical, "commit", 2),
        [
            TWO_BY_POLICY,
            "no-null-uri held: 2 rows are without storage_uri, as the policy db-canonical allows; every other row has one.",
        ],
    );
    changes(
        Verdict::Fail,
        |seen| {
            unlink(seen, Policy::DbCanonical, "commit", 1);
            unlink(seen, Policy::DbCanonical, "blob", 1);
        },
        [
            TWO_UNREAD,
            "no-null-uri broken: 1 row is without storage_uri. 1 row is without storage_uri too, as the policy db-canonical allows.",
        ],
    );
}

#[test]
fn a_table_without_the_column_has_no_object_for_any_row() {
    let lacking = |seen: &mut Seen, policy| {
        (seen.hub.policy, seen.audit.checked.read) = (policy, 2);
        seen.hub.lacks = vec!["commits.storage_uri".to_owned(), "more".to_owned()];
        seen.audit.null_uris.remove("commit");
    };
    changes(
        Verdict::Fail,
        |seen| lacking(seen, Policy::S3Canonical),
        [
            TWO_UNREAD,
            "no-null-uri broken: Every row has a storage_uri. The hub lacks commits.storage_uri, more.",
        ],
    );
    changes(
        Verdict::Pass,
        |seen| lacking(seen, Policy::DbCanonical),
        [
            TWO_BY_POLICY,
            "no-null-uri held: Every row has a storage_uri. The hub lacks commits.storage_uri, more.",
        ],
    );
}

#[test]
fn what_is_wrong_comes_before_what_is_open() {
    let mut seen = sound();
    (seen.audit.too_new, seen.pulls.refused_total) = (1, 1);
    let reasons = checks(&seen).reasons();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(
        reasons[0].contains("Clients refuse 1 repository as a whole"),
        "{reasons:?}"
    );
    assert!(
        reasons[1].contains("younger than the grace period"),
        "{reasons:?}"
    );
}

#[test]
fn rows_in_the_database_alone_are_named_where_the_policy_allows_them() {
    let of = |policy, commits, single| {
        let mut seen = sound();
        unlink(&mut seen, policy, "commit", commits);
        seen.audit.single_rows = single;
        not_covered(&seen.audit, &seen.hub)
    };
    assert_eq!(of(Policy::S3Canonical, 1, 1), <[&str; 0]>::default());
    assert_eq!(of(Policy::DbCanonical, 0, 1), <[&str; 0]>::default());
    assert_eq!(
        of(Policy::DbCanonical, 1, 0),
        [
            "1 row of commits and snapshots is in the database alone: the rows are sound now, but no second copy of them was checked."
        ]
    );
    assert_eq!(
        of(Policy::DbCanonical, 2, 1),
        [
            "2 rows of commits and snapshots are in the database alone: the rows are sound now, but no second copy of them was checked.",
            "1 snapshot rests on a single row: no object, no chain of deltas, no copy under another key.",
        ]
    );
}

#[test]
fn every_verdict_has_its_own_words() {
    let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Incomplete];
    assert_eq!(verdicts.map(Verdict::word), ["PASS", "FAIL", "INCOMPLETE"]);
    let [pass, fail, incomplete] = verdicts.map(Verdict::sentence);
    assert_eq!(pass, "Every check ran and succeeded.");
    assert_eq!(fail, "Something is wrong.");
    assert!(incomplete.ends_with("this is not a sign-off."));
    let states = [State::Held, State::Broken, State::Open];
    assert_eq!(states.map(State::word), ["held", "broken", "open"]);
}
