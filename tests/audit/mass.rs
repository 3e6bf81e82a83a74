//! When a fault is too large to be one.

use super::Mass;
use crate::{Code, Evidence, Finding, Subject};
use luthier_object::Kind;

/// The alarms of so many rows of one repository, of which some are missing.
fn alarms(rows: u64, missing: impl Fn(u64) -> bool, code: Code) -> Vec<String> {
    let mut mass = Mass::default();
    for n in 0..rows {
        let evidence = Evidence::read(code, Default::default()).unwrap();
        let finding = Finding::new(evidence, Subject::Blob, format!("id-{n}"));
        let findings: &[Finding] = if missing(n) { &[finding] } else { &[] };
        mass.take(Kind::Blob, "repo", findings);
    }
    mass.end_page(Kind::Blob);
    mass.alarms()
}

#[test]
fn twenty_of_a_thousand_are_borne_and_one_more_is_not() {
    for code in [Code::ObjectMissing, Code::ObjectCorrupt] {
        assert_eq!(alarms(1_000, |n| n < 20, code), Vec::<String>::new());
        assert_eq!(alarms(1_000, |n| n < 21, code).len(), 1);
    }
    assert_eq!(
        alarms(1_000, |_| true, Code::UriRefused),
        Vec::<String>::new()
    );
}

#[test]
fn they_are_counted_within_a_page_not_over_all() {
    let spread = |n: u64| n.is_multiple_of(100);
    assert_eq!(
        alarms(10_000, spread, Code::ObjectMissing),
        Vec::<String>::new()
    );
    let together = |n: u64| (4_000..4_021).contains(&n);
    assert_eq!(alarms(10_000, together, Code::ObjectMissing).len(), 1);
}

#[test]
fn a_repository_that_goes_to_none_is_told() {
    let all = alarms(6, |_| true, Code::ObjectMissing);
    assert_eq!(
        all,
        ["mass fault: all 6 objects of the repository repo are missing"]
    );
    assert_eq!(
        alarms(6, |n| n > 0, Code::ObjectMissing),
        Vec::<String>::new()
    );
    assert_eq!(
        alarms(4, |_| true, Code::ObjectMissing),
        Vec::<String>::new()
    );
}
