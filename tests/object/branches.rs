//! Names of branches that a client cannot keep as files.

use super::branch::{LONGEST, Unfit, check, check_all};
use super::path::Unsafe;

fn all(names: &[&str]) -> Vec<(String, Unfit)> {
    check_all(names.iter().copied()).into_iter().collect()
}

#[test]
fn each_reason_has_its_own_name() {
    let long = vec!["x".repeat(200); 6].join("/");
    assert!(long.len() > LONGEST);
    for (name, why) in [
        ("", Unfit::Path(Unsafe::Empty)),
        ("../up", Unfit::Path(Unsafe::ParentFolder)),
        ("a/", Unfit::Path(Unsafe::EmptyPart)),
        ("/a", Unfit::Path(Unsafe::Absolute)),
        ("a\nb", Unfit::Path(Unsafe::Control)),
        ("a\u{9b}b", Unfit::Path(Unsafe::Control)),
        ("a\\b", Unfit::Path(Unsafe::Backslash)),
        (".muse/x", Unfit::Path(Unsafe::MuseFolder)),
        (long.as_str(), Unfit::TooLong),
        (" main", Unfit::Blank),
        ("main\u{a0}", Unfit::Blank),
        ("HEAD", Unfit::Head),
        ("a..b", Unfit::Range),
        ("a./b", Unfit::Dot),
        ("v1.", Unfit::Dot),
        ("main.lock", Unfit::Lock),
        ("a.lock/b", Unfit::Lock),
    ] {
        assert_eq!(check(name), Some(why.clone()), "{name:?}");
        assert_eq!(all(&["main", name]), [(name.to_owned(), why)]);
    }
    let part = "x".repeat(256);
    assert_eq!(check(&part), Some(Unfit::TooLong));
    for name in [
        "main",
        "head",
        "HEAD/x",
        "feature/é",
        "v1.0",
        "lock",
        "a b",
        "@",
        "release-2026.05",
    ] {
        assert_eq!(check(name), None, "{name:?}");
    }
}

#[test]
fn names_that_cannot_stand_beside_each_other_are_told_by_branch() {
    for (names, refused) in [
        (["feature", "feature/x"], "feature"),
        (["Main", "main"], "main"),
        (["caf\u{e9}", "cafe\u{301}"], "caf\u{e9}"),
        (["Feature/x", "feature/y"], "feature/y"),
    ] {
        let found = all(&names);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, refused);
        assert!(names.iter().all(|name| all(&[name]).is_empty()));
    }
    assert_eq!(all(&["a", "b/a", "b/c", "ab"]), []);
}
