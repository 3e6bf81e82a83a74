//! Two values of a column beside each other.

use super::beside;

#[test]
fn what_differs_is_seen_however_long_the_values_are() {
    let alike = "a".repeat(5_000);
    let [left, right] = beside(
        Some(&format!("{alike}one{alike}")),
        Some(&format!("{alike}two")),
    );
    assert!(
        left.starts_with("…aaaa") && left.contains("one") && left.chars().count() <= 101,
        "{left}"
    );
    assert!(right.ends_with("aatwo"), "{right}");
    // A character of several bytes is never cut.
    let wide = "\u{e9}".repeat(300);
    let [left, right] = beside(Some(&wide), Some(&format!("{wide}x")));
    assert!(
        left.ends_with('\u{e9}') && right.ends_with('x'),
        "{left} {right}"
    );
}

#[test]
fn short_values_are_whole_and_nothing_has_a_name() {
    assert_eq!(beside(Some("Erin"), Some("")), ["Erin", "(empty)"]);
    assert_eq!(beside(None, Some("Erin")), ["null", "Erin"]);
}
